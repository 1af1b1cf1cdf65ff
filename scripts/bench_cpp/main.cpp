// An archive in C++, called when the parent process says so: bench plain|predictor|predictor-in-bfloat16 ARCHIVE FEEDS THREADS
//
// By plain libtorch, or by fxtraced::Predictor in a process that keeps its memory. FEEDS holds a list of tensors as
// torch.save writes it. When the archive is loaded, "ready SECONDS MEGABYTES" says what that took. Commands come line by
// line, and each is answered with a line: "run SECONDS" calls the model for that long and gives the mean seconds of a
// call; "result FILE" writes the first output as float32 numbers.

#include <ATen/Parallel.h>
#include <fxtraced/predictor.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/script.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

using Tensors = std::vector<at::Tensor>;

std::function<Tensors()> runner(const std::string& how, const std::string& archive, const Tensors& feeds) {
  if (how != "plain") {
    fxtraced::Options options;
    if (how == "predictor-in-bfloat16") {
      options.precision = at::kBFloat16;
    }
    return [predictor = fxtraced::Predictor(archive, options), feeds] { return predictor.run(feeds); };
  }
  torch::jit::Module model = torch::jit::load(archive);
  const std::vector<c10::IValue> values(feeds.begin(), feeds.end());
  return [model, values]() mutable { return fxtraced::detail::tensors_of(model.forward(values)); };
}

// The memory of the process, in megabytes.
double resident() {
  std::ifstream file("/proc/self/statm");
  double all = 0, pages = 0;
  file >> all >> pages;
  return pages * 4096 / 1e6;
}

double seconds_of_a_call(const std::function<Tensors()>& run, double least) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double passed = 0;
  int calls = 0;
  while (passed < least || calls == 0) {
    run();
    ++calls;
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return passed / calls;
}

}  // namespace

int main(int, char** arguments) {
  if (arguments[1] != std::string("plain")) {
    fxtraced::keep_memory();
  }
  at::set_num_threads(std::stoi(arguments[4]));
  const at::NoGradGuard no_grad;
  Tensors feeds;
  for (const c10::IValue& feed : torch::jit::pickle_load(bytes_of(arguments[3])).toList().vec()) {
    feeds.push_back(feed.toTensor());
  }
  const double before = resident();
  const auto start = std::chrono::steady_clock::now();
  const auto run = runner(arguments[1], arguments[2], feeds);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  std::cout << "ready " << passed.count() << ' ' << resident() - before << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, value;
    words >> command >> value;
    if (command == "run") {
      std::cout << seconds_of_a_call(run, std::stod(value)) << std::endl;
    } else {
      const at::Tensor numbers = run()[0].to(at::kFloat).contiguous();
      std::ofstream(value, std::ios::binary)
          .write(static_cast<const char*>(numbers.data_ptr()), static_cast<std::streamsize>(numbers.nbytes()));
      std::cout << "written" << std::endl;
    }
  }
  return 0;
}
