// providers/local/local.h — the driver of this machine: services as processes, databases, buckets,
// volumes and crons, all held by one resident agent per environment.
//
// The driver is thin: it turns a change into one request to the agent (started when a change needs
// it, never to look) and reads back what the agent holds. Without an agent, its registry on disk is
// what is read: processes and crons are stopped, data is there.
#pragma once
#include "providers/provider.h"

namespace infra {

[[nodiscard]] const Provider& local_provider();  // lives for ever

// The platform as facts; local_provider().schema() is this.
[[nodiscard]] const ProviderSchema& local_schema();

}  // namespace infra
