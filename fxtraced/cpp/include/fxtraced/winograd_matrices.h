// The matrices of Winograd's convolutions, with as few products as there can be.

#pragma once

#include <cstddef>

namespace fxtraced::detail {

// Along one axis, kTile results of a window of three are output * ((weight * window) . (input * numbers)), with as many
// products as there are numbers, instead of 3 * kTile.
template <std::size_t kTile>
struct WinogradMatrices {
  static constexpr std::size_t kSide = kTile + 2;
  float input[kSide][kSide] = {}, output[kTile][kSide] = {};
  double weight[kSide][3] = {};

  // As Toom and Cook have it: both are polynomials, their product is taken at these points and at infinity, and the
  // polynomial through those is the result; turned, as a convolution is.
  constexpr explicit WinogradMatrices(const double (&points)[kTile + 1]) {
    for (std::size_t i = 0; i <= kTile + 1; ++i) {
      const bool is_infinity = i == kTile + 1;
      // The polynomial that is zero at all other points, from its constant part on.
      double polynomial[kSide] = {1}, scale = 1;
      for (std::size_t j = 0; j <= kTile; ++j) {
        if (j != i) {
          for (std::size_t k = kSide - 1; k > 0; --k) {
            polynomial[k] = polynomial[k - 1] - points[j] * polynomial[k];
          }
          polynomial[0] *= -points[j];
          scale *= is_infinity ? 1 : points[i] - points[j];
        }
      }
      for (std::size_t k = 0; k < kSide; ++k) {
        input[i][k] = static_cast<float>(polynomial[k]);
      }
      double power = 1;
      for (std::size_t k = 0; k < kTile || k < 3; ++k) {
        if (k < kTile) {
          output[k][i] = static_cast<float>(is_infinity ? k == kTile - 1 : power);
        }
        if (k < 3) {
          weight[i][k] = is_infinity ? k == 2 : power / scale;
        }
        power *= is_infinity ? 0 : points[i];
      }
    }
  }
};

// With these points all is exact in the matrices but for what is divided, and the larger tile rounds a fourth of what it
// does with 0, 1, -1, 2 and -2.
template <std::size_t kTile>
inline constexpr WinogradMatrices<kTile> kWinograd = WinogradMatrices<kTile>({0, 1, -1});
template <>
inline constexpr WinogradMatrices<4> kWinograd<4> = WinogradMatrices<4>({0, 0.75, -0.75, 1.5, -1.5});

}  // namespace fxtraced::detail
