// Convolutions and products by one kernel: the places of an image and the rows of a matrix are alike to it.

#pragma once

#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.h"

namespace fxtraced::detail {

// Memory for a result of this size and layout: that of what is added, if something is, where nothing else holds it, as other
// memory is not in the caches. Leaves what is added in that layout.
inline at::Tensor memory_of_result(at::Tensor& added, const std::vector<std::int64_t>& size, at::MemoryFormat layout) {
  if (added.defined()) {
    TORCH_CHECK(added.sizes() == c10::IntArrayRef(size) && added.scalar_type() == at::kFloat, "an addition of other sizes");
    if (added.is_contiguous(layout) && added.use_count() == 1 && added.storage().use_count() == 1) {
      return added;
    }
    added = added.contiguous(layout);
  }
  return at::empty(size, at::TensorOptions().dtype(at::kFloat).memory_format(layout));
}

// Calculates a convolution whose inputs lie where `places(place, from)` says, which writes one address for each tap, by all
// threads; own.places is of no matter. With few places each thread has some outputs, and reads their weights alone; with
// many, some places.
template <typename Places>
inline void multiply(const Convolution& own, const Kernels& kernel, const Places& places) {
  // Floats of the inputs that the second cache holds beside weights, and the fewest places for which weights are read again.
  constexpr std::int64_t kHeld = std::int64_t{1} << 15, kFewest = 64;
  if (own.count == 0) {
    return;
  }
  const auto up = [](std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit; };
  const std::int64_t blocks = up(own.outputs, kernel.width), threads = at::get_num_threads(), most = std::max(kFewest, kHeld / own.inputs);
  const bool are_few = own.count <= most && own.count < kFewest * threads;
  const auto turns = up(own.count, most * threads);
  const auto at_once = are_few ? own.count : up(up(own.count, turns * threads), kernel.places) * kernel.places;
  const auto parts = are_few ? std::min(blocks, threads) : std::min(threads, up(own.count, at_once));
  in_parallel(parts, [&](std::int64_t part) {
    std::vector<const float*> from(static_cast<std::size_t>(at_once * own.taps));
    std::vector<float> sums(static_cast<std::size_t>(3 * at_once * kernel.width));
    auto some = own;
    some.places = from.data();
    for (auto first = are_few ? 0 : part * at_once; first < own.count; first += are_few ? own.count : parts * at_once) {
      some.count = std::min(at_once, own.count - first);
      for (std::int64_t i = 0; i < some.count; ++i) {
        places(first + i, from.data() + i * own.taps);
      }
      some.added = own.added == nullptr ? nullptr : own.added + first * own.outputs;
      some.to = own.to + first * own.outputs;
      kernel.convolve(some, sums.data(), are_few ? blocks * part / parts : 0, are_few ? blocks * (part + 1) / parts : blocks);
    }
  });
}

}  // namespace fxtraced::detail
