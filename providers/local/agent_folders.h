// providers/local/agent_folders.h — buckets and volumes: folders of this machine.
//
// A bucket is a folder with its rules in a JSON file beside it (NAME.rules.json), which is what
// counts: whoever edits it has changed the bucket. A volume is a folder that a service finds in the
// variable INFRA_VOLUME_NAME. Both go, with what is in them, only by a request to remove them.
#pragma once
#include <string>

#include "providers/local/agent_keeper.h"

namespace infra::local {

class Buckets : public Keeper {
 public:
  explicit Buckets(Shared shared) : shared_(std::move(shared)) {}
  void resume() override {}
  void list(const Responder& responder) override;
  void get(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void put(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void remove(const std::string& id, const Responder& responder) override;

 private:
  [[nodiscard]] Value view(const std::string& id) const;
  Shared shared_;
};

class Volumes : public Keeper {
 public:
  explicit Volumes(Shared shared) : shared_(std::move(shared)) {}
  void resume() override {}
  void list(const Responder& responder) override;
  void get(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void put(const std::string& id, const ServerRequest& request,
           const Responder& responder) override;
  void remove(const std::string& id, const Responder& responder) override;
  [[nodiscard]] std::string folder_of(const std::string& id) const;  // "": no such volume

 private:
  [[nodiscard]] Value view(const std::string& id) const;
  Shared shared_;
};

// What a bucket's folder and rules file say now, from its record; for an agent and for whoever
// looks without one.
[[nodiscard]] Value bucket_view(const std::string& id, const Value& record);
[[nodiscard]] Value volume_view(const std::string& id, const Value& record);

}  // namespace infra::local
