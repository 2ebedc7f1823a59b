// base/secret.h — a text that cannot be printed, compared, hashed or copied into plain text by
// accident.
//
// A Secret owns its bytes in one shared, immutable buffer that is wiped when the last owner goes.
// Nothing converts to or from text: `expose()` is the only reader, and a test holds the list of
// files that may call it (the HTTP and SQL doors, sealing, the local agent's process environment,
// `infra output NAME`).
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace infra {

class Secret {
 public:
  Secret() = default;                 // the empty secret
  explicit Secret(std::string text);  // takes the bytes over and wipes what it was given
  ~Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;

  [[nodiscard]] std::string_view expose() const;  // valid as long as any copy of this Secret lives

  bool operator==(const Secret&) const = delete;
  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  struct Buffer;
  std::shared_ptr<const Buffer> buffer_;
};

// Computations whose result stays secret, so that no caller has to expose anything.
[[nodiscard]] Secret concatenate(const Secret& left, std::string_view right);
[[nodiscard]] Secret concatenate(std::string_view left, const Secret& right);
[[nodiscard]] Secret concatenate(const Secret& left, const Secret& right);

// True when both hold the same bytes; takes the same time wherever they differ.
[[nodiscard]] bool same_secret(const Secret& left, const Secret& right);

// Overwrites the bytes of a text that held a secret and empties it.
void wipe(std::string& text);

}  // namespace infra
