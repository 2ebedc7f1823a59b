// compiler/capability.h — what a platform can run: which of a driver's types serves a resource, and
// which of its limits a resource breaks.
//
// The checker asks with what the text alone says (everything else Unknown), the evaluator with what
// one environment says; an Unknown breaks no limit. Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/schema.h"

namespace infra {

// True when the limit lets these attributes pass. `tier` is the provider block's, empty: not
// written; a limit of some tiers only is then not broken.
[[nodiscard]] bool limit_holds(const Limit& limit, const Value& attributes,
                               std::string_view tier = {});

// The types of a driver that serve a kind, in its order.
[[nodiscard]] std::vector<const TypeSchema*> types_of_kind(const ProviderSchema& provider,
                                                           std::string_view kind);

// The first type of the kind whose limits all hold. When none does, the first of the kind; nullptr
// when the driver has none.
[[nodiscard]] const TypeSchema* choose_type(const ProviderSchema& provider, std::string_view kind,
                                            const Value& attributes, std::string_view tier = {});

// True when the type takes the attribute at this path, itself or through a companion. `name` and
// `needs` are the engine's and every type has them; so is a path that only a limit speaks of.
[[nodiscard]] bool takes_attribute(const TypeSchema& type, std::string_view path);

// What a broken limit says, without the reason: "`replicas` is at most 1".
[[nodiscard]] std::string limit_text(const Limit& limit);

}  // namespace infra
