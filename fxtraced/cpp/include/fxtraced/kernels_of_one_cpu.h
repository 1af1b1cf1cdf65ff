// Kernels with vectors of FXTRACED_WIDTH floats, for FXTRACED_ROWS rows at a time, in functions that are compiled with
// FXTRACED_TARGET. kernels.h includes this once for each kind of CPU, in a namespace of its own, so it has no guard.

#define FXTRACED_INLINE FXTRACED_TARGET inline __attribute__((always_inline))

constexpr std::int64_t kWidth = FXTRACED_WIDTH, kPlacesAtOnce = FXTRACED_PLACES;
typedef float Vector __attribute__((vector_size(4 * FXTRACED_WIDTH)));
typedef std::uint32_t Integers __attribute__((vector_size(4 * FXTRACED_WIDTH)));

// By reference throughout: how a vector is given by value depends on what the program is compiled for.
FXTRACED_INLINE void load(Vector& vector, const float* from) { __builtin_memcpy(&vector, from, sizeof vector); }
FXTRACED_INLINE void store(float* to, const Vector& vector) { __builtin_memcpy(to, &vector, sizeof vector); }

// e to the power of x, for what is between -87 and 87, and for not-a-number.
FXTRACED_INLINE void exponential(Vector& x) {
  // A sum with so large a number has no bits for what is less than one.
  const float rounding = 12582912.0F;
  const Vector rounded = x * 1.44269504F + rounding;
  const Vector whole = rounded - rounding;
  // The logarithm of two in two parts, the first with few bits, so that nothing of the product is lost.
  const Vector rest = x - whole * 0.693359375F + whole * 2.12194440e-4F;
  Vector sum = rest * 1.9875691500e-4F + 1.3981999507e-3F;
  sum = sum * rest + 8.3334519073e-3F;
  sum = sum * rest + 4.1665795894e-2F;
  sum = sum * rest + 1.6666665459e-1F;
  sum = sum * rest + 5.0000001201e-1F;
  sum = sum * (rest * rest) + rest + 1.0F;
  Integers power;
  __builtin_memcpy(&power, &rounded, sizeof power);
  power = (power << 23) + (127U << 23);
  Vector scale;
  __builtin_memcpy(&scale, &power, sizeof scale);
  x = sum * scale;
}

// The nearest number whose exponential there is.
FXTRACED_INLINE void clamp(Vector& x) {
  const Vector zero = {}, largest = zero + 87.0F;
  x = x < -largest ? -largest : x;
  x = x > largest ? largest : x;
}

FXTRACED_INLINE void sigmoid(Vector& x) {
  x = -x;
  clamp(x);
  exponential(x);
  x = 1.0F / (x + 1.0F);
}

FXTRACED_INLINE void hyperbolic_tangent(Vector& x) {
  const Vector zero = {}, square = x * x;
  // Of a small number by a polynomial: the other way rounds it as if it were 1.
  Vector small = square * -5.70498872745e-3F + 2.06390887954e-2F;
  small = small * square - 5.37397155531e-2F;
  small = small * square + 1.33314422036e-1F;
  small = small * square - 3.33332819422e-1F;
  small = small * square * x + x;
  Vector power = x + x;
  clamp(power);
  exponential(power);
  const Vector large = 1.0F - 2.0F / (power + 1.0F);
  x = square < zero + 0.390625F ? small : large;
}

// By Abramowitz and Stegun's formula 7.1.26, within 2e-7.
FXTRACED_INLINE void error_function(Vector& x) {
  const Vector zero = {}, absolute = x < zero ? -x : x, t = 1.0F / (absolute * 0.3275911F + 1.0F);
  Vector sum = t * 1.061405429F - 1.453152027F;
  sum = sum * t + 1.421413741F;
  sum = sum * t - 0.284496736F;
  sum = sum * t + 0.254829592F;
  Vector power = -x * x;
  clamp(power);
  exponential(power);
  sum = 1.0F - sum * t * power;
  x = x < zero ? -sum : sum;
}

// Adds what one place of the state gives to the gates of some rows, `padded` apart.
template <int kRows, int kGates>
FXTRACED_INLINE void add_place(Vector (&sums)[kRows][kGates], const float* weights, const float* state, std::int64_t padded) {
#pragma GCC unroll 4
  for (int gate = 0; gate < kGates; ++gate) {
    Vector weight;
    load(weight, weights + gate * kWidth);
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
      sums[row][gate] += weight * state[row * padded];
    }
  }
}

// Adds what the whole state gives.
template <int kRows, int kGates>
FXTRACED_INLINE void add_product(Vector (&sums)[kRows][kGates], const float* weights, const float* state, std::int64_t padded, std::int64_t hidden) {
  // An addition waits for the one before it, so there are several sums of each gate.
  constexpr int kSums = kRows * kGates < 8 ? 8 / (kRows * kGates) : 1;
  constexpr std::int64_t kNext = kGates * kWidth;
  Vector parts[kSums][kRows][kGates] = {};
  std::int64_t place = 0;
  for (; place + kSums <= hidden; place += kSums) {
#pragma GCC unroll 8
    for (int part = 0; part < kSums; ++part) {
      add_place(parts[part], weights + (place + part) * kNext, state + place + part, padded);
    }
  }
  for (; place < hidden; ++place) {
    add_place(parts[0], weights + place * kNext, state + place, padded);
  }
#pragma GCC unroll 8
  for (int part = 0; part < kSums; ++part) {
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int gate = 0; gate < kGates; ++gate) {
        sums[row][gate] += parts[part][row][gate];
      }
    }
  }
}

// Some rows of one step, from `first` on, for one block of places.
template <Cell kCell, int kRows>
FXTRACED_INLINE void calculate(const Direction& own, const Step& step, const States& states, std::int64_t first, std::int64_t block) {
  constexpr int kGates = gates_of(kCell);
  const std::int64_t from = block * kWidth;
  const float* inputs = step.inputs + first * own.input_row + from * kGates;
  Vector sums[kRows][kGates];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int gate = 0; gate < kGates; ++gate) {
      // The third gate of a GRU takes in the input after it was multiplied by another.
      const bool is_late = kCell == Cell::kGru && gate == 2;
      load(sums[row][gate], is_late ? own.bias + from : inputs + row * own.input_row + gate * kWidth);
    }
  }
  const float* weights = own.weights + block * own.hidden * kGates * kWidth;
  add_product(sums, weights, states.now + first * own.padded, own.padded, own.hidden);
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) {
    auto& gates = sums[row];
    const std::int64_t place = (first + row) * own.padded + from;
    Vector result;
    if constexpr (kCell == Cell::kLstm) {
      Vector cell;
      load(cell, states.cell + place);
      sigmoid(gates[0]);
      sigmoid(gates[1]);
      hyperbolic_tangent(gates[2]);
      sigmoid(gates[3]);
      cell = gates[1] * cell + gates[0] * gates[2];
      store(states.cell + place, cell);
      hyperbolic_tangent(cell);
      result = gates[3] * cell;
    } else if constexpr (kCell == Cell::kGru) {
      Vector candidate, before;
      load(candidate, inputs + row * own.input_row + 2 * kWidth);
      load(before, states.now + place);
      sigmoid(gates[0]);
      sigmoid(gates[1]);
      candidate += gates[0] * gates[2];
      hyperbolic_tangent(candidate);
      result = candidate + gates[1] * (before - candidate);
    } else if constexpr (kCell == Cell::kTanh) {
      hyperbolic_tangent(gates[0]);
      result = gates[0];
    } else {
      const Vector zero = {};
      result = gates[0] < zero ? zero : gates[0];
    }
    store(states.next + place, result);
  }
}

// All steps; the last state is states.now then.
template <Cell kCell>
FXTRACED_TARGET inline void run(const Direction& own, States& states) {
  for (const Step& step : own.steps) {
    for (std::int64_t block = 0; block < own.padded / kWidth; ++block) {
      std::int64_t row = 0;
      for (; row + FXTRACED_ROWS <= step.rows; row += FXTRACED_ROWS) {
        calculate<kCell, FXTRACED_ROWS>(own, step, states, row, block);
      }
      for (; row + 2 <= step.rows; row += 2) {
        calculate<kCell, 2>(own, step, states, row, block);
      }
      for (; row < step.rows; ++row) {
        calculate<kCell, 1>(own, step, states, row, block);
      }
    }
    for (std::int64_t row = 0; row < step.rows; ++row) {
      __builtin_memcpy(step.outputs + row * own.output_row, states.next + row * own.padded, own.hidden * sizeof(float));
    }
    const std::int64_t left = (own.rows - step.rows) * own.padded;
    __builtin_memcpy(states.next + step.rows * own.padded, states.now + step.rows * own.padded, left * sizeof(float));
    std::swap(states.now, states.next);
  }
}

FXTRACED_TARGET inline void run_steps(Cell cell, const Direction& own, States& states) {
  switch (cell) {
    case Cell::kLstm:
      return run<Cell::kLstm>(own, states);
    case Cell::kGru:
      return run<Cell::kGru>(own, states);
    case Cell::kTanh:
      return run<Cell::kTanh>(own, states);
    case Cell::kRelu:
      return run<Cell::kRelu>(own, states);
  }
}

// The largest and the sum of the numbers in a vector, by halves: an operation waits for the one before it.
FXTRACED_INLINE float largest_of(const Vector& x) {
  float parts[kWidth];
  store(parts, x);
#pragma GCC unroll 4
  for (std::int64_t half = kWidth / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < half; ++i) {
      parts[i] = parts[i + half] > parts[i] ? parts[i + half] : parts[i];
    }
  }
  return parts[0];
}

FXTRACED_INLINE float sum_of(const Vector& x) {
  float parts[kWidth];
  store(parts, x);
#pragma GCC unroll 4
  for (std::int64_t half = kWidth / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < half; ++i) {
      parts[i] += parts[i + half];
    }
  }
  return parts[0];
}

// The soft-max of `count` numbers, which is not-a-number where one of them is, or where none is finite.
FXTRACED_TARGET inline void softmax(const float* from, float* to, std::int64_t count) {
  const Vector zero = {}, lowest = zero - __builtin_inff();
  const std::int64_t whole = count / kWidth * kWidth;
  const auto left = static_cast<std::size_t>(count - whole) * sizeof(float);
  Vector rest = lowest, largest = lowest;
  __builtin_memcpy(&rest, from + whole, left);
  for (std::int64_t i = 0; i < whole; i += kWidth) {
    Vector x;
    load(x, from + i);
    largest = x > largest ? x : largest;
  }
  largest = rest > largest ? rest : largest;
  const Vector most = zero + largest_of(largest);
  Vector sums = zero;
  for (std::int64_t i = 0; i <= whole; i += kWidth) {
    Vector x = rest;
    if (i < whole) {
      load(x, from + i);
    }
    x = x - most;
    const Vector given = x;
    exponential(x);
    // What is masked, or too small for a number, is zero.
    x = given < zero - 87.0F ? zero : x;
    sums += x;
    if (i < whole) {
      store(to + i, x);
    } else {
      rest = x;
    }
  }
  const Vector scale = zero + 1.0F / sum_of(sums);
  for (std::int64_t i = 0; i < whole; i += kWidth) {
    Vector x;
    load(x, to + i);
    store(to + i, x * scale);
  }
  rest = rest * scale;
  __builtin_memcpy(to + whole, &rest, left);
}

#include "images_of_one_cpu.h"
#include "convolution_of_one_cpu.h"
#include "winograd_of_one_cpu.h"

#undef FXTRACED_INLINE
#undef FXTRACED_PLACES
#undef FXTRACED_ROWS
#undef FXTRACED_TARGET
#undef FXTRACED_WIDTH
