// A kernel for convolutions and products, as kernels_of_one_cpu.h, which includes this, has them: once for each kind of CPU,
// so it has no guard.

// What so many inputs give is added up in registers before it is stored. Their weights for three vectors of outputs, 72 KB,
// stream from the second cache for each few places, which costs less than to store and load sums more often.
constexpr std::int64_t kInputsAtOnce = 6144 / kWidth;

// Of so many vectors of outputs that are left: registers hold the sums of three, and of two or one with more places; never
// of one where two and two would do.
constexpr std::int64_t vectors_at_once(std::int64_t left) { return left == 4 ? 2 : left < 3 ? left : 3; }

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
#pragma GCC unroll 14
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

// Adds what there is to add to a vector of outputs, and activates and stores it; left: how many outputs there are from there
// on, if not kWhole. The code of most activations is long, so they wait for another look.
template <bool kWhole>
FXTRACED_INLINE void finish(const Convolution& own, Vector& x, std::int64_t at, std::int64_t left, const Vector& lowest) {
  const auto bytes = static_cast<std::size_t>(left) * sizeof(float);
  if (own.added != nullptr) {
    Vector added = {};
    if (kWhole) {
      load(added, own.added + at);
    } else {
      __builtin_memcpy(&added, own.added + at, bytes);
    }
    x += added;
  }
  x = x < lowest ? lowest : x;
  if (kWhole) {
    store(own.to + at, x);
  } else {
    __builtin_memcpy(own.to + at, &x, bytes);
  }
}

// Activates what was stored of some outputs of some places.
FXTRACED_TARGET inline void activate_stored(const Convolution& own, std::int64_t first, std::int64_t places, std::int64_t output, std::int64_t outputs) {
  for (std::int64_t place = first; place < first + places; ++place) {
    for (std::int64_t i = 0; i < outputs; i += kWidth) {
      float* at = own.to + place * own.outputs + output + i;
      const auto bytes = static_cast<std::size_t>(outputs - i < kWidth ? outputs - i : kWidth) * sizeof(float);
      Vector x = {};
      __builtin_memcpy(&x, at, bytes);
      activate(x, own.activation);
      __builtin_memcpy(at, &x, bytes);
    }
  }
}

// The least that is stored at once, and whether an activation is to be made after that.
FXTRACED_INLINE void lowest_of(Vector& lowest, const Activation& activation) {
  lowest = Vector{} + (activation.kind == Activation::kRelu ? 0.0F : -__builtin_inff());
}
FXTRACED_INLINE bool is_late(const Activation& activation) { return activation.kind != Activation::kRelu && activation.kind != Activation::kNone; }

// What a part gives to some places, for `kVectors` blocks of outputs, or for one that is not full, if not kWhole. sums: of
// the parts before and with this one.
template <int kPlaces, int kVectors, bool kWhole, bool kAhead>
FXTRACED_TARGET inline void convolve_places(
    const Convolution& own, const Part& part, std::int64_t first, std::int64_t block, float* sums, const float* ahead) {
  const std::int64_t next_block = own.taps * own.inputs * kWidth, output = block * kWidth, left = own.outputs - output;
  Vector here[kPlaces][kVectors];
  const float* from[kPlaces];
  // One branch around each loop: there are up to 21 vectors.
  if (part.is_first) {
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors; ++i) {
      Vector bias = {};
      if (kWhole) {
        load(bias, own.bias + output + i * kWidth);
      } else {
        __builtin_memcpy(&bias, own.bias + output, static_cast<std::size_t>(left) * sizeof(float));
      }
#pragma GCC unroll 14
      for (std::int64_t place = 0; place < kPlaces; ++place) {
        here[place][i] = bias;
      }
    }
  } else {
#pragma GCC unroll 14
    for (std::int64_t place = 0; place < kPlaces; ++place) {
#pragma GCC unroll 3
      for (std::int64_t i = 0; i < kVectors; ++i) {
        load(here[place][i], sums + ((first + place) * kVectors + i) * kWidth);
      }
    }
  }
#pragma GCC unroll 14
  for (std::int64_t place = 0; place < kPlaces; ++place) {
    from[place] = own.places[(first + place) * own.taps + part.tap] + part.from;
  }
  const float* weights = own.weights + block * next_block + (part.tap * own.inputs + part.from) * kWidth;
  add_inputs<kPlaces, kVectors, kAhead>(here, from, weights, next_block, part.count, ahead);
  if (!part.is_last) {
#pragma GCC unroll 14
    for (std::int64_t place = 0; place < kPlaces; ++place) {
#pragma GCC unroll 3
      for (std::int64_t i = 0; i < kVectors; ++i) {
        store(sums + ((first + place) * kVectors + i) * kWidth, here[place][i]);
      }
    }
    return;
  }
  Vector lowest;
  lowest_of(lowest, own.activation);
#pragma GCC unroll 14
  for (std::int64_t place = 0; place < kPlaces; ++place) {
#pragma GCC unroll 3
    for (std::int64_t i = 0; i < kVectors; ++i) {
      finish<kWhole>(own, here[place][i], (first + place) * own.outputs + output + i * kWidth, left, lowest);
    }
  }
  if (is_late(own.activation)) {
    activate_stored(own, first, kPlaces, output, kWhole ? kVectors * kWidth : left);
  }
}

// All places, `kPlaces` at a time, for `kVectors` blocks of outputs; `after` are after them.
template <int kPlaces, int kVectors, bool kWhole>
FXTRACED_INLINE void convolve_blocks(const Convolution& own, std::int64_t block, std::int64_t after, float* sums) {
  const std::int64_t next_block = own.taps * own.inputs * kWidth;
  Part part;
  for (part.tap = 0; part.tap < own.taps; ++part.tap) {
    for (part.from = 0; part.from < own.inputs; part.from += part.count) {
      part.count = own.inputs - part.from < 2 * kInputsAtOnce ? own.inputs - part.from : kInputsAtOnce;
      part.is_first = part.tap == 0 && part.from == 0;
      const bool ends_tap = part.from + part.count == own.inputs;
      part.is_last = ends_tap && part.tap + 1 == own.taps;
      // Those of the next part, which may be the next blocks' first one, come from far away: one block with each turn.
      const float* ahead = own.weights + block * next_block + (part.tap * own.inputs + part.from + part.count) * kWidth;
      ahead += part.is_last ? (kVectors - 1) * next_block : 0;
      std::int64_t place = 0;
      for (std::int64_t turn = 0; place + kPlaces <= own.count; place += kPlaces, ++turn) {
        if (turn < (part.is_last && after < kVectors ? after : kVectors)) {
          convolve_places<kPlaces, kVectors, kWhole, true>(own, part, place, block, sums, ahead + turn * next_block);
        } else {
          convolve_places<kPlaces, kVectors, kWhole, false>(own, part, place, block, sums, nullptr);
        }
      }
      for (; place + 2 <= own.count; place += 2) {
        convolve_places<2, kVectors, kWhole, false>(own, part, place, block, sums, nullptr);
      }
      for (; place < own.count; ++place) {
        convolve_places<1, kVectors, kWhole, false>(own, part, place, block, sums, nullptr);
      }
    }
  }
}

// A convolution, for some blocks of outputs. sums: memory for three vectors of each place.
FXTRACED_TARGET inline void convolve(const Convolution& own, float* sums, std::int64_t first, std::int64_t last) {
  const std::int64_t full = own.outputs / kWidth, end = last < full ? last : full;
  for (std::int64_t block = first, vectors = 0; block < end; block += vectors) {
    vectors = vectors_at_once(end - block);
    const std::int64_t after = end - block - vectors;
    if (vectors == 3) {
      convolve_blocks<FXTRACED_PLACES, 3, true>(own, block, after, sums);
    } else if (vectors == 2) {
      convolve_blocks<FXTRACED_PLACES * 3 / 2, 2, true>(own, block, after, sums);
    } else {
      convolve_blocks<FXTRACED_PLACES * 2, 1, true>(own, block, after, sums);
    }
  }
  if (end < last) {
    convolve_blocks<FXTRACED_PLACES * 2, 1, false>(own, end, 0, sums);
  }
}
