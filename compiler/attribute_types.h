// compiler/attribute_types.h — the types of all attributes of one kind on one platform as a tree,
// and values brought to them.
//
// Values come out of evaluation as they were computed; here an int becomes a float where one is
// wanted, null entries are left out, texts with a meaning (url, cron, enumeration) are looked at,
// files are read, and what came as `any` is held to the type it is used for.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/kinds.h"
#include "base/schema.h"
#include "compiler/readings.h"

namespace infra {

class AttributeTypes {
 public:
  struct Node {
    const Type* type = nullptr;  // none: a record, or nothing is said of it
    bool files = false;
    bool environment = false;  // numbers and bools become text
    std::map<std::string, Node, std::less<>> children;
    std::unique_ptr<Node> any_child;  // of `/volume/*`
    [[nodiscard]] const Node* child(std::string_view step) const;
  };

  AttributeTypes() = default;
  AttributeTypes(const Kind* kind, const TypeSchema* schema);
  explicit AttributeTypes(const std::vector<Attribute>& settings);

  [[nodiscard]] const Node& root() const { return root_; }

 private:
  Node& at(std::string_view path);
  Node root_;
};

// Told what is wrong with a value: at which attribute, which code, why.
using TypeComplaint =
    std::function<void(const Path& path, std::string_view code, std::string message)>;

// The value in the type of the node; null where it cannot be (and a complaint was made).
[[nodiscard]] Value conform(Value value, const AttributeTypes::Node* node, const Path& path,
                            Readings& readings, const TypeComplaint& complain);

// The same for a type alone.
[[nodiscard]] Value conform(Value value, const Type& type, const Path& path,
                            const TypeComplaint& complain);

// Why a text is no url (nothing: it is one).
[[nodiscard]] std::string url_mistake(std::string_view text);

}  // namespace infra
