// Bytes that no protocol here understands.
#include <fmt/format.h>

#include "protocols/dissection.h"

namespace sp3ctra {
namespace {

constexpr FieldDef kFields[] = {
    {"data", FieldType::kProtocol, FieldBase::kDec, "Data", "Bytes sp3ctra has no dissector for."},
    {"data.data", FieldType::kBytes, FieldBase::kDec, "Bytes", "The bytes themselves."},
    {"data.len", FieldType::kInt32, FieldBase::kDec, "Length", "How many bytes there are."},
};

void dissect(Dissection& d, Input in) noexcept {
  if (!d.detailed()) return;
  d.open(kFields[0], in, 0, in.data.size());
  d.note_open(fmt::format("{} bytes", in.data.size()));
  d.bytes(kFields[1], in, 0, in.data.size());
  d.derived(kFields[2], in, in.data.size());
  d.close();
}

}  // namespace

extern const Protocol kData{.name = "data",
                            .label = "Data",
                            .title = "Data",
                            .words = "Content that no protocol here claims.",
                            .family = Family::kCarrier,
                            .fields = kFields,
                            .anomalies = {},
                            .bindings = {},
                            .dissect = dissect};

}  // namespace sp3ctra
