// What the C library does with memory that was freed.

#pragma once

#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace fxtraced {

// Lets the C library keep what tensors of up to 32 MB take, when they are freed, for what is allocated next. Otherwise
// glibc gives it back to the system, depending on what else lies in memory, and each page is fetched anew in the next
// call, which may take a tenth longer for that. It is for the whole process, which does not get smaller then: call it at
// the beginning of main. Returns false, and changes nothing, with another C library.
inline bool keep_memory() {
#if defined(__GLIBC__)
  return mallopt(M_MMAP_THRESHOLD, 32 << 20) == 1 && mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()) == 1;
#else
  return false;
#endif
}

namespace detail {

// Lets the C library give back, at its end, what weights took on their way to their layouts.
struct ReturnMemory {
  ReturnMemory() = default;
  ReturnMemory(const ReturnMemory&) = delete;
  ReturnMemory& operator=(const ReturnMemory&) = delete;
  ~ReturnMemory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
  }
};

}  // namespace detail
}  // namespace fxtraced
