#pragma once
// Bugs abort: CHECK always, DCHECK in debug builds. Never used on hostile bytes.
#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) [[unlikely]] {                                                      \
      std::fprintf(stderr, "CHECK failed: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (0)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
