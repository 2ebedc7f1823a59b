// Each case is one way in which a secret could become text by accident. None may compile.
#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/value.h"

#ifndef MISUSE
#define MISUSE 0
#endif

void use(const infra::Secret& secret, const infra::Secret& other) {
  (void)secret;
  (void)other;
#if MISUSE == 1
  std::cout << secret;
#elif MISUSE == 2
  std::string text = secret;
#elif MISUSE == 3
  std::string_view text = secret;
#elif MISUSE == 4
  auto text = fmt::format("{}", secret);
#elif MISUSE == 5
  bool equal = secret == other;
#elif MISUSE == 6
  bool less = secret < other;
#elif MISUSE == 7
  std::map<infra::Secret, int> map{{secret, 1}};
#elif MISUSE == 8
  std::set<infra::Secret> set{secret};
#elif MISUSE == 9
  std::unordered_set<infra::Secret> set{secret};
#elif MISUSE == 10
  auto hash = std::hash<infra::Secret>{}(secret);
#elif MISUSE == 11
  throw std::runtime_error(secret);
#elif MISUSE == 12
  infra::Secret made = "text";
#elif MISUSE == 13
  std::string text = "token " + secret;
#elif MISUSE == 14
  auto text = infra::printable(secret);
#elif MISUSE == 15
  auto text = infra::json_quote(secret);
#elif MISUSE == 16
  bool different = secret != other;
#elif MISUSE == 17
  std::ostringstream stream;
  stream << "token " << secret;
#elif MISUSE == 18
  const char* text = secret.c_str();
#elif MISUSE == 19
  infra::Value value(secret);
  std::cout << value;
#elif MISUSE == 20
  std::string text(secret.begin(), secret.end());
#elif MISUSE == 21
  infra::sha256_hex(secret);
#elif MISUSE == 22
  infra::Value left(secret), right(other);
  bool equal = left == right;
#endif
}
