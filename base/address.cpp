#include "base/address.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/value.h"

namespace infra {
namespace {

constexpr std::array<std::string_view, 7> roots{"service", "database", "bucket",  "secret",
                                                "cron",    "resource", "provider"};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

struct Token {
  enum Kind { end, name, key, broken } kind = end;  // in this order addresses sort
  std::string_view text;                            // of a key: what stands between the brackets
};

// Reads one name or one key per call; allocates nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  Token next() {
    if (at_ == text_.size()) {
      return started_ ? Token{Token::end, {}} : Token{Token::broken, {}};
    }
    if (text_[at_] == '[') {
      return started_ ? key() : Token{Token::broken, {}};
    }
    if (started_) {
      if (text_[at_] != '.') {
        return {Token::broken, {}};
      }
      ++at_;
    }
    started_ = true;
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) {
      ++at_;
    }
    if (at_ == begin || text_[begin] == '-') {
      return {Token::broken, {}};
    }
    return {Token::name, text_.substr(begin, at_ - begin)};
  }
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  Token key() {
    const std::size_t begin = ++at_;
    const bool quoted = at_ < text_.size() && text_[at_] == '"';
    if (quoted) {
      ++at_;
      while (at_ < text_.size() && text_[at_] != '"') {
        at_ += text_[at_] == '\\' ? 2 : 1;
      }
      ++at_;
    } else {
      while (at_ < text_.size() && text_[at_] != ']' && text_[at_] != '[' && text_[at_] != '"') {
        ++at_;
      }
    }
    if (at_ >= text_.size() || text_[at_] != ']' || at_ == begin) {
      at_ = text_.size();
      return {Token::broken, {}};
    }
    const Token token{Token::key, text_.substr(begin, at_ - begin)};
    ++at_;
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool started_ = false;
};

// The key itself from what stands between the brackets; nothing when its escapes are wrong.
std::optional<std::string> key_text(std::string_view raw) {
  if (!raw.starts_with('"')) {
    return std::string(raw);
  }
  if (raw.find('\\') == std::string_view::npos) {
    return std::string(raw.substr(1, raw.size() - 2));
  }
  const auto parsed = parse_json(raw);
  const auto* value = std::get_if<Value>(&parsed);
  if (value == nullptr || value->as<std::string>() == nullptr) {
    return std::nullopt;
  }
  return value->text();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int compare_keys(std::string_view left_raw, std::string_view right_raw) {
  const std::string left = key_text(left_raw).value_or(std::string(left_raw));
  const std::string right = key_text(right_raw).value_or(std::string(right_raw));
  if (is_number(left) && is_number(right)) {
    const auto digits = [](std::string_view text) {
      const std::size_t first = text.find_first_not_of('0');
      return first == std::string_view::npos ? std::string_view{} : text.substr(first);
    };
    const std::string_view a = digits(left);
    const std::string_view b = digits(right);
    if (a.size() != b.size()) {
      return a.size() < b.size() ? -1 : 1;
    }
    if (const int order = a.compare(b); order != 0) {
      return order;
    }
  }
  return left.compare(right);
}

bool is_root(std::string_view name) {
  for (const std::string_view root : roots) {
    if (root == name) {
      return true;
    }
  }
  return false;
}

struct Parts {  // where the pieces of an address lie in its text
  std::string_view kind, name;
  std::size_t owner_end = 0;  // behind the keys of the name
  bool known = false;
};

Parts parts_of(std::string_view address) {
  Parts parts;
  Cursor cursor(address);
  bool named = false;
  for (Token token = cursor.next(); token.kind != Token::end; token = cursor.next()) {
    if (token.kind == Token::broken) {
      return {};
    }
    if (token.kind == Token::name && parts.kind.empty()) {
      if (is_root(token.text)) {
        parts.kind = token.text;
      }
    } else if (token.kind == Token::name && !named) {
      parts.name = token.text;
      parts.owner_end = cursor.position();
      named = true;
    } else if (token.kind == Token::name && parts.kind == "provider") {
      parts.name = token.text;  // provider.ALIAS.TYPE hangs on no resource
      parts.owner_end = cursor.position();
    } else if (token.kind == Token::name) {
      break;
    } else if (named) {
      parts.owner_end = cursor.position();
    }
  }
  parts.known = named;
  return parts;
}

// "web" of `service.web`, and how many steps belong to the owner.
std::size_t owner_steps(const Address& address) {
  for (std::size_t i = 0; i < address.steps.size(); ++i) {
    if (is_root(address.steps[i].name)) {
      return address.steps[i].name == "provider" ? address.steps.size()
                                                 : std::min(i + 2, address.steps.size());
    }
  }
  return address.steps.size();
}

}  // namespace

std::string Address::text() const {
  std::string text;
  for (const AddressStep& step : steps) {
    if (!text.empty()) {
      text += '.';
    }
    text += step.name;
    for (const std::string& key : step.keys) {
      text += '[';
      text += json_quote(key);
      text += ']';
    }
  }
  return text;
}

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  Cursor cursor(text);
  for (Token token = cursor.next(); token.kind != Token::end; token = cursor.next()) {
    if (token.kind == Token::broken) {
      return std::nullopt;
    }
    if (token.kind == Token::name) {
      address.steps.push_back({std::string(token.text), {}});
      continue;
    }
    auto key = key_text(token.text);
    if (!key) {
      return std::nullopt;
    }
    address.steps.back().keys.push_back(std::move(*key));
  }
  return address;
}

bool address_less(std::string_view left, std::string_view right) {
  Cursor a(left);
  Cursor b(right);
  while (true) {
    const Token x = a.next();
    const Token y = b.next();
    if (x.kind == Token::broken || y.kind == Token::broken) {
      return left < right;
    }
    if (x.kind != y.kind) {
      return x.kind < y.kind;
    }
    if (x.kind == Token::end) {
      return false;
    }
    const int order = x.text == y.text        ? 0
                      : x.kind == Token::name ? x.text.compare(y.text)
                                              : compare_keys(x.text, y.text);
    if (order != 0) {
      return order < 0;
    }
  }
}

std::string_view address_kind(std::string_view address) {
  return parts_of(address).kind;
}

std::string address_name(std::string_view address) {
  return std::string(parts_of(address).name);
}

std::string address_owner(std::string_view address) {
  const Parts parts = parts_of(address);
  return std::string(parts.known ? address.substr(0, parts.owner_end) : address);
}

bool address_matches(std::string_view selector, std::string_view address) {
  if (selector == address) {
    return true;
  }
  const auto wanted = parse_address(selector);
  const auto given = parse_address(address);
  if (!wanted || !given || wanted->steps.size() > given->steps.size() ||
      wanted->steps.size() < owner_steps(*given)) {
    return false;
  }
  for (std::size_t i = 0; i < wanted->steps.size(); ++i) {
    const AddressStep& want = wanted->steps[i];
    const AddressStep& have = given->steps[i];
    if (want.name != have.name || want.keys.size() > have.keys.size() ||
        !std::equal(want.keys.begin(), want.keys.end(), have.keys.begin())) {
      return false;
    }
  }
  return true;
}

}  // namespace infra
