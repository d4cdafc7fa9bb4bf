#include "api/rows_encoder.h"

#include <gtest/gtest.h>

namespace sp3ctra::api {
namespace {

std::string from_hex(std::string_view hex) {
  std::string out;
  int high = -1;
  for (const char c : hex) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  return out;
}

TEST(RowsEncoder, OneRowByteByByte) {
  Row row;
  row.number = 2;
  row.ts = Timestamp{1'000'000'005};
  row.len = 0x01020304;
  row.src_port = 0x1122;
  row.dst_port = 53;
  row.flags = kRowAnomaly | kRowTruncated;
  row.interface_id = 3;
  row.family = Family::kNames;
  row.src = "10.0.0.1";
  row.dst = "b";
  row.protocol = "DNS";
  row.info = "\xc3\xa4";
  const std::string want = from_hex(
      "53505231 07000000 0000000000000840 0000000000002440 01000000 01000000"  // header
      "0000000000000040"                                                       // number 2.0
      "000000000000f03f"                                                       // 1 s
      "05000000 00000000"                                                      // 5 ns
      "04030201 00000000"                                                      // length
      "2211 000000000000"                                                      // ports
      "3500 000000000000"
      "4100 000000000000"                      // flags
      "03 00000000000000"                      // interface
      "01 00000000000000"                      // family
      "00000000 08000000 31302e302e302e31"     // source: 16 bytes, no padding
      "00000000 01000000 62 00000000000000"    // destination
      "00000000 03000000 444e53 0000000000"    // protocol
      "00000000 02000000 c3a4 000000000000");  // info
  EXPECT_EQ(encode_rows(7, 3, 10, true, std::span(&row, 1)), want);
}

TEST(RowsEncoder, NoRows) {
  const std::string out = encode_rows(1, 0, 0, false, {});
  // Header, then four text columns of one offset each, padded.
  EXPECT_EQ(out.size(), 32u + 4 * 8);
  EXPECT_EQ(out.substr(32), std::string(32, '\0'));
}

TEST(RowsEncoder, EveryColumnStartsAtAMultipleOfEight) {
  for (size_t n = 1; n < 20; ++n) {
    std::vector<Row> rows(n);
    for (size_t i = 0; i < n; ++i) rows[i].info = std::string(i, 'x');
    EXPECT_EQ(encode_rows(1, 0, n, false, rows).size() % 8, 0u) << n;
  }
}

TEST(RowsEncoder, LongTextIsCutBetweenCharacters) {
  Row row;
  for (int i = 0; i < 400; ++i) row.info += "\xc3\xa4";
  row.info.insert(0, "x");  // the limit now falls inside a character
  const std::string out = encode_rows(1, 0, 1, false, std::span(&row, 1));
  uint32_t size = 0;
  const size_t info_at = 32 + 9 * 8 + 3 * 8;
  std::memcpy(&size, out.data() + info_at + 4, 4);
  EXPECT_EQ(size, 511u);
}

TEST(RowsEncoder, TimesBefore1970) {
  Row row;
  row.ts = Timestamp{-1};
  const std::string out = encode_rows(1, 0, 1, false, std::span(&row, 1));
  double seconds = 0;
  uint32_t nanos = 0;
  std::memcpy(&seconds, out.data() + 40, 8);
  std::memcpy(&nanos, out.data() + 48, 4);
  EXPECT_EQ(seconds, -1.0);
  EXPECT_EQ(nanos, 999'999'999u);
}

}  // namespace
}  // namespace sp3ctra::api
