// Layers of LSTMs, GRUs and simple networks by kernels of their own. For each step of a GRU or a simple network libtorch
// calls a dozen operations, which take longer than its arithmetic; oneDNN's LSTM takes longer where there are few rows.

#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

namespace recurrent {

// How many rows each step has, and where its first one lies among all rows of a tensor [steps, batch, ...], or batch first,
// or of sequences of several lengths one after another, as torch packs them.
struct Rows {
  Sizes counts, starts;
  // From a row to the next one of the same step.
  std::int64_t next = 1;

  static Rows of(const at::Tensor& inputs, const at::Tensor& counts, bool batch_first) {
    Rows rows;
    if (inputs.dim() == 3) {
      const auto steps = inputs.size(batch_first ? 1 : 0), batch = inputs.size(batch_first ? 0 : 1);
      rows.next = batch_first ? steps : 1;
      rows.counts.assign(static_cast<std::size_t>(steps), batch);
      for (std::int64_t step = 0; step < steps; ++step) {
        rows.starts.push_back(step * (batch_first ? 1 : batch));
      }
      return rows;
    }
    TORCH_CHECK(counts.defined() && counts.scalar_type() == at::kLong && counts.is_contiguous(), "sequences without their lengths");
    std::int64_t start = 0;
    for (std::int64_t step = 0; step < counts.numel(); ++step) {
      const auto count = counts.data_ptr<std::int64_t>()[step];
      TORCH_CHECK(count >= 0 && (step == 0 || count <= rows.counts.back()), "sequences that are not sorted by their lengths");
      rows.counts.push_back(count);
      rows.starts.push_back(start);
      start += count;
    }
    TORCH_CHECK(start == inputs.size(0), "sequences of ", start, " steps, and inputs of ", inputs.size(0));
    return rows;
  }
};

// Calculates all directions of a layer. inputs: [steps, batch, directions * blocks * gates * width], or batch first; or the
// rows of sequences of several lengths, with the number of rows of each step in counts. weights: [directions, blocks, hidden,
// gates, width]. bias: [directions, blocks * width], of a GRU. hidden, cell: states [layers * directions, batch, hidden], of which
// the layer's begin at `first`. Gives the outputs, and the states after the last step; those of the cell are empty but for
// an LSTM.
inline std::tuple<at::Tensor, at::Tensor, at::Tensor> layer(
    const at::Tensor& inputs, const at::Tensor& counts, const at::Tensor& weights, const at::Tensor& bias, const at::Tensor& hidden,
    const at::Tensor& cell, std::int64_t first, Cell kind, bool batch_first) {
  const auto is_whole = [](const at::Tensor& x) { return x.defined() && x.scalar_type() == at::kFloat && x.is_contiguous(); };
  TORCH_CHECK(is_whole(weights) && weights.dim() == 5 && weights.size(3) == gates_of(kind), "weights of a recurrent layer");
  const auto directions = weights.size(0), places = weights.size(2), width = weights.size(4), padded = weights.size(1) * width;
  const auto all = kernels();
  const auto kernel = std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.width == width; });
  TORCH_CHECK(kernel != all.end(), "no kernel has vectors of ", width, " floats");
  const auto gates = gates_of(kind) * padded;
  const bool fits = (inputs.dim() == 2 || inputs.dim() == 3) && inputs.size(-1) == directions * gates;
  TORCH_CHECK(fits && inputs.scalar_type() == at::kFloat, "inputs of a recurrent layer: ", inputs.sizes());
  TORCH_CHECK(kind != Cell::kGru || (is_whole(bias) && bias.numel() == directions * padded), "biases of a recurrent layer");
  const auto given = inputs.contiguous();
  const auto rows = Rows::of(given, counts, batch_first);
  const auto batch = rows.counts.empty() ? 0 : rows.counts[0];
  const bool has_cell = kind == Cell::kLstm;
  for (const auto& state : {hidden, has_cell ? cell : hidden}) {
    const bool is_one = state.dim() == 3 && state.size(0) >= first + directions && state.size(1) == batch && state.size(2) == places;
    TORCH_CHECK(is_one && state.scalar_type() == at::kFloat, "states of a recurrent layer: ", state.sizes());
  }
  const auto start = hidden.narrow(0, first, directions).contiguous();
  const auto cell_start = has_cell ? cell.narrow(0, first, directions).contiguous() : at::Tensor();
  auto output_size = given.sizes().vec();
  output_size.back() = directions * places;
  auto outputs = at::empty(output_size, given.options());
  auto last = at::empty_like(start), last_cell = has_cell ? at::empty_like(start) : at::empty({0}, given.options());
  // Some rows of one direction.
  const auto calculate = [&](std::int64_t direction, std::int64_t from, std::int64_t to) {
    Direction own;
    own.rows = to - from, own.hidden = places, own.padded = padded;
    own.input_row = rows.next * directions * gates, own.output_row = rows.next * directions * places;
    own.weights = weights.data_ptr<float>() + direction * weights.stride(0);
    own.bias = kind == Cell::kGru ? bias.data_ptr<float>() + direction * padded : nullptr;
    for (std::size_t step = 0; step < rows.counts.size(); ++step) {
      const auto at = rows.starts[step] + from * rows.next;
      const auto* from_here = given.data_ptr<float>() + at * directions * gates + direction * gates;
      auto* to_here = outputs.data_ptr<float>() + at * directions * places + direction * places;
      own.steps.push_back({from_here, to_here, std::clamp<std::int64_t>(rows.counts[step] - from, 0, own.rows)});
    }
    if (direction == 1) {
      std::reverse(own.steps.begin(), own.steps.end());
    }
    std::vector<float> memory(static_cast<std::size_t>(3 * own.rows * padded));
    States states{memory.data(), memory.data() + own.rows * padded, memory.data() + 2 * own.rows * padded};
    const auto place_of = [&](const at::Tensor& state, std::int64_t row) {
      return state.data_ptr<float>() + (direction * batch + from + row) * places;
    };
    for (std::int64_t row = 0; row < own.rows; ++row) {
      std::copy_n(place_of(start, row), places, states.now + row * padded);
      if (has_cell) {
        std::copy_n(place_of(cell_start, row), places, states.cell + row * padded);
      }
    }
    kernel->run_steps(kind, own, states);
    for (std::int64_t row = 0; row < own.rows; ++row) {
      std::copy_n(states.now + row * padded, places, place_of(last, row));
      if (has_cell) {
        std::copy_n(states.cell + row * padded, places, place_of(last_cell, row));
      }
    }
  };
  const auto parts = std::clamp<std::int64_t>(at::get_num_threads() / directions, 1, std::max<std::int64_t>(batch, 1));
  in_parallel(directions * parts, [&](std::int64_t i) {
    const auto part = i % parts;
    calculate(i / parts, batch * part / parts, batch * (part + 1) / parts);
  });
  return {outputs, last, last_cell};
}

// The operation of the process that a graph calls for a layer.
inline const char* const kOperation =
    "fxtraced::recurrent_layer(Tensor inputs, Tensor? counts, Tensor weights, Tensor? bias, Tensor hidden, Tensor cell, int first, int kind, "
    "bool batch_first) -> (Tensor, Tensor, Tensor)";

inline void call_layer(torch::jit::Stack& stack) {
  const auto arguments = torch::jit::pop(stack, 9);
  const auto tensor = [&](std::size_t i) { return arguments[i].isNone() ? at::Tensor() : arguments[i].toTensor(); };
  const auto number = [&](std::size_t i) { return arguments[i].toInt(); };
  auto results = layer(
      tensor(0), tensor(1), tensor(2), tensor(3), tensor(4), tensor(5), number(6), static_cast<Cell>(number(7)), arguments[8].toBool());
  torch::jit::push(stack, std::get<0>(std::move(results)), std::get<1>(std::move(results)), std::get<2>(std::move(results)));
}

inline const torch::jit::RegisterOperators registered({torch::jit::Operator(kOperation, call_layer, c10::AliasAnalysisKind::FROM_SCHEMA)});

}  // namespace recurrent
}  // namespace fxtraced::detail
