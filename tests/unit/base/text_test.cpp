#include "base/text.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

using Words = std::vector<std::string>;

TEST(Printable, EscapesWhatATerminalWouldObey) {
  const std::pair<std::string, const char*> cases[] = {
      {"plain é 漢", "plain é 漢"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
      {std::string("\0", 1), "\\x00"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b", "\\x9b"},
      {"\xe2\x80\xae", "\\u{202e}"},
      {"\xe2\x80\x8b", "\\u{200b}"},
      {"\xef\xbb\xbf", "\\u{feff}"},
      {"\xf3\xa0\x81\x81", "\\u{e0041}"},
      {"\xff\xc3", "\\xff\\xc3"},
      {"\xc0\x80", "\\xc0\\x80"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_EQ(printable(text), shown);
  }
  EXPECT_EQ(printable("a\n\tb\x1b", true), "a\n\tb\\x1b");
}

TEST(Printable, LeavesNothingDangerousOfAnyByte) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      for (const char c : printable(text)) {
        ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << first << " " << second;
      }
      ASSERT_TRUE(valid_utf8(printable(text)));
    }
  }
}

TEST(Utf8, FindsTheFirstBadByte) {
  std::size_t bad = 0;
  EXPECT_TRUE(valid_utf8("é漢😀"));
  EXPECT_FALSE(valid_utf8("ab\xe6\xbc", &bad));
  EXPECT_EQ(bad, 2U);
  EXPECT_FALSE(valid_utf8("\x80"));
}

TEST(Markdown, CodeIsInert) {
  EXPECT_EQ(markdown_code("web-1"), "<code>web-1</code>");
  const std::string nasty = markdown_code("</code>`*_[x](y)|~<b>&@a.b\nhttps://x www.y");
  const std::string inner = nasty.substr(6, nasty.size() - 13);
  EXPECT_EQ(inner.find_first_of("`*_[]()|~:.\n\\"), std::string::npos) << inner;
  EXPECT_EQ(inner.find("<b"), std::string::npos);
  EXPECT_EQ(inner.find("</"), std::string::npos);
}

TEST(Markdown, FenceIsLongerThanItsContent) {
  EXPECT_EQ(markdown_fence("a", "text"), "```text\na\n```\n");
  EXPECT_EQ(markdown_fence("a ````` b\n", "x\n```"), "``````x\na ````` b\n``````\n");
  EXPECT_EQ(markdown_fence("", ""), "```\n```\n");
}

TEST(Width, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("漢字"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
  EXPECT_EQ(display_width("😀"), 2U);
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdef", 4), "abc…");
  EXPECT_EQ(shorten("漢字漢字", 6), "漢字…");
  EXPECT_EQ(shorten("漢字漢字", 5), "漢字…");
  EXPECT_EQ(shorten("abc", 0), "");
}

TEST(Nearest, FindsWhatWasMeant) {
  const Words names{"replicas", "region", "restart", "name", "env"};
  EXPECT_EQ(nearest("replica", names), "replicas");
  EXPECT_EQ(nearest("REGION", names), "region");
  EXPECT_EQ(nearest("reigon", names), "region");
  EXPECT_EQ(nearest("nmae", names), "name");
  EXPECT_EQ(nearest("zebra", names), std::nullopt);
  EXPECT_EQ(nearest("x", names), std::nullopt);
  EXPECT_EQ(nearest("", names), std::nullopt);
}

TEST(Words, CountAndJoin) {
  EXPECT_EQ(plural(1, "file"), "1 file");
  EXPECT_EQ(plural(0, "file"), "0 files");
  EXPECT_EQ(plural(2, "entry", "entries"), "2 entries");
  EXPECT_EQ(list_text(Words{"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(list_text(Words{"a", "b"}, "or"), "a or b");
  EXPECT_EQ(list_text(Words{"a"}), "a");
  EXPECT_EQ(list_text(Words{}), "");
  EXPECT_EQ(join(Words{"a", "b"}, ", "), "a, b");
}

TEST(Wrap, BreaksBetweenWords) {
  EXPECT_EQ(wrap("one two three", 7), (Words{"one two", "three"}));
  EXPECT_EQ(wrap("averylongword a", 5), (Words{"averylongword", "a"}));
  EXPECT_EQ(wrap("", 5), (Words{""}));
}

TEST(Search, IgnoresCase) {
  EXPECT_TRUE(contains_ignoring_case("Already EXISTS here", "exists"));
  EXPECT_TRUE(contains_ignoring_case("", ""));
  EXPECT_FALSE(contains_ignoring_case("exist", "exists"));
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace infra
