// Linear calls by a kernel.

#pragma once

#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "graphs.h"
#include "kernels.h"
#include "multiplying.h"

namespace fxtraced::detail {

// activation(x [..., inputs] in float32 times a weight in blocks [blocks, inputs, 1, width], + bias [outputs] + added, if
// defined, [..., outputs]); in the memory of what is added where nothing else holds it.
inline at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor added, const std::vector<double>& activation) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() > 0, "a linear call of ", x.scalar_type(), " ", x.sizes());
  const auto kernel = best_kernels();
  const auto given = x.contiguous();
  Convolution own;
  own.taps = 1, own.inputs = x.size(-1), own.outputs = bias.numel();
  const auto blocks = (own.outputs + kernel.width - 1) / kernel.width;
  const bool fits = own.inputs > 0 && weight.dim() == 4 && weight.size(0) == blocks && weight.size(1) == own.inputs && weight.size(3) == kernel.width;
  TORCH_CHECK(fits && weight.is_contiguous(), "a weight in another form");
  const auto biases = bias.contiguous();
  Sizes size = x.sizes().vec();
  size.back() = own.outputs;
  const auto result = memory_of_result(added, size, at::MemoryFormat::Contiguous);
  own.added = added.defined() ? added.data_ptr<float>() : nullptr;
  own.count = given.numel() / own.inputs;
  own.weights = weight.data_ptr<float>(), own.bias = biases.data_ptr<float>(), own.to = result.data_ptr<float>();
  own.activation = activation_of(activation);
  const auto* from = given.data_ptr<float>();
  multiply(own, kernel, [&](std::int64_t row, const float** to) { *to = from + row * own.inputs; });
  return result;
}

inline void call_linear(torch::jit::Stack& stack) {
  std::vector<c10::IValue> given(std::make_move_iterator(stack.end() - 5), std::make_move_iterator(stack.end()));
  torch::jit::drop(stack, 5);
  auto added = given[3].isNone() ? at::Tensor() : std::move(given[3]).toTensor();
  torch::jit::push(stack, linear(given[0].toTensor(), given[1].toTensor(), given[2].toTensor(), std::move(added), given[4].toDoubleVector()));
}

inline const torch::jit::RegisterOperators linear_registered({torch::jit::Operator(
    "fxtraced::linear(Tensor x, Tensor weight, Tensor bias, Tensor? added, float[] activation) -> Tensor", call_linear,
    c10::AliasAnalysisKind::FROM_SCHEMA)});

}  // namespace fxtraced::detail
