// A kernel for convolutions of few places, as kernels_of_one_cpu.h, which includes this, has them: once for each kind of
// CPU, so it has no guard.

// Adds what some inputs give to some places and vectors of outputs. ahead: weights that are fetched meanwhile, if
// kAhead.
template <int kPlaces, int kVectors, bool kAhead>
FXTRACED_INLINE void add_inputs(
    Vector (&sums)[kPlaces][kVectors], const float* const (&from)[kPlaces], const float* weights, std::int64_t next_block, std::int64_t inputs,
    const float* ahead) {
  for (std::int64_t input = 0; input < inputs; ++input) {
    Vector weight[kVectors];
#pragma GCC unroll 3
    for (int i = 0; i < kVectors; ++i) {
      load(weight[i], weights + i * next_block + input * kWidth);
    }
    if (kAhead) {
      __builtin_prefetch(ahead + input * kWidth, 0, 2);
    }
#pragma GCC unroll 7
    for (int place = 0; place < kPlaces; ++place) {
      const float x = from[place][input];
#pragma GCC unroll 3
      for (int i = 0; i < kVectors; ++i) {
        sums[place][i] += weight[i] * x;
      }
    }
  }
}

// A part of the inputs of one tap: those from `from` on, `count` of them.
struct Part {
  std::int64_t tap = 0, from = 0, count = 0;
  bool is_first = false, is_last = false;
};

// What a part gives to some places, for `kVectors` blocks of outputs. sums: of the parts before and with this one.
template <int kPlaces, int kVectors, bool kAhead>
FXTRACED_TARGET inline void convolve_places(
    const Convolution& own, const Part& part, std::int64_t first, std::int64_t block, float* sums, const float* ahead) {
  const std::int64_t next_block = own.taps * own.inputs * kWidth;
  Vector here[kPlaces][kVectors];
  const float* from[kPlaces];
#pragma GCC unroll 7
  for (std::int64_t place = 0; place < kPlaces; ++place) {
    from[place] = own.places[(first + place) * own.taps + part.tap] + part.from;
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors; ++i) {
      load(here[place][i], part.is_first ? own.bias + (block + i) * kWidth : sums + ((first + place) * kVectors + i) * kWidth);
    }
  }
  const float* weights = own.weights + block * next_block + (part.tap * own.inputs + part.from) * kWidth;
  add_inputs<kPlaces, kVectors, kAhead>(here, from, weights, next_block, part.count, ahead);
#pragma GCC unroll 7
  for (std::int64_t place = 0; place < kPlaces; ++place) {
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors; ++i) {
      if (!part.is_last) {
        store(sums + ((first + place) * kVectors + i) * kWidth, here[place][i]);
        continue;
      }
      const std::int64_t at = (first + place) * own.outputs + (block + i) * kWidth;
      if (own.added != nullptr) {
        Vector added;
        load(added, own.added + at);
        here[place][i] += added;
      }
      activate(here[place][i], own.activation);
      store(own.to + at, here[place][i]);
    }
  }
}

// All places, for `kVectors` blocks of outputs; `left` are after them.
template <int kVectors>
FXTRACED_INLINE void convolve_blocks(const Convolution& own, std::int64_t block, std::int64_t left, float* sums) {
  constexpr int kPlaces = FXTRACED_PLACES;
  // The weights of so many inputs stay in the nearest cache for all places.
  constexpr std::int64_t kInputs = 128;
  const std::int64_t next_block = own.taps * own.inputs * kWidth;
  Part part;
  for (part.tap = 0; part.tap < own.taps; ++part.tap) {
    for (part.from = 0; part.from < own.inputs; part.from += part.count) {
      part.count = own.inputs - part.from < 2 * kInputs ? own.inputs - part.from : kInputs;
      part.is_first = part.tap == 0 && part.from == 0;
      const bool ends_tap = part.from + part.count == own.inputs;
      part.is_last = ends_tap && part.tap + 1 == own.taps;
      // Those of the next part, which may be the next blocks' first one, come from far away: one block with each turn.
      const float* ahead = own.weights + block * next_block + (part.tap * own.inputs + part.from + part.count) * kWidth;
      ahead += part.is_last ? (kVectors - 1) * next_block : 0;
      std::int64_t place = 0;
      for (std::int64_t turn = 0; place + kPlaces <= own.count; place += kPlaces, ++turn) {
        if (turn < (part.is_last && left < kVectors ? left : kVectors)) {
          convolve_places<kPlaces, kVectors, true>(own, part, place, block, sums, ahead + turn * next_block);
        } else {
          convolve_places<kPlaces, kVectors, false>(own, part, place, block, sums, nullptr);
        }
      }
      for (; place + 2 <= own.count; place += 2) {
        convolve_places<2, kVectors, false>(own, part, place, block, sums, nullptr);
      }
      for (; place < own.count; ++place) {
        convolve_places<1, kVectors, false>(own, part, place, block, sums, nullptr);
      }
    }
  }
}

// A convolution, for some blocks of outputs. sums: memory for three vectors of each place.
FXTRACED_TARGET inline void convolve(const Convolution& own, float* sums, std::int64_t first, std::int64_t last) {
  constexpr int kVectors = 3;
  std::int64_t block = first;
  for (; block + kVectors <= last; block += kVectors) {
    convolve_blocks<kVectors>(own, block, last - block - kVectors, sums);
  }
  for (; block < last; ++block) {
    convolve_blocks<1>(own, block, last - block - 1, sums);
  }
}
