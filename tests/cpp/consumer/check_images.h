// What the kernels for images with their channels last give, and where they take the place of a squeeze-excite block.

#pragma once

#include <fxtraced/predictor.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "checking.h"

namespace {

// Channels that fill vectors, and do not.
const std::vector<std::int64_t> channel_counts = {1, 7, 8, 24, 32, 72, 83};

void check_averages() {
  for (const auto& kernel : fxtraced::detail::kernels()) {
    for (const std::int64_t channels : channel_counts) {
      for (const std::int64_t places : {1, 2, 49, 64, 200}) {
        const auto blocks = (channels + kernel.width - 1) / kernel.width, middle = blocks / 2;
        const auto x = at::randn({places, channels}), means = at::full({blocks * kernel.width}, -1.0, at::kFloat), scaled = at::empty_like(x);
        const fxtraced::detail::Image image{x.data_ptr<float>(), scaled.data_ptr<float>(), places, channels};
        for (const auto& [first, last] : {std::pair(std::int64_t{0}, middle), std::pair(middle, blocks)}) {
          kernel.average(image, means.data_ptr<float>(), first, last);
          kernel.scale(image, means.data_ptr<float>(), first, last);
        }
        check(at::allclose(means.narrow(0, 0, channels), x.mean(0), 1e-5, 1e-6), "means of channels");
        check(at::equal(scaled, x * means.narrow(0, 0, channels)), "channels times factors");
      }
    }
  }
}

void check_products() {
  using fxtraced::detail::Activation;
  const std::vector<std::pair<Activation, std::function<at::Tensor(const at::Tensor&)>>> activations = {
      {{Activation::kSigmoid}, [](const auto& x) { return at::sigmoid(x); }},
      {{Activation::kSilu}, [](const auto& x) { return at::silu(x); }},
      {{Activation::kHardSwish}, [](const auto& x) { return at::hardswish(x); }},
      {{Activation::kClamp, 0.2F, 0.5F, 0, 1}, [](const auto& x) { return at::clamp(x * 0.2 + 0.5, 0, 1); }},
      {{Activation::kClamp, 1, 0, 0, std::numeric_limits<float>::infinity()}, [](const auto& x) { return at::relu(x); }},
  };
  for (const auto& kernel : fxtraced::detail::kernels()) {
    for (const std::int64_t outputs : channel_counts) {
      for (const std::int64_t rows : {1, 3, 4, 9}) {
        const std::int64_t inputs = 29, padded_inputs = 32, blocks = (outputs + kernel.width - 1) / kernel.width;
        const auto weight = at::randn({outputs, inputs}), bias = at::randn({outputs}), x = at::randn({rows, padded_inputs});
        const auto weights = fxtraced::detail::in_blocks(weight, 1, kernel.width);
        const auto biases = fxtraced::detail::in_blocks(bias, 1, kernel.width).flatten();
        for (const auto& [activation, expected] : activations) {
          const auto result = at::empty({rows, blocks * kernel.width});
          const fxtraced::detail::Product product{
              weights.data_ptr<float>(), biases.data_ptr<float>(), rows, inputs, padded_inputs, blocks * kernel.width, activation};
          kernel.multiply(product, x.data_ptr<float>(), result.data_ptr<float>(), 0, blocks);
          const auto wanted = expected(at::linear(x.narrow(1, 0, inputs), weight, bias));
          check(at::allclose(result.narrow(1, 0, outputs), wanted, 1e-5, 1e-5), "a product with an activation");
        }
      }
    }
  }
}

void check_turned_images() {
  const float infinity = std::numeric_limits<float>::infinity();
  const auto threads = at::get_num_threads();
  for (const int own : {1, 3}) {
    at::set_num_threads(own);
    const std::vector<fxtraced::detail::Sizes> sizes = {
        {1, 3, 224, 224}, {2, 3, 5, 7}, {3, 3, 1, 1}, {2, 4, 9, 9}, {2, 1, 9, 9}, {0, 3, 4, 4}, {1, 3, 0, 4}};
    for (const auto& size : sizes) {
      const auto x = at::randn(size);
      for (const auto& given : {x, x.contiguous(at::MemoryFormat::ChannelsLast), x.transpose(2, 3)}) {
        const auto [images, sum] = fxtraced::detail::turned(given);
        check(at::equal(images, given) && images.is_contiguous(at::MemoryFormat::ChannelsLast), "turned images");
        check(sum.dim() == 0 && at::allclose(sum, given.sum(), 1e-3, 1e-2), "the sum of images");
      }
    }
    for (const float value : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
      for (const std::int64_t place : {0, 21, 39}) {
        const auto x = at::randn({2, 3, 5, 8});
        x[1][2].view({40})[place] = value;
        check(!std::isfinite(fxtraced::detail::turned(x).second.item<float>()), "what is not finite in an image");
      }
    }
  }
  at::set_num_threads(threads);
  for (const auto& kernel : fxtraced::detail::kernels()) {
    const std::int64_t places = 101;
    const auto x = at::randn({3, places}), to = at::empty({places, 3});
    float sum = 0;
    for (const std::int64_t first : {0, 40}) {
      sum += kernel.turn(x.data_ptr<float>(), to.data_ptr<float>(), places, first, first == 0 ? 40 : places);
    }
    check(at::equal(to, x.t()) && std::abs(sum - x.sum().item<float>()) < 1e-4, "planes place by place");
  }
}

// A forward of x [N, 20, H, W] and what makes factors of it, with weights for both kinds of products.
torch::jit::Module squeeze_excite(const std::string& body) {
  torch::jit::Module module("Block");
  const auto add = [&](const char* name, const fxtraced::detail::Sizes& size) { module.register_parameter(name, at::randn(size) * 0.3, false); };
  add("a", {6, 20, 1, 1});
  add("a_bias", {6});
  add("b", {20, 6, 1, 1});
  add("b_bias", {20});
  add("c", {6, 20});
  add("d", {20, 6});
  add("e", {20, 3, 1, 1});
  add("f", {20, 20, 1, 1});
  module.define("def forward(self, x):\n  m = torch.adaptive_avg_pool2d(x, [1, 1])\n" + body);
  module.eval();
  return module;
}

void check_squeeze_excite() {
  const at::NoGradGuard no_grad;
  const std::string squeeze = "  y = torch.conv2d(m, self.a, self.a_bias)\n", excite = "  y = torch.conv2d(y, self.b, self.b_bias)\n";
  const std::string relu = "  y = torch.relu(y)\n", before = squeeze + relu + excite;
  const std::string linears = "  y = torch.linear(torch.relu(torch.linear(m.flatten(1), self.c)), self.d, self.b_bias)\n";
  struct Row {
    std::string body;
    std::size_t count;
  };
  const std::vector<Row> rows = {
      {before + "  return x * torch.sigmoid(y)\n", 1},
      {before + "  return torch.sigmoid(y) * x\n", 1},
      {before + "  return torch.hardsigmoid(y) * x\n", 1},
      {before + "  return torch.clamp(y * 0.2 + 0.5, 0.0, 1.0) * x\n", 1},
      {before + "  return torch.relu6(y + 3.0) / 6.0 * x\n", 1},
      {before + "  return torch.clamp(y / 2.0, -0.5, 0.5) * 3.0 * x\n", 1},
      {before + "  return y * x\n", 1},
      {before + "  return x + torch.sigmoid(y) * x\n", 1},
      {squeeze + "  y = torch.silu(y)\n" + excite + "  return torch.sigmoid(y) * x\n", 1},
      {squeeze + "  y = torch.hardswish(y)\n" + excite + "  return torch.sigmoid(y) * x\n", 1},
      {squeeze + excite + "  return torch.sigmoid(y) * x\n", 1},
      {linears + "  return x * torch.sigmoid(y).unsqueeze(2).unsqueeze(3)\n", 1},
      {linears + "  return x * torch.sigmoid(y).view([-1, 20, 1, 1])\n", 1},
      {"  m = x.mean([2, 3])\n" + linears + "  return x * torch.sigmoid(y).reshape([-1, 20, 1, 1])\n", 1},
      {"  m = x.mean([-1, -2], True)\n" + before + "  return x * torch.sigmoid(y)\n", 1},
      {before + "  z = x * torch.sigmoid(y)\n  m = torch.adaptive_avg_pool2d(z, [1, 1])\n" + before + "  return z * torch.sigmoid(y)\n", 2},
      // Other means, what is read twice, other products and other factors.
      {"  m = x.mean([2, 3], True) + 1.0\n" + before + "  return x * torch.sigmoid(y)\n", 0},
      {"  m = torch.adaptive_avg_pool2d(x * 2.0, [1, 1])\n" + before + "  return x * torch.sigmoid(y)\n", 0},
      {"  m = torch.adaptive_max_pool2d(x, [1, 1])[0]\n" + before + "  return x * torch.sigmoid(y)\n", 0},
      {"  m = x.mean([3], True)\n" + before + "  return x * torch.sigmoid(y)\n", 0},
      {before + "  y = torch.sigmoid(y)\n  return x * y, y\n", 0},
      {before + "  return x * torch.tanh(y)\n", 0},
      {before + "  return x * torch.clamp(y, 0.0)\n", 0},
      {before + "  return x * torch.sigmoid(y).expand([-1, 20, 5, 9])[:, :, :1, :1]\n", 0},
      {before + "  return x * torch.sigmoid(y).transpose(2, 3)\n", 0},
      {before + "  return x * (1.0 - torch.sigmoid(y))\n", 0},
      {"  y = torch.relu(torch.conv2d(m, self.a, None, [1, 1], [1, 1]))\n" + excite + "  return x * torch.sigmoid(y)[:, :, 1:2, 1:2]\n", 0},
      {"  y = torch.relu(torch.conv2d(m, self.a))\n  y = torch.conv2d(y, self.e, None, [1, 1], [0, 0], [1, 1], 2)\n  return x * torch.sigmoid(y)\n", 0},
      {squeeze + "  y = torch.gelu(y)\n" + excite + "  return torch.sigmoid(y) * x\n", 0},
      {"  y = torch.conv2d(m, self.f)\n  return torch.sigmoid(y) * x\n", 0},
  };
  const auto threads = at::get_num_threads();
  // Several threads for one row: a sanitizer asks its suppressions about each place that another one of libgomp's wrote.
  for (const auto& [size, own] : {std::pair(fxtraced::detail::Sizes{1, 20, 5, 9}, 1), std::pair(fxtraced::detail::Sizes{2, 20, 30, 30}, 2)}) {
    at::set_num_threads(own);
    for (const auto& row : own == 1 ? rows : std::vector<Row>{rows.front()}) {
      const auto frozen = torch::jit::freeze(squeeze_excite(row.body));
      // What a call is given stays as it is, in both layouts.
      for (const auto& x : {at::randn(size), at::randn(size).contiguous(at::MemoryFormat::ChannelsLast)}) {
        const auto graph = frozen.get_method("forward").graph()->copy();
        const auto given = x.clone();
        const std::vector<c10::IValue> inputs = {frozen._ivalue(), x};
        fxtraced::detail::ExampleCall example(*graph, inputs);
        const auto replaced = fxtraced::detail::replace_squeeze_excite(example);
        check(replaced == (fxtraced::detail::fast_kernels().empty() ? 0 : row.count), "blocks that are replaced: " + row.body);
        torch::jit::CompilationUnit unit;
        const auto after = fxtraced::detail::tensors_of((*unit.create_function("forward", graph))(inputs));
        const auto wanted = fxtraced::detail::tensors_of(frozen.get_method("forward")({x}));
        check(difference(wanted.at(0), after.at(0)) < 1e-5, "what a block gives: " + row.body);
        check(at::equal(x, given), "what a block is given: " + row.body);
      }
    }
  }
  at::set_num_threads(threads);
}

// What is left to the call is overwritten, and nothing else is.
void check_memory_of_blocks() {
  const auto all = fxtraced::detail::kernels();
  if (all.empty()) {
    return;
  }
  const auto width = all.front().width;
  const auto in_blocks = [&](const at::Tensor& weight) { return fxtraced::detail::in_blocks(weight, 1, width); };
  const std::vector<double> none = {3, 1, 0, -1e9, 1e9};
  const auto first = at::randn({6, 20}), second = at::randn({20, 6}), first_bias = at::randn({6}), second_bias = at::randn({20});
  const auto call = [&](at::Tensor x) {
    return fxtraced::detail::squeeze_excite(
        std::move(x), in_blocks(first), in_blocks(first_bias).flatten(), none, in_blocks(second), in_blocks(second_bias).flatten(), none);
  };
  const auto kept = at::randn({2, 20, 5, 5}).contiguous(at::MemoryFormat::ChannelsLast), copied = kept.clone();
  const auto factors = at::linear(at::linear(kept.mean(at::IntArrayRef{2, 3}), first, first_bias), second, second_bias);
  const auto wanted = kept * factors.unsqueeze(2).unsqueeze(3);
  check(difference(wanted, call(kept)) < 1e-5 && at::equal(kept, copied), "images that are held");
  auto left = kept.clone();
  const void* const memory = left.data_ptr();
  const auto over = call(std::move(left));
  check(over.data_ptr() == memory && difference(wanted, over) < 1e-5, "images that are left");
  check_throws<c10::Error>("other channels", {"images or weights of other channels"}, [&] { call(at::randn({1, 21, 2, 2})); });
  check_throws<c10::Error>("another rank", {"a squeeze-excite block of Float [20, 2, 2]"}, [&] { call(at::randn({20, 2, 2})); });
}

void check_images() {
  check_averages();
  check_products();
  check_turned_images();
  check_squeeze_excite();
  check_memory_of_blocks();
}

}  // namespace
