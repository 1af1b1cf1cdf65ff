// LSTMs, GRUs and simple networks layer by layer, with weights that are laid out once: by kernels for the CPU, or LSTMs by
// oneDNN's, for which torch's own call lays weights out each time.

#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "graphs.h"
#include "measuring.h"
#include "recurrent_kernels.h"

namespace fxtraced::detail {

// A network with weights of the module, in evaluation. counts: of sequences of several lengths, which torch has packed, how
// many there are at each step. weights: four for each layer and direction.
struct RecurrentSite {
  torch::jit::Node* node = nullptr;
  Cell cell = Cell::kLstm;
  torch::jit::Value* counts = nullptr;
  // What is given for the states: of an LSTM a list of two.
  torch::jit::Value* before = nullptr;
  std::vector<at::Tensor> weights;
  std::int64_t layers = 1;
  bool bidirectional = false, batch_first = false;

  torch::jit::Value* x() const { return node->input(0); }
  std::size_t directions() const { return bidirectional ? 2 : 1; }
  // The weights of one layer and direction, the `at`-th of the network: of the input and of the state, and their biases.
  const at::Tensor* of(std::size_t at) const { return &weights[4 * at]; }
  std::vector<torch::jit::Value*> states() const {
    return cell == Cell::kLstm ? before->node()->inputs().vec() : std::vector<torch::jit::Value*>{before};
  }
};

inline std::optional<RecurrentSite> recurrent_site(torch::jit::Node* node) {
  static const std::map<c10::Symbol, Cell> cells = {
      {c10::aten::lstm, Cell::kLstm}, {c10::aten::gru, Cell::kGru}, {c10::aten::rnn_tanh, Cell::kTanh}, {c10::aten::rnn_relu, Cell::kRelu}};
  const auto cell = cells.find(node->kind());
  if (cell == cells.end() || node->inputs().size() != 9) {
    return std::nullopt;
  }
  RecurrentSite site;
  site.node = node;
  site.cell = cell->second;
  const auto is_list = [&](std::size_t i) { return node->input(i)->type()->kind() == c10::TypeKind::ListType; };
  // Packed sequences have their counts in the second place, and nothing for the batch first.
  const bool is_packed = is_list(3);
  site.counts = is_packed ? node->input(1) : nullptr;
  site.before = node->input(is_packed ? 2 : 1);
  if (site.cell == Cell::kLstm && site.before->node()->kind() != c10::prim::ListConstruct) {
    return std::nullopt;
  }
  std::vector<c10::IValue> given;
  for (std::size_t i = is_packed ? 3 : 2; i < 9; ++i) {
    const auto value = torch::jit::toIValue(node->input(i));
    if (!value) {
      return std::nullopt;
    }
    given.push_back(*value);
  }
  if (!given[0].isTensorList()) {
    return std::nullopt;
  }
  site.weights = given[0].toTensorVector();
  site.layers = given[2].toInt();
  site.bidirectional = given[5].toBool();
  site.batch_first = !is_packed && given[6].toBool();
  const bool has_biases = given[1].toBool(), training = given[4].toBool();
  const auto expected = 4 * static_cast<std::size_t>(site.layers) * site.directions();
  const bool are_float = std::all_of(site.weights.begin(), site.weights.end(), [](const auto& x) { return x.scalar_type() == at::kFloat; });
  const bool fits = has_biases && !training && site.weights.size() == expected && are_float;
  return fits ? std::optional(site) : std::nullopt;
}

// Puts a product of all inputs and a call of a kernel for each layer in the place of a network.
inline void calculate_layers(torch::jit::Graph& graph, const RecurrentSite& site, const Kernels& kernel) {
  const torch::jit::WithInsertPoint here(site.node);
  const std::int64_t gates = gates_of(site.cell), width = kernel.width;
  const auto states = site.states();
  auto* value = site.x();
  auto* counts = site.counts ? site.counts : graph.insertConstant(c10::IValue());
  std::array<std::vector<torch::jit::Value*>, 2> finals;
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(site.layers); ++layer) {
    std::vector<at::Tensor> of_inputs, biases, of_states, state_biases;
    const std::size_t first = layer * site.directions();
    for (std::size_t at = first; at < first + site.directions(); ++at) {
      const auto* own = site.of(at);
      auto bias = own[2] + own[3];
      if (site.cell == Cell::kGru) {
        // The state's for the third gate is added before the gate is multiplied.
        bias.chunk(3)[2].copy_(own[2].chunk(3)[2]);
        state_biases.push_back(in_blocks(own[3].chunk(3)[2], 1, width).flatten());
      }
      of_inputs.push_back(in_blocks(own[0], gates, width).permute({0, 2, 3, 1}).flatten(0, 2));
      biases.push_back(in_blocks(bias, gates, width).flatten());
      of_states.push_back(in_blocks(own[1], gates, width));
    }
    auto* product = graph.insert(c10::aten::linear, {value, at::cat(of_inputs).contiguous(), at::cat(biases)});
    std::vector<torch::jit::Value*> inputs = {product, counts, graph.insertConstant(at::stack(of_states))};
    inputs.push_back(graph.insertConstant(state_biases.empty() ? c10::IValue() : c10::IValue(at::stack(state_biases))));
    inputs.push_back(states.front());
    inputs.push_back(states.back());
    for (const auto& setting : std::array<c10::IValue, 3>{static_cast<std::int64_t>(first), static_cast<std::int64_t>(site.cell), site.batch_first}) {
      inputs.push_back(graph.insertConstant(setting));
    }
    static const auto name = c10::Symbol::fromQualString("fxtraced::recurrent_layer");
    auto* call = graph.insertNode(graph.create(name, inputs, 3));
    value = call->output(0);
    finals[0].push_back(call->output(1));
    finals[1].push_back(call->output(2));
  }
  site.node->output(0)->replaceAllUsesWith(value);
  for (std::size_t i = 1; i < site.node->outputs().size(); ++i) {
    auto* all = graph.insertNode(graph.createList(c10::TensorType::get(), finals[i - 1]))->output();
    site.node->output(i)->replaceAllUsesWith(graph.insert(c10::aten::cat, {all, 0}));
  }
  site.node->destroy();
}

// An LSTM by one call of oneDNN for each layer and direction.
class PackedLstm {
 public:
  static bool is_there() { return at::globalContext().userEnabledMkldnn() && laying_out().is_there(); }

  // Puts such calls in the place of an LSTM whose input has this size; in float32, or in bfloat16 between casts.
  static void put(torch::jit::Graph& graph, RecurrentSite site, Sizes size, at::ScalarType dtype) {
    const torch::jit::WithInsertPoint here(site.node);
    for (auto& weight : site.weights) {
      weight = weight.to(dtype);
    }
    if (site.batch_first) {
      std::swap(size[0], size[1]);
    }
    auto* value = turned(graph, site, cast_from_float(graph, site.x(), dtype));
    std::vector<torch::jit::Value*> states;
    for (auto* state : site.states()) {
      states.push_back(cast_from_float(graph, state, dtype));
    }
    const std::size_t directions = site.directions();
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

  static torch::jit::Value* turned(torch::jit::Graph& graph, const RecurrentSite& site, torch::jit::Value* value) {
    return site.batch_first ? graph.insert(c10::aten::transpose, {value, 0, 1}) : value;
  }

  static torch::jit::Value* list(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& values) {
    return graph.insertNode(graph.createList(c10::TensorType::get(), values))->output();
  }

  // The call of one layer and direction, the `at`-th of the LSTM, on inputs [steps, batch, width] of this size.
  static torch::jit::Node* call(
      torch::jit::Graph& graph, const RecurrentSite& site, torch::jit::Value* x, const std::vector<torch::jit::Value*>& states, std::size_t at,
      bool reverse, const Sizes& size) {
    // The number of an LSTM among torch's recurrent networks.
    constexpr std::int64_t lstm = 2;
    const auto hidden = site.weights[1].size(1);
    const auto* own = site.of(at);
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

// What calculates a network: torch's own call, oneDNN's of an LSTM, or a kernel.
enum class RecurrentWay { kOwn, kOneDnn, kKernel };

inline void put(
    torch::jit::Graph& graph, const RecurrentSite& site, const Sizes& size, RecurrentWay way, at::ScalarType dtype,
    const std::vector<Kernels>& all) {
  if (way == RecurrentWay::kOneDnn) {
    PackedLstm::put(graph, site, size, dtype);
  } else if (way == RecurrentWay::kKernel) {
    calculate_layers(graph, site, all.front());
  }
}

class FastestRecurrent {
 public:
  // The fastest way for an input of this size. A kernel has a thread for each direction, and for some rows where there are
  // many: with several threads, what takes them all may be faster, so it is measured. Sequences of several lengths always
  // are a kernel's: for them torch has no other call than for each step.
  static RecurrentWay of(const RecurrentSite& site, const Sizes& size, at::ScalarType dtype, const std::vector<Kernels>& all) {
    const bool can_be_onednns = site.cell == Cell::kLstm && !site.counts && PackedLstm::is_there();
    const auto other = can_be_onednns ? RecurrentWay::kOneDnn : RecurrentWay::kOwn;
    if (all.empty() || (other == RecurrentWay::kOneDnn && dtype != at::kFloat)) {
      return other;
    }
    if (at::get_num_threads() == 1 || site.counts) {
      return RecurrentWay::kKernel;
    }
    const Call kernel(site, size, RecurrentWay::kKernel, all), others(site, size, other, all);
    const auto fastest = fastest_of({1, 1}, [&](std::size_t i) { return (i == 0 ? kernel : others).run(); });
    return fastest == 0 ? RecurrentWay::kKernel : other;
  }

 private:
  // More would say nothing new.
  static constexpr std::int64_t kSteps = 16;

  // A graph of the network alone, for some steps.
  class Call {
   public:
    Call(const RecurrentSite& site, Sizes size, RecurrentWay way, const std::vector<Kernels>& all) {
      auto& steps = size[site.batch_first ? 1 : 0];
      steps = std::min(steps, kSteps);
      const auto graph = std::make_shared<torch::jit::Graph>();
      const auto given = [&](const Sizes& of) {
        inputs_.emplace_back(at::full(of, 0.1, at::kFloat));
        return graph->addInput();
      };
      auto* x = given(size);
      const auto networks = site.layers * static_cast<std::int64_t>(site.directions());
      std::vector<torch::jit::Value*> states;
      for (std::size_t i = 0; i < site.states().size(); ++i) {
        states.push_back(given({networks, size[site.batch_first ? 0 : 1], site.weights[1].size(1)}));
      }
      auto* before = site.cell == Cell::kLstm ? graph->insertNode(graph->createList(c10::TensorType::get(), states))->output() : states[0];
      auto* clone = graph->insertNode(graph->createClone(site.node, [&](torch::jit::Value* value) {
        return value == site.x() ? x : value == site.before ? before : graph->insertConstant(torch::jit::toIValue(value).value());
      }));
      graph->registerOutput(clone->output(0));
      put(*graph, recurrent_site(clone).value(), size, way, at::kFloat, all);
      function_ = unit_.create_function("call", graph);
    }

    double run() const {
      const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
      const auto start = std::chrono::steady_clock::now();
      (*function_)(inputs_);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

   private:
    torch::jit::CompilationUnit unit_;
    torch::jit::Function* function_ = nullptr;
    std::vector<c10::IValue> inputs_;
  };
};

// Replaces networks for calls like the example; returns how many. dtype: float32, or bfloat16 to calculate LSTMs in it.
// all: the kernels of this CPU, the best ones first, for what is in float32.
inline std::size_t pack_recurrent(
    ExampleCall& example, at::ScalarType dtype = at::kFloat,
    const std::vector<Kernels>& all = fast_kernels(),
    const std::function<decltype(FastestRecurrent::of)>& fastest = FastestRecurrent::of) {
  auto& graph = example.graph();
  std::vector<RecurrentSite> sites;
  std::vector<torch::jit::Value*> asked;
  for (auto* node : graph.nodes()) {
    if (auto site = recurrent_site(node)) {
      asked.push_back(site->x());
      sites.push_back(*std::move(site));
    }
  }
  if (sites.empty()) {
    return 0;
  }
  const auto sizes = example.sizes_of(asked);
  std::size_t packed = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (sizes[i].size() == (sites[i].counts ? 2 : 3) && c10::multiply_integers(sizes[i]) != 0) {
      const auto way = fastest(sites[i], sizes[i], dtype, all);
      put(graph, sites[i], sizes[i], way, dtype, all);
      packed += way != RecurrentWay::kOwn;
    }
  }
  return packed;
}

}  // namespace fxtraced::detail
