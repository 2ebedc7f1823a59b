// The simulator as a driver for stacks: one cloud per file, or per environment in memory.
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "providers/simulator/simulator.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

// A path of the provider block, below the stack's folder.
Reply<std::string> journal_path(const Value& settings) {
  const std::string& file = settings.at("/file").text();
  if (file.empty()) {
    return std::string();
  }
  const bool leaves = file.front() == '/' || file == ".." || file.starts_with("../") ||
                      file.find("/../") != std::string::npos || file.ends_with("/..");
  if (leaves) {
    return Error{ErrorKind::invalid, "`file = \"" + file + "\"` leads out of the stack's folder",
                 "/file", "name a file below the stack's folder, such as \"cloud.jsonl\""};
  }
  return settings.at("/infra/folder").text() + "/" + file;
}

CloudOptions options_of(const Value& settings, std::string journal) {
  CloudOptions options;
  std::random_device device;
  options.seed = settings.at("/seed") ? static_cast<std::uint64_t>(settings.at("/seed").integer())
                                      : (std::uint64_t{device()} << 32U) ^ device();
  const Value& rate = settings.at("/faults");
  const auto* share = rate.as<double>();
  const double faults = share != nullptr ? *share : static_cast<double>(rate.integer());
  if (faults > 0) {
    options.faults = FaultSchedule(options.seed, std::min(faults, 1.0));
  }
  options.journal = std::move(journal);
  return options;
}

class BuiltIn : public Provider {
 public:
  explicit BuiltIn(const ProviderSchema& schema) : schema_(schema) {}

  [[nodiscard]] const ProviderSchema& schema() const override { return schema_; }

  Reply<std::vector<Remote>> list(const Query& query, Reader& reader) const override {
    TRY(cloud, cloud_of(reader.settings()));
    take_time(reader.settings());
    return Simulator(**cloud).list(query, reader);
  }

  Reply<Remote> read(const Query& query, Reader& reader) const override {
    TRY(cloud, cloud_of(reader.settings()));
    take_time(reader.settings());
    return Simulator(**cloud).read(query, reader);
  }

  std::vector<Reply<Remote>> apply(const ApplyRequest& request, Writer& writer) const override {
    auto cloud = cloud_of(writer.settings());
    if (!cloud) {
      return all_fail(request, cloud.error());
    }
    take_time(writer.settings());
    return Simulator(**cloud).apply(request, writer);
  }

 private:
  // As slow as the provider block's `latency` says, once per call.
  static void take_time(const Value& settings) {
    if (const auto* latency = settings.at("/latency").as<Duration>()) {
      std::this_thread::sleep_for(milliseconds(latency->milliseconds));
    }
  }

  Reply<Cloud*> cloud_of(const Value& settings) const {
    TRY(path, journal_path(settings));
    const std::string key = path->empty() ? settings.at("/infra/folder").text() + '\0' +
                                                settings.at("/infra/environment").text()
                                          : *path;
    const std::scoped_lock lock(mutex_);
    std::unique_ptr<Cloud>& cloud = clouds_[key];
    if (cloud == nullptr) {
      cloud = std::make_unique<Cloud>(schema_, options_of(settings, *path));
    }
    return cloud.get();
  }

  const ProviderSchema& schema_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<Cloud>> clouds_;
};

}  // namespace

const Provider& simulator_provider() {
  static const BuiltIn provider(simulator_schema());
  return provider;
}

const Provider& functions_provider() {
  static const BuiltIn provider(functions_schema());
  return provider;
}

}  // namespace infra
