// Linear calls as 1x1 convolutions, as products of MKL and by a kernel, where those are faster. oneDNN has kernels of its own
// for convolutions, and without AVX-512 its product takes up to a fourth longer; MKL's product with a weight that is laid
// out takes a tenth less than oneDNN's on Intel's CPUs; the kernel takes half the time for few rows.

#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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
#include "graphs.h"
#include "kernels.h"
#include "linear.h"
#include "measuring.h"

namespace fxtraced::detail {

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
    const auto given = user->inputs().slice(1);
    if (std::all_of(given.begin(), given.end(), [](auto* x) { return torch::jit::toIValue(x).has_value(); })) {
      site.activation = user;
    }
  }
  return site;
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

// MKL's product of rows with a weight in its own layout, as torch has it. It looks at no sizes but the number of rows.
class MklProduct {
 public:
  static bool is_there() { return at::hasMKL() && laying_out().is_there(); }

  // Puts such a product, for so many rows, in the place of a linear call.
  static void put(torch::jit::Graph& graph, const LinearSite& site, std::int64_t rows) {
    const torch::jit::WithInsertPoint here(site.node);
    auto* packed = insert_opaque(graph, laying_out()({site.weight.contiguous(), rows}).toTensor());
    const auto name = c10::Symbol::fromQualString("mkl::_mkl_linear");
    auto* value = graph.insert(name, {site.x(), packed, site.node->input(1), site.node->input(2), rows});
    site.node->output()->replaceAllUsesWith(value);
    site.node->destroy();
  }

 private:
  static const LayingOut& laying_out() {
    static const LayingOut found("mkl::_mkl_reorder_linear_weight");
    return found;
  }
};

// Puts a call of the kernel in the place of a linear call and what follows it, if the kernel has that.
inline void put_linear(torch::jit::Graph& graph, const LinearSite& site) {
  const auto all = kernels();
  auto* last = site.last();
  const auto activation = site.activation ? activation_of(*site.activation) : std::nullopt;
  if (site.activation && !activation) {
    last = site.node;
  }
  Activation none;
  none.kind = Activation::kNone;
  const torch::jit::WithInsertPoint here(last);
  const auto bias = torch::jit::toIValue(site.node->input(2)).value();
  std::vector<torch::jit::Value*> inputs = {site.x(), graph.insertConstant(in_blocks(site.weight, 1, all.front().width))};
  inputs.push_back(graph.insertConstant(bias.isTensor() ? bias.toTensor().contiguous() : at::zeros(site.weight.size(0))));
  inputs.push_back(site.addition ? site.other() : graph.insertConstant(c10::IValue()));
  inputs.push_back(graph.insertConstant(numbers_of(activation.value_or(none))));
  auto* call = graph.insertNode(graph.create(c10::Symbol::fromQualString("fxtraced::linear"), inputs));
  last->output()->replaceAllUsesWith(call->output());
  if (last != site.node) {
    last->destroy();
  }
  site.node->destroy();
}

// What computes a linear call: oneDNN's product or convolution, each in a partition with what follows, MKL's product, or the
// kernel.
enum class LinearWay { kProduct, kConvolution, kMkl, kKernel };

inline void put(torch::jit::Graph& graph, const LinearSite& site, const Sizes& size, LinearWay way) {
  if (way == LinearWay::kConvolution) {
    convolve(graph, site, size);
  } else if (way == LinearWay::kMkl) {
    MklProduct::put(graph, site, c10::multiply_integers(size.begin(), size.end() - 1));
  } else if (way == LinearWay::kKernel) {
    put_linear(graph, site);
  }
}

// Measures which way is the fastest with what follows, once for each choice of sizes and number of threads.
class FastestLinear {
 public:
  static LinearWay of(std::int64_t rows, const LinearSite& site) {
    const auto most = std::max(kFewest, kEnough / (rows * site.weight.size(1)) / kFewest * kFewest);
    const auto weight = site.weight.narrow(0, 0, std::min(site.weight.size(0), most));
    static std::mutex one_at_a_time;
    static std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::string, int>, LinearWay> found;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    const std::string after = site.last() == site.node ? "" : site.last()->kind().toQualString();
    const auto key = std::make_tuple(rows, weight.size(0), weight.size(1), after, at::get_num_threads());
    const auto known = found.find(key);
    return known != found.end() ? known->second : found[key] = measure(rows, weight, site);
  }

 private:
  // What is measured has no more multiplications, or a few times so many outputs: more would say nothing new.
  static constexpr std::int64_t kEnough = std::int64_t{1} << 29, kFewest = 512;
  // How many times faster oneDNN must be than the first, or the kernel.
  static constexpr double kGain = 1.03;

  // A graph of one linear call and what follows, compiled.
  class Call {
   public:
    Call(LinearWay way, std::int64_t rows, const at::Tensor& weight, const LinearSite& site) : way(way) {
      const auto graph = std::make_shared<torch::jit::Graph>();
      inputs_.emplace_back(at::full({rows, weight.size(1)}, 0.5, at::kFloat));
      auto* y = graph->insert(c10::aten::linear, {graph->addInput("x"), weight});
      auto* last = y;
      if (site.addition) {
        inputs_.emplace_back(at::full({rows, weight.size(0)}, 0.5, at::kFloat));
        last = graph->insert(c10::aten::add, {y, graph->addInput("other")});
      } else if (site.activation) {
        auto* clone = graph->createClone(site.activation, [&](torch::jit::Value* value) {
          return value == site.node->output() ? y : graph->insertConstant(torch::jit::toIValue(value).value());
        });
        last = graph->insertNode(clone)->output();
      }
      graph->registerOutput(last);
      put(*graph, linear_site(y->node()).value(), {rows, weight.size(0)}, way);
      ExampleCall example(*graph, inputs_);
      part_sums_of_one_row(example);
      function_ = unit_.create_function("call", graph);
      made_ = GraphCompiler::during([&] {
        run();
        run();
      });
    }

    bool is_made() const { return made_ != 0 || way == LinearWay::kMkl || way == LinearWay::kKernel; }

    double run() const {
      const torch::jit::GraphOptimizerEnabledGuard optimising(true);
      const auto start = std::chrono::steady_clock::now();
      (*function_)(inputs_);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    LinearWay way;

   private:
    torch::jit::CompilationUnit unit_;
    torch::jit::Function* function_ = nullptr;
    std::vector<c10::IValue> inputs_;
    std::size_t made_ = 0;
  };

  static LinearWay measure(std::int64_t rows, const at::Tensor& weight, const LinearSite& site) {
    std::vector<std::unique_ptr<Call>> calls;
    for (const auto way : {LinearWay::kMkl, LinearWay::kKernel, LinearWay::kProduct, LinearWay::kConvolution}) {
      if ((way == LinearWay::kMkl && !MklProduct::is_there()) || (way == LinearWay::kKernel && fast_kernels().empty())) {
        continue;
      }
      auto call = std::make_unique<Call>(way, rows, weight, site);
      if (call->is_made()) {
        calls.push_back(std::move(call));
      }
    }
    if (calls.empty()) {
      return LinearWay::kProduct;
    }
    std::vector<double> factors;
    for (const auto& call : calls) {
      factors.push_back(call == calls.front() || call->way == LinearWay::kKernel ? 1 : kGain);
    }
    return calls[fastest_of(factors, [&](std::size_t i) { return calls[i]->run(); })]->way;
  }
};

// Puts what is the fastest in the place of linear calls, for calls like the example. fastest: asked with the rows and
// the site of a call that is large enough. Returns how many there are of each.
inline std::map<LinearWay, std::size_t> replace_linears(
    ExampleCall& example, const std::function<LinearWay(std::int64_t, const LinearSite&)>& fastest = FastestLinear::of) {
  auto& graph = example.graph();
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
  std::map<LinearWay, std::size_t> found;
  if (sites.empty()) {
    return found;
  }
  const auto sizes = example.sizes_of(asked);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    Sizes size = sizes[2 * i];
    if (size.size() < 2) {
      continue;
    }
    // Looked at anew: the one before may have taken an addition that both could.
    auto site = linear_site(sites[i].node).value();
    const auto rows = c10::multiply_integers(size.begin(), size.end() - 1);
    if (rows * site.weight.numel() < worthwhile) {
      continue;
    }
    size.back() = site.weight.size(0);
    if (site.addition && sizes[2 * i + 1] != size) {
      site.addition = nullptr;
    }
    const auto way = fastest(rows, site);
    put(graph, site, size, way);
    ++found[way];
  }
  return found;
}

}  // namespace fxtraced::detail
