// Compiled partitions: a frozen forward whose convolutions and products, with what surrounds them, oneDNN's graph compiler
// has compiled once for certain sizes. libtorch carries that compiler, and hands it what TorchScript's executor has seen
// in a first call.

#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/script.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "convolutions.h"
#include "graph_compiler.h"
#include "images.h"
#include "linears.h"
#include "memory.h"
#include "precision.h"
#include "recurrent.h"
#include "softmax.h"
#include "squeeze_excite.h"

namespace fxtraced::detail {

// A single tensor is one result, a tuple several.
inline std::vector<at::Tensor> tensors_of(const c10::IValue& result) {
  std::vector<at::Tensor> found;
  if (result.isTensor()) {
    found.push_back(result.toTensor());
  } else if (result.isTuple()) {
    for (const auto& element : result.toTupleRef().elements()) {
      if (element.isTensor()) {
        found.push_back(element.toTensor());
      }
    }
  }
  return found;
}

// The largest difference, relative to the largest magnitude of the first; infinite for tensors that do not compare.
inline double relative_difference(const at::Tensor& expected, const at::Tensor& other) {
  if (expected.scalar_type() != other.scalar_type() || expected.sizes() != other.sizes()) {
    return std::numeric_limits<double>::infinity();
  }
  if (expected.numel() == 0 || at::equal(expected, other)) {
    return 0;
  }
  if (expected.is_complex()) {
    return relative_difference(at::view_as_real(expected.resolve_conj()), at::view_as_real(other.resolve_conj()));
  }
  const at::Tensor then = expected.to(at::kDouble), now = other.to(at::kDouble);
  const at::Tensor same = at::logical_or(then == now, at::logical_and(then.isnan(), now.isnan()));
  const double apart = (then - now).abs().masked_fill(same, 0).max().item<double>();
  const double scale = then.abs().masked_fill(then.isfinite().logical_not(), 0).max().item<double>();
  const double smallest = std::numeric_limits<float>::min();
  return std::isfinite(apart) ? apart / std::max(scale, smallest) : std::numeric_limits<double>::infinity();
}

using Tensors = std::vector<at::Tensor>;
using Run = std::function<Tensors(const Tensors&)>;

inline double total_of(const at::Tensor& tensor) {
  return tensor.is_floating_point() ? tensor.sum().item<double>() : 0;
}

// Lets kernels calculate what they are the fastest for in a frozen graph. They take any size, so their weights are laid out
// once for all. dtype: that of LSTMs, whose kernel is for float32.
inline void put_kernels(torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs, at::ScalarType dtype) {
  ExampleCall example(graph, inputs);
  pack_recurrent(example, dtype, fast_kernels(), [](const auto&... asked) {
    return FastestRecurrent::of(asked...) == RecurrentWay::kKernel ? RecurrentWay::kKernel : RecurrentWay::kOwn;
  });
  replace_softmax(example);
}

// A frozen graph compiled for some sizes.
class Partitions {
 public:
  // For feeds like these, which are finite and on the CPU; of a graph of a frozen module, whose LSTMs are calculated in
  // dtype. Throws what a call of it throws.
  Partitions(const torch::jit::Module& frozen, const std::shared_ptr<torch::jit::Graph>& of, const Tensors& feeds, at::ScalarType dtype)
      : self_(frozen._ivalue()),
        // Partitions are those of a function: it is another one for each choice of sizes, with the same weights.
        unit_(std::make_shared<torch::jit::CompilationUnit>()),
        threads_(at::get_num_threads()),
        feeds_(feeds) {
    auto graph = of->copy();
    std::vector<c10::IValue> inputs = {self_};
    inputs.insert(inputs.end(), feeds.begin(), feeds.end());
    ExampleCall example(*graph, inputs);
    count_ = kernel_calls(*graph) + pack_recurrent(example, dtype);
    drop_assertions(graph);
    // Before there are convolutions that were linear calls.
    count_ += replace_squeeze_excite(example) + replace_convolutions(example);
    auto linears = replace_linears(example);
    count_ += linears[LinearWay::kMkl] + linears[LinearWay::kKernel];
    part_ways_that_meet(*graph);
    part_sums_of_one_row(example);
    function_ = unit_->create_function("forward", graph);
    count_ += GraphCompiler::during([&] {
      for (int i = 0; i < kCalls; ++i) {
        last_ = run(feeds);
      }
    });
  }

  // Of the compiler's partitions, MKL's products, packed LSTMs and calls of kernels; zero where nothing is gained.
  std::size_t count() const { return count_; }

  // Feeds of the sizes that it was made for.
  const Tensors& feeds() const { return feeds_; }

  bool fit(const Tensors& feeds) const {
    return at::get_num_threads() == threads_ && std::equal(feeds.begin(), feeds.end(), feeds_.begin(), feeds_.end(), [](const auto& a, const auto& b) {
             return a.sizes() == b.sizes();
           });
  }

  // The results for feeds that fit; nothing where one is not finite: a kernel's max(x, 0) is 0 for not-a-number.
  std::optional<Tensors> run(const Tensors& feeds) const {
    const at::NoGradGuard no_grad;
    const torch::jit::GraphOptimizerEnabledGuard optimising(true);
    double total = 0;
    std::vector<c10::IValue> stack = {self_};
    stack.reserve(feeds.size() + 1);
    for (const auto& feed : feeds) {
      // Partitions keep the layout that they get, and images are faster with their channels last.
      if (feed.dim() == 4 && feed.scalar_type() == at::kFloat) {
        auto [images, sum] = turned(feed);
        total += sum.item<float>();
        stack.emplace_back(std::move(images));
        continue;
      }
      const at::Tensor whole = feed.dim() == 4 ? channels_last(feed) : feed.contiguous();
      total += total_of(whole);
      stack.emplace_back(whole);
    }
    if (!std::isfinite(total)) {
      return std::nullopt;
    }
    Tensors results = tensors_of((*function_)(std::move(stack)));
    for (auto& result : results) {
      result = result.contiguous();
    }
    return results;
  }

  // Whether results are no further than tolerance from the expected ones, as a part of their scale, leave the feeds alone,
  // are in memory of their own, and are there sooner.
  bool are_right_and_fast(const Run& expected, double tolerance) {
    Tensors given;
    for (const auto& feed : feeds_) {
      given.push_back(feed.clone());
    }
    const auto results = std::exchange(last_, std::nullopt);
    std::optional<Tensors> again;
    Tensors wanted;
    bool are_fast = false;
    for (int i = 0; i < kAttempts && !are_fast; ++i) {
      const auto own = shortest([&] { again = run(feeds_); });
      are_fast = own <= shortest([&] { wanted = expected(feeds_); });
    }
    if (!are_fast || !results || !again || results->size() != wanted.size()) {
      return false;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool is_shared = wanted[i].numel() != 0 && (*results)[i].data_ptr() == (*again)[i].data_ptr();
      if (is_shared || !(relative_difference(wanted[i], (*results)[i]) <= tolerance)) {
        return false;
      }
    }
    return std::equal(given.begin(), given.end(), feeds_.begin(), [](const auto& a, const auto& b) { return at::equal(a, b); });
  }

 private:
  // The first call is watched, and the second compiles.
  static constexpr int kCalls = 2;
  // How long each side is measured; one call at least.
  static constexpr std::chrono::milliseconds kMeasured{10};
  // What else the machine does may slow one side.
  static constexpr int kAttempts = 3;

  // The shortest of some calls.
  static std::chrono::nanoseconds shortest(const std::function<void()>& call) {
    using Clock = std::chrono::steady_clock;
    auto best = std::chrono::nanoseconds::max();
    const auto start = Clock::now();
    do {
      const auto begun = Clock::now();
      call();
      best = std::min<std::chrono::nanoseconds>(best, Clock::now() - begun);
    } while (Clock::now() - start < kMeasured);
    return best;
  }

  c10::IValue self_;
  std::shared_ptr<torch::jit::CompilationUnit> unit_;
  torch::jit::Function* function_ = nullptr;
  int threads_;
  Tensors feeds_;
  std::size_t count_ = 0;
  // Of the call that compiled, for what looks at them.
  std::optional<Tensors> last_;
};

// A module frozen for the compiler, and its partitions for some sizes. Usable from many threads.
class PartitionedModule {
 public:
  // Null where the compiler has no use for the module. tolerance: how far from the module results in bfloat16 may be, as a
  // part of their scale; in_bfloat16: products are calculated in it, as in a module that has weights in it. feeds: of a
  // call that shows dtypes. Throws what libtorch throws.
  static std::shared_ptr<PartitionedModule> of(const torch::jit::Module& module, const Tensors& feeds, bool in_bfloat16, double tolerance) {
    in_bfloat16 = in_bfloat16 || holds_bfloat16(module);
    if (!GraphCompiler::is_there() || !are_for_it(module, in_bfloat16)) {
      return nullptr;
    }
    // What a caller in InferenceMode makes could not be used outside of it.
    const c10::InferenceMode ordinary(false);
    const at::NoGradGuard no_grad;
    auto frozen = torch::jit::freeze(module);
    auto graph = frozen.get_method("forward").graph()->copy();
    for (const auto* node : graph->nodes()) {
      if (!node->blocks().empty() && std::any_of(node->outputs().begin(), node->outputs().end(), [](const auto* x) { return holds_tensors(*x); })) {
        return nullptr;
      }
    }
    std::vector<c10::IValue> inputs = {frozen._ivalue()};
    inputs.insert(inputs.end(), feeds.begin(), feeds.end());
    if (in_bfloat16 && (!calculates_bfloat16() || LowerPrecision(graph, inputs).count() == 0)) {
      return nullptr;
    }
    put_kernels(*graph, inputs, in_bfloat16 ? at::kBFloat16 : at::kFloat);
    return std::shared_ptr<PartitionedModule>(new PartitionedModule(frozen, graph, in_bfloat16, tolerance));
  }

  // Makes partitions for feeds like these, unless there are some, or for as many sizes as are kept. Returns whether there
  // are some now: not where the compiler takes no part of the graph, nor where they are of no use.
  bool make(const Tensors& feeds, const Run& expected) {
    const std::lock_guard<std::mutex> one_at_a_time(making_);
    const auto before = made();
    if (fitting(*before, feeds)) {
      return true;
    }
    const ReturnMemory at_the_end;
    const c10::InferenceMode ordinary(false);
    const at::NoGradGuard no_grad;
    try {
      Tensors own;
      for (const auto& feed : feeds) {
        own.push_back(feed.clone());
      }
      const auto partitions = std::make_shared<Partitions>(frozen_, graph_, own, in_bfloat16_ ? at::kBFloat16 : at::kFloat);
      if (before->size() == kMostSizes || partitions->count() == 0 || !partitions->are_right_and_fast(expected, tolerance_)) {
        return false;
      }
      auto after = std::make_shared<Made>(*before);
      after->push_back(partitions);
      std::atomic_store(&made_, std::shared_ptr<const Made>(after));
      return true;
    } catch (const std::exception&) {
      // The graph as it was saved answers, and tells what is wrong in the user's terms.
      return false;
    }
  }

  // Lets the graph answer calls of other sizes, where it is right for these feeds: one in bfloat16, or with recurrent
  // networks in kernels, as sequences have all lengths. Returns whether it does.
  bool serve_any_size(const Tensors& feeds, const Run& expected) {
    if (!in_bfloat16_ && kernel_calls(*graph_, "recurrent_layer") == 0) {
      return false;
    }
    try {
      auto* const function = unit_->create_function("forward", graph_->copy());
      const Tensors results = run_as_it_is(*function, feeds), wanted = expected(feeds);
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!(relative_difference(wanted[i], results.at(i)) <= tolerance_)) {
          return false;
        }
      }
      any_size_ = function;
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }

  // The results where there are partitions for these feeds, or what answers any size, and that does.
  std::optional<Tensors> run(const Tensors& feeds) const {
    const auto made = this->made();
    const auto* partitions = fitting(*made, feeds);
    try {
      auto results = partitions ? partitions->run(feeds) : std::nullopt;
      return !results && any_size_ ? run_as_it_is(*any_size_, feeds) : results;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

  // How many partitions there are, for all sizes.
  std::size_t count() const {
    std::size_t all = 0;
    for (const auto& partitions : *made()) {
      all += partitions->count();
    }
    return all;
  }

  // Feeds of each choice of sizes that there are partitions for.
  std::vector<Tensors> feeds() const {
    std::vector<Tensors> all;
    for (const auto& partitions : *made()) {
      all.push_back(partitions->feeds());
    }
    return all;
  }

 private:
  using Made = std::vector<std::shared_ptr<const Partitions>>;
  // Each choice of sizes lays out weights of its own.
  static constexpr std::size_t kMostSizes = 16;
  static constexpr double kRounding = 1e-4;

  PartitionedModule(torch::jit::Module frozen, std::shared_ptr<torch::jit::Graph> graph, bool in_bfloat16, double tolerance)
      : frozen_(std::move(frozen)),
        graph_(std::move(graph)),
        in_bfloat16_(in_bfloat16),
        tolerance_(in_bfloat16 ? tolerance : kRounding),
        unit_(std::make_shared<torch::jit::CompilationUnit>()),
        made_(std::make_shared<const Made>()) {}

  Tensors run_as_it_is(torch::jit::Function& function, const Tensors& feeds) const {
    const at::NoGradGuard no_grad;
    const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
    std::vector<c10::IValue> stack = {frozen_._ivalue()};
    stack.insert(stack.end(), feeds.begin(), feeds.end());
    return tensors_of(function(std::move(stack)));
  }

  static const Partitions* fitting(const Made& made, const Tensors& feeds) {
    const auto found = std::find_if(made.begin(), made.end(), [&](const auto& x) { return x->fit(feeds); });
    return found == made.end() ? nullptr : found->get();
  }

  static bool holds_bfloat16(const torch::jit::Module& module) {
    for (const auto& parameter : module.parameters()) {
      if (parameter.scalar_type() == at::kBFloat16) {
        return true;
      }
    }
    return false;
  }

  static bool are_for_it(const torch::jit::Module& module, bool in_bfloat16) {
    // Infinity in a parameter makes not-a-number of 0; in a buffer it may be a mask's.
    for (const auto& parameter : module.parameters()) {
      if (!is_for_it(parameter, in_bfloat16) || std::isinf(total_of(parameter))) {
        return false;
      }
    }
    for (const auto& buffer : module.buffers()) {
      if (!is_for_it(buffer, in_bfloat16)) {
        return false;
      }
    }
    return true;
  }

  static bool is_for_it(const at::Tensor& weight, bool in_bfloat16) {
    const bool fits = weight.scalar_type() == at::kFloat || (in_bfloat16 && weight.scalar_type() == at::kBFloat16);
    return !weight.is_floating_point() || (fits && weight.device().is_cpu() && !std::isnan(total_of(weight)));
  }

  std::shared_ptr<const Made> made() const { return std::atomic_load(&made_); }

  torch::jit::Module frozen_;
  std::shared_ptr<torch::jit::Graph> graph_;
  bool in_bfloat16_;
  double tolerance_;
  std::shared_ptr<torch::jit::CompilationUnit> unit_;
  torch::jit::Function* any_size_ = nullptr;
  std::mutex making_;
  std::shared_ptr<const Made> made_;
};

}  // namespace fxtraced::detail
