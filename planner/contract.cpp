#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/kinds.h"
#include "base/text.h"
#include "planner/change_text.h"
#include "planner/render.h"

namespace infra {
namespace {

// A token is "c1k." (keyed) or "c1p." (plain) and 16 characters per action: 96 bits of its hash in
// base64url. Actions are sorted, so that the token of a set of actions is always the same.
constexpr std::string_view keyed_head = "c1k.";
constexpr std::string_view plain_head = "c1p.";
constexpr std::size_t hash_characters = 16;

std::string base64url_of_hex(std::string_view hex) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto digit = [](char c) {
    return static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string out;
  for (std::size_t i = 0; i + 6 <= hex.size() && out.size() < hash_characters; i += 6) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 6; ++j) {
      bits = bits << 4U | digit(hex[i + j]);
    }
    for (const std::uint32_t shift : {18U, 12U, 6U, 0U}) {
      out += alphabet[bits >> shift & 63U];
    }
  }
  return out;
}

// Secrets become what may be compared but not read: a keyed fingerprint, or without a key the bare
// fact that there is one.
Value fingerprinted(const Value& value, const SealingKey* key) {
  if (value.as<Secret>() != nullptr) {
    return Object{{"secret", key == nullptr ? std::string() : key->compare(value, "contract")}};
  }
  if (const auto* list = value.as<List>()) {
    List out;
    for (const Value& item : *list) {
      out.push_back(fingerprinted(item, key));
    }
    return out;
  }
  if (const auto* object = value.as<Object>()) {
    Object out;
    for (const auto& [name, item] : *object) {
      out.emplace(name, fingerprinted(item, key));
    }
    return out;
  }
  return value;
}

std::string action_text(const PlannedChange& change, const SealingKey* key) {
  List leaves;
  for (const LeafChange& leaf : shown_leaves(change)) {
    const bool hidden = leaf.sensitive && key == nullptr;
    leaves.push_back(List{leaf.path, hidden ? Value{} : fingerprinted(leaf.after, key)});
  }
  const Object action{{"address", change.address},
                      {"previous", change.previous_address},
                      {"type", change.type},
                      {"operation", operation_text(change.operation)},
                      {"create_first", change.create_first},
                      {"effect", effect_text(change.effect)},
                      {"import", change.import_id},
                      {"deposed", change.deposed.empty() ? "" : change.id},
                      {"live", change.live},
                      {"redeploy", change.redeploy},
                      {"leaves", std::move(leaves)}};
  return to_tagged_json(action);
}

std::string action_hash(const PlannedChange& change, const SealingKey* key) {
  const std::string text = action_text(change, key);
  return base64url_of_hex(key == nullptr ? sha256_hex("infra contract\n" + text)
                                         : key->plan_mac("contract\n" + text));
}

std::string action_words(const PlannedChange& change) {
  std::string text = fmt::format("{} {}", operation_text(change.operation), change.address);
  std::vector<std::string> paths;
  if (change.operation == Operation::update || change.operation == Operation::replace) {
    for (const LeafChange& leaf : change.leaves) {
      paths.push_back(path_text(leaf.path));
    }
  }
  return paths.empty() ? text : text + " (" + join(paths, ", ") + ")";
}

}  // namespace

std::string contract_token(const Plan& plan, const SealingKey* key) {
  std::set<std::string> hashes;
  for (const PlannedChange& change : plan.changes) {
    if (is_shown(change)) {
      hashes.insert(action_hash(change, key));
    }
  }
  std::string token(key == nullptr ? plain_head : keyed_head);
  for (const std::string& hash : hashes) {
    token += hash;
  }
  return token;
}

std::vector<std::string> contract_violations(const Plan& plan, std::string_view token,
                                             const SealingKey* key) {
  const bool keyed = token.starts_with(keyed_head);
  const std::string_view body = token.substr(std::min(keyed_head.size(), token.size()));
  if ((!keyed && !token.starts_with(plain_head)) || body.size() % hash_characters != 0) {
    return {"the contract is no token that `infra plan` prints: it begins with `c1`"};
  }
  if (keyed && key == nullptr) {
    return {"the contract was made with a key that is not at hand here (INFRA_KEY)"};
  }
  std::set<std::string, std::less<>> allowed;
  for (std::size_t i = 0; i < body.size(); i += hash_characters) {
    allowed.emplace(body.substr(i, hash_characters));
  }
  std::vector<std::string> violations;
  for (const PlannedChange& change : plan.changes) {
    if (is_shown(change) && !allowed.contains(action_hash(change, keyed ? key : nullptr))) {
      violations.push_back(action_words(change));
    }
  }
  return violations;
}

}  // namespace infra
