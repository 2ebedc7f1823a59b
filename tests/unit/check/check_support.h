// Text in, diagnostics out: what the tests of the checker share.
#pragma once
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/schema.h"

namespace infra::check_test {

// Each diagnostic as "CODE line:column message", in the order of the text. Syntax errors too.
std::vector<std::string> check_text(const std::string& text);

// The codes alone.
std::vector<std::string> codes(const std::string& text);

// Everything about the one diagnostic there is; fails the test when there is another number.
Diagnostic only(const std::string& text);

// "first help", or "" when there is none.
std::string first_help(const Diagnostic& diagnostic);

// A platform that has everything, one with functions alone, one with limits and tiers.
const ProviderSchema& home();
const ProviderSchema& functions();
const ProviderSchema& cloud();

// Statements that give the tests a home for what they declare.
inline const std::string at_home = "environment default { place all on home }\n";
inline const std::string two_environments =
    "stack s { environments = [dev, prod] }\n"
    "environment dev { place all on home }\n"
    "environment prod { place all on home }\n";

}  // namespace infra::check_test
