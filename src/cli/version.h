#pragma once
// The version, told by the page, --version and doctor. CMakeLists.txt has the number.
#include <string>
#include <vector>

namespace sp3ctra::cli {

inline constexpr const char* kVersion = SP3CTRA_VERSION;

/// A library in this program and the version of it that runs (of a header-only one: that was built
/// in).
struct LibraryVersion {
  std::string name;
  std::string version;
};

/// Every library that is linked or built in, but the compiler's own.
std::vector<LibraryVersion> library_versions();

/// What --version prints: number, commit, libraries, licence. Several lines, no line end at the
/// end.
std::string version_text();

}  // namespace sp3ctra::cli
