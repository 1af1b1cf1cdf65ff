// Kernels for images with their channels last in memory, as kernels_of_one_cpu.h, which includes this, has them: once for
// each kind of CPU, so it has no guard.

// Puts an activation in the place of its input.
FXTRACED_INLINE void activate(Vector& x, const Activation& activation) {
  const Vector zero = {}, given = x;
  switch (activation.kind) {
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kSilu:
      sigmoid(x);
      x *= given;
      return;
    case Activation::kHardSwish:
      x = x * (1.0F / 6) + 0.5F;
      x = x < zero ? zero : x;
      x = x > zero + 1.0F ? zero + 1.0F : x;
      x *= given;
      return;
    case Activation::kNone:
      return;
    case Activation::kRelu:
      x = x < zero ? zero : x;
      return;
    case Activation::kGelu:
      x *= 0.707106781F;
      error_function(x);
      x = given * 0.5F * (x + 1.0F);
      return;
    case Activation::kClamp:
      x = x * activation.slope + activation.offset;
      x = x < zero + activation.low ? zero + activation.low : x;
      x = x > zero + activation.high ? zero + activation.high : x;
      return;
  }
}

// Adds one place to the sums of `kVectors` vectors of channels from `from` on. kWhole: all of them can be read; otherwise
// the image ends before, and only what belongs to the place is.
template <int kVectors, bool kWhole>
FXTRACED_INLINE void add_channels(Vector (&sums)[kVectors], const Image& image, std::int64_t place, std::int64_t from) {
  const float* channels = image.from + place * image.channels + from;
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < kVectors; ++i) {
    Vector x = {};
    const std::int64_t left = image.channels - from - i * kWidth;
    if (kWhole || left >= kWidth) {
      load(x, channels + i * kWidth);
    } else if (left > 0) {
      __builtin_memcpy(&x, channels + i * kWidth, static_cast<std::size_t>(left) * sizeof(float));
    }
    sums[i] += x;
  }
}

// The means over the places of an image, for `kVectors` vectors of channels from `from` on.
template <int kVectors>
FXTRACED_INLINE void average_channels(const Image& image, float* means, std::int64_t from) {
  // A long sum rounds less when it is made of short ones.
  constexpr std::int64_t kShort = 64;
  // Where the channels end, the next place begins, and after the last one there is nothing.
  const std::int64_t readable = image.places * image.channels - from - kVectors * kWidth;
  const std::int64_t whole = readable < 0 ? 0 : readable / image.channels + 1;
  Vector totals[kVectors] = {};
  for (std::int64_t begun = 0; begun < image.places; begun += kShort) {
    const auto end = begun + kShort < image.places ? begun + kShort : image.places;
    Vector sums[kVectors] = {};
    std::int64_t place = begun;
    for (; place < end && place < whole; ++place) {
      add_channels<kVectors, true>(sums, image, place, from);
    }
    for (; place < end; ++place) {
      add_channels<kVectors, false>(sums, image, place, from);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) {
      totals[i] += sums[i];
    }
  }
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < kVectors; ++i) {
    totals[i] /= static_cast<float>(image.places);
    store(means + from + i * kWidth, totals[i]);
  }
}

// The means over the places of an image, for some blocks of channels.
FXTRACED_TARGET inline void average(const Image& image, float* means, std::int64_t first, std::int64_t last) {
  constexpr int kAtOnce = 4;
  std::int64_t block = first;
  for (; block + kAtOnce <= last; block += kAtOnce) {
    average_channels<kAtOnce>(image, means, block * kWidth);
  }
  for (; block < last; ++block) {
    average_channels<1>(image, means, block * kWidth);
  }
}

// An image with each channel multiplied by its factor, for some blocks of channels.
FXTRACED_TARGET inline void scale(const Image& image, const float* factors, std::int64_t first, std::int64_t last) {
  const auto end = last * kWidth < image.channels ? last * kWidth : image.channels;
  for (std::int64_t place = 0; place < image.places; ++place) {
    const float* from = image.from + place * image.channels;
    float* to = image.to + place * image.channels;
    std::int64_t channel = first * kWidth;
    for (; channel + kWidth <= end; channel += kWidth) {
      Vector x, factor;
      load(x, from + channel);
      load(factor, factors + channel);
      x *= factor;
      store(to + channel, x);
    }
    for (; channel < end; ++channel) {
      to[channel] = from[channel] * factors[channel];
    }
  }
}

// Some rows of a product, from `first` on, for one block of outputs.
template <int kRows>
FXTRACED_INLINE void multiply_rows(const Product& own, const float* from, float* to, std::int64_t first, std::int64_t block) {
  Vector sums[kRows][1];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) {
    load(sums[row][0], own.bias + block * kWidth);
  }
  add_product(sums, own.weights + block * own.inputs * kWidth, from + first * own.padded_inputs, own.padded_inputs, own.inputs);
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) {
    activate(sums[row][0], own.activation);
    store(to + (first + row) * own.padded_outputs + block * kWidth, sums[row][0]);
  }
}

// A product and its activation, for some blocks of outputs.
FXTRACED_TARGET inline void multiply(const Product& own, const float* from, float* to, std::int64_t first, std::int64_t last) {
  for (std::int64_t block = first; block < last; ++block) {
    std::int64_t row = 0;
    for (; row + FXTRACED_ROWS <= own.rows; row += FXTRACED_ROWS) {
      multiply_rows<FXTRACED_ROWS>(own, from, to, row, block);
    }
    for (; row < own.rows; ++row) {
      multiply_rows<1>(own, from, to, row, block);
    }
  }
}

// Where an element of three planes, place by place, comes from: from the first two of them, and from those and the third.
constexpr std::size_t of_first_two(std::size_t at) { return at % 3 == 2 ? 0 : at % 3 * kWidth + at / 3; }
constexpr std::size_t with_third(std::size_t at) { return at % 3 == 2 ? kWidth + at / 3 : at % kWidth; }

// The elements of two vectors at these places.
template <std::size_t... kPlaces>
FXTRACED_INLINE void pick(Vector& to, const Vector& first, const Vector& second) {
#if defined(__clang__)
  to = __builtin_shufflevector(first, second, kPlaces...);
#else
  to = __builtin_shuffle(first, second, Integers{kPlaces...});
#endif
}

// A vector's part of three planes, place by place; the `kPart`-th of three.
template <std::size_t kPart, std::size_t... kPlaces>
FXTRACED_INLINE void store_places(float* to, const Vector (&planes)[3], std::index_sequence<kPlaces...>) {
  Vector first, all;
  pick<of_first_two(kPart * kWidth + kPlaces)...>(first, planes[0], planes[1]);
  pick<with_third(kPart * kWidth + kPlaces)...>(all, first, planes[2]);
  store(to + kPart * kWidth, all);
}

// Three planes place by place, from one place to before another; their sum.
FXTRACED_TARGET inline float turn(const float* from, float* to, std::int64_t places, std::int64_t first, std::int64_t last) {
  constexpr auto kAll = std::make_index_sequence<static_cast<std::size_t>(kWidth)>();
  Vector sums = {};
  std::int64_t place = first;
  for (; place + kWidth <= last; place += kWidth) {
    Vector planes[3];
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      load(planes[i], from + i * places + place);
      sums += planes[i];
    }
    store_places<0>(to + 3 * place, planes, kAll);
    store_places<1>(to + 3 * place, planes, kAll);
    store_places<2>(to + 3 * place, planes, kAll);
  }
  float sum = sum_of(sums);
  for (; place < last; ++place) {
    for (int i = 0; i < 3; ++i) {
      const float x = from[i * places + place];
      to[3 * place + i] = x;
      sum += x;
    }
  }
  return sum;
}
