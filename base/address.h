// base/address.h — the name of one resource, as state, plans and every command speak it.
//
//   service.web   service.api["eu"]["blue"]   service.bot.volume.data   service.web.domains["a.b"]
//   database.main.migrations provider.railway.environment              secret.cron_secret
//   resource.caller
//
// An address is `KIND.NAME`, one key per enclosing `for` (outermost first), and for a companion
// (what hangs on a resource with an id of its own) the companion's name and key behind its owner.
// The canonical text quotes keys with JSON escapes.
#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra {

struct AddressStep {
  std::string name;
  std::vector<std::string> keys;
  auto operator<=>(const AddressStep&) const = default;
};

struct Address {
  std::vector<AddressStep> steps;  // {service}{api, [eu, blue]}{volume}{data}

  auto operator<=>(const Address&) const = default;
  [[nodiscard]] std::string text() const;  // canonical
};

// Reads the canonical text and what a shell leaves of it: `service.api[eu]` needs no quotes.
// Nothing when it is no address.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

// The order of plans and dumps: step by step; keys that are both numbers by value, all else by
// bytes.
[[nodiscard]] bool address_less(std::string_view left, std::string_view right);

// "service" of `service.web`; "web" of `service.web["a"]`; the owner `service.bot` of
// `service.bot.volume.data`, or the address itself where it is no companion.
[[nodiscard]] std::string_view address_kind(std::string_view address);
[[nodiscard]] std::string address_name(std::string_view address);
[[nodiscard]] std::string address_owner(std::string_view address);

// True when `selector` names `address`: equal, or without (some of) its keys, or its owner.
[[nodiscard]] bool address_matches(std::string_view selector, std::string_view address);

}  // namespace infra
