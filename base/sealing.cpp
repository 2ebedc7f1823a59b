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
  if (!sealed.starts_with(prefix)) {
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

class Sealer {
 public:
  Sealer(const SealContext& context, const SealingKey& key, Random& random)
      : context_(context), key_(key), random_(random) {}

  Value seal(const Value& value, const Path& path) const {
    if (const auto* secret = value.as<Secret>()) {
      return Object{{"$" + std::string(sealed_tag), key_.seal(*secret, context_, path, random_)}};
    }
    if (const auto* list = value.as<List>()) {
      List sealed;
      sealed.reserve(list->size());
      for (std::size_t i = 0; i < list->size(); ++i) {
        sealed.push_back(seal((*list)[i], join(path, std::to_string(i))));
      }
      return sealed;
    }
    if (const auto* object = value.as<Object>()) {
      const bool escape = sealed_depth(value) > 0;
      Object sealed;
      for (const auto& [name, item] : *object) {
        sealed.emplace(escape ? "$" + name : name, seal(item, join(path, name)));
      }
      return sealed;
    }
    return value;
  }

 private:
  const SealContext& context_;
  const SealingKey& key_;
  Random& random_;
};

class Opener {
 public:
  Opener(const SealContext& context, const SealingKey& key) : context_(context), key_(key) {}

  Value open(const Value& value, const Path& path) const {
    const std::size_t depth = sealed_depth(value);
    if (depth == 1) {
      const Value& sealed = value.as<Object>()->begin()->second;
      auto secret = key_.open(sealed.text(), context_, path);
      if (!secret) {
        throw SealingError(
            fmt::format("the sealed secret `{}` of `{}` does not open: it was changed, moved here "
                        "from elsewhere, or sealed with another key",
                        path, context_.address),
            "set INFRA_KEY to the key it was sealed with, or restore a backup");
      }
      return std::move(*secret);
    }
    if (const auto* list = value.as<List>()) {
      List opened;
      opened.reserve(list->size());
      for (std::size_t i = 0; i < list->size(); ++i) {
        opened.push_back(open((*list)[i], join(path, std::to_string(i))));
      }
      return opened;
    }
    if (const auto* object = value.as<Object>()) {
      Object opened;
      for (const auto& [name, item] : *object) {
        const std::string plain = depth > 1 ? name.substr(1) : name;
        opened.emplace(plain, open(item, join(path, plain)));
      }
      return opened;
    }
    return value;
  }

 private:
  const SealContext& context_;
  const SealingKey& key_;
};

}  // namespace

Value seal_leaves(const Value& value, const SealContext& context, const SealingKey& key,
                  Random& random) {
  return Sealer(context, key, random).seal(value, {});
}

Value open_leaves(const Value& value, const SealContext& context, const SealingKey& key) {
  return Opener(context, key).open(value, {});
}

}  // namespace infra
