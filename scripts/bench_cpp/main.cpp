// An archive through plain libtorch, called when the parent process says so: bench ARCHIVE FEEDS THREADS
//
// FEEDS holds a list of tensors as torch.save writes it. Commands come line by line, and each is answered with a line:
// "run SECONDS" calls the model for that long and gives the mean seconds of a call; "result FILE" writes the first
// output as float32 numbers.

#include <ATen/Parallel.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/script.h>

#include <chrono>
#include <fstream>
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

double seconds_of_a_call(torch::jit::Module& model, const std::vector<c10::IValue>& feeds, double least) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double passed = 0;
  int calls = 0;
  while (passed < least || calls == 0) {
    model.forward(feeds);
    ++calls;
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return passed / calls;
}

}  // namespace

int main(int, char** arguments) {
  at::set_num_threads(std::stoi(arguments[3]));
  const at::NoGradGuard no_grad;
  torch::jit::Module model = torch::jit::load(arguments[1]);
  const c10::List<c10::IValue> given = torch::jit::pickle_load(bytes_of(arguments[2])).toList();
  const std::vector<c10::IValue> feeds(given.begin(), given.end());
  std::cout << "ready" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, value;
    words >> command >> value;
    if (command == "run") {
      std::cout << seconds_of_a_call(model, feeds, std::stod(value)) << std::endl;
    } else {
      const c10::IValue result = model.forward(feeds);
      const at::Tensor first = result.isTensor() ? result.toTensor() : result.toTuple()->elements()[0].toTensor();
      const at::Tensor numbers = first.to(at::kFloat).contiguous();
      std::ofstream(value, std::ios::binary)
          .write(static_cast<const char*>(numbers.data_ptr()), static_cast<std::streamsize>(numbers.nbytes()));
      std::cout << "written" << std::endl;
    }
  }
  return 0;
}
