#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

Codes service(const std::string& body) {
  return codes(at_home +
               "secret k { generate = random(8) }\ndatabase main { engine = postgres }\n" +
               "service a {\n" + body + "\n}\n");
}

TEST(Resources, attributes_are_held_against_the_kind) {
  EXPECT_EQ(service("command = \"x\", port = 80, memory = 512MB, replicas = 2, public = true\n"
                    "source = github(\"a/b\", branch: \"main\"), domains = [\"a.b\"]\n"
                    "health { path = \"/\", timeout = 30s }\nrestart { policy = on_failure }\n"
                    "volume data { mount = \"/data\", size = 1GB }\nneeds = [database.main]"),
            Codes{});
  EXPECT_EQ(service("prot = 80"), Codes{"E0301"});
  EXPECT_EQ(service("port = \"80\""), Codes{"E0303"});
  EXPECT_EQ(service("port = 70000"), Codes{"E0312"});
  EXPECT_EQ(service("health { pth = \"/\" }"), Codes{"E0301"});
  EXPECT_EQ(service("health { timeout = 30 }"), Codes{"E0303"});
  EXPECT_EQ(service("health { timeout = -30s }"), Codes{"E0312"});
  EXPECT_EQ(service("source = \"a/b\""), Codes{"E0303"});
  EXPECT_EQ(service("health data { path = \"/\" }"), Codes{"E0303"});
  EXPECT_EQ(service("name = secret.k"), Codes{"E0306"});
  EXPECT_EQ(service("port = null"), Codes{});
}

TEST(Resources, a_repeated_attribute_names_both_places) {
  const Diagnostic diagnostic = only(at_home + "service a { port = 1\n port = 2 }\n");
  EXPECT_EQ(diagnostic.code, "E0201");
  EXPECT_EQ(diagnostic.related.size(), 1U);
  EXPECT_EQ(service("env { A = 1, A = 2 }"), Codes{"E0201"});
  EXPECT_EQ(service("volume a { mount = \"/a\" } volume a { mount = \"/b\" }"), Codes{"E0201"});
}

TEST(Resources, variables_take_what_a_process_can_hold) {
  EXPECT_EQ(
      service("env { A = 1, B = \"x\", C = true, D = 1.5, E = database.main.url, F = secret.k, "
              "G = null, H = environment, I = service.a.url }"),
      Codes{});
  EXPECT_EQ(service("env { A = 30s }"), Codes{"E0303"});
  EXPECT_EQ(service("env { A = [1] }"), Codes{"E0303"});
  EXPECT_EQ(service("env { A = database.main }"), Codes{"E0315"});
  EXPECT_EQ(service("env { A = 60s / 1s }"), Codes{});
}

TEST(Resources, spreads_are_typed) {
  EXPECT_EQ(service("env { ...{ A = 1, B = secret.k }, C = 2 }"), Codes{});
  EXPECT_EQ(service("env { ...{ A = 30s } }"), Codes{"E0303"});
  EXPECT_EQ(service("...{ port = 80 }"), Codes{});
  EXPECT_EQ(service("...{ prot = 80 }"), Codes{"E0301"});
}

TEST(Resources, written_attributes_of_others_can_be_read) {
  EXPECT_EQ(codes(at_home + "service a { port = 80 }\noutput p = service.a.port + 1\n"), Codes{});
  EXPECT_EQ(codes(at_home + "service a { }\noutput p = service.a.port + 1\n"), Codes{"E0305"});
  EXPECT_EQ(codes(at_home + "bucket b { }\noutput p = bucket.b.name + \"x\"\n"), Codes{});
  EXPECT_EQ(codes(at_home + "bucket b { }\noutput p = bucket.b.nam\n"), Codes{"E0308"});
}

TEST(Resources, kinds_ask_for_what_they_cannot_do_without) {
  EXPECT_EQ(codes(at_home + "database d { }\n"), Codes{"E0302"});
  EXPECT_EQ(codes(at_home + "cron c { schedule = \"@daily\" }\n"), Codes{"E0302"});
  EXPECT_EQ(codes(at_home + "service a { }\ncron c { schedule = \"@daily\"\n"
                            "call = service.a.http(\"/\"), run = service.a.command(\"x\") }\n"),
            Codes{"E0313"});
  EXPECT_EQ(codes("secret k { generate = uuid(), from = env(\"X\") }\n"), Codes{"E0313"});
  EXPECT_EQ(codes("secret k { rotate_every = 90d }\n"), Codes{"E0313"});
  EXPECT_EQ(codes("secret k\nsecret l { from = file(\"x\") }\n"), Codes{});
}

TEST(Resources, crons_are_checked_whole) {
  const std::string head = at_home +
                           "secret k { generate = random(8, alphabet: \"abc\") }\n"
                           "service a { port = 1 }\n";
  EXPECT_EQ(codes(head + "cron c { schedule = \"0 8 * * *\", timezone = \"Europe/Berlin\"\n"
                         "call = service.a.http(\"/x\", method: POST, headers: { A = \"b\" })\n"
                         "auth = bearer(secret.k), timeout = 50s, retries = 0 }\n"),
            Codes{});
  EXPECT_EQ(codes(head + "cron c { schedule = \"0 8 * *\", call = service.a.http(\"/x\") }\n"),
            Codes{"E0311"});
  EXPECT_EQ(codes(head + "cron c { schedule = \"@daily\", timezone = \"Mars/Base\"\n"
                         "call = service.a.http(\"/x\") }\n"),
            Codes{"E0311"});
  EXPECT_EQ(codes(head + "cron c { schedule = \"@daily\", call = service.a.http(\"/x\", method: "
                         "PSOT) }\n"),
            Codes{"E0307"});
  EXPECT_EQ(codes(head + "cron c { schedule = \"@daily\", call = service.a.htp(\"/x\") }\n"),
            Codes{"E0212"});
}

TEST(Resources, overlays_hold_the_drivers_own_and_portable_attributes) {
  const std::string head =
      "stack s { environments = [dev, prod] }\n"
      "environment dev { place all on home }\n"
      "provider functions { token = \"t\" }\n";
  EXPECT_EQ(codes(head + "service a on functions { functions { framework = nextjs, env { A = 1 } } "
                         "home { port = 80, command = \"x\" } }\n"),
            Codes{});
  EXPECT_EQ(codes(head + "service a on functions { functions { framework = rails } }\n"),
            Codes{"E0307"});
  EXPECT_EQ(codes(head + "service a on functions { functions { frmework = nextjs } }\n"),
            Codes{"E0301"});
  EXPECT_EQ(codes(head + "service a on functions { home { port = \"x\" } }\n"), Codes{"E0303"});
}

TEST(Resources, now_and_generators_stay_out_of_attributes) {
  EXPECT_EQ(service("env { A = now() }"), Codes{"E0314"});
  EXPECT_EQ(service("env { A = random(3) }"), (Codes{"E0314"}));
}

TEST(Resources, a_platforms_own_resources_follow_its_schema) {
  const std::string head = at_home +
                           "provider functions { token = \"t\" }\n"
                           "service a on functions { }\nif environment == default { } else {\n";
  const std::string tail = " }\n";
  EXPECT_EQ(
      codes(head + "resource functions.domain d { service = service.a, name = \"x\" }" + tail),
      Codes{});
  EXPECT_EQ(codes(head + "resource functions.domain d { service = service.a }" + tail),
            Codes{"E0302"});
  EXPECT_EQ(codes(head + "resource functions.domian d { }" + tail), Codes{"E0405"});
  EXPECT_EQ(codes(head +
                  "resource functions.domain d { service = service.a, name = \"x\" }\n"
                  "output v = resource.d.verifed" +
                  tail),
            Codes{"E0308"});
}

}  // namespace
}  // namespace infra::check_test
