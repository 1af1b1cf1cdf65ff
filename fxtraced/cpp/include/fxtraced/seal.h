// The content hash at the end of an archive: the SHA-256 (FIPS 180-4) of every byte before it.
//
//     zip bytes ... end record (comment length) | "fxtraced sha256 " + 64 hex digits

#pragma once

#include <algorithm>
#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "sha256.h"

namespace fxtraced {
namespace detail {

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
