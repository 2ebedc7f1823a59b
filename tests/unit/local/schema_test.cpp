// The driver's schema against the portable kinds.
#include <gtest/gtest.h>

#include <set>

#include "base/kinds.h"
#include "providers/local/local.h"

namespace infra {
namespace {

bool takes(const TypeSchema& type, const Path& path) {
  if (path == "/name" || path == "/needs" || find_attribute(type, path) != nullptr) {
    return true;
  }
  for (const Companion& companion : type.companions) {
    if (!companion.from.empty() && covers(companion.from, path)) {
      return true;
    }
    for (const auto& [from, to] : companion.takes) {
      if (covers(from, path)) {
        return true;
      }
    }
  }
  return false;
}

// Everything that a stack can say of a kind can be said on this machine.
TEST(LocalSchema, TakesEveryPortableAttribute) {
  for (const Kind& kind : kinds()) {
    if (!kind.placeable) {
      continue;
    }
    for (const KindAttribute& attribute : kind.attributes) {
      bool taken = false;
      for (const TypeSchema& type : local_schema().types) {
        taken = taken || (type.kind == kind.name && takes(type, attribute.path));
      }
      EXPECT_TRUE(taken) << kind.name << attribute.path;
    }
  }
}

TEST(LocalSchema, GivesWhatTheKindsPromise) {
  for (const TypeSchema& type : local_schema().types) {
    const Kind* kind = type.kind.empty() ? nullptr : find_kind(type.kind);
    if (kind == nullptr) {
      continue;
    }
    for (const KindOutput& output : kind->outputs) {
      const bool rest = output.path.starts_with("/rest_");
      const bool of_a_file = type.name == "local.file" && output.path == "/password";
      const Attribute* found = find_attribute(type, output.path);
      if (rest) {
        EXPECT_EQ(found, nullptr) << type.name << output.path;
        continue;
      }
      ASSERT_NE(found, nullptr) << type.name << output.path;
      EXPECT_EQ(output.secret && !of_a_file ? Secrecy::always : found->secrecy, found->secrecy)
          << type.name << output.path;
      EXPECT_EQ(found->made, output.made) << type.name << output.path;
    }
  }
}

TEST(LocalSchema, HoldsTogether) {
  std::set<std::string> names;
  for (const TypeSchema& type : local_schema().types) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_TRUE(type.name.starts_with("local."));
    EXPECT_EQ(type.adoption.how, Adoption::key);
    std::set<Path> paths;
    for (const Attribute& attribute : type.attributes) {
      EXPECT_TRUE(paths.insert(attribute.path).second) << type.name << attribute.path;
      EXPECT_FALSE(attribute.doc.empty()) << type.name << attribute.path;
    }
    for (const Limit& limit : type.limits) {
      EXPECT_FALSE(limit.reason.empty()) << type.name << limit.path;
    }
  }
  EXPECT_TRUE(find_type(local_schema(), "local.volume")->stateful);
  EXPECT_TRUE(find_type(local_schema(), "local.database")->stateful);
  EXPECT_FALSE(find_type(local_schema(), "local.service")->stateful);
}

}  // namespace
}  // namespace infra
