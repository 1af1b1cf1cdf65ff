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

// Inserts a cast of a value where the graph inserts.
inline torch::jit::Value* cast(torch::jit::Graph& graph, torch::jit::Value* value, at::ScalarType dtype) {
  return graph.insert(c10::aten::to, {value, static_cast<std::int64_t>(dtype), false, false, c10::IValue()});
}

// What an operation with a result of this type gives for values of a graph in a call with these inputs.
inline std::vector<c10::IValue> asked(
    torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values, std::vector<c10::IValue> stack, c10::Symbol kind, const c10::TypePtr& type) {
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
    // The answer and not the tensor: all of them would be held at once.
    auto* answer = copy->create(kind, {found});
    answer->output()->setType(type);
    if (found->node()->kind() == c10::prim::Param) {
      copy->prependNode(answer);
    } else {
      answer->insertAfter(found->node());
    }
    wanted.push_back(answer->output());
  }
  copy->registerOutput(copy->insertNode(copy->createTuple(wanted))->output());
  torch::jit::CompilationUnit unit;
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  const auto results = (*unit.create_function("asked", copy))(std::move(stack));
  const auto& elements = results.toTupleRef().elements();
  return std::vector<c10::IValue>(elements.begin(), elements.end());
}

// The sizes of these values of a graph in a call with these inputs.
inline std::vector<Sizes> sizes_of(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values, const std::vector<c10::IValue>& inputs) {
  std::vector<Sizes> found;
  for (const auto& value : asked(graph, values, inputs, c10::aten::size, c10::ListType::ofInts())) {
    found.push_back(value.toIntVector());
  }
  return found;
}

// The dtypes of these values of a graph in a call with these inputs.
inline std::vector<at::ScalarType> dtypes_of(
    torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values, const std::vector<c10::IValue>& inputs) {
  std::vector<at::ScalarType> found;
  for (const auto& value : asked(graph, values, inputs, c10::prim::dtype, c10::IntType::get())) {
    found.push_back(static_cast<at::ScalarType>(value.toInt()));
  }
  return found;
}

}  // namespace fxtraced::detail
