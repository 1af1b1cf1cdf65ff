// SHA-256 (FIPS 180-4).

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define FXTRACED_SHA_INSTRUCTIONS 1
#endif

namespace fxtraced {
namespace detail {

// By the instructions of the CPU where it has them. Plain arrays and no calls inside: a
// program that is compiled without optimisation reads models, too.
class Sha256 {
 public:
  explicit Sha256(bool by_instructions = true) : by_instructions_(by_instructions) {}

  void update(const char* data, std::size_t size) {
    length_ += size;
    const auto* bytes = reinterpret_cast<const unsigned char*>(data);
    while (size > 0) {
      if (filled_ == 0 && size >= kBlock) {
        const std::size_t blocks = size / kBlock;
        compress(bytes, blocks);
        bytes += blocks * kBlock;
        size -= blocks * kBlock;
        continue;
      }
      const std::size_t taken = std::min(size, kBlock - filled_);
      std::memcpy(block_ + filled_, bytes, taken);
      filled_ += taken;
      bytes += taken;
      size -= taken;
      if (filled_ == kBlock) {
        compress(block_, 1);
        filled_ = 0;
      }
    }
  }

  // The hash of everything so far; call it once, at the end.
  std::string hex() {
    const std::uint64_t bits = length_ * 8;
    const char end = static_cast<char>(0x80);
    const char zero = 0;
    update(&end, 1);
    while (filled_ != kBlock - 8) {
      update(&zero, 1);
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
      const char byte = static_cast<char>((bits >> shift) & 0xff);
      update(&byte, 1);
    }
    std::string text;
    for (const std::uint32_t word : state_) {
      for (int shift = 28; shift >= 0; shift -= 4) {
        text += "0123456789abcdef"[(word >> shift) & 0xf];
      }
    }
    return text;
  }

 private:
  static constexpr std::size_t kBlock = 64;
  // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static constexpr std::uint32_t kRoots[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

  void compress(const unsigned char* bytes, std::size_t blocks) {
#if defined(FXTRACED_SHA_INSTRUCTIONS)
    if (by_instructions_ && has_instructions()) {
      compress_by_instructions(bytes, blocks);
      return;
    }
#endif
    for (; blocks > 0; --blocks, bytes += kBlock) {
      compress_block(bytes);
    }
  }

#if defined(FXTRACED_SHA_INSTRUCTIONS)
  static bool has_instructions() {
    static const bool has = [] {
      unsigned a = 0, b = 0, c = 0, d = 0;
      const bool has_sse4 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0;
      return has_sse4 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
    }();
    return has;
  }

  // Four rounds at a time. The instructions keep the state in two registers of four words, and a register of `words` holds
  // what the next four rounds add; from the fifth on these are computed of the sixteen before.
  __attribute__((target("sha,sse4.1"))) void compress_by_instructions(const unsigned char* bytes, std::size_t blocks) {
    const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    const auto word = [this](int i) { return static_cast<int>(state_[i]); };
    __m128i first = _mm_set_epi32(word(0), word(1), word(4), word(5));
    __m128i second = _mm_set_epi32(word(2), word(3), word(6), word(7));
    for (; blocks > 0; --blocks, bytes += kBlock) {
      const __m128i first_before = first, second_before = second;
      __m128i words[4];
      for (int i = 0; i < 4; ++i) {
        words[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i), big_endian);
      }
      for (int i = 0; i < 16; ++i) {
        const __m128i roots = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kRoots) + i);
        const __m128i added = _mm_add_epi32(words[i % 4], roots);
        second = _mm_sha256rnds2_epu32(second, first, added);
        first = _mm_sha256rnds2_epu32(first, second, _mm_shuffle_epi32(added, 0x0e));
        const __m128i next = words[(i + 1) % 4], after = words[(i + 2) % 4], last = words[(i + 3) % 4];
        const __m128i low = _mm_sha256msg1_epu32(words[i % 4], next);
        words[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(low, _mm_alignr_epi8(last, after, 4)), last);
      }
      first = _mm_add_epi32(first, first_before);
      second = _mm_add_epi32(second, second_before);
    }
    std::uint32_t halves[8];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(halves), first);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(halves + 4), second);
    const std::uint32_t state[8] = {halves[3], halves[2], halves[7], halves[6], halves[1], halves[0], halves[5], halves[4]};
    std::memcpy(state_, state, sizeof(state_));
  }
#endif

  void compress_block(const unsigned char* block) {
    std::uint32_t w[64];
    for (int i = 0; i < 16; ++i, block += 4) {
      w[i] = std::uint32_t{block[0]} << 24 | std::uint32_t{block[1]} << 16 | std::uint32_t{block[2]} << 8 | block[3];
    }
    for (int i = 16; i < 64; ++i) {
      const std::uint32_t x = w[i - 15], y = w[i - 2];
      const std::uint32_t low = (x >> 7 | x << 25) ^ (x >> 18 | x << 14) ^ (x >> 3);
      const std::uint32_t high = (y >> 17 | y << 15) ^ (y >> 19 | y << 13) ^ (y >> 10);
      w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    std::uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
    std::uint32_t e = state_[4], f = state_[5], g = state_[6], h = state_[7];
    for (int i = 0; i < 64; ++i) {
      const std::uint32_t first = h + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)) +
                                  ((e & f) ^ (~e & g)) + kRoots[i] + w[i];
      const std::uint32_t second =
          ((a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
    state_[4] += e, state_[5] += f, state_[6] += g, state_[7] += h;
  }

  // The first 32 bits of the fractional parts of the square roots of the first 8 primes.
  std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  [[maybe_unused]] bool by_instructions_;
  unsigned char block_[kBlock] = {};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace detail
}  // namespace fxtraced

#undef FXTRACED_SHA_INSTRUCTIONS
