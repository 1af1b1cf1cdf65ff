// Exercises fxtraced::Predictor on the archives of hand_made.py: a hand-made one (feeds x: float32 [?, 8], mask: int64
// [?]), `ones` and `twos`, which fxtraced saved and which give 1 and 2 in the form of their feed, float32 [?, 3], and
// networks for images [1, 3, 64, 64].
// Usage: check DIRECTORY. Prints what failed and returns 1.

#include <fxtraced/predictor.h>

#include "check_convolutions.h"
#include "check_images.h"
#include "checking.h"

#if defined(__GLIBC__)
#include <sys/resource.h>
#endif

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <thread>
#include <utility>

namespace {

void check_description(const fxtraced::Predictor& predictor) {
  check(predictor.feed_names() == std::vector<std::string>{"x", "mask"}, "feed_names");
  check(predictor.feed_dtypes() == std::vector<std::string>{"float32", "int64"}, "feed_dtypes");
  check(predictor.feed_shapes() == std::vector<std::vector<std::int64_t>>{{-1, 8}, {-1}}, "feed_shapes");
  check(predictor.fetch_names() == std::vector<std::string>{"logits", "sums"}, "fetch_names");
}

void check_calls(const fxtraced::Predictor& predictor, const at::Tensor& x, const at::Tensor& mask) {
  const auto by_position = predictor.run({x, mask});
  const auto by_name = predictor.run({{"x", x}, {"mask", mask}});
  const auto by_alias = predictor.run({{"feed_1", mask}, {"feed_0", x}});
  const std::map<std::string, at::Tensor> feeds = {{"mask", mask}, {"feed_0", x}};
  const auto mixed = predictor.run(feeds);
  check(by_position.size() == 2 && by_name.size() == 2, "number of results");
  for (const auto* named : {&by_name, &by_alias, &mixed}) {
    check(at::equal(named->at("logits"), by_position[0]) && at::equal(named->at("sums"), by_position[1]), "named results");
  }

  check(at::GradMode::is_enabled(), "the caller's grad mode is kept");
  auto logits = by_position[0];
  check(!logits.requires_grad() && !logits.is_inference(), "results record no gradient and are ordinary");
  logits.add_(1);
  const auto scale = torch::ones({1}, torch::requires_grad());
  (logits * scale).sum().backward();
  check(scale.grad().defined(), "results can be used in training");

  const auto other_size = predictor.run({torch::ones({6, 8}), torch::ones({6}, at::kLong)});
  check(other_size[0].size(0) == 6, "a free dimension");
}

void check_threads(const fxtraced::Predictor& predictor, const at::Tensor& x, const at::Tensor& mask) {
  const auto expected = predictor.run({x, mask});
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        wrong[t] += at::equal(predictor.run({x, mask})[0], expected[0]) ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  check(wrong == std::vector<int>(8, 0), "calls from many threads");
}

void check_errors(const fxtraced::Predictor& predictor, const at::Tensor& x, const at::Tensor& mask, const std::string& directory) {
  using fxtraced::FeedError;
  check_throws<FeedError>("count", {"FXT301", "expected 2 tensors, received 1"}, [&] { predictor.run({x}); });
  check_throws<FeedError>("all at once",
                          {"unknown feed 'y'", "unknown feed 'feed_2'", "missing feed 'x'",
                           "feed 'mask': expected int64 of rank 1, received float64 of rank 2 [4, 1]", "x (float32 [?, 8])"},
                          [&] { predictor.run({{"y", x}, {"feed_2", x}, {"mask", torch::zeros({4, 1}, at::kDouble)}}); });
  check_throws<FeedError>("twice", {"feed 'x' is given twice", "missing feed 'mask'"}, [&] { predictor.run({{"x", x}, {"feed_0", x}}); });
  check_throws<FeedError>("undefined", {"feed 'mask': the tensor is undefined"}, [&] { predictor.run({x, at::Tensor()}); });
  check_throws<FeedError>("positions",
                          {"feed 'x': expected float32 of rank 2, received int64 of rank 1", "feed 'mask': expected int64 of rank 1"},
                          [&] { predictor.run({mask, x}); });
  check_throws<fxtraced::GuardError>("guard", {"FXT201 model.py:3: `if n == 13` was traced with another size"},
                                     [&] { predictor.run({torch::zeros({13, 8}), torch::zeros({13}, at::kLong)}); });
  check_throws<fxtraced::Error>("torch's error", {"FXT306 running ", "failed in `", "linear", "`: RuntimeError: ", "4x9 and 8x3"}, [&] { predictor.run({torch::zeros({4, 9}), mask}); });
  check_throws<fxtraced::ArchiveError>("no file", {"FXT401", "does not exist"}, [&] { fxtraced::Predictor(directory + "/none"); });
  check_throws<fxtraced::ArchiveError>("no archive", {"FXT401", "cannot be loaded"}, [&] { fxtraced::Predictor(directory + "/text.pt"); });
  check_throws<fxtraced::ArchiveError>("not ours", {"that fxtraced did not save"}, [&] { fxtraced::Predictor(directory + "/plain.pt"); });
  check_throws<fxtraced::ArchiveError>("newer", {"has format 2"}, [&] { fxtraced::Predictor(directory + "/newer.pt"); });
}

void check_hostile_files(const std::string& directory) {
  using fxtraced::ArchiveError;
  using fxtraced::Predictor;
  check_throws<ArchiveError>("an empty file", {"FXT401", "cannot be loaded"}, [&] { Predictor(directory + "/empty.pt"); });
  check_throws<ArchiveError>("an empty path", {"FXT401", "does not exist"}, [&] { Predictor(""); });
  check_throws<ArchiveError>("nothing in memory", {"FXT401", "cannot be loaded"}, [&] { Predictor::from_memory(""); });
  check_throws<ArchiveError>("a device file", {"FXT401", "does not exist"}, [&] { Predictor("/dev/zero"); });
  check_throws<ArchiveError>("a format that is a text", {"FXT401", "broken description"}, [&] { Predictor(directory + "/format.pt"); });
  check_throws<ArchiveError>("no forward", {"FXT401", "broken description", "forward"}, [&] { Predictor(directory + "/silent.pt"); });
  check_throws<ArchiveError>("an unknown target", {"FXT401", "target 'tpu'", "update fxtraced"}, [&] { Predictor(directory + "/target.pt"); });
  const Predictor odd(directory + "/long.pt");
  check_throws<ArchiveError>("a self-test of too many", {"FXT401", "a number for each fetch"}, [&] { odd.self_test(); });
  check_throws<ArchiveError>("a sample that is a number", {"FXT401", "no list of tensors"}, [&] { odd.warm_up(); });
}

void check_hostile_calls(const std::string& directory) {
  using fxtraced::Predictor;
  fxtraced::Options options;
  options.precision = at::kDouble;
  check_throws<fxtraced::Error>("a precision", {"Options::precision must be", "float64"}, [&] { Predictor(directory, options); });

  const Predictor same(directory + "/same.pt");
  const auto mask = torch::arange(4);
  const auto x = torch::ones({4, 8}, torch::requires_grad());
  check(!same.run({x, mask})[0].requires_grad(), "a result that is a feed");
  check(x.requires_grad(), "the caller's feed is left alone");
  check_throws<fxtraced::FeedError>("no data", {"FXT301", "feed 'x' cannot go from meta to cpu"},
                                    [&] { same.run({torch::ones({4, 8}, at::kMeta), mask}); });
  const Predictor predictor(directory);
  check_throws<fxtraced::Error>("opaque", {"FXT306 running "}, [&] { predictor.run({torch::ones({4, 8}).to_mkldnn(), mask}); });
  check(predictor.run({torch::ones({0, 8}), torch::ones({0}, at::kLong)})[0].size(0) == 0, "no rows");
  check(predictor.run({torch::ones({8, 4}).t().expand({4, 8}), mask})[0].size(0) == 4, "any layout");

  Predictor first(directory);
  const Predictor second = std::move(first);
  check_throws<fxtraced::Error>("moved from", {"was moved from"}, [&] { first.run({x, mask}); });
  check_throws<fxtraced::Error>("moved from", {"was moved from"}, [&] { first.reload(directory); });
  check(second.run({x, mask}).size() == 2, "moved to");

  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto mixed = predictor.run({torch::rand({4, 8}), mask});
  check(mixed[0].scalar_type() == at::kFloat && at::autocast::is_autocast_enabled(at::kCPU), "the caller's autocast");
  at::autocast::set_autocast_enabled(at::kCPU, false);
  {
    const c10::InferenceMode inference;
    check(predictor.run({torch::ones({4, 8}), mask}).size() == 2 && Predictor(directory).feed_names().size() == 2, "InferenceMode");
  }
}

double value_of(const fxtraced::Predictor& predictor) {
  const at::Tensor result = predictor.run({torch::zeros({2, 3})})[0];
  const double first = result[0][0].item<double>();
  return at::equal(result, torch::full({2, 3}, first)) ? first : -1;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void check_what_it_says(const std::string& directory, const fxtraced::Predictor& hand_made) {
  const fxtraced::Predictor predictor(directory + "/product");
  check(predictor.fetch_dtypes() == std::vector<std::string>{"float32"}, "fetch_dtypes");
  check(predictor.fetch_shapes() == std::vector<std::vector<std::int64_t>>{{-1, 2}}, "fetch_shapes");
  check(predictor.parameters() == 14, "parameters");
  check(predictor.operations().at("linear") == 1, "operations");
  check(predictor.verified().size() == 3 && predictor.verified()[0].rfind("the given inputs", 0) == 0, "verified");
  check(predictor.written_by().rfind("fxtraced ", 0) == 0, "written_by");
  check(predictor.content_hash() == content(directory + "/product/hash.txt"), "content_hash");
  check(hand_made.content_hash().empty() && hand_made.fetch_dtypes().empty() && hand_made.operations().empty() &&
            hand_made.parameters() == 0 && hand_made.verified().empty() && hand_made.written_by().empty(),
        "what an archive may lack");
}

void check_damage(const std::string& directory) {
  const std::string whole = content(directory + "/ones/model.pt");
  std::string bytes = whole;
  for (std::size_t place = 0; place < whole.size(); place += whole.size() / 40) {
    bytes[place] ^= 16;
    check_throws<fxtraced::ArchiveError>("a flipped bit", {"FXT401 the archive in memory is damaged: its content hash is "},
                                         [&] { fxtraced::Predictor::from_memory(bytes); });
    bytes[place] ^= 16;
    check_throws<fxtraced::ArchiveError>("a cut file", {"FXT401 the archive in memory "},
                                         [&] { fxtraced::Predictor::from_memory(whole.substr(0, place)); });
  }
  for (const std::size_t missing : {1, 79, 80, 81}) {
    check_throws<fxtraced::ArchiveError>("a cut end", {"FXT401 the archive in memory "},
                                         [&] { fxtraced::Predictor::from_memory(whole.substr(0, whole.size() - missing)); });
  }
  const std::string path = directory + "/damaged.pt";
  bytes[whole.size() / 2] ^= 1;
  std::ofstream(path, std::ios::binary) << bytes;
  check_throws<fxtraced::ArchiveError>("a damaged file", {path + " is damaged"}, [&] { fxtraced::Predictor{path}; });
}

void check_out_of_memory(const std::string& directory) {
  const fxtraced::Predictor predictor(directory + "/product");
  // Its product would need more than a 47-bit address reaches.
  const at::Tensor huge = torch::zeros({1, 6}).expand({100'000'000'000'000, 6});
  check_throws<fxtraced::OutOfMemoryError>("out of memory", {"FXT307 running ", "more memory than there is", "can't allocate memory"},
                                           [&] { predictor.run({huge}); });
  check(predictor.run({torch::ones({2, 6})})[0].size(0) == 2, "the predictor goes on");
}

void check_memory(const std::string& directory) {
  const std::string bytes = content(directory + "/ones/model.pt");
  check(value_of(fxtraced::Predictor::from_memory(bytes)) == 1, "an archive from memory");
  check_throws<fxtraced::ArchiveError>("half of it", {"the archive in memory cannot be loaded"},
                                       [&] { fxtraced::Predictor::from_memory(bytes.substr(0, bytes.size() / 2)); });
}

void check_self_test(const std::string& directory, const fxtraced::Predictor& hand_made) {
  const fxtraced::Predictor predictor(directory + "/ones");
  predictor.warm_up();
  const auto differences = predictor.self_test();
  check(differences && *differences == std::vector<double>{0.0}, "self_test");
  check(predictor.guards() == std::vector<std::string>{"x.shape[1] % 2 == 1"}, "guards");
  check_throws<fxtraced::SelfTestError>("self_test", {"FXT403", "'fetch_0' differs by 0 of its scale"}, [&] { predictor.self_test(-1); });
  check(!hand_made.self_test(), "an archive without a sample");
  check_throws<fxtraced::Error>("warm_up", {"has no sample"}, [&] { hand_made.warm_up(); });
  check(hand_made.guards().empty(), "no guards");
}

void check_precision(const std::string& directory) {
  fxtraced::Options options;
  options.precision = at::kBFloat16;
  const fxtraced::Predictor predictor(directory + "/product", options);
  const auto x = torch::arange(12, at::kFloat).reshape({2, 6}) / 7;
  const at::Tensor low = predictor.run({x})[0];
  const at::Tensor full = fxtraced::Predictor(directory + "/product").run({x})[0];
  check(low.scalar_type() == at::kFloat, "results keep their dtype");
  check(!at::equal(low, full) && at::allclose(low, full, 0.02, 0.02), "bfloat16 is near");
  check(!at::autocast::is_autocast_enabled(at::kCPU), "the caller's autocast is kept");
}

bool near(const std::vector<at::Tensor>& results, const std::vector<at::Tensor>& others) {
  return results.size() == others.size() && std::equal(results.begin(), results.end(), others.begin(), [](const auto& a, const auto& b) {
           return at::allclose(a, b, 1e-5, 1e-5, true) && a.is_contiguous() && !a.requires_grad() && !a.is_inference();
         });
}

bool same(const std::vector<at::Tensor>& results, const std::vector<at::Tensor>& others) {
  return std::equal(results.begin(), results.end(), others.begin(), others.end(),
                    [](const auto& a, const auto& b) { return at::equal(a.nan_to_num(7), b.nan_to_num(7)); });
}

// Calls in turns: how often each is made, and which is the fastest of what its factor makes of it.
void check_measuring() {
  struct Row {
    std::vector<double> seconds, factors;
    std::vector<int> calls;
    std::size_t fastest;
  };
  const std::vector<Row> rows = {
      {{1}, {1}, {2}, 0},
      {{3, 1, 2}, {1, 1, 1}, {2, 2, 2}, 1},
      {{1.2, 1, 1.1}, {1, 1, 1}, {4, 15, 15}, 1},
      {{1, 1.1}, {1.2, 1}, {15, 15}, 1},
      {{1, 1.1}, {2, 1}, {2, 2}, 1},
  };
  for (const auto& row : rows) {
    std::vector<int> calls(row.seconds.size());
    const auto run = [&](std::size_t i) {
      ++calls[i];
      return row.seconds[i];
    };
    check(fxtraced::detail::fastest_of(row.factors, run) == row.fastest, "the fastest call");
    for (std::size_t i = 0; i < calls.size(); ++i) {
      // Sweeps take time, too: there may be fewer rounds where two are near.
      check(row.calls[i] == 15 ? calls[i] >= 4 : calls[i] == row.calls[i], "how often a call is made");
    }
  }
}

using fxtraced::detail::ExampleCall;

// Linear calls as convolutions, as products of MKL and by the kernel: with an addition, with activations, and where two share a sum.
void check_linears() {
  using fxtraced::detail::LinearSite;
  using fxtraced::detail::LinearWay;
  using fxtraced::detail::replace_linears;
  const at::NoGradGuard no_grad;
  torch::jit::Module module("Rows");
  module.register_parameter("a", at::randn({1024, 1024}), false);
  module.register_parameter("b", at::randn({1024}), false);
  module.register_parameter("c", at::randn({1024, 1024}).t(), false);
  module.define(R"(
    def forward(self, x):
        y = x + torch.linear(torch.gelu(torch.linear(x, self.a, self.b)), self.c)
        return torch.relu(torch.linear(y, self.c)) + (torch.linear(y, self.a) + torch.linear(x, self.c))
  )");
  module.eval();
  const auto frozen = torch::jit::freeze(module);
  for (const auto way : {LinearWay::kProduct, LinearWay::kConvolution, LinearWay::kMkl, LinearWay::kKernel}) {
    const auto always = [&](std::int64_t, const LinearSite&) { return way; };
    if ((way == LinearWay::kMkl && !fxtraced::detail::MklProduct::is_there()) || (way == LinearWay::kKernel && fxtraced::detail::kernels().empty())) {
      continue;
    }
    for (const auto& size : {std::vector<std::int64_t>{6, 1024}, std::vector<std::int64_t>{2, 3, 1024}}) {
      const std::vector<c10::IValue> inputs = {frozen._ivalue(), at::randn(size)};
      const auto graph = frozen.get_method("forward").graph()->copy();
      ExampleCall example(*graph, inputs);
      check(replace_linears(example, always)[way] == 5, "linear calls that are replaced");
      torch::jit::CompilationUnit unit;
      const auto after = (*unit.create_function("forward", graph))(inputs).toTensor();
      const auto before = frozen.get_method("forward")({inputs[1]}).toTensor();
      check(fxtraced::detail::relative_difference(before, after) < 1e-5, "what replaced linear calls give");
    }
    const auto graph = frozen.get_method("forward").graph()->copy();
    ExampleCall example(*graph, {frozen._ivalue(), at::randn({1024})});
    check(replace_linears(example, always).empty(), "a vector stays");
  }
  // Whatever is faster here.
  const auto graph = frozen.get_method("forward").graph()->copy();
  const auto x = at::randn({64, 1024});
  ExampleCall example(*graph, {frozen._ivalue(), x});
  replace_linears(example);
  torch::jit::CompilationUnit unit;
  const auto after = (*unit.create_function("forward", graph))({frozen._ivalue(), x}).toTensor();
  check(fxtraced::detail::relative_difference(frozen.get_method("forward")({x}).toTensor(), after) < 1e-5, "what is measured");
}

// Guards and checks of the feeds go with what only they need; a branch that gives something stays.
void check_assertions() {
  torch::jit::Module module("Checked");
  module.define(
      "def forward(self, x):\n"
      "  assert x.dim() == 2 and x.dtype == 6, 'of rank 2'\n"
      "  size = x.size(0)\n"
      "  assert size % 2 == 0, 'even'\n"
      "  if size > 2:\n"
      "    x = x + 1\n"
      "  return x.reshape(size, -1)\n");
  const auto graph = module.get_method("forward").graph()->copy();
  fxtraced::detail::drop_assertions(graph);
  int branches = 0, remainders = 0;
  for (const auto* node : graph->nodes()) {
    branches += node->kind() == c10::prim::If;
    remainders += std::string(node->kind().toUnqualString()) == "remainder";
  }
  check(branches == 1 && remainders == 0, "assertions that are dropped");
  torch::jit::CompilationUnit unit;
  const auto x = at::randn({3, 4});
  check(at::equal((*unit.create_function("forward", graph))({module._ivalue(), x}).toTensor(), x + 1), "a graph without assertions");
}

// Two layers of two directions: 6 inputs, 10 places of the state that fill no vector.
// The third input has how many sequences there are at each step, or is empty.
torch::jit::Module network(const std::string& kind, const std::string& batch_first, bool is_packed = false) {
  torch::jit::Module module("Network");
  const std::int64_t gates = kind == "lstm" ? 4 : kind == "gru" ? 3 : 1;
  std::string names;
  for (int i = 0; i < 16; ++i) {
    const std::vector<std::vector<std::int64_t>> sizes = {{gates * 10, i < 8 ? 6 : 20}, {gates * 10, 10}, {gates * 10}, {gates * 10}};
    const auto name = "w" + std::to_string(i);
    // Small enough that roundings do not grow from step to step.
    module.register_parameter(name, at::randn(sizes[i % 4]) * 0.3, false);
    names += (i == 0 ? "self." : ", self.") + name;
  }
  const std::string states = kind == "lstm" ? "[state, -state]" : "state", results = kind == "lstm" ? "y, h, c" : "y, h";
  module.define("def forward(self, x, state, counts):\n  " + results + " = torch." + kind + "(x, " + (is_packed ? "counts, " : "") + states +
                ", [" + names + "], True, 2, 0.0, False, True" + (is_packed ? "" : ", " + batch_first) + ")\n  return torch.relu(y), " + results.substr(3) + "\n");
  module.eval();
  return module;
}

using fxtraced::detail::Sizes;
using Kernels = std::vector<fxtraced::detail::Kernels>;

// What a network gives that is packed, or calculated by a kernel: from states that are given, with those after the last step.
void check_packed(
    const torch::jit::Module& frozen, const at::Tensor& x, const at::Tensor& state, at::ScalarType dtype, const Kernels& kernels,
    const at::Tensor& counts = at::empty({0}, at::kLong)) {
  const std::vector<c10::IValue> inputs = {frozen._ivalue(), x, state, counts};
  const auto graph = frozen.get_method("forward").graph()->copy();
  const auto way = kernels.empty() || dtype != at::kFloat ? fxtraced::detail::RecurrentWay::kOneDnn : fxtraced::detail::RecurrentWay::kKernel;
  const auto fastest = [&](auto&&...) { return way; };
  ExampleCall example(*graph, inputs);
  check(fxtraced::detail::pack_recurrent(example, dtype, kernels, fastest) == 1, "a network that is packed");
  torch::jit::CompilationUnit unit;
  auto* const packed = unit.create_function("forward", graph);
  const auto before = fxtraced::detail::tensors_of(frozen.get_method("forward")({inputs[1], inputs[2], counts}));
  const auto threads = at::get_num_threads();
  // One thread for all, and one for some rows of a direction.
  for (const int own : {1, 5}) {
    at::set_num_threads(own);
    const auto after = fxtraced::detail::tensors_of((*packed)(inputs));
    check(after.size() == before.size(), "results of a packed network");
    for (std::size_t i = 0; i < after.size(); ++i) {
      const auto apart = fxtraced::detail::relative_difference(before[i], after[i]);
      check(dtype == at::kFloat ? apart < 1e-5 : apart > 1e-5 && apart < 2e-2, "what a packed network gives");
    }
  }
  at::set_num_threads(threads);
}

void check_recurrent() {
  using fxtraced::detail::pack_recurrent;
  const at::NoGradGuard no_grad;
  const auto all = fxtraced::detail::kernels();
  for (const std::string kind : {"lstm", "gru", "rnn_tanh", "rnn_relu"}) {
    for (const std::string batch_first : {"False", "True"}) {
      const auto frozen = torch::jit::freeze(network(kind, batch_first));
      const auto sized = [&](std::int64_t batch) { return batch_first == "True" ? at::randn({batch, 9, 6}) : at::randn({9, batch, 6}); };
      // Rows that fill the registers, and some more.
      for (const std::int64_t batch : {1, 2, 11}) {
        for (const auto& kernel : all) {
          check_packed(frozen, sized(batch), at::randn({4, batch, 10}), at::kFloat, {kernel});
        }
      }
      if (kind == "lstm") {
        check_packed(frozen, sized(3), at::randn({4, 3, 10}), at::kFloat, {});
        if (fxtraced::detail::calculates_bfloat16()) {
          check_packed(frozen, sized(3), at::randn({4, 3, 10}), at::kBFloat16, all);
        }
      }
      // What is measured ends, and is one of both.
      const auto none = at::empty({0}, at::kLong);
      const auto graph = frozen.get_method("forward").graph()->copy(), another = graph->copy();
      ExampleCall example(*graph, {frozen._ivalue(), sized(2), at::randn({4, 2, 10}), none});
      check(pack_recurrent(example) <= 1, "a way");
      ExampleCall nothing(*another, {frozen._ivalue(), sized(0), at::randn({4, 0, 10}), none});
      check(pack_recurrent(nothing) == 0, "nothing stays");
    }
    // Five sequences of 6, 5, 5, 2 and 1 steps; the first one alone, and so few that threads have none.
    for (const Sizes& counts : {Sizes{5, 4, 3, 3, 3, 1}, Sizes{1, 1, 1}, Sizes{12, 2}}) {
      const auto steps = at::tensor(counts, at::kLong);
      for (const auto& kernel : all) {
        const auto x = at::randn({steps.sum().item<std::int64_t>(), 6}), state = at::randn({4, counts[0], 10});
        check_packed(torch::jit::freeze(network(kind, "False", true)), x, state, at::kFloat, {kernel}, steps);
      }
    }
  }
}

// Kernels answer calls of a module, also of other sizes than those that it was made for.
void check_kernels_answer() {
  const at::NoGradGuard no_grad;
  const auto threads = at::get_num_threads();
  at::set_num_threads(1);
  for (const std::string kind : {"lstm", "gru", "rnn_tanh", "rnn_relu"}) {
    auto module = network(kind, "True");
    const auto sized = [](std::int64_t batch, std::int64_t steps) {
      return std::vector<at::Tensor>{at::randn({batch, steps, 6}), at::randn({4, batch, 10}), at::empty({0}, at::kLong)};
    };
    const auto expected = [&](const std::vector<at::Tensor>& feeds) {
      return fxtraced::detail::tensors_of(module.forward(std::vector<c10::IValue>(feeds.begin(), feeds.end())));
    };
    const auto given = sized(2, 9), other = sized(3, 21);
    const auto partitioned = fxtraced::detail::PartitionedModule::of(module, given, false, 1e-4);
    const bool can = fxtraced::detail::GraphCompiler::is_there() && !fxtraced::detail::fast_kernels().empty();
    check((partitioned && partitioned->serve_any_size(given, expected)) == can, "kernels that answer any size");
    if (!can) {
      continue;
    }
    const auto results = partitioned->run(other), wanted = std::optional(expected(other));
    check(results && results->size() == wanted->size(), "a call of another size");
    for (std::size_t i = 0; results && i < wanted->size(); ++i) {
      check(fxtraced::detail::relative_difference((*wanted)[i], (*results)[i]) < 1e-5, "what kernels give at another size");
    }
  }
  at::set_num_threads(threads);
}

// Rows shorter and longer than a vector, masked, far apart, and with numbers that are not finite.
void check_softmax() {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& kernels : fxtraced::detail::kernels()) {
    for (const std::int64_t count : {1, 3, 8, 16, 37, 6625}) {
      const auto row = at::randn({count}) * 30;
      const auto masked = row.clone(), far = row * 100, none = at::full({count}, -infinity);
      masked.narrow(0, count / 2, count - count / 2).fill_(-infinity);
      const auto with_nan = row.clone(), with_infinity = row.clone();
      with_nan[count / 2] = nan, with_infinity[count - 1] = infinity;
      for (const auto& x : {row, masked, far, none, with_nan, with_infinity}) {
        const auto expected = at::softmax(x, 0), got = at::empty_like(x);
        kernels.softmax(x.data_ptr<float>(), got.data_ptr<float>(), count);
        check(at::allclose(got, expected, 1e-5, 1e-12, true), "soft-max of a row");
      }
    }
  }
  // In a graph: over the last dimension, but not where it is multiplied.
  torch::jit::Module whole("SoftMax");
  whole.define("def forward(self, x):\n  y = torch.softmax(x, -1)\n  z = torch.softmax(x, 1)\n"
               "  return y + z, torch.softmax(x, 2, 6), torch.matmul(torch.softmax(x, 2), x), torch.softmax(x * 2, 2)\n");
  whole.eval();
  const auto frozen = torch::jit::freeze(whole);
  const auto graph = frozen.get_method("forward").graph()->copy();
  for (const Sizes& size : {Sizes{2, 3, 3}, Sizes{5, 300, 300}, Sizes{0, 3, 3}}) {
    const std::vector<c10::IValue> inputs = {frozen._ivalue(), at::randn(size)};
    const auto copy = graph->copy();
    const std::size_t replaced = fxtraced::detail::fast_kernels().empty() ? 0 : 2;
    ExampleCall example(*copy, inputs);
    check(fxtraced::detail::replace_softmax(example) == replaced, "soft-max calls that are replaced");
    torch::jit::CompilationUnit unit;
    const auto after = fxtraced::detail::tensors_of((*unit.create_function("forward", copy))(inputs));
    const auto before = fxtraced::detail::tensors_of(whole.forward({inputs[1]}));
    for (std::size_t i = 0; i < before.size(); ++i) {
      check(at::allclose(after[i], before[i], 1e-5, 1e-8), "a graph with soft-max");
    }
  }
  // What is left to the call is overwritten, and nothing else is.
  const auto kept = at::randn({4, 9}), copied = kept.clone();
  check(at::allclose(fxtraced::detail::softmax(kept), at::softmax(kept, 1), 1e-5) && at::equal(kept, copied), "a tensor that is held");
  check(at::allclose(fxtraced::detail::softmax(kept.t()), at::softmax(kept.t(), 1), 1e-5) && at::equal(kept, copied), "a view");
  auto left = kept.clone();
  const void* const memory = left.data_ptr();
  const auto over = fxtraced::detail::softmax(std::move(left));
  check(over.data_ptr() == memory && at::allclose(over, at::softmax(kept, 1), 1e-5), "a tensor that is left");
  ExampleCall doubles(*graph, {frozen._ivalue(), at::randn({2, 3, 3}, at::kDouble)});
  check(fxtraced::detail::replace_softmax(doubles) == 0, "soft-max in another precision");
}

// By the CPU's instructions, if it has them, and without: FIPS 180-4's example, and the same for all lengths around a block.
void check_hashes() {
  using fxtraced::detail::Sha256;
  for (const bool by_instructions : {true, false}) {
    Sha256 hash(by_instructions);
    hash.update("abc", 3);
    check(hash.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "the hash of abc");
  }
  std::string text;
  for (int size = 0; size < 260; ++size, text += static_cast<char>(size)) {
    Sha256 whole(true), plain(false), in_pieces(true);
    whole.update(text.data(), text.size());
    plain.update(text.data(), text.size());
    const std::size_t half = text.size() / 3;
    in_pieces.update(text.data(), half);
    in_pieces.update(text.data() + half, text.size() - half);
    const auto found = whole.hex();
    check(found == plain.hex() && found == in_pieces.hex(), "hashes of " + std::to_string(size) + " bytes");
  }
}

// Memory that was freed is there for the next tensor, without a page that is fetched anew.
void check_kept_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // They have allocators of their own.
#elif defined(__GLIBC__)
  check(fxtraced::keep_memory(), "keep_memory");
  const auto fetched = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const auto fill = [](int times) {
    for (int i = 0; i < times; ++i) {
      at::ones({16 << 18}, at::kFloat);
    }
  };
  // An aligned tensor finds room in what some before it left.
  fill(30);
  const auto before = fetched();
  fill(5);
  // Each has 4,096 pages.
  check(fetched() - before < 4096, "pages of memory that was kept");
#else
  check(!fxtraced::keep_memory(), "keep_memory elsewhere");
#endif
}

// A busy machine may find that partitions are not faster: they are asked for some times.
bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 20; ++i) {
    if (holds()) {
      return true;
    }
  }
  return false;
}

void check_partitions(const std::string& directory) {
  fxtraced::Options as_saved;
  as_saved.compile_partitions = false;
  const fxtraced::Predictor plain(directory + "/images", as_saved);
  fxtraced::Predictor compiled(directory + "/images");
  soon([&] {
    compiled = fxtraced::Predictor(directory + "/images");
    return compiled.partitions() > 0;
  });
  const auto count = compiled.partitions();
  check(count > 0 && plain.partitions() == 0, "partitions");
  const auto x = torch::rand({1, 3, 64, 64}) - 0.5;
  const auto first = compiled.run({x}), second = compiled.run({x}), expected = plain.run({x});
  check(near(first, expected) && same(first, second), "what partitions give");
  check(first[0].data_ptr() != second[0].data_ptr(), "results of their own");
  check(!same(first, expected), "another rounding: the partitions answer");
  const auto turned = x.contiguous(at::MemoryFormat::ChannelsLast);
  check(near(compiled.run({turned}), expected), "channels last");
  check(near(compiled.run({x.clone().requires_grad_()}), expected), "a feed with gradients");
  check(near(compiled.run({torch::rand({64, 64, 3, 1}).copy_(x.permute({2, 3, 1, 0})).permute({3, 2, 0, 1})}), expected), "any layout");

  const auto other_size = torch::rand({2, 3, 20, 30});
  check(same(compiled.run({other_size}), plain.run({other_size})), "another size");
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto not_finite = x.clone();
    not_finite[0][1][5][5] = odd;
    check(same(compiled.run({not_finite}), plain.run({not_finite})), "a feed that is not finite");
  }
  const int threads = at::get_num_threads();
  at::set_num_threads(threads + 1);
  check(same(compiled.run({x}), plain.run({x})), "another number of threads");
  at::set_num_threads(threads);
  check(same(compiled.run({x}), first), "the number of threads as before");
  check_throws<fxtraced::GuardError>("a guard", {"FXT201"}, [&] { fxtraced::Predictor(directory + "/ones").run({torch::ones({2, 2})}); });
  check_throws<fxtraced::FeedError>("a dtype", {"FXT301"}, [&] { compiled.run({x.to(at::kDouble)}); });

  const auto differences = compiled.self_test();
  check(differences && differences->size() == 2 && (*differences)[0] > 0 && (*differences)[0] < 1e-5, "the partitions' self-test");
  {
    const c10::InferenceMode inference;
    check(compiled.run({torch::ones({1, 3, 64, 64})}).size() == 2, "InferenceMode");
    check(soon([&] { return fxtraced::Predictor(directory + "/images").partitions() == count; }), "made in InferenceMode");
  }
  {
    const torch::jit::GraphOptimizerEnabledGuard off(false);
    check(soon([&] { return fxtraced::Predictor(directory + "/images").partitions() == count; }), "made without TorchScript's optimising");
  }
  fxtraced::Options low;
  low.precision = at::kHalf;
  check(fxtraced::Predictor(directory + "/images", low).partitions() == 0, "another precision");

  fxtraced::Predictor warmed = compiled;
  const auto twice = x.repeat({2, 1, 1, 1});
  const auto calls_of_two = [&] { return warmed.run({twice})[0].slice(0, 0, 1); };
  check(same({calls_of_two()}, {plain.run({twice})[0].slice(0, 0, 1)}), "a size that was not warmed up");
  const auto has_both = [&] {
    warmed.warm_up({twice});
    return warmed.partitions() == 2 * count;
  };
  check(soon(has_both) && has_both(), "partitions for two choices of sizes");
  check(!same(warmed.run({twice}), plain.run({twice})) && near(warmed.run({twice}), plain.run({twice})), "a size that was warmed up");
  check(same(warmed.run({x}), first), "the sample's size beside it");
  const auto has_both_after_reload = [&] {
    has_both();
    warmed.reload(directory + "/images");
    return warmed.partitions() == 2 * count;
  };
  check(soon(has_both_after_reload), "a reload is for the same sizes");
  for (int i = 1; i < 20; ++i) {
    warmed.warm_up({torch::rand({1, 3, 30, 30 + i})}, 1);
  }
  check(warmed.partitions() <= 16 * count, "so many sizes at most");
  check_throws<fxtraced::FeedError>("warm_up", {"FXT301"}, [&] { warmed.warm_up({x[0]}); });

  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < 4; ++t) {
    workers.emplace_back([&, t] {
      at::set_num_threads(threads);
      const auto own = t % 2 ? other_size : x;
      compiled.warm_up({own});
      const auto wanted = plain.run({own});
      for (int i = 0; i < 10; ++i) {
        wrong += !near(compiled.run({own}), wanted);
      }
      const auto own_count = fxtraced::Predictor(directory + "/images").partitions();
      wrong += own_count != count && own_count != 0;
    });
  }
  for (auto& worker : workers) {
    worker.join();
  }
  check(wrong == 0, "partitions from many threads");

  for (const char* name : {"/meeting", "/branching"}) {
    const fxtraced::Predictor predictor(directory + name);
    check(near(predictor.run({x}), fxtraced::Predictor(directory + name, as_saved).run({x})), name);
  }
  check(fxtraced::Predictor(directory + "/branching").partitions() == 0, "no partitions around branches");
  const auto row = torch::rand({1, 512}) - 0.5;
  const fxtraced::Predictor of_one(directory + "/one_row"), as_saved_of_one(directory + "/one_row", as_saved);
  for (int i = 0; i < 3; ++i) {
    check(near(of_one.run({row}), as_saved_of_one.run({row})), "one row");
  }
}

// Which calls are calculated in bfloat16, and what the graph gives then.
void check_lowered_precision() {
  struct Case {
    const char* body;
    std::size_t products, casts;
  };
  const Case cases[] = {
      {"return torch.linear(torch.gelu(torch.linear(x, self.a, self.b)), self.a)", 2, 2},
      {"y = torch.relu(torch.linear(x, self.a))\n  return torch.relu(torch.linear(y, self.a) + y).reshape(x.size(1), -1)", 2, 2},
      {"return x + torch.linear(torch.layer_norm(x, [16]), self.a, self.b)", 1, 2},
      {"y = torch.linear(x, self.a)\n  return torch.cat([y, y * 0.5, torch.softmax(y, -1)], -1)", 1, 3},
      {"y = torch.linear(x, self.a)\n  return torch.cat([y, y * 0.5], -1) - torch.cat([x, x], -1)", 1, 2},
      {"return torch.linear(x, self.a) * torch.arange(16)", 1, 2},
      {"y = x.view(1, 3, 1, 6, 16).select(0, 0)\n  return torch.scaled_dot_product_attention(y, y, y)", 1, 2},
      {"y = torch.linear(x, self.a)\n  assert y.size(0) < 100\n  return y", 1, 2},
      {"y = torch.linear(x, self.a)\n  assert y.dtype == 6\n  return y", 1, 2},
      {"y = torch.matmul(x.to(15), self.half).to(6)\n  return torch.matmul((torch.relu(y) + 0.5).to(15), "
       "self.half).to(6)", 2, 2},
      {"return torch.relu(x) + 1.0", 0, 0},
      {"return torch.linear(x, self.a).add_(1.0)", 0, 0},
  };
  const at::NoGradGuard no_grad;
  for (const auto& each : cases) {
    torch::jit::Module module("Precision");
    module.register_parameter("a", at::randn({16, 16}), false);
    module.register_parameter("b", at::randn({16}), false);
    module.register_parameter("half", at::randn({16, 16}).to(at::kBFloat16), false);
    module.define(std::string("def forward(self, x):\n  ") + each.body + "\n");
    module.eval();
    const auto frozen = torch::jit::freeze(module);
    const auto graph = frozen.get_method("forward").graph()->copy();
    const std::vector<c10::IValue> inputs = {frozen._ivalue(), at::randn({3, 6, 16})};
    check(fxtraced::detail::LowerPrecision(graph, inputs).count() == each.products, std::string("products in bfloat16: ") + each.body);
    std::size_t casts = 0;
    for (const auto* node : graph->nodes()) {
      casts += node->kind() == c10::aten::to;
    }
    check(casts == each.casts, std::string("casts: ") + each.body + ": " + std::to_string(casts));
    torch::jit::CompilationUnit unit;
    const auto after = (*unit.create_function("forward", graph))(inputs).toTensor();
    const auto before = frozen.get_method("forward")({inputs[1]}).toTensor();
    check(fxtraced::detail::relative_difference(before, after) < 2e-2, std::string("what it gives: ") + each.body);
  }
}

// A predictor in bfloat16, of an archive in float32 and of one in bfloat16, at the sample's sizes and at others.
void check_bfloat16(const std::string& directory) {
  if (!fxtraced::detail::calculates_bfloat16()) {
    return;
  }
  fxtraced::Options as_saved, low, mixed;
  as_saved.compile_partitions = mixed.compile_partitions = false;
  low.precision = mixed.precision = at::kBFloat16;
  const fxtraced::Predictor plain(directory + "/images", as_saved), autocast(directory + "/images", mixed);
  for (const std::string name : {"/images", "/images_in_bfloat16"}) {
    const auto options = name == "/images" ? low : fxtraced::Options();
    fxtraced::Predictor predictor(directory + name, options);
    soon([&] {
      predictor = fxtraced::Predictor(directory + name, options);
      return predictor.partitions() > 0;
    });
    check(predictor.partitions() > 0, "partitions in bfloat16" + name);
    const auto is_near = [&](const at::Tensor& x) {
      const auto results = predictor.run({x}), expected = plain.run({x});
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto apart = fxtraced::detail::relative_difference(expected[i], results[i]);
        check(apart > 1e-5 && apart < 2e-2, "bfloat16" + name + ": " + std::to_string(apart));
      }
      return results;
    };
    const auto x = torch::rand({1, 3, 64, 64}) - 0.5, other_size = torch::rand({2, 3, 20, 30}) - 0.5;
    check(same(is_near(x), predictor.run({x})), "the same each time" + name);
    is_near(other_size);
    check(!same(predictor.run({other_size}), autocast.run({other_size})), "other sizes are lowered, too" + name);
    const auto not_finite = x.clone();
    not_finite[0][1][5][5] = std::numeric_limits<float>::quiet_NaN();
    check(at::equal(predictor.run({not_finite})[0].isnan(), plain.run({not_finite})[0].isnan()), "not-a-number" + name);
    {
      const fxtraced::detail::Autocast callers(torch::kCPU, at::kHalf);
      check(same(predictor.run({x}), predictor.run({x})) && predictor.run({x})[0].scalar_type() == at::kFloat, "a caller's autocast" + name);
      is_near(x);
    }
    const auto differences = predictor.self_test();
    // What is saved in bfloat16 has a sample of its own results.
    const double least = name == "/images" ? 1e-5 : 0;
    check(differences && (*differences)[0] >= least && (*differences)[0] < 2e-2, "the self-test" + name);
    predictor.warm_up({other_size});
    is_near(other_size);
  }
}

void check_reload(const std::string& directory) {
  fxtraced::Predictor predictor(directory + "/ones");
  fxtraced::PredictorPool pool(directory + "/ones", 2);
  const fxtraced::Predictor clone = predictor.clone();
  predictor.reload(directory + "/twos");
  check(value_of(predictor) == 2 && value_of(clone) == 2, "clones follow a reload");
  check(pool.size() == 2 && value_of(pool.retrieve(1)) == 1, "a pool of its own");
  check_throws<fxtraced::ArchiveError>("other feeds", {"other feeds or fetches"}, [&] { predictor.reload(directory + "/model.pt"); });
  check_throws<fxtraced::ArchiveError>("no file", {"does not exist"}, [&] { predictor.reload(directory + "/none"); });
  check_throws<fxtraced::Error>("no predictors", {"at least 1"}, [&] { fxtraced::PredictorPool(directory + "/ones", 0); });
  check(value_of(predictor) == 2, "the old model stays");

  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const double value = value_of(clone);
        wrong += value != 1 && value != 2;
        ++answered;
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    predictor.reload(directory + (i % 2 ? "/twos" : "/ones"));
  }
  stop = true;
  for (auto& thread : threads) {
    thread.join();
  }
  check(wrong == 0 && answered > 0, "reloads under load");
}

// A file is replaced, by renames, while it is opened: the hash is always that of the model.
void check_replaced_files(const std::string& directory) {
  const std::string path = directory + "/swapped.pt";
  std::map<std::string, double> values;
  std::vector<std::string> contents;
  for (const char* name : {"/ones", "/twos"}) {
    const fxtraced::Predictor predictor(directory + name);
    values[predictor.content_hash()] = value_of(predictor);
    contents.push_back(content(directory + name + "/model.pt"));
  }
  std::filesystem::copy_file(directory + "/ones/model.pt", path, std::filesystem::copy_options::overwrite_existing);
  std::atomic<bool> stop{false};
  std::thread saver([&] {
    for (std::size_t i = 0; !stop; ++i) {
      std::ofstream(path + ".new", std::ios::binary) << contents[i % 2];
      std::filesystem::rename(path + ".new", path);
    }
  });
  int wrong = 0;
  for (int i = 0; i < 60; ++i) {
    const fxtraced::Predictor predictor(path);
    const auto known = values.find(predictor.content_hash());
    wrong += known == values.end() || value_of(predictor) != known->second;
  }
  stop = true;
  saver.join();
  check(wrong == 0, "a file that is replaced while it is opened");
}

// Reloads, calls, copies and ends of predictors at once.
void check_everything_at_once(const std::string& directory) {
  const fxtraced::Predictor served(directory + "/ones");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      fxtraced::Predictor own = served.clone();
      for (int i = 0; i < 8; ++i) {
        own.reload(directory + ((t + i) % 2 ? "/ones" : "/twos"));
        const fxtraced::Predictor copy = own;
        const double value = value_of(copy);
        wrong += value != 1 && value != 2;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  check(wrong == 0, "everything at once");
}

}  // namespace

int main(int, char** values) {
  const std::string directory = values[1];
  const fxtraced::Predictor predictor(directory);
  check(fxtraced::Predictor(directory + "/model.pt").feed_names() == predictor.feed_names(), "directory or file");
  const auto x = torch::arange(32, at::kFloat).reshape({4, 8}) / 8;
  const auto mask = torch::arange(4);
  check_description(predictor);
  predictor.warm_up({x, mask});
  check_calls(predictor, x, mask);
  check_threads(predictor, x, mask);
  check_errors(predictor, x, mask, directory);
  check_memory(directory);
  check_what_it_says(directory, predictor);
  check_damage(directory);
  check_out_of_memory(directory);
  check_self_test(directory, predictor);
  check_precision(directory);
  // Threads have drawn numbers before, as many as there was time for.
  at::manual_seed(0);
  check_measuring();
  check_linears();
  check_assertions();
  check_recurrent();
  check_kernels_answer();
  check_softmax();
  check_images();
  check_all_convolutions();
  check_kept_memory();
  check_hashes();
  check_partitions(directory);
  check_lowered_precision();
  check_bfloat16(directory);
  check_reload(directory);
  check_hostile_files(directory);
  check_hostile_calls(directory);
  check_replaced_files(directory);
  check_everything_at_once(directory);
  if (failures == 0) {
    std::cout << "ok\n";
  }
  return failures == 0 ? 0 : 1;
}
