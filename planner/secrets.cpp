#include "planner/secrets.h"

#include <fmt/format.h>

#include <array>
#include <cctype>

#include "base/quantity.h"

namespace infra {
namespace {

constexpr std::size_t most_bytes_of_a_secret = 1U << 20U;

std::string variable_of(const Node& node, const Value& attributes) {
  const std::string& written = attributes.at("/from/env").text();
  if (!written.empty()) {
    return written;
  }
  std::string name = node.name;
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string source_of(const Node& node, const Value& attributes) {
  const std::string& file = attributes.at("/from/file").text();
  return file.empty() ? "the variable " + variable_of(node, attributes) : "the file " + file;
}

// The value as it can be had here, or nothing.
std::optional<Value> read_source(const Node& node, const Value& attributes, const World& world,
                                 const std::string& folder) {
  const std::string& file = attributes.at("/from/file").text();
  if (!file.empty()) {
    auto text = world.files->read(file.starts_with('/') ? file : folder + "/" + file,
                                  most_bytes_of_a_secret);
    if (text.index() != 0) {
      return std::nullopt;
    }
    std::string bytes = std::get<0>(std::move(text));
    if (bytes.ends_with('\n')) {
      bytes.pop_back();
    }
    return Value(Secret(std::move(bytes)));
  }
  if (auto text = world.variables->get(variable_of(node, attributes))) {
    return Value(Secret(std::move(*text)));
  }
  const Value& otherwise = attributes.at("/from/default");
  if (otherwise.as<std::string>() != nullptr) {
    return Value(Secret(otherwise.text()));
  }
  return otherwise ? std::optional(otherwise) : std::nullopt;
}

std::int64_t now_of(const World& world) {
  return world.clock->now().time_since_epoch().count();
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const auto byte = i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
      group = (group << 8U) | byte;
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > bytes.size();
      out += padding ? '=' : letters[(group >> (18U - 6U * k)) & 63U];
    }
  }
  return out;
}

// An Ed25519 private key in PKCS#8 (RFC 8410): a fixed head and the 32 bytes of the key.
Secret ed25519_key(Random& random) {
  static constexpr std::array<unsigned char, 16> head{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30,
                                                      0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
                                                      0x04, 0x22, 0x04, 0x20};
  std::array<unsigned char, 32> key{};
  random.fill(key.data(), key.size());
  std::string bytes(head.begin(), head.end());
  bytes.append(key.begin(), key.end());
  std::string text =
      "-----BEGIN PRIVATE KEY-----\n" + base64(bytes) + "\n-----END PRIVATE KEY-----\n";
  wipe(bytes);
  key.fill(0);
  return Secret(std::move(text));
}

SecretPlan plan_generated(const Value& attributes, const ResourceRecord* record,
                          const World& world) {
  SecretPlan plan;
  plan.source = "a generator";
  if (record == nullptr || record->live.at("/value").as<Secret>() == nullptr) {
    plan.operation = record == nullptr ? Operation::create : Operation::update;
    plan.value = Unknown{true};
    plan.reason = record == nullptr ? "" : "is generated from now on";
    return plan;
  }
  const auto* every = attributes.at("/rotate_every").as<Duration>();
  const std::int64_t age = now_of(world) - record->live.at("/generated_at").integer();
  if (!same(attributes.at("/generate"), record->applied.at("/generate"))) {
    plan.reason = "another kind of value is asked for";
  } else if (every != nullptr && age >= every->milliseconds) {
    plan.reason = fmt::format("is rotated: older than {}", to_text(*every));
  } else {
    plan.value = record->live.at("/value");
    return plan;
  }
  plan.operation = Operation::update;
  plan.value = Unknown{true};
  return plan;
}

}  // namespace

SecretPlan plan_secret(const Node& node, const Value& attributes, const ResourceRecord* record,
                       const World& world, const std::string& folder,
                       const Fingerprints& fingerprints) {
  if (attributes.at("/generate")) {
    return plan_generated(attributes, record, world);
  }
  SecretPlan plan;
  plan.source = source_of(node, attributes);
  const auto value = read_source(node, attributes, world, folder);
  if (!value) {
    plan.missing_source = record != nullptr;
    plan.never_had = record == nullptr && !attributes.at("/optional").truth();
    plan.value = record != nullptr || plan.never_had ? Value(Unknown{true}) : Value();
    plan.operation = plan.never_had ? Operation::create : Operation::no_op;
    return plan;
  }
  plan.value = *value;
  if (record == nullptr) {
    plan.operation = Operation::create;
    return plan;
  }
  const auto kept = record->marks.find(applied_mark("/value"));
  if (kept == record->marks.end() || kept->second != fingerprints.of_secret(*value)) {
    plan.operation = Operation::update;
    plan.reason = plan.source + " has another value";
  }
  return plan;
}

Secret generate_secret(const Value& attributes, Random& random) {
  const Value& how = attributes.at("/generate");
  if (how.at("/uuid")) {
    return Secret(uuid(random));
  }
  if (how.at("/keypair")) {
    return ed25519_key(random);
  }
  return random_text(random, static_cast<std::size_t>(how.at("/random").integer(32)),
                     how.at("/alphabet").text());
}

ResourceRecord secret_record(const Node& node, const Value& attributes, const Value& value,
                             const World& world, const Fingerprints& fingerprints) {
  ResourceRecord record;
  record.address = node.address;
  record.type = std::string(secret_type);
  record.id = node.address;
  record.applied = without_secrets(attributes, fingerprints, record.marks);
  record.live = Object{};
  if (attributes.at("/generate")) {
    record.live.set("/value", value);
    record.live.set("/generated_at", now_of(world));
  } else {
    record.marks[applied_mark("/value")] = fingerprints.of_secret(value);
  }
  return record;
}

}  // namespace infra
