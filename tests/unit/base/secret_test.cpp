#include "base/secret.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace infra {
namespace {

static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!std::is_convertible_v<const char*, Secret>);

TEST(Secret, TakesItsTextOverAndWipesWhatItWasGiven) {
  std::string text = "a long enough text not to live inside the string itself";
  const Secret secret(std::move(text));
  EXPECT_EQ(secret.expose(), "a long enough text not to live inside the string itself");
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, CopiesShareOneBuffer) {
  const Secret one(std::string("hunter2"));
  const Secret two = one;
  EXPECT_EQ(static_cast<const void*>(one.expose().data()),
            static_cast<const void*>(two.expose().data()));
}

TEST(Secret, IsEmptyByDefault) {
  EXPECT_TRUE(Secret().expose().empty());
  EXPECT_TRUE(same_secret(Secret(), Secret(std::string())));
}

TEST(Secret, Concatenates) {
  const Secret secret(std::string("mid"));
  EXPECT_EQ(concatenate(secret, "-end").expose(), "mid-end");
  EXPECT_EQ(concatenate("start-", secret).expose(), "start-mid");
  EXPECT_EQ(concatenate(secret, secret).expose(), "midmid");
}

TEST(Secret, ComparesBytes) {
  EXPECT_TRUE(same_secret(Secret(std::string("abc")), Secret(std::string("abc"))));
  EXPECT_FALSE(same_secret(Secret(std::string("abc")), Secret(std::string("abd"))));
  EXPECT_FALSE(same_secret(Secret(std::string("abc")), Secret(std::string("abcd"))));
  EXPECT_FALSE(same_secret(Secret(std::string("abc")), Secret()));
}

TEST(Secret, WipeOverwritesTheBytesInPlace) {
  std::string text = "0123456789012345678901234567890123456789";
  const char* bytes = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  for (std::size_t i = 0; i < 40; ++i) {
    ASSERT_EQ(bytes[i], '\0') << i;  // the buffer is still the string's
  }
}

}  // namespace
}  // namespace infra
