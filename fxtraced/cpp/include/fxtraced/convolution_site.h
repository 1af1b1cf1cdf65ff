// Convolutions of a frozen graph with what follows them, which kernels can calculate.

#pragma once

#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "graphs.h"
#include "kernels.h"

namespace fxtraced::detail {

// What a window does: each of two numbers, for the rows and for the columns of an image.
struct Window {
  Sizes size, stride, padding, dilation;

  // The size of a result along an axis of this length.
  std::int64_t places(std::int64_t length, std::size_t axis) const {
    return (length + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1) / stride[axis] + 1;
  }
};

// A convolution with a weight of the module and what follows it: an addition of a tensor, an activation.
struct ConvolutionSite {
  torch::jit::Node* node = nullptr;
  at::Tensor weight, bias;
  Window window;
  torch::jit::Node *addition = nullptr, *activation = nullptr;

  torch::jit::Value* x() const { return node->input(0); }
  // What is added; the input where nothing is.
  torch::jit::Value* other() const {
    const auto* before = node->output();
    return addition == nullptr ? x() : addition->input(addition->input(0) == before ? 1 : 0);
  }
  torch::jit::Node* last() const { return activation ? activation : addition ? addition : node; }

  Activation made() const {
    Activation none;
    none.kind = Activation::kNone;
    return activation ? activation_of(*activation).value() : none;
  }
};

inline std::optional<ConvolutionSite> convolution_site(torch::jit::Node* node) {
  if (node->kind() != c10::aten::conv2d) {
    return std::nullopt;
  }
  std::vector<c10::IValue> given;
  for (std::size_t i = 1; i < 7; ++i) {
    const auto value = torch::jit::toIValue(node->input(i));
    if (!value) {
      return std::nullopt;
    }
    given.push_back(*value);
  }
  if (!given[0].isTensor() || !given[2].isIntList() || !given[3].isIntList() || !given[4].isIntList() || given[5].toInt() != 1) {
    return std::nullopt;
  }
  ConvolutionSite site;
  site.node = node;
  site.weight = given[0].toTensor();
  site.bias = given[1].isTensor() ? given[1].toTensor() : at::zeros(site.weight.size(0));
  site.window = {{site.weight.size(2), site.weight.size(3)}, given[2].toIntVector(), given[3].toIntVector(), given[4].toIntVector()};
  for (const auto* each : {&site.window.stride, &site.window.padding, &site.window.dilation}) {
    if (each->size() != 2) {
      return std::nullopt;
    }
  }
  if (site.weight.scalar_type() != at::kFloat || site.bias.scalar_type() != at::kFloat) {
    return std::nullopt;
  }
  const auto only_user = [](torch::jit::Node* of) {
    const auto& uses = of->output()->uses();
    return uses.size() == 1 ? uses[0].user : nullptr;
  };
  auto* user = only_user(node);
  if (user != nullptr && user->kind() == c10::aten::add && user->inputs().size() == 3) {
    const auto alpha = torch::jit::toIValue(user->input(2));
    const bool are_tensors = user->input(0)->type()->kind() == c10::TypeKind::TensorType && user->input(1)->type()->kind() == c10::TypeKind::TensorType;
    if (alpha && alpha->toScalar().equal(1) && are_tensors) {
      site.addition = user;
      user = only_user(user);
    }
  }
  if (user != nullptr && activation_of(*user)) {
    site.activation = user;
  }
  return site;
}

// Puts a call of a kernel, with a weight in its form, in the place of a convolution and what follows it. more: what the call
// takes beside the images, the weight, the bias, the addition and the activation.
inline void put(
    torch::jit::Graph& graph, const ConvolutionSite& site, const char* name, const at::Tensor& laid_out, const std::vector<Sizes>& more) {
  auto* last = site.last();
  const torch::jit::WithInsertPoint here(last);
  std::vector<torch::jit::Value*> inputs = {site.x(), graph.insertConstant(laid_out), graph.insertConstant(site.bias.contiguous())};
  inputs.push_back(site.addition ? site.other() : graph.insertConstant(c10::IValue()));
  for (const auto& each : more) {
    inputs.push_back(graph.insertConstant(each));
  }
  inputs.push_back(graph.insertConstant(numbers_of(site.made())));
  auto* call = graph.insertNode(graph.create(c10::Symbol::fromQualString(name), inputs));
  last->output()->replaceAllUsesWith(call->output());
  auto* weight = site.node->input(1)->node();
  for (auto* node : {site.activation, site.addition, site.node}) {
    if (node != nullptr) {
      node->destroy();
    }
  }
  // The weight as it was is let go at once: all of them would be held beside the laid out ones.
  if (!weight->hasUses()) {
    weight->destroy();
  }
}

}  // namespace fxtraced::detail
