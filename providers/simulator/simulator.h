// providers/simulator/simulator.h — a driver for any ProviderSchema over a Cloud: no socket, the
// contract's rules all the same.
//
// Each request passes the door first (the gate, the interrupt, the deadline, the birth that has to
// be recorded), then reaches the cloud. It waits through the door when the cloud's clock is the
// engine's, and moves the cloud's own clock when it has one.
#pragma once
#include <memory>

#include "base/schema.h"
#include "providers/provider.h"
#include "providers/simulator/cloud.h"

namespace infra {

class Simulator : public Provider {
 public:
  // `cloud` must outlive it, and be made of the same schema.
  explicit Simulator(Cloud& cloud) : cloud_(cloud) {}

  [[nodiscard]] const ProviderSchema& schema() const override { return cloud_.schema(); }
  Reply<std::vector<Remote>> list(const Query& query, Reader& reader) const override;
  Reply<Remote> read(const Query& query, Reader& reader) const override;
  std::vector<Reply<Remote>> apply(const ApplyRequest& request, Writer& writer) const override;

 private:
  Cloud& cloud_;
};

// The platforms that this program has built in for stacks and stories (simulator/schema.cpp).
[[nodiscard]] const ProviderSchema& simulator_schema();
[[nodiscard]] const ProviderSchema& functions_schema();

// Their drivers. The cloud lives in the memory of this process, or in the file that the provider
// block's `file` names, below the stack's folder.
[[nodiscard]] const Provider& simulator_provider();
[[nodiscard]] const Provider& functions_provider();

}  // namespace infra
