// Squeeze-excite blocks by a kernel: images whose channels are multiplied by what two products make of their means.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

namespace squeeze {

// One of the two products, for weights and a bias in blocks, on rows that are `padded` long.
inline Product product_of(
    const at::Tensor& weights, const at::Tensor& bias, std::int64_t rows, std::int64_t padded, const std::vector<double>& activation) {
  const bool fits = weights.dim() == 4 && weights.size(1) <= padded && weights.size(2) == 1 && bias.numel() == weights.size(0) * weights.size(3);
  TORCH_CHECK(fits && weights.is_contiguous() && bias.is_contiguous(), "weights in another form");
  Product product;
  product.weights = weights.data_ptr<float>();
  product.bias = bias.data_ptr<float>();
  product.rows = rows;
  product.inputs = weights.size(1);
  product.padded_inputs = padded;
  product.padded_outputs = bias.numel();
  product.activation = activation_of(activation);
  return product;
}

}  // namespace squeeze

// Images [N, C, H, W] in float32, with their channels last in memory, times gate(second * inner(first * their means)), of
// weights and biases in blocks; in the memory of the images where nothing else holds it.
inline at::Tensor squeeze_excite(
    at::Tensor x, const at::Tensor& first, const at::Tensor& first_bias, const std::vector<double>& inner, const at::Tensor& second,
    const at::Tensor& second_bias, const std::vector<double>& gate) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "a squeeze-excite block of ", x.scalar_type(), " ", x.sizes());
  const auto layout = at::MemoryFormat::ChannelsLast;
  const bool is_free = x.is_contiguous(layout) && x.use_count() == 1 && x.storage().use_count() == 1;
  const auto given = x.contiguous(layout);
  auto result = is_free ? x : at::empty_like(given);
  const auto kernel = best_kernels();
  const auto images = given.size(0), channels = given.size(1), places = given.size(2) * given.size(3);
  const auto squeeze = squeeze::product_of(first, first_bias, images, second_bias.numel(), inner);
  const auto excite = squeeze::product_of(second, second_bias, images, first_bias.numel(), gate);
  const bool fits = squeeze.inputs == channels && excite.padded_outputs == (channels + kernel.width - 1) / kernel.width * kernel.width;
  TORCH_CHECK(fits && second.size(3) == kernel.width && first.size(3) == kernel.width, "images or weights of other channels");
  // Fewer numbers are ready before another thread has begun.
  constexpr std::int64_t kEnough = 1 << 14;
  const auto parts = std::clamp<std::int64_t>((given.numel() + first.numel() + second.numel()) / kEnough, 1, at::get_num_threads());
  const auto in_parts = [&](std::int64_t outputs, const std::function<void(std::int64_t, std::int64_t)>& run) {
    const auto blocks = outputs / kernel.width;
    in_parallel(parts, [&](std::int64_t part) { run(blocks * part / parts, blocks * (part + 1) / parts); });
  };
  const auto image = [&](std::int64_t i) {
    const auto begin = i * channels * places;
    return Image{given.data_ptr<float>() + begin, result.data_ptr<float>() + begin, places, channels};
  };
  const auto means = at::empty({2 * images, excite.padded_outputs}, given.options().memory_format(at::MemoryFormat::Contiguous));
  const auto squeezed = at::empty({images, squeeze.padded_outputs}, means.options());
  auto* const mean = means.data_ptr<float>();
  auto* const factor = mean + images * excite.padded_outputs;
  in_parts(excite.padded_outputs, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < images; ++i) {
      kernel.average(image(i), mean + i * excite.padded_outputs, begin, end);
    }
  });
  in_parts(squeeze.padded_outputs, [&](std::int64_t begin, std::int64_t end) {
    kernel.multiply(squeeze, mean, squeezed.data_ptr<float>(), begin, end);
  });
  in_parts(excite.padded_outputs, [&](std::int64_t begin, std::int64_t end) {
    kernel.multiply(excite, squeezed.data_ptr<float>(), factor, begin, end);
    for (std::int64_t i = 0; i < images; ++i) {
      kernel.scale(image(i), factor + i * excite.padded_outputs, begin, end);
    }
  });
  return result;
}

inline void call_squeeze_excite(torch::jit::Stack& stack) {
  std::vector<c10::IValue> given(std::make_move_iterator(stack.end() - 7), std::make_move_iterator(stack.end()));
  torch::jit::drop(stack, 7);
  auto x = std::move(given[0]).toTensor();
  torch::jit::push(
      stack, squeeze_excite(
                 std::move(x), given[1].toTensor(), given[2].toTensor(), given[3].toDoubleVector(), given[4].toTensor(), given[5].toTensor(),
                 given[6].toDoubleVector()));
}

inline const torch::jit::RegisterOperators squeeze_excite_registered({torch::jit::Operator(
    "fxtraced::squeeze_excite(Tensor x, Tensor first, Tensor first_bias, float[] inner, Tensor second, Tensor second_bias, float[] gate) -> Tensor",
    call_squeeze_excite, c10::AliasAnalysisKind::FROM_SCHEMA)});

// Looks at a block from its last operation, which multiplies, to its first.
class SqueezeExciteSite {
 public:
  // Of a node that multiplies images and factors; nothing for another one.
  static std::optional<SqueezeExciteSite> of(torch::jit::Node* node) {
    if (node->kind() != c10::aten::mul) {
      return std::nullopt;
    }
    for (const std::size_t place : {0U, 1U}) {
      SqueezeExciteSite site(node, place);
      if (site.reads(site.factors())) {
        return site;
      }
    }
    return std::nullopt;
  }

  torch::jit::Value* x() const { return node_->input(1 - place_); }
  torch::jit::Value* factors() const { return node_->input(place_); }

  // Whether the values have the sizes that they need: of the images and of their factors.
  bool fits(const Sizes& images, const Sizes& of_factors) const {
    return images.size() == 4 && of_factors == Sizes{images[0], images[1], 1, 1} && images[1] == first_.size(1) && images[1] == second_.size(0) &&
           second_.size(1) == first_.size(0) && c10::multiply_integers(images) != 0;
  }

  // Puts a call of the kernel in the place of the block.
  void put(torch::jit::Graph& graph, std::int64_t width) const {
    const torch::jit::WithInsertPoint here(node_);
    std::vector<torch::jit::Value*> inputs = {x()};
    const auto add = [&](const at::Tensor& weight, const at::Tensor& bias, const Activation& activation) {
      inputs.push_back(graph.insertConstant(in_blocks(weight, 1, width)));
      inputs.push_back(graph.insertConstant(in_blocks(bias.defined() ? bias : at::zeros(weight.size(0)), 1, width).flatten()));
      inputs.push_back(graph.insertConstant(numbers_of(activation)));
    };
    add(first_, first_bias_, inner_);
    add(second_, second_bias_, gate_);
    static const auto name = c10::Symbol::fromQualString("fxtraced::squeeze_excite");
    node_->output()->replaceAllUsesWith(graph.insertNode(graph.create(name, inputs))->output());
  }

 private:
  // place: of the factors among what the node multiplies.
  SqueezeExciteSite(torch::jit::Node* node, std::size_t place) : node_(node), place_(place) {}

  bool reads(torch::jit::Value* value) {
    return take_activation(value, gate_) && take_product(value, second_, second_bias_) && take_activation(value, inner_) &&
           take_product(value, first_, first_bias_) && is_mean(value);
  }

  // Goes back over what only changes the form of a value that nothing else reads; null where something does.
  static torch::jit::Node* maker(torch::jit::Value*& value) {
    static const std::set<c10::Symbol> forms = {c10::aten::unsqueeze, c10::aten::squeeze, c10::aten::flatten, c10::aten::reshape, c10::aten::view};
    while (value->uses().size() == 1) {
      auto* node = value->node();
      if (forms.count(node->kind()) == 0) {
        return node;
      }
      value = node->input(0);
    }
    return nullptr;
  }

  static std::optional<double> number(const torch::jit::Node& node, std::size_t place) {
    const auto given = place < node.inputs().size() ? torch::jit::toIValue(node.input(place)) : std::nullopt;
    return given && given->isScalar() ? std::optional(given->toScalar().toDouble()) : std::nullopt;
  }

  // Takes a multiplication or division by a positive number; 1 where there is none.
  static double take_factor(torch::jit::Value*& value) {
    const auto* node = maker(value);
    if (node != nullptr && (node->kind() == c10::aten::mul || node->kind() == c10::aten::div)) {
      const auto by = number(*node, 1);
      if (by && *by > 0 && node->inputs().size() == 2) {
        value = node->input(0);
        return node->kind() == c10::aten::mul ? *by : 1 / *by;
      }
    }
    return 1;
  }

  // Takes an addition of a number; 0 where there is none.
  static double take_addend(torch::jit::Value*& value) {
    const auto* node = maker(value);
    const auto added = node != nullptr && node->kind() == c10::aten::add ? number(*node, 1) : std::nullopt;
    if (added && number(*node, 2) == 1.0) {
      value = node->input(0);
      return *added;
    }
    return 0;
  }

  // Takes an activation, or none.
  static bool take_activation(torch::jit::Value*& value, Activation& found) {
    constexpr auto kInfinity = std::numeric_limits<float>::infinity();
    const auto* node = maker(value);
    if (node == nullptr) {
      return false;
    }
    const auto kind = node->kind();
    if (kind == c10::aten::sigmoid || kind == c10::aten::silu || kind == c10::aten::hardswish) {
      found.kind = kind == c10::aten::sigmoid ? Activation::kSigmoid : kind == c10::aten::silu ? Activation::kSilu : Activation::kHardSwish;
      value = node->input(0);
      return true;
    }
    // The rest are factor * clamp(slope * x + offset).
    const auto factor = static_cast<float>(take_factor(value));
    found = {Activation::kClamp, 1, 0, -kInfinity, kInfinity};
    node = maker(value);
    if (node == nullptr) {
      return false;
    }
    if (node->kind() == c10::aten::relu) {
      found.low = 0;
    } else if (node->kind() == c10::aten::relu6) {
      found.low = 0;
      found.high = 6;
    } else if (node->kind() == c10::aten::hardsigmoid) {
      found = {Activation::kClamp, 1.0F / 6, 0.5F, 0, 1};
    } else if (node->kind() == c10::aten::clamp || node->kind() == c10::aten::hardtanh) {
      const auto low = number(*node, 1), high = number(*node, 2);
      if (!low || !high) {
        return false;
      }
      found.low = static_cast<float>(*low);
      found.high = static_cast<float>(*high);
    } else {
      return factor == 1;
    }
    value = node->input(0);
    // Of slope * (factor * x + addend) + offset.
    const auto addend = static_cast<float>(take_addend(value));
    found.offset += found.slope * addend;
    found.slope *= static_cast<float>(take_factor(value));
    for (auto* part : {&found.slope, &found.offset, &found.low, &found.high}) {
      *part *= factor;
    }
    return true;
  }

  // Takes a linear call, or a convolution that is one for images of one place, with weights of the module.
  static bool take_product(torch::jit::Value*& value, at::Tensor& weight, at::Tensor& bias) {
    const auto* node = maker(value);
    const bool is_convolution = node != nullptr && node->kind() == c10::aten::conv2d;
    if (!is_convolution && (node == nullptr || node->kind() != c10::aten::linear)) {
      return false;
    }
    const auto given = torch::jit::toIValue(node->input(1)), added = torch::jit::toIValue(node->input(2));
    if (!given || !given->isTensor() || !added || !(added->isNone() || added->isTensor())) {
      return false;
    }
    weight = given->toTensor();
    bias = added->isTensor() ? added->toTensor() : at::Tensor();
    if (is_convolution) {
      const auto groups = torch::jit::toIValue(node->input(6));
      if (!groups || groups->toInt() != 1 || weight.numel() != weight.size(0) * weight.size(1)) {
        return false;
      }
      weight = weight.flatten(1);
    }
    value = node->input(0);
    return weight.dim() == 2 && weight.scalar_type() == at::kFloat && (!bias.defined() || bias.scalar_type() == at::kFloat);
  }

  bool is_mean(torch::jit::Value* value) const {
    const auto* node = maker(value);
    if (node == nullptr || node->inputs().empty() || node->input(0) != x()) {
      return false;
    }
    const auto given = node->inputs().size() > 1 ? torch::jit::toIValue(node->input(1)) : std::nullopt;
    if (!given || !given->isIntList()) {
      return false;
    }
    auto numbers = given->toIntVector();
    if (node->kind() == c10::aten::adaptive_avg_pool2d) {
      return numbers == Sizes{1, 1};
    }
    for (auto& dim : numbers) {
      dim = dim < 0 ? dim + 4 : dim;
    }
    std::sort(numbers.begin(), numbers.end());
    const auto dtype = node->kind() == c10::aten::mean && node->inputs().size() == 4 ? torch::jit::toIValue(node->input(3)) : std::nullopt;
    return dtype && dtype->isNone() && numbers == Sizes{2, 3};
  }

  torch::jit::Node* node_;
  std::size_t place_;
  at::Tensor first_, first_bias_, second_, second_bias_;
  Activation inner_, gate_;
};

// Replaces squeeze-excite blocks for calls like the example; returns how many.
inline std::size_t replace_squeeze_excite(ExampleCall& example) {
  auto& graph = example.graph();
  std::vector<SqueezeExciteSite> sites;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    if (const auto site = SqueezeExciteSite::of(node)) {
      asked.insert(asked.end(), {site->x(), site->factors()});
      sites.push_back(*site);
    }
  }
  const auto all = fast_kernels();
  if (sites.empty() || all.empty()) {
    return 0;
  }
  const auto sizes = example.sizes_of(asked);
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (sites[i].fits(sizes[2 * i], sizes[2 * i + 1])) {
      sites[i].put(graph, all.front().width);
      ++replaced;
    }
  }
  torch::jit::EliminateDeadCode(graph.block());
  return replaced;
}

}  // namespace fxtraced::detail
