#include "cli/capture_options.h"

#include <fmt/format.h>

#include <charconv>

#include "capture/bpf_presets.h"
#include "cli/packet_printer.h"

namespace sp3ctra::cli {
namespace {

constexpr uint32_t kRingKibMax = limits::kRingBytesMax / 1024;

/// The number after the colon, above 0.
template <class T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out > 0;
}

std::string preset_keys(std::string_view between) {
  std::string keys;
  for (const BpfPreset& p : kBpfPresets) {
    if (!keys.empty()) keys += between;
    keys += p.key;
  }
  return keys;
}

/// Preset, -f and the words after the options as one filter.
Status join_filter(CaptureOptions& o) {
  const std::string words = fmt::format("{}", fmt::join(o.words, " "));
  if (!words.empty() && !o.bpf.empty())
    return fail("there are two capture filters, “{}” after -f and “{}” after the options: give one",
                o.bpf, words);
  if (o.bpf.empty()) o.bpf = words;
  if (o.preset.empty()) return {};
  const BpfPreset* preset = find_bpf_preset(o.preset);
  if (!preset)
    return fail("--preset {}: there is none of this name; known: {}", o.preset, preset_keys(", "));
  if (o.bpf.empty() || preset->bpf.empty()) {
    if (o.bpf.empty()) o.bpf = preset->bpf;
  } else {
    o.bpf = fmt::format("({}) and ({})", preset->bpf, o.bpf);
  }
  return {};
}

Status check_files(const CaptureOptions& o) {
  if (o.in_ring()) {
    if (o.write.empty() || o.write == "-")
      return fail("-b: several files need a name for them: -w FILE");
    if (!o.ring.any())
      return fail(
          "-b files:{}: say when to begin the next file: add -b filesize:KB or -b "
          "duration:S or -b packets:N",
          o.ring.files);
  }
  if (o.stop.files > 0 && !o.in_ring())
    return fail("-a files:{}: there is one file only; add -b filesize:KB or -b duration:S",
                o.stop.files);
  if (o.stop.bytes > 0 && o.write.empty()) return fail("-a filesize needs a file: -w FILE");
  if (o.print && o.write == "-")
    return fail("--print: standard output is taken by the capture (-w -)");
  return {};
}

}  // namespace

Result<Bounds> parse_bounds(std::string_view option, const std::vector<std::string>& texts) {
  Bounds b;
  for (const std::string_view text : texts) {
    const size_t colon = std::min(text.find(':'), text.size());
    const std::string_view what = text.substr(0, colon);
    const std::string_view value = text.substr(std::min(colon + 1, text.size()));
    bool good = false;
    if (what == "duration") {
      good = parse_number(value, b.duration_s) && b.duration_s < 1e9;
    } else if (what == "packets") {
      good = parse_number(value, b.packets);
    } else if (what == "files") {
      good = parse_number(value, b.files) && b.files < 100'000;
    } else if (what == "filesize") {
      good = parse_number(value, b.bytes) && b.bytes < UINT64_MAX / 1000;
      b.bytes *= 1000;
    } else {
      return fail("{} {}: unknown; use duration:S, filesize:KB, packets:N or files:N", option,
                  text);
    }
    if (!good) return fail("{} {}: needs a number above 0 after the colon", option, text);
  }
  return b;
}

Status understand(CaptureOptions& o) {
  auto stop = parse_bounds("-a", o.stop_texts);
  if (!stop) return tl::unexpected(std::move(stop.error()));
  o.stop = *stop;
  if (o.packets_max > 0)
    o.stop.packets = o.stop.packets ? std::min(o.stop.packets, o.packets_max) : o.packets_max;
  auto ring = parse_bounds("-b", o.ring_texts);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  o.ring = *ring;
  TRY(join_filter(o));
  return check_files(o);
}

std::string presets_text() {
  std::string out;
  for (const BpfPreset& p : kBpfPresets)
    out += fmt::format("{:<11} {:<26} {}\n", p.key, p.name,
                       p.bpf.empty() ? std::string_view("(no filter)") : p.bpf);
  return out;
}

void declare_capture_options(CLI::App& c, CaptureOptions& o) {
  c.add_option("-i,--interface", o.interfaces,
               "may be repeated; any = all that can be captured; default: the way to the internet")
      ->type_name("INTERFACE")
      ->allow_extra_args(false);
  c.add_flag("-D,--list-interfaces", o.list_interfaces, "list the interfaces and end");
  c.add_option("FILTER", o.words, "capture filter (BPF), for example: tcp port 443")
      ->type_name("BPF");
  c.add_option("-f,--capture-filter", o.bpf, "the same as one argument")->type_name("BPF");
  c.add_option("--preset", o.preset, "a capture filter by its name")->type_name(preset_keys("|"));
  c.add_flag("--presets", o.list_presets, "print the presets with their text and end");
  c.add_option("-Y,--filter", o.filter, "display filter: what is shown or written")
      ->type_name("FILTER");
  c.add_option("-w,--write", o.write, "pcapng file instead of the screen; - is standard output")
      ->type_name("FILE");
  c.add_flag("--print", o.print, "print packets also when they are written");
  c.add_option("-b,--ring-buffer", o.ring_texts,
               "a ring of files: filesize:KB, duration:S, packets:N begin the next file; files:N "
               "keeps the newest N")
      ->type_name("WHEN")
      ->allow_extra_args(false);
  c.add_option("-a,--autostop", o.stop_texts, "end: duration:S, packets:N, filesize:KB, files:N")
      ->type_name("WHEN")
      ->allow_extra_args(false);
  c.add_option("-c,--packets", o.packets_max, "end after N packets that -Y lets through")
      ->type_name("N");
  c.add_option("-s,--snaplen", o.snaplen, "bytes kept of each packet, 0 = all (the default)")
      ->type_name("N")
      ->check(CLI::Range(0u, limits::kPacketBytesMax));
  c.add_option(
       "-B,--buffer", o.ring_kib,
       fmt::format("the kernel's buffer of all interfaces in KiB; default {}, less than {} is "
                   "taken as {}",
                   limits::kRingBytes / 1024, kRingKibMin, kRingKibMin))
      ->type_name("N")
      ->check(CLI::Range(1u, kRingKibMax));
  c.add_flag("-p,--no-promiscuous", o.no_promiscuous, "only packets for this machine");
  c.add_flag("-q,--quiet", o.quiet, "print no packets and no running count");
  c.add_flag("-l,--line-buffered", o.line_by_line, "each line at once, also into a pipe");
  c.add_flag("-U,--packet-buffered", o.packet_by_packet, "each packet at once into the file");
  c.add_flag("-n", o.numbers, "accepted: names are never looked up");
  c.add_option("-o,--output", o.format, "how packets are printed")->type_name(kFormatChoices);
  c.add_option("-e,--field", o.fields, "a field to print, may be repeated")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  c.add_option("--color", o.color, "colours; NO_COLOR is respected")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

}  // namespace sp3ctra::cli
