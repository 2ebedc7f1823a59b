// planner/crash_points.h — the named moments of the protocol at which tests let the process die.
//
// Each name is passed to `crash_point` (base/world.h); the property tests also stop there in one
// process.
#pragma once
#include <array>
#include <string_view>

namespace infra {

inline constexpr std::array<std::string_view, 12> crash_points{
    "recover.before_settled",  // an open intent was looked up, and what was found is not yet
                               // written
    "recover.after_settled",
    "apply.before_moves",   // moved addresses are not yet written
    "apply.before_intent",  // T1 is about to be committed
    "apply.after_intent",   // T1 is durable, nothing was sent
    "apply.before_known",   // an id is known and not yet written
    "apply.after_known",    // T2 is durable
    "apply.after_call",     // the call has ended, its outcome is not yet written
    "apply.before_done",    // T3 is about to be committed
    "apply.after_done",     // T3 is durable
    "apply.before_run",     // everything is done; outputs and the run are not yet written
    "apply.after_run",
};

}  // namespace infra
