// compiler/kind_types.h — what may stand in the bodies of resources and providers, as record types
// made from the portable kinds and the drivers' schemas. Each is made once and kept.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/kinds.h"
#include "base/schema.h"
#include "compiler/types.h"

namespace infra {

class KindTypes {
 public:
  explicit KindTypes(TypeTable& table) : table_(table) {}

  // The portable attributes of a kind; an attribute that may be left out has a type with `?`.
  TypeId attributes(std::string_view kind);
  // The type of an attribute as others read it ("port"), or nullptr.
  TypeId read_attribute(std::string_view kind, std::string_view name);
  // An output of a kind ("url"), or nullptr.
  TypeId output(std::string_view kind, std::string_view name);
  // What stands in the overlay of a driver in a resource of a kind: its own attributes and all
  // portable ones, none required.
  TypeId overlay(const ProviderSchema& provider, std::string_view kind);
  // The body of `resource P.T`.
  TypeId resource(const TypeSchema& type);
  // What a resource of this type gives out under this name, computed or written; or nullptr.
  TypeId resource_output(const TypeSchema& type, std::string_view name);
  // The body of a provider block.
  TypeId settings(const ProviderSchema& provider);
  // What `x.DRIVER.NAME` gives for a resource of the kind, or nullptr; with the names there are.
  TypeId driver_output(const ProviderSchema& provider, std::string_view kind,
                       std::string_view name);
  std::vector<std::string> driver_outputs(const ProviderSchema& provider, std::string_view kind);
  // Names for suggestions.
  std::vector<std::string> outputs(std::string_view kind);

  TypeId convert(const Type& type, bool secret);

 private:
  struct PathType {
    std::string_view path;
    TypeId type;
    bool required;
  };
  TypeId portable(std::string_view kind, std::string_view path, bool secret);
  TypeId attribute(const Attribute& attribute, std::string_view kind);
  TypeId readable(TypeId type);
  TypeId record(const std::vector<PathType>& paths);

  TypeTable& table_;
  std::map<std::string, TypeId, std::less<>> attributes_;
  std::map<std::pair<std::string, std::string>, TypeId, std::less<>> outputs_, read_;
  std::map<std::pair<const void*, std::string>, TypeId> overlays_;
  std::map<const void*, TypeId> records_;
};

}  // namespace infra
