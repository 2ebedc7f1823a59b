// Tagged JSON: Values of every kind as text that reads back as the same Value.
#include <fmt/format.h>
#include <sodium.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/json.h"
#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t most_tagged_depth = 1024;  // tags nest deeper than what they say
constexpr int base64_variant = sodium_base64_VARIANT_ORIGINAL;

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty()) {
    return std::string();
  }
  std::string bytes(text.size(), '\0');
  std::size_t length = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &length, nullptr, base64_variant) != 0) {
    return std::nullopt;
  }
  bytes.resize(length);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), base64_variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), base64_variant);
  text.pop_back();  // the terminating zero
  return text;
}

// A one-key object whose key begins with `$` is a tag, so a user's own such object is wrapped.
bool looks_tagged(const Object& object) {
  return object.size() == 1 && object.begin()->first.starts_with('$');
}

void write_tagged(const Value& value, std::string& out);

struct TaggedWriter {
  std::string& out;

  void operator()(std::monostate /*null*/) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { out += fmt::format_int(value).c_str(); }
  void operator()(double value) const {
    if (std::isfinite(value)) {
      out += to_text(value);  // always with a point, so that it reads back as a double
    } else {
      out += fmt::format("{{\"$float\":\"{}\"}}", value);
    }
  }
  void operator()(const std::string& value) const {
    if (valid_utf8(value)) {
      out += json_quote(value);
    } else {
      out += fmt::format("{{\"$bytes\":\"{}\"}}", encode_base64(value));
    }
  }
  void operator()(Duration value) const {
    out += fmt::format("{{\"$duration\":{}}}", value.milliseconds);
  }
  void operator()(Size value) const { out += fmt::format("{{\"$size\":{}}}", value.bytes); }
  void operator()(const Secret& /*value*/) const {
    throw std::logic_error("a secret would have been written to a file without being sealed");
  }
  void operator()(const Reference& value) const {
    out += "{\"$reference\":[";
    (*this)(value.address);
    out += ',';
    (*this)(value.id);
    out += "]}";
  }
  void operator()(Unknown value) const {
    out += value.secret ? "{\"$unknown\":true}" : "{\"$unknown\":false}";
  }
  void operator()(Hidden /*value*/) const { out += "{\"$hidden\":true}"; }
  void operator()(const List& list) const {
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) {
        out += ',';
      }
      write_tagged(list[i], out);
    }
    out += ']';
  }
  void operator()(const Object& object) const {
    for (const auto& [key, item] : object) {
      if (!valid_utf8(key)) {
        entries(object);
        return;
      }
    }
    const bool wrap = looks_tagged(object);
    out += wrap ? "{\"$object\":{" : "{";
    bool first = true;
    for (const auto& [key, item] : object) {
      if (!first) {
        out += ',';
      }
      first = false;
      out += json_quote(key);
      out += ':';
      write_tagged(item, out);
    }
    out += wrap ? "}}" : "}";
  }
  void entries(const Object& object) const {  // keys that are no UTF-8
    out += "{\"$entries\":[";
    bool first = true;
    for (const auto& [key, item] : object) {
      if (!first) {
        out += ',';
      }
      first = false;
      (*this)(key);
      out += ',';
      write_tagged(item, out);
    }
    out += "]}";
  }
};

void write_tagged(const Value& value, std::string& out) {
  std::visit(TaggedWriter{out}, value.variant());
}

bool untag(Value& value, std::string& error);

bool untag_children(Value& value, std::string& error) {
  if (auto* list = value.as<List>()) {
    for (Value& item : *list) {
      if (!untag(item, error)) {
        return false;
      }
    }
  }
  if (auto* object = value.as<Object>()) {
    for (auto& [key, item] : *object) {
      if (!untag(item, error)) {
        return false;
      }
    }
  }
  return true;
}

bool untag_entries(Value& value, const Value& content) {
  Object object;
  const List& list = content.list();
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    object[list[i].text()] = list[i + 1];
  }
  value = std::move(object);
  return list.size() % 2 == 0;
}

// `content` of the tag `name`, its children untagged already. False: not what the tag holds.
bool apply_tag(const std::string& name, Value content, Value& value) {
  const auto* integer = content.as<std::int64_t>();
  if (name == "$duration" && integer != nullptr) {
    value = Duration{*integer};
  } else if (name == "$size" && integer != nullptr) {
    value = Size{*integer};
  } else if (name == "$unknown" && content.as<bool>() != nullptr) {
    value = Unknown{content.truth()};
  } else if (name == "$hidden") {
    value = Hidden{};
  } else if (name == "$object" && content.as<Object>() != nullptr) {
    value = std::move(content);
  } else if (name == "$reference" && content.list().size() == 2) {
    value = Reference{content.list()[0].text(), content.list()[1].text()};
  } else if (name == "$entries" && content.as<List>() != nullptr) {
    return untag_entries(value, content);
  } else if (name == "$bytes" && content.as<std::string>() != nullptr) {
    auto bytes = decode_base64(content.text());
    if (!bytes) {
      return false;
    }
    value = std::move(*bytes);
  } else if (name == "$float" && content.as<std::string>() != nullptr) {
    const std::string& text = content.text();
    value = text == "inf"    ? std::numeric_limits<double>::infinity()
            : text == "-inf" ? -std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
  } else {
    return false;
  }
  return true;
}

bool untag(Value& value, std::string& error) {
  auto* object = value.as<Object>();
  if (object == nullptr || !looks_tagged(*object)) {
    return untag_children(value, error);
  }
  const std::string name = object->begin()->first;
  Value content = std::move(object->begin()->second);
  // What `$object` wraps is no tag itself; its entries are read like any others.
  const bool read = name == "$object" ? untag_children(content, error) : untag(content, error);
  if (!read) {
    return false;
  }
  if (!apply_tag(name, std::move(content), value)) {
    error = "`" + printable(name) + "` does not hold what it should";
    return false;
  }
  return true;
}

// Reads plain JSON at the speed a state with many records needs. Text that comes from elsewhere
// goes through parse_json; this reads what to_tagged_json wrote, and refuses everything that is no
// JSON.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Value> run() {
    if (!valid_utf8(text_, &at_)) {
      fail("this is no UTF-8");
      return std::nullopt;
    }
    at_ = 0;
    Value value;
    if (!read(value, 0)) {
      return std::nullopt;
    }
    skip_space();
    if (at_ != text_.size()) {
      fail("something stands behind the end");
      return std::nullopt;
    }
    return value;
  }
  [[nodiscard]] std::string error() const {
    return fmt::format("byte {}: {}", at_, error_.empty() ? "this is no JSON" : error_);
  }

 private:
  bool fail(std::string_view reason) {
    error_ = reason;
    return false;
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool next_is(char wanted) {
    skip_space();
    if (at_ < text_.size() && text_[at_] == wanted) {
      ++at_;
      return true;
    }
    return false;
  }
  bool word(std::string_view wanted, Value& value, Value meaning) {
    if (text_.substr(at_, wanted.size()) != wanted) {
      return fail("this is no value");
    }
    at_ += wanted.size();
    value = std::move(meaning);
    return true;
  }

  bool read(Value& value, std::size_t depth) {
    skip_space();
    if (at_ == text_.size()) {
      return fail("the text ends too early");
    }
    switch (text_[at_]) {
      case '{':
        ++at_;
        return depth < most_tagged_depth ? object(value, depth + 1) : fail("nested too deep");
      case '[':
        ++at_;
        return depth < most_tagged_depth ? list(value, depth + 1) : fail("nested too deep");
      case '"': {
        std::string text;
        ++at_;
        if (!string(text)) {
          return false;
        }
        value = std::move(text);
        return true;
      }
      case 't':
        return word("true", value, true);
      case 'f':
        return word("false", value, false);
      case 'n':
        return word("null", value, {});
      default:
        return number(value);
    }
  }

  bool object(Value& value, std::size_t depth) {
    value = Object{};
    auto& items = *value.as<Object>();
    if (next_is('}')) {
      return true;
    }
    do {
      std::string key;
      if (!next_is('"') || !string(key) || !next_is(':')) {
        return error_.empty() ? fail("a key and a colon are wanted") : false;
      }
      // Keys were written in order, so that each lands at the end.
      if (!read(items.emplace_hint(items.end(), std::move(key), Value())->second, depth)) {
        return false;
      }
    } while (next_is(','));
    return next_is('}') || fail("a comma or `}` is wanted");
  }

  bool list(Value& value, std::size_t depth) {
    value = List{};
    auto& items = *value.as<List>();
    if (next_is(']')) {
      return true;
    }
    do {
      if (!read(items.emplace_back(), depth)) {
        return false;
      }
    } while (next_is(','));
    return next_is(']') || fail("a comma or `]` is wanted");
  }

  // What stands behind the opening quote.
  bool string(std::string& out) {
    while (true) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_.substr(begin, at_ - begin));
      if (at_ == text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fail("a text is not closed");
      }
      if (text_[at_++] == '"') {
        return true;
      }
      if (!escape(out)) {
        return fail("this is no escape");
      }
    }
  }

  bool escape(std::string& out) {
    if (at_ == text_.size()) {
      return false;
    }
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char letter = text_[at_++];
    if (const std::size_t index = letters.find(letter); index != std::string_view::npos) {
      out += meanings[index];
      return true;
    }
    std::uint32_t code = 0;
    if (letter != 'u' || !hex(code)) {
      return false;
    }
    if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
      std::uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") {
        return false;
      }
      at_ += 2;
      if (!hex(low) || low < 0xDC00 || low > 0xDFFF) {
        return false;
      }
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return false;
    }
    append_utf8(out, code);
    return true;
  }

  bool hex(std::uint32_t& code) {
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    at_ += digits.size();
    return digits.size() == 4 && error == std::errc() && end == digits.data() + 4;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const std::uint32_t lead = more == 1 ? 0xC0U : more == 2 ? 0xE0U : 0xF0U;
    out += static_cast<char>(lead | code >> (6 * more));
    for (unsigned left = more; left-- > 0;) {
      out += static_cast<char>(0x80U | (code >> (6 * left) & 0x3FU));
    }
  }

  bool number(Value& value) {
    const std::size_t begin = at_;
    bool whole = true;
    while (at_ < text_.size() &&
           (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 ||
            std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos)) {
      whole = whole && text_[at_] != '.' && text_[at_] != 'e' && text_[at_] != 'E';
      ++at_;
    }
    const std::string_view digits = text_.substr(begin, at_ - begin);
    const char* const last = digits.data() + digits.size();
    const std::string_view unsigned_digits = digits.substr(digits.starts_with('-') ? 1 : 0);
    if (unsigned_digits.size() > 1 && unsigned_digits[0] == '0' && unsigned_digits[1] != '.' &&
        unsigned_digits[1] != 'e' && unsigned_digits[1] != 'E') {
      return fail("a number begins with a zero");
    }
    std::int64_t integer = 0;
    if (whole) {
      const auto [end, error] = std::from_chars(digits.data(), last, integer);
      if (error == std::errc() && end == last) {
        value = integer;
        return true;
      }
      return fail("this is no value");
    }
    const auto parsed = parse_float(digits);
    if (!parsed) {
      return fail("this is no number");
    }
    value = *parsed;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

std::string to_tagged_json(const Value& value) {
  std::string out;
  write_tagged(value, out);
  return out;
}

std::variant<Value, std::string> parse_tagged_json(std::string_view text) {
  Reader reader(text);
  auto value = reader.run();
  if (!value) {
    return reader.error();
  }
  if (std::string error; !untag(*value, error)) {
    return error;
  }
  return std::move(*value);
}

}  // namespace infra
