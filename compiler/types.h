// compiler/types.h — the types of expressions, and which fits where.
//
// A type is a pointer into the table that made it; two pointers may mean one type (`same_type`
// tells). Secrecy stands on leaves: secret<list<string>> is list<secret<string>>. The table owns
// all types and must outlive their users. Not thread-safe.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra {

struct StaticType;
using TypeId = const StaticType*;

enum class TypeBase : std::uint8_t {
  error,  // what follows from a reported mistake: fits everywhere, silently
  null,
  any,
  text,
  integer,
  number,
  boolean,
  duration,
  size,
  url,
  cron,
  zone,  // text that names an IANA time zone
  enumeration,
  list,
  map,
  record,
  resource,  // a reference; `kind` and perhaps `resource` say to what
  view,      // `database.main.supabase`: what one driver gives
  stack,     // the root of that name
  source,
  origin,
  generator,
  call,
  run,
  auth,
  upload,
  matcher,
  // Only expected, never had:
  scalar,     // whatever has a text
  env_value,  // what a variable of a process can be made of
  either,     // one of `alternatives`
};

struct TypeField {
  std::string name;
  TypeId type = nullptr;
  bool required = false;
};

struct StaticType {
  TypeBase base = TypeBase::error;
  bool optional = false;
  bool secret = false;
  TypeId element = nullptr;            // list, map
  std::vector<std::string> words{};    // enumeration: its values. resource: types that may stand
                                       // there ("database", "*.database", "vercel.domain")
  std::vector<TypeField> fields{};     // record
  std::vector<TypeId> alternatives{};  // either
  std::string_view kind{};             // resource, view
  const void* resource = nullptr;      // resource, view: the checker's own, nullptr: any of kind
  std::string driver{};                // view

  // Of the whole tree below, kept so that nothing walks a type that lets built up without end.
  bool holds_secret = false;
  std::uint32_t depth = 1;
  std::uint64_t weight = 1;

  [[nodiscard]] const TypeField* field(std::string_view name) const;
};

class TypeTable {
 public:
  TypeTable();
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  [[nodiscard]] TypeId basic(TypeBase base) const {
    return basics_[static_cast<std::size_t>(base)];
  }
  [[nodiscard]] TypeId error() const { return basic(TypeBase::error); }
  [[nodiscard]] TypeId any() const { return basic(TypeBase::any); }
  [[nodiscard]] TypeId text() const { return basic(TypeBase::text); }
  [[nodiscard]] TypeId integer() const { return basic(TypeBase::integer); }
  [[nodiscard]] TypeId boolean() const { return basic(TypeBase::boolean); }

  TypeId enumeration(std::vector<std::string> words);
  TypeId list(TypeId element);
  TypeId map(TypeId element);
  TypeId record(std::vector<TypeField> fields);
  TypeId either(std::vector<TypeId> alternatives);
  TypeId resource(std::string_view kind, const void* resource);
  TypeId reference_to(std::vector<std::string> types);  // expected: one of these types
  TypeId view(std::string_view kind, const void* resource, std::string driver);

  TypeId optional(TypeId type);
  TypeId required(TypeId type);  // without `?`
  TypeId secret(TypeId type);    // every leaf
  TypeId open(TypeId type);      // no leaf is secret

  // The type that both fit into: of the arms of an `if`, elements of a list. nullptr: none.
  TypeId common(TypeId left, TypeId right);

 private:
  TypeId add(StaticType type);
  TypeId with_leaves(TypeId type, bool secret);
  TypeId common_record(const StaticType& left, const StaticType& right);
  TypeId common_plain(TypeId left, TypeId right);

  std::deque<StaticType> types_;
  std::vector<TypeId> basics_;
  std::unordered_map<TypeId, TypeId> lists_, maps_, optionals_, requireds_, secrets_, opens_;
};

// How a value of one type stands where another is expected.
enum class Fit { yes, wrong, missing, secret, not_a_word };  // missing: T? where T is wanted
[[nodiscard]] Fit fit(TypeId expected, TypeId actual);

[[nodiscard]] bool same_type(TypeId left, TypeId right);
[[nodiscard]] bool has_secret(TypeId type);   // some leaf is
[[nodiscard]] bool is_text(TypeId type);      // text, url, cron, zone, enumeration
[[nodiscard]] bool is_number(TypeId type);    // integer, number
[[nodiscard]] bool is_quantity(TypeId type);  // number, duration, size
[[nodiscard]] bool has_text(TypeId type);     // what `${ }` takes, `?` aside
[[nodiscard]] bool is_silent(TypeId type);    // error or any: nothing is said about it
[[nodiscard]] bool comparable(TypeId left, TypeId right);

// "list<string>", `"a" | "b"`, "secret<string>?", "service", "{a: int, b: string?}".
[[nodiscard]] std::string type_text(TypeId type);
// With an article, for sentences: "a string", "an int", "a list<string>", "null".
[[nodiscard]] std::string type_phrase(TypeId type);

}  // namespace infra
