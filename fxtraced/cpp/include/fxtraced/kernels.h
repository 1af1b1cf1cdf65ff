// Kernels that libtorch has not: the compiler of the program makes them for AVX2 and for AVX-512, and the CPU tells at run
// time which ones answer.

#pragma once

#include <ATen/TensorIterator.h>
#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "winograd_matrices.h"

namespace fxtraced::detail {

// What a step does. Gates are in torch's order: input, forget, cell, output; reset, update, new; or one.
enum class Cell : std::int64_t { kLstm, kGru, kTanh, kRelu };

constexpr int gates_of(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }

// One step of the first `rows` rows: where those of the inputs and outputs begin.
struct Step {
  const float* inputs = nullptr;
  float* outputs = nullptr;
  std::int64_t rows = 0;
};

// One direction of a layer for some rows of the batch. Inputs have the biases in them. They, the weights and the states come
// in blocks of as many places as a vector has, and the last block is filled up with zeros: inputs [block, gate, place],
// weights [block, place of the state before, gate, place].
struct Direction {
  std::vector<Step> steps;
  std::int64_t input_row = 0, output_row = 0;
  const float* weights = nullptr;
  // Of the state in a GRU's third gate.
  const float* bias = nullptr;
  std::int64_t rows = 0, hidden = 0, padded = 0;
};

// Of all rows, each `padded` long.
struct States {
  float *now = nullptr, *next = nullptr, *cell = nullptr;
};

// clamp is of slope * x + offset.
struct Activation {
  enum Kind : std::int64_t { kSigmoid, kSilu, kHardSwish, kClamp, kNone, kRelu, kGelu } kind = kClamp;
  float slope = 1, offset = 0, low = 0, high = 0;
};

// As operations of TorchScript take one.
inline std::vector<double> numbers_of(const Activation& x) { return {static_cast<double>(x.kind), x.slope, x.offset, x.low, x.high}; }

inline Activation activation_of(const std::vector<double>& numbers) {
  TORCH_CHECK(numbers.size() == 5, "an activation of ", numbers.size(), " numbers");
  Activation found;
  found.kind = static_cast<Activation::Kind>(numbers[0]);
  float* const parts[] = {&found.slope, &found.offset, &found.low, &found.high};
  for (std::size_t i = 0; i < 4; ++i) {
    *parts[i] = static_cast<float>(numbers[i + 1]);
  }
  return found;
}

// The activation that a call of torch makes, if kernels have it.
inline std::optional<Activation> activation_of(const torch::jit::Node& node) {
  static const std::map<std::string, Activation::Kind> kinds = {
      {"relu", Activation::kRelu}, {"silu", Activation::kSilu}, {"hardswish", Activation::kHardSwish}, {"sigmoid", Activation::kSigmoid},
      {"gelu", Activation::kGelu}};
  const auto found = node.kind().is_aten() ? kinds.find(node.kind().toUnqualString()) : kinds.end();
  if (found == kinds.end()) {
    return std::nullopt;
  }
  if (found->second == Activation::kGelu) {
    const auto approximate = torch::jit::toIValue(node.input(1));
    if (!approximate || approximate->toStringRef() != "none") {
      return std::nullopt;
    }
  }
  Activation made;
  made.kind = found->second;
  return made;
}

// An image with its channels last in memory, and where a result goes, which may be the same.
struct Image {
  const float* from = nullptr;
  float* to = nullptr;
  std::int64_t places = 0, channels = 0;
};

// A product with an activation after it. Weights [block, input, place] and biases come in blocks of as many outputs as a
// vector has, filled up with zeros; rows are as long as filled up ones.
struct Product {
  const float *weights = nullptr, *bias = nullptr;
  std::int64_t rows = 0, inputs = 0, padded_inputs = 0, padded_outputs = 0;
  Activation activation;
};

// A convolution with an addition and an activation after it, or a product, whose rows are the places. places: for each place
// of the result and each tap of the window where its inputs begin. Weights [block, tap, input, output] are in blocks of as
// many outputs as a vector has, filled up with zeros.
struct Convolution {
  const float* const* places = nullptr;
  std::int64_t count = 0, taps = 0, inputs = 0, outputs = 0;
  const float *weights = nullptr, *bias = nullptr;
  // What is added, if not null, and the result: [place, output].
  const float* added = nullptr;
  float* to = nullptr;
  Activation activation;
};

// A convolution with a window of 3x3 that moves by one place, for tiles of `tile` * `tile` results, with an addition and an
// activation after it. Images have their channels last, and inputs and outputs fill vectors.
struct Winograd {
  // What lies so many floats further than a power of two is in another part of the nearest cache.
  static constexpr std::int64_t kApart = 16;

  std::int64_t tile = 0, inputs = 0, outputs = 0;
  // Of the images and of the results; the places of nothing before the images; tiles of a result.
  std::int64_t height = 0, width = 0, rows = 0, columns = 0, top = 0, left = 0, down = 0, across = 0;
  // Transformed: [number, block, input, output].
  const float *weights = nullptr, *bias = nullptr;
  // The images, what is added, if not null, the results, and as many zeros as there are inputs.
  const float *from = nullptr, *added = nullptr;
  float* to = nullptr;
  const float* nothing = nullptr;
  Activation activation;

  // How many floats so many tiles take on their way.
  std::int64_t scratch(std::int64_t tiles) const { return (tile + 2) * (tile + 2) * (tiles * (inputs + outputs) + 2 * kApart); }
};

#if defined(__x86_64__) && defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
// 16 registers hold the sums of three rows and four gates, 32 those of four rows; those of four or seven places and three
// vectors.
namespace avx2 {
#define FXTRACED_TARGET __attribute__((target("avx2,fma")))
#define FXTRACED_WIDTH 8
#define FXTRACED_ROWS 3
#define FXTRACED_PLACES 4
#include "kernels_of_one_cpu.h"
}  // namespace avx2
namespace avx512 {
#define FXTRACED_TARGET __attribute__((target("avx512f")))
#define FXTRACED_WIDTH 16
#define FXTRACED_ROWS 4
#define FXTRACED_PLACES 7
#include "kernels_of_one_cpu.h"
}  // namespace avx512
#pragma GCC diagnostic pop
#endif

// What there is for one kind of CPU.
struct Kernels {
  // Of the vectors, in floats; how many places with three vectors each registers hold the sums of.
  std::int64_t width = 0, places = 0;
  void (*run_steps)(Cell, const Direction&, States&) = nullptr;
  void (*softmax)(const float* from, float* to, std::int64_t count) = nullptr;
  // For the blocks of channels or outputs from `first` to before `last`.
  void (*average)(const Image&, float* means, std::int64_t first, std::int64_t last) = nullptr;
  void (*scale)(const Image&, const float* factors, std::int64_t first, std::int64_t last) = nullptr;
  void (*multiply)(const Product&, const float* from, float* to, std::int64_t first, std::int64_t last) = nullptr;
  // Three planes, place by place, from the first place to before the last; their sum.
  float (*turn)(const float* from, float* to, std::int64_t places, std::int64_t first, std::int64_t last) = nullptr;
  void (*convolve)(const Convolution&, float* sums, std::int64_t first, std::int64_t last) = nullptr;
  void (*winograd)(const Winograd&, float* scratch, std::int64_t first, std::int64_t last) = nullptr;
};

// Those that this CPU can run, the best ones first.
inline std::vector<Kernels> kernels() {
  std::vector<Kernels> found;
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) {
    found.push_back(
        {avx512::kWidth, avx512::kPlacesAtOnce, avx512::run_steps, avx512::softmax, avx512::average, avx512::scale, avx512::multiply, avx512::turn, avx512::convolve, avx512::winograd});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back(
        {avx2::kWidth, avx2::kPlacesAtOnce, avx2::run_steps, avx2::softmax, avx2::average, avx2::scale, avx2::multiply, avx2::turn, avx2::convolve, avx2::winograd});
  }
#endif
  return found;
}

// The best ones, for an operation that is put into a graph only where there are some.
inline Kernels best_kernels() {
  const auto all = kernels();
  TORCH_CHECK(!all.empty(), "no kernel for this CPU");
  return all.front();
}

// Those that are worth a call: in a program that is compiled without optimisation, they are slow.
inline std::vector<Kernels> fast_kernels() {
#if defined(__OPTIMIZE__)
  return kernels();
#else
  return {};
#endif
}

// How many calls of kernels a graph has, of all or of one name.
inline std::size_t kernel_calls(const torch::jit::Graph& graph, const std::string& name = "") {
  std::size_t found = 0;
  for (const auto* node : graph.nodes()) {
    const auto kind = node->kind();
    found += std::string(kind.ns().toUnqualString()) == "fxtraced" && (name.empty() || name == kind.toUnqualString());
  }
  return found;
}

// A weight [gates * places, ...] in blocks of as many places as a vector has, [blocks, ..., gates, width], the last one
// filled up with zeros.
inline at::Tensor in_blocks(const at::Tensor& weight, std::int64_t gates, std::int64_t width) {
  const auto places = weight.size(0) / gates, blocks = (places + width - 1) / width;
  const auto parts = weight.reshape({gates, places, -1}).contiguous();
  const auto inputs = parts.size(2);
  const auto laid_out = at::empty({blocks, inputs, gates, width}, weight.options());
  const auto* const from = parts.const_data_ptr<float>();
  auto* to = laid_out.mutable_data_ptr<float>();
  for (std::int64_t block = 0; block < blocks; ++block) {
    const auto filled = std::min(width, places - block * width);
    for (std::int64_t input = 0; input < inputs; ++input) {
      for (std::int64_t gate = 0; gate < gates; ++gate, to += width) {
        const auto* const column = from + (gate * places + block * width) * inputs + input;
        for (std::int64_t place = 0; place < width; ++place) {
          to[place] = place < filled ? column[place * inputs] : 0;
        }
      }
    }
  }
  return laid_out;
}

// Calls a function with the numbers below `count`, on libtorch's threads: an iterator over them is libtorch's, and
// at::parallel_for the program's, which has threads only where it is compiled with OpenMP.
inline void in_parallel(std::int64_t count, const std::function<void(std::int64_t)>& call) {
  if (count == 1) {
    return call(0);
  }
  const auto numbers = at::arange(count, at::kLong);
  auto iterator = at::TensorIterator::borrowing_nullary_op(numbers);
  const auto call_all = [&](char** data, const std::int64_t* strides, std::int64_t size, std::int64_t times) {
    for (std::int64_t i = 0; i < size * times; ++i) {
      call(*reinterpret_cast<const std::int64_t*>(data[0] + i % size * strides[0] + i / size * strides[1]));
    }
  };
  iterator.for_each(call_all, 1);
}

}  // namespace fxtraced::detail
