// Convolutions of few places by a kernel, where it is faster than oneDNN's: those read as many weights as they multiply.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "graph_compiler.h"
#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

// What a window does: each of two numbers, for the rows and for the columns of an image.
struct Window {
  Sizes size, stride, padding, dilation;

  // The size of a result along an axis of this length.
  std::int64_t places(std::int64_t length, std::size_t axis) const {
    return (length + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1) / stride[axis] + 1;
  }
};

// activation(convolution of images [N, C, H, W] in float32, with a weight and a bias in blocks, + added, if defined); in the
// memory of what is added where nothing else holds it: other memory is not in the caches.
inline at::Tensor convolve(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor added, const Window& window,
    const std::vector<double>& activation) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "a convolution of ", x.scalar_type(), " ", x.sizes());
  const auto layout = at::MemoryFormat::ChannelsLast;
  const auto given = x.contiguous(layout);
  const auto all = kernels();
  TORCH_CHECK(!all.empty(), "no kernel for this CPU");
  const auto& kernel = all.front();
  Convolution own;
  own.taps = window.size[0] * window.size[1];
  own.inputs = given.size(1);
  own.outputs = bias.numel();
  const bool fits = weight.dim() == 4 && weight.size(0) * kernel.width == own.outputs && weight.size(1) == own.taps * own.inputs && weight.size(3) == kernel.width;
  TORCH_CHECK(fits && weight.is_contiguous() && bias.is_contiguous(), "a weight in another form");
  const auto images = given.size(0), height = given.size(2), width = given.size(3);
  const Sizes size = {images, own.outputs, window.places(height, 0), window.places(width, 1)};
  at::Tensor result;
  if (added.defined()) {
    TORCH_CHECK(added.sizes() == c10::IntArrayRef(size) && added.scalar_type() == at::kFloat, "an addition of other sizes");
    const bool is_free = added.is_contiguous(layout) && added.use_count() == 1 && added.storage().use_count() == 1;
    added = added.contiguous(layout);
    own.added = added.data_ptr<float>();
    result = is_free ? added : result;
  }
  if (!result.defined()) {
    result = at::empty(size, given.options().memory_format(layout));
  }
  // Around an image there is nothing.
  const std::vector<float> nothing(static_cast<std::size_t>(own.inputs));
  std::vector<const float*> places;
  places.reserve(static_cast<std::size_t>(images * result.size(2) * result.size(3) * own.taps));
  for (std::int64_t image = 0; image < images; ++image) {
    for (std::int64_t i = 0; i < result.size(2); ++i) {
      for (std::int64_t j = 0; j < result.size(3); ++j) {
        for (std::int64_t tap = 0; tap < own.taps; ++tap) {
          const auto row = i * window.stride[0] - window.padding[0] + tap / window.size[1] * window.dilation[0];
          const auto column = j * window.stride[1] - window.padding[1] + tap % window.size[1] * window.dilation[1];
          const bool is_inside = row >= 0 && row < height && column >= 0 && column < width;
          const auto place = (image * height + row) * width + column;
          places.push_back(is_inside ? given.data_ptr<float>() + place * own.inputs : nothing.data());
        }
      }
    }
  }
  own.places = places.data();
  own.count = images * result.size(2) * result.size(3);
  own.weights = weight.data_ptr<float>();
  own.bias = bias.data_ptr<float>();
  own.to = result.data_ptr<float>();
  own.activation = activation_of(activation);
  const auto blocks = weight.size(0);
  const auto parts = std::min<std::int64_t>(blocks, at::get_num_threads());
  in_parallel(parts, [&](std::int64_t part) {
    std::vector<float> sums(static_cast<std::size_t>(3 * own.count * kernel.width));
    kernel.convolve(own, sums.data(), blocks * part / parts, blocks * (part + 1) / parts);
  });
  return result;
}

inline void call_convolve(torch::jit::Stack& stack) {
  std::vector<c10::IValue> given(std::make_move_iterator(stack.end() - 9), std::make_move_iterator(stack.end()));
  torch::jit::drop(stack, 9);
  auto added = given[3].isNone() ? at::Tensor() : std::move(given[3]).toTensor();
  const Window window{given[4].toIntVector(), given[5].toIntVector(), given[6].toIntVector(), given[7].toIntVector()};
  torch::jit::push(stack, convolve(given[0].toTensor(), given[1].toTensor(), given[2].toTensor(), std::move(added), window, given[8].toDoubleVector()));
}

inline const torch::jit::RegisterOperators convolve_registered({torch::jit::Operator(
    "fxtraced::convolve(Tensor x, Tensor weight, Tensor bias, Tensor? added, int[] size, int[] stride, int[] padding, int[] dilation, "
    "float[] activation) -> Tensor",
    call_convolve, c10::AliasAnalysisKind::FROM_SCHEMA)});

// A convolution with a weight of the module and what follows it: an addition of a tensor, an activation.
struct ConvolutionSite {
  torch::jit::Node* node = nullptr;
  at::Tensor weight, bias;
  Window window;
  torch::jit::Node *addition = nullptr, *activation = nullptr;

  torch::jit::Value* x() const { return node->input(0); }
  // What is added; the input where nothing is.
  torch::jit::Value* other() const {
    const auto* before = node->output();
    return addition == nullptr ? x() : addition->input(addition->input(0) == before ? 1 : 0);
  }
  torch::jit::Node* last() const { return activation ? activation : addition ? addition : node; }

  Activation made() const {
    Activation found;
    found.low = activation != nullptr ? 0 : -std::numeric_limits<float>::infinity();
    found.high = std::numeric_limits<float>::infinity();
    if (activation != nullptr && activation->kind() != c10::aten::relu) {
      found.kind = activation->kind() == c10::aten::silu ? Activation::kSilu : Activation::kHardSwish;
    }
    return found;
  }
};

inline std::optional<ConvolutionSite> convolution_site(torch::jit::Node* node) {
  if (node->kind() != c10::aten::conv2d) {
    return std::nullopt;
  }
  std::vector<c10::IValue> given;
  for (std::size_t i = 1; i < 7; ++i) {
    const auto value = torch::jit::toIValue(node->input(i));
    if (!value) {
      return std::nullopt;
    }
    given.push_back(*value);
  }
  if (!given[0].isTensor() || !given[2].isIntList() || !given[3].isIntList() || !given[4].isIntList() || given[5].toInt() != 1) {
    return std::nullopt;
  }
  ConvolutionSite site;
  site.node = node;
  site.weight = given[0].toTensor();
  site.bias = given[1].isTensor() ? given[1].toTensor() : at::zeros(site.weight.size(0));
  site.window = {{site.weight.size(2), site.weight.size(3)}, given[2].toIntVector(), given[3].toIntVector(), given[4].toIntVector()};
  for (const auto* each : {&site.window.stride, &site.window.padding, &site.window.dilation}) {
    if (each->size() != 2) {
      return std::nullopt;
    }
  }
  if (site.weight.scalar_type() != at::kFloat || site.bias.scalar_type() != at::kFloat) {
    return std::nullopt;
  }
  const auto only_user = [](torch::jit::Node* of) {
    const auto& uses = of->output()->uses();
    return uses.size() == 1 ? uses[0].user : nullptr;
  };
  auto* user = only_user(node);
  if (user != nullptr && user->kind() == c10::aten::add && user->inputs().size() == 3) {
    const auto alpha = torch::jit::toIValue(user->input(2));
    const bool are_tensors = user->input(0)->type()->kind() == c10::TypeKind::TensorType && user->input(1)->type()->kind() == c10::TypeKind::TensorType;
    if (alpha && alpha->toScalar().equal(1) && are_tensors) {
      site.addition = user;
      user = only_user(user);
    }
  }
  if (user != nullptr && (user->kind() == c10::aten::relu || user->kind() == c10::aten::silu || user->kind() == c10::aten::hardswish)) {
    site.activation = user;
  }
  return site;
}

// Puts a call of the kernel in the place of a convolution and what follows it.
inline void put(torch::jit::Graph& graph, const ConvolutionSite& site, std::int64_t width) {
  auto* last = site.last();
  const torch::jit::WithInsertPoint here(last);
  const auto rows = site.weight.permute({0, 2, 3, 1}).flatten(1);
  std::vector<torch::jit::Value*> inputs = {site.x(), graph.insertConstant(in_blocks(rows, 1, width)), graph.insertConstant(site.bias.contiguous())};
  inputs.push_back(site.addition ? site.other() : graph.insertConstant(c10::IValue()));
  for (const auto* each : {&site.window.size, &site.window.stride, &site.window.padding, &site.window.dilation}) {
    inputs.push_back(graph.insertConstant(*each));
  }
  inputs.push_back(graph.insertConstant(numbers_of(site.made())));
  static const auto name = c10::Symbol::fromQualString("fxtraced::convolve");
  last->output()->replaceAllUsesWith(graph.insertNode(graph.create(name, inputs))->output());
  auto* weight = site.node->input(1)->node();
  for (auto* node : {site.activation, site.addition, site.node}) {
    if (node != nullptr) {
      node->destroy();
    }
  }
  // The weight as it was is let go at once: all of them would be held beside the laid out ones.
  if (!weight->hasUses()) {
    weight->destroy();
  }
}

// Measures whether the kernel is faster than a partition, once for each choice of sizes and number of threads.
class FasterConvolution {
 public:
  static bool of(const ConvolutionSite& site, const Sizes& x, const Sizes& result, std::int64_t width) {
    static std::mutex one_at_a_time;
    static std::map<std::tuple<Sizes, Sizes, Sizes, Sizes, bool, bool, int>, bool> found;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    const bool adds = site.addition != nullptr, activates = site.activation != nullptr;
    const auto key = std::make_tuple(x, site.weight.sizes().vec(), site.window.stride, result, adds, activates, at::get_num_threads());
    const auto known = found.find(key);
    if (known == found.end()) {
      return found.emplace(key, measure(site, x, result, width)).first->second;
    }
    return known->second;
  }

 private:
  static constexpr int kRounds = 7;
  static constexpr std::chrono::milliseconds kBudget{150};
  // The bytes that a round touches beside the calls: within a model, weights are not in a core's own caches.
  static constexpr std::int64_t kSwept = std::int64_t{16} << 20;
  // How much slower it may be: beside others that it calculates, what is left would be a partition by itself, which takes
  // longer than here, as its code and its memory are out of the caches.
  static constexpr double kSlower = 1.05;

  // A graph of one convolution and what follows, compiled, or by the kernel.
  class Call {
   public:
    Call(const ConvolutionSite& site, const Sizes& x, const Sizes& result, std::optional<std::int64_t> width) {
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
      if (width) {
        put(*graph, convolution_site(first).value(), *width);
      }
      function_ = unit_.create_function("call", graph);
      const auto made = GraphCompiler::during([&] {
        run();
        run();
      });
      is_made_ = made != 0 || width.has_value();
    }

    bool is_made() const { return is_made_; }

    double run() const {
      const torch::jit::GraphOptimizerEnabledGuard optimising(true);
      const auto start = std::chrono::steady_clock::now();
      (*function_)(inputs_);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

   private:
    torch::jit::CompilationUnit unit_;
    torch::jit::Function* function_ = nullptr;
    std::vector<c10::IValue> inputs_;
    bool is_made_ = false;
  };

  static bool measure(const ConvolutionSite& site, const Sizes& x, const Sizes& result, std::int64_t width) {
    const Call own(site, x, result, width), other(site, x, result, std::nullopt);
    if (!other.is_made()) {
      return false;
    }
    double shortest = std::numeric_limits<double>::infinity(), others = shortest;
    const auto swept = at::zeros({kSwept}, at::kByte);
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds && (round < 2 || std::chrono::steady_clock::now() - start < kBudget); ++round) {
      swept.add_(1);
      shortest = std::min(shortest, own.run());
      swept.add_(1);
      others = std::min(others, other.run());
    }
    return shortest <= others * kSlower;
  }
};

// Replaces convolutions for calls with inputs like these; returns how many. faster: asked with the site, the sizes of its
// input and its result, and the floats in a vector, of a convolution of few places with as many weights, or more.
inline std::size_t replace_convolutions(
    torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs, const std::function<decltype(FasterConvolution::of)>& faster = FasterConvolution::of,
    std::int64_t weights = std::int64_t{1} << 17) {
  // With more places oneDNN's kernels are as fast as the CPU is.
  constexpr std::int64_t kMostPlaces = 64;
  const auto all = fast_kernels();
  std::vector<torch::jit::Node*> found;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    const auto site = all.empty() ? std::nullopt : convolution_site(node);
    if (site && site->weight.numel() >= weights && site->weight.size(0) % all.front().width == 0) {
      found.push_back(node);
      asked.insert(asked.end(), {site->x(), node->output(), site->other()});
    }
  }
  if (found.empty()) {
    return 0;
  }
  const auto sizes = sizes_of(graph, asked, inputs);
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto &x = sizes[3 * i], &result = sizes[3 * i + 1];
    // Looked at anew: the one before may have taken an addition that both could.
    auto site = convolution_site(found[i]).value();
    if (site.addition && sizes[3 * i + 2] != result) {
      site.addition = site.activation = nullptr;
    }
    const auto places = x.size() == 4 ? result[0] * result[2] * result[3] : 0;
    if (places > 0 && places <= kMostPlaces && faster(site, x, result, all.front().width)) {
      put(graph, site, all.front().width);
      ++replaced;
    }
  }
  return replaced;
}

}  // namespace fxtraced::detail
