#include "protocols/dissection.h"
namespace sp3ctra {
namespace {
constexpr FieldDef kFields[] = {
    {"frame", FieldType::kProtocol, FieldBase::kDec, "Frame", "x."},
    {"frame.a", FieldType::kUint32, FieldBase::kDec, "A", "x."},
    {"frame.b", FieldType::kUint32, FieldBase::kDec, "B", "x."},
    {"frame.c", FieldType::kUint32, FieldBase::kDec, "C", "x."},
};
void dissect(Dissection&, Input) noexcept {}
}
extern const Protocol kFrame{.name = "frame", .label = "F", .title = "F", .words = "x", .family = Family::kCarrier, .fields = kFields, .anomalies = {}, .bindings = {}, .dissect = dissect};
}
