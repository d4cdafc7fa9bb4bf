#include "cli/version.h"

#include <archive.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <sodium.h>
#include <xxhash.h>

#include <CLI/Version.hpp>
#include <array>
#include <boost/version.hpp>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "build_commit.h"
#ifdef SP3CTRA_ZLIB
#include <zlib.h>
#endif
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace sp3ctra::cli {
namespace {

/// "libpcap version 1.10.3 (with TPACKET_V3)" -> "1.10.3".
std::string first_number(std::string_view text) {
  const size_t begin = std::min(text.find_first_of("0123456789"), text.size());
  const size_t end = std::min(text.find_first_of(" ,\n", begin), text.size());
  return std::string(text.substr(begin, end - begin));
}

std::string pcre2_version() {
  std::array<char, 64> text{};
  if (pcre2_config(PCRE2_CONFIG_VERSION, nullptr) > static_cast<int>(text.size())) return "";
  pcre2_config(PCRE2_CONFIG_VERSION, text.data());
  return first_number(text.data());
}

std::string three_numbers(int whole, int major_unit, int minor_unit) {
  return fmt::format("{}.{}.{}", whole / major_unit, whole % major_unit / minor_unit,
                     whole % minor_unit);
}

}  // namespace

std::vector<LibraryVersion> library_versions() {
  return {
      {"libpcap", first_number(pcap_lib_version())},
      {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"libarchive", first_number(archive_version_string())},
#ifdef SP3CTRA_ZLIB
      {"zlib", zlibVersion()},
#endif
      {"PCRE2", pcre2_version()},
      {"libsodium", sodium_version_string()},
      {"fmt", three_numbers(FMT_VERSION, 10000, 100)},
      {"Boost", three_numbers(BOOST_VERSION, 100000, 100)},
      {"CLI11", CLI11_VERSION},
      {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                    NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
      {"tl-expected", fmt::format("{}.{}.{}", TL_EXPECTED_VERSION_MAJOR, TL_EXPECTED_VERSION_MINOR,
                                  TL_EXPECTED_VERSION_PATCH)},
      {"xxHash", three_numbers(XXH_VERSION_NUMBER, 10000, 100)},
  };
}

std::string version_text() {
  std::string out = fmt::format("sp3ctra {}\n", kVersion);
  const std::string_view commit = kCommit;
  out += commit.empty() ? "commit unknown\n"
                        : fmt::format("commit {}{}\n", commit, kCommitChanged ? ", changed" : "");
  for (const LibraryVersion& l : library_versions())
    out += fmt::format("{} {}\n", l.name, l.version);
  return out + "Licence GPL-2.0-or-later; with OpenSSL 3 this binary is under GPL-3.0 in effect.";
}

}  // namespace sp3ctra::cli
