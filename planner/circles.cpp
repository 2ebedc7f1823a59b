#include "planner/circles.h"

#include <algorithm>
#include <vector>

namespace infra {
namespace {

// Strongly connected components by Tarjan's algorithm, on a stack of its own: chains are as long as
// the state is.
class CircleSearch {
 public:
  explicit CircleSearch(const State& state) {
    std::unordered_map<std::string_view, std::uint32_t> index;
    for (const auto& [address, record] : state.resources) {
      index.emplace(address, static_cast<std::uint32_t>(addresses_.size()));
      addresses_.push_back(&address);
    }
    uses_.resize(addresses_.size());
    for (const auto& [address, record] : state.resources) {
      for (const auto& dependency : record.dependencies) {
        if (const auto found = index.find(dependency); found != index.end()) {
          uses_[index.at(address)].push_back(found->second);
        }
      }
    }
    order_.assign(addresses_.size(), 0);
    lowest_.assign(addresses_.size(), 0);
    open_.assign(addresses_.size(), false);
  }

  std::unordered_map<std::string, std::uint32_t> run() {
    for (std::uint32_t node = 0; node < addresses_.size(); ++node) {
      if (order_[node] == 0) {
        visit(node);
      }
    }
    return std::move(circles_);
  }

 private:
  struct Frame {
    std::uint32_t node;
    std::size_t next = 0;
  };

  void enter(std::uint32_t node) {
    order_[node] = lowest_[node] = ++count_;
    open_[node] = true;
    waiting_.push_back(node);
    frames_.push_back({node, 0});
  }

  void visit(std::uint32_t root) {
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const std::uint32_t node = frame.node;
      if (frame.next < uses_[node].size()) {
        const std::uint32_t used = uses_[node][frame.next++];
        if (order_[used] == 0) {
          enter(used);
        } else if (open_[used]) {
          lowest_[node] = std::min(lowest_[node], order_[used]);
        }
        continue;
      }
      frames_.pop_back();
      if (!frames_.empty()) {
        auto& below = lowest_[frames_.back().node];
        below = std::min(below, lowest_[node]);
      }
      if (lowest_[node] == order_[node]) {
        close(node);
      }
    }
  }

  void close(std::uint32_t node) {
    const bool alone = waiting_.back() == node;
    circle_ += alone ? 0U : 1U;
    for (bool more = true; more;) {
      const std::uint32_t member = waiting_.back();
      waiting_.pop_back();
      open_[member] = false;
      if (!alone) {
        circles_.emplace(*addresses_[member], circle_);
      }
      more = member != node;
    }
  }

  std::vector<const std::string*> addresses_;
  std::vector<std::vector<std::uint32_t>> uses_;
  std::vector<std::uint32_t> order_, lowest_, waiting_;
  std::vector<bool> open_;
  std::vector<Frame> frames_;
  std::uint32_t count_ = 0, circle_ = 0;
  std::unordered_map<std::string, std::uint32_t> circles_;
};

}  // namespace

std::unordered_map<std::string, std::uint32_t> find_circles(const State& state) {
  return CircleSearch(state).run();
}

}  // namespace infra
