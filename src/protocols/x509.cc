// X.509 certificates (RFC 5280): a bounded walk over DER that writes fields as it goes. No heap
// without a tree; every length is checked against what encloses it.
#include <fmt/format.h>

#include "protocols/tls.h"

namespace sp3ctra::tls {
namespace {

constexpr int kNestingMax = 8;  // deeper structures are not walked

/// One DER element; `at` and `size` are its content within the input.
struct Element {
  uint8_t tag = 0;
  size_t head = 0, at = 0, size = 0;
  size_t end() const { return at + size; }
};

/// Reads the element at `at`, which must end by `end`.
bool read_element(Bytes b, size_t at, size_t end, Element& e) noexcept {
  end = std::min(end, b.size());
  if (at + 2 > end) return false;
  e.tag = load8(b, at);
  e.head = at;
  size_t size = load8(b, at + 1);
  size_t i = at + 2;
  if (size >= 0x80) {
    const size_t n = size & 0x7f;
    if (n == 0 || n > 3 || i + n > end) return false;
    size = 0;
    for (size_t k = 0; k < n; ++k) size = size << 8 | load8(b, i++);
  }
  if ((e.tag & 31) == 31 || size > end - i) return false;
  e.at = i;
  e.size = size;
  return true;
}

/// Walks elements one after the other.
class Walk {
 public:
  Walk(Bytes b, const Element& parent) : b_(b), at_(parent.at), end_(parent.end()) {}
  bool next(Element& e) noexcept {
    if (!read_element(b_, at_, end_, e)) return false;
    at_ = e.end();
    return true;
  }
  size_t at() const { return at_; }

 private:
  Bytes b_;
  size_t at_, end_;
};

size_t count_children(Bytes b, const Element& parent) noexcept {
  Walk w(b, parent);
  Element e;
  size_t n = 0;
  while (w.next(e)) ++n;
  return n;
}

Bytes content(Bytes b, const Element& e) noexcept { return b.subspan(e.at, e.size); }

/// "2.5.4.3"; empty when malformed.
std::string oid_text(Bytes oid) {
  std::string out;
  uint64_t v = 0;
  for (size_t i = 0; i < oid.size() && i < 64; ++i) {
    v = v << 7 | (load8(oid, i) & 0x7f);
    if (load8(oid, i) & 0x80) continue;
    if (out.empty()) {
      const uint64_t first = v < 40 ? 0 : v < 80 ? 1 : 2;
      out = fmt::format("{}.{}", first, v - first * 40);
    } else {
      out += fmt::format(".{}", v);
    }
    v = 0;
  }
  return out;
}

bool is_oid(Bytes oid, std::initializer_list<uint8_t> want) noexcept {
  if (oid.size() != want.size()) return false;
  size_t i = 0;
  for (const uint8_t w : want)
    if (load8(oid, i++) != w) return false;
  return true;
}

/// The writer of one certificate: everything is relative to `in`.
class Certificate {
 public:
  Certificate(Dissection& d, const Input& in) : d_(d), in_(in), b_(in.data) {}

  void write(size_t at, size_t end) {
    Element outer, signed_part, algorithm, signature;
    if (!read_element(b_, at, end, outer)) return;
    Walk w(b_, outer);
    if (!w.next(signed_part)) return;
    write_signed(signed_part);
    if (!w.next(algorithm)) return;
    open(kX509AlgorithmIdentifier, algorithm, 1);
    write_algorithm(algorithm);
    d_.close();
    if (w.next(signature) && signature.size > 1)
      d_.bytes(field(kX509Encrypted), in_, signature.at + 1, signature.size - 1);
  }

 private:
  void open(FieldId id, const Element& e, uint64_t value) {
    d_.open(field(id), in_, e.head, e.end() - e.head, value);
  }
  void text(FieldId id, const Element& e, std::string_view s) {
    d_.text(field(id), in_, e.at, e.size, s);
  }
  void bytes(FieldId id, const Element& e) { d_.bytes(field(id), in_, e.at, e.size); }
  void oid(FieldId id, const Element& e) { text(id, e, oid_text(content(b_, e))); }

  void write_signed(const Element& part) {
    open(kX509Signed, part, 1);
    Walk w(b_, part);
    Element e;
    if (w.next(e) && e.tag == 0xa0) {
      Element version;
      if (read_element(b_, e.at, e.end(), version) && version.size == 1)
        d_.number(field(kX509Version), in_, version.at, 1, load8(b_, version.at));
      if (!w.next(e)) return d_.close();
    }
    bytes(kX509Serial, e);
    if (w.next(e)) {
      open(kX509SignatureElement, e, 1);
      write_algorithm(e);
      d_.close();
    }
    if (w.next(e)) write_name(e, kX509Issuer, kX509IssuerNames);
    if (w.next(e)) write_validity(e);
    if (w.next(e)) write_name(e, kX509Subject, kX509SubjectNames);
    if (w.next(e)) write_key(e);
    while (w.next(e)) {
      if (e.tag == 0xa3) write_extensions(e);
    }
    d_.close();
  }

  void write_algorithm(const Element& sequence) {
    Element id;
    if (read_element(b_, sequence.at, sequence.end(), id) && id.tag == 6) oid(kX509AlgorithmId, id);
  }

  void write_name(const Element& name, FieldId choice, FieldId sequence) {
    open(choice, name, 0);
    open(sequence, name, count_children(b_, name));
    Walk parts(b_, name);
    Element part;
    while (parts.next(part)) {
      open(kX509RdnItem, part, count_children(b_, part));
      Walk entries(b_, part);
      Element entry;
      while (entries.next(entry)) write_name_entry(entry);
      d_.close();
    }
    d_.close();
    d_.close();
  }

  void write_name_entry(const Element& entry) {
    open(kX509RdnElement, entry, 1);
    Walk w(b_, entry);
    Element id, value;
    if (w.next(id) && w.next(value)) {
      oid(kX509Oid, id);
      const std::string_view s = as_text(content(b_, value));
      if (is_oid(content(b_, id), {0x55, 4, 6})) {
        text(kX509Country, value, s);
      } else if (value.tag == 12 || value.tag == 19 || value.tag == 20) {
        const FieldId kind = value.tag == 12   ? kX509Utf8
                             : value.tag == 19 ? kX509Printable
                                               : kX509Teletex;
        open(kX509DirectoryString, value, value.tag == 20 ? 0 : value.tag == 19 ? 1 : 4);
        text(kind, value, s);
        d_.close();
      }
    }
    d_.close();
  }

  void write_time(const Element& e, FieldId id) {
    open(id, e, e.tag == 24 ? 1 : 0);
    const std::string_view s = as_text(content(b_, e));
    if (e.tag == 23 && s.size() >= 12) {
      const bool seconds = s.size() >= 13;
      const char* century = s[0] >= '5' ? "19" : "20";
      text(kX509UtcTime, e,
           fmt::format("{}{}-{}-{} {}:{}:{} (UTC)", century, s.substr(0, 2), s.substr(2, 2),
                       s.substr(4, 2), s.substr(6, 2), s.substr(8, 2),
                       seconds ? s.substr(10, 2) : std::string_view("00")));
    }
    d_.close();
  }

  void write_validity(const Element& validity) {
    open(kX509Validity, validity, 1);
    Walk w(b_, validity);
    Element e;
    if (w.next(e)) write_time(e, kX509NotBefore);
    if (w.next(e)) write_time(e, kX509NotAfter);
    d_.close();
  }

  void write_key(const Element& info) {
    open(kX509KeyInfo, info, 1);
    Walk w(b_, info);
    Element e;
    if (w.next(e)) {
      open(kX509Algorithm, e, 1);
      write_algorithm(e);
      d_.close();
    }
    if (w.next(e) && e.size > 1) d_.bytes(field(kX509PublicKey), in_, e.at + 1, e.size - 1);
    d_.close();
  }

  void write_extensions(const Element& wrapper) {
    Element list;
    if (!read_element(b_, wrapper.at, wrapper.end(), list)) return;
    open(kX509Extensions, list, count_children(b_, list));
    Walk w(b_, list);
    Element one;
    while (w.next(one)) {
      open(kX509Extension, one, 1);
      write_one_extension(one);
      d_.close();
    }
    d_.close();
  }

  void write_one_extension(const Element& one) {
    Walk w(b_, one);
    Element id, e;
    if (!w.next(id)) return;
    oid(kX509ExtensionId, id);
    if (!w.next(e)) return;
    if (e.tag == 1) {
      if (e.size == 1) d_.number(field(kX509Critical), in_, e.at, 1, load8(b_, e.at) != 0);
      if (!w.next(e)) return;
    }
    Element value;
    const Bytes o = content(b_, id);
    if (e.tag != 4 || !read_element(b_, e.at, e.end(), value)) return;
    if (is_oid(o, {0x55, 0x1d, 0x11})) {
      write_general_names(value);
    } else if (is_oid(o, {0x55, 0x1d, 0x13})) {
      write_basic(value);
    } else if (is_oid(o, {0x55, 0x1d, 0x0e})) {
      bytes(kX509SubjectKeyId, value);
    } else if (is_oid(o, {0x55, 0x1d, 0x23})) {
      open(kX509AuthorityKey, value, 1);
      Element key;
      if (read_element(b_, value.at, value.end(), key) && key.tag == 0x80)
        bytes(kX509KeyIdentifier, key);
      d_.close();
    } else if (is_oid(o, {0x55, 0x1d, 0x0f})) {
      if (value.size > 1) d_.bytes(field(kX509KeyUsage), in_, value.at + 1, value.size - 1);
    } else if (is_oid(o, {0x55, 0x1d, 0x25})) {
      open(kX509KeyPurposes, value, count_children(b_, value));
      Walk uses(b_, value);
      for (Element use; uses.next(use);) oid(kX509KeyPurpose, use);
      d_.close();
    } else if (is_oid(o, {0x55, 0x1d, 0x20}) ||
               is_oid(o, {0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x15, 10})) {
      open(kX509Policies, value, count_children(b_, value));
      Walk policies(b_, value);
      for (Element policy, name; policies.next(policy);)
        if (read_element(b_, policy.at, policy.end(), name)) oid(kX509Policy, name);
      d_.close();
    } else {
      write_locations(value, 0, is_oid(o, {0x55, 0x1d, 0x1f}));
    }
  }

  void write_basic(const Element& value) {
    open(kX509Basic, value, 1);
    Walk w(b_, value);
    Element e;
    while (w.next(e)) {
      if (e.tag == 1 && e.size == 1) {
        d_.number(field(kX509Ca), in_, e.at, 1, load8(b_, e.at) != 0);
      } else if (e.tag == 2 && e.size == 1) {
        d_.number(field(kX509PathLen), in_, e.at, 1, load8(b_, e.at));
      }
    }
    d_.close();
  }

  void write_general_name(const Element& e) {
    const uint8_t kind = e.tag & 31;
    if (kind == 2) {
      text(kX509DnsName, e, as_text(content(b_, e)));
    } else if (kind == 6) {
      text(kX509Uri, e, as_text(content(b_, e)));
    } else if (kind == 7 && e.size == 4) {
      d_.ip(field(kX509IpV4), in_, e.at, IpAddress::v4(content(b_, e)));
    } else if (kind == 7 && e.size == 16) {
      d_.ip(field(kX509IpV6), in_, e.at, IpAddress::v6(content(b_, e)));
    }
  }

  void write_general_names(const Element& value) {
    open(kX509GeneralNames, value, count_children(b_, value));
    Walk w(b_, value);
    for (Element e; w.next(e);) {
      open(kX509GeneralName, e, e.tag & 31);
      write_general_name(e);
      d_.close();
    }
    d_.close();
  }

  /// Addresses anywhere inside an extension that is not decoded further.
  void write_locations(const Element& value, int depth, bool named) {
    if (depth >= kNestingMax || !(value.tag & 0x20)) return;
    Walk w(b_, value);
    for (Element e; w.next(e);) {
      if (e.tag == 0x86) {
        if (named) d_.number(field(kX509GeneralName), in_, e.head, 1, 6);
        text(kX509Uri, e, as_text(content(b_, e)));
      } else {
        write_locations(e, depth + 1, named);
      }
    }
  }

  Dissection& d_;
  const Input& in_;
  Bytes b_;
};

/// Finds the common name in a subject.
std::string_view common_name(Bytes b, const Element& subject) noexcept {
  std::string_view found;
  Walk parts(b, subject);
  for (Element part; parts.next(part);) {
    Walk entries(b, part);
    for (Element entry; entries.next(entry);) {
      Walk w(b, entry);
      Element id, value;
      if (w.next(id) && w.next(value) && is_oid(content(b, id), {0x55, 4, 3}))
        found = as_text(content(b, value));
    }
  }
  return found;
}

}  // namespace

void write_certificate(FieldCursor& c) noexcept {
  if (!c.sink().detailed()) return;
  Certificate(c.sink(), c.in()).write(c.at(), c.end());
}

std::string_view certificate_name(Bytes der) noexcept {
  Element outer, part, e;
  if (!read_element(der, 0, der.size(), outer) || !read_element(der, outer.at, outer.end(), part)) {
    return {};
  }
  Walk w(der, part);
  if (!w.next(e)) return {};
  if (e.tag == 0xa0 && !w.next(e)) return {};  // version, then serial number
  for (int i = 0; i < 4; ++i)                  // signature, issuer, validity, subject
    if (!w.next(e)) return {};
  return common_name(der, e);
}

}  // namespace sp3ctra::tls
