// Convolutions with a window of 3x3 by Winograd's minimal filtering, which multiplies less: for tiles of 2x2 results 4 times
// a result instead of 9, for tiles of 4x4 2.25 times.

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
#include "multiplying.h"
#include "winograd_matrices.h"

namespace fxtraced::detail {

// A weight [outputs, inputs, 3, 3] transformed for tiles of kTile * kTile results, in blocks of as many outputs as a vector
// has: [number, block, input, output].
template <std::size_t kTile>
inline at::Tensor winograd_weight(const at::Tensor& weight, std::int64_t width) {
  const auto& matrix = kWinograd<kTile>.weight;
  constexpr std::int64_t kSide = kTile + 2;
  const auto one = at::empty({kSide, 3}, at::kDouble);
  std::copy(&matrix[0][0], &matrix[0][0] + kSide * 3, one.data_ptr<double>());
  const auto both = at::kron(one, one).t();
  const auto blocks = weight.size(0) / width, inputs = weight.size(1);
  const auto result = at::empty({kSide * kSide, blocks, inputs, width});
  // Block by block: in float64, all of it would take eight times the memory of the weight.
  for (std::int64_t block = 0; block < blocks; ++block) {
    const auto windows = weight.narrow(0, block * width, width).to(at::kDouble).reshape({width * inputs, 9});
    result.select(1, block).copy_(at::mm(windows, both).reshape({width, inputs, kSide * kSide}).permute({2, 1, 0}));
  }
  return result;
}

// activation(convolution of images [N, C, H, W] in float32, with a transformed weight and a bias, + added, if defined), with
// padding[axis] places of zeros on both sides.
inline at::Tensor winograd(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor added, const Sizes& padding,
    const std::vector<double>& activation) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "a convolution of ", x.scalar_type(), " ", x.sizes());
  const auto given = x.contiguous(at::MemoryFormat::ChannelsLast);
  const auto kernel = best_kernels();
  Winograd own;
  const bool is_weight = weight.dim() == 4 && weight.size(2) == x.size(1) && weight.size(3) == kernel.width && weight.is_contiguous();
  TORCH_CHECK(is_weight && (weight.size(0) == 16 || weight.size(0) == 36) && weight.size(1) * kernel.width == bias.numel(), "a weight in another form");
  own.tile = weight.size(0) == 16 ? 2 : 4;
  own.inputs = x.size(1), own.outputs = bias.numel();
  own.height = x.size(2), own.width = x.size(3);
  own.top = padding.at(0), own.left = padding.at(1);
  own.rows = own.height + 2 * own.top - 2, own.columns = own.width + 2 * own.left - 2;
  const Sizes size = {x.size(0), own.outputs, own.rows, own.columns};
  const auto result = memory_of_result(added, size, at::MemoryFormat::ChannelsLast);
  own.added = added.defined() ? added.data_ptr<float>() : nullptr;
  own.down = (own.rows + own.tile - 1) / own.tile, own.across = (own.columns + own.tile - 1) / own.tile;
  // Around an image there is nothing.
  const std::vector<float> nothing(static_cast<std::size_t>(own.inputs));
  own.nothing = nothing.data();
  own.from = given.data_ptr<float>(), own.to = result.data_ptr<float>();
  own.weights = weight.data_ptr<float>(), own.bias = bias.data_ptr<float>();
  own.activation = activation_of(activation);
  const auto tiles = x.size(0) * own.down * own.across;
  if (tiles == 0) {
    return result;
  }
  // As many tiles at a time as the caches hold, the same for each thread.
  constexpr std::int64_t kAtOnce = 48;
  const auto up = [](std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit; };
  const auto threads = std::min<std::int64_t>(at::get_num_threads(), up(tiles, kernel.places));
  const auto turns = up(up(tiles, up(kAtOnce, kernel.places) * kernel.places), threads);
  const auto at_once = up(up(tiles, turns * threads), kernel.places) * kernel.places;
  const auto scratch = at::empty({threads, own.scratch(at_once)});
  in_parallel(threads, [&](std::int64_t thread) {
    for (auto first = thread * at_once; first < tiles; first += threads * at_once) {
      kernel.winograd(own, scratch.data_ptr<float>() + thread * scratch.size(1), first, std::min(tiles, first + at_once));
    }
  });
  return result;
}

inline void call_winograd(torch::jit::Stack& stack) {
  std::vector<c10::IValue> given(std::make_move_iterator(stack.end() - 6), std::make_move_iterator(stack.end()));
  torch::jit::drop(stack, 6);
  auto added = given[3].isNone() ? at::Tensor() : std::move(given[3]).toTensor();
  torch::jit::push(stack, winograd(given[0].toTensor(), given[1].toTensor(), given[2].toTensor(), std::move(added), given[4].toIntVector(), given[5].toDoubleVector()));
}

inline const torch::jit::RegisterOperators winograd_registered({torch::jit::Operator(
    "fxtraced::winograd(Tensor x, Tensor weight, Tensor bias, Tensor? added, int[] padding, float[] activation) -> Tensor", call_winograd,
    c10::AliasAnalysisKind::FROM_SCHEMA)});

// Puts such a call in the place of a convolution and what follows it.
template <std::size_t kTile>
inline void put_winograd(torch::jit::Graph& graph, const ConvolutionSite& site, std::int64_t width) {
  put(graph, site, "fxtraced::winograd", winograd_weight<kTile>(site.weight, width), {site.window.padding});
}

}  // namespace fxtraced::detail
