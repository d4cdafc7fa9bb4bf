// libpcap's filter compiler behind one door, and the search for the word it stumbled over.
#include "capture/bpf.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <memory>
#include <mutex>

#include "base/ip_address.h"
#include "base/limits.h"

namespace sp3ctra {
namespace {

static_assert(sizeof(BpfInstruction) == sizeof(bpf_insn));

struct Token {
  size_t position = 0;
  size_t length = 0;
};

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' ||
         c == '\\' || c == '$';
}

/// Words, numbers, addresses and operators, as libpcap's scanner cuts them (near enough to point).
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  int brackets = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    size_t end = i + 1;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
      continue;
    }
    if (is_word_char(c) || (c == ':' && brackets == 0)) {
      // A colon belongs to the word in an address, and parts offset and size in tcp[13:1].
      while (end < text.size() &&
             (is_word_char(text[end]) || (text[end] == ':' && brackets == 0))) {
        ++end;
      }
    } else if (end < text.size() && std::string_view("<>=&|!").find(c) != std::string_view::npos &&
               std::string_view("=<>&|").find(text[end]) != std::string_view::npos) {
      ++end;
    }
    brackets += c == '[' ? 1 : c == ']' && brackets > 0 ? -1 : 0;
    out.push_back({i, end - i});
    i = end;
  }
  return out;
}

/// libpcap's own number, which differs from the registered one for raw IP.
int dlt_of(LinkType link) { return link == LinkType::kRaw ? DLT_RAW : static_cast<int>(link); }

using PcapHandle = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

/// One libpcap handle per compile: cheap, and nothing carries over from one text to the next.
class Compiler {
 public:
  Compiler(LinkType link, uint32_t snaplen)
      : handle_(pcap_open_dead(dlt_of(link), static_cast<int>(snaplen)), &pcap_close) {}
  bool compile(const std::string& text, bool optimise, std::vector<BpfInstruction>* out) {
    if (!handle_) return false;
    bpf_program program{};
    if (pcap_compile(handle_.get(), &program, text.c_str(), optimise ? 1 : 0,
                     PCAP_NETMASK_UNKNOWN) != 0) {
      return false;
    }
    if (out) {
      out->resize(program.bf_len);
      for (size_t i = 0; i < out->size(); ++i) {
        const bpf_insn& in = program.bf_insns[i];
        (*out)[i] = {in.code, in.jt, in.jf, in.k};
      }
    }
    pcap_freecode(&program);
    return true;
  }
  std::string message() const { return handle_ ? pcap_geterr(handle_.get()) : "out of memory"; }

 private:
  PcapHandle handle_;
};

/// Whether some text after `prefix` makes a filter of it.
bool can_be_continued(Compiler& compiler, std::string_view prefix) {
  // One continuation for each thing the grammar can be waiting for; no names, which libpcap would
  // look up.
  static constexpr std::array<std::string_view, 13> kNext = {
      "",     " ip",    " host 1.1.1.1",  " 1.1.1.1", " 1",
      " 32",  " ::1",   " 1:1:1:1:1:1",   "] = 1",    " 1] = 1",
      " = 1", " 1 = 1", " mask 255.0.0.0"};
  int open = 0;
  for (char c : prefix) open += c == '(' ? 1 : c == ')' && open > 0 ? -1 : 0;
  const std::string close(static_cast<size_t>(open), ')');
  for (std::string_view next : kNext) {
    std::string text(prefix);
    text += next;
    if (compiler.compile(text + close, false, nullptr)) return true;
    if (open > 0 && compiler.compile(text + close + " = 1", false, nullptr)) return true;
  }
  return false;
}

/// The first token with which the text cannot become a filter any more; the end when there is none;
/// the whole text when the time for the search is up.
Token find_offender(Compiler& compiler, std::string_view text) {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(limits::kCaptureFilterSearchMs);
  const std::vector<Token> tokens = tokens_of(text);
  size_t good = 0;  // this many tokens can be continued
  size_t bad = tokens.size() + 1;
  while (good + 1 < bad) {
    const size_t middle = good + (bad - good) / 2;
    const Token& last = tokens[middle - 1];
    if (std::chrono::steady_clock::now() > end) return {0, text.size()};
    (can_be_continued(compiler, text.substr(0, last.position + last.length)) ? good : bad) = middle;
  }
  return good == tokens.size() ? Token{text.size(), 0} : tokens[good];
}

bool one_of(std::string_view word, std::string_view list) {
  for (size_t i = 0; i < list.size();) {
    const size_t end = std::min(list.find(' ', i), list.size());
    if (list.substr(i, end - i) == word) return true;
    i = end + 1;
  }
  return false;
}

bool is_hex(std::string_view word, size_t most) {
  return !word.empty() && word.size() <= most &&
         word.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_decimal(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether `word` is `least` to `most` pieces parted by `separator`, each of which passes `piece`.
bool is_row(std::string_view word, char separator, int least, int most,
            bool (*piece)(std::string_view)) {
  int pieces = 0;
  for (size_t i = 0; i <= word.size();) {
    const size_t end = std::min(word.find(separator, i), word.size());
    if (!piece(word.substr(i, end - i))) return false;
    ++pieces;
    i = end + 1;
  }
  return pieces >= least && pieces <= most;
}

/// Numbers, IP and hardware addresses. Strict: what is none of these, libpcap takes for a name.
bool is_number_or_address(std::string_view word) {
  constexpr auto kByte = [](std::string_view w) { return is_hex(w, 2); };
  constexpr auto kWord = [](std::string_view w) { return w.size() == 4 && is_hex(w, 4); };
  if (is_row(word, '.', 1, 4, &is_decimal)) return true;
  if (word.starts_with("0x") || word.starts_with("0X")) return is_hex(word.substr(2), 16);
  if (word.starts_with("$")) return is_hex(word.substr(1), 2);
  if (word.size() == 12 && is_hex(word, 12)) return true;
  if (word.find(':') != std::string_view::npos) {
    return word == ":" || is_row(word, ':', 6, 6, kByte) || IpAddress::parse(word).has_value();
  }
  return is_row(word, '-', 6, 6, kByte) || is_row(word, '.', 6, 6, kByte) ||
         is_row(word, '.', 3, 3, kWord);
}

/// Words libpcap would look up as a host or network name, that is: ask DNS. Port and protocol
/// names come from local tables and are welcome.
const Token* find_name(std::string_view text, const std::vector<Token>& tokens) {
  constexpr std::string_view kJoin = "and or not";
  constexpr std::string_view kLocalNames =
      "port portrange proto protochain type subtype dir direction ifname on rset ruleset reason "
      "rnr rulenum srnr subrulenum action";
  constexpr std::string_view kNamesHosts = "host net mask gateway src dst";
  constexpr std::string_view kWords =
      "ether fddi tr wlan link ppp slip ip ip6 arp rarp tcp udp icmp icmp6 igmp igrp pim vrrp carp "
      "ah esp sctp radio atalk aarp decnet lat sca moprc mopdl stp ipx netbeui iso clnp clns csnp "
      "csnap esis es-is isis is-is l1 l2 iih lsp snp psnp broadcast multicast less greater byte "
      "inbound outbound vlan mpls pppoed pppoes geneve llc lane bcc oam oamf4 oamf4ec oamf4sc sc "
      "ilmic vpi vci connectmsg metac len addr1 addr2 addr3 addr4 ra ta address1 address2 address3 "
      "address4 fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls icmptype "
      "icmp6type icmpcode icmp6code tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg "
      "tcp-ece tcp-cwr icmp-echoreply icmp-unreach icmp-sourcequench icmp-redirect icmp-echo "
      "icmp-routeradvert icmp-routersolicit icmp-timxceed icmp-paramprob icmp-tstamp "
      "icmp-tstampreply icmp-ireq icmp-ireqreply icmp-maskreq icmp-maskreply icmp6-echo "
      "icmp6-echoreply icmp6-destinationunreach icmp6-destinationrunreach icmp6-packettoobig "
      "icmp6-timeexceeded icmp6-parameterproblem icmp6-routersolicit icmp6-routeradvert "
      "icmp6-neighborsolicit icmp6-neighboradvert icmp6-redirect icmp6-multicastlistenerquery "
      "icmp6-multicastlistenerdone icmp6-multicastlistenerreportv1 "
      "icmp6-multicastlistenerreportv2 icmp6-routerrenum";
  bool names_are_local = false;
  for (const Token& t : tokens) {
    const std::string_view word = text.substr(t.position, t.length);
    if ((!is_word_char(word[0]) && word[0] != ':') || is_number_or_address(word)) continue;
    if (one_of(word, kJoin)) continue;
    if (one_of(word, kLocalNames)) {
      names_are_local = true;
    } else if (one_of(word, kNamesHosts) || one_of(word, kWords)) {
      names_are_local = false;
    } else if (!names_are_local) {
      return &t;
    }
  }
  return nullptr;
}

bool has_word(std::string_view text, const std::vector<Token>& tokens, std::string_view word) {
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](const Token& t) { return text.substr(t.position, t.length) == word; });
}

/// What can be told without libpcap; empty message = nothing wrong so far.
BpfError check_text(std::string_view text, const std::vector<Token>& tokens) {
  constexpr size_t kMost = limits::kCaptureFilterBytesMax;
  if (text.size() > kMost) {
    return {fmt::format("the filter is too long: at most {} bytes", kMost), kMost,
            text.size() - kMost};
  }
  uint32_t ranges = 0;
  for (const Token& t : tokens) {
    const std::string_view word = text.substr(t.position, t.length);
    if (std::count(word.begin(), word.end(), '-') != 1 || word.starts_with("tcp-")) continue;
    if (++ranges > limits::kCaptureFilterRangesMax) {
      return {fmt::format("too many ranges: at most {}", limits::kCaptureFilterRangesMax),
              t.position, t.length};
    }
  }
  const auto odd = std::find_if(text.begin(), text.end(), [](char c) {
    return c < 32 && !std::isspace(static_cast<unsigned char>(c));
  });
  if (odd != text.end()) {
    return {"a control character does not belong into a filter",
            static_cast<size_t>(odd - text.begin()), 1};
  }
  if (const Token* name = find_name(text, tokens)) {
    return {fmt::format("“{}” is not a word of the filter language; if it is a host name, write "
                        "its address (asking DNS would itself send packets)",
                        text.substr(name->position, name->length)),
            name->position, name->length};
  }
  return {};
}

BpfError explain(Compiler& compiler, std::string_view text, const std::string& message) {
  if (message.find("rejects all packets") != std::string::npos) {
    return {"no packet can ever match this filter", 0, text.size()};
  }
  if (compiler.compile(std::string(text), false, nullptr)) return {message, 0, text.size()};
  const Token at = find_offender(compiler, text);
  if (at.length == text.size()) return {message, 0, text.size()};
  if (at.length == 0) return {"the filter breaks off: something must follow", at.position, 0};
  const std::string_view word = text.substr(at.position, at.length);
  if (message.find("syntax error") != std::string::npos) {
    return {fmt::format("“{}” does not fit here", word), at.position, at.length};
  }
  return {fmt::format("“{}”: {}", word, message), at.position, at.length};
}

}  // namespace

tl::expected<BpfProgram, BpfError> compile_bpf(std::string_view text, LinkType link,
                                               uint32_t snaplen) {
  static std::mutex mutex;
  const std::vector<Token> tokens = tokens_of(text.substr(0, limits::kCaptureFilterBytesMax));
  if (BpfError early = check_text(text, tokens); !early.message.empty()) {
    return tl::unexpected(std::move(early));
  }
  const std::lock_guard lock(mutex);
  Compiler compiler(link, snaplen);
  BpfProgram program;
  if (!compiler.compile(std::string(text), true, &program.code)) {
    return tl::unexpected(explain(compiler, text, compiler.message()));
  }
  program.needs_tags = has_word(text, tokens, "vlan");
  if (program.needs_tags &&
      (has_word(text, tokens, "inbound") || has_word(text, tokens, "outbound"))) {
    return tl::unexpected(
        BpfError{"“vlan” cannot be combined with “inbound” or “outbound”", 0, text.size()});
  }
  return program;
}

uint32_t BpfProgram::match(Bytes frame, uint32_t wire_bytes) const noexcept {
  return bpf_filter(reinterpret_cast<const bpf_insn*>(code.data()),
                    reinterpret_cast<const u_char*>(frame.data()), wire_bytes,
                    static_cast<u_int>(frame.size()));
}

std::vector<BpfInstruction> keep_all(uint32_t snaplen) {
  return {{BPF_RET | BPF_K, 0, 0, snaplen}};
}

std::string default_exclusion(uint16_t page_port) {
  return fmt::format("not (host 127.0.0.1 and tcp port {})", page_port);
}

}  // namespace sp3ctra
