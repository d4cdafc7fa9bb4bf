#include "query/indexed_capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.h"
#include "decode/registry.h"
#include "decode/value_text.h"
#include "explain/packet_words.h"

namespace sp3ctra {
namespace {

constexpr uint64_t kListWalkMax = 512;  // packets read for one line of the list
constexpr uint64_t kNextSearchRows = 2'000'000;

uint16_t row_flags(uint16_t bits, bool cut) {
  uint16_t flags = 0;
  const auto map = [&](IndexBits from, RowFlags to) {
    if (bits & from) flags = static_cast<uint16_t>(flags | to);
  };
  map(kBitAnomaly, kRowAnomaly);
  map(kBitReassembled, kRowReassembled);
  map(kBitNotAnalysed, kRowNotAnalysed);
  map(kBitRetransmission, kRowRetransmission);
  map(kBitOffload, kRowOffload);
  map(kBitFromResponder, kRowFromResponder);
  map(kBitDuplicate, kRowDuplicate);
  if (cut) flags = static_cast<uint16_t>(flags | kRowTruncated);
  return flags;
}

const Protocol* protocol_at(uint8_t number) {
  const auto all = all_protocols();
  return number < all.size() ? all[number] : nullptr;
}

}  // namespace

IndexedCapture::IndexedCapture(QueryPool& pool, std::shared_ptr<CaptureIndex> index,
                               std::shared_ptr<const PacketFile> file, CaptureFacts facts,
                               std::shared_ptr<Checkpoints> checkpoints)
    : pool_(pool),
      index_(std::move(index)),
      file_(std::move(file)),
      checkpoints_(std::move(checkpoints)),
      facts_(std::move(facts)),
      rows_replay_(*index_, file_, checkpoints_),
      packet_replay_(*index_, file_, checkpoints_) {}

CaptureInfo IndexedCapture::info() const {
  CaptureInfo out;
  {
    const std::lock_guard lock(facts_mutex_);
    out.id = facts_.id;
    out.name = facts_.name;
    out.state = facts_.state;
    out.damage = facts_.damage;
    out.ended = facts_.ended;
    out.demo = facts_.demo;
    out.deletable = facts_.deletable;
    for (const CaptureInterface& i : facts_.interfaces) out.interfaces.push_back(i.name);
    out.done_bytes = facts_.done_bytes;
    out.total_bytes = facts_.total_bytes;
    out.rate_bytes_per_s = facts_.rate_bytes_per_s;
    out.given_up = facts_.given_up;
  }
  out.packets = index_->committed();
  out.bytes = index_->total_bytes();
  out.duplicates = index_->duplicates();
  out.duplicate_bytes = index_->duplicate_bytes();
  out.first_number = index_->first_kept();
  out.segments = std::max<uint64_t>(file_->file()->parts().size(), 1);
  if (out.packets >= out.first_number) {
    const IndexBlock& a = index_->block_of(out.first_number);
    const IndexBlock& z = index_->block_of(out.packets);
    out.first = Timestamp{a.ts_ns[out.first_number - a.first_number]};
    out.last = Timestamp{z.ts_ns[out.packets - z.first_number]};
  }
  return out;
}

tl::expected<std::string, FilterError> IndexedCapture::add_filter(std::string_view text,
                                                                  std::string& reading) {
  auto filter = parse_filter(text);
  if (!filter)
    return tl::unexpected(
        FilterError{filter.error().message, filter.error().position, filter.error().length});
  reading = filter->reading();
  if (filter->everything()) return std::string{};
  const std::lock_guard lock(filters_mutex_);
  for (auto it = filters_.begin(); it != filters_.end(); ++it) {
    if (it->second->filter().text() != filter->text()) continue;
    filters_.splice(filters_.begin(), filters_, it);
    return filters_.front().first;
  }
  if (filters_.size() >= kFiltersMax) filters_.pop_back();
  auto scan = std::make_shared<FilterScan>(index_, file_, checkpoints_, std::move(*filter));
  filters_.emplace_front(fmt::format("f{}", ++filter_serial_), scan);
  pool_.add(scan);
  return filters_.front().first;
}

std::shared_ptr<FilterScan> IndexedCapture::scan_of(const std::string& filter) const {
  const std::lock_guard lock(filters_mutex_);
  for (const auto& [id, scan] : filters_)
    if (id == filter) return scan;
  return nullptr;
}

FilterProgress IndexedCapture::progress(const std::string& filter) const {
  if (filter.empty()) {
    const uint64_t n = index_->committed();
    return {n, n, n, true, 0, std::min(n, index_->first_kept() - 1)};
  }
  const auto scan = scan_of(filter);
  if (!scan) return {0, index_->committed(), 0, true, 0, 0};
  return scan->progress();
}

Row IndexedCapture::make_row(uint64_t number, const Replay::Opened& o, bool whole) const {
  const IndexBlock& b = index_->block_of(number);
  const size_t i = number - b.first_number;
  Row r;
  r.number = number;
  r.ts = Timestamp{b.ts_ns[i]};
  r.len = b.len[i];
  r.flags = row_flags(b.bits[i], b.caplen[i] < b.len[i]);
  r.interface_id = static_cast<uint8_t>(std::min<uint16_t>(b.interface_id[i], 255));
  const Parsed& p = o.parsed;
  if (p.src.any()) {
    r.src = p.src.text();
    r.dst = p.dst.text();
  } else if (p.has_eth) {
    r.src = mac_text(p.eth_src);
    r.dst = mac_text(p.eth_dst);
  }
  if (p.has_ports) {
    r.src_port = p.src_port;
    r.dst_port = p.dst_port;
  }
  // The index saw the whole flow; a walk that began in its middle may not understand the packet.
  const Protocol* shown = protocol_at(b.shown[i]);
  const bool agreed = whole || shown == p.shown;
  if (!shown) shown = p.shown;
  if (shown) {
    r.protocol = std::string(shown->label);
    r.family = shown->family;
  }
  r.info = agreed ? escape_text(o.info)
                  : fmt::format("part of a {} conversation; open it to read it", r.protocol);
  return r;
}

Row IndexedCapture::expired_row(uint64_t number) {
  Row r;
  r.number = number;
  r.info = "no longer kept: newer packets took its place";
  return r;
}

Result<Row> IndexedCapture::row(uint64_t number) {
  if (number < index_->first_kept()) return expired_row(number);
  const auto cached = row_cache_.find(number);
  if (cached != row_cache_.end()) return cached->second;
  bool whole = true;
  auto opened = rows_replay_.open(number, nullptr, kListWalkMax, &whole);
  if (!opened && number < index_->first_kept()) return expired_row(number);  // just now
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Row r = make_row(number, *opened, whole);
  if (row_cache_.size() >= kRowsCached) row_cache_.erase(row_cache_.begin());
  row_cache_.emplace(number, r);
  return r;
}

Result<std::vector<Row>> IndexedCapture::rows(const std::string& filter, uint64_t first,
                                              uint32_t count) {
  count = std::min(count, limits::kRowsPerRequestMax);
  std::vector<uint64_t> numbers;
  if (filter.empty()) {
    const uint64_t n = index_->committed();
    for (uint64_t k = first; k < n && numbers.size() < count; ++k) numbers.push_back(k + 1);
  } else if (const auto scan = scan_of(filter)) {
    // Rows keep their place: what is gone from it is said to be.
    numbers = scan->numbers_in_place(first, count);
  }
  std::vector<Row> out;
  const std::lock_guard lock(rows_mutex_);
  for (const uint64_t n : numbers) {
    auto r = row(n);
    if (!r) return tl::unexpected(std::move(r.error()));
    out.push_back(std::move(*r));
  }
  return out;
}

Result<PacketDetail> IndexedCapture::packet(uint64_t number) {
  PacketDetail d;
  bool whole = true;
  if (number != 0 && number < index_->first_kept())
    return fail("packet {} is no longer kept; the oldest kept is {}", number, index_->first_kept());
  {
    const std::lock_guard lock(packet_mutex_);
    auto opened = packet_replay_.open(number, &d.tree, UINT64_MAX, &whole);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    d.packet = opened->packet;
    d.bytes.assign(opened->packet.data.begin(), opened->packet.data.end());
    d.packet.data = d.bytes;
    d.parsed = opened->parsed;
  }
  const IndexBlock& b = index_->block_of(number);
  const size_t i = number - b.first_number;
  if (const Protocol* shown = protocol_at(b.shown[i])) d.parsed.shown = shown;
  d.words = explain_packet(d.tree, d.parsed, d.packet);
  if (!whole)
    d.words.facts.push_back(
        {Run{"Its conversation began before the oldest packet that is still "
             "kept; it is drawn from what is kept."}});
  d.previous = b.previous_of(i);
  if (!index_->kept(d.previous)) d.previous = 0;
  d.next = index_->next_of_flow(number, kNextSearchRows);
  if (const FlowRecord* f = index_->find_flow(FlowId{b.flow[i]})) {
    const uint32_t stream = f->stream.load(std::memory_order_relaxed);
    if (stream != UINT32_MAX && f->kind <= 1)
      d.stream = fmt::format("{}:{}", f->kind == 0 ? "tcp" : "udp", stream);
  }
  const std::lock_guard lock(facts_mutex_);
  if (d.packet.interface_id < facts_.interfaces.size())
    d.interface_name = facts_.interfaces[d.packet.interface_id].name;
  d.command = fmt::format("sp3ctra read {} -Y 'frame.number == {}' -o tree",
                          shell_word(facts_.path), number);
  return d;
}

uint64_t IndexedCapture::row_of(const std::string& filter, uint64_t number) const {
  if (filter.empty()) return number == 0 ? 0 : std::min(number, index_->committed()) - 1;
  const auto scan = scan_of(filter);
  return scan ? scan->row_of(number) : 0;
}

Found IndexedCapture::found(const std::string& filter, uint64_t number) const {
  return {number, row_of(filter, number)};
}

std::optional<Found> IndexedCapture::conversation(const std::string& filter, uint64_t number,
                                                  bool forward) {
  const auto scan = filter.empty() ? nullptr : scan_of(filter);
  if (!filter.empty() && !scan) return std::nullopt;
  for (uint64_t n = number; index_->kept(n);) {
    const IndexBlock& b = index_->block_of(n);
    n = forward ? index_->next_of_flow(n, kNextSearchRows) : b.previous_of(n - b.first_number);
    if (!index_->kept(n)) break;
    if (n != 0 && (!scan || scan->has(n))) return found(filter, n);
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, uint64_t>> IndexedCapture::protocol_counts() const {
  std::array<uint64_t, 256> counts{};
  index_->scan(1, index_->committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    for (uint32_t i = row; i < row + n; ++i) ++counts[b.shown[i]];
    return true;
  });
  std::vector<std::pair<std::string, uint64_t>> out;
  for (size_t i = 0; i < counts.size(); ++i)
    if (const Protocol* p = protocol_at(static_cast<uint8_t>(i)); p && counts[i] > 0)
      out.emplace_back(std::string(p->name), counts[i]);
  return out;
}

}  // namespace sp3ctra
