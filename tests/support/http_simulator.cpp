#include "tests/support/http_simulator.h"

#include "base/json.h"
#include "base/kinds.h"
#include "providers/simulator/simulator.h"
#include "providers/support.h"

namespace infra::testing {
namespace {

constexpr std::size_t page_size = 3;  // small, so that listings have pages

// --- the wire: plain values, secrets and hidden places apart ---

Value on_the_wire(const Value& attributes) {
  Value values = attributes;
  Object secrets;
  List hidden;
  for_each_leaf(attributes, "", [&](const Path& path, const Value& leaf) {
    if (leaf.as<Secret>() != nullptr) {
      secrets.emplace(path, leaf);
      values.erase(path);
    } else if (leaf.as<Hidden>() != nullptr) {
      hidden.push_back(path);
      values.erase(path);
    }
  });
  return Object{{"values", values}, {"secrets", secrets}, {"hidden", hidden}};
}

Value off_the_wire(const Value& wire) {
  Value attributes = wire.at("/values").is_null() ? Value(Object{}) : wire.at("/values");
  for (const auto& [path, text] : wire.at("/secrets").object()) {
    attributes.set(path, Secret(text.text()));
  }
  for (const Value& path : wire.at("/hidden").list()) {
    attributes.set(path.text(), Hidden{});
  }
  return attributes;
}

Value on_the_wire(const Remote& remote) {
  Value wire = on_the_wire(remote.attributes);
  Object marks;
  for (const auto& [path, mark] : remote.marks) {
    marks.emplace(path, mark);
  }
  wire.set("/id", remote.id);
  wire.set("/state", static_cast<std::int64_t>(remote.status));
  wire.set("/marker", remote.marker);
  wire.set("/version", remote.version);
  wire.set("/marks", Value(std::move(marks)));
  return wire;
}

Remote remote_of(const Value& wire) {
  Remote remote{wire.at("/id").text(), off_the_wire(wire)};
  remote.status = static_cast<Status>(wire.at("/state").integer());
  remote.marker = wire.at("/marker").text();
  remote.version = wire.at("/version").text();
  for (const auto& [path, mark] : wire.at("/marks").object()) {
    remote.marks.emplace(path, mark.text());
  }
  return remote;
}

// --- the server ---

ServerAnswer answer_of(int status, const Value& body) {
  return json_answer(status, to_json(body, SecretText::exposed));
}

ServerAnswer refusal(const Error& error) {
  const Value body = Object{{"message", error.message}, {"field", error.path}};
  switch (error.kind) {
    case ErrorKind::invalid:
      return answer_of(422, body);
    case ErrorKind::denied:
      return answer_of(401, body);
    case ErrorKind::missing:
      return answer_of(404, body);
    case ErrorKind::exists:
      return answer_of(409, body);
    case ErrorKind::stale:
      return answer_of(412, body);
    case ErrorKind::busy: {
      ServerAnswer busy = answer_of(429, body);
      busy.headers["Retry-After"] = std::to_string(error.after.value_or(seconds{1}).count());
      return busy;
    }
    default:
      return {200, "", {}, Manner::close};
  }
}

struct Target {
  std::string type, id, parent;
  std::size_t from = 0;
};

// "/objects/TYPE[/ID][?from=N&parent=P]"; the names of this cloud need no decoding.
Target target_of(const std::string& text) {
  Target target;
  const std::size_t question = text.find('?');
  const std::string path = text.substr(0, question);
  const std::size_t type = std::string("/objects/").size();
  const std::size_t slash = path.find('/', type);
  target.type = path.substr(type, slash - type);
  target.id = slash == std::string::npos ? "" : path.substr(slash + 1);
  const std::string query = question == std::string::npos ? "" : text.substr(question + 1);
  const auto value_of = [&](const std::string& name) {
    const std::size_t at = query.find(name + "=");
    return at == std::string::npos
               ? std::string()
               : query.substr(at + name.size() + 1, query.find('&', at) - at - name.size() - 1);
  };
  target.parent = value_of("parent");
  const std::string from = value_of("from");
  target.from = from.empty() ? 0 : std::stoul(from);
  return target;
}

ServerAnswer look(Cloud& cloud, const Target& target) {
  if (!target.id.empty()) {
    auto one = cloud.read(target.type, target.id);
    return one ? answer_of(200, on_the_wire(*one)) : refusal(one.error());
  }
  auto all = cloud.list(target.type, target.parent);
  if (!all) {
    return refusal(all.error());
  }
  List items;
  for (std::size_t i = target.from; i < all->size() && items.size() < page_size; ++i) {
    items.push_back(on_the_wire((*all)[i]));
  }
  Value body = Object{{"items", items}};
  if (target.from + page_size < all->size()) {
    body.set("/next", static_cast<std::int64_t>(target.from + page_size));
  }
  return answer_of(200, body);
}

ServerAnswer change(Cloud& cloud, const SeenRequest& seen, const Target& target) {
  CloudRequest request;
  request.verb = seen.method == "POST"    ? CloudVerb::create
                 : seen.method == "PATCH" ? CloudVerb::update
                                          : CloudVerb::remove;
  request.type = target.type;
  request.id = target.id;
  if (!seen.body.empty()) {
    auto parsed = parse_json(seen.body);
    const auto* body = std::get_if<Value>(&parsed);
    if (body == nullptr) {
      return answer_of(400, Object{{"message", "no JSON"}});
    }
    request.desired = off_the_wire(*body);
    request.parent = body->at("/parent").text();
    request.marker = body->at("/marker").text();
    request.op = body->at("/op").text();
    request.redeploy = body->at("/redeploy").truth();
    for (const Value& path : body->at("/changed").list()) {
      request.changed.push_back(path.text());
    }
  }
  auto done = cloud.send(request);
  if (!done) {
    return refusal(done.error());
  }
  Object issued;
  for (const auto& [path, secret] : done->issued) {
    issued.emplace(path, secret);
  }
  return answer_of(request.verb == CloudVerb::create ? 201 : 200,
                   Object{{"id", done->id}, {"issued", issued}});
}

}  // namespace

LoopbackServer::Handler serve_cloud(Cloud& cloud) {
  return [&cloud](const SeenRequest& seen) {
    const Target target = target_of(seen.target);
    return seen.method == "GET" ? look(cloud, target) : change(cloud, seen, target);
  };
}

ProviderSchema http_simulator_schema() {
  ProviderSchema schema = simulator_schema();
  schema.endpoints = {{.name = "api", .base_url = "{address}", .credential = {"/token"}}};
  schema.messages = {"/message"};
  return schema;
}

Reply<std::vector<Remote>> HttpSimulator::list(const Query& query, Reader& api) const {
  TRY(items, all_pages([&](const Value& from) -> Reply<Page> {
        Call call{Method::get, "/objects/{type}", {std::string(query.type)}};
        call.query = Object{{"parent", query.parent}, {"from", from}};
        TRY(page, api.get(call));
        return Page{page->body.at("/items").list(), page->body.at("/next")};
      }));
  std::vector<Remote> found;
  for (const Value& item : *items) {
    found.push_back(remote_of(item));
  }
  return found;
}

Reply<Remote> HttpSimulator::read(const Query& query, Reader& api) const {
  TRY(one,
      api.get(
          {Method::get, "/objects/{type}/{id}", {std::string(query.type), std::string(query.id)}}));
  return remote_of(one->body);
}

std::vector<Reply<Remote>> HttpSimulator::apply(const ApplyRequest& request, Writer& api) const {
  return each(request, api, [&](std::size_t index, const Change& one) {
    return change_one(index, one, std::string(request.parent), api);
  });
}

Reply<Remote> HttpSimulator::change_one(std::size_t index, const Change& change,
                                        const std::string& parent, Writer& api) const {
  if (change.action == Action::remove) {
    auto gone = api.send({Method::del, "/objects/{type}/{id}", {change.type, change.id}});
    if (!gone && gone.error().kind != ErrorKind::missing) {
      return gone.error();
    }
    return Remote{};
  }
  const TypeSchema* type = find_type(schema_, change.type);
  const bool birth = change.action == Action::create;
  Call call{birth ? Method::post : Method::patch,
            birth ? "/objects/{type}" : "/objects/{type}/{id}",
            {change.type}};
  if (!birth) {
    call.arguments.push_back(change.id);
  }
  call.repeatable = !birth || type->adoption.how == Adoption::key;
  List changed;
  for (const Path& path : change.changed) {
    changed.emplace_back(path);
  }
  call.body.value = on_the_wire(change.desired);
  call.body.value.set("/parent", type->parent.empty() ? "" : parent);
  call.body.value.set("/marker", change.marker);
  call.body.value.set("/op", change.op);
  call.body.value.set("/redeploy", change.redeploy);
  call.body.value.set("/changed", Value(std::move(changed)));
  TRY(done, api.send(call));
  const std::string id = done->body.at("/id").text();
  if (birth) {
    TRY(kept, api.record(index, Remote{id, {}, Status::pending}));
  }
  TRY(ready, until(api, seconds{1}, [&]() -> Reply<std::optional<Remote>> {
        TRY(seen, read({change.type, parent, id}, api));
        if (seen->status == Status::broken) {
          return Error{ErrorKind::broken, change.type + " `" + id + "` went bad"};
        }
        return seen->status == Status::pending ? std::optional<Remote>() : std::optional(*seen);
      }));
  for (const auto& [path, secret] : done->body.at("/issued").object()) {
    ready->attributes.set(path, Secret(secret.text()));
  }
  return ready;
}

}  // namespace infra::testing
