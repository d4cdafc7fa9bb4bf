#include "query/detail_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "decode/registry.h"

namespace sp3ctra {
namespace {

constexpr FieldDef kTop = {"t", FieldType::kProtocol, FieldBase::kDec, "T", "A test."};
constexpr FieldDef kNumber = {"t.n", FieldType::kUint16, FieldBase::kDec, "Number", "A number."};
constexpr FieldDef kText = {"t.s", FieldType::kString, FieldBase::kDec, "Text", "A text."};
constexpr FieldDef kLabel = {"t.l", FieldType::kLabel, FieldBase::kDec, "Heading", "A heading."};

Node node(const FieldDef& field, uint16_t depth) {
  Node n;
  n.field = &field;
  n.depth = depth;
  return n;
}

TEST(DetailJson, TreeIsNestedAndHiddenNodesStayAway) {
  PacketDetail detail;
  detail.packet.number = 3;
  detail.bytes = {std::byte{0xa4}, std::byte{0x0f}};
  detail.parsed.flow = FlowId::make(17, 203);
  Tree& tree = detail.tree;
  tree.text = "<script>\x1b[0m\xff";
  tree.sources = {{"Frame", {}, {}}, {"Reassembled TCP", {std::byte{1}}, {1, 2, 3}}};
  Node number = node(kNumber, 1), text = node(kText, 2), hidden = node(kLabel, 1);
  number.number = 258;
  number.offset = 4;
  number.length = 2;
  text.text_size = static_cast<uint32_t>(tree.text.size());
  hidden.hidden = true;
  tree.nodes = {node(kTop, 0),   number, hidden,       node(kNumber, 2),
                node(kLabel, 1), text,   node(kTop, 0)};
  const auto json = nlohmann::json::parse(packet_json(detail), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["flow"], "17:203");
  EXPECT_EQ(json["sources"][0]["hex"], "a40f");
  EXPECT_EQ(json["sources"][1]["name"], "Reassembled TCP (3 packets)");
  ASSERT_EQ(json["tree"].size(), 2u);
  const auto& top = json["tree"][0];
  EXPECT_EQ(top["filter"], "t");
  ASSERT_EQ(top["children"].size(), 2u);
  EXPECT_EQ(top["children"][0]["filter"], "t.n == 258");
  EXPECT_EQ(top["children"][0]["offset"], 4);
  EXPECT_FALSE(top["children"][0].contains("children"));
  EXPECT_EQ(top["children"][1]["filter"], "");
  const std::string value = top["children"][1]["children"][0]["value"];
  EXPECT_EQ(value.find('\x1b'), std::string::npos);
  EXPECT_NE(value.find("<script>"), std::string::npos);
}

TEST(DetailJson, ATreeThatStartsDeepIsDrawnToo) {
  PacketDetail detail;
  detail.tree.nodes = {node(kNumber, 5), node(kNumber, 2), node(kNumber, 0)};
  const auto json = nlohmann::json::parse(packet_json(detail), nullptr, false);
  EXPECT_EQ(json["tree"].size(), 3u);
}

TEST(DetailJson, WordsAndLinks) {
  PacketDetail detail;
  detail.words.lead = {{"strong", true, 0}, {" plain", false, 0}, {"", false, 9}};
  detail.previous = 2;
  const auto json = nlohmann::json::parse(packet_json(detail), nullptr, false);
  EXPECT_EQ(json["words"]["lead"].dump(),
            R"([{"b":true,"t":"strong"},{"t":" plain"},{"packet":9}])");
  EXPECT_EQ(json["previous"], 2);
  EXPECT_TRUE(json["next"].is_null());
}

TEST(DetailJson, FieldsByPrefix) {
  const auto json = nlohmann::json::parse(fields_json("frame.", 3), nullptr, false);
  ASSERT_EQ(json["fields"].size(), 3u);
  for (const auto& field : json["fields"]) {
    EXPECT_TRUE(std::string(field["name"]).starts_with("frame."));
    EXPECT_NE(field["words"], "");
  }
  EXPECT_EQ(fields_json("no.such", 3), R"({"fields":[]})");
}

}  // namespace
}  // namespace sp3ctra
