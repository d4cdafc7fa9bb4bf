#pragma once
// What `sp3ctra capture` was asked for: options as tcpdump and tshark users write them.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace sp3ctra::cli {

/// Where something ends: the first bound that is reached counts; 0 = none.
struct Bounds {
  double duration_s = 0;
  uint64_t packets = 0, bytes = 0, files = 0;
  bool any() const { return duration_s > 0 || packets > 0 || bytes > 0; }
};

/// Reads "duration:S", "packets:N", "filesize:KB" (1000 bytes) and "files:N". `option` is named in
/// errors ("-a").
Result<Bounds> parse_bounds(std::string_view option, const std::vector<std::string>& texts);

/// A smaller buffer is taken as this: two blocks, one that fills and one that is read.
inline constexpr uint32_t kRingKibMin = 2 * limits::kRingBlockBytes / 1024;

struct CaptureOptions {
  std::vector<std::string> interfaces, words, fields, stop_texts, ring_texts;
  std::string bpf, preset, filter, write, format = "text", color = "auto";
  uint64_t packets_max = 0;
  uint32_t snaplen = 0, ring_kib = limits::kRingBytes / 1024;
  bool no_promiscuous = false, quiet = false, print = false, line_by_line = false,
       packet_by_packet = false, list_interfaces = false, list_presets = false;
  int numbers = 0;  ///< -n: names are never looked up anyway

  // After understand():
  Bounds stop, ring;
  bool in_ring() const { return !ring_texts.empty(); }
};

/// Declares the options of the subcommand.
void declare_capture_options(CLI::App& command, CaptureOptions& o);

/// Puts filter and bounds together and refuses what contradicts itself; an error is wrong usage.
Status understand(CaptureOptions& o);

/// The presets, one a line: key, name, filter.
std::string presets_text();

}  // namespace sp3ctra::cli
