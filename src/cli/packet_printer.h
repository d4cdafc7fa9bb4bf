#pragma once
// One packet as text, tsv, jsonl, csv or tree on standard output.
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/color.h"
#include "protocols/dissection.h"

namespace sp3ctra::cli {

enum class Format { kText, kTsv, kJsonl, kCsv, kTree };
/// What -o takes, as help, manual page and completion show it.
inline constexpr const char* kFormatChoices = "text|tsv|jsonl|csv|tree";

/// Appends packets to a buffer that the caller writes out. One thread.
class PacketPrinter {
 public:
  /// `fields` = names given with -e; an unknown one is an error that suggests its neighbour.
  static Result<PacketPrinter> make(Format format, const std::vector<std::string>& fields);
  void header(std::string& out) const;
  /// Lines of text in the colours of the protocol families.
  void set_paint(Paint paint) { paint_ = paint; }
  /// Lines of text and objects say the interface. `interfaces` may grow and outlives the printer.
  void name_interfaces(const std::vector<CaptureInterface>* interfaces) {
    interfaces_ = interfaces;
  }
  void print(std::string& out, const Dissection& d) const;
  bool wants_tree() const { return format_ == Format::kTree || !columns_.empty(); }

 private:
  struct Column {
    std::string name;
    std::vector<const FieldDef*> fields;
  };
  void print_text(std::string& out, const Dissection& d) const;
  void print_tree(std::string& out, const Dissection& d) const;
  void print_jsonl(std::string& out, const Dissection& d) const;
  void print_columns(std::string& out, const Dissection& d, char separator) const;
  std::string cell(const Column& column, const Tree& tree) const;

  std::string interface_name(const Packet& packet) const;

  Format format_ = Format::kText;
  Paint paint_;
  const std::vector<CaptureInterface>* interfaces_ = nullptr;
  std::vector<Column> columns_;
};

/// "text", "tsv" … to Format.
Result<Format> parse_format(const std::string& name);

}  // namespace sp3ctra::cli
