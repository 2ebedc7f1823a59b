// tests/support/http_simulator.h — the simulator's schema spoken over real HTTP: a server that is a
// skin over a Cloud, and the small driver that talks to it through the doors.
//
// Both skins, this one and the Simulator without a socket, stand on the same objects and Behaviour;
// that they agree is a test.
#pragma once
#include <string>

#include "providers/provider.h"
#include "providers/simulator/cloud.h"
#include "tests/support/loopback_server.h"

namespace infra::testing {

// Serves a cloud. Troubles become what a socket shows of them: a lost answer is a closed
// connection.
[[nodiscard]] LoopbackServer::Handler serve_cloud(Cloud& cloud);

// `schema` has one endpoint with base_url "{address}" (see http_simulator_schema).
class HttpSimulator : public Provider {
 public:
  explicit HttpSimulator(const ProviderSchema& schema) : schema_(schema) {}
  [[nodiscard]] const ProviderSchema& schema() const override { return schema_; }
  Reply<std::vector<Remote>> list(const Query& query, Reader& api) const override;
  Reply<Remote> read(const Query& query, Reader& api) const override;
  std::vector<Reply<Remote>> apply(const ApplyRequest& request, Writer& api) const override;

 private:
  Reply<Remote> change_one(std::size_t index, const Change& change, const std::string& parent,
                           Writer& api) const;
  const ProviderSchema& schema_;
};

// The simulator's types behind an HTTP endpoint at the setting `address`, credential `token`.
[[nodiscard]] ProviderSchema http_simulator_schema();

}  // namespace infra::testing
