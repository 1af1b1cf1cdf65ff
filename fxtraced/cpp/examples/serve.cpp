// A server's loop: worker threads answer requests from a queue while the model is replaced under their hands.
// In place of a network, the main thread asks again and again for the same feeds.

#include <fxtraced/predictor.h>

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "files.h"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const char* const kUsage =
    "usage: serve MODEL FEEDS --threads N --seconds S\n"
    "  MODEL     directory of a saved model, or its model.pt; a new file there is served from the next request on\n"
    "  FEEDS     torch.save([tensor, ...]) in the order of the model's feeds: what is asked\n"
    "  --threads workers that answer at the same time\n"
    "  --seconds how long to serve\n";

struct Request {
  std::vector<at::Tensor> feeds;
  std::promise<std::vector<at::Tensor>> answer;
};

// Requests in, answers out. A failed request answers with its error; the others go on.
class Server {
 public:
  Server(const fxtraced::Predictor& predictor, int threads) : predictor_(predictor) {
    for (int i = 0; i < threads; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  ~Server() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) {
      worker.join();
    }
  }

  std::future<std::vector<at::Tensor>> ask(std::vector<at::Tensor> feeds) {
    Request request{std::move(feeds), {}};
    auto answer = request.answer.get_future();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push(std::move(request));
    }
    wake_.notify_one();
    return answer;
  }

 private:
  void work() {
    while (auto request = next()) {
      try {
        request->answer.set_value(predictor_.run(request->feeds));
      } catch (...) {
        request->answer.set_exception(std::current_exception());
      }
    }
  }

  std::optional<Request> next() {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return std::nullopt;
    }
    Request request = std::move(waiting_.front());
    waiting_.pop();
    return request;
  }

  const fxtraced::Predictor& predictor_;
  std::vector<std::thread> workers_;
  std::queue<Request> waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;
};

std::vector<at::Tensor> read_feeds(const std::string& path) {
  const c10::IValue given = files::read(path);
  TORCH_CHECK(given.isList(), path, " holds no list of tensors");
  std::vector<at::Tensor> feeds;
  for (const c10::IValue& feed : given.toListRef()) {
    feeds.push_back(feed.toTensor());
  }
  return feeds;
}

void serve(const std::string& model, const std::string& feeds_path, int threads, double seconds) {
  const fs::path file = fs::is_directory(model) ? fs::path(model) / "model.pt" : fs::path(model);
  // Each worker has its own calls: more threads inside of them would only fight over the cores.
  at::set_num_threads(1);
  fxtraced::Predictor predictor(model);
  const std::vector<at::Tensor> feeds = read_feeds(feeds_path);
  predictor.warm_up(feeds);

  long served = 0, failed = 0, reloads = 0;
  auto seen = fs::last_write_time(file);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  {
    Server server(predictor, threads);
    while (Clock::now() < end) {
      std::vector<std::future<std::vector<at::Tensor>>> answers;
      for (int i = 0; i < 8 * threads; ++i) {
        answers.push_back(server.ask(feeds));
      }
      const auto now = fs::last_write_time(file);
      if (now != seen) {
        seen = now;
        predictor.reload(model);
        ++reloads;
      }
      for (auto& answer : answers) {
        try {
          answer.get();
          ++served;
        } catch (const fxtraced::Error& error) {
          std::cerr << error.what() << '\n';
          ++failed;
        }
      }
    }
  }
  std::cout << "served " << served << " failed " << failed << " reloads " << reloads << '\n';
}

}  // namespace

int main(int count, char** values) {
  fxtraced::keep_memory();
  const std::vector<std::string> given(values + 1, values + count);
  if (given.size() != 6 || given[2] != "--threads" || given[4] != "--seconds") {
    std::cerr << kUsage;
    return 2;
  }
  try {
    serve(given[0], given[1], std::max(1, std::stoi(given[3])), std::stod(given[5]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
