// What exists where: sets of environments, conditions, rounds of `for`.
#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

const std::string prod_only =
    two_environments + "if environment == prod { service extra { command = \"x\" } }\n";

TEST(Existence, a_reference_from_elsewhere_may_be_null) {
  EXPECT_EQ(codes(prod_only + "output u = service.extra.url + \"/x\"\n"), Codes{"E0305"});
  EXPECT_EQ(codes(prod_only + "output u = service.extra.url\n"), Codes{});
  EXPECT_EQ(codes(prod_only + "output u = service.extra.url ?? \"none\"\n"), Codes{});
}

TEST(Existence, conditions_on_the_environment_narrow) {
  for (const char* fine :
       {"if environment == prod { output u = service.extra.url + \"/x\" }",
        "if environment in [prod] { output u = service.extra.url + \"/x\" }",
        "if environment != dev { output u = service.extra.url + \"/x\" }",
        "output u = if environment == prod then service.extra.url + \"/x\" else \"\"",
        "let p = environment == prod\noutput u = if p then service.extra.url + \"/x\" else \"\"",
        "output u = if service.extra != null then service.extra.url + \"/x\" else \"\""}) {
    EXPECT_EQ(codes(prod_only + fine + "\n"), Codes{}) << fine;
  }
  EXPECT_EQ(codes(prod_only + "if environment == dev { output u = service.extra.url + \"/x\" }\n"),
            Codes{"E0305"});
}

TEST(Existence, a_condition_of_another_kind_covers_the_same_condition) {
  const std::string text = two_environments +
                           "param extra: bool = true\n"
                           "if extra { service a { command = \"x\" } }\n";
  EXPECT_EQ(codes(text + "output u = service.a.url + \"/x\"\n"), Codes{"E0305"});
  EXPECT_EQ(codes(text + "if extra { output u = service.a.url + \"/x\" }\n"), Codes{});
  EXPECT_EQ(codes(text + "if extra and environment == dev { output u = service.a.url + \"/x\" }\n"),
            Codes{});
}

TEST(Existence, absent_references_drop_out_of_lists_and_variables) {
  EXPECT_EQ(codes(prod_only + "service a { command = \"x\", needs = [service.extra]\n"
                              "env { URL = service.extra.url } }\n"),
            Codes{});
}

TEST(Existence, both_arms_of_one_if_exist_always) {
  EXPECT_EQ(
      codes(two_environments + "param p: bool = true\n"
                               "if p { service a { command = \"x\" } }\n"
                               "else if environment == dev { service a { command = \"y\" } }\n"
                               "else { service a { command = \"z\" } }\n"
                               "output u = service.a.url + \"/x\"\n"),
      Codes{});
}

TEST(Existence, an_optional_secret_is_null_where_it_may_be_absent) {
  const std::string text = two_environments + "secret k { optional = environment == dev }\n";
  EXPECT_EQ(codes(text + "service a { command = \"x\", env { A = secret.k } }\n"), Codes{});
  EXPECT_EQ(codes(text + "service a { command = \"x\", env { A = \"v${secret.k}\" } }\n"),
            Codes{"E0305"});
  EXPECT_EQ(codes(text + "if environment == prod { service a { command = \"x\", env { A = "
                         "\"v${secret.k}\" } } }\n"),
            Codes{});
  EXPECT_EQ(codes("param p: bool = true\nsecret k { optional = p }\n"), Codes{"E0604"});
}

TEST(Existence, rounds_are_a_map_from_outside_and_themselves_inside) {
  const std::string text =
      at_home + "for r in [\"eu\", \"us\"] { service api { command = \"x\" }\n" +
      "service front { command = \"x\", env { API = service.api.url + \"/\" } } }\n";
  EXPECT_EQ(codes(text), Codes{});
  EXPECT_EQ(codes(text + "output u = service.api[\"eu\"].url + \"/x\"\n"), Codes{});
  EXPECT_EQ(codes(text + "output u = {for k, s in service.api: k => s.url + \"/x\"}\n"), Codes{});
  EXPECT_EQ(codes(text + "output u = service.api.url + \"/x\"\n"), Codes{"E0308"});
  EXPECT_EQ(codes(text + "service all { command = \"x\", needs = [service.api] }\n"), Codes{});
}

TEST(Existence, secrets_of_all_rounds_can_be_spread) {
  EXPECT_EQ(
      codes(at_home + "for key in [\"A\", \"B\"] { secret bot { from = env(\"X_${key}\") } }\n"
                      "service a { command = \"x\", env { ...secret.bot, C = 1 } }\n"),
      Codes{});
}

TEST(Existence, sources_of_for_have_distinct_known_keys) {
  EXPECT_EQ(codes("for x in [\"a\", \"a\"] { }\n"), Codes{"E0602"});
  EXPECT_EQ(codes("for i, x in [\"a\"] { }\n"), Codes{"E0602"});
  EXPECT_EQ(codes("for x in { a = 1 } { }\n"), Codes{"E0602"});
  EXPECT_EQ(codes("for x in [1, 2] { }\n"), Codes{"E0602"});
  EXPECT_EQ(codes("for k, v in { a = 1 } { let x = v + 1 }\n"), Codes{});
  EXPECT_EQ(codes("for x in 3 { }\n"), Codes{"E0602"});
}

TEST(Existence, nothing_that_is_known_late_decides_what_exists) {
  const std::string text =
      at_home + "service a { command = \"x\" }\nsecret s { generate = uuid() }\n";
  EXPECT_EQ(codes(text + "if service.a.url == \"x\" { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "if service.a != null { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "if secret.s != null { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "if env(\"X\") != null { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "let u = service.a.url\nfor x in [u] { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "if now() == \"x\" { }\n"), Codes{"E0604"});
  EXPECT_EQ(codes(text + "param p: string = service.a.url\n"), Codes{"E0604"});
}

}  // namespace
}  // namespace infra::check_test
