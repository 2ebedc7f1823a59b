// compiler/source_check.h — what must hold of a file before it is read as text of the language.
#pragma once
#include "base/diagnostics.h"

namespace infra::syntax {

// False, with an error, when the file is larger than 16 MiB or is not UTF-8.
[[nodiscard]] bool readable(const Sources& sources, FileId file, Diagnostics& diagnostics);

}  // namespace infra::syntax
