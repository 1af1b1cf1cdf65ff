// What changes of a frozen graph for one choice of sizes have in common.

#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fxtraced::detail {

using Sizes = std::vector<std::int64_t>;

// An operation of torch that lays weights out, by its name: libtorch's headers do not have it.
class LayingOut {
 public:
  explicit LayingOut(const char* name) : operation_(c10::Dispatcher::singleton().findSchema({name, ""})) {}

  // False in a libtorch that was built without the library.
  bool is_there() const { return operation_ && operation_->hasKernelForDispatchKey(c10::DispatchKey::CPU); }

  c10::IValue operator()(torch::jit::Stack arguments) const {
    operation_->callBoxed(arguments);
    return arguments.at(0);
  }

 private:
  std::optional<c10::OperatorHandle> operation_;
};

// Inserts a weight in oneDNN's or MKL's layout; no other constant can hold one.
inline torch::jit::Value* insert_opaque(torch::jit::Graph& graph, const at::Tensor& weight) {
  auto* constant = graph.insertNode(graph.create(c10::Symbol::fromQualString("prim::ConstantMKLDNNTensor")));
  constant->t_(c10::attr::value, weight);
  return constant->output();
}

// The sizes of these values of a graph in a call with these inputs.
inline std::vector<Sizes> sizes_of(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values, std::vector<c10::IValue> stack) {
  const auto copy = graph.copy();
  std::map<const torch::jit::Value*, torch::jit::Value*> copies;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    copies[graph.inputs()[i]] = copy->inputs()[i];
  }
  auto copied = copy->nodes().begin();
  for (auto* node : graph.nodes()) {
    for (std::size_t i = 0; i < node->outputs().size(); ++i) {
      copies[node->output(i)] = copied->output(i);
    }
    ++copied;
  }
  while (!copy->outputs().empty()) {
    copy->eraseOutput(0);
  }
  std::vector<torch::jit::Value*> wanted;
  for (const auto* value : values) {
    auto* found = copies.at(value);
    // The size and not the tensor: all of them would be held at once.
    auto* size = copy->create(c10::aten::size, {found});
    size->output()->setType(c10::ListType::ofInts());
    if (found->node()->kind() == c10::prim::Param) {
      copy->prependNode(size);
    } else {
      size->insertAfter(found->node());
    }
    wanted.push_back(size->output());
  }
  copy->registerOutput(copy->insertNode(copy->createTuple(wanted))->output());
  torch::jit::CompilationUnit unit;
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  const auto results = (*unit.create_function("sizes", copy))(std::move(stack));
  std::vector<Sizes> found;
  for (const auto& value : results.toTupleRef().elements()) {
    found.push_back(value.toIntVector());
  }
  return found;
}

}  // namespace fxtraced::detail
