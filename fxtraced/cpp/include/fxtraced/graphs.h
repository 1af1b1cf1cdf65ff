// What changes of a frozen graph for one choice of sizes have in common.

#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
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
        look_at(values, true);
      } catch (const std::exception&) {
        // One that nobody asks for may be undefined.
        look_at(values, false);
      }
    }
    std::vector<const Form*> found;
    for (const auto* value : values) {
      found.push_back(&forms_.at(value->unique()));
    }
    return found;
  }

  static std::vector<torch::jit::Value*> tensors_in(torch::jit::Graph& graph) {
    std::vector<torch::jit::Value*> found;
    const auto keep = [&](auto values) {
      std::copy_if(values.begin(), values.end(), std::back_inserter(found), [](auto* x) { return x->type()->kind() == c10::TypeKind::TensorType; });
    };
    keep(graph.inputs());
    for (auto* node : graph.nodes()) {
      keep(node->outputs());
    }
    return found;
  }

  // Calls what computes the values. also_others: looks at all tensors on the way, as another question may be of them.
  void look_at(const std::vector<torch::jit::Value*>& values, bool also_others) {
    const auto copy = graph_.copy();
    std::map<const torch::jit::Value*, torch::jit::Value*> copies;
    std::map<std::size_t, std::size_t> originals;
    const auto note = [&](auto from, auto to) {
      for (std::size_t i = 0; i < from.size(); ++i) {
        copies[from[i]] = to[i];
        originals[to[i]->unique()] = from[i]->unique();
      }
    };
    note(graph_.inputs(), copy->inputs());
    auto copied = copy->nodes().begin();
    for (auto* node : graph_.nodes()) {
      note(node->outputs(), (copied++)->outputs());
    }
    const auto drop_outputs = [&] {
      while (!copy->outputs().empty()) {
        copy->eraseOutput(0);
      }
    };
    drop_outputs();
    std::vector<torch::jit::Value*> asked;
    for (const auto* value : values) {
      asked.push_back(copies.at(value));
      copy->registerOutput(asked.back());
    }
    torch::jit::EliminateDeadCode(copy);
    drop_outputs();
    if (also_others) {
      asked = tensors_in(*copy);
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
    for (auto* value : asked) {
      ask(value, c10::aten::size, c10::ListType::ofInts());
      ask(value, c10::prim::dtype, c10::IntType::get());
    }
    copy->registerOutput(copy->insertNode(copy->createTuple(answers))->output());
    torch::jit::CompilationUnit unit;
    const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
    const auto results = (*unit.create_function("example", copy))(inputs_);
    const auto& elements = results.toTupleRef().elements();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto dtype = static_cast<at::ScalarType>(elements[2 * i + 1].toInt());
      forms_[originals.at(asked[i]->unique())] = {elements[2 * i].toIntVector(), dtype};
    }
  }

  torch::jit::Graph& graph_;
  std::vector<c10::IValue> inputs_;
  // By the number that a value alone has, also after it is gone.
  std::map<std::size_t, Form> forms_;
};

}  // namespace fxtraced::detail
