// compiler/steps.h — cycles between the steps of a graph.
//
// Every node is made and then live; of what has no address before it runs, both are one step. A
// reference to an address waits for made, every other one for live. What must be known at birth (a
// name, a required attribute, one whose change replaces) is waited for before making.
#pragma once
#include "base/diagnostics.h"
#include "compiler/evaluation.h"
#include "compiler/graph.h"

namespace infra {

// Each cycle is one error with the whole path.
void find_cycles(const Evaluation& evaluation, const ResourceGraph& graph,
                 Diagnostics& diagnostics);

}  // namespace infra
