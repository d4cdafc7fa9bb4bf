#pragma once
// The version, told by the page, --version and doctor.
namespace sp3ctra::cli {
inline constexpr const char* kVersion = "0.1.0";
}
