// Laws that the schema of every driver obeys.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/kinds.h"
#include "providers/registry.h"
#include "providers/simulator/behaviour.h"

namespace infra {
namespace {

const TypeSchema* type_of_any(const std::string& name) {
  for (const ProviderSchema* schema : all_schemas()) {
    if (const TypeSchema* type = find_type(*schema, name)) {
      return type;
    }
  }
  return nullptr;
}

bool has_attribute(const TypeSchema& type, const Path& path) {
  return std::ranges::any_of(type.attributes, [&](const Attribute& attribute) {
    return covers(attribute.path, path) || covers(path, attribute.path);
  });
}

// Types that cannot be found again, and why that is so.
const std::set<std::string> unfindable{"simulator.blind"};  // made to be that

class EveryType : public ::testing::Test {
 protected:
  template <class F>
  static void each(F look) {
    for (const ProviderSchema* schema : all_schemas()) {
      for (const TypeSchema& type : schema->types) {
        SCOPED_TRACE(type.name);
        look(*schema, type);
      }
    }
  }
};

TEST_F(EveryType, SaysHowItIsFoundAgain) {
  each([](const ProviderSchema&, const TypeSchema& type) {
    EXPECT_EQ(type.adoption.how == Adoption::none, unfindable.contains(type.name))
        << "an unfindable type ends in operations whose outcome is unknown";
    if (type.adoption.how == Adoption::unique || type.adoption.how == Adoption::listed) {
      EXPECT_FALSE(type.adoption.by.empty());
      for (const Path& path : type.adoption.by) {
        EXPECT_TRUE(has_attribute(type, path)) << path;
      }
    }
    EXPECT_GT(type.adoption.settle.count(), 0);
  });
}

TEST_F(EveryType, HasItsProvidersName) {
  std::set<std::string> names;
  each([&](const ProviderSchema& schema, const TypeSchema& type) {
    EXPECT_TRUE(type.name.starts_with(schema.name + "."));
    EXPECT_TRUE(names.insert(type.name).second) << "twice";
    if (!type.kind.empty()) {
      EXPECT_NE(find_kind(type.kind), nullptr) << type.kind;
    }
    std::set<Path> paths;
    for (const Attribute& attribute : type.attributes) {
      EXPECT_TRUE(attribute.path.starts_with('/')) << attribute.path;
      EXPECT_TRUE(paths.insert(attribute.path).second) << attribute.path << " twice";
    }
  });
}

TEST_F(EveryType, LeadsToWhatExists) {
  each([](const ProviderSchema& schema, const TypeSchema& type) {
    if (!type.parent.empty()) {
      EXPECT_TRUE(has_attribute(type, type.parent)) << type.parent;
    }
    if (!type.endpoint.empty()) {
      EXPECT_TRUE(std::ranges::any_of(schema.endpoints,
                                      [&](const Endpoint& e) { return e.name == type.endpoint; }));
    }
    for (const Companion& companion : type.companions) {
      const TypeSchema* other = type_of_any(companion.type);
      ASSERT_NE(other, nullptr) << companion.type;
      const bool owner_links = companion.role == Role::parent || companion.role == Role::input;
      EXPECT_TRUE(has_attribute(owner_links ? type : *other, companion.link)) << companion.link;
      for (const auto& [from, to] : companion.takes) {
        EXPECT_TRUE(has_attribute(*other, to)) << to;
      }
    }
  });
}

TEST_F(EveryType, ExplainsItsLimits) {
  each([](const ProviderSchema& schema, const TypeSchema& type) {
    // Where several types serve one kind, limits choose among them, and the next one is the way
    // out.
    const bool chosen =
        !type.kind.empty() && std::ranges::count(schema.types, type.kind, &TypeSchema::kind) > 1;
    for (const Limit& limit : type.limits) {
      EXPECT_FALSE(limit.reason.empty()) << limit.path;
      EXPECT_TRUE(chosen || !limit.help.empty()) << limit.path;
    }
  });
}

TEST_F(EveryType, TakesTimeInARehearsal) {
  each([](const ProviderSchema&, const TypeSchema& type) {
    EXPECT_GT(expected_duration(type, Action::create).count(), 0);
    EXPECT_GE(expected_duration(type, Action::create), expected_duration(type, Action::remove));
    EXPECT_LE(typical_behaviour(type).ready_after, type.ready_within);
  });
}

TEST(Registry, IsInNameOrderAndFindsByName) {
  const auto all = all_providers();
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](const Provider* p) { return p->schema().name; }));
  EXPECT_NE(find_provider("simulator"), nullptr);
  EXPECT_EQ(find_provider("nowhere"), nullptr);
}

}  // namespace
}  // namespace infra
