#include "base/diagnostics.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace infra {
namespace {

constexpr std::string_view source =
    "stack odys {}\n"
    "\n"
    "service bot on vercel {\n"
    "  name = \"bot\"\n"
    "\trun_as = worker\n"
    "}\n";

Span span_of(const Sources& sources, FileId file, std::string_view text) {
  const std::size_t begin = sources.text(file).find(text);
  EXPECT_NE(begin, std::string_view::npos) << text;
  return {file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + text.size())};
}

class Pictures : public ::testing::Test {
 protected:
  Sources sources;
  Diagnostics diagnostics;
  FileId file = sources.add("bot.infra", std::string(source));

  Diagnostic& error(std::string_view marked, std::string message) {
    return diagnostics.error("X0001", span_of(sources, file, marked), std::move(message));
  }
  std::string picture(std::size_t columns = 80) {
    return render(diagnostics, sources, {false, columns, 50});
  }
};

TEST(Sources, PlacesCountCharacters) {
  Sources sources;
  const FileId file = sources.add("a.infra", "é = 1\r\nxx\n");
  EXPECT_EQ(sources.place({file, 3, 4}), "a.infra:1:3");
  EXPECT_EQ(sources.place({file, 8, 9}), "a.infra:2:1");
  EXPECT_EQ(sources.place({file, 999, 999}), "a.infra:3:1");
  EXPECT_EQ(sources.line(file, 1), "é = 1");
  EXPECT_EQ(sources.line(file, 2), "xx");
  EXPECT_EQ(sources.line(file, 3), "");
  EXPECT_EQ(sources.line(file, 4), "");
  EXPECT_EQ(sources.text(Span{file, 0, 2}), "é");
  EXPECT_EQ(sources.text(Span{file, 5, 2}), "");
}

TEST_F(Pictures, ShowPlaceReasonAndWayOut) {
  Diagnostic& one = error("run_as = worker", "vercel cannot run `service.bot`");
  one.label = "a worker never returns";
  one.related.push_back({span_of(sources, file, "vercel"), "placed here"});
  one.help.push_back("place it on railway");
  EXPECT_EQ(picture(),
            "error[X0001]: vercel cannot run `service.bot`\n"
            " ┌─ bot.infra:5:2\n"
            "3 │ service bot on vercel {\n"
            "  │                ────── placed here\n"
            "5 │   run_as = worker\n"
            "  │   ^^^^^^^^^^^^^^^ a worker never returns\n"
            "  = help: place it on railway\n");
}

TEST_F(Pictures, MarkSeveralPlacesOfOneLine) {
  Diagnostic& one = error("bot", "twice");
  one.related.push_back({span_of(sources, file, "vercel"), "and here"});
  EXPECT_EQ(picture(),
            "error[X0001]: twice\n"
            " ┌─ bot.infra:3:9\n"
            "3 │ service bot on vercel {\n"
            "  │         ^^^\n"
            "  │                ────── and here\n");
}

TEST_F(Pictures, NameTheOtherFile) {
  const FileId other = sources.add("other.infra", "param x: int\n");
  error("bot", "twice").related.push_back({span_of(sources, other, "x"), "first here"});
  EXPECT_NE(picture().find(" ┌─ other.infra:1:7\n1 │ param x: int\n  │       ─ first here\n"),
            std::string::npos)
      << picture();
}

TEST_F(Pictures, ShowTheFirstLineOfALongSpan) {
  error("bot on vercel {\n  name = \"bot\"\n", "unclosed");
  EXPECT_NE(picture().find("  │         ^^^^^^^^^^^^^^^\n"), std::string::npos) << picture();
}

TEST_F(Pictures, MarkTheEndOfTheFile) {
  const auto end = static_cast<std::uint32_t>(source.size());
  diagnostics.error("X0001", {file, end, end}, "missing `}`");
  EXPECT_NE(picture().find("7 │ \n  │ ^\n"), std::string::npos) << picture();
}

TEST_F(Pictures, FitTheScreen) {
  std::string longest = "x = [";
  for (int i = 0; i < 100; ++i) {
    longest += "\"item" + std::to_string(i) + "\", ";
  }
  const FileId wide = sources.add("wide.infra", longest + "漢字漢字]");
  for (const char* marked : {"x", "item0", "item50", "item99", "漢字漢字"}) {
    Diagnostic& one = diagnostics.error("X0001", span_of(sources, wide, marked),
                                        "a message that is much longer than the screen is wide, "
                                        "so that it has to go on in the next line");
    one.label = "a label that also does not fit behind the marks and goes below them instead";
    one.help.push_back(
        "a help text that is much longer than the screen is wide, which also goes "
        "on in the next line");
  }
  for (const std::size_t columns : {80U, 60U, 40U}) {
    std::string text = picture(columns);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      EXPECT_LE(display_width(text.substr(begin, end - begin)), columns)
          << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
  EXPECT_NE(picture().find("item99"), std::string::npos);
}

TEST_F(Pictures, MarksOfACutLineStandBelowTheirText) {
  const FileId wide =
      sources.add("wide.infra", std::string(150, 'a') + "MARKED" + std::string(150, 'b'));
  diagnostics.error("X0001", span_of(sources, wide, "MARKED"), "here");
  const std::string text = picture();
  const std::size_t line = text.find("1 │ ");
  const std::size_t next = text.find('\n', line) + 1;
  const std::string shown = text.substr(line, next - line - 1);
  const std::string marks = text.substr(next, text.find('\n', next) - next);
  EXPECT_EQ(display_width(shown.substr(0, shown.find("MARKED"))),
            display_width(marks.substr(0, marks.find("^^^^^^"))))
      << text;
}

TEST_F(Pictures, AreSafeForATerminal) {
  const FileId evil =
      sources.add("e\x1bvil.infra", "x = \"\x1b]0;title\x07\" # \xe2\x80\xae \xff\n");
  Diagnostic& one = diagnostics.error("X0001", span_of(sources, evil, "#"), "bad \x1b[31m");
  one.label = "\x9b\n";
  one.help.push_back("\x1b");
  for (const char c : picture()) {
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
  }
  EXPECT_TRUE(valid_utf8(picture()));
}

TEST_F(Pictures, ColourOnlyWhenAsked) {
  error("bot", "x");
  EXPECT_EQ(picture().find('\x1b'), std::string::npos);
  EXPECT_NE(render(diagnostics, sources, {true, 80, 50}).find("\x1b[1;31merror"),
            std::string::npos);
}

TEST_F(Pictures, StopAtTheMost) {
  for (int i = 0; i < 5; ++i) {
    error("bot", "number " + std::to_string(i));
  }
  const std::string text = render(diagnostics, sources, {false, 80, 2});
  EXPECT_NE(text.find("number 1"), std::string::npos);
  EXPECT_EQ(text.find("number 2"), std::string::npos);
  EXPECT_NE(text.find("3 further findings are not shown"), std::string::npos);
}

TEST_F(Pictures, NeedNoPlace) {
  diagnostics.error("X0001", {}, "no stack here").has_span = false;
  EXPECT_EQ(picture(), "error[X0001]: no stack here\n");
}

TEST(Diagnostics, SortByPlaceAndDropRepeats) {
  Diagnostics all;
  all.warning("W0001", {0, 5, 6}, "late");
  all.error("E0001", {0, 5, 6}, "late");
  all.error("E0001", {0, 1, 2}, "early");
  all.error("E0001", {0, 1, 2}, "early");
  all.note("N0001", {1, 0, 1}, "other file");
  all.sort();
  ASSERT_EQ(all.all().size(), 4U);
  EXPECT_EQ(all.all()[0].message, "early");
  EXPECT_EQ(all.all()[1].severity, Severity::error);
  EXPECT_EQ(all.all()[2].severity, Severity::warning);
  EXPECT_EQ(all.error_count(), 2U);
  EXPECT_EQ(all.warning_count(), 2U);
  Diagnostics more;
  more.append(all);
  EXPECT_TRUE(more.has_errors());
  EXPECT_EQ(more.error_count(), 2U);
}

TEST(Explanations, AreFoundByCode) {
  const auto codes = explained_codes();
  EXPECT_TRUE(std::is_sorted(codes.begin(), codes.end()));
  for (const std::string_view code : codes) {
    EXPECT_TRUE(explanation(code).starts_with("# " + std::string(code) + ": ")) << code;
  }
  EXPECT_TRUE(explanation("E9999").empty());
  EXPECT_TRUE(explanation("").empty());
}

}  // namespace
}  // namespace infra
