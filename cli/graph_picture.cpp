#include "cli/graph_picture.h"

#include <dlfcn.h>

#include <cstddef>

#include "planner/engine.h"

namespace infra {
namespace {

constexpr const char* how_to_install =
    "apt-get install libgvc6, or `--format dot` and any other tool that draws it";

// A library that stays loaded until the program ends: Graphviz keeps plug-ins of its own open.
class Library {
 public:
  explicit Library(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (handle_ == nullptr) {
        handle_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
      }
    }
    if (handle_ == nullptr) {
      throw CommandError(1, "a picture needs Graphviz's library, which is not installed",
                         how_to_install);
    }
  }

  template <class Function>
  Function* function(const char* name) const {
    void* found = ::dlsym(handle_, name);
    if (found == nullptr) {
      throw CommandError(1, std::string("the installed Graphviz library has no ") + name,
                         how_to_install);
    }
    return reinterpret_cast<Function*>(found);
  }

 private:
  void* handle_ = nullptr;
};

}  // namespace

std::string svg_of_dot(const std::string& dot) {
  const Library graphs{"libcgraph.so.6", "libcgraph.so"};
  const Library drawing{"libgvc.so.6", "libgvc.so"};
  const auto read = graphs.function<void*(const char*)>("agmemread");
  const auto close = graphs.function<int(void*)>("agclose");
  const auto open_context = drawing.function<void*()>("gvContext");
  const auto close_context = drawing.function<int(void*)>("gvFreeContext");
  const auto layout = drawing.function<int(void*, void*, const char*)>("gvLayout");
  const auto free_layout = drawing.function<int(void*, void*)>("gvFreeLayout");
  const auto draw =
      drawing.function<int(void*, void*, const char*, char**, unsigned*)>("gvRenderData");
  const auto free_data = drawing.function<void(char*)>("gvFreeRenderData");

  void* context = open_context();
  void* graph = context == nullptr ? nullptr : read(dot.c_str());
  if (graph == nullptr) {
    throw CommandError(1, "Graphviz could not read the graph", how_to_install);
  }
  std::string svg;
  char* data = nullptr;
  unsigned length = 0;
  if (layout(context, graph, "dot") == 0) {
    if (draw(context, graph, "svg", &data, &length) == 0 && data != nullptr) {
      svg.assign(data, length);
      free_data(data);
    }
    free_layout(context, graph);
  }
  close(graph);
  close_context(context);
  if (svg.empty()) {
    throw CommandError(1, "Graphviz could not draw the graph", how_to_install);
  }
  return svg;
}

}  // namespace infra
