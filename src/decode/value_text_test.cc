// Values as text: what tshark prints, and what a terminal may see.
#include "decode/value_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sp3ctra {
namespace {

TEST(EscapeText, WhatTerminalsObeyIsEscapedAndTheRestStays) {
  EXPECT_EQ(escape_text("plain, ümlaut, 日本, 🎉"), "plain, ümlaut, 日本, 🎉");
  EXPECT_EQ(escape_text("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(escape_text("\x1b]0;title\a"), "\\x1b]0;title\\a");
  EXPECT_EQ(escape_text(std::string_view("\0\b\t\n\v\f\r\x7f", 8)), "\\x00\\b\\t\\n\\v\\f\\r\\x7f");
}

TEST(EscapeText, SecondControlSetAndDirectionMarks) {
  EXPECT_EQ(escape_text("\xc2\x9b"
                        "31m"),
            "\\x9b31m");
  EXPECT_EQ(escape_text("\xc2\xa0"), "\xc2\xa0");
  for (const auto& [raw, shown] : {std::pair{"\xe2\x80\x8e", "\\u200e"},
                                   {"\xe2\x80\x8f", "\\u200f"},
                                   {"\xe2\x80\xa8", "\\u2028"},
                                   {"\xe2\x80\xae", "\\u202e"},
                                   {"\xe2\x81\xa6", "\\u2066"},
                                   {"\xe2\x81\xa9", "\\u2069"}})
    EXPECT_EQ(escape_text(raw), shown);
  EXPECT_EQ(escape_text("\xe2\x80\x93 \xe2\x81\xaa"), "\xe2\x80\x93 \xe2\x81\xaa");
}

TEST(EscapeText, BytesThatAreNoUtf8) {
  EXPECT_EQ(escape_text("\xff\x9b"), "\\xff\\x9b");
  EXPECT_EQ(escape_text("\xc0\x9b"), "\\xc0\\x9b") << "too long for what it says";
  EXPECT_EQ(escape_text("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");
  EXPECT_EQ(escape_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond the last character";
  EXPECT_EQ(escape_text("a\xe2\x80"), "a\\xe2\\x80") << "cut";
}

/// A tree of one node.
struct OneValue {
  FieldDef def;
  Tree tree;
  OneValue(FieldType type, FieldBase base, uint64_t number, std::string_view text = {})
      : def{"test.field", type, base, "Test", "A field."} {
    tree.text = std::string(text);
    Node n;
    n.field = &def;
    n.number = number;
    n.text_size = static_cast<uint32_t>(text.size());
    tree.nodes.push_back(n);
  }
  std::string printed() const {
    std::string out;
    append_value(out, tree, tree.nodes[0]);
    return out;
  }
};

TEST(Value, PrintedAsTheReferencePrintsIt) {
  using enum FieldType;
  using enum FieldBase;
  EXPECT_EQ(OneValue(kUint16, kDec, 443).printed(), "443");
  EXPECT_EQ(OneValue(kUint16, kHex, 0x806).printed(), "0x0806");
  EXPECT_EQ(OneValue(kUint24, kHex, 1).printed(), "0x000001");
  EXPECT_EQ(OneValue(kBool, kDec, 1).printed(), "1");
  EXPECT_EQ(OneValue(kInt32, kDec, static_cast<uint64_t>(-2)).printed(), "-2");
  EXPECT_EQ(OneValue(kEther, kHex, 0x02005e000001).printed(), "02:00:5e:00:00:01");
  EXPECT_EQ(OneValue(kAbsTime, kDec, 1'700'000'000'000'000'000).printed(),
            "Nov 14, 2023 22:13:20.000000000 UTC");
  EXPECT_EQ(OneValue(kBytes, kDec, 0, "\x01\xff").printed(), "01ff");
  EXPECT_EQ(OneValue(kIpv4, kDec, 0, "\x0a\x01\x01\x02").printed(), "10.1.1.2");
  EXPECT_EQ(OneValue(kString, kDec, 0, "a\x1b[2Jb").printed(), "a\\x1b[2Jb");
  EXPECT_EQ(OneValue(kLabel, kDec, 0, "a\nb").printed(), "a\\nb");
}

TEST(Value, ForAFilterItIsQuotedSoThatItCannotEndTheText) {
  const OneValue v(FieldType::kString, FieldBase::kDec, 0, "a\"b\x1b");
  EXPECT_EQ(filter_value(v.tree, v.tree.nodes[0]), "\"a\\\"b\\x1b\"");
  const OneValue label(FieldType::kLabel, FieldBase::kDec, 0, "a");
  EXPECT_EQ(filter_value(label.tree, label.tree.nodes[0]), "");
}

}  // namespace
}  // namespace sp3ctra
