// providers/network.h — addresses that nothing in a text may lead to.
#pragma once
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace infra {

// Link-local and metadata addresses (169.254.0.0/16, fe80::/10, fd00:ec2::254, and the first two
// mapped into IPv6): where clouds hand out credentials to whoever asks.
[[nodiscard]] bool is_metadata_address(const sockaddr* address);

// `localhost`, 127.0.0.0/8 or ::1, with or without brackets.
[[nodiscard]] bool is_this_machine(std::string_view host);

}  // namespace infra
