// What the parts of the check program tell what failed by.

#pragma once

#include <ATen/ATen.h>
#include <fxtraced/partitions.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace {

int failures = 0;

void check(bool holds, const std::string& what) {
  if (!holds) {
    std::cout << "FAILED " << what << '\n';
    ++failures;
  }
}

// The largest difference, relative to the largest magnitude of the first, or to 1 where that is less: a few numbers may all
// be nearly zero, and what they are sums of is not.
double difference(const at::Tensor& expected, const at::Tensor& other) {
  const double scale = expected.numel() == 0 ? 1 : expected.abs().max().item<double>();
  return fxtraced::detail::relative_difference(expected, other) * std::min(1.0, scale);
}

template <typename Wanted>
void check_throws(const std::string& what, const std::vector<std::string>& parts, const std::function<void()>& body) {
  try {
    body();
  } catch (const Wanted& error) {
    for (const auto& part : parts) {
      check(std::string(error.what()).find(part) != std::string::npos, what + ": no '" + part + "' in: " + error.what());
    }
    return;
  } catch (const std::exception& error) {
    check(false, what + ": another error: " + error.what());
    return;
  }
  check(false, what + ": no error");
}

}  // namespace
