#include "providers/local/agent_folders.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/json.h"

namespace infra::local {
namespace {

std::string make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? fmt::format("cannot make the folder {}: {}", path, error.message()) : "";
}

// A name that is one step of a path.
bool plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos && name.size() <= 200;
}

void erase_folder(const std::string& path, std::error_code& error) {
  if (!path.empty()) {
    std::filesystem::remove_all(path, error);
  }
}

void answer_view(const Responder& responder, std::string_view kind, const std::string& id,
                 const Value& view) {
  if (view.is_null()) {
    refuse_missing(responder, kind, id);
  } else {
    responder.answer(200, view);
  }
}

}  // namespace

Value bucket_view(const std::string& id, const Value& record) {
  std::error_code error;
  const std::string folder = record.at("/folder").text();
  std::ifstream file(folder + ".rules.json", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto rules = parse_json(text);
  Value shown(Object{{"id", id},
                     {"name", record.at("/name")},
                     {"noted", record.at("/noted")},
                     {"folder", folder},
                     {"present", std::filesystem::is_directory(folder, error)}});
  if (auto* read = std::get_if<Value>(&rules); read != nullptr && read->as<Object>() != nullptr) {
    shown.set("/rules", std::move(*read));
  }
  return shown;
}

Value volume_view(const std::string& id, const Value& record) {
  std::error_code error;
  const std::string folder = record.at("/folder").text();
  return Object{{"id", id},
                {"name", record.at("/name")},
                {"noted", record.at("/noted")},
                {"folder", folder},
                {"present", std::filesystem::is_directory(folder, error)}};
}

Value Buckets::view(const std::string& id) const {
  const Value& record = shared_.registry.find(buckets_kind, id);
  return record.is_null() ? Value() : bucket_view(id, record);
}

void Buckets::list(const Responder& responder) {
  List items;
  for (const auto& [id, record] : shared_.registry.all(buckets_kind)) {
    items.push_back(bucket_view(id, record));
  }
  responder.answer(200, Object{{"items", std::move(items)}});
}

void Buckets::get(const std::string& id, const ServerRequest& /*request*/,
                  const Responder& responder) {
  answer_view(responder, buckets_kind, id, view(id));
}

void Buckets::put(const std::string& id, const ServerRequest& request, const Responder& responder) {
  const std::string name = request.body.at("/name").text();
  if (!plain_name(name)) {
    responder.refuse(422, fmt::format("`{}` cannot be the name of a folder", name),
                     "use letters, digits, - and _");
    return;
  }
  for (const auto& [other, record] : shared_.registry.all(buckets_kind)) {
    if (other != id && record.at("/name").text() == name) {
      responder.refuse(422, fmt::format("another bucket is called {} already", name));
      return;
    }
  }
  const std::string folder = shared_.data_folder + "/buckets/" + name;
  const Value record(
      Object{{"name", name}, {"noted", request.body.at("/noted")}, {"folder", folder}});
  std::string wrong = shared_.registry.put(buckets_kind, id, record);
  if (wrong.empty()) {
    wrong = make_folder(folder);
  }
  if (wrong.empty()) {
    wrong = write_file_atomically(folder + ".rules.json",
                                  to_json(request.body.at("/rules"), SecretText::refuse, 2) + "\n");
  }
  if (!wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  responder.answer(200, view(id));
}

void Buckets::remove(const std::string& id, const Responder& responder) {
  const Value record = shared_.registry.find(buckets_kind, id);
  if (record.is_null()) {
    refuse_missing(responder, buckets_kind, id);
    return;
  }
  std::error_code error;
  erase_folder(record.at("/folder").text(), error);
  std::error_code rules;
  std::filesystem::remove(record.at("/folder").text() + ".rules.json", rules);
  const std::string wrong =
      error ? fmt::format("cannot remove {}: {}", record.at("/folder").text(), error.message())
            : shared_.registry.erase(buckets_kind, id);
  if (!wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  responder.answer(200, Object{});
}

Value Volumes::view(const std::string& id) const {
  const Value& record = shared_.registry.find(volumes_kind, id);
  return record.is_null() ? Value() : volume_view(id, record);
}

std::string Volumes::folder_of(const std::string& id) const {
  return shared_.registry.find(volumes_kind, id).at("/folder").text();
}

void Volumes::list(const Responder& responder) {
  List items;
  for (const auto& [id, record] : shared_.registry.all(volumes_kind)) {
    items.push_back(volume_view(id, record));
  }
  responder.answer(200, Object{{"items", std::move(items)}});
}

void Volumes::get(const std::string& id, const ServerRequest& /*request*/,
                  const Responder& responder) {
  answer_view(responder, volumes_kind, id, view(id));
}

void Volumes::put(const std::string& id, const ServerRequest& request, const Responder& responder) {
  if (!plain_name(id)) {
    responder.refuse(422, fmt::format("`{}` cannot be an id", id));
    return;
  }
  const std::string folder = shared_.data_folder + "/volumes/" + id;
  const Value record(Object{{"name", request.body.at("/name")},
                            {"noted", request.body.at("/noted")},
                            {"folder", folder}});
  std::string wrong = shared_.registry.put(volumes_kind, id, record);
  if (wrong.empty()) {
    wrong = make_folder(folder);
  }
  if (!wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  responder.answer(200, view(id));
}

void Volumes::remove(const std::string& id, const Responder& responder) {
  const std::string folder = folder_of(id);
  if (folder.empty()) {
    refuse_missing(responder, volumes_kind, id);
    return;
  }
  std::error_code error;
  erase_folder(folder, error);
  const std::string wrong = error ? fmt::format("cannot remove {}: {}", folder, error.message())
                                  : shared_.registry.erase(volumes_kind, id);
  if (!wrong.empty()) {
    responder.refuse(500, wrong);
    return;
  }
  responder.answer(200, Object{});
}

}  // namespace infra::local
