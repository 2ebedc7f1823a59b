// compiler/environment_set.h — in which environments a place of the text exists, and what an
// expression is worth before any parameter, source or resource is known.
//
// Conditions that depend on `environment` alone (through lets too) decide existence: `certainly` is
// where a condition holds whatever the rest turns out to be, `possibly` where it may hold. Sets are
// indexes into Module::environments; a stack has at most 64 (`collect` reports more).
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/value.h"
#include "compiler/module.h"

namespace infra {

inline constexpr std::size_t most_environments = 64;

class EnvironmentSet {
 public:
  EnvironmentSet() = default;
  [[nodiscard]] static EnvironmentSet all(std::size_t count) {
    return EnvironmentSet(count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1);
  }
  [[nodiscard]] static EnvironmentSet one(std::size_t index) {
    return EnvironmentSet(index >= 64 ? 0 : std::uint64_t{1} << index);
  }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  [[nodiscard]] bool contains(std::size_t index) const {
    return index < 64 && ((bits_ >> index) & 1) != 0;
  }
  [[nodiscard]] bool covers(EnvironmentSet other) const { return (other.bits_ & ~bits_) == 0; }
  [[nodiscard]] EnvironmentSet operator&(EnvironmentSet other) const {
    return EnvironmentSet(bits_ & other.bits_);
  }
  [[nodiscard]] EnvironmentSet operator|(EnvironmentSet other) const {
    return EnvironmentSet(bits_ | other.bits_);
  }
  [[nodiscard]] EnvironmentSet without(EnvironmentSet other) const {
    return EnvironmentSet(bits_ & ~other.bits_);
  }
  bool operator==(const EnvironmentSet&) const = default;

 private:
  explicit EnvironmentSet(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

// Where a condition holds. A condition that depends on `environment` alone has both sets equal.
struct Verdict {
  EnvironmentSet certainly, possibly;
};

// Works on the tree alone, before and without types. Not thread-safe: it remembers answers. The
// module must outlive it.
class StaticValues {
 public:
  explicit StaticValues(const Module& module);

  // The value in one environment, when literals, `environment`, `stack.name` and lets of these
  // decide it. A name that nothing declares is taken for the word of an enumeration: its text.
  // Nothing when it is not known, or when it is a resource, a param or a call.
  [[nodiscard]] std::optional<Value> constant(const ast::Expression& expression,
                                              std::size_t environment, ScopeId scope) const;

  // In which environments a condition written in `scope` is true.
  [[nodiscard]] Verdict verdict(const ast::Expression& condition, ScopeId scope) const;

  // Where the statements of a scope may exist (`possibly`), and where all its conditions surely
  // hold (`certainly`; how many rounds a `for` has is another matter).
  [[nodiscard]] Verdict scope(ScopeId scope) const;

  // Variables of comprehensions and rules, which are no words of enumerations while they last.
  void enter_local(std::string_view name) { locals_.push_back(name); }
  void leave_local() { locals_.pop_back(); }

  [[nodiscard]] EnvironmentSet all() const;

 private:
  std::optional<Value> name(const std::string& name, std::size_t environment, ScopeId scope) const;
  std::optional<Value> binary(const ast::Binary& node, std::size_t environment,
                              ScopeId scope) const;
  std::optional<Value> composite(const ast::Expression& expression, std::size_t environment,
                                 ScopeId scope) const;

  const Module& module_;
  mutable std::vector<std::optional<Verdict>> scopes_;
  mutable std::unordered_map<const ast::Expression*, Verdict> verdicts_;
  std::vector<std::string_view> locals_;
  mutable std::size_t depth_ = 0;  // of lets within lets: a cycle ends as "not known"
};

// The let, `for` variable or param that a name means in a scope; which of the three is set.
struct NameMeaning {
  const ast::Let* let = nullptr;
  ScopeId let_scope = 0;           // where that let stands
  const ast::For* loop = nullptr;  // the variable of an enclosing `for`
  bool loop_first = false;         // the first of its two
  const ast::Parameter* parameter = nullptr;
  [[nodiscard]] bool found() const {
    return let != nullptr || loop != nullptr || parameter != nullptr;
  }
};
[[nodiscard]] NameMeaning find_name(const Module& module, ScopeId scope, std::string_view name);

// The root and name of `service.web`, `service.web["eu"]` or anything below: what resource an
// expression begins with. Empty when it begins with something else.
struct ResourceMention {
  std::string_view kind, name;
  explicit operator bool() const { return !kind.empty(); }
};
[[nodiscard]] ResourceMention mentioned_resource(const ast::Expression& expression);

// The same word with a life of its own, for types that outlast the text; empty where it is no kind.
[[nodiscard]] std::string_view resource_kind(std::string_view word);

// True for service database bucket secret cron resource.
[[nodiscard]] bool is_resource_kind(std::string_view word);

}  // namespace infra
