// What changes of a frozen graph for one choice of sizes have in common.

#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
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

// A graph and the inputs of a call of it, which shows the sizes and dtypes of values. The graph may be changed in between: a
// value that stays has what it had.
class ExampleCall {
 public:
  ExampleCall(torch::jit::Graph& graph, std::vector<c10::IValue> inputs) : graph_(graph), inputs_(std::move(inputs)) {}

  torch::jit::Graph& graph() const { return graph_; }

  // What an input or a result of a node outside of branches and loops has. Throws what the call throws.
  std::vector<Sizes> sizes_of(const std::vector<torch::jit::Value*>& values) {
    std::vector<Sizes> found;
    for (const auto* form : forms_of(values)) {
      found.push_back(form->sizes);
    }
    return found;
  }
  std::vector<at::ScalarType> dtypes_of(const std::vector<torch::jit::Value*>& values) {
    std::vector<at::ScalarType> found;
    for (const auto* form : forms_of(values)) {
      found.push_back(form->dtype);
    }
    return found;
  }

 private:
  struct Form {
    Sizes sizes;
    at::ScalarType dtype;
  };

  std::vector<const Form*> forms_of(const std::vector<torch::jit::Value*>& values) {
    const bool are_known = std::all_of(values.begin(), values.end(), [&](auto* x) { return forms_.count(x->unique()) != 0; });
    if (!are_known) {
      try {
        look_at(tensors());
      } catch (const std::exception&) {
        // One that nobody asks for may be undefined.
        look_at(values);
      }
    }
    std::vector<const Form*> found;
    for (const auto* value : values) {
      found.push_back(&forms_.at(value->unique()));
    }
    return found;
  }

  // All, as a call for each question would take longer.
  std::vector<torch::jit::Value*> tensors() const {
    std::vector<torch::jit::Value*> found;
    const auto keep = [&](auto values) {
      std::copy_if(values.begin(), values.end(), std::back_inserter(found), [](auto* x) { return x->type()->kind() == c10::TypeKind::TensorType; });
    };
    keep(graph_.inputs());
    for (auto* node : graph_.nodes()) {
      keep(node->outputs());
    }
    return found;
  }

  void look_at(const std::vector<torch::jit::Value*>& values) {
    const auto copy = graph_.copy();
    std::map<const torch::jit::Value*, torch::jit::Value*> copies;
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
      copies[graph_.inputs()[i]] = copy->inputs()[i];
    }
    auto copied = copy->nodes().begin();
    for (auto* node : graph_.nodes()) {
      for (std::size_t i = 0; i < node->outputs().size(); ++i) {
        copies[node->output(i)] = copied->output(i);
      }
      ++copied;
    }
    while (!copy->outputs().empty()) {
      copy->eraseOutput(0);
    }
    // The answers and not the tensors: all of them would be held at once.
    std::vector<torch::jit::Value*> answers;
    const auto ask = [&](torch::jit::Value* value, c10::Symbol kind, const c10::TypePtr& type) {
      auto* answer = copy->create(kind, {value});
      answer->output()->setType(type);
      if (value->node()->kind() == c10::prim::Param) {
        copy->prependNode(answer);
      } else {
        answer->insertAfter(value->node());
      }
      answers.push_back(answer->output());
    };
    for (const auto* value : values) {
      auto* const found = copies.at(value);
      ask(found, c10::aten::size, c10::ListType::ofInts());
      ask(found, c10::prim::dtype, c10::IntType::get());
    }
    copy->registerOutput(copy->insertNode(copy->createTuple(answers))->output());
    torch::jit::CompilationUnit unit;
    const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
    const auto results = (*unit.create_function("example", copy))(inputs_);
    const auto& elements = results.toTupleRef().elements();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto dtype = static_cast<at::ScalarType>(elements[2 * i + 1].toInt());
      forms_[values[i]->unique()] = {elements[2 * i].toIntVector(), dtype};
    }
  }

  torch::jit::Graph& graph_;
  std::vector<c10::IValue> inputs_;
  // By the number that a value alone has, also after it is gone.
  std::map<std::size_t, Form> forms_;
};

}  // namespace fxtraced::detail
