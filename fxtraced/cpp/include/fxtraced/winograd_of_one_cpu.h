// A kernel for Winograd's convolutions, as kernels_of_one_cpu.h, which includes this, has them: once for each kind of CPU,
// so it has no guard.

// The sum of factors[i] * from[i * kStep]; what is times zero costs nothing.
template <std::size_t kStep, std::size_t kCount>
FXTRACED_INLINE void combine(Vector& to, const float (&factors)[kCount], const Vector* from) {
  bool is_first = true;
#pragma GCC unroll 6
  for (std::size_t i = 0; i < kCount; ++i) {
    const float factor = factors[i];
    if (factor == 0) {
      continue;
    }
    const Vector& x = from[i * kStep];
    if (is_first) {
      to = factor == 1 ? x : x * factor;
    } else {
      to = factor == 1 ? to + x : factor == -1 ? to - x : to + x * factor;
    }
    is_first = false;
  }
}

// A matrix [kRows, kSide] times a square [kSide, kSide] of vectors times the matrix turned.
template <std::size_t kRows, std::size_t kSide>
FXTRACED_INLINE void transform(Vector (&to)[kRows * kRows], const float (&matrix)[kRows][kSide], const Vector (&from)[kSide * kSide]) {
  Vector half[kRows * kSide];
#pragma GCC unroll 6
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 6
    for (std::size_t j = 0; j < kSide; ++j) {
      combine<kSide>(half[i * kSide + j], matrix[i], from + j);
    }
  }
#pragma GCC unroll 6
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 6
    for (std::size_t j = 0; j < kRows; ++j) {
      combine<1>(to[i * kRows + j], matrix[j], half + i * kSide);
    }
  }
}

// The numbers of one tile, for all channels, each transformed number `next` from the one before.
template <std::size_t kTile>
FXTRACED_INLINE void transform_tile(const Winograd& own, std::int64_t tile, float* to, std::int64_t next) {
  constexpr std::size_t kSide = kTile + 2;
  const std::int64_t image = tile / (own.down * own.across);
  const std::int64_t top = tile / own.across % own.down * std::int64_t{kTile} - own.top, left = tile % own.across * std::int64_t{kTile} - own.left;
  const float* from[kSide * kSide];
#pragma GCC unroll 6
  for (std::size_t i = 0; i < kSide; ++i) {
    const std::int64_t row = top + static_cast<std::int64_t>(i);
    const bool is_row = row >= 0 && row < own.height;
#pragma GCC unroll 6
    for (std::size_t j = 0; j < kSide; ++j) {
      const std::int64_t column = left + static_cast<std::int64_t>(j);
      const bool is_inside = is_row && column >= 0 && column < own.width;
      from[i * kSide + j] = is_inside ? own.from + ((image * own.height + row) * own.width + column) * own.inputs : own.nothing;
    }
  }
  for (std::int64_t channel = 0; channel < own.inputs; channel += kWidth) {
    Vector numbers[kSide * kSide], transformed[kSide * kSide];
#pragma GCC unroll 36
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      load(numbers[i], from[i] + channel);
    }
    transform(transformed, kWinograd<kTile>.input, numbers);
#pragma GCC unroll 36
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      store(to + static_cast<std::int64_t>(i) * next + channel, transformed[i]);
    }
  }
}

// The results of one tile: what its products give, the bias, an addition and an activation.
template <std::size_t kTile>
FXTRACED_INLINE void finish_tile(const Winograd& own, std::int64_t tile, const float* products, std::int64_t next) {
  constexpr std::size_t kSide = kTile + 2;
  const std::int64_t image = tile / (own.down * own.across);
  const std::int64_t top = tile / own.across % own.down * std::int64_t{kTile}, left = tile % own.across * std::int64_t{kTile};
  Vector lowest;
  lowest_of(lowest, own.activation);
  for (std::int64_t channel = 0; channel < own.outputs; channel += kWidth) {
    Vector numbers[kSide * kSide], results[kTile * kTile], bias;
#pragma GCC unroll 36
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      load(numbers[i], products + static_cast<std::int64_t>(i) * next + channel);
    }
    transform(results, kWinograd<kTile>.output, numbers);
    load(bias, own.bias + channel);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kTile * kTile; ++i) {
      const std::int64_t row = top + static_cast<std::int64_t>(i / kTile), column = left + static_cast<std::int64_t>(i % kTile);
      if (row >= own.rows || column >= own.columns) {
        continue;
      }
      const std::int64_t at = ((image * own.rows + row) * own.columns + column) * own.outputs + channel;
      results[i] += bias;
      if (own.added != nullptr) {
        Vector added;
        load(added, own.added + at);
        results[i] += added;
      }
      results[i] = results[i] < lowest ? lowest : results[i];
      store(own.to + at, results[i]);
    }
  }
  // The code of most activations is long, so they wait for another look.
  for (std::int64_t row = top; row < top + std::int64_t{kTile} && row < own.rows && is_late(own.activation); ++row) {
    for (std::int64_t column = left; column < left + std::int64_t{kTile} && column < own.columns; ++column) {
      float* at = own.to + ((image * own.rows + row) * own.columns + column) * own.outputs;
      for (std::int64_t channel = 0; channel < own.outputs; channel += kWidth) {
        Vector x;
        load(x, at + channel);
        activate(x, own.activation);
        store(at + channel, x);
      }
    }
  }
}

// What some inputs give to some tiles, for `kVectors` vectors of outputs; is_first: there is nothing yet that it is added to.
template <int kTiles, int kVectors>
FXTRACED_INLINE void multiply_tiles(const Winograd& own, const float* from, const float* weights, float* to, std::int64_t count, bool is_first) {
  Vector sums[kTiles][kVectors] = {};
  const float* tiles[kTiles];
#pragma GCC unroll 14
  for (std::int64_t tile = 0; tile < kTiles; ++tile) {
    tiles[tile] = from + tile * own.inputs;
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors && !is_first; ++i) {
      load(sums[tile][i], to + tile * own.outputs + i * kWidth);
    }
  }
  add_inputs<kTiles, kVectors, false>(sums, tiles, weights, own.inputs * kWidth, count, nullptr);
#pragma GCC unroll 14
  for (std::int64_t tile = 0; tile < kTiles; ++tile) {
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors; ++i) {
      store(to + tile * own.outputs + i * kWidth, sums[tile][i]);
    }
  }
}

// The products of all tiles, `kTiles` at a time, with `kVectors` vectors of outputs.
template <int kTiles, int kVectors>
FXTRACED_TARGET inline void multiply_all(const Winograd& own, const float* from, const float* weights, float* to, std::int64_t tiles) {
  for (std::int64_t input = 0, count = 0; input < own.inputs; input += count) {
    count = own.inputs - input < 2 * kInputsAtOnce ? own.inputs - input : kInputsAtOnce;
    const float* own_weights = weights + input * kWidth;
    std::int64_t tile = 0;
    for (; tile + kTiles <= tiles; tile += kTiles) {
      multiply_tiles<kTiles, kVectors>(own, from + tile * own.inputs + input, own_weights, to + tile * own.outputs, count, input == 0);
    }
    for (; tile + 2 <= tiles; tile += 2) {
      multiply_tiles<2, kVectors>(own, from + tile * own.inputs + input, own_weights, to + tile * own.outputs, count, input == 0);
    }
    for (; tile < tiles; ++tile) {
      multiply_tiles<1, kVectors>(own, from + tile * own.inputs + input, own_weights, to + tile * own.outputs, count, input == 0);
    }
  }
}

// Some tiles, from `first` to before `last`. scratch: own.scratch(last - first) floats.
template <std::size_t kTile>
FXTRACED_TARGET inline void filter(const Winograd& own, float* scratch, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t kNumbers = (kTile + 2) * (kTile + 2);
  const std::int64_t tiles = last - first, blocks = own.outputs / kWidth;
  const std::int64_t next = tiles * own.inputs + Winograd::kApart, next_product = tiles * own.outputs + Winograd::kApart;
  float* products = scratch + kNumbers * next;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    transform_tile<kTile>(own, first + tile, scratch + tile * own.inputs, next);
  }
  for (std::int64_t number = 0; number < kNumbers; ++number) {
    const float* from = scratch + number * next;
    for (std::int64_t block = 0, vectors = 0; block < blocks; block += vectors) {
      const float* weights = own.weights + (number * blocks + block) * own.inputs * kWidth;
      float* to = products + number * next_product + block * kWidth;
      vectors = vectors_at_once(blocks - block);
      if (vectors == 3) {
        multiply_all<FXTRACED_PLACES, 3>(own, from, weights, to, tiles);
      } else if (vectors == 2) {
        multiply_all<FXTRACED_PLACES * 3 / 2, 2>(own, from, weights, to, tiles);
      } else {
        multiply_all<FXTRACED_PLACES * 2, 1>(own, from, weights, to, tiles);
      }
    }
  }
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    finish_tile<kTile>(own, first + tile, products + tile * own.outputs, next_product);
  }
}

FXTRACED_TARGET inline void winograd(const Winograd& own, float* scratch, std::int64_t first, std::int64_t last) {
  if (own.tile == 2) {
    filter<2>(own, scratch, first, last);
  } else {
    filter<4>(own, scratch, first, last);
  }
}
