// DNS field table, value names, and the reader of compressed names.
#include "protocols/dns.h"

namespace sp3ctra::dns {
namespace {

constexpr ValueName kOpcodes[] = {{0, "question"},       {1, "inverse question"},
                                  {2, "server status"},  {4, "zone change notice"},
                                  {5, "dynamic update"}, {6, "stateful operation"}};
constexpr ValueName kRcodes[] = {
    {0, "no error"},       {1, "format error"},      {2, "server failure"},
    {3, "no such name"},   {4, "not implemented"},   {5, "refused"},
    {6, "name exists"},    {7, "records exist"},     {8, "records do not exist"},
    {9, "not authorised"}, {10, "not in this zone"}, {16, "bad version or signature"},
    {17, "bad key"},       {18, "bad time"},         {23, "bad cookie"}};
constexpr ValueName kTypes[] = {
    {1, "A"},       {2, "NS"},        {5, "CNAME"},       {6, "SOA"},         {10, "NULL"},
    {11, "WKS"},    {12, "PTR"},      {13, "HINFO"},      {15, "MX"},         {16, "TXT"},
    {17, "RP"},     {18, "AFSDB"},    {24, "SIG"},        {25, "KEY"},        {28, "AAAA"},
    {29, "LOC"},    {32, "NB"},       {33, "SRV"},        {35, "NAPTR"},      {36, "KX"},
    {37, "CERT"},   {39, "DNAME"},    {41, "OPT"},        {42, "APL"},        {43, "DS"},
    {44, "SSHFP"},  {45, "IPSECKEY"}, {46, "RRSIG"},      {47, "NSEC"},       {48, "DNSKEY"},
    {49, "DHCID"},  {50, "NSEC3"},    {51, "NSEC3PARAM"}, {52, "TLSA"},       {53, "SMIMEA"},
    {55, "HIP"},    {59, "CDS"},      {60, "CDNSKEY"},    {61, "OPENPGPKEY"}, {62, "CSYNC"},
    {63, "ZONEMD"}, {64, "SVCB"},     {65, "HTTPS"},      {99, "SPF"},        {249, "TKEY"},
    {250, "TSIG"},  {251, "IXFR"},    {252, "AXFR"},      {255, "ANY"},       {256, "URI"},
    {257, "CAA"}};
constexpr ValueName kClasses[] = {{1, "IN"},     {3, "CH"},    {4, "HS"},
                                  {254, "none"}, {255, "any"}, {0x8001, "IN"}};
constexpr ValueName kSecAlgorithms[] = {
    {1, "RSA/MD5"},     {3, "DSA"},          {5, "RSA/SHA-1"},    {7, "RSA/SHA-1 (NSEC3)"},
    {8, "RSA/SHA-256"}, {10, "RSA/SHA-512"}, {13, "ECDSA P-256"}, {14, "ECDSA P-384"},
    {15, "Ed25519"},    {16, "Ed448"}};
constexpr ValueName kDigests[] = {{1, "SHA-1"}, {2, "SHA-256"}, {3, "GOST"}, {4, "SHA-384"}};
constexpr ValueName kSvcKeys[] = {{0, "mandatory"}, {1, "alpn"},     {2, "no-default-alpn"},
                                  {3, "port"},      {4, "ipv4hint"}, {5, "ech"},
                                  {6, "ipv6hint"}};
constexpr ValueName kOptCodes[] = {
    {3, "server id"},     {5, "DAU"},    {6, "DHU"},      {7, "N3U"},
    {8, "client subnet"}, {9, "expire"}, {10, "cookie"},  {11, "TCP keepalive"},
    {12, "padding"},      {13, "chain"}, {14, "key tag"}, {15, "extended error"}};
constexpr std::span<const ValueName> kNone{};

using enum FieldType;
using enum FieldBase;
}  // namespace

constexpr FieldDef kFields[kFieldCount] = {
#define FIELD(id, name, type, base, label, words, names) {name, type, base, label, words, names},
#include "protocols/dns_fields.inc"
#undef FIELD
};

std::string_view type_name(uint16_t type) noexcept {
  for (const ValueName& v : kTypes)
    if (v.value == type) return v.name;
  return {};
}

size_t read_name(Bytes message, size_t at, Name& name) noexcept {
  size_t end = kNoEnd;
  name.size = name.labels = 0;
  name.ok = true;
  for (uint32_t jumps = 0; at < message.size();) {
    const uint8_t length = load8(message, at);
    if (length == 0) return end != kNoEnd ? end : at + 1;
    if (length >= 0xc0) {
      if (at + 2 > message.size()) break;
      if (end == kNoEnd) end = at + 2;
      if (++jumps > limits::kDnsNameJumpsMax) break;
      at = load_be16(message, at) & 0x3fff;
      continue;
    }
    if (length >= 0x40 || at + 1 + length > message.size()) break;
    if (name.size + 1u + length > Name::kTextMax) break;
    if (name.labels > 0) name.bytes[name.size++] = '.';
    std::memcpy(name.bytes.data() + name.size, message.data() + at + 1, length);
    name.size = static_cast<uint16_t>(name.size + length);
    ++name.labels;
    at += 1 + length;
  }
  name.ok = false;
  return end;
}

}  // namespace sp3ctra::dns
