// base/sealing.h — secrets at rest: sealing them, and comparing and signing without showing them.
//
// One data key of 32 bytes per person or pipeline: the variable INFRA_KEY (64 hex digits or
// base64), else the file $XDG_CONFIG_HOME/infra/key (default ~/.config/infra/key), 0600. Subkeys
// come from it by keyed BLAKE2b with a label. Sealed text is `ie1.` and base64url of nonce(24) ‖
// XChaCha20-Poly1305-IETF ciphertext ‖ tag; what it is bound to is a SealContext, so that a sealed
// text moved to another place does not open.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/value.h"
#include "base/world.h"

namespace infra {

// The key is malformed, unreadable, not private, or cannot be made; or a sealed text does not open.
class SealingError : public std::runtime_error {
 public:
  explicit SealingError(const std::string& message, std::string help = {})
      : std::runtime_error(message), help_(std::move(help)) {}
  [[nodiscard]] const std::string& help() const { return help_; }

 private:
  std::string help_;
};

struct SealContext {  // where a sealed text belongs
  std::string lineage, environment, address, type;
};

class SealingKey {
 public:
  using Mac = std::array<unsigned char, 32>;

  // The key of this machine; nothing when there is none. Throws SealingError when there is one that
  // cannot be used. Writes nothing: for commands that only read.
  [[nodiscard]] static std::optional<SealingKey> find(World world);
  // The same; where there is none, makes the key file (in a folder of mode 0700).
  [[nodiscard]] static SealingKey find_or_create(World world);
  // From 32 bytes that the caller has. Throws SealingError for any other length.
  [[nodiscard]] static SealingKey from_bytes(Secret bytes);

  // What tells one key from another without telling anything of it, 16 hex digits.
  [[nodiscard]] std::string id() const;

  [[nodiscard]] std::string seal(const Secret& plain, const SealContext& context,
                                 std::string_view path, Random& random) const;
  // Nothing when the text was changed, belongs elsewhere or was sealed with another key.
  [[nodiscard]] std::optional<Secret> open(std::string_view sealed, const SealContext& context,
                                           std::string_view path) const;

  // A keyed fingerprint in 64 hex digits: equal for values that are `same` (int64 and double
  // included), different for another `purpose`. Secrets go in as they are, and cannot be had back.
  [[nodiscard]] std::string compare(const Value& value, std::string_view purpose) const;
  // Signs one row of the state; `plan_mac` signs a plan, in 64 hex digits.
  [[nodiscard]] Mac row_mac(std::string_view row) const;
  [[nodiscard]] std::string plan_mac(std::string_view plan) const;

 private:
  explicit SealingKey(const Secret& master);

  Secret value_, compare_, row_, plan_, id_;  // subkeys; the data key itself is not kept
};

// True when both are the same; takes the same time wherever they differ.
[[nodiscard]] bool same_mac(std::string_view left, std::string_view right);

// For storage: every Secret leaf becomes {"$sealed": "ie1.…"}, bound to the context and the leaf's
// pointer. A user's own object with one such key gets a further `$`, which `open_leaves` takes off.
[[nodiscard]] Value seal_leaves(Value value, const SealContext& context, const SealingKey& key,
                                Random& random);
// The other way. Throws SealingError naming the address and the path that does not open.
[[nodiscard]] Value open_leaves(Value value, const SealContext& context, const SealingKey& key);

}  // namespace infra
