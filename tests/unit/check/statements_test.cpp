#include <gtest/gtest.h>

#include "check_support.h"

namespace infra::check_test {
namespace {

using Codes = std::vector<std::string>;

const std::string web = at_home +
                        "service web { port = 80 }\ndatabase main { engine = postgres }\n"
                        "secret k { generate = random(8) }\n";

TEST(Statements, environments_set_params_and_settings) {
  const std::string head = "stack s { environments = [dev, prod] }\nparam n: int = 1\n";
  EXPECT_EQ(codes(head + "environment dev { n = 2, ephemeral = true }\n"), Codes{});
  EXPECT_EQ(codes(head + "environment dev { n = \"x\" }\n"), Codes{"E0303"});
  EXPECT_EQ(codes(head + "environment dev { m = 2 }\n"), Codes{"E0202"});
  EXPECT_EQ(codes(head + "environment dev { protect = [database, service.x] }\n"), Codes{"E0207"});
  EXPECT_EQ(codes(head + "environment prod { after = dev, approvals = 2 }\n"), Codes{"N0301"});
  EXPECT_EQ(codes(head + "environment prod { after = dev }\nenvironment dev { after = prod }\n"),
            (Codes{"E0601", "N0301", "E0601"}));
  EXPECT_EQ(codes(head + "environment prod { }\nenvironment prod { }\n"), Codes{"E0201"});
}

TEST(Statements, providers_follow_their_schema) {
  EXPECT_EQ(codes("provider functions { token = env(\"T\") }\n"), Codes{});
  EXPECT_EQ(codes("provider functions { }\n"), Codes{"E0302"});
  EXPECT_EQ(codes("provider functions { tokn = \"t\" }\n"), (Codes{"E0302", "E0301"}));
  EXPECT_EQ(codes(web + "provider functions { token = service.web.url }\n"), Codes{"E0604"});
  EXPECT_EQ(codes("provider functions { token = \"t\" }\nprovider functions { token = \"u\" }\n"),
            Codes{"E0201"});
}

TEST(Statements, params_check_themselves) {
  EXPECT_EQ(codes("param n: int = 1 { description = \"d\", check n in range(1, 9) else \"no\" }\n"),
            Codes{});
  EXPECT_EQ(codes("param n: int = 1 { check n + 1 else \"no\" }\n"), Codes{"E0303"});
  EXPECT_EQ(codes("param n: int = 1 { descripton = \"d\" }\n"), Codes{"E0301"});
}

TEST(Statements, checks_have_one_way) {
  EXPECT_EQ(codes(web + "check c { call = service.web.http(\"/\"), expect { status = 200, within = "
                        "60s, json { a = present(), b = matching(\"^x\") } } }\n"),
            Codes{});
  EXPECT_EQ(
      codes(web + "check c { sql = \"select 1\", database = database.main, expect { rows = 1 } "
                  "}\n"),
      Codes{});
  EXPECT_EQ(codes(web + "check c { sql = \"select 1\" }\n"), Codes{"E0302"});
  EXPECT_EQ(codes(web + "check c { call = service.web.http(\"/\"), tcp = \"a:1\" }\n"),
            Codes{"E0313"});
  EXPECT_EQ(codes(web + "check c { call = service.web.http(\"/\"), expect { status = 20 } }\n"),
            Codes{"E0312"});
  EXPECT_EQ(codes(web + "check c { call = service.web.http(\"/\"), expect { stats = 200 } }\n"),
            Codes{"E0301"});
  EXPECT_EQ(codes(web + "check c { call = service.web.http(\"/\"), on_failure = rollback }\n"),
            Codes{"N0301"});
}

TEST(Statements, what_has_no_effect_is_one_note) {
  EXPECT_EQ(codes(web + "notify t { discord = env(\"D\"), on = [failed] }\n"
                        "policy p { forbid service s where s.replicas > 3 and s.run_as == worker "
                        "because \"x\" }\n"),
            Codes{"N0301"});
  EXPECT_EQ(codes(web + "notify t { discord = env(\"D\"), on = [faild] }\n"),
            (Codes{"N0301", "E0307"}));
  EXPECT_EQ(codes(web + "policy p { forbid servce s because \"x\" }\n"), (Codes{"N0301", "E0207"}));
}

TEST(Statements, outputs_reveal_secrets_or_refuse_them) {
  EXPECT_EQ(codes(web + "output o = reveal(secret.k)\n"), Codes{});
  EXPECT_EQ(codes(web + "output o = secret.k\n"), Codes{"E0306"});
  EXPECT_EQ(codes(web + "output o = service.web\n"), Codes{"E0315"});
  EXPECT_EQ(codes(web + "output o = service.web.url { description = \"d\" }\n"), Codes{});
}

TEST(Statements, moves_make_sense) {
  EXPECT_EQ(codes(web + "moved { from = service.old, to = service.web }\n"), Codes{});
  EXPECT_EQ(codes(web + "moved { from = service.web, to = service.new }\n"), Codes{"E0620"});
  EXPECT_EQ(codes(web + "moved { from = database.old, to = service.web }\n"), Codes{"E0620"});
  EXPECT_EQ(codes(web + "moved { from = service.old, to = service.wbe }\n"), Codes{"E0207"});
  EXPECT_EQ(codes(web + "moved { from = service.a, to = service.b }\n"
                        "moved { from = service.b, to = service.web }\n"),
            Codes{});
  EXPECT_EQ(codes(web + "moved { from = service.a, to = service.web }\n"
                        "moved { from = service.b, to = service.web }\n"),
            Codes{"E0620"});
  EXPECT_EQ(codes(web + "moved { from = service.a, to = service.b }\n"
                        "moved { from = service.b, to = service.a }\n"),
            Codes{"E0620"});
  EXPECT_EQ(codes(web + "moved { from = service.a }\n"), Codes{"E0302"});
}

TEST(Statements, removals_and_adoptions) {
  EXPECT_EQ(codes(web + "removed { address = service.old, destroy = true }\n"), Codes{});
  EXPECT_EQ(codes(web + "removed { address = service.web }\n"), Codes{"E0620"});
  EXPECT_EQ(codes(web + "adopt { address = service.web, id = \"1\" }\n"), Codes{});
  EXPECT_EQ(codes(web + "adopt { address = service.wbe, id = \"1\" }\n"), Codes{"E0207"});
  EXPECT_EQ(codes(web + "adopt { address = service.web }\n"), Codes{"E0302"});
}

TEST(Statements, existing_ones_have_an_id_and_outputs) {
  EXPECT_EQ(codes("existing database d on home { id = \"1\" }\n"
                  "service a on home { env { U = database.d.url } }\n"),
            Codes{});
  EXPECT_EQ(codes("existing database d on home { }\n"), Codes{"E0302"});
  EXPECT_EQ(codes("existing database d on home { id = \"1\", engine = postgres }\n"),
            Codes{"E0301"});
  EXPECT_EQ(codes("existing database d { id = \"1\" }\n"), Codes{"E0402"});
  EXPECT_EQ(codes("existing database d on home { id = \"1\" }\n"
                  "existing database e on home { id = \"1\" }\n"),
            Codes{"E0201"});
}

TEST(Statements, the_stack_has_its_own_settings) {
  EXPECT_EQ(codes("stack s { environments = [a, a] }\n"), Codes{"E0201"});
  EXPECT_EQ(codes("stack s { environments = \"a\" }\n"), Codes{"E0210"});
  EXPECT_EQ(codes("stack s { enviroments = [a] }\n"), Codes{"E0301"});
  EXPECT_EQ(codes("stack s { state = \"sqlite:x.db\", encryption { key = env(\"K\") } }\n"),
            Codes{"N0301"});
  EXPECT_EQ(codes("stack s { }\nstack t { }\n"), Codes{"E0201"});
}

}  // namespace
}  // namespace infra::check_test
