#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

TEST(Names, kinds_have_spaces_of_their_own) {
  EXPECT_EQ(check_text(at_home + "service web { command = \"x\" }\n"
                                 "database web { engine = postgres }\n"
                                 "output a = service.web.url\n"
                                 "output b = database.web.host\n"),
            Codes{});
}

TEST(Names, an_unknown_name_suggests_the_nearest) {
  const Diagnostic diagnostic = only("param region: string = \"a\"\noutput x = regoin\n");
  EXPECT_EQ(diagnostic.code, "E0202");
  EXPECT_EQ(diagnostic.message, "there is no value `regoin`");
  EXPECT_EQ(first_help(diagnostic), "did you mean `region`?");
}

TEST(Names, a_dash_between_letters_offers_a_subtraction) {
  const Diagnostic diagnostic = only("param replicas: int = 2\noutput x = replicas-1\n");
  EXPECT_EQ(diagnostic.code, "E0202");
  EXPECT_NE(first_help(diagnostic).find("`replicas - 1`"), std::string::npos);
}

TEST(Names, an_unknown_resource_suggests_the_nearest_of_its_kind) {
  const Diagnostic diagnostic =
      only(at_home + "service web { command = \"x\" }\noutput x = service.wbe.url\n");
  EXPECT_EQ(diagnostic.code, "E0207");
  EXPECT_EQ(first_help(diagnostic), "did you mean `web`?");
}

TEST(Names, a_missing_resource_is_told_once_however_often_it_is_meant) {
  EXPECT_EQ(codes(at_home + "output a = database.main.url ?? \"\"\noutput b = database.main.host\n"
                            "service a { needs = [database.main] }\n"),
            Codes{"E0207"});
}

TEST(Names, an_unknown_function_suggests_the_nearest) {
  const Diagnostic diagnostic = only("output x = uper(\"a\")\n");
  EXPECT_EQ(diagnostic.code, "E0212");
  EXPECT_EQ(first_help(diagnostic), "did you mean `upper`?");
}

TEST(Names, a_duplicate_names_both_places) {
  const Diagnostic diagnostic = only("let a = 1\nparam a: int = 2\n");
  EXPECT_EQ(diagnostic.code, "E0201");
  ASSERT_EQ(diagnostic.related.size(), 1U);
}

TEST(Names, one_address_twice_is_an_error_and_in_two_arms_it_is_not) {
  EXPECT_EQ(codes(at_home + "service a { command = \"x\" }\nservice a { command = \"y\" }\n"),
            Codes{"E0201"});
  EXPECT_EQ(codes(two_environments + "if environment == dev { service a { command = \"x\" } }\n"
                                     "else { service a { command = \"y\" } }\n"
                                     "output u = service.a.url\n"),
            Codes{});
}

TEST(Names, a_name_that_hides_another_is_refused) {
  EXPECT_EQ(codes("param x: int = 1\nfor x in [\"a\"] { let y = x }\n"), Codes{"E0203"});
  EXPECT_EQ(codes("let x = 1\nlet y = [for x in [1]: x]\n"), Codes{"E0203"});
}

TEST(Names, sibling_scopes_may_use_one_name) {
  EXPECT_EQ(codes("for a in [\"x\"] { let v = a }\nfor b in [\"y\"] { let v = b }\n"), Codes{});
}

TEST(Names, roots_and_settings_cannot_be_declared) {
  EXPECT_EQ(codes("let service = 1\n"), Codes{"E0205"});
  EXPECT_EQ(codes("param protect: bool = true\n"), Codes{"E0205"});
  EXPECT_EQ(codes("for environment in [\"a\"] { }\n"), Codes{"E0205"});
}

TEST(Names, names_that_look_alike_are_refused) {
  EXPECT_EQ(codes(at_home + "service a-b { command = \"x\" }\nservice a_b { command = \"x\" }\n"),
            Codes{"E0208"});
}

TEST(Names, a_bare_word_is_a_value_where_an_enumeration_is_expected) {
  EXPECT_EQ(codes(at_home + "service a { command = \"x\", run_as = worker }\n"), Codes{});
  const Diagnostic diagnostic = only(at_home + "service a { command = \"x\", run_as = wroker }\n");
  EXPECT_EQ(diagnostic.code, "E0307");
  EXPECT_EQ(first_help(diagnostic), "did you mean `worker`?");
}

TEST(Names, a_misspelt_word_is_told_by_the_side_it_stands_on) {
  const Diagnostic diagnostic =
      only(two_environments + "secret s { optional = environment == prd }\n");
  EXPECT_EQ(diagnostic.message, "the other side cannot be `prd`");
  EXPECT_EQ(first_help(diagnostic), "did you mean `prod`?");
}

TEST(Names, a_word_that_is_a_name_too_must_say_which) {
  const std::string declared = at_home + "let worker = \"web\"\n";
  EXPECT_EQ(codes(declared + "service a { command = \"x\", run_as = worker }\n"), Codes{"E0213"});
  EXPECT_EQ(codes(declared + "service a { command = \"x\", run_as = \"worker\" }\n"), Codes{});
  EXPECT_EQ(codes(declared + "service a { command = \"x\", run_as = (worker) }\n"), Codes{});
}

TEST(Names, words_are_expected_through_if_and_lists_and_comparisons) {
  EXPECT_EQ(
      codes(two_environments +
            "param level: \"debug\" | \"info\" = if environment == prod then info else debug\n"
            "let quiet = level in [info] and level != debug and info == level\n"
            "service a { command = \"x\", run_as = if quiet then web else worker }\n"),
      Codes{});
}

TEST(Names, a_cycle_of_values_is_told_with_its_path) {
  const Diagnostic diagnostic = only("let a = b + 1\nlet b = c\nlet c = a\n");
  EXPECT_EQ(diagnostic.code, "E0601");
  EXPECT_NE(diagnostic.message.find("`a` → `b` → `c` → `a`"), std::string::npos)
      << diagnostic.message;
}

TEST(Names, params_and_lets_may_form_no_cycle_together) {
  EXPECT_EQ(codes("param p: int = l\nlet l = p + 1\n"), Codes{"E0601"});
}

TEST(Names, statements_stand_where_they_have_a_meaning) {
  EXPECT_EQ(codes("if true { param a: int = 1 }\n"), Codes{"E0211"});
  EXPECT_EQ(codes("for a in [\"x\"] { output o = a }\n"), Codes{"E0211"});
}

TEST(Names, an_environment_that_the_stack_has_not_is_refused) {
  const Diagnostic diagnostic =
      only("stack s { environments = [dev, prod] }\nenvironment prdo { }\n");
  EXPECT_EQ(diagnostic.code, "E0204");
  EXPECT_EQ(first_help(diagnostic), "did you mean `prod`?");
}

TEST(Names, a_missing_list_of_environments_is_one_error) {
  const std::string rest =
      "environment dev { }\nenvironment prod { after = dev }\nsecret s { optional = environment == "
      "dev }\n";
  EXPECT_EQ(codes("stack s { }\n" + rest), (std::vector<std::string>{"E0204", "N0301"}));
  EXPECT_EQ(codes("stack s { enviroments = [dev, prod] }\n" + rest),
            (std::vector<std::string>{"E0301", "N0301"}));
  EXPECT_EQ(codes("stack s { environments = dev }\n" + rest),
            (std::vector<std::string>{"E0210", "N0301"}));
}

TEST(Names, components_are_one_clear_error_each) {
  EXPECT_EQ(codes("component c(a: int) { service x { port = a } output u = service.x.url }\n"
                  "use c as d { a = 1 }\noutput u = d.u\n"),
            (Codes{"E0230", "E0230"}));
}

}  // namespace
}  // namespace infra::check_test
