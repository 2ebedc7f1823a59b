// cli/process.h — this process among others: hardening at the start, signals, who runs it and from
// which commit.
#pragma once
#include <atomic>
#include <string>

#include "base/world.h"
#include "state/store.h"

namespace infra {

// No core dump, no other process looks into our memory, files are ours alone, a reader that goes
// away is no signal. Called first.
void harden_process();

// How many SIGINT, SIGTERM and SIGHUP have come since `count_interrupts`. The second ends the
// process at once with 130 or 143: what was sent and not answered is on record.
void count_interrupts();
[[nodiscard]] const std::atomic<int>& interrupts();
[[nodiscard]] int interrupt_status();  // 130 after SIGINT, 143 after the others; 0 when none came

[[nodiscard]] std::string executable_path();

// The lock's holder: who, which command, in which CI run.
[[nodiscard]] LockInfo lock_holder(World world, const std::string& operation,
                                   const std::string& state_path);

// The commit of the source in `folder`: what CI says, else what the repository's HEAD says; "" when
// neither does.
[[nodiscard]] std::string source_commit(const Variables& variables, const std::string& folder);

}  // namespace infra
