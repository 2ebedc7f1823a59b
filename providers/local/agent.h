// providers/local/agent.h — the resident agent of one environment: holds its services, databases,
// buckets, volumes and crons, and serves the local driver over a Unix socket.
//
// There is one agent per data folder, kept so by a lock on a file in it. It starts when an apply
// needs it and ends by itself when it holds nothing, taking its folder with it. Killed, it is
// started again by the next apply, ends what its predecessor left running and takes up the rest.
#pragma once
#include <string>

namespace infra {

struct AgentOptions {
  std::string data_folder;  // the environment's, absolute; the agent's own is `local` below it
  bool detach = false;      // become a process of its own, and return when that one answers
};

// Runs the agent to its end (or, detached, until the new one answers). The exit status of the
// program: 0, or 1 after one line on standard error that says what is wrong.
int run_agent(const AgentOptions& options);

}  // namespace infra
