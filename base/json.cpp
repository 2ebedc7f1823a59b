#include "base/json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/quantity.h"
#include "base/text.h"

namespace infra {
namespace {

constexpr std::size_t most_depth = 256;

// Builds a Value from nlohmann's events, so that no second tree stands in memory and depth is
// bounded before anything recurses.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
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
    if (stack_.size() >= most_depth) {
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

}  // namespace

std::variant<Value, std::string> parse_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  Builder builder;
  bool read = false;
  try {
    read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const nlohmann::json::exception& error) {
    return describe(text, builder.position(), reason_of(error.what()));
  }
  if (builder.too_deep()) {
    return fmt::format("nested more than {} deep", most_depth);
  }
  if (!read) {
    return describe(text, builder.position(), reason_of(builder.error()));
  }
  return builder.take();
}

std::string to_json(const Value& value, SecretText secrets, int indent) {
  Writer writer(secrets, indent);
  writer.write(value, 0);
  return writer.take();
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
