#include "providers/simulator/simulator.h"

#include <algorithm>
#include <map>

#include "base/kinds.h"
#include "providers/support.h"

namespace infra {
namespace {

using std::chrono::milliseconds;

// One apply() against the cloud.
class Applying {
 public:
  Applying(Cloud& cloud, const ApplyRequest& request, Writer& writer)
      : cloud_(cloud), request_(request), writer_(writer), parent_(request.parent) {}

  Replies run() {
    if (const auto stale = moved_on()) {
      return all_fail(request_, *stale);
    }
    Replies replies;
    for (std::size_t i = 0; i < request_.changes.size(); ++i) {
      const Change& change = request_.changes[i];
      if (change.action == Action::stay) {
        replies.push_back(Remote{change.id});
        note_container(change, change.id);
        continue;
      }
      replies.push_back(one(i, change));
    }
    return replies;
  }

 private:
  std::optional<Error> moved_on() const {
    if (request_.version.empty() || request_.version == cloud_.version(request_.parent)) {
      return std::nullopt;
    }
    return Error{ErrorKind::stale, "the document of `" + std::string(request_.parent) +
                                       "` has changed since the plan"};
  }

  // A member of a group without a parent attribute is the container of the others.
  void note_container(const Change& change, const std::string& id) {
    born_[change.address] = id;
    const TypeSchema* type = find_type(cloud_.schema(), change.type);
    if (type != nullptr && type->parent.empty() && !type->group.empty() && !id.empty()) {
      parent_ = id;
    }
  }

  // References to what this call has made carry its id by now.
  void name_born(Value& value) const {
    if (auto* reference = value.as<Reference>(); reference != nullptr && reference->id.empty()) {
      const auto found = born_.find(reference->address);
      reference->id = found == born_.end() ? std::string() : found->second;
    } else if (auto* object = value.as<Object>()) {
      for (auto& [key, item] : *object) {
        name_born(item);
      }
    } else if (auto* list = value.as<List>()) {
      for (auto& item : *list) {
        name_born(item);
      }
    }
  }

  CloudRequest request_of(const Change& change, const TypeSchema& type) const {
    CloudRequest wanted;
    wanted.verb = change.action == Action::create   ? CloudVerb::create
                  : change.action == Action::update ? CloudVerb::update
                                                    : CloudVerb::remove;
    wanted.type = change.type;
    wanted.parent = type.parent.empty() ? "" : parent_;
    wanted.id = change.id;
    wanted.address = change.address;
    wanted.op = change.op;
    wanted.marker = change.marker;
    wanted.desired = change.desired;
    name_born(wanted.desired);
    wanted.changed = change.changed;
    wanted.redeploy = change.redeploy;
    return wanted;
  }

  // Asks the door, then the cloud.
  Reply<CloudAnswer> send(const CloudRequest& wanted, const TypeSchema& type) {
    const bool repeatable = wanted.verb != CloudVerb::create || type.adoption.how == Adoption::key;
    Call call{wanted.verb == CloudVerb::create   ? Method::post
              : wanted.verb == CloudVerb::update ? Method::patch
                                                 : Method::del,
              "/objects/{type}",
              {wanted.type}};
    call.repeatable = repeatable;
    TRY(may, writer_.send(call));
    auto answer = cloud_.send(wanted);
    if (!answer && answer.error().kind == ErrorKind::unclear) {
      Error error = answer.error();
      error.repeatable = wanted.verb == CloudVerb::create && repeatable;
      return error;
    }
    return answer;
  }

  Reply<Remote> one(std::size_t index, const Change& change) {
    const TypeSchema* type = find_type(cloud_.schema(), change.type);
    if (type == nullptr) {
      return Error{ErrorKind::invalid, cloud_.schema().name + " has no type `" + change.type + "`"};
    }
    if (change.action == Action::remove) {
      return remove(change, *type);
    }
    std::string id = change.id;
    std::map<Path, Secret> issued;
    const bool nothing_to_write =
        change.action == Action::update && change.changed.empty() && !change.redeploy;
    if (!nothing_to_write) {
      TRY(answer, send(request_of(change, *type), *type));
      id = answer->id;
      issued = std::move(answer->issued);
    }
    note_container(change, id);
    return see_ready(index, change, id, issued);
  }

  Reply<Remote> remove(const Change& change, const TypeSchema& type) {
    auto answer = send(request_of(change, type), type);
    if (!answer && answer.error().kind != ErrorKind::missing) {
      return answer.error();
    }
    const milliseconds delay = cloud_.behaviour(change.type).effect_delay;
    if (delay.count() > 0) {
      TRY(waited, pass(delay));
    }
    return Remote{};
  }

  // Its record first, then its readiness.
  Reply<Remote> see_ready(std::size_t index, const Change& change, const std::string& id,
                          const std::map<Path, Secret>& issued) {
    bool recorded = false;
    const bool more_to_come = index + 1 < request_.changes.size();
    if (const milliseconds delay = cloud_.behaviour(change.type).effect_delay;
        change.action == Action::update && delay.count() > 0) {
      TRY(waited, pass(delay));
    }
    for (;;) {
      TRY(now, cloud_.read(change.type, id));
      for (const auto& [path, secret] : issued) {
        now->attributes.set(path, secret);
      }
      const bool waits = now->status == Status::pending;
      if (!recorded && (waits || more_to_come) && change.action == Action::create) {
        TRY(kept, writer_.record(index, *now));
        recorded = true;
      }
      if (now->status == Status::broken) {
        if (!recorded) {
          TRY(kept, writer_.record(index, *now));
        }
        return Error{ErrorKind::broken,
                     change.type + " `" + id + "` went bad and never will be ready"};
      }
      if (!waits) {
        return now;
      }
      TRY(waited, pass(seconds{1}));
    }
  }

  Reply<Done> pass(milliseconds time) {
    if (cloud_.has_own_clock()) {
      cloud_.advance(time);
      return Done{};
    }
    return writer_.wait(std::max(seconds{1}, std::chrono::ceil<seconds>(time)));
  }

  Cloud& cloud_;
  const ApplyRequest& request_;
  Writer& writer_;
  std::string parent_;
  std::map<std::string, std::string> born_;  // address -> id, in this call
};

}  // namespace

Reply<std::vector<Remote>> Simulator::list(const Query& query, Reader& reader) const {
  TRY(may, reader.get({Method::get, "/objects/{type}", {std::string(query.type)}}));
  return cloud_.list(query.type, query.parent);
}

Reply<Remote> Simulator::read(const Query& query, Reader& reader) const {
  TRY(may,
      reader.get(
          {Method::get, "/objects/{type}/{id}", {std::string(query.type), std::string(query.id)}}));
  return cloud_.read(query.type, query.id);
}

std::vector<Reply<Remote>> Simulator::apply(const ApplyRequest& request, Writer& writer) const {
  return Applying(cloud_, request, writer).run();
}

}  // namespace infra
