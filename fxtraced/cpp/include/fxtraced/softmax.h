// Soft-max over the last dimension by a kernel, in the memory of its input where it may.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "graph_compiler.h"
#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

// The soft-max of each row of a tensor in float32; in its own memory where nothing else holds it.
inline at::Tensor softmax(at::Tensor x) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && x.dim() > 0, "soft-max of ", x.scalar_type(), " ", x.sizes());
  // Fewer numbers are ready before another thread has begun.
  constexpr std::int64_t kEnough = 1 << 14;
  const bool is_free = x.is_contiguous() && x.use_count() == 1 && x.storage().use_count() == 1;
  const auto given = x.contiguous();
  auto result = is_free ? x : at::empty_like(given);
  const auto kernel = best_kernels();
  const auto count = given.size(-1), rows = count == 0 ? 0 : given.numel() / count;
  const auto parts = std::clamp<std::int64_t>(given.numel() / kEnough, 1, at::get_num_threads());
  in_parallel(parts, [&](std::int64_t part) {
    for (auto row = rows * part / parts; row < rows * (part + 1) / parts; ++row) {
      kernel.softmax(given.data_ptr<float>() + row * count, result.data_ptr<float>() + row * count, count);
    }
  });
  return result;
}

inline void call_softmax(torch::jit::Stack& stack) { torch::jit::push(stack, softmax(torch::jit::pop(stack).toTensor())); }

inline const torch::jit::RegisterOperators softmax_registered(
    {torch::jit::Operator("fxtraced::softmax(Tensor x) -> Tensor", call_softmax, c10::AliasAnalysisKind::FROM_SCHEMA)});

// True where a result is multiplied by another: the compiler has one call for all of an attention.
inline bool is_multiplied(const torch::jit::Node& node) {
  const auto& uses = node.output()->uses();
  return std::any_of(uses.begin(), uses.end(), [](const auto& use) { return is_product(*use.user); });
}

// Replaces soft-max calls over the last dimension for calls like the example; returns how many.
inline std::size_t replace_softmax(ExampleCall& example) {
  auto& graph = example.graph();
  std::vector<torch::jit::Node*> found;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    const bool is_one = node->kind() == c10::aten::softmax && node->inputs().size() == 3 && torch::jit::toIValue(node->input(1));
    const auto dtype = is_one ? torch::jit::toIValue(node->input(2)) : std::nullopt;
    if (dtype && dtype->isNone() && !is_multiplied(*node)) {
      found.push_back(node);
      asked.push_back(node->input(0));
    }
  }
  if (found.empty() || fast_kernels().empty()) {
    return 0;
  }
  const auto sizes = example.sizes_of(asked);
  const auto dtypes = example.dtypes_of(asked);
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto last = static_cast<std::int64_t>(sizes[i].size()) - 1;
    const auto dim = torch::jit::toIValue(found[i]->input(1))->toInt();
    if (dtypes[i] != at::kFloat || last < 0 || (dim != last && dim != -1)) {
      continue;
    }
    const torch::jit::WithInsertPoint here(found[i]);
    static const auto name = c10::Symbol::fromQualString("fxtraced::softmax");
    found[i]->output()->replaceAllUsesWith(graph.insertNode(graph.create(name, {found[i]->input(0)}))->output());
    found[i]->destroy();
    ++replaced;
  }
  return replaced;
}

}  // namespace fxtraced::detail
