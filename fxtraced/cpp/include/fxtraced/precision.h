// Products of a frozen graph in bfloat16, and what lies between them, as fxtraced/lowering/scripted_precision.py has it.

#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/script.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph_compiler.h"
#include "graphs.h"

namespace fxtraced::detail {

// True on a CPU that calculates in bfloat16 itself: made of float32 it is slower than that.
inline bool has_bfloat16() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool has_avx512 = __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1) != 0;
  const bool has_amx = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1) != 0;
  return has_avx512 || has_amx;
#else
  return false;
#endif
}

// True where oneDNN can calculate in it, too.
inline bool calculates_bfloat16() {
  const auto operation = c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
  if (!operation || !has_bfloat16()) {
    return false;
  }
  torch::jit::Stack stack;
  operation->callBoxed(stack);
  return stack.at(0).toBool();
}

// Lowers a frozen graph with tensors in float32 and bfloat16, in place. inputs: of a call that shows the dtypes. Throws what
// such a call throws.
class LowerPrecision {
 public:
  LowerPrecision(const std::shared_ptr<torch::jit::Graph>& graph, const std::vector<c10::IValue>& inputs) : graph_(*graph) {
    const std::vector<torch::jit::Node*> nodes(graph->nodes().begin(), graph->nodes().end());
    if (std::any_of(nodes.begin(), nodes.end(), [](auto* x) { return writes(*x); })) {
      return;
    }
    std::vector<torch::jit::Value*> values;
    const auto keep_tensors = [&](auto found) {
      std::copy_if(found.begin(), found.end(), std::back_inserter(values), [](auto* x) { return is_tensor(*x); });
    };
    keep_tensors(graph->inputs());
    for (auto* node : nodes) {
      keep_tensors(node->outputs());
    }
    const auto dtypes = ExampleCall(*graph, inputs).dtypes_of(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      dtypes_[values[i]] = dtypes[i];
    }
    for (auto* node : nodes) {
      lower(node);
    }
    keep(graph->return_node());
    torch::jit::EliminateDeadCode(graph);
  }

  // Of the products in bfloat16; 0 for a graph that writes, which is as it was.
  std::size_t count() const { return count_; }

 private:
  using Node = torch::jit::Node;
  using Value = torch::jit::Value;

  // An input of a node.
  struct Place {
    Node* node;
    std::size_t at;
    Value* value() const { return node->input(at); }
    void put(Value* value) const { node->replaceInput(at, value); }
  };
  using Places = std::vector<Place>;

  static bool is_among(const Node& node, const std::set<std::string>& names) {
    return node.kind().is_aten() && names.count(node.kind().toUnqualString()) != 0;
  }

  // What is as exact in bfloat16 as its operands, or nearly.
  static bool follows(const Node& node) {
    static const std::set<std::string> names = {
        "relu", "relu6", "hardtanh", "clamp", "leaky_relu", "elu", "gelu", "silu", "hardswish", "hardsigmoid", "sigmoid",
        "tanh", "add", "sub", "subtract", "mul", "multiply", "div", "maximum", "minimum", "cat", "max_pool2d", "avg_pool2d",
        "adaptive_avg_pool2d", "contiguous", "reshape", "view", "flatten", "unflatten", "permute", "transpose", "unsqueeze",
        "squeeze", "expand", "alias"};
    return is_among(node, names);
  }

  // It asks for what is the same in every dtype.
  static bool asks_for_form(const Node& node) {
    static const std::set<std::string> names = {"size", "dim", "numel", "len"};
    return is_among(node, names) || node.kind() == c10::prim::device;
  }

  // Attention without a mask: the smallest float32, as masks have it, is -inf in bfloat16.
  static bool is_plain_attention(const Node& node) {
    return is_among(node, {"scaled_dot_product_attention"}) && node.input(3)->mustBeNone();
  }

  static bool is_tensor(const Value& value) { return value.type()->kind() == c10::TypeKind::TensorType; }

  static bool writes(const Node& node) {
    const auto* schema = node.kind().is_prim() ? nullptr : node.maybeSchema();
    if (schema && schema->is_mutable()) {
      return true;
    }
    return std::any_of(node.blocks().begin(), node.blocks().end(), [](const auto* block) {
      return std::any_of(block->nodes().begin(), block->nodes().end(), [](const auto* inner) { return writes(*inner); });
    });
  }

  static bool is_read_by_cat(const Node& node) {
    return node.kind() == c10::prim::ListConstruct && node.output()->uses().size() == 1 &&
           node.output()->uses()[0].user->kind() == c10::aten::cat;
  }

  // The tensors that a node takes, those of a list that it alone reads among them.
  static Places tensors_into(Node* node) {
    if (node->kind() == c10::aten::cat && is_read_by_cat(*node->input(0)->node())) {
      node = node->input(0)->node();
    }
    Places found;
    for (std::size_t i = 0; i < node->inputs().size(); ++i) {
      if (is_tensor(*node->input(i))) {
        found.push_back({node, i});
      }
    }
    return found;
  }

  void lower(Node* node) {
    if (asks_for_form(*node) || is_read_by_cat(*node)) {
      return;
    }
    const auto places = tensors_into(node);
    Places floats;
    std::copy_if(places.begin(), places.end(), std::back_inserter(floats), [&](const auto& x) { return is_float(x.value()); });
    if (floats.empty() || node->outputs().size() != 1 || !is_float(node->output())) {
      keep(node);
    } else if (is_product(*node) || is_plain_attention(*node)) {
      narrow(node, floats);
      ++count_;
    } else if (follows(*node) && floats.size() == places.size() && std::all_of(places.begin(), places.end(), [&](const auto& x) { return is_narrow(x.value()); })) {
      narrow(node, floats);
    } else {
      if (node->kind() == c10::aten::to && places.size() == 1) {
        see_cast(node, places[0]);
      }
      keep(node);
    }
  }

  // Lets a node take and give bfloat16.
  void narrow(Node* node, const Places& floats) {
    for (const auto& place : floats) {
      place.put(in_bfloat16(place));
    }
    if (dtypes_.at(node->output()) == at::kFloat) {
      replaced_.insert(node->output());
      narrow_[node->output()] = node->output();
    }
  }

  // A cast has no effect where all read what is there in its dtype already.
  void see_cast(Node* node, const Place& place) {
    const bool widens = dtypes_.at(node->output()) == at::kFloat && dtypes_.at(place.value()) == at::kBFloat16;
    const bool narrows = dtypes_.at(node->output()) == at::kBFloat16 && is_narrow(place.value());
    if (widens || narrows) {
      narrow_[node->output()] = in_bfloat16(place);
    }
    if (widens) {
      widened_.insert(node->output());
    }
  }

  // Lets a node, with its branches and loops, take what it took.
  void keep(Node* node) {
    for (const auto& place : tensors_into(node)) {
      widen(place, place.node);
    }
    keep_inside(node, node);
  }

  void keep_inside(Node* node, Node* outermost) {
    for (auto* block : node->blocks()) {
      for (auto* inner : block->nodes()) {
        if (!asks_for_form(*inner)) {
          for (const auto& place : tensors_into(inner)) {
            widen(place, outermost);
          }
        }
        keep_inside(inner, outermost);
      }
    }
  }

  // Lets an input have the dtype that it had, cast before a node.
  void widen(const Place& place, Node* before) {
    auto* value = place.value();
    if (replaced_.count(value) == 0) {
      const auto dtype = dtypes_.find(value);
      const auto found = narrow_.find(value);
      if (dtype != dtypes_.end() && dtype->second == at::kBFloat16 && found != narrow_.end()) {
        place.put(found->second);
      }
      return;
    }
    auto& wide = wide_[value];
    if (wide == nullptr) {
      const torch::jit::WithInsertPoint here(before);
      wide = cast(graph_, value, at::kFloat);
    }
    place.put(wide);
  }

  Value* in_bfloat16(const Place& place) {
    auto* value = place.value();
    const auto found = narrow_.find(value);
    if (found != narrow_.end()) {
      return found->second;
    }
    if (dtypes_.at(value) == at::kBFloat16) {
      return value;
    }
    const torch::jit::WithInsertPoint here(place.node);
    const auto constant = torch::jit::toIValue(value);
    return narrow_[value] = constant ? graph_.insertConstant(constant->toTensor().to(at::kBFloat16)) : cast(graph_, value, at::kBFloat16);
  }

  // True for what comes out of a product, or from a cast to float32 of what is in bfloat16.
  bool is_narrow(const Value* value) const {
    return dtypes_.at(value) == at::kBFloat16 || replaced_.count(value) != 0 || widened_.count(value) != 0;
  }

  bool is_float(const Value* value) const {
    const auto found = dtypes_.find(value);
    return found != dtypes_.end() && (found->second == at::kFloat || found->second == at::kBFloat16);
  }

  torch::jit::Graph& graph_;
  std::map<const Value*, at::ScalarType> dtypes_;
  // Values in bfloat16, and, of those that are calculated in it now, in float32.
  std::map<const Value*, Value*> narrow_, wide_;
  // Those that are calculated in it now, and casts to float32 of what is in it.
  std::set<const Value*> replaced_, widened_;
  std::size_t count_ = 0;
};

}  // namespace fxtraced::detail
