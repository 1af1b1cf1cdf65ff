// The content hash at the end of an archive: the SHA-256 (FIPS 180-4) of every byte before it.
//
//     zip bytes ... end record (comment length) | "fxtraced sha256 " + 64 hex digits

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <istream>
#include <string>
#include <vector>

namespace fxtraced {
namespace detail {

// Plain arrays and no calls inside: a program that is compiled without optimisation reads models, too.
class Sha256 {
 public:
  void update(const char* data, std::size_t size) {
    length_ += size;
    const auto* bytes = reinterpret_cast<const unsigned char*>(data);
    while (size > 0) {
      if (filled_ == 0 && size >= kBlock) {
        compress(bytes);
        bytes += kBlock;
        size -= kBlock;
        continue;
      }
      const std::size_t taken = std::min(size, kBlock - filled_);
      std::memcpy(block_ + filled_, bytes, taken);
      filled_ += taken;
      bytes += taken;
      size -= taken;
      if (filled_ == kBlock) {
        compress(block_);
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

  void compress(const unsigned char* block) {
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
  unsigned char block_[kBlock] = {};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

// What the end of an archive says of it. Both hashes are empty where the file ends otherwise: it was not saved by
// fxtraced, or is cut so far that libtorch finds no zip file in it.
struct Seal {
  std::string written;
  std::string found;
  // The zip file in it is whole, but not the comment that bears the hash.
  bool cut = false;
};

// Whether these last bytes of a file hold the end record of a zip file and less than the comment that it announces.
inline bool comment_is_cut(const std::string& tail) {
  const std::size_t record = tail.rfind("PK\x05\x06");
  const std::size_t record_size = 22;
  if (record == std::string::npos || tail.size() < record + record_size) {
    return false;
  }
  const auto byte = [&](std::size_t k) { return static_cast<std::size_t>(static_cast<unsigned char>(tail[record + k])); };
  return tail.size() < record + record_size + (byte(20) | byte(21) << 8);
}

// Reads the whole stream, and leaves it at its beginning.
inline Seal read_seal(std::istream& stream) {
  const std::string mark = "fxtraced sha256 ";
  const std::size_t comment_size = mark.size() + 64;
  Seal seal;
  stream.seekg(0, std::ios::end);
  const auto end = static_cast<std::size_t>(std::max<std::streamoff>(stream.tellg(), 0));
  std::string tail(std::min(end, comment_size + 32), '\0');
  stream.seekg(static_cast<std::streamoff>(end - tail.size()));
  stream.read(&tail[0], static_cast<std::streamsize>(tail.size()));
  seal.cut = comment_is_cut(tail);
  if (end >= comment_size) {
    std::size_t left = end - comment_size;
    const std::string comment = tail.substr(tail.size() - comment_size);
    if (comment.compare(0, mark.size(), mark) == 0) {
      stream.seekg(0);
      Sha256 hash;
      std::vector<char> chunk(std::size_t{1} << 20);
      while (left > 0 && stream) {
        stream.read(chunk.data(), static_cast<std::streamsize>(std::min(left, chunk.size())));
        const auto count = static_cast<std::size_t>(stream.gcount());
        hash.update(chunk.data(), count);
        left -= count;
      }
      seal.written = comment.substr(mark.size());
      seal.found = hash.hex();
    }
  }
  stream.clear();
  stream.seekg(0);
  return seal;
}

}  // namespace detail
}  // namespace fxtraced
