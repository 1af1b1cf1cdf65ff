// LSTMs layer by layer with weights in oneDNN's layout: torch's own call lays them out each time.

#pragma once

#include <ATen/Context.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "graphs.h"

namespace fxtraced::detail {

// An LSTM with weights of the module, in evaluation. weights: four for each layer and direction.
struct LstmSite {
  torch::jit::Node* node = nullptr;
  std::vector<at::Tensor> weights;
  std::int64_t layers = 1;
  bool bidirectional = false, batch_first = false;
};

inline std::optional<LstmSite> lstm_site(torch::jit::Node* node) {
  if (node->kind() != c10::aten::lstm || node->inputs().size() != 9 || node->input(1)->node()->kind() != c10::prim::ListConstruct) {
    return std::nullopt;
  }
  std::vector<c10::IValue> given;
  for (std::size_t i = 2; i < 9; ++i) {
    const auto value = torch::jit::toIValue(node->input(i));
    if (!value) {
      return std::nullopt;
    }
    given.push_back(*value);
  }
  if (!given[0].isTensorList()) {
    return std::nullopt;
  }
  LstmSite site;
  site.node = node;
  site.weights = given[0].toTensorVector();
  site.layers = given[2].toInt();
  site.bidirectional = given[5].toBool();
  site.batch_first = given[6].toBool();
  const bool has_biases = given[1].toBool(), training = given[4].toBool();
  const auto expected = 4 * site.layers * (site.bidirectional ? 2 : 1);
  const bool are_float = std::all_of(site.weights.begin(), site.weights.end(), [](const auto& x) { return x.scalar_type() == at::kFloat; });
  const bool fits = has_biases && !training && static_cast<std::int64_t>(site.weights.size()) == expected && are_float;
  return fits ? std::optional(site) : std::nullopt;
}

class PackedLstm {
 public:
  static bool is_there() { return at::globalContext().userEnabledMkldnn() && laying_out().is_there(); }

  // Puts one call for each layer and direction in the place of an LSTM whose input has this size; in float32, or in bfloat16
  // between casts.
  static void put(torch::jit::Graph& graph, LstmSite site, Sizes size, at::ScalarType dtype) {
    const torch::jit::WithInsertPoint here(site.node);
    for (auto& weight : site.weights) {
      weight = weight.to(dtype);
    }
    if (site.batch_first) {
      std::swap(size[0], size[1]);
    }
    auto* value = turned(graph, site, cast_from_float(graph, site.node->input(0), dtype));
    std::vector<torch::jit::Value*> states;
    for (auto* state : site.node->input(1)->node()->inputs()) {
      states.push_back(cast_from_float(graph, state, dtype));
    }
    const std::size_t directions = site.bidirectional ? 2 : 1;
    std::vector<torch::jit::Node*> calls;
    for (std::int64_t layer = 0; layer < site.layers; ++layer) {
      value = graph.insert(c10::aten::contiguous, {value});
      std::vector<torch::jit::Value*> outputs;
      for (std::size_t direction = 0; direction < directions; ++direction) {
        calls.push_back(call(graph, site, value, states, calls.size(), direction == 1, size));
        outputs.push_back(calls.back()->output(0));
      }
      value = site.bidirectional ? graph.insert(c10::aten::cat, {list(graph, outputs), 2}) : outputs[0];
      size[2] = site.weights[1].size(1) * static_cast<std::int64_t>(directions);
    }
    const auto back = [&](torch::jit::Value* found) { return dtype == at::kFloat ? found : cast(graph, found, at::kFloat); };
    site.node->output(0)->replaceAllUsesWith(back(turned(graph, site, value)));
    for (std::size_t i = 1; i < 3; ++i) {
      std::vector<torch::jit::Value*> finals;
      for (auto* each : calls) {
        finals.push_back(each->output(i));
      }
      site.node->output(i)->replaceAllUsesWith(back(graph.insert(c10::aten::stack, {list(graph, finals), 0})));
    }
    site.node->destroy();
  }

 private:
  static const LayingOut& laying_out() {
    static const LayingOut found("mkldnn::_reorder_mkldnn_rnn_layer_weight");
    return found;
  }

  static torch::jit::Value* cast_from_float(torch::jit::Graph& graph, torch::jit::Value* value, at::ScalarType dtype) {
    return dtype == at::kFloat ? value : cast(graph, value, dtype);
  }

  static torch::jit::Value* turned(torch::jit::Graph& graph, const LstmSite& site, torch::jit::Value* value) {
    return site.batch_first ? graph.insert(c10::aten::transpose, {value, 0, 1}) : value;
  }

  static torch::jit::Value* list(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values) {
    return graph.insertNode(graph.createList(c10::TensorType::get(), values))->output();
  }

  // The call of one layer and direction, the `at`-th of the LSTM, on inputs [steps, batch, width] of this size.
  static torch::jit::Node* call(
      torch::jit::Graph& graph, const LstmSite& site, torch::jit::Value* x, const std::vector<torch::jit::Value*>& states, std::size_t at,
      bool reverse, const Sizes& size) {
    // The number of an LSTM among torch's recurrent networks.
    constexpr std::int64_t lstm = 2;
    const auto hidden = site.weights[1].size(1);
    const auto* own = &site.weights[4 * at];
    const auto packed = laying_out()({own[0].contiguous(), own[1].contiguous(), hidden, reverse, true, false, size}).toTensorVector();
    std::vector<torch::jit::Value*> inputs = {x};
    for (std::size_t i = 0; i < 4; ++i) {
      inputs.push_back(i < 2 ? insert_opaque(graph, packed[i]) : graph.insertConstant(own[i]));
    }
    for (auto* state : states) {
      auto* start = graph.insert(c10::aten::select, {state, 0, static_cast<std::int64_t>(at)});
      inputs.push_back(graph.insert(c10::aten::contiguous, {start}));
    }
    const c10::IValue none = c10::List<std::int64_t>();
    for (const auto& value : std::array<c10::IValue, 9>{reverse, none, lstm, hidden, site.layers, true, site.bidirectional, false, false}) {
      inputs.push_back(graph.insertConstant(value));
    }
    return graph.insertNode(graph.create(c10::Symbol::fromQualString("aten::mkldnn_rnn_layer"), inputs, 4));
  }
};

// Replaces LSTMs for calls with inputs like these; returns how many. dtype: float32, or bfloat16 to calculate in it.
inline std::size_t pack_recurrent(torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs, at::ScalarType dtype = at::kFloat) {
  std::vector<LstmSite> sites;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    if (auto site = lstm_site(node)) {
      asked.push_back(node->input(0));
      sites.push_back(*std::move(site));
    }
  }
  if (sites.empty() || !PackedLstm::is_there()) {
    return 0;
  }
  const auto sizes = sizes_of(graph, asked, inputs);
  std::size_t packed = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (sizes[i].size() == 3 && c10::multiply_integers(sizes[i]) != 0) {
      PackedLstm::put(graph, sites[i], sizes[i], dtype);
      ++packed;
    }
  }
  return packed;
}

}  // namespace fxtraced::detail
