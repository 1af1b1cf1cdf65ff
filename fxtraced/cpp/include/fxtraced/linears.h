// Linear calls as 1x1 convolutions, where those are faster: oneDNN has kernels of its own for each, and without AVX-512 its
// product takes up to a fourth longer.

#pragma once

#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph_compiler.h"

namespace fxtraced::detail {

using Sizes = std::vector<std::int64_t>;

// A linear call with a weight of the module. addition: of a tensor, where it alone reads the call. activation: where there
// is no such addition, the one that alone reads it.
struct LinearSite {
  torch::jit::Node* node = nullptr;
  at::Tensor weight;
  torch::jit::Node* addition = nullptr;
  torch::jit::Node* activation = nullptr;

  torch::jit::Value* x() const { return node->input(0); }
  // What is added; the call's input where nothing is.
  torch::jit::Value* other() const {
    return addition == nullptr ? x() : addition->input(addition->input(0) == node->output() ? 1 : 0);
  }
  torch::jit::Node* last() const { return addition ? addition : activation ? activation : node; }
};

inline std::optional<LinearSite> linear_site(torch::jit::Node* node) {
  static const std::set<std::string> activations = {"relu", "gelu", "silu", "hardswish", "sigmoid", "tanh", "leaky_relu"};
  if (node->kind() != c10::aten::linear) {
    return std::nullopt;
  }
  const auto weight = torch::jit::toIValue(node->input(1));
  if (!weight || !weight->isTensor() || !torch::jit::toIValue(node->input(2))) {
    return std::nullopt;
  }
  LinearSite site;
  site.node = node;
  site.weight = weight->toTensor();
  if (site.weight.scalar_type() != at::kFloat || site.weight.dim() != 2) {
    return std::nullopt;
  }
  const auto& uses = node->output()->uses();
  auto* user = uses.size() == 1 ? uses[0].user : nullptr;
  if (user && user->kind() == c10::aten::add && user->inputs().size() == 3) {
    const auto alpha = torch::jit::toIValue(user->input(2));
    auto* other = user->input(uses[0].offset == 0 ? 1 : 0);
    if (alpha && alpha->toScalar().equal(1) && other->type()->kind() == c10::TypeKind::TensorType) {
      site.addition = user;
    }
  } else if (user && user->kind().is_aten() && activations.count(user->kind().toUnqualString()) != 0) {
    site.activation = user;
  }
  return site;
}

// The sizes of these values of a graph in a call with these inputs.
inline std::vector<Sizes> sizes_of(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values, std::vector<c10::IValue> stack) {
  const auto copy = graph.copy();
  std::map<const torch::jit::Value*, torch::jit::Value*> copies;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    copies[graph.inputs()[i]] = copy->inputs()[i];
  }
  auto copied = copy->nodes().begin();
  for (auto* node : graph.nodes()) {
    for (std::size_t i = 0; i < node->outputs().size(); ++i) {
      copies[node->output(i)] = copied->output(i);
    }
    ++copied;
  }
  while (!copy->outputs().empty()) {
    copy->eraseOutput(0);
  }
  std::vector<torch::jit::Value*> wanted;
  for (const auto* value : values) {
    auto* found = copies.at(value);
    // The size and not the tensor: all of them would be held at once.
    auto* size = copy->create(c10::aten::size, {found});
    size->output()->setType(c10::ListType::ofInts());
    if (found->node()->kind() == c10::prim::Param) {
      copy->prependNode(size);
    } else {
      size->insertAfter(found->node());
    }
    wanted.push_back(size->output());
  }
  copy->registerOutput(copy->insertNode(copy->createTuple(wanted))->output());
  torch::jit::CompilationUnit unit;
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  const auto results = (*unit.create_function("sizes", copy))(std::move(stack));
  std::vector<Sizes> found;
  for (const auto& value : results.toTupleRef().elements()) {
    found.push_back(value.toIntVector());
  }
  return found;
}

// Rows [..., channels] as the places of an image [1, channels, rows, 1], whose channels are last in memory.
inline torch::jit::Value* rows_as_image(torch::jit::Graph& graph, torch::jit::Value* x) {
  auto* rows = graph.insert(c10::aten::flatten, {x, 0, -2});
  auto* image = graph.insert(c10::aten::unsqueeze, {graph.insert(c10::aten::unsqueeze, {rows, 1}), 0});
  return graph.insert(c10::aten::permute, {image, Sizes{0, 3, 1, 2}});
}

// Puts a convolution, and what is made with it, in the place of a linear call whose result has this size.
inline void convolve(torch::jit::Graph& graph, const LinearSite& site, const Sizes& size) {
  auto *node = site.node, *last = site.last();
  torch::jit::Value* value = nullptr;
  {
    const torch::jit::WithInsertPoint here(last);
    const auto kernel = site.weight.reshape({site.weight.size(0), site.weight.size(1), 1, 1});
    const Sizes ones = {1, 1}, none = {0, 0};
    value = graph.insert(c10::aten::conv2d, {rows_as_image(graph, site.x()), kernel, node->input(2), ones, none, ones, 1});
    if (site.addition) {
      auto* other = site.other();
      last->replaceInputWith(other, rows_as_image(graph, other));
    }
  }
  if (last != node) {
    last->replaceInputWith(node->output(), value);
    value = last->output();
  }
  const torch::jit::WithInsertPoint after(last->next());
  auto* rows = graph.insert(c10::aten::reshape, {graph.insert(c10::aten::permute, {value, Sizes{0, 2, 3, 1}}), size});
  last->output()->replaceAllUsesAfterNodeWith(rows->node(), rows);
  node->destroy();
}

// Measures, once for each choice of sizes and number of threads, what the compiler makes of a linear call and of the
// convolution.
class Convolving {
 public:
  static bool is_faster(std::int64_t rows, const at::Tensor& whole) {
    const auto most = std::max(kFewest, kEnough / (rows * whole.size(1)));
    const auto weight = whole.narrow(0, 0, std::min(whole.size(0), most));
    static std::mutex one_at_a_time;
    static std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t, int>, bool> found;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    const auto key = std::make_tuple(rows, weight.size(0), weight.size(1), at::get_num_threads());
    const auto known = found.find(key);
    if (known != found.end()) {
      return known->second;
    }
    const auto x = at::full({rows, weight.size(1)}, 0.5, at::kFloat);
    std::array<Call, 2> calls = {Call(weight, x, false), Call(weight, x, true)};
    std::array<double, 2> best = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < calls.size(); ++i) {
        best[i] = std::min(best[i], calls[i].seconds(x));
      }
    }
    return found[key] = calls[1].is_compiled() && best[1] * kGain < best[0];
  }

 private:
  static constexpr int kRounds = 15;
  // What is measured has no more multiplications, or so many outputs: more would say nothing new, and take longer.
  static constexpr std::int64_t kEnough = std::int64_t{1} << 26, kFewest = 256;
  // How many times faster it must be.
  static constexpr double kGain = 1.03;

  // A graph of one linear call, compiled.
  class Call {
   public:
    Call(const at::Tensor& weight, const at::Tensor& x, bool convolved) {
      const auto graph = std::make_shared<torch::jit::Graph>();
      auto* y = graph->insert(c10::aten::linear, {graph->addInput("x"), weight});
      graph->registerOutput(y);
      if (convolved) {
        convolve(*graph, linear_site(y->node()).value(), {x.size(0), weight.size(0)});
      }
      function_ = unit_.create_function("call", graph);
      made_ = GraphCompiler::during([&] {
        seconds(x);
        seconds(x);
      });
    }

    bool is_compiled() const { return made_ != 0; }

    double seconds(const at::Tensor& x) const {
      const torch::jit::GraphOptimizerEnabledGuard optimising(true);
      const auto start = std::chrono::steady_clock::now();
      (*function_)({x});
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

   private:
    torch::jit::CompilationUnit unit_;
    torch::jit::Function* function_ = nullptr;
    std::size_t made_ = 0;
  };
};

// Replaces linear calls by 1x1 convolutions where those are faster, for calls with inputs like these; returns how many.
// is_faster: asked with the rows and the weight of a call that is large enough.
inline std::size_t convolve_linears(
    torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs,
    const std::function<bool(std::int64_t, const at::Tensor&)>& is_faster = Convolving::is_faster) {
  // Multiplications from which it can pay.
  constexpr std::int64_t worthwhile = std::int64_t{1} << 20;
  std::vector<LinearSite> sites;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    if (const auto site = linear_site(node)) {
      sites.push_back(*site);
      asked.push_back(site->x());
      asked.push_back(site->other());
    }
  }
  if (sites.empty()) {
    return 0;
  }
  const auto sizes = sizes_of(graph, asked, inputs);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    Sizes size = sizes[2 * i];
    if (size.size() < 2) {
      continue;
    }
    // Looked at anew: the one before may have taken an addition that both could.
    auto site = linear_site(sites[i].node).value();
    const auto rows = c10::multiply_integers(size.begin(), size.end() - 1);
    if (rows * site.weight.numel() < worthwhile || !is_faster(rows, site.weight)) {
      continue;
    }
    size.back() = site.weight.size(0);
    if (site.addition && sizes[2 * i + 1] != size) {
      site.addition = nullptr;
    }
    convolve(graph, site, size);
    ++changed;
  }
  return changed;
}

}  // namespace fxtraced::detail
