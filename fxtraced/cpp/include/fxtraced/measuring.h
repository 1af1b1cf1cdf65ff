// Which of some calls takes the shortest time on this machine.

#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace fxtraced::detail {

// The place of the fastest of some calls. run: makes the call at a place and returns its seconds. factors: by which those of
// each call count. They run in turns, and are judged by their shortest runs. Those that are clearly behind after some rounds
// run no more; no further round begins where one is left, or much time has passed.
inline std::size_t fastest_of(const std::vector<double>& factors, const std::function<double(std::size_t)>& run) {
  constexpr int kFewest = 4, kMost = 15;
  constexpr std::chrono::milliseconds kBudget{100};
  // How many times as long as the fastest a call may take after two rounds, and from the fewest on.
  constexpr double kFirst = 1.3, kLater = 1.15;
  // Touched before each call: within a model, weights are not in a core's own caches.
  const auto swept = at::zeros({std::int64_t{16} << 20}, at::kByte);
  std::vector<double> seconds(factors.size(), std::numeric_limits<double>::infinity());
  std::vector<std::size_t> running(factors.size());
  for (std::size_t i = 0; i < running.size(); ++i) {
    running[i] = i;
  }
  const auto by_seconds = [&](auto a, auto b) { return seconds[a] < seconds[b]; };
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < kMost; ++round) {
    if (round > 1) {
      const auto most = (round < kFewest ? kFirst : kLater) * seconds[*std::min_element(running.begin(), running.end(), by_seconds)];
      running.erase(std::remove_if(running.begin(), running.end(), [&](auto i) { return seconds[i] > most; }), running.end());
      if (running.size() == 1 || (round >= kFewest && std::chrono::steady_clock::now() - start > kBudget)) {
        break;
      }
    }
    for (const auto i : running) {
      swept.add_(1);
      seconds[i] = std::min(seconds[i], run(i) * factors[i]);
    }
  }
  return *std::min_element(running.begin(), running.end(), by_seconds);
}

}  // namespace fxtraced::detail
