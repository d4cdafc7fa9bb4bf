#pragma once
// For tests only: the real captures that the laws are tried on.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sp3ctra::testing {

/// Captures named by SP3CTRA_CORPUS's manifest, of at most `bytes_max` bytes each; empty without
/// one.
inline std::vector<std::string> corpus_captures(uint64_t bytes_max = UINT64_MAX) {
  std::vector<std::string> out;
  const char* corpus = std::getenv("SP3CTRA_CORPUS");
  if (!corpus || !*corpus) return out;
  std::ifstream manifest(std::string(corpus) + "/MANIFEST.tsv");
  std::string line;
  std::getline(manifest, line);
  while (std::getline(manifest, line)) {
    const size_t a = line.find('\t'), b = line.find('\t', a + 1);
    std::string path = std::string(corpus) + "/" + line.substr(a + 1, b - a - 1);
    std::error_code ec;
    const uint64_t size = std::filesystem::file_size(path, ec);
    if (!ec && size <= bytes_max) out.push_back(std::move(path));
  }
  return out;
}

/// Adds the demo capture, which every checkout has (SP3CTRA_SOURCE names it).
inline std::vector<std::string> with_demo(std::vector<std::string> captures) {
  if (const char* source = std::getenv("SP3CTRA_SOURCE"))
    captures.push_back(std::string(source) + "/packaging/demo.pcapng");
  return captures;
}

/// The long forms read everything.
inline bool long_form() { return std::getenv("SP3CTRA_LONG") != nullptr; }

}  // namespace sp3ctra::testing
