#pragma once
// Every kind of alert with its words: why it matters, when it is harmless, what to do.
#include <span>

#include "events/alert.h"

namespace sp3ctra::catalog {

extern const AlertKind kSynFlood;
extern const AlertKind kPortScan;
extern const AlertKind kHostSweep;
extern const AlertKind kBadAddress;
extern const AlertKind kBadDomain;
extern const AlertKind kCleartextLogin;

/// All of them, by number.
std::span<const AlertKind* const> all();

}  // namespace sp3ctra::catalog
