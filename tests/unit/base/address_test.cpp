#include "base/address.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra {
namespace {

TEST(Address, ReadsCanonicalTextAndWhatAShellLeaves) {
  const std::pair<const char*, const char*> good[] = {
      {"service.web", "service.web"},
      {"service.api[\"eu\"][\"blue\"]", "service.api[\"eu\"][\"blue\"]"},
      {"service.api[eu][blue]", "service.api[\"eu\"][\"blue\"]"},
      {"service.web.domains[a.b]", "service.web.domains[\"a.b\"]"},
      {"service.web[\"a\\\"]b\"]", "service.web[\"a\\\"]b\"]"},
      {"main[eu].service.my-web", "main[\"eu\"].service.my-web"},
      {"service.bot[\"\"]", "service.bot[\"\"]"},
      {"service.bot[\"\\u00e9\"]", "service.bot[\"é\"]"},
  };
  for (const auto& [text, canonical] : good) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), canonical);
    EXPECT_EQ(parse_address(address->text()), address);
  }
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* bad :
       {"", ".", "service.", ".web", "service..web", "[a]", "service[", "service.web[",
        "service.web[]", "service.web[\"a]", "service.web[\"a\"", "service.web[a]b", "service web",
        "service.web[\"\\x\"]", "service.-a", "service.web[a[b]]", "service.web[\"a\\\"]"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
}

TEST(Address, SortsStepByStepAndNumbersByValue) {
  std::vector<std::string> sorted = {
      "database.a",         "service.api",         "service.api.volume.data",
      "service.api[\"2\"]", "service.api[\"10\"]", "service.api[\"10\"][\"a\"]",
      "service.api[\"a\"]", "service.api-b",       "service.b",
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(address_less(sorted[i], sorted[j]), i < j) << sorted[i] << " " << sorted[j];
    }
  }
  EXPECT_TRUE(address_less("service.a[\"007\"]", "service.a[\"7\"]"));
  EXPECT_FALSE(address_less("service.a[\"7\"]", "service.a[\"007\"]"));
}

TEST(Address, KnowsItsParts) {
  struct Case {
    const char *address, *kind, *name, *owner;
  };
  const Case cases[] = {
      {"service.web", "service", "web", "service.web"},
      {"service.web[\"a\"]", "service", "web", "service.web[\"a\"]"},
      {"service.bot[\"x\"].volume.data", "service", "bot", "service.bot[\"x\"]"},
      {"main[\"eu\"].database.db.migrations", "database", "db", "main[\"eu\"].database.db"},
      {"resource.caller", "resource", "caller", "resource.caller"},
      {"secret.cron_secret", "secret", "cron_secret", "secret.cron_secret"},
      {"provider.railway.environment", "provider", "environment", "provider.railway.environment"},
      {"nonsense[", "", "", "nonsense["},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(address_kind(one.address), one.kind) << one.address;
    EXPECT_EQ(address_name(one.address), one.name) << one.address;
    EXPECT_EQ(address_owner(one.address), one.owner) << one.address;
  }
}

TEST(Address, SelectorsNameAddresses) {
  struct Case {
    const char *selector, *address;
    bool matches;
  };
  const Case cases[] = {
      {"service.web", "service.web", true},
      {"service.web", "service.web[\"a\"][\"b\"]", true},
      {"service.web[a]", "service.web[\"a\"][\"b\"]", true},
      {"service.web[b]", "service.web[\"a\"][\"b\"]", false},
      {"service.bot", "service.bot.volume.data", true},
      {"service.bot", "service.bot[\"x\"].volume.data", true},
      {"service.bot.volume.data", "service.bot", false},
      {"service.bo", "service.bot", false},
      {"service", "service.bot", false},
      {"database.bot", "service.bot", false},
      {"main.service.web", "main[\"eu\"].service.web", true},
      {"provider.railway", "provider.railway.environment", false},
      {"[", "service.web", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(address_matches(one.selector, one.address), one.matches)
        << one.selector << " " << one.address;
  }
}

}  // namespace
}  // namespace infra
