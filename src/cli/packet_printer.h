#pragma once
// One packet as text, tsv, jsonl, csv or tree on standard output.
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocols/dissection.h"

namespace sp3ctra::cli {

enum class Format { kText, kTsv, kJsonl, kCsv, kTree };

/// Appends packets to a buffer that the caller writes out. One thread.
class PacketPrinter {
 public:
  /// `fields` = names given with -e; an unknown one is an error that suggests its neighbour.
  static Result<PacketPrinter> make(Format format, const std::vector<std::string>& fields);
  void header(std::string& out) const;
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

  Format format_ = Format::kText;
  std::vector<Column> columns_;
};

/// "text", "tsv" … to Format.
Result<Format> parse_format(const std::string& name);

}  // namespace sp3ctra::cli
