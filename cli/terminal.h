// cli/terminal.h — the one place through which text leaves the program: standard output and
// standard error, and what is known of who reads them.
//
// Writing never throws and never stops a command: a reader that went away is no reason to lose an
// outcome. `failed()` tells afterwards whether standard output could not take it all.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "planner/render.h"

namespace infra {

class Terminal {
 public:
  Terminal();  // looks at the three standard streams and at TERM, NO_COLOR

  void no_colour() { colour_ = error_colour_ = false; }

  void print(std::string_view text);     // standard output
  void complain(std::string_view text);  // standard error
  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] bool input_is_terminal() const { return input_; }
  [[nodiscard]] bool output_is_terminal() const { return output_; }
  [[nodiscard]] bool error_is_terminal() const { return error_; }
  [[nodiscard]] bool smart() const { return smart_; }  // understands cursor movements
  [[nodiscard]] std::size_t columns() const;           // 80 where it is no terminal
  [[nodiscard]] std::size_t rows() const;
  [[nodiscard]] TextStyle style() const;        // for standard output
  [[nodiscard]] TextStyle error_style() const;  // for standard error

  // Reads one line from standard input, without its line break. False at the end of input.
  [[nodiscard]] bool read_line(std::string& line) const;

 private:
  bool input_ = false, output_ = false, error_ = false;
  bool colour_ = false, error_colour_ = false, smart_ = false, failed_ = false;
};

}  // namespace infra
