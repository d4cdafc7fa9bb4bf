#include "api/rows_encoder.h"

#include "base/limits.h"

namespace sp3ctra::api {
namespace {

template <class T>
void put(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  out.append(raw, sizeof raw);
}

void pad(std::string& out) { out.append((8 - out.size() % 8) % 8, '\0'); }

template <class T, class F>
void column(std::string& out, std::span<const Row> rows, F value) {
  for (const Row& row : rows) put<T>(out, static_cast<T>(value(row)));
  pad(out);
}

/// The longest start of `text` within the limit that does not end inside a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= limits::kInfoBytesMax) return text;
  size_t n = limits::kInfoBytesMax;
  while (n > 0 && (static_cast<uint8_t>(text[n]) & 0xC0) == 0x80) --n;
  return text.substr(0, n);
}

void text_column(std::string& out, std::span<const Row> rows, std::string Row::*member) {
  uint32_t offset = 0;
  put(out, offset);
  for (const Row& row : rows) put(out, offset += static_cast<uint32_t>(cut(row.*member).size()));
  for (const Row& row : rows) out += cut(row.*member);
  pad(out);
}

}  // namespace

std::string encode_rows(uint32_t view, uint64_t first, uint64_t rows_in_all, bool follow,
                        std::span<const Row> rows) {
  std::string out;
  out.reserve(64 + rows.size() * 160);
  put(out, kRowsMagic);
  put(out, view);
  put(out, static_cast<double>(first));
  put(out, static_cast<double>(rows_in_all));
  put(out, static_cast<uint32_t>(rows.size()));
  put(out, uint32_t{follow});
  column<double>(out, rows, [](const Row& r) { return r.number; });
  column<double>(out, rows, [](const Row& r) { return r.ts.seconds(); });
  column<uint32_t>(out, rows, [](const Row& r) { return r.ts.nanos(); });
  column<uint32_t>(out, rows, [](const Row& r) { return r.len; });
  column<uint16_t>(out, rows, [](const Row& r) { return r.src_port; });
  column<uint16_t>(out, rows, [](const Row& r) { return r.dst_port; });
  column<uint16_t>(out, rows, [](const Row& r) { return r.flags; });
  column<uint8_t>(out, rows, [](const Row& r) { return r.interface_id; });
  column<uint8_t>(out, rows, [](const Row& r) { return r.family; });
  text_column(out, rows, &Row::src);
  text_column(out, rows, &Row::dst);
  text_column(out, rows, &Row::protocol);
  text_column(out, rows, &Row::info);
  return out;
}

}  // namespace sp3ctra::api
