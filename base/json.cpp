#include "base/json.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t most_depth = 256;
constexpr std::size_t most_tagged_depth = 4 * most_depth;  // tags nest deeper than what they say
constexpr int base64_variant = sodium_base64_VARIANT_ORIGINAL;

// Builds a Value from nlohmann's events, so that no second tree stands in memory and depth is
// bounded before anything recurses.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(std::size_t depth) : most_(depth) {}

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(static_cast<double>(value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(Object{}); }
  bool key(string_t& name) override {
    keys_.back() = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(List{}); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    position_ = position;
    error_ = error.what();
    return false;
  }

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  Value take() { return std::move(root_); }

 private:
  Value* place(Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (auto* list = stack_.back()->as<List>()) {
      return &list->emplace_back(std::move(value));
    }
    Value& slot = (*stack_.back()->as<Object>())[keys_.back()];
    slot = std::move(value);
    return &slot;
  }
  bool add(Value value) {
    place(std::move(value));
    return true;
  }
  bool open(Value value) {
    if (stack_.size() >= most_) {
      too_deep_ = true;
      return false;
    }
    stack_.push_back(place(std::move(value)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::size_t most_;
  Value root_;
  std::vector<Value*> stack_;
  std::vector<std::string> keys_;
  std::size_t position_ = 0;
  std::string error_;
  bool too_deep_ = false;
};

std::string describe(std::string_view text, std::size_t position, std::string_view reason) {
  std::size_t line = 1;
  std::size_t column = 1;
  const std::size_t end = std::min(position == 0 ? 0 : position - 1, text.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++column;
    }
  }
  return fmt::format("line {}, column {}: {}", line, column, reason);
}

// nlohmann says "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error
// while parsing value - invalid literal; last read: 'x'". The part behind the place is for people.
std::string reason_of(std::string_view error) {
  std::size_t begin = error.find("] ");
  error = begin == std::string_view::npos ? error : error.substr(begin + 2);
  if (begin = error.find(": ");
      error.starts_with("parse error") && begin != std::string_view::npos) {
    error = error.substr(begin + 2);
  }
  return printable(error);
}

std::optional<std::string> decode_base64(std::string_view text) {
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

class Writer {
 public:
  Writer(SecretText secrets, int indent) : secrets_(secrets), indent_(indent) {}

  void write(const Value& value, int depth) {
    std::visit([this, depth](const auto& item) { one(item, depth); }, value.variant());
  }
  std::string take() { return std::move(out_); }

 private:
  void one(std::monostate /*null*/, int /*depth*/) { out_ += "null"; }
  void one(bool value, int /*depth*/) { out_ += value ? "true" : "false"; }
  void one(std::int64_t value, int /*depth*/) { out_ += fmt::format_int(value).c_str(); }
  void one(double value, int /*depth*/) { out_ += std::isfinite(value) ? to_text(value) : "null"; }
  void one(const std::string& value, int /*depth*/) { out_ += json_quote(value); }
  void one(Duration value, int /*depth*/) { out_ += json_quote(to_text(value)); }
  void one(Size value, int /*depth*/) { out_ += json_quote(to_text(value)); }
  void one(const Secret& value, int /*depth*/) {
    switch (secrets_) {
      case SecretText::refuse:
        throw std::logic_error("a secret would have been written as JSON text");
      case SecretText::sensitive:
        out_ += "\"(sensitive)\"";
        break;
      case SecretText::exposed:
        expose(value);
        break;
    }
  }
  void expose(const Secret& value) {
    std::string quoted = json_quote(value.expose());
    out_ += quoted;
    wipe(quoted);
  }
  void one(const Reference& value, int /*depth*/) {
    out_ += json_quote(value.id.empty() ? value.address : value.id);
  }
  void one(Unknown /*value*/, int /*depth*/) { out_ += "null"; }
  void one(Hidden /*value*/, int /*depth*/) { out_ += "null"; }
  void one(const List& list, int depth) {
    out_ += '[';
    bool first = true;
    for (const Value& item : list) {
      separate(first, depth + 1);
      write(item, depth + 1);
    }
    finish(first, depth);
    out_ += ']';
  }
  void one(const Object& object, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, item] : object) {
      separate(first, depth + 1);
      out_ += json_quote(key);
      out_ += indent_ < 0 ? ":" : ": ";
      write(item, depth + 1);
    }
    finish(first, depth);
    out_ += '}';
  }
  void separate(bool& first, int depth) {
    if (!first) {
      out_ += ',';
    }
    first = false;
    line(depth);
  }
  void finish(bool empty, int depth) {
    if (!empty) {
      line(depth);
    }
  }
  void line(int depth) {
    if (indent_ >= 0) {
      out_ += '\n';
      out_.append(static_cast<std::size_t>(indent_ * depth), ' ');
    }
  }

  SecretText secrets_;
  int indent_;
  std::string out_;
};

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

std::variant<Value, std::string> read_json(std::string_view text, std::size_t depth) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  Builder builder(depth);
  bool read = false;
  try {
    read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const nlohmann::json::exception& error) {
    return describe(text, builder.position(), reason_of(error.what()));
  }
  if (builder.too_deep()) {
    return fmt::format("nested more than {} deep", depth);
  }
  if (!read) {
    return describe(text, builder.position(), reason_of(builder.error()));
  }
  return builder.take();
}

}  // namespace

std::variant<Value, std::string> parse_json(std::string_view text) {
  return read_json(text, most_depth);
}

std::string to_json(const Value& value, SecretText secrets, int indent) {
  Writer writer(secrets, indent);
  writer.write(value, 0);
  return writer.take();
}

std::string to_tagged_json(const Value& value) {
  std::string out;
  write_tagged(value, out);
  return out;
}

std::variant<Value, std::string> parse_tagged_json(std::string_view text) {
  auto parsed = read_json(text, most_tagged_depth);
  if (auto* value = std::get_if<Value>(&parsed)) {
    if (std::string error; !untag(*value, error)) {
      return error;
    }
  }
  return parsed;
}

std::string json_quote(std::string_view text) {
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  while (!text.empty()) {
    std::size_t good = 0;
    if (valid_utf8(text, &good)) {
      good = text.size();
    }
    for (const char c : text.substr(0, good)) {
      switch (c) {
        case '"':
          out += "\\\"";
          break;
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
          } else {
            out += c;
          }
      }
    }
    text.remove_prefix(good);
    if (!text.empty()) {
      out += replacement;
      text.remove_prefix(1);
    }
  }
  out += '"';
  return out;
}

}  // namespace infra
