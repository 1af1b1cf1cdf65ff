// Convolutions by a kernel.

#pragma once

#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "convolution_site.h"
#include "graphs.h"
#include "kernels.h"
#include "multiplying.h"

namespace fxtraced::detail {

// activation(convolution of images [N, C, H, W] in float32, with a weight and a bias in blocks, + added, if defined).
inline at::Tensor convolve(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor added, const Window& window,
    const std::vector<double>& activation) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "a convolution of ", x.scalar_type(), " ", x.sizes());
  const auto given = x.contiguous(at::MemoryFormat::ChannelsLast);
  const auto kernel = best_kernels();
  Convolution own;
  own.taps = window.size[0] * window.size[1];
  own.inputs = given.size(1);
  own.outputs = bias.numel();
  const auto blocks = (own.outputs + kernel.width - 1) / kernel.width;
  const bool fits = own.inputs > 0 && weight.dim() == 4 && weight.size(0) == blocks && weight.size(1) == own.taps * own.inputs && weight.size(3) == kernel.width;
  TORCH_CHECK(fits && weight.is_contiguous() && bias.is_contiguous(), "a weight in another form");
  const auto images = given.size(0), height = given.size(2), width = given.size(3);
  const Sizes size = {images, own.outputs, window.places(height, 0), window.places(width, 1)};
  const auto result = memory_of_result(added, size, at::MemoryFormat::ChannelsLast);
  own.added = added.defined() ? added.data_ptr<float>() : nullptr;
  own.weights = weight.data_ptr<float>(), own.bias = bias.data_ptr<float>();
  own.count = images * result.size(2) * result.size(3);
  own.to = result.data_ptr<float>();
  own.activation = activation_of(activation);
  // Around an image there is nothing.
  const std::vector<float> nothing(static_cast<std::size_t>(own.inputs));
  const auto *from = given.data_ptr<float>(), *outside = nothing.data();
  const auto rows = result.size(2), columns = result.size(3);
  multiply(own, kernel, [&](std::int64_t place, const float** to) {
    const auto image = place / (rows * columns);
    const auto top = place / columns % rows * window.stride[0] - window.padding[0], left = place % columns * window.stride[1] - window.padding[1];
    for (std::int64_t i = 0; i < window.size[0]; ++i) {
      const auto row = top + i * window.dilation[0];
      const auto* line = from + (image * height + row) * width * own.inputs;
      for (std::int64_t j = 0; j < window.size[1]; ++j) {
        const auto column = left + j * window.dilation[1];
        const bool is_inside = row >= 0 && row < height && column >= 0 && column < width;
        *to++ = is_inside ? line + column * own.inputs : outside;
      }
    }
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

// Puts such a call in the place of a convolution and what follows it.
inline void put_convolve(torch::jit::Graph& graph, const ConvolutionSite& site, std::int64_t width) {
  const auto rows = site.weight.permute({0, 2, 3, 1}).flatten(1);
  const auto& window = site.window;
  put(graph, site, "fxtraced::convolve", in_blocks(rows, 1, width), {window.size, window.stride, window.padding, window.dilation});
}

}  // namespace fxtraced::detail
