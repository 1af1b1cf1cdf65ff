// Tensors to and from Python, timing, and the command line that both example programs share.
//
// Python writes the feeds with torch.save and reads the results with torch.load; libtorch's pickle_load and
// pickle_save speak the same format. Give torch.save plain torch tensors (x.as_subclass(torch.Tensor)). Results go
// as tuples: libtorch tags lists and dicts with their type, which torch.load refuses by default.

#pragma once

#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace files {

struct Arguments {
  std::string model;
  std::string feeds;
  std::string results;
  torch::Device device = torch::kCPU;
  int repeat = 0;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline Arguments parse(int count, char** values) {
  Arguments arguments;
  std::vector<std::string> positional;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (word.rfind("--", 0) != 0) {
      positional.push_back(word);
      continue;
    }
    if (word != "--device" && word != "--repeat") {
      throw UsageError("unknown option " + word);
    }
    if (++i == count) {
      throw UsageError(word + " needs a value");
    }
    try {
      if (word == "--device") {
        arguments.device = torch::Device(values[i]);
      } else {
        arguments.repeat = std::stoi(values[i]);
      }
    } catch (const std::exception&) {
      throw UsageError(word + " does not take '" + values[i] + "'");
    }
  }
  if (positional.size() != 3) {
    throw UsageError("expected 3 arguments, received " + std::to_string(positional.size()));
  }
  arguments.model = positional[0];
  arguments.feeds = positional[1];
  arguments.results = positional[2];
  return arguments;
}

inline c10::IValue read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw std::runtime_error("cannot read " + path);
  }
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return torch::jit::pickle_load(bytes);
}

inline void write(const std::string& path, const c10::IValue& value) {
  const std::vector<char> bytes = torch::jit::pickle_save(value);
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

// Prints the median time of a call. The results must be on the CPU when `call` returns.
template <typename Call>
void print_median(int repeat, const Call& call) {
  std::vector<double> times;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  if (!times.empty()) {
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    std::printf("median %.3f ms of %d calls\n", times[times.size() / 2], repeat);
  }
}

// Exit codes: 0 done, 1 the model or a file failed, 2 wrong usage.
template <typename Program>
int run(int count, char** values, const char* usage, const Program& program) {
  try {
    program(parse(count, values));
    return 0;
  } catch (const UsageError& error) {
    std::cerr << error.what() << '\n' << usage;
    return 2;
  } catch (const c10::Error& error) {
    std::cerr << error.what_without_backtrace() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}

}  // namespace files
