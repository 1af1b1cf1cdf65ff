// Images with their channels last in memory, which convolutions are faster for.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.h"

namespace fxtraced::detail {

// Images [N, C, H, W] with their channels last in memory. `contiguous` walks element by element, which takes longer than
// the shuffle of channels, with a whole image as the channels of one place.
inline at::Tensor channels_last(const at::Tensor& x) {
  const auto n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  if (c > 1 && x.numel() > 0 && x.is_contiguous()) {
    const auto places = at::channel_shuffle(x.view({n, 1, 1, c * h * w}).permute({0, 3, 1, 2}), c);
    return places.permute({0, 2, 3, 1}).reshape({n, h, w, c}).permute({0, 3, 1, 2});
  }
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

// The same and the sum of all numbers, in float32: of images with three channels by a kernel, in one look.
inline std::pair<at::Tensor, at::Tensor> turned(const at::Tensor& x) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() == 4, "images in ", x.scalar_type(), " ", x.sizes());
  const auto all = fast_kernels();
  if (all.empty() || x.size(1) != 3 || !x.is_contiguous()) {
    const auto images = channels_last(x);
    return {images, images.sum()};
  }
  // Fewer numbers are ready before another thread has begun.
  constexpr std::int64_t kEnough = 1 << 14;
  const auto result = at::empty_like(x, x.options(), at::MemoryFormat::ChannelsLast);
  const auto images = x.size(0), places = x.size(2) * x.size(3);
  const auto parts = std::clamp<std::int64_t>(places / kEnough, 1, at::get_num_threads());
  std::vector<float> sums(static_cast<std::size_t>(images * parts));
  in_parallel(images * parts, [&](std::int64_t at) {
    const auto begin = at / parts * 3 * places, part = at % parts;
    sums[static_cast<std::size_t>(at)] = all.front().turn(
        x.data_ptr<float>() + begin, result.data_ptr<float>() + begin, places, places * part / parts, places * (part + 1) / parts);
  });
  float sum = 0;
  for (const float each : sums) {
    sum += each;
  }
  return {result, at::scalar_tensor(sum, x.options())};
}

inline void call_turned(torch::jit::Stack& stack) {
  auto [images, sum] = turned(torch::jit::pop(stack).toTensor());
  torch::jit::push(stack, std::move(images), std::move(sum));
}

inline const torch::jit::RegisterOperators turned_registered(
    {torch::jit::Operator("fxtraced::turned(Tensor x) -> (Tensor, Tensor)", call_turned, c10::AliasAnalysisKind::FROM_SCHEMA)});

}  // namespace fxtraced::detail
