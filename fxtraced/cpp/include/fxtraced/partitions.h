// Compiled partitions: a frozen forward whose convolutions and products, with what surrounds them, oneDNN's graph compiler
// has compiled once for certain sizes. libtorch carries that compiler, and hands it what TorchScript's executor has seen
// in a first call.

#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/passes/pass_manager.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Weak, as a libtorch may be built without it: its address is null then.
#if defined(__linux__) && defined(__x86_64__)
namespace torch::jit::fuser::onednn {
__attribute__((weak)) void fuseGraph(std::shared_ptr<Graph>& graph);
}
#endif

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

// Keeps what follows a product in two ways that meet again out of its partition: the compiler would never end on some of
// them, as on norm(y) + y, and takes all memory meanwhile.
inline void part_ways_that_meet(torch::jit::Graph& graph) {
  const std::vector<torch::jit::Node*> nodes(graph.nodes().begin(), graph.nodes().end());
  for (auto* node : nodes) {
    if (is_product(*node) && meet_again(*node)) {
      // An operation that the compiler does not know, and that copies nothing.
      auto* alias = graph.create(c10::aten::alias, {node->output()});
      alias->output()->setType(node->output()->type());
      alias->insertAfter(node);
      node->output()->replaceAllUsesAfterNodeWith(alias, alias->output());
    }
  }
}

class Partitions {
 public:
  using Tensors = std::vector<at::Tensor>;
  using Run = std::function<Tensors(const Tensors&)>;

  // Of a module's forward, for feeds like these, which are finite and on the CPU. Null where the compiler has no use for
  // it, where the results are more than rounding apart from the expected ones, or where they are not there sooner.
  static std::shared_ptr<const Partitions> make(const torch::jit::Module& module, const Tensors& feeds, const Run& expected) {
    if (!GraphCompiler::is_there()) {
      return nullptr;
    }
    // What a caller in InferenceMode makes could not be used outside of it.
    const c10::InferenceMode ordinary(false);
    const at::NoGradGuard no_grad;
    try {
      if (!are_for_it(module)) {
        return nullptr;
      }
      auto frozen = torch::jit::freeze(module);
      auto graph = frozen.get_method("forward").graph();
      for (const auto* node : graph->nodes()) {
        if (!node->blocks().empty() && std::any_of(node->outputs().begin(), node->outputs().end(), [](const auto* x) { return holds_tensors(*x); })) {
          return nullptr;
        }
      }
      part_ways_that_meet(*graph);
      const auto made = std::shared_ptr<const Partitions>(new Partitions(frozen, feeds));
      return made->count_ && made->is_right_and_fast(feeds, expected) ? made : nullptr;
    } catch (const std::exception&) {
      // The module as it was loaded answers everything, and tells what is wrong in the user's terms.
      return nullptr;
    }
  }

  std::size_t count() const { return count_; }

  // The results for feeds of the sizes that it was made for; nothing for others, with another number of threads, for a
  // feed that is not finite, where a kernel's max(x, 0) is 0 for not-a-number, and where the call fails.
  std::optional<Tensors> run(const Tensors& feeds) const {
    if (at::get_num_threads() != threads_) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      if (feeds[i].sizes() != sizes_[i]) {
        return std::nullopt;
      }
    }
    try {
      return called(feeds);
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

 private:
  // The first call is watched, and the second compiles.
  static constexpr int kCalls = 2;
  static constexpr double kRounding = 1e-4;
  // How long each side is measured; one call at least.
  static constexpr std::chrono::milliseconds kMeasured{10};

  Partitions(const torch::jit::Module& frozen, const Tensors& feeds)
      : forward_(frozen.get_method("forward")), threads_(at::get_num_threads()) {
    for (const auto& feed : feeds) {
      sizes_.push_back(feed.sizes().vec());
    }
    count_ = GraphCompiler::during([&] {
      for (int i = 0; i < kCalls; ++i) {
        called(feeds);
      }
    });
  }

  static bool are_for_it(const torch::jit::Module& module) {
    // Infinity in a parameter makes not-a-number of 0; in a buffer it may be a mask's.
    for (const auto& parameter : module.parameters()) {
      if (!is_for_it(parameter) || std::isinf(total_of(parameter))) {
        return false;
      }
    }
    for (const auto& buffer : module.buffers()) {
      if (!is_for_it(buffer)) {
        return false;
      }
    }
    return true;
  }

  static bool is_for_it(const at::Tensor& weight) {
    const bool fits = weight.scalar_type() == at::kFloat && weight.device().is_cpu();
    return !weight.is_floating_point() || (fits && !std::isnan(total_of(weight)));
  }

  static double total_of(const at::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.sum().item<double>() : 0;
  }

  std::optional<Tensors> called(const Tensors& feeds) const {
    const at::NoGradGuard no_grad;
    const torch::jit::GraphOptimizerEnabledGuard optimising(true);
    double total = 0;
    std::vector<c10::IValue> stack;
    stack.reserve(feeds.size());
    for (const auto& feed : feeds) {
      // Partitions keep the layout that they get, and images are faster with their channels last.
      const at::Tensor turned = feed.contiguous(feed.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
      total += total_of(turned);
      stack.emplace_back(turned);
    }
    if (!std::isfinite(total)) {
      return std::nullopt;
    }
    Tensors results = tensors_of(forward_(std::move(stack)));
    for (auto& result : results) {
      result = result.contiguous();
    }
    return results;
  }

  bool is_right_and_fast(const Tensors& feeds, const Run& expected) const {
    Tensors given;
    for (const auto& feed : feeds) {
      given.push_back(feed.clone());
    }
    const auto results = run(feeds);
    std::optional<Tensors> again;
    Tensors wanted;
    const auto own = shortest([&] { again = run(feeds); });
    const auto other = shortest([&] { wanted = expected(feeds); });
    if (!results || !again || results->size() != wanted.size() || own > other) {
      return false;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool is_shared = wanted[i].numel() != 0 && (*results)[i].data_ptr() == (*again)[i].data_ptr();
      if (is_shared || !(relative_difference(wanted[i], (*results)[i]) <= kRounding)) {
        return false;
      }
    }
    return std::equal(given.begin(), given.end(), feeds.begin(), [](const auto& a, const auto& b) { return at::equal(a, b); });
  }

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

  torch::jit::Method forward_;
  int threads_;
  std::vector<std::vector<std::int64_t>> sizes_;
  std::size_t count_ = 0;
};

}  // namespace fxtraced::detail
