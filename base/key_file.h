// base/key_file.h — where the sealing key comes from: INFRA_KEY, else the key file. Only
// base/sealing.cpp uses it.
#pragma once
#include <optional>
#include <string>

#include "base/secret.h"
#include "base/world.h"

namespace infra {

// 32 bytes; nothing when there is neither variable nor file. Throws SealingError for a key that is
// malformed, that others may read, or that cannot be read.
[[nodiscard]] std::optional<Secret> find_key(World world);

// Makes the key file with 32 random bytes. Where another process was faster, its key is taken.
[[nodiscard]] Secret create_key_file(World world);

}  // namespace infra
