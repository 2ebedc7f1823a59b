#include "base/sealing.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cmath>
#include <vector>

#include "base/key_file.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t key_bytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view prefix = "ie1.";
constexpr std::string_view sealed_tag = "sealed";
static_assert(key_bytes == 32 && nonce_bytes == 24);

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// A keyed hash that is fed piece by piece; every piece has its length in front, so that no two
// sequences of pieces look alike.
class KeyedHash {
 public:
  explicit KeyedHash(const Secret& key) {
    const std::string_view bytes = key.expose();
    crypto_generichash_init(&state_, bytes_of(bytes), bytes.size(), 32);
  }
  ~KeyedHash() { sodium_memzero(&state_, sizeof state_); }
  KeyedHash(const KeyedHash&) = delete;
  KeyedHash& operator=(const KeyedHash&) = delete;

  void number(std::uint64_t value) {
    std::array<unsigned char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<unsigned char>(value >> (8 * i));
    }
    crypto_generichash_update(&state_, bytes.data(), bytes.size());
  }
  void piece(std::string_view text) {
    number(text.size());
    crypto_generichash_update(&state_, bytes_of(text), text.size());
  }
  SealingKey::Mac finish() {
    SealingKey::Mac mac{};
    crypto_generichash_final(&state_, mac.data(), mac.size());
    return mac;
  }

 private:
  crypto_generichash_state state_{};
};

std::string hex(const SealingKey::Mac& mac) {
  std::string text(2 * mac.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), mac.data(), mac.size());
  text.pop_back();
  return text;
}

Secret subkey(const Secret& master, std::string_view label) {
  KeyedHash hash(master);
  hash.piece("infra subkey v1");
  hash.piece(label);
  SealingKey::Mac mac = hash.finish();
  std::string bytes(reinterpret_cast<const char*>(mac.data()), mac.size());
  sodium_memzero(mac.data(), mac.size());
  return Secret(std::move(bytes));
}

std::string bound_to(const SealContext& context, std::string_view path) {
  std::string data;
  const auto add = [&data](std::string_view piece) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      data += static_cast<char>(static_cast<std::uint64_t>(piece.size()) >> shift & 0xFFU);
    }
    data += piece;
  };
  add("infra/v1");
  add(context.lineage);
  add(context.environment);
  add(context.address);
  add(path);
  add(context.type);
  return data;
}

void feed(KeyedHash& hash, const Value& value);

struct Feeder {
  KeyedHash& hash;

  void tag(std::uint64_t kind) const { hash.number(kind); }
  void operator()(std::monostate /*null*/) const { tag(0); }
  void operator()(bool value) const { tag(value ? 2 : 1); }
  void operator()(std::int64_t value) const {
    tag(3);
    hash.number(static_cast<std::uint64_t>(value));
  }
  void operator()(double value) const {
    // A number that is whole is the same value whichever way it is held.
    if (std::trunc(value) == value && value >= -9223372036854775808.0 &&
        value < 9223372036854775808.0) {
      (*this)(static_cast<std::int64_t>(value));
      return;
    }
    tag(4);
    hash.piece(fmt::format("{}", value));
  }
  void operator()(const std::string& value) const {
    tag(5);
    hash.piece(value);
  }
  void operator()(Duration value) const {
    tag(6);
    hash.number(static_cast<std::uint64_t>(value.milliseconds));
  }
  void operator()(Size value) const {
    tag(7);
    hash.number(static_cast<std::uint64_t>(value.bytes));
  }
  void operator()(const Secret& value) const {
    tag(8);
    hash.piece(value.expose());
  }
  void operator()(const Reference& value) const {
    tag(9);
    hash.piece(value.address);
    hash.piece(value.id);
  }
  void operator()(const List& list) const {
    tag(10);
    hash.number(list.size());
    for (const Value& item : list) {
      feed(hash, item);
    }
  }
  void operator()(const Object& object) const {
    tag(11);
    hash.number(object.size());
    for (const auto& [key, item] : object) {
      hash.piece(key);
      feed(hash, item);
    }
  }
  void operator()(Unknown value) const { tag(value.secret ? 13 : 12); }
  void operator()(Hidden /*value*/) const { tag(14); }
};

void feed(KeyedHash& hash, const Value& value) {
  std::visit(Feeder{hash}, value.variant());
}

// How many `$` stand before "sealed" in the only key of an object; 0 when it is no such object.
std::size_t sealed_depth(const Value& value) {
  const auto* object = value.as<Object>();
  if (object == nullptr || object->size() != 1) {
    return 0;
  }
  const std::string_view key = object->begin()->first;
  const std::size_t dollars = key.find_first_not_of('$');
  return dollars != std::string_view::npos && key.substr(dollars) == sealed_tag ? dollars : 0;
}

}  // namespace

SealingKey::SealingKey(const Secret& master)
    : value_(subkey(master, "value")),
      compare_(subkey(master, "compare")),
      row_(subkey(master, "row")),
      plan_(subkey(master, "plan")),
      id_(subkey(master, "id")) {}

SealingKey SealingKey::from_bytes(Secret bytes) {
  if (bytes.expose().size() != key_bytes) {
    throw SealingError(
        fmt::format("a sealing key has {} bytes, not {}", key_bytes, bytes.expose().size()));
  }
  return SealingKey(bytes);
}

std::optional<SealingKey> SealingKey::find(World world) {
  const auto bytes = find_key(world);
  return bytes ? std::optional(from_bytes(*bytes)) : std::nullopt;
}

SealingKey SealingKey::find_or_create(World world) {
  const auto bytes = find_key(world);
  return from_bytes(bytes ? *bytes : create_key_file(world));
}

std::string SealingKey::id() const {
  KeyedHash hash(id_);
  return hex(hash.finish()).substr(0, 16);
}

std::string SealingKey::seal(const Secret& plain, const SealContext& context, std::string_view path,
                             Random& random) const {
  const std::string_view text = plain.expose();
  const std::string bound = bound_to(context, path);
  std::vector<unsigned char> box(nonce_bytes + text.size() + tag_bytes);
  random.fill(box.data(), nonce_bytes);
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(box.data() + nonce_bytes, &length, bytes_of(text),
                                             text.size(), bytes_of(bound), bound.size(), nullptr,
                                             box.data(), bytes_of(value_.expose()));
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string sealed(sodium_base64_encoded_len(box.size(), variant), '\0');
  sodium_bin2base64(sealed.data(), sealed.size(), box.data(), box.size(), variant);
  sealed.pop_back();  // the terminating zero
  return std::string(prefix) + sealed;
}

std::optional<Secret> SealingKey::open(std::string_view sealed, const SealContext& context,
                                       std::string_view path) const {
  if (!sealed.starts_with(prefix) || sealed.size() == prefix.size()) {
    return std::nullopt;
  }
  sealed.remove_prefix(prefix.size());
  std::vector<unsigned char> box(sealed.size());
  std::size_t size = 0;
  if (sodium_base642bin(box.data(), box.size(), sealed.data(), sealed.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      size < nonce_bytes + tag_bytes) {
    return std::nullopt;
  }
  const std::string bound = bound_to(context, path);
  std::string plain(size - nonce_bytes - tag_bytes, '\0');
  unsigned long long length = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes_of(plain), &length, nullptr, box.data() + nonce_bytes, size - nonce_bytes,
          bytes_of(bound), bound.size(), box.data(), bytes_of(value_.expose())) != 0) {
    return std::nullopt;
  }
  return Secret(std::move(plain));
}

std::string SealingKey::compare(const Value& value, std::string_view purpose) const {
  KeyedHash hash(compare_);
  hash.piece(purpose);
  feed(hash, value);
  return hex(hash.finish());
}

SealingKey::Mac SealingKey::row_mac(std::string_view row) const {
  KeyedHash hash(row_);
  hash.piece(row);
  return hash.finish();
}

std::string SealingKey::plan_mac(std::string_view plan) const {
  KeyedHash hash(plan_);
  hash.piece(plan);
  return hex(hash.finish());
}

bool same_mac(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         (left.empty() || sodium_memcmp(left.data(), right.data(), left.size()) == 0);
}

namespace {

// Walks a tree with the pointer of where it is, and changes leaves in their place.
class Walker {
 public:
  Walker(const SealContext& context, const SealingKey& key) : context_(context), key_(key) {}

  void seal(Value& value, Random& random) {
    if (const auto* secret = value.as<Secret>()) {
      value = Object{{"$" + std::string(sealed_tag), key_.seal(*secret, context_, path_, random)}};
    } else if (auto* list = value.as<List>()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        below(std::to_string(i), [&] { seal((*list)[i], random); });
      }
    } else if (auto* object = value.as<Object>()) {
      const bool escape = sealed_depth(value) > 0;
      for (auto& [name, item] : *object) {
        Value& child = item;
        below(name, [&] { seal(child, random); });
      }
      if (escape) {
        rename(*object, "$" + object->begin()->first);
      }
    }
  }

  void open(Value& value) {
    if (auto* list = value.as<List>()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        below(std::to_string(i), [&] { open((*list)[i]); });
      }
      return;
    }
    auto* object = value.as<Object>();
    const std::size_t depth = sealed_depth(value);
    if (depth == 1) {
      value = opened(object->begin()->second.text());
      return;
    }
    if (depth > 1) {
      rename(*object, object->begin()->first.substr(1));
    }
    if (object != nullptr) {
      for (auto& [name, item] : *object) {
        Value& child = item;
        below(name, [&] { open(child); });
      }
    }
  }

 private:
  template <class Work>
  void below(std::string_view step, const Work& work) {
    const std::size_t length = path_.size();
    path_ += '/';
    path_ +=
        step.find_first_of("~/") == std::string_view::npos ? std::string(step) : escape_step(step);
    work();
    path_.resize(length);
  }

  static void rename(Object& object, std::string name) {
    auto only = object.extract(object.begin());
    only.key() = std::move(name);
    object.insert(std::move(only));
  }

  [[nodiscard]] Secret opened(const std::string& sealed) const {
    auto secret = key_.open(sealed, context_, path_);
    if (!secret) {
      throw SealingError(
          fmt::format("the sealed secret `{}` of `{}` does not open: it was changed, moved here "
                      "from elsewhere, or sealed with another key",
                      path_, context_.address),
          "set INFRA_KEY to the key it was sealed with, or restore a backup");
    }
    return std::move(*secret);
  }

  const SealContext& context_;
  const SealingKey& key_;
  std::string path_;
};

}  // namespace

Value seal_leaves(Value value, const SealContext& context, const SealingKey& key, Random& random) {
  Walker(context, key).seal(value, random);
  return value;
}

Value open_leaves(Value value, const SealContext& context, const SealingKey& key) {
  Walker(context, key).open(value);
  return value;
}

}  // namespace infra
