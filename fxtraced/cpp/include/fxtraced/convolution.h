// Convolutions of few places by a kernel: they read as many weights as they multiply.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "convolution_site.h"
#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

// activation(convolution of images [N, C, H, W] in float32, with a weight and a bias in blocks, + added, if defined).
inline at::Tensor convolve(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor added, const Window& window,
    const std::vector<double>& activation) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "a convolution of ", x.scalar_type(), " ", x.sizes());
  const auto given = x.contiguous(at::MemoryFormat::ChannelsLast);
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
  const auto result = memory_of_result(added, size, given.options());
  own.added = added.defined() ? added.data_ptr<float>() : nullptr;
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

// Puts such a call in the place of a convolution and what follows it.
inline void put_convolve(torch::jit::Graph& graph, const ConvolutionSite& site, std::int64_t width) {
  const auto rows = site.weight.permute({0, 2, 3, 1}).flatten(1);
  const auto& window = site.window;
  put(graph, site, "fxtraced::convolve", in_blocks(rows, 1, width), {window.size, window.stride, window.padding, window.dilation});
}

}  // namespace fxtraced::detail
