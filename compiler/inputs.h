// compiler/inputs.h — what a stack's params are worth in one environment.
//
// By falling strength: `--param NAME=TEXT`, the params file, the variable INFRA_PARAM_NAME, the
// environment's block, the default. Text is read by the declared type: as it stands for string,
// url, cron and enumerations, as a literal of the language for the rest.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "base/diagnostics.h"
#include "base/world.h"
#include "compiler/evaluation.h"

namespace infra {

struct InputTexts {
  std::map<std::string, std::string> parameters;  // --param
  std::optional<std::string> file;                // absolute, or relative to the stack's folder
  std::string folder;
  std::string environment;
  World world{};
};

// Fills `evaluation.parameters`; texts that are read join `sources`.
void settle_inputs(Evaluation& evaluation, const InputTexts& texts, Sources& sources,
                   Diagnostics& diagnostics);

}  // namespace infra
