#include "base/secret.h"

#include <sodium.h>

#include <utility>

namespace infra {

struct Secret::Buffer {
  explicit Buffer(std::string text) : bytes(std::move(text)) {}
  ~Buffer() { wipe(bytes); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::string bytes;
};

// A short text lives inside the std::string itself, so that moving it leaves the bytes behind: the
// text is copied and what was given is wiped.
Secret::Secret(std::string text) {
  if (!text.empty()) {
    buffer_ = std::make_shared<const Buffer>(std::string(text));
  }
  wipe(text);
}

std::string_view Secret::expose() const {
  return buffer_ == nullptr ? std::string_view{} : std::string_view(buffer_->bytes);
}

namespace {

Secret concatenate_bytes(std::string_view left, std::string_view right) {
  std::string text;
  text.reserve(left.size() + right.size());  // no growing, which would leave copies unwiped
  text.append(left).append(right);
  return Secret(std::move(text));
}

}  // namespace

Secret concatenate(const Secret& left, std::string_view right) {
  return concatenate_bytes(left.expose(), right);
}
Secret concatenate(std::string_view left, const Secret& right) {
  return concatenate_bytes(left, right.expose());
}
Secret concatenate(const Secret& left, const Secret& right) {
  return concatenate_bytes(left.expose(), right.expose());
}

bool same_secret(const Secret& left, const Secret& right) {
  const std::string_view a = left.expose();
  const std::string_view b = right.expose();
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  if (!text.empty()) {
    sodium_memzero(text.data(), text.size());
  }
  text.clear();
}

}  // namespace infra
