#include "check_support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/kinds.h"
#include "compiler/module.h"
#include "compiler/parser.h"

namespace infra::check_test {
namespace {

TypeSchema everything_of(std::string_view driver, const Kind& kind) {
  TypeSchema type;
  type.name = fmt::format("{}.{}", driver, kind.name);
  type.kind = kind.name;
  for (const auto& one : kind.attributes) {
    Attribute attribute;
    attribute.path = one.path;
    attribute.secrecy = one.secrecy;
    type.attributes.push_back(attribute);
  }
  return type;
}

Attribute plain(Path path, Type::Base base) {
  Attribute attribute;
  attribute.path = std::move(path);
  attribute.type.base = base;
  return attribute;
}

ProviderSchema make_home() {
  ProviderSchema schema;
  schema.name = "home";
  for (const auto& kind : kinds()) {
    if (kind.placeable) {
      schema.types.push_back(everything_of("home", kind));
    }
  }
  return schema;
}

ProviderSchema make_functions() {
  ProviderSchema schema;
  schema.name = "functions";
  Attribute token = plain("/token", Type::text);
  token.presence = Presence::required;
  token.secrecy = Secrecy::always;
  schema.settings = {token, plain("/tier", Type::text)};
  TypeSchema service;
  service.name = "functions.service";
  service.kind = "service";
  Attribute env = plain("/env", Type::portable);
  env.secrecy = Secrecy::allowed;
  Attribute framework = plain("/functions/framework", Type::enumeration);
  framework.type.names = {"nextjs", "vite"};
  Attribute preview = plain("/functions/preview_url", Type::url);
  preview.presence = Presence::computed;
  service.attributes = {plain("/source", Type::portable),
                        plain("/build/command", Type::portable),
                        plain("/health/path", Type::portable),
                        env,
                        framework,
                        preview};
  Limit life;
  life.path = "/run_as";
  life.rule = Rule::not_one_of;
  life.value = List{"worker"};
  life.reason = "functions runs functions of at most 300s";
  life.help = "place it on home; or write it as a function with `cron`";
  Limit volume;
  volume.path = "/volume";
  volume.rule = Rule::absent;
  volume.reason = "functions has no volumes";
  service.limits = {life, volume};
  TypeSchema cron;
  cron.name = "functions.cron";
  cron.kind = "cron";
  cron.attributes = {plain("/call", Type::portable), plain("/schedule", Type::portable)};
  Limit often;
  often.path = "/schedule";
  often.rule = Rule::every_at_least;
  often.value = 86400;
  often.tiers = {"hobby"};
  often.reason = "functions' hobby plan runs a cron at most once a day";
  Limit method;
  method.path = "/call/method";
  method.rule = Rule::one_of;
  method.value = List{"GET"};
  method.reason = "functions calls with GET";
  cron.limits = {often, method};
  TypeSchema domain;
  domain.name = "functions.domain";
  Attribute owner = plain("/service", Type::reference);
  owner.type.names = {"functions.service"};
  owner.presence = Presence::required;
  Attribute name = plain("/name", Type::text);
  name.presence = Presence::required;
  Attribute verified = plain("/verified", Type::boolean);
  verified.presence = Presence::computed;
  domain.attributes = {owner, name, verified, plain("/redirect", Type::url)};
  schema.types = {service, cron, domain};
  return schema;
}

ProviderSchema make_cloud() {
  ProviderSchema schema;
  schema.name = "cloud";
  for (const std::string engine : {"postgres", "redis"}) {
    TypeSchema type;
    type.name = "cloud." + engine;
    type.kind = "database";
    Attribute key = plain("/cloud/anon_key", Type::text);
    key.presence = Presence::computed;
    key.secrecy = Secrecy::always;
    type.attributes = {plain("/engine", Type::portable), plain("/name", Type::portable), key};
    if (engine == "postgres") {
      type.attributes.push_back(plain("/migrations", Type::portable));
    }
    Limit limit;
    limit.path = "/engine";
    limit.rule = Rule::one_of;
    limit.value = List{engine};
    type.limits = {limit};
    schema.types.push_back(type);
  }
  TypeSchema bucket;
  bucket.name = "cloud.bucket";
  bucket.kind = "bucket";
  Attribute project = plain("/project", Type::reference);
  project.presence = Presence::required;
  project.type.names = {"cloud.postgres", "*.database"};
  bucket.attributes = {project, plain("/public", Type::portable)};
  schema.types.push_back(bucket);
  return schema;
}

Diagnostics run(const std::string& text) {
  static std::vector<const ProviderSchema*> schemas{&home(), &functions(), &cloud()};
  Sources sources;
  const FileId file = sources.add("main.infra", text);
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  files.push_back(parse(sources, file, diagnostics));
  const Module module = collect(files, diagnostics);
  check(module, sources, schemas, diagnostics);
  diagnostics.sort();
  return diagnostics;
}

}  // namespace

const ProviderSchema& home() {
  static const ProviderSchema schema = make_home();
  return schema;
}

const ProviderSchema& functions() {
  static const ProviderSchema schema = make_functions();
  return schema;
}

const ProviderSchema& cloud() {
  static const ProviderSchema schema = make_cloud();
  return schema;
}

std::vector<std::string> check_text(const std::string& text) {
  Sources sources;
  const FileId file = sources.add("main.infra", text);
  std::vector<std::string> lines;
  const Diagnostics diagnostics = run(text);
  for (const auto& one : diagnostics.all()) {
    const Position at = sources.position(file, one.span.begin);
    lines.push_back(fmt::format("{} {}:{} {}", one.code, at.line, at.column, one.message));
  }
  return lines;
}

std::vector<std::string> codes(const std::string& text) {
  std::vector<std::string> found;
  const Diagnostics diagnostics = run(text);
  for (const auto& one : diagnostics.all()) {
    found.push_back(one.code);
  }
  return found;
}

Diagnostic only(const std::string& text) {
  const Diagnostics diagnostics = run(text);
  EXPECT_EQ(diagnostics.all().size(), 1U) << text;
  for (const auto& one : diagnostics.all()) {
    if (diagnostics.all().size() != 1) {
      ADD_FAILURE() << one.code << " " << one.message;
    }
  }
  return diagnostics.all().empty() ? Diagnostic() : diagnostics.all().front();
}

std::string first_help(const Diagnostic& diagnostic) {
  return diagnostic.help.empty() ? std::string() : diagnostic.help.front();
}

}  // namespace infra::check_test
