// DNS over UDP and TCP (RFC 1035), and its two neighbours with the same bytes: mDNS (RFC 6762) and
// LLMNR (RFC 4795). Record data lives in dns_records.cc, names and the field table in dns_names.cc.
#include "protocols/dns.h"

#include <fmt/format.h>

#include <charconv>

namespace sp3ctra {
namespace dns {

namespace {

constexpr size_t kHeaderBytes = 12;
constexpr int64_t kRepeatWithinNs = 5'000'000'000;  // a later equal question is a new one

constexpr AnomalyDef kShort{"dns.short",
                            "The message is shorter than the twelve bytes of its header."};
constexpr AnomalyDef kCut{"dns.cut", "The message ends in the middle of a question or record."};
constexpr AnomalyDef kNameLoop{"dns.name_broken",
                               "A name points at itself, past the end, or is longer than allowed."};
constexpr AnomalyDef kCountLie{"dns.count_lie", "The header promises more records than there are."};
constexpr AnomalyDef kAll[] = {kShort, kCut, kNameLoop, kCountLie};
enum AnomalyId { kAShort, kACut, kANameLoop, kACountLie };

constexpr FieldDef kMdnsFields[] = {
    {"mdns", FieldType::kProtocol, FieldBase::kDec, "mDNS",
     "Devices on the same network tell each other their names and services."}};
constexpr FieldDef kLlmnrFields[] = {{"llmnr", FieldType::kProtocol, FieldBase::kDec, "LLMNR",
                                      "Windows machines ask their neighbours who has a name."}};

/// One question of this flow that was seen.
struct Asked {
  uint64_t frame = 0, answered_frame = 0;
  int64_t ts_ns = 0;
  uint16_t id = 0;
  bool used = false;
};

struct State {
  std::array<Asked, 32> asked{};
  uint32_t next = 0;
  struct Side {
    uint32_t left = 0;  ///< bytes of the message still to come
    uint8_t have = 0;   ///< bytes of the length seen
    uint8_t first = 0;  ///< the first length byte
  } sides[2];
};
static_assert(sizeof(State) <= limits::kStateBytesMax);

void init_state(void* state) noexcept { new (state) State{}; }

Asked* find_asked(State& s, uint16_t id) noexcept {
  for (uint32_t i = 0; i < s.asked.size(); ++i) {
    Asked& a = s.asked[(s.next + s.asked.size() - 1 - i) % s.asked.size()];
    if (a.used && a.id == id) return &a;
  }
  return nullptr;
}

/// What one message says, as far as list line and events need it. Lives on the stack.
struct Summary {
  uint16_t id = 0, flags = 0, qtype = 0;
  bool response = false, has_question = false, opt_seen = false;
  Name question;
  Name target;  ///< name in the first answer that holds one (CNAME, PTR, MX …)
  uint16_t target_type = 0;
  std::array<IpAddress, 8> addresses;
  uint16_t address_count = 0, answer_count = 0;
  uint32_t ttl = 0;
  Name owner;  ///< of the first answer
};

void write_flags(Dissection& d, const Input& m, uint16_t flags, bool llmnr) noexcept {
  if (!d.detailed()) return;
  const bool response = flags >> 15;
  const auto bit = [&](FieldId id, int shift) { d.number(field(id), m, 2, 2, flags >> shift & 1); };
  d.open(field(kFlags), m, 2, 2, flags);
  bit(kFlagResponse, 15);
  d.number(field(kFlagOpcode), m, 2, 2, flags >> 11 & 15);
  if (llmnr) {
    bit(kFlagConflict, 10);
  } else if (response) {
    bit(kFlagAuthoritative, 10);
  }
  bit(kFlagTruncated, 9);
  bit(llmnr ? kFlagTentative : kFlagRecdesired, 8);
  if (!llmnr) {
    if (response) bit(kFlagRecavail, 7);
    bit(kFlagZ, 6);
    if (response) bit(kFlagAuthenticated, 5);
    bit(kFlagCheckdisable, 4);
  }
  if (response) d.number(field(kFlagRcode), m, 2, 2, flags & 15);
  d.close();
}

/// One question; false when the message ends.
bool write_question(Dissection& d, FieldCursor& c, Summary& sum, bool mdns) noexcept {
  Name scratch;
  Name& name = sum.has_question ? scratch : sum.question;
  const size_t at = c.at();
  const size_t end = read_name(c.in().data, at, name);
  if (!name.ok) d.anomaly(kAll[kANameLoop], c.in(), at);
  if (end == kNoEnd || end + 4 > c.in().data.size()) return false;
  const uint16_t type = load_be16(c.in().data, end);
  const std::string_view text = name.size ? name.text() : "<Root>";
  if (!sum.has_question) sum.qtype = type;
  sum.has_question = true;
  d.open(field(kQuery), c.in(), at, end + 4 - at);
  if (d.detailed()) d.note_open(fmt::format("{} {}", text, type_name(type)));
  d.text(field(kQryName), c.in(), at, end - at, text);
  d.derived(field(kQryNameLen), c.in(), text.size());
  d.derived(field(kCountLabels), c.in(), name.labels ? name.labels : 1);
  c.skip(end - at);
  c.be16(field(kQryType));
  if (mdns) {
    const uint16_t value = c.peek16();
    d.number(field(kQryClass), c.in(), c.at(), 2, value & 0x7fff);
    d.number(field(kQryQu), c.in(), c.at(), 2, value >> 15);
    c.skip(2);
  } else {
    c.be16(field(kQryClass));
  }
  d.close();
  return true;
}

/// Service, protocol and domain of "_http._tcp.example.org", as SRV owners are written.
void write_service_name(Dissection& d, const Input& m, size_t at, size_t size,
                        std::string_view owner) noexcept {
  if (!d.detailed()) return;
  const size_t first = owner.find('.');
  if (first == std::string_view::npos) return;
  const size_t second = owner.find('.', first + 1);
  if (second == std::string_view::npos) return;
  d.text(field(kSrvService), m, at, size, owner.substr(0, first));
  d.text(field(kSrvProto), m, at, size, owner.substr(first + 1, second - first - 1));
  d.text(field(kSrvName), m, at, size, owner.substr(second + 1));
}

void learn_answer(const FieldCursor& c, uint16_t type, const Name& owner, Summary& sum) noexcept {
  if (sum.answer_count++ == 0) {
    sum.owner = owner;
    sum.target_type = type;
  }
  const Bytes data = c.in().data.subspan(c.at(), c.left());
  const size_t size = type == kTypeA ? 4 : type == kTypeAaaa ? 16 : 0;
  if (size > 0 && data.size() == size && sum.address_count < sum.addresses.size()) {
    sum.addresses[sum.address_count++] = size == 4 ? IpAddress::v4(data) : IpAddress::v6(data);
  }
  const bool named = type == kTypeCname || type == kTypePtr || type == kTypeNs;
  if (named && sum.target.size == 0) read_name(c.in().data, c.at(), sum.target);
}

/// One record; false when the message ends.
bool write_record(Dissection& d, FieldCursor& c, Summary& sum, bool answer, bool mdns) noexcept {
  Name owner;
  const size_t at = c.at();
  const size_t end = read_name(c.in().data, at, owner);
  if (!owner.ok) d.anomaly(kAll[kANameLoop], c.in(), at);
  if (end == kNoEnd || end + 10 > c.in().data.size()) return false;
  const uint16_t type = load_be16(c.in().data, end);
  const uint16_t length = load_be16(c.in().data, end + 8);
  const std::string_view text = owner.size ? owner.text() : "<Root>";
  d.open(field(kRecord), c.in(), at, end + 10 + length - at);
  if (d.detailed()) d.note_open(fmt::format("{} {}", text, type_name(type)));
  if (type == kTypeSrv) write_service_name(d, c.in(), at, end - at, text);
  d.text(field(kRespName), c.in(), at, end - at, text);
  c.skip(end - at);
  c.be16(field(kRespType));
  bool whole = true;
  if (type == kTypeOpt) {
    write_opt(c, mdns);
    whole = c.ok();
  } else {
    if (mdns) {
      const uint16_t value = c.peek16();
      d.number(field(kRespClass), c.in(), c.at(), 2, value & 0x7fff);
      d.number(field(kCacheFlush), c.in(), c.at(), 2, value >> 15);
      c.skip(2);
    } else {
      c.be16(field(kRespClass));
    }
    const uint32_t ttl = c.be32(field(kRespTtl));
    c.be16(field(kRespLen));
    FieldCursor data = c.part(length);
    if (answer && c.ok()) {
      if (sum.answer_count == 0) sum.ttl = ttl;
      learn_answer(data, type, owner, sum);
    }
    if (d.detailed()) write_record_data(data, type);
    whole = c.ok() && data.ok();
    if (!data.ok()) d.anomaly(kAll[kACut], c.in(), at);
  }
  d.close();
  return whole || c.ok();
}

void write_sections(Dissection& d, const Input& m, Summary& sum, bool mdns) noexcept {
  FieldCursor c(d, m);
  c.skip(kHeaderBytes);
  uint32_t budget = limits::kDnsRecordsMax;
  static constexpr FieldId kSections[] = {kQueries, kAnswers, kAuthorities, kAdditionals};
  for (size_t section = 0; section < 4; ++section) {
    const uint16_t count = load_be16(m.data, 4 + section * 2);
    if (count == 0) continue;
    // Without a reader of the tree the later sections tell nothing.
    if (section >= 2 && !d.detailed()) return;
    const size_t at = c.at();
    d.open(field(kSections[section]), m, at, 0);
    bool more = true;
    for (uint16_t i = 0; i < count && more; ++i) {
      if (budget-- == 0) {
        d.close();
        return;
      }
      more = section == 0 ? write_question(d, c, sum, mdns)
                          : write_record(d, c, sum, section == 1, mdns);
    }
    d.set_open_length(c.at() - at);
    d.close();
    if (!more) {
      d.anomaly(m.reported > m.data.size() ? kAll[kACut] : kAll[kACountLie], m, at);
      return;
    }
  }
}

struct Match {
  uint64_t asked_frame = 0, first_asked = 0, first_answered = 0;
  int64_t took_ns = -1;
  bool unsolicited = false;
};

/// Matches question and answer of this flow by number.
Match match(Dissection& d, State& s, const Summary& sum) noexcept {
  Match m;
  const uint64_t frame = d.packet->number;
  const int64_t now = d.packet->ts.ns;
  Asked* a = find_asked(s, sum.id);
  if (sum.response) {
    // An answer this late belongs to nobody: the asker has given up.
    if (!a || now - a->ts_ns > kRepeatWithinNs) {
      m.unsolicited = true;
      return m;
    }
    m.asked_frame = a->frame;
    m.took_ns = now - a->ts_ns;
    if (a->answered_frame == 0) {
      a->answered_frame = frame;
    } else if (a->answered_frame != frame) {
      m.first_answered = a->answered_frame;
    }
    return m;
  }
  if (a && a->answered_frame == 0 && now - a->ts_ns < kRepeatWithinNs && a->frame != frame) {
    m.first_asked = a->frame;
    return m;
  }
  s.asked[s.next] = {frame, 0, now, sum.id, true};
  s.next = (s.next + 1) % static_cast<uint32_t>(s.asked.size());
  return m;
}

void write_match(Dissection& d, const Input& m, const Match& match, bool response) noexcept {
  if (!d.detailed()) return;
  if (match.first_asked) {
    d.derived(field(kRetransmission), m, 1);
    d.derived(field(kRetransmitRequestIn), m, match.first_asked);
  }
  if (match.first_answered) {
    d.derived(field(kRetransmission), m, 1);
    d.derived(field(kRetransmitResponseIn), m, match.first_answered);
  }
  if (match.unsolicited) d.derived(field(kUnsolicited), m, 1);
  if (response && match.asked_frame) {
    d.derived(field(kResponseTo), m, match.asked_frame);
    d.derived(field(kTime), m, static_cast<uint64_t>(match.took_ns));
  }
}

std::string type_words(uint16_t type) {
  const std::string_view name = type_name(type);
  return name.empty() ? fmt::format("type {}", type) : std::string(name);
}

std::string question_line(const Summary& s, bool mdns) {
  const std::string_view name = s.question.size ? s.question.text() : "the root";
  switch (s.qtype) {
    case kTypeA:
    case kTypeAaaa:
      return fmt::format("asks: where is {}?", name);
    case kTypePtr:
      return mdns ? fmt::format("asks: who offers {}?", name)
                  : fmt::format("asks: which name belongs to {}?", name);
    case kTypeMx:
      return fmt::format("asks: who takes mail for {}?", name);
    case kTypeNs:
      return fmt::format("asks: which servers know {}?", name);
    case kTypeTxt:
      return fmt::format("asks: what text is published under {}?", name);
    case kTypeSrv:
      return fmt::format("asks: which machine offers {}?", name);
    case kTypeHttps:
      return fmt::format("asks: how to reach {} by HTTPS?", name);
    case kTypeSoa:
      return fmt::format("asks: who is responsible for {}?", name);
    case 255:
      return fmt::format("asks: everything about {}?", name);
    default:
      return fmt::format("asks: the {} record of {}?", type_words(s.qtype), name);
  }
}

std::string address_list(const Summary& s, size_t most) {
  std::string out;
  for (size_t i = 0; i < s.address_count && i < most; ++i) {
    if (i > 0) out += ", ";
    out += s.addresses[i].text();
  }
  if (s.address_count > most) out += fmt::format(" and {} more", s.address_count - most);
  return out;
}

std::string answer_line(const Summary& s, bool mdns) {
  const Name& subject = s.has_question && s.question.size ? s.question : s.owner;
  const std::string_view name = subject.size ? subject.text() : "the root";
  const char* verb = mdns && !s.has_question ? "announces" : "answers";
  switch (s.flags & 15) {
    case 0:
      break;
    case 2:
      return fmt::format("answers: could not find out about {} (server failure)", name);
    case 3:
      return fmt::format("answers: {} does not exist", name);
    case 5:
      return fmt::format("answers: refused to look up {}", name);
    default:
      return fmt::format("answers: error {} for {}", s.flags & 15, name);
  }
  if (s.answer_count == 0) {
    return fmt::format("answers: no {} record for {}", type_words(s.qtype), name);
  }
  if (s.address_count > 0) {
    return fmt::format("{}: {} is at {}", verb, name, address_list(s, 3));
  }
  if (s.target.size > 0) {
    const std::string_view how = s.target_type == kTypePtr  ? "is"
                                 : s.target_type == kTypeNs ? "is served by"
                                                            : "is another name for";
    return fmt::format("{}: {} {} {}", verb, name, how, s.target.text());
  }
  return fmt::format("{}: {} {} record{} for {}", verb, s.answer_count, type_words(s.target_type),
                     s.answer_count == 1 ? "" : "s", name);
}

void emit_event(Dissection& d, const char* protocol, const Summary& s, const Match& m) noexcept {
  Event e;
  e.kind = EventKind::kTransaction;
  e.protocol = protocol;
  e.name = s.response ? "response" : "query";
  e.first_frame = m.asked_frame;
  std::array<char, 24> number;
  const auto add_number = [&](const char* key, uint64_t v) {
    const auto r = std::to_chars(number.data(), number.data() + number.size(), v);
    e.add(key, {number.data(), static_cast<size_t>(r.ptr - number.data())});
  };
  add_number("dns.id", s.id);
  if (s.has_question) {
    e.add("dns.qry.name", s.question.text());
    const std::string_view type = type_name(s.qtype);
    type.empty() ? add_number("dns.qry.type", s.qtype) : e.add("dns.qry.type", type);
  }
  if (s.response) {
    add_number("dns.flags.rcode", s.flags & 15);
    if (m.took_ns >= 0) add_number("dns.time", static_cast<uint64_t>(m.took_ns));
    add_number("dns.count.answers", s.answer_count);
    if (s.target.size > 0)
      e.add(s.target_type == kTypePtr ? "dns.ptr.domain_name" : "dns.cname", s.target.text());
    if (s.answer_count > 0) add_number("dns.resp.ttl", s.ttl);
    for (size_t i = 0; i < s.address_count && i < 4; ++i) {
      const std::string text = s.addresses[i].text();  // short: no heap for IPv4
      e.add(s.addresses[i].version == 4 ? "dns.a" : "dns.aaaa", text);
    }
  }
  d.emit(e);
}

void write_counts(Dissection& d, const Input& m, bool update) noexcept {
  if (!d.detailed()) return;
  const FieldId ids[] = {update ? kCountZones : kCountQueries,
                         update ? kCountPrerequisites : kCountAnswers,
                         update ? kCountUpdates : kCountAuth, kCountAdd};
  for (size_t i = 0; i < 4; ++i)
    d.number(field(ids[i]), m, 4 + 2 * i, 2, load_be16(m.data, 4 + 2 * i));
}

enum class Kind : uint8_t { kPlain, kMdns, kLlmnr };

void dissect_message(Dissection& d, Input in, const Protocol& self, const FieldDef& root,
                     Kind kind) noexcept {
  const bool tcp = d.parsed.ip_proto == 6;
  d.open(root, in, 0, in.data.size());
  const Input m = tcp ? in.from(2) : in;
  if (tcp && in.data.size() >= 2) d.number(field(kLength), in, 0, 2, load_be16(in.data, 0));
  if (m.data.size() < kHeaderBytes) {
    if (m.data.size() >= 2) d.number(field(kId), m, 0, 2, load_be16(m.data, 0));
    if (m.data.size() >= 4) write_flags(d, m, load_be16(m.data, 2), kind == Kind::kLlmnr);
    if (m.reported < kHeaderBytes) d.anomaly(kAll[kAShort], in);
    d.close();
    return;
  }
  Summary sum;
  sum.id = load_be16(m.data, 0);
  sum.flags = load_be16(m.data, 2);
  sum.response = sum.flags >> 15;
  d.number(field(kId), m, 0, 2, sum.id);
  write_flags(d, m, sum.flags, kind == Kind::kLlmnr);
  write_counts(d, m, (sum.flags >> 11 & 15) == 5);
  const bool wanted = d.detailed() || d.wants_info() || d.wants_events();
  if (wanted) write_sections(d, m, sum, kind == Kind::kMdns);
  Match found;
  if (d.quoted == 0) {
    if (auto* state = static_cast<State*>(d.streams.state(self))) found = match(d, *state, sum);
  }
  write_match(d, m, found, sum.response);
  d.close();
  if (d.wants_info()) {
    d.info(sum.response ? answer_line(sum, kind == Kind::kMdns)
                        : question_line(sum, kind == Kind::kMdns));
  }
  if (d.wants_events()) emit_event(d, self.name.data(), sum, found);
}

}  // namespace
}  // namespace dns

extern const Protocol kDns;
extern const Protocol kMdns;
extern const Protocol kLlmnr;

namespace dns {
namespace {

void dissect_dns(Dissection& d, Input in) noexcept {
  dissect_message(d, in, sp3ctra::kDns, field(kDns), Kind::kPlain);
}
void dissect_mdns(Dissection& d, Input in) noexcept {
  dissect_message(d, in, sp3ctra::kMdns, kMdnsFields[0], Kind::kMdns);
}
void dissect_llmnr(Dissection& d, Input in) noexcept {
  dissect_message(d, in, sp3ctra::kLlmnr, kLlmnrFields[0], Kind::kLlmnr);
}

/// Over TCP: two bytes of length, then the message.
FrameStep frame_tcp(Dissection&, void* state, uint8_t direction, Bytes chunk) noexcept {
  State::Side& s = static_cast<State*>(state)->sides[direction & 1];
  FrameStep step;
  while (s.have < 2 && step.consumed < chunk.size()) {
    const uint8_t byte = load8(chunk, step.consumed++);
    if (s.have++ == 0) {
      s.first = byte;
      continue;
    }
    s.left = static_cast<uint32_t>(s.first) << 8 | byte;
    if (s.left < kHeaderBytes) {
      step.lost = true;
      return step;
    }
  }
  if (s.have < 2) return step;
  const auto take = static_cast<uint32_t>(std::min<size_t>(s.left, chunk.size() - step.consumed));
  step.consumed += take;
  s.left -= take;
  step.complete = s.left == 0;
  if (step.complete) s.have = 0;
  return step;
}

void gap(void* state, uint8_t direction) noexcept {
  static_cast<State*>(state)->sides[direction & 1] = {};
}

constexpr Binding kDnsBindings[] = {
    {Table::kUdpPort, 53}, {Table::kTcpPort, 53}, {Table::kTcpPort, 5353}};
constexpr Binding kMdnsBindings[] = {{Table::kUdpPort, 5353}};
constexpr Binding kLlmnrBindings[] = {{Table::kUdpPort, 5355}};

}  // namespace
}  // namespace dns

extern const Protocol kDns{
    .name = "dns",
    .label = "DNS",
    .title = "Domain Name System",
    .words =
        "Finds the address behind a name. Usually not encrypted: anyone on the way can read "
        "which names are asked for.",
    .family = Family::kNames,
    .fields = dns::kFields,
    .anomalies = dns::kAll,
    .bindings = dns::kDnsBindings,
    .dissect = dns::dissect_dns,
    .recognise = nullptr,
    .state_size = sizeof(dns::State),
    .state_init = dns::init_state,
    .frame = dns::frame_tcp,
    .gap = dns::gap};

extern const Protocol kMdns{
    .name = "mdns",
    .label = "mDNS",
    .title = "Multicast DNS",
    .words = "Devices on the same network find each other's names and services without a server.",
    .family = Family::kNames,
    .fields = dns::kMdnsFields,
    .anomalies = {},
    .bindings = dns::kMdnsBindings,
    .dissect = dns::dissect_mdns,
    .recognise = nullptr,
    .state_size = sizeof(dns::State),
    .state_init = dns::init_state};

extern const Protocol kLlmnr{
    .name = "llmnr",
    .label = "LLMNR",
    .title = "Link-local multicast name resolution",
    .words = "Asks the neighbours who has a name. Anyone may answer, so answers can be forged.",
    .family = Family::kNames,
    .fields = dns::kLlmnrFields,
    .anomalies = {},
    .bindings = dns::kLlmnrBindings,
    .dissect = dns::dissect_llmnr,
    .recognise = nullptr,
    .state_size = sizeof(dns::State),
    .state_init = dns::init_state};

}  // namespace sp3ctra
