// Probes of addresses that a person wrote down.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "providers/network.h"
#include "tests/unit/doors/door_fixture.h"

namespace infra {
namespace {

using testing::json_answer;
using testing::LoopbackServer;
using testing::SeenRequest;

class Probes : public DoorTest {};

TEST_F(Probes, HttpTellsWhatCame) {
  serve([](const SeenRequest& request) {
    return request.target == "/big" ? json_answer(200, std::string(std::size_t{3} << 20, 'x'))
                                    : json_answer(418, R"({"status":"short"})", {{"X-A", "1"}});
  });
  ProbeRequest request;
  request.url = server->url() + "/health";
  request.headers = Object{{"Authorization", Secret("Bearer x")}};
  auto answer = probe_http(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 418);  // any status is an answer
  EXPECT_EQ(answer->json.at("/status").text(), "short");
  EXPECT_EQ(answer->headers.at("x-a").text(), "1");
  EXPECT_EQ(server->seen().at(0).headers.at("authorization"), "Bearer x");
  request.url = server->url() + "/big";
  auto big = probe_http(request);
  ASSERT_TRUE(big) << big.error().message;
  EXPECT_EQ(big->text.size(), std::size_t{1} << 20);
}

TEST_F(Probes, HttpUploadsAFile) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  write_file("sample.pdf", "the bytes");
  ProbeRequest request;
  request.method = Method::post;
  request.url = server->url() + "/upload";
  request.folder = folder;
  Body file;
  file.file = "sample.pdf";
  request.body.form = {{"file", file}};
  ASSERT_TRUE(probe_http(request));
  EXPECT_NE(server->seen().at(0).body.find("the bytes"), std::string::npos);
  request.body.form[0].second.file = "../../etc/hostname";
  EXPECT_FALSE(probe_http(request));
}

TEST_F(Probes, TcpFindsAnOpenPort) {
  serve([](const SeenRequest&) { return json_answer(200, "{}"); });
  const int port = server->port();
  EXPECT_TRUE(probe_tcp("127.0.0.1", port, seconds{5}));
  EXPECT_TRUE(probe_tcp("localhost", port, seconds{5}));
  server.reset();
  auto closed = probe_tcp("127.0.0.1", port, seconds{5});
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::not_sent);
}

TEST(Addresses, OfMetadataServicesAreRefused) {
  const auto forbidden = [](const char* text) {
    sockaddr_storage storage{};
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      std::memcpy(&storage, &v4, sizeof(v4));
    } else {
      EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
      v6.sin6_family = AF_INET6;
      std::memcpy(&storage, &v6, sizeof(v6));
    }
    return is_metadata_address(reinterpret_cast<const sockaddr*>(&storage));
  };
  for (const char* bad :
       {"169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"}) {
    EXPECT_TRUE(forbidden(bad)) << bad;
  }
  for (const char* good :
       {"127.0.0.1", "10.0.0.1", "8.8.8.8", "::1", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(forbidden(good)) << good;
  }
  ProbeRequest request;
  request.url = "http://169.254.169.254/latest/meta-data";
  auto refused = probe_http(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_FALSE(probe_tcp("169.254.169.254", 80, seconds{1}));
}

TEST(Addresses, KnowThisMachine) {
  for (const char* here : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"}) {
    EXPECT_TRUE(is_this_machine(here)) << here;
  }
  for (const char* there : {"127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1", ""}) {
    EXPECT_FALSE(is_this_machine(there)) << there;
  }
}

}  // namespace
}  // namespace infra
