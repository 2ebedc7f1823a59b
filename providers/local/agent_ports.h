// providers/local/agent_ports.h — TCP ports of this machine: which are free, and who holds one.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace infra::local {

// True when nothing listens on the port, on 127.0.0.1 or on all addresses.
[[nodiscard]] bool port_is_free(int port);

// A free port below those that the kernel hands out by itself, the same for the same `seed` as long
// as nothing else takes it and `reserved` does not hold it; 0 when there is none.
[[nodiscard]] int choose_port(std::string_view seed, const std::function<bool(int)>& reserved);

// "`node` (process 4711)", as far as this account may know; else "another process".
[[nodiscard]] std::string port_holder(int port);

}  // namespace infra::local
