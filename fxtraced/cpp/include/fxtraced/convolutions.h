// Which convolutions of a frozen graph kernels calculate: those that they are faster for than oneDNN.

#pragma once

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
#include <tuple>
#include <utility>
#include <vector>

#include "convolution.h"
#include "convolution_site.h"
#include "graph_compiler.h"
#include "graphs.h"
#include "kernels.h"
#include "measuring.h"
#include "winograd.h"

namespace fxtraced::detail {

// What calculates a convolution and what follows: a partition of oneDNN's, a kernel that multiplies as it is written, or
// Winograd's with tiles of 2x2 or 4x4 results.
enum class ConvolutionWay { kPartition, kDirect, kTilesOf2, kTilesOf4 };

inline void put(torch::jit::Graph& graph, const ConvolutionSite& site, ConvolutionWay way, std::int64_t width) {
  if (way == ConvolutionWay::kDirect) {
    put_convolve(graph, site, width);
  } else if (way == ConvolutionWay::kTilesOf2) {
    put_winograd<2>(graph, site, width);
  } else if (way == ConvolutionWay::kTilesOf4) {
    put_winograd<4>(graph, site, width);
  }
}

// From when on a kernel can be worth its call: weights of a direct convolution, multiplications of Winograd's.
struct Worthwhile {
  std::int64_t weights = std::int64_t{1} << 17, multiplications = std::int64_t{1} << 22;
};

// The kernels that can calculate a convolution of images of this size with results of that size.
inline std::vector<ConvolutionWay> ways_of(const ConvolutionSite& site, const Sizes& x, const Sizes& result, std::int64_t width, const Worthwhile& worthwhile) {
  // With more places oneDNN's kernels are as fast as this one, and partitions are better not parted.
  constexpr std::int64_t kMostPlaces = 64;
  std::vector<ConvolutionWay> found;
  if (x.size() != 4) {
    return found;
  }
  const auto places = result[0] * result[2] * result[3], weights = site.weight.numel();
  if (places > 0 && places <= kMostPlaces && weights >= worthwhile.weights) {
    found.push_back(ConvolutionWay::kDirect);
  }
  const auto& window = site.window;
  const Sizes ones = {1, 1};
  const bool do_fill = x[1] % width == 0 && result[1] % width == 0;
  if (do_fill && window.size == Sizes{3, 3} && window.stride == ones && window.dilation == ones && places * weights >= worthwhile.multiplications) {
    found.insert(found.end(), {ConvolutionWay::kTilesOf2, ConvolutionWay::kTilesOf4});
  }
  return found;
}

// Measures what is the fastest, once for each choice of sizes and number of threads.
class FastestConvolution {
 public:
  static ConvolutionWay of(const ConvolutionSite& site, Sizes x, Sizes result, const std::vector<ConvolutionWay>& ways, std::int64_t width) {
    // Less of an image tells as much.
    const auto most = std::max<std::int64_t>(1, kEnough / (result[3] * site.weight.numel()));
    if (ways.front() != ConvolutionWay::kDirect && result[0] * result[2] > most) {
      x[0] = result[0] = 1;
      result[2] = std::min(result[2], most);
      x[2] = std::max<std::int64_t>(1, result[2] + 2 - 2 * site.window.padding[0]);
      result[2] = site.window.places(x[2], 0);
    }
    static std::mutex one_at_a_time;
    static std::map<std::tuple<Sizes, Sizes, Sizes, Sizes, bool, bool, int>, ConvolutionWay> found;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    const bool adds = site.addition != nullptr, activates = site.activation != nullptr;
    const auto key = std::make_tuple(x, site.weight.sizes().vec(), site.window.stride, result, adds, activates, at::get_num_threads());
    const auto known = found.find(key);
    if (known == found.end()) {
      return found.emplace(key, measure(site, x, result, ways, width)).first->second;
    }
    return known->second;
  }

 private:
  // The multiplications from which on more of them say nothing new.
  static constexpr std::int64_t kEnough = std::int64_t{1} << 28;

  // How much shorter than a partition a way has to be. A direct convolution may be longer: beside others that are calculated
  // so, what is left would be a partition by itself, which takes longer than here, as its code and its memory are out of the
  // caches. Tiles part a partition in two, and the weights of larger ones take four times the memory.
  static double factor(ConvolutionWay way) {
    switch (way) {
      case ConvolutionWay::kPartition:
        return 1;
      case ConvolutionWay::kDirect:
        return 1 / 1.05;
      case ConvolutionWay::kTilesOf2:
        return 1.1;
      case ConvolutionWay::kTilesOf4:
        return 1.25;
    }
    return 1;
  }

  // A graph of one convolution and what follows, compiled, or by a kernel.
  class Call {
   public:
    Call(ConvolutionWay way, const ConvolutionSite& site, const Sizes& x, const Sizes& result, std::int64_t width) : way(way) {
      const auto graph = std::make_shared<torch::jit::Graph>();
      const auto given = [&](const Sizes& of) {
        inputs_.emplace_back(at::full(of, 0.5, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast));
        return graph->addInput();
      };
      std::map<const torch::jit::Value*, torch::jit::Value*> values;
      values[site.x()] = given(x);
      if (site.addition) {
        values[site.other()] = given(result);
      }
      torch::jit::Node* first = nullptr;
      torch::jit::Node* last = nullptr;
      for (auto* node : {site.node, site.addition, site.activation}) {
        if (node == nullptr) {
          continue;
        }
        last = graph->insertNode(graph->createClone(node, [&](torch::jit::Value* value) {
          const auto known = values.find(value);
          return known != values.end() ? known->second : graph->insertConstant(torch::jit::toIValue(value).value());
        }));
        first = first == nullptr ? last : first;
        values[node->output()] = last->output();
      }
      graph->registerOutput(last->output());
      put(*graph, convolution_site(first).value(), way, width);
      function_ = unit_.create_function("call", graph);
      const auto made = GraphCompiler::during([&] {
        run();
        run();
      });
      is_made_ = made != 0 || way != ConvolutionWay::kPartition;
    }

    bool is_made() const { return is_made_; }

    double run() const {
      const torch::jit::GraphOptimizerEnabledGuard optimising(true);
      const auto start = std::chrono::steady_clock::now();
      (*function_)(inputs_);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    ConvolutionWay way;

   private:
    torch::jit::CompilationUnit unit_;
    torch::jit::Function* function_ = nullptr;
    std::vector<c10::IValue> inputs_;
    bool is_made_ = false;
  };

  static ConvolutionWay measure(
      const ConvolutionSite& site, const Sizes& x, const Sizes& result, const std::vector<ConvolutionWay>& ways, std::int64_t width) {
    std::vector<std::unique_ptr<Call>> calls;
    calls.push_back(std::make_unique<Call>(ConvolutionWay::kPartition, site, x, result, width));
    if (!calls.front()->is_made()) {
      return ConvolutionWay::kPartition;
    }
    for (const auto way : ways) {
      calls.push_back(std::make_unique<Call>(way, site, x, result, width));
    }
    std::vector<double> factors;
    for (const auto& call : calls) {
      factors.push_back(factor(call->way));
    }
    return calls[fastest_of(factors, [&](std::size_t i) { return calls[i]->run(); })]->way;
  }
};

// True for a linear call that became a convolution, as it is the fastest so.
inline bool is_of_rows(const ConvolutionSite& site) {
  const auto* image = site.x()->node();
  return image->kind() == c10::aten::permute && image->input(0)->node()->kind() == c10::aten::unsqueeze;
}

// Lets kernels calculate convolutions in calls like the example; returns how many. fastest: asked with the site, the
// sizes of its input and its result, the kernels that can calculate it, and the floats in a vector.
inline std::size_t replace_convolutions(
    ExampleCall& example, const std::function<decltype(FastestConvolution::of)>& fastest = FastestConvolution::of, const Worthwhile& worthwhile = {}) {
  auto& graph = example.graph();
  const auto all = fast_kernels();
  std::vector<torch::jit::Node*> found;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    const auto site = all.empty() ? std::nullopt : convolution_site(node);
    if (site && !is_of_rows(*site)) {
      found.push_back(node);
      asked.insert(asked.end(), {site->x(), node->output(), site->other()});
    }
  }
  if (found.empty()) {
    return 0;
  }
  const auto sizes = example.sizes_of(asked);
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto &x = sizes[3 * i], &result = sizes[3 * i + 1];
    // Looked at anew: the one before may have taken an addition that both could.
    auto site = convolution_site(found[i]).value();
    if (site.addition && sizes[3 * i + 2] != result) {
      site.addition = site.activation = nullptr;
    }
    const auto width = all.front().width;
    const auto ways = ways_of(site, x, result, width, worthwhile);
    const auto way = ways.empty() ? ConvolutionWay::kPartition : fastest(site, x, result, ways, width);
    put(graph, site, way, width);
    replaced += way != ConvolutionWay::kPartition;
  }
  return replaced;
}

}  // namespace fxtraced::detail
