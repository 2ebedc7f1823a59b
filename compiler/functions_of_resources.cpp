#include <fmt/format.h>

#include "compiler/function_table.h"

namespace infra::functions {
namespace {

// An object with the entries that are written.
Value shape(std::initializer_list<std::pair<std::string_view, const Value*>> entries) {
  Object object;
  for (const auto& [key, value] : entries) {
    if (!value->is_null()) {
      object.emplace(key, *value);
    }
  }
  return object;
}

Computed image(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"image", arguments[0]}}));
}

Computed github(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::string& repository = arguments[0]->text();
  const auto slash = repository.find('/');
  if (arguments[0]->as<std::string>() != nullptr &&
      (slash == std::string::npos || slash == 0 || slash + 1 == repository.size() ||
       repository.find('/', slash + 1) != std::string::npos)) {
    return failure("E0519", fmt::format("`github` wants OWNER/REPOSITORY, not `{}`", repository));
  }
  return done(shape({{"github", arguments[0]}, {"branch", arguments[1]}, {"root", arguments[2]}}));
}

Computed git(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"git", arguments[0]}, {"branch", arguments[1]}, {"root", arguments[2]}}));
}

Computed directory(const Arguments& arguments, FunctionWorld& world) {
  if (arguments[0]->as<std::string>() != nullptr) {
    Computed folder = world.folder(arguments[0]->text());
    if (!folder.error.empty()) {
      return folder;
    }
  }
  return done(shape({{"directory", arguments[0]}, {"root", arguments[1]}}));
}

Computed random(const Arguments& arguments, FunctionWorld& /*world*/) {
  const std::int64_t length = arguments[0]->integer(32);
  if (length < 1 || length > 4096) {
    return failure("E0519", "`random` makes 1 to 4096 characters");
  }
  if (!arguments[1]->is_null() && arguments[1]->as<std::string>() != nullptr &&
      arguments[1]->text().size() < 2) {
    return failure("E0519", "the alphabet of `random` has at least 2 characters");
  }
  return done(shape({{"random", arguments[0]}, {"alphabet", arguments[1]}}));
}

Computed uuid(const Arguments& /*arguments*/, FunctionWorld& /*world*/) {
  return done(Object{{"uuid", true}});
}

Computed keypair(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"keypair", arguments[0]}}));
}

Computed bearer(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"bearer", arguments[0]}}));
}

Computed basic(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(Object{{"basic", shape({{"user", arguments[0]}, {"password", arguments[1]}})}});
}

Computed header(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(Object{{"header", shape({{"name", arguments[0]}, {"value", arguments[1]}})}});
}

Computed signed_requests(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"hmac", arguments[0]}}));
}

Computed upload(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"file", arguments[0]}, {"type", arguments[1]}}));
}

Computed present(const Arguments& /*arguments*/, FunctionWorld& /*world*/) {
  return done(Object{{"$present", true}});
}

Computed matching(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"$matching", arguments[0]}}));
}

// `service.X.http(path, method:, form:, json:, headers:)`; the evaluator adds the service.
Computed http(const Arguments& arguments, FunctionWorld& /*world*/) {
  static const Value get = "GET";
  const Value* method = arguments[1]->is_null() ? &get : arguments[1];
  return done(shape({{"path", arguments[0]},
                     {"method", method},
                     {"form", arguments[2]},
                     {"json", arguments[3]},
                     {"headers", arguments[4]}}));
}

Computed command(const Arguments& arguments, FunctionWorld& /*world*/) {
  return done(shape({{"command", arguments[0]}}));
}

Computed env(const Arguments& arguments, FunctionWorld& world) {
  return world.variable(arguments[0]->text(), *arguments[1]);
}

Computed file(const Arguments& arguments, FunctionWorld& world) {
  return world.file_text(arguments[0]->text());
}

Computed now(const Arguments& /*arguments*/, FunctionWorld& world) {
  return world.moment();
}

constexpr Entry entries[] = {
    {"basic", 2, Looks::nowhere, basic},     {"bearer", 1, Looks::nowhere, bearer},
    {"command", 1, Looks::nowhere, command}, {"directory", 2, Looks::nowhere, directory},
    {"env", 2, Looks::outside, env},         {"file", 1, Looks::inside, file},
    {"git", 3, Looks::nowhere, git},         {"github", 3, Looks::nowhere, github},
    {"header", 2, Looks::nowhere, header},   {"hmac", 1, Looks::nowhere, signed_requests},
    {"http", 5, Looks::nowhere, http},       {"image", 1, Looks::nowhere, image},
    {"keypair", 1, Looks::nowhere, keypair}, {"matching", 1, Looks::nowhere, matching},
    {"now", 0, Looks::nowhere, now},         {"present", 0, Looks::nowhere, present},
    {"random", 2, Looks::nowhere, random},   {"upload", 2, Looks::nowhere, upload},
    {"uuid", 0, Looks::nowhere, uuid},
};

}  // namespace

std::span<const Entry> resource_functions() {
  return entries;
}

}  // namespace infra::functions
