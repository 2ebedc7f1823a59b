#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

const std::string functions_block = "provider functions { token = \"t\" }\n";

TEST(Capability, a_limit_is_an_error_with_its_reason_and_way_out) {
  const Diagnostic diagnostic =
      only(functions_block + "service bot on functions {\n  run_as = worker\n}\n");
  EXPECT_EQ(diagnostic.code, "E0412");
  EXPECT_EQ(
      diagnostic.message,
      "functions cannot run `service.bot`: it is a worker, and functions runs functions of at "
      "most 300s");
  EXPECT_EQ(diagnostic.label, "a worker never returns");
  ASSERT_EQ(diagnostic.related.size(), 1U);
  EXPECT_EQ(diagnostic.related.front().text, "placed here");
  EXPECT_EQ(first_help(diagnostic), "place it on home; or write it as a function with `cron`");
}

TEST(Capability, limits_see_through_conditions_and_overlays) {
  const std::string text =
      "stack s { environments = [dev, prod] }\nenvironment dev { place all on home }\n" +
      functions_block;
  EXPECT_EQ(codes(text + "service a on functions { run_as = if environment == dev then worker else "
                         "web }\n"),
            Codes{});
  EXPECT_EQ(
      codes(text + "service a on functions { run_as = if environment == prod then worker else "
                   "web }\n"),
      Codes{"E0412"});
  EXPECT_EQ(
      codes(text + "service a on functions { run_as = worker, functions { run_as = web } }\n"),
      Codes{});
}

TEST(Capability, what_a_platform_has_not_is_refused) {
  EXPECT_EQ(codes(functions_block + "service a on functions { volume d { mount = \"/d\" } }\n"),
            Codes{"E0412"});
  EXPECT_EQ(codes(functions_block + "service a on functions { memory = 512MB }\n"), Codes{"E0401"});
  EXPECT_EQ(codes(functions_block + "service a on functions { build { install = \"x\" } }\n"),
            Codes{"E0401"});
  EXPECT_EQ(codes(functions_block + "service a on functions { memory = 512MB, functions { memory = "
                                    "null } }\n"),
            Codes{});
  EXPECT_EQ(codes(functions_block + "bucket a on functions { }\n"), Codes{"E0405"});
}

TEST(Capability, the_type_is_the_first_whose_limits_hold) {
  EXPECT_EQ(codes("database a on cloud { engine = postgres, migrations = \"*.sql\" }\n"
                  "database b on cloud { engine = redis }\n"),
            Codes{});
  EXPECT_EQ(codes("database b on cloud { engine = redis, migrations = \"*.sql\" }\n"),
            Codes{"E0401"});
  const Diagnostic diagnostic = only("database b on cloud { engine = mysql }\n");
  EXPECT_EQ(diagnostic.code, "E0412");
  EXPECT_EQ(diagnostic.label, "`engine` is `postgres` or `redis`");
}

TEST(Capability, a_tier_that_is_not_written_warns) {
  const std::string rest =
      "service a on functions { }\ncron c on functions { schedule = \"every 1h\", call = "
      "service.a.http(\"/\") }\n";
  EXPECT_EQ(codes(functions_block + rest), Codes{"W0413"});
  EXPECT_EQ(codes("provider functions { token = \"t\", tier = \"hobby\" }\n" + rest),
            Codes{"E0412"});
}

TEST(Capability, a_limit_on_a_call_is_seen) {
  EXPECT_EQ(codes(functions_block +
                  "service a on functions { }\ncron c on functions { schedule = \"@daily\", call = "
                  "service.a.http(\"/\", method: POST) }\n"),
            Codes{"E0412"});
}

TEST(Capability, a_required_reference_is_filled_where_only_one_can_be_meant) {
  EXPECT_EQ(codes("database a on cloud { engine = postgres }\nbucket b on cloud { }\n"), Codes{});
  EXPECT_EQ(codes("bucket b on cloud { }\n"), Codes{"E0302"});
  const Diagnostic diagnostic = only(
      "database a on cloud { engine = postgres }\ndatabase c on cloud { engine = postgres }\n"
      "bucket b on cloud { }\n");
  EXPECT_EQ(diagnostic.code, "E0302");
  EXPECT_NE(diagnostic.help.back().find("`database.a` or `database.c`"), std::string::npos);
  EXPECT_EQ(codes("database a on cloud { engine = postgres }\ndatabase c on cloud { engine = "
                  "postgres }\nbucket b on cloud { cloud { project = database.a } }\n"),
            Codes{});
}

TEST(Capability, driver_outputs_are_there_where_the_resource_is_on_that_driver) {
  const std::string text =
      "stack s { environments = [dev, prod] }\nenvironment dev { place all on home }\n"
      "database a on cloud { engine = postgres }\n";
  EXPECT_EQ(codes(text + "service x { env { K = database.a.cloud.anon_key } }\n"),
            Codes{"E0402"});  // no place in prod, and nothing about the key
  EXPECT_EQ(codes(text + "output k = reveal(database.a.cloud.anon_key + \"x\")\n"), Codes{"E0305"});
  EXPECT_EQ(codes(text + "if environment == prod { output k = reveal(database.a.cloud.anon_key + "
                         "\"x\") }\n"),
            Codes{});
  EXPECT_EQ(codes(text + "output k = database.a.cloud.anon\n"), Codes{"E0308"});
}

TEST(Capability, a_platform_without_a_driver_is_one_warning) {
  EXPECT_EQ(codes("provider nowhere { token = env(\"T\"), mode = fast }\n"
                  "service a on nowhere { memory = 1GB, nowhere { size = small, x { y = z } } }\n"
                  "resource nowhere.thing t { kind = odd, at = service.a.nowhere.id2 }\n"
                  "output o = resource.t.whatever\n"),
            Codes{"W0401"});
}

}  // namespace
}  // namespace infra::check_test
