// What the kernels for convolutions give, and where they take the place of one.

#pragma once

#include <fxtraced/predictor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "checking.h"

namespace {

// Convolutions with and without what may follow, of one image and several, by each kernel.
void check_convolutions() {
  const at::NoGradGuard no_grad;
  struct Row {
    std::string call, after;
    // How many kernels can calculate it.
    std::size_t ways;
    fxtraced::detail::Sizes weight = {32, 32, 3, 3};
  };
  const std::string plain = "torch.conv2d(x, self.w, self.b, [1, 1], [1, 1])";
  const std::vector<Row> rows = {
      {plain, "y", 3},
      {plain, "torch.relu(y)", 3},
      {plain, "torch.silu(y)", 3},
      {plain, "torch.hardswish(y)", 3},
      {plain, "torch.sigmoid(y)", 3},
      {plain, "torch.gelu(y, approximate='tanh')", 3},
      {plain, "torch.relu(y + z)", 3},
      {plain, "torch.relu(z + y)", 3},
      {plain, "z + y", 3},
      {plain, "torch.relu(y + z[:, :, :, :1])", 3},
      {plain, "torch.relu(y) * y", 3},
      {plain, "torch.gelu(y)", 3},
      {plain, "torch.relu(torch.add(y, z, alpha=2))", 3},
      {plain, "torch.relu(y + 2.0)", 3},
      {"torch.conv2d(x, self.w, None)", "torch.relu(y)", 3},
      {"torch.conv2d(x, self.w, self.b, [1, 1], [0, 3])", "torch.silu(y)", 3},
      {"torch.conv2d(x, self.w, self.b, [1, 1], [2, 2], [2, 2])", "torch.relu(y)", 1},
      {"torch.conv2d(x[:, :20], self.w, self.b, [1, 1], [1, 1])", "torch.relu(y)", 1, {32, 20, 3, 3}},
      {"torch.conv2d(x, self.w, None, [2, 2], [1, 1])", "torch.relu(y)", 1},
      {"torch.conv2d(x, self.w, self.b, [2, 1], [0, 2], [1, 2])", "torch.relu(y)", 1},
      {"torch.conv2d(x, self.w, self.b)", "torch.relu(y)", 1, {48, 32, 1, 1}},
      {"torch.conv2d(x, self.w, self.b, [2, 2])", "torch.relu(y)", 1, {80, 32, 1, 1}},
      {"torch.conv2d(x, self.w, self.b, [1, 1], [0, 1])", "torch.relu(y)", 1, {16, 32, 1, 3}},
      {"torch.conv2d(x, self.w, self.b)", "torch.relu(y)", 1, {20, 32, 1, 1}},
      {"torch.conv2d(x, self.w, self.b, [1, 1], [0, 0], [1, 1], 2)", "torch.relu(y)", 0, {32, 16, 1, 1}},
      {"torch.conv2d(x, self.w, self.b, [1, 1], 'same')", "torch.relu(y)", 0},
      {"torch.conv2d(x * 1.0, torch.relu(x[0, :1, :3, :3]).expand([32, 32, 3, 3]), self.b)", "torch.relu(y)", 0},
  };
  const auto threads = at::get_num_threads();
  for (const auto& [size, own] : {std::pair(fxtraced::detail::Sizes{1, 32, 7, 7}, 1), std::pair(fxtraced::detail::Sizes{2, 32, 5, 6}, 3)}) {
    at::set_num_threads(own);
    for (const auto& row : own == 1 ? rows : std::vector<Row>{rows.front()}) {
      torch::jit::Module module("Convolution");
      module.register_parameter("w", at::randn(row.weight) * 0.1, false);
      module.register_parameter("b", at::randn({row.weight[0]}), false);
      module.define("def forward(self, x, z):\n  y = " + row.call + "\n  return " + row.after + "\n");
      module.eval();
      const auto frozen = torch::jit::freeze(module);
      const auto x = at::randn(size), z = at::randn({size[0], row.weight[0], size[2], size[3]});
      const std::vector<c10::IValue> inputs = {frozen._ivalue(), x, z};
      const std::size_t ways = fxtraced::detail::fast_kernels().empty() ? 0 : row.ways;
      for (std::size_t way = 0; way < ways || way == 0; ++way) {
        const auto graph = frozen.get_method("forward").graph()->copy();
        std::size_t asked = 0;
        const auto fastest = [&](const auto&, const auto&, const auto&, const auto& given, std::int64_t) {
          asked += given.size();
          return given.at(way);
        };
        fxtraced::detail::ExampleCall example(*graph, inputs);
        const auto replaced = fxtraced::detail::replace_convolutions(example, fastest, {1, 1});
        const auto name = row.call + " " + row.after + " " + std::to_string(way);
        check(replaced == (ways == 0 ? 0 : 1) && asked == ways, "convolutions that are replaced: " + name);
        torch::jit::CompilationUnit unit;
        const auto after = (*unit.create_function("forward", graph))(inputs).toTensor();
        const auto wanted = frozen.get_method("forward")({x, z}).toTensor();
        check(difference(wanted, after) < 1e-5, "what a convolution gives: " + name);
      }
    }
  }
  at::set_num_threads(threads);
}

// Every kernel, with places that fill its registers, and some more; inputs that are taken in parts; outputs that fill vectors,
// and do not.
void check_convolution_kernels() {
  for (const auto& kernel : fxtraced::detail::kernels()) {
    for (const std::int64_t inputs : {1, 100, 700}) {
      for (const std::int64_t places : {1, 3, 7, 20, 49}) {
        const std::int64_t taps = 3, blocks = places < 20 ? 5 : 4, outputs = blocks * kernel.width - (places % 2 == 0 ? 3 : 0);
        const auto x = at::randn({places + taps, inputs}), weight = at::randn({outputs, taps * inputs}) * 0.1, bias = at::randn({outputs});
        const auto added = at::randn({places, outputs}), result = at::empty({places, outputs});
        const auto in_blocks = fxtraced::detail::in_blocks(weight, 1, kernel.width);
        std::vector<const float*> from;
        for (std::int64_t i = 0; i < places * taps; ++i) {
          from.push_back(x.data_ptr<float>() + (i / taps + i % taps) * inputs);
        }
        std::vector<float> sums(static_cast<std::size_t>(3 * places * kernel.width));
        fxtraced::detail::Convolution own;
        own.places = from.data();
        own.count = places, own.taps = taps, own.inputs = inputs, own.outputs = outputs;
        own.weights = in_blocks.data_ptr<float>(), own.bias = bias.data_ptr<float>();
        own.added = added.data_ptr<float>(), own.to = result.data_ptr<float>();
        own.activation = {fxtraced::detail::Activation::kClamp, 1, 0, 0, std::numeric_limits<float>::infinity()};
        for (const auto& [first, last] : {std::pair(std::int64_t{0}, blocks - 1), std::pair(blocks - 1, blocks)}) {
          kernel.convolve(own, sums.data(), first, last);
        }
        auto wanted = added + bias;
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          wanted += at::linear(x.narrow(0, tap, places), weight.narrow(1, tap * inputs, inputs));
        }
        check(at::allclose(result, at::relu(wanted), 1e-4, 1e-4), "a convolution by a kernel");
      }
    }
  }
}

// Every kernel, with both sizes of tiles, that fill images and do not; channels that fill its registers, and some more; inputs
// that are taken in parts.
void check_winograd() {
  struct Row {
    fxtraced::detail::Sizes images, padding;
    std::int64_t outputs;
  };
  for (const auto& kernel : fxtraced::detail::kernels()) {
    const auto width = kernel.width;
    const std::vector<Row> rows = {
        {{1, width, 1, 1}, {1, 1}, width},
        {{1, 2 * width, 12, 12}, {1, 1}, 4 * width},
        {{2, 3 * width, 7, 10}, {1, 1}, 5 * width},
        {{3, width, 3, 5}, {0, 0}, 2 * width},
        {{1, 2 * width, 2, 9}, {3, 0}, 3 * width},
        {{1, 640, 9, 6}, {1, 2}, 6 * width},
        {{1, width, 30, 30}, {1, 1}, 7 * width},
    };
    for (const auto& row : rows) {
      const auto layout = at::MemoryFormat::ChannelsLast;
      const auto x = at::randn(row.images).contiguous(layout), weight = at::randn({row.outputs, row.images[1], 3, 3}) * 0.1, bias = at::randn({row.outputs});
      const auto exact = at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), c10::IntArrayRef{1, 1}, row.padding);
      const auto added = at::randn(exact.sizes()).contiguous(layout), nothing = at::zeros({row.images[1]});
      const auto wanted = at::relu(exact + added).to(at::kFloat);
      for (const std::int64_t tile : {2, 4}) {
        const auto result = at::empty_like(added);
        const auto weights = tile == 2 ? fxtraced::detail::winograd_weight<2>(weight, width) : fxtraced::detail::winograd_weight<4>(weight, width);
        fxtraced::detail::Winograd own;
        own.tile = tile, own.inputs = row.images[1], own.outputs = row.outputs;
        own.height = row.images[2], own.width = row.images[3], own.rows = result.size(2), own.columns = result.size(3);
        own.top = row.padding[0], own.left = row.padding[1];
        own.down = (own.rows + tile - 1) / tile, own.across = (own.columns + tile - 1) / tile;
        own.weights = weights.data_ptr<float>(), own.bias = bias.data_ptr<float>(), own.nothing = nothing.data_ptr<float>();
        own.from = x.data_ptr<float>(), own.added = added.data_ptr<float>(), own.to = result.data_ptr<float>();
        own.activation = {fxtraced::detail::Activation::kClamp, 1, 0, 0, std::numeric_limits<float>::infinity()};
        const auto tiles = row.images[0] * own.down * own.across, middle = tiles / 2;
        for (const auto& [first, last] : {std::pair(std::int64_t{0}, middle), std::pair(middle, tiles)}) {
          std::vector<float> scratch(static_cast<std::size_t>(own.scratch(last - first)));
          kernel.winograd(own, scratch.data(), first, last);
        }
        check(difference(wanted, result) < 5e-6, "a convolution by tiles");
      }
    }
  }
}

// Of few rows and many, with outputs that fill vectors and do not, by one thread and several; with each activation.
void check_linear_calls() {
  using fxtraced::detail::Activation;
  const std::vector<std::pair<Activation::Kind, std::function<at::Tensor(const at::Tensor&)>>> activations = {
      {Activation::kNone, [](const auto& x) { return x; }},
      {Activation::kRelu, [](const auto& x) { return at::relu(x); }},
      {Activation::kSigmoid, [](const auto& x) { return at::sigmoid(x); }},
      {Activation::kSilu, [](const auto& x) { return at::silu(x); }},
      {Activation::kHardSwish, [](const auto& x) { return at::hardswish(x); }},
      {Activation::kGelu, [](const auto& x) { return at::gelu(x); }},
  };
  if (fxtraced::detail::kernels().empty()) {
    return;
  }
  const auto width = fxtraced::detail::kernels().front().width;
  const auto threads = at::get_num_threads();
  std::size_t at = 0;
  for (const int own : {1, 3}) {
    at::set_num_threads(own);
    for (const fxtraced::detail::Sizes& rows : std::vector<fxtraced::detail::Sizes>{{1}, {8}, {2, 0}, {5, 13}, {100}, {2, 100}}) {
      for (const std::int64_t outputs : {1, 64, 137}) {
        const std::int64_t inputs = outputs == 64 ? 1100 : 70;
        auto size = rows;
        size.push_back(inputs);
        const auto& [kind, activate] = activations[at++ % activations.size()];
        const auto x = at::randn(size), weight = at::randn({outputs, inputs}) * 0.1, bias = at::randn({outputs});
        const auto blocks = fxtraced::detail::in_blocks(weight, 1, width);
        const auto plain = at::linear(x, weight, bias), added = at::randn(plain.sizes()), kept = added.clone();
        const std::vector<double> numbers = {static_cast<double>(kind), 1, 0, 0, 0};
        const auto name = "a linear call by a kernel: " + std::to_string(outputs) + " outputs, activation " + std::to_string(kind);
        check(difference(activate(plain), fxtraced::detail::linear(x, blocks, bias, at::Tensor(), numbers)) < 2e-6, name);
        check(difference(activate(plain + added), fxtraced::detail::linear(x, blocks, bias, added, numbers)) < 2e-6, name + ", added");
        check(at::equal(added, kept), "an addition that is held by the caller");
        auto left = added.clone();
        const void* const memory = left.data_ptr();
        check(fxtraced::detail::linear(x, blocks, bias, std::move(left), numbers).data_ptr() == memory, "an addition that is left to the call");
      }
    }
  }
  at::set_num_threads(threads);
  const auto weight = at::randn({24, 16}), bias = at::randn({24}), blocks = fxtraced::detail::in_blocks(weight, 1, width);
  const auto call = [&](const at::Tensor& x, const at::Tensor& added) { fxtraced::detail::linear(x, blocks, bias, added, {4, 1, 0, 0, 0}); };
  check_throws<c10::Error>("other inputs", {"a weight in another form"}, [&] { call(at::randn({3, 17}), at::Tensor()); });
  check_throws<c10::Error>("another dtype", {"a linear call of Double"}, [&] { call(at::randn({3, 16}, at::kDouble), at::Tensor()); });
  check_throws<c10::Error>("other rows", {"an addition of other sizes"}, [&] { call(at::randn({3, 16}), at::randn({4, 24})); });
}

// What is added is overwritten where it is left to the call, and nothing else is.
void check_memory_of_convolutions() {
  const auto all = fxtraced::detail::kernels();
  if (all.empty()) {
    return;
  }
  const auto width = all.front().width;
  const auto weight = at::randn({32, 32, 3, 3}) * 0.1, bias = at::randn({32});
  const std::vector<double> none = {3, 1, 0, -1e9, 1e9};
  const auto blocks = fxtraced::detail::in_blocks(weight.permute({0, 2, 3, 1}).flatten(1), 1, width);
  const auto tiles = fxtraced::detail::winograd_weight<2>(weight, width);
  using Call = std::function<at::Tensor(const at::Tensor&, at::Tensor)>;
  const std::vector<Call> calls = {
      [&](const auto& x, at::Tensor added) { return fxtraced::detail::convolve(x, blocks, bias, std::move(added), {{3, 3}, {1, 1}, {1, 1}, {1, 1}}, none); },
      [&](const auto& x, at::Tensor added) { return fxtraced::detail::winograd(x, tiles, bias, std::move(added), {1, 1}, none); },
  };
  for (const auto& call : calls) {
    const auto x = at::randn({2, 32, 5, 5}), kept = at::randn({2, 32, 5, 5}).contiguous(at::MemoryFormat::ChannelsLast), copied = kept.clone();
    const auto wanted = at::conv2d(x, weight, bias, 1, 1) + kept;
    check(difference(wanted, call(x, kept)) < 1e-5 && at::equal(kept, copied), "an addition that is held");
    check(difference(wanted, call(x, kept.contiguous())) < 1e-5, "an addition in another layout");
    auto left = kept.clone();
    const void* const memory = left.data_ptr();
    const auto over = call(x, std::move(left));
    check(over.data_ptr() == memory && difference(wanted, over) < 1e-5, "an addition that is left");
    check(call(at::empty({0, 32, 5, 5}), at::Tensor()).sizes() == c10::IntArrayRef({0, 32, 5, 5}), "no images");
    check_throws<c10::Error>("another addition", {"an addition of other sizes"}, [&] { call(x, at::randn({2, 32, 5, 1})); });
    check_throws<c10::Error>("other channels", {"a weight in another form"}, [&] { call(at::randn({2, 31, 5, 5}), at::Tensor()); });
    check_throws<c10::Error>("another dtype", {"a convolution of Double"}, [&] { call(at::randn({2, 32, 5, 5}, at::kDouble), at::Tensor()); });
  }
}

// What is measured ends, and is one of the ways that there are; with few weights, or many places of another window, none is.
void check_measured_convolutions() {
  const at::NoGradGuard no_grad;
  struct Row {
    fxtraced::detail::Sizes weight, x;
    std::string after;
    std::size_t most;
  };
  const std::vector<Row> rows = {
      {{512, 512, 1, 1}, {1, 512, 7, 7}, "torch.relu(y + z)", 1},
      {{512, 512, 1, 1}, {1, 512, 20, 20}, "torch.relu(y + z)", 0},
      {{64, 32, 3, 3}, {1, 32, 40, 40}, "torch.relu(y)", 1},
      // More images and rows than are measured.
      {{128, 128, 3, 3}, {3, 128, 60, 60}, "y + z", 1},
      {{32, 32, 3, 3}, {1, 32, 4, 4}, "torch.relu(y)", 0},
  };
  for (const auto& row : rows) {
    torch::jit::Module module("Measured");
    module.register_parameter("w", at::randn(row.weight) * 0.05, false);
    const std::string padding = row.weight[2] == 3 ? "[1, 1]" : "[0, 0]";
    module.define("def forward(self, x, z):\n  y = torch.conv2d(x, self.w, None, [1, 1], " + padding + ")\n  return " + row.after + "\n");
    module.eval();
    const auto frozen = torch::jit::freeze(module);
    const auto x = at::randn(row.x), z = at::randn({row.x[0], row.weight[0], row.x[2], row.x[3]});
    const std::vector<c10::IValue> inputs = {frozen._ivalue(), x, z};
    const auto graph = frozen.get_method("forward").graph()->copy();
    fxtraced::detail::ExampleCall example(*graph, inputs);
    check(fxtraced::detail::replace_convolutions(example) <= row.most, "a way");
    torch::jit::CompilationUnit unit;
    const auto after = (*unit.create_function("forward", graph))(inputs).toTensor();
    check(difference(frozen.get_method("forward")({x, z}).toTensor(), after) < 1e-5, "what is measured");
  }
}

void check_all_convolutions() {
  check_convolutions();
  check_convolution_kernels();
  check_winograd();
  check_linear_calls();
  check_memory_of_convolutions();
  check_measured_convolutions();
}

}  // namespace
