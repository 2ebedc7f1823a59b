#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"
#include "compiler/function_table.h"

namespace infra::functions {
namespace {

constexpr std::string_view malformed = "E0509";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Computed encode_base64(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& text = arguments[0]->text();
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned bits = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    result += base64_alphabet[(bits >> 18U) & 63U];
    result += base64_alphabet[(bits >> 12U) & 63U];
    result += i + 1 < text.size() ? base64_alphabet[(bits >> 6U) & 63U] : '=';
    result += i + 2 < text.size() ? base64_alphabet[bits & 63U] : '=';
  }
  return done(std::move(result));
}

std::optional<std::string> decoded_base64(std::string_view text) {
  std::string result;
  unsigned bits = 0;
  unsigned count = 0;
  while (!text.empty() && (text.back() == '=' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  for (const char c : text) {
    char standard = c;  // the alphabet for urls is taken too
    if (c == '-' || c == '_') {
      standard = c == '-' ? '+' : '/';
    }
    const auto at = base64_alphabet.find(standard);
    if (c == '\n' || c == '\r') {
      continue;
    }
    if (at == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<unsigned>(at);
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += static_cast<char>((bits >> count) & 255U);
    }
  }
  return count >= 6 ? std::nullopt : std::optional(result);
}

Computed decode_base64(const Arguments& arguments, FunctionWorld& /*world*/) {
  auto text = decoded_base64(arguments[0]->text());
  if (!text) {
    return failure(malformed, "this is no Base64");
  }
  if (!valid_utf8(*text)) {
    return failure(malformed, "what this Base64 holds is no UTF-8 text");
  }
  return done(*std::move(text));
}

Computed encode_json(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(to_json(*arguments[0], SecretText::refuse));
}

Computed decode_json(const Arguments& arguments, FunctionWorld& /*world*/) {
  auto parsed = parse_json(arguments[0]->text());
  if (auto* error = std::get_if<1>(&parsed)) {
    return failure(malformed, fmt::format("this is no JSON: {}", printable(*error)));
  }
  return done(std::get<0>(std::move(parsed)));
}

void emit(YAML::Emitter& out, const Value& value) {
  if (const auto* list = value.as<List>()) {
    out << YAML::BeginSeq;
    for (const auto& item : *list) {
      emit(out, item);
    }
    out << YAML::EndSeq;
  } else if (const auto* object = value.as<Object>()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : *object) {
      out << YAML::Key << key << YAML::Value;
      emit(out, item);
    }
    out << YAML::EndMap;
  } else if (const auto* text = value.as<std::string>()) {
    out << YAML::DoubleQuoted << *text << YAML::Auto;
  } else {
    out << (value.is_null() ? "null" : text_of(value).value.text());
  }
}

Computed encode_yaml(const Arguments& arguments, FunctionWorld& /*world*/) {
  YAML::Emitter out;
  emit(out, *arguments[0]);
  return done(std::string(out.c_str(), out.size()) + "\n");
}

// Plain scalars by YAML's core schema.
Value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") {
    return text;  // quoted
  }
  if (text == "true" || text == "True" || text == "TRUE") {
    return true;
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return false;
  }
  if (text.find('_') == std::string::npos) {
    if (const auto number = parse_integer(text)) {
      return *number;
    }
    if (const auto number = parse_float(text)) {
      return *number;
    }
  }
  return text;
}

// `nodes` counts down: aliases can make a small text a very large value.
Value from_node(const YAML::Node& node, std::size_t depth, std::size_t& nodes) {
  if (depth > 256) {
    throw YAML::Exception(YAML::Mark::null_mark(), "it nests deeper than 256");
  }
  if (nodes-- == 0) {
    throw YAML::Exception(YAML::Mark::null_mark(), "it has more than 1,000,000 values");
  }
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence: {
      List list;
      for (const auto& item : node) {
        list.push_back(from_node(item, depth + 1, nodes));
      }
      return list;
    }
    case YAML::NodeType::Map: {
      Object object;
      for (const auto& entry : node) {
        object.insert_or_assign(entry.first.Scalar(), from_node(entry.second, depth + 1, nodes));
      }
      return object;
    }
    default:
      return {};
  }
}

Computed decode_yaml(const Arguments& arguments, FunctionWorld& /*world*/) {
  try {
    std::size_t nodes = 1'000'000;
    return done(from_node(YAML::Load(arguments[0]->text()), 0, nodes));
  } catch (const YAML::Exception& error) {
    return failure(malformed, fmt::format("this is no YAML: {}", printable(error.what())));
  }
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>((digit(hex[i]) << 4U) | digit(hex[i + 1]));
  }
  return bytes;
}

// RFC 2104 over SHA-256, whose block is 64 bytes.
std::string hmac_sha256(std::string key, std::string_view text) {
  constexpr std::size_t block = 64;
  if (key.size() > block) {
    key = bytes_of_hex(sha256_hex(key));
  }
  key.resize(block, '\0');
  std::string inner(block, '\0');
  std::string outer(block, '\0');
  for (std::size_t i = 0; i < block; ++i) {
    inner[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ 0x36U);
    outer[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ 0x5CU);
  }
  wipe(key);
  std::string message = inner + std::string(text);
  const std::string digest = bytes_of_hex(sha256_hex(message));
  wipe(message);
  wipe(inner);
  const std::string result = sha256_hex(outer + digest);
  wipe(outer);
  return result;
}

Computed hmac(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(hmac_sha256(arguments[0]->text(), arguments[1]->text()));
}

Computed sha256(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(sha256_hex(arguments[0]->text()));
}

// RFC 3986: all but the unreserved characters.
Computed url_encode(const Arguments& arguments, FunctionWorld& /*world*/) {
  std::string result;
  for (const char c : arguments[0]->text()) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return done(std::move(result));
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    const std::string_view digits = text.substr(0, dot);
    const auto number = parse_integer(digits);
    const bool last = dot == std::string_view::npos;
    if (digits.empty() || digits.size() > 3 || !number || *number < 0 || *number > 255 ||
        last != (part == 3)) {
      return std::nullopt;
    }
    address = (address << 8U) | static_cast<std::uint32_t>(*number);
    text = last ? std::string_view() : text.substr(dot + 1);
  }
  return address;
}

Computed cidr(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string_view prefix = arguments[0]->text();
  const auto slash = prefix.find('/');
  const auto address = parse_ipv4(prefix.substr(0, slash));
  const auto bits =
      slash == std::string_view::npos ? std::nullopt : parse_integer(prefix.substr(slash + 1));
  if (!address || !bits || *bits < 0 || *bits > 32) {
    return failure("E0519",
                   fmt::format("`{}` is no IPv4 network such as `10.0.0.0/16`", printable(prefix)));
  }
  const std::int64_t added = arguments[1]->integer();
  const std::int64_t number = arguments[2]->integer();
  if (added < 0 || *bits + added > 32) {
    return failure(
        "E0519",
        fmt::format("a prefix of {} bits cannot be {} bits longer: 32 is the most", *bits, added));
  }
  if (number < 0 || number >= (std::int64_t{1} << added)) {
    return failure("E0519",
                   fmt::format("there are {} such subnets, numbered from 0; {} is none of them",
                               std::int64_t{1} << added, number));
  }
  const std::int64_t length = *bits + added;
  const std::uint32_t mask =
      *bits == 0 ? 0U : ~std::uint32_t{0} << static_cast<unsigned>(32 - *bits);
  const auto offset = length == 0 ? 0U : static_cast<std::uint32_t>(number << (32 - length));
  const std::uint32_t subnet = (*address & mask) | offset;
  return done(fmt::format("{}.{}.{}.{}/{}", subnet >> 24U, (subnet >> 16U) & 255U,
                          (subnet >> 8U) & 255U, subnet & 255U, length));
}

constexpr Entry entries[] = {
    {"base64", 1, Looks::inside, encode_base64},
    {"cidr", 3, Looks::inside, cidr},
    {"from_base64", 1, Looks::inside, decode_base64},
    {"from_json", 1, Looks::inside, decode_json, true},
    {"from_yaml", 1, Looks::inside, decode_yaml, true},
    {"hmac", 2, Looks::inside, hmac},
    {"json", 1, Looks::inside, encode_json},
    {"sha256", 1, Looks::inside, sha256},
    {"url_encode", 1, Looks::inside, url_encode},
    {"yaml", 1, Looks::inside, encode_yaml},
};

}  // namespace

std::span<const Entry> encoding_functions() {
  return entries;
}

const Entry* find_entry(std::string_view name, std::size_t parameters) {
  for (const auto& table :
       {text_functions(), collection_functions(), encoding_functions(), resource_functions()}) {
    for (const auto& entry : table) {
      if (entry.name == name && entry.parameters == parameters) {
        return &entry;
      }
    }
  }
  return nullptr;
}

}  // namespace infra::functions
