// oneDNN's graph compiler, which libtorch carries: who asks for it, and what must not come to it.

#pragma once

#include <ATen/Context.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/pass_manager.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "graphs.h"

// Weak, as a libtorch may be built without it: its address is null then.
#if defined(__linux__) && defined(__x86_64__)
namespace torch::jit::fuser::onednn {
__attribute__((weak)) void fuseGraph(std::shared_ptr<Graph>& graph);
}
#endif

namespace fxtraced::detail {

// Hands a graph to oneDNN's graph compiler, on a thread that asked for it, just before TorchScript's executor compiles it.
class GraphCompiler {
 public:
  static bool is_there() {
#if defined(__linux__) && defined(__x86_64__)
    return torch::jit::fuser::onednn::fuseGraph != nullptr && at::globalContext().userEnabledMkldnn() &&
           torch::jit::getExecutorMode() && torch::jit::getProfilingMode();
#else
    return false;
#endif
  }

  // Calls with the compiler at work; returns how many partitions it made.
  static std::size_t during(const std::function<void()>& calls) {
    struct Switch {
      Switch() { asked_ = true; }
      ~Switch() { asked_ = false; }
    };
    made_ = 0;
    const Switch on;
    calls();
    return made_;
  }

 private:
  // A pass of the whole process that leaves every other graph alone.
  struct Registered {
    Registered() : id(torch::jit::registerPrePass(&GraphCompiler::compile)) {}
    ~Registered() { torch::jit::clearPrePass(id); }
    torch::jit::GraphPassNameType id;
  };

  static void compile(std::shared_ptr<torch::jit::Graph>& graph) {
#if defined(__linux__) && defined(__x86_64__)
    if (asked_) {
      torch::jit::fuser::onednn::fuseGraph(graph);
      static const auto kGuard = c10::Symbol::fromQualString("prim::oneDNNFusionGuard");
      for (const auto* node : graph->nodes()) {
        made_ += node->kind() == kGuard;
      }
    }
#else
    (void)graph;
#endif
  }

  static inline thread_local bool asked_ = false;
  static inline thread_local std::size_t made_ = 0;
  static inline const Registered registered_;
};

inline bool is_product(const torch::jit::Node& node) {
  static const std::set<std::string> names = {
      "_convolution", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
      "linear", "matmul", "bmm", "mm", "addmm", "baddbmm"};
  return names.count(node.kind().toUnqualString()) != 0;
}

// True for a list or tuple of tensors, too.
inline bool holds_tensors(const torch::jit::Value& value) {
  return value.type()->str().find("Tensor") != std::string::npos;
}

// True when two of the calls that follow, up to the next products, read the same value and meet.
inline bool meet_again(const torch::jit::Node& product) {
  std::set<const torch::jit::Node*> seen;
  std::vector<const torch::jit::Node*> pending = {&product};
  while (!pending.empty()) {
    const auto* node = pending.back();
    pending.pop_back();
    for (const auto* output : node->outputs()) {
      if (!holds_tensors(*output)) {
        continue;
      }
      for (const auto& use : output->uses()) {
        if (use.user->kind() == c10::prim::Return || is_product(*use.user)) {
          continue;
        }
        if (!seen.insert(use.user).second) {
          return true;
        }
        pending.push_back(use.user);
      }
    }
  }
  return false;
}

// True for a guard, or a check of the feeds: a branch that gives nothing, and in which there is an error.
inline bool is_assertion(const torch::jit::Node& node) {
  std::size_t errors = 0, others = 0;
  if (node.kind() == c10::prim::If && node.outputs().empty()) {
    for (const auto* block : node.blocks()) {
      for (const auto* inner : block->nodes()) {
        ++(inner->kind() == c10::prim::RaiseException ? errors : others);
      }
    }
  }
  return errors > 0 && others == 0;
}

// Drops the guards and the checks of the feeds, and what only they needed, of a graph that is called for the sizes alone
// with which they held: the compiler looks at the whole graph once for each of them.
inline void drop_assertions(const std::shared_ptr<torch::jit::Graph>& graph) {
  const std::vector<torch::jit::Node*> nodes(graph->nodes().begin(), graph->nodes().end());
  for (auto* node : nodes) {
    if (is_assertion(*node)) {
      node->destroy();
    }
  }
  torch::jit::EliminateDeadCode(graph);
}

// Ends a partition after a node.
inline void part_after(torch::jit::Graph& graph, torch::jit::Node& node) {
  // An operation that the compiler does not know, and that copies nothing.
  auto* alias = graph.create(c10::aten::alias, {node.output()});
  alias->output()->setType(node.output()->type());
  alias->insertAfter(&node);
  node.output()->replaceAllUsesAfterNodeWith(alias, alias->output());
}

// Keeps what follows a product in two ways that meet again out of its partition: the compiler would never end on some of
// them, as on norm(y) + y, and takes all memory meanwhile.
inline void part_ways_that_meet(torch::jit::Graph& graph) {
  const std::vector<torch::jit::Node*> nodes(graph.nodes().begin(), graph.nodes().end());
  for (auto* node : nodes) {
    if (is_product(*node) && meet_again(*node)) {
      part_after(graph, *node);
    }
  }
}

// True when one of the calls that follow, up to the next products, adds a tensor.
inline bool is_added(const torch::jit::Node& product) {
  std::set<const torch::jit::Node*> seen;
  std::vector<const torch::jit::Node*> pending = {&product};
  while (!pending.empty()) {
    const auto* node = pending.back();
    pending.pop_back();
    for (const auto& use : node->output()->uses()) {
      const auto* user = use.user;
      if (user->kind() == c10::prim::Return || is_product(*user) || user->outputs().size() != 1) {
        continue;
      }
      if ((user->kind() == c10::aten::add || user->kind() == c10::aten::add_) && holds_tensors(*user->input(0)) && holds_tensors(*user->input(1))) {
        return true;
      }
      if (holds_tensors(*user->output()) && seen.insert(user).second) {
        pending.push_back(user);
      }
    }
  }
  return false;
}

// Keeps what is added to a product of one row with many inputs out of its partition, for calls like the example: from
// 1,025 of them on, oneDNN's kernel for it writes past the end of memory of its own.
inline void part_sums_of_one_row(ExampleCall& example) {
  auto& graph = example.graph();
  constexpr std::int64_t kMost = 512;
  std::vector<torch::jit::Node*> found;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    const bool adds = node->kind() == c10::aten::addmm;
    const bool is_of_rows = node->kind() == c10::aten::linear || node->kind() == c10::aten::matmul || node->kind() == c10::aten::mm;
    if (adds || (is_of_rows && is_added(*node))) {
      found.push_back(node);
      asked.insert(asked.end(), {node->output(), node->input(adds ? 1 : 0)});
    }
  }
  const auto sizes = found.empty() ? std::vector<Sizes>() : example.sizes_of(asked);
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto* node = found[i];
    const auto& result = sizes[2 * i];
    const auto count = std::accumulate(result.begin(), result.end() - (result.empty() ? 0 : 1), std::int64_t{1}, std::multiplies<>());
    if (count != 1 || sizes[2 * i + 1].back() <= kMost) {
      continue;
    }
    if (node->kind() == c10::aten::addmm) {
      const torch::jit::WithInsertPoint here(node);
      auto* product = graph.insert(c10::aten::mm, {node->input(1), node->input(2)});
      auto* scaled = graph.insert(c10::aten::mul, {node->input(0), node->input(3)});
      node->output()->replaceAllUsesWith(graph.insert(c10::aten::add, {scaled, product}, {torch::jit::NamedValue("alpha", node->input(4))}));
      node->destroy();
      node = product->node();
    }
    part_after(graph, *node);
  }
}

}  // namespace fxtraced::detail
