#include "compiler/placement.h"

#include <gtest/gtest.h>

#include "check_support.h"
#include "compiler/parser.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

class Placed {
 public:
  explicit Placed(const std::string& text) {
    const FileId file = sources_.add("main.infra", text);
    files_.push_back(parse(sources_, file, diagnostics_));
    module_ = collect(files_, diagnostics_);
    EXPECT_FALSE(diagnostics_.has_errors());
  }
  std::string find(const std::string& address, const std::string& environment,
                   const std::vector<std::string>& keys = {}) const {
    const auto& declared = module_.resources.find(address)->second.front();
    return std::string(Placements(module_, environment).find(*declared.declaration, keys).provider);
  }

 private:
  Sources sources_;
  Diagnostics diagnostics_;
  std::vector<ast::File> files_;
  Module module_;
};

const std::string stack = "stack s { environments = [dev, prod] }\n";

TEST(Placement, the_more_exact_rule_wins) {
  const Placed placed(stack +
                      "environment dev { place all on a, place service on b\n"
                      "place service.web on c, place service.api[\"eu\"] on d }\n"
                      "for k in [\"eu\", \"us\"] { service api on x { } }\n"
                      "service web on x { }\nservice other on x { }\ndatabase main on x { }\n");
  EXPECT_EQ(placed.find("service.web", "dev"), "c");
  EXPECT_EQ(placed.find("service.other", "dev"), "b");
  EXPECT_EQ(placed.find("database.main", "dev"), "a");
  EXPECT_EQ(placed.find("service.api", "dev", {"eu"}), "d");
  EXPECT_EQ(placed.find("service.api", "dev", {"us"}), "b");
  EXPECT_EQ(placed.find("service.web", "prod"), "x");
}

TEST(Placement, a_cron_lives_with_the_service_it_calls) {
  const Placed placed(stack +
                      "environment dev { place cron on q }\nservice web on x { }\n"
                      "cron a { schedule = \"@daily\", call = service.web.http(\"/\") }\n");
  EXPECT_EQ(placed.find("cron.a", "prod"), "x");
  EXPECT_EQ(placed.find("cron.a", "dev"), "q");
}

TEST(Placement, existing_ones_and_secrets_are_never_moved) {
  const Placed placed(
      stack +
      "environment dev { place all on a }\nexisting database d on x { id = \"1\" }\n"
      "secret s\n");
  EXPECT_EQ(placed.find("database.d", "dev"), "x");
  EXPECT_EQ(placed.find("secret.s", "dev"), "");
}

TEST(Placement, a_resource_without_a_place_is_an_error) {
  const Diagnostic diagnostic = only(
      "stack s { environments = [dev, prod] }\nenvironment dev { place all on home }\n"
      "service a { }\n");
  EXPECT_EQ(diagnostic.code, "E0402");
  EXPECT_NE(diagnostic.message.find("`prod`"), std::string::npos);
}

TEST(Placement, a_cron_is_not_homeless_besides_its_service) {
  EXPECT_EQ(
      codes("service a { }\ncron c { schedule = \"@daily\", call = service.a.http(\"/\") }\n"),
      Codes{"E0402"});
}

TEST(Placement, equal_rules_that_disagree_are_an_error) {
  EXPECT_EQ(codes("environment default { place all on home, place all on cloud }\n"),
            Codes{"E0404"});
  EXPECT_EQ(codes("environment default { place all on home, place all on home }\n"), Codes{});
}

TEST(Placement, selectors_and_providers_have_to_exist) {
  EXPECT_EQ(codes("environment default { place servce on home }\n"), Codes{"E0207"});
  EXPECT_EQ(codes("environment default { place service.web on home }\n"), Codes{"E0207"});
  const Diagnostic diagnostic = only("environment default { place all on hom }\n");
  EXPECT_EQ(diagnostic.code, "E0206");
  EXPECT_EQ(first_help(diagnostic), "did you mean `home`?");
}

TEST(Placement, place_all_is_a_promise) {
  const std::string head =
      "stack s { environments = [dev, prod] }\n"
      "environment dev { place all on home }\nprovider functions { token = \"t\" }\n"
      "service a on functions { }\n";
  const std::string domain = "resource functions.domain d { service = service.a, name = \"x\" }";
  const Diagnostic diagnostic = only(head + domain + "\n");
  EXPECT_EQ(diagnostic.code, "E0403");
  EXPECT_NE(first_help(diagnostic).find("if environment != dev"), std::string::npos);
  EXPECT_EQ(codes(head + "if environment == prod { " + domain + " }\n"), Codes{});
}

}  // namespace
}  // namespace infra::check_test
