// What comes over the agent's socket, and what it sends to services.
#include <gtest/gtest.h>

#include <random>

#include "providers/local/agent_crons.h"
#include "providers/local/agent_server.h"

namespace infra::local {
namespace {

int read(std::string_view text, ServerRequest& request, std::size_t& used) {
  request = {};
  return parse_request(text, request, used);
}

TEST(AgentRequest, IsReadWithItsPathQueryAndBody) {
  ServerRequest request;
  std::size_t used = 0;
  const std::string text =
      "PUT /services/a%2Db?wait_ms=20&x HTTP/1.1\r\ncontent-length: 7\r\nHost: agent\r\n\r\n"
      "{\"a\":1}";
  ASSERT_EQ(read(text, request, used), 0);
  EXPECT_EQ(used, text.size());
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.path, "/services/a-b");
  EXPECT_EQ(request.query["wait_ms"], "20");
  EXPECT_EQ(request.query["x"], "");
  EXPECT_EQ(request.body.at("/a").integer(), 1);
}

TEST(AgentRequest, IsAwaitedUntilItIsComplete) {
  ServerRequest request;
  std::size_t used = 7;
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: agent\r\n", request, used), 0);
  EXPECT_EQ(used, 0U);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", request, used), 0);
  EXPECT_EQ(used, 0U);
}

TEST(AgentRequest, IsRefusedWhenItIsNone) {
  ServerRequest request;
  std::size_t used = 0;
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("get / HTTP/1.1\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET  HTTP/1.1\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET nothing HTTP/1.1\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET /%zz HTTP/1.1\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET /%4 HTTP/1.1\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nno colon\r\n\r\n", request, used), 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n1", request, used), 400);
  EXPECT_EQ(
      read("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1", request, used),
      400);
  EXPECT_EQ(read("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{\"a\":", request, used), 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", request, used), 501);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", request, used), 413);
  EXPECT_EQ(read(std::string(20'000, 'x'), request, used), 413);
}

TEST(AgentRequest, SurvivesAnyBytes) {
  std::mt19937 dice(7);
  const std::string whole =
      "PUT /a/b?c=d HTTP/1.1\r\nContent-Length: 9\r\nHost: x\r\n\r\n{\"a\":[1]}";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (int change = 0; change < 4; ++change) {
      text[dice() % text.size()] = static_cast<char>(dice() % 256);
    }
    ServerRequest request;
    std::size_t used = 0;
    const int status = parse_request(text, request, used);
    EXPECT_TRUE(status == 0 || (status >= 400 && status < 600));
    EXPECT_LE(used, text.size());
  }
}

// Test cases 1, 2, 3 and 6 of RFC 4231.
TEST(Hmac, GivesTheValuesOfItsStandard) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// The test vectors of RFC 4648.
TEST(Base64, GivesTheValuesOfItsStandard) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
}

TEST(Form, IsEncodedFieldByField) {
  EXPECT_EQ(encode_form(Object{{"a b", "c&d"}, {"n", 3}}), "a%20b=c%26d&n=3");
  EXPECT_EQ(encode_form(Object{}), "");
}

}  // namespace
}  // namespace infra::local
