// The few words of GraphQL that tell a query from what changes something.
#include "providers/door.h"

namespace infra {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Punctuators one by one, names whole; strings, numbers, comments and blanks are passed over.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // The next word; empty at the end or where the text is broken (then `broken()`).
  std::string_view next() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = text_.find_first_of("\r\n", at_);
        at_ = at_ == std::string_view::npos ? text_.size() : at_;
      } else if (c == '"') {
        if (!pass_string()) {
          broken_ = true;
          return {};
        }
        return "\"";
      } else if (is_name_character(c)) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_name_character(text_[at_])) {
          ++at_;
        }
        return text_.substr(begin, at_ - begin);
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' ||
                 text_.substr(at_).starts_with("\xEF\xBB\xBF")) {
        at_ += c == '\xEF' ? 3 : 1;
      } else {
        return text_.substr(at_++, 1);
      }
    }
    return {};
  }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  bool pass_string() {
    if (text_.substr(at_).starts_with("\"\"\"")) {
      for (at_ += 3; at_ < text_.size(); ++at_) {
        if (text_.substr(at_).starts_with("\\\"\"\"")) {
          at_ += 3;
        } else if (text_.substr(at_).starts_with("\"\"\"")) {
          at_ += 3;
          return true;
        }
      }
      return false;
    }
    for (++at_; at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r'; ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

// Passes over one definition up to the end of its selection set. `opened`: its `{` was the word
// that began it.
bool pass_definition(Words& words, bool opened) {
  int braces = opened ? 1 : 0;
  int others = 0;  // ( and [
  for (;;) {
    const std::string_view word = words.next();
    if (word.empty()) {
      return false;
    }
    if (word == "(" || word == "[") {
      ++others;
    } else if (word == ")" || word == "]") {
      if (--others < 0) {
        return false;
      }
    } else if (word == "{") {
      ++braces;
    } else if (word == "}") {
      if (--braces < 0) {
        return false;
      }
      if (braces == 0 && others == 0) {
        return true;
      }
    }
  }
}

}  // namespace

bool is_single_query(std::string_view document) {
  Words words(document);
  int queries = 0;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == "query" || word == "{") {
      ++queries;
    } else if (word != "fragment") {
      return false;
    }
    if (!pass_definition(words, word == "{")) {
      return false;
    }
  }
  return queries == 1 && !words.broken();
}

}  // namespace infra
