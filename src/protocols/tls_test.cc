#include "protocols/tls.h"

#include <gtest/gtest.h>

#include "protocols/app_probe.h"

namespace sp3ctra {
extern const Protocol kTls;
namespace {

std::string be(uint32_t v, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(v >> (8 * i) & 255);
  return out;
}
/// Content behind its length.
std::string vec(const std::string& s, int bytes) {
  return be(static_cast<uint32_t>(s.size()), bytes) + s;
}
std::string ext(uint32_t type, const std::string& s) { return be(type, 2) + vec(s, 2); }
std::string record(uint8_t type, const std::string& s, uint16_t version = 0x0301) {
  return std::string(1, static_cast<char>(type)) + be(version, 2) + vec(s, 2);
}
std::string message(uint8_t type, const std::string& s) {
  return std::string(1, static_cast<char>(type)) + vec(s, 3);
}

std::string client_hello() {
  const std::string extensions =
      ext(0, vec(std::string(1, '\0') + vec("en.wikipedia.org", 2), 2)) + ext(0x0a0a, "") +
      ext(10, vec(be(0x0a0a, 2) + be(29, 2) + be(23, 2), 2)) +
      ext(11, vec(std::string(1, '\0'), 1)) + ext(16, vec(vec("h2", 1) + vec("http/1.1", 1), 2)) +
      ext(43, vec(be(0x0304, 2) + be(0x0303, 2), 1));
  return message(1, be(0x0303, 2) + std::string(32, 'r') + vec("", 1) +
                        vec(be(0x1a1a, 2) + be(0x1301, 2) + be(0xc02f, 2), 2) +
                        vec(std::string(1, '\0'), 1) + vec(extensions, 2));
}

std::string server_hello() {
  return message(2, be(0x0303, 2) + std::string(32, 's') + vec("", 1) + be(0x1301, 2) +
                        std::string(1, '\0') + vec(ext(43, be(0x0304, 2)), 2));
}

TEST(Tls, ClientHelloFieldsFingerprintAndWords) {
  AppProbe p;
  p.run(kTls, as_bytes(record(22, client_hello())), 3, 0, 0, 6);
  EXPECT_EQ(p.text("tls.handshake.extensions_server_name"), "en.wikipedia.org");
  EXPECT_EQ(p.text("tls.handshake.extensions_alpn_str"), "h2");
  EXPECT_EQ(p.text("tls.handshake.ja3_full"), "771,4865-49199,0-10-11-16-43,29-23,0");
  EXPECT_EQ(p.text("tls.handshake.ja3").size(), 32u);
  EXPECT_EQ(p.info(), "starts encryption for en.wikipedia.org, offers TLS 1.3 and 3 ciphers");
  ASSERT_EQ(p.events.size(), 1u);
  EXPECT_STREQ(p.events[0].name, "client_hello");
}

TEST(Tls, Md5IsMd5) {
  std::array<char, 33> out;
  tls::md5_hex("abc", out);
  EXPECT_STREQ(out.data(), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Tls, ServerHelloAgrees) {
  AppProbe p;
  p.run(kTls, as_bytes(record(22, client_hello())), 3, 0, 0, 6);
  p.run(kTls, as_bytes(record(22, server_hello(), 0x0303)), 4, 0, 1, 6);
  EXPECT_EQ(p.number("tls.handshake.ciphersuite"), 0x1301u);
  EXPECT_EQ(p.text("tls.handshake.ja3s_full"), "771,4865,43");
  EXPECT_EQ(p.info(), "agrees on TLS 1.3 with AES-128-GCM");
  ASSERT_EQ(p.events.size(), 2u);
  EXPECT_EQ(p.events[1].first_frame, 3u);
  p.run(kTls, as_bytes(record(23, "secret", 0x0303)), 5, 0, 1, 6);
  EXPECT_EQ(p.number("tls.record.opaque_type"), 23u);
  EXPECT_EQ(p.info(), "sends 6 encrypted bytes");
}

TEST(Tls, AfterTheChangeHandshakesAreUnreadable) {
  AppProbe p;
  p.run(kTls, as_bytes(record(20, std::string(1, '\1'))), 3, 0, 0, 6);
  p.run(kTls, as_bytes(record(22, client_hello())), 4, 0, 0, 6);
  EXPECT_EQ(p.find("tls.handshake.type"), nullptr);
  EXPECT_EQ(p.info(), "sends an encrypted handshake message");
}

TEST(Tls, HandshakeSplitOverRecordsIsPutTogether) {
  const std::string hello = client_hello();
  const std::string stream = record(22, hello.substr(0, 20)) + record(22, hello.substr(20, 30)) +
                             record(22, hello.substr(50)) + record(20, std::string(1, '\1'));
  AppProbe p;
  const auto sizes = p.cut(kTls, as_bytes(stream), stream.size());
  ASSERT_EQ(sizes.size(), 2u);
  p.run(kTls, as_bytes(stream).first(sizes[0]), 3, 0, 0, 6);
  EXPECT_EQ(p.text("tls.handshake.extensions_server_name"), "en.wikipedia.org");
  ASSERT_EQ(p.tree.sources.size(), 2u);
  EXPECT_EQ(p.tree.sources[1].bytes.size(), hello.size());
}

TEST(Tls, FramerCutsAtTheSamePlacesHoweverItIsFed) {
  const std::string hello = client_hello();
  const std::string stream = record(22, hello) + record(22, hello.substr(0, 9)) +
                             record(22, hello.substr(9)) + record(23, "data") +
                             record(20, std::string(1, '\1')) + record(22, "unreadable");
  AppProbe whole;
  const auto want = whole.cut(kTls, as_bytes(stream), stream.size());
  EXPECT_EQ(want.size(), 5u);
  for (size_t chunk = 1; chunk < 12; ++chunk) {
    AppProbe p;
    EXPECT_EQ(p.cut(kTls, as_bytes(stream), chunk), want) << chunk;
  }
}

TEST(Tls, OtherBytesAreRefused) {
  AppProbe p;
  std::string other;
  for (int i = 0; i < 20; ++i) other += "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(p.cut(kTls, as_bytes(other), 18).back(), SIZE_MAX);
  EXPECT_TRUE(kTls.recognise(as_bytes(record(22, client_hello())), {}));
  EXPECT_FALSE(kTls.recognise(as_bytes("\x16\x03\x01 plain text"), {}));
}

TEST(Tls, JoinedInTheMiddleItFindsTheNextRecord) {
  AppProbe p;
  const FrameStep first = kTls.frame(p.d, p.state(kTls), 0, as_bytes("end of a record"));
  EXPECT_TRUE(first.complete);
  EXPECT_EQ(first.consumed, 15u);
  const std::string next = record(23, "data");
  const FrameStep second = kTls.frame(p.d, p.state(kTls), 0, as_bytes(next));
  EXPECT_TRUE(second.complete);
  EXPECT_EQ(second.consumed, next.size());
}

TEST(Tls, EveryCutIsSafe) {
  const std::string whole = record(22, client_hello()) + record(22, server_hello());
  for (size_t n = 0; n <= whole.size(); ++n) {
    AppProbe p;
    p.run(kTls, as_bytes(whole).first(n), 1, 0, 0, 6, static_cast<uint32_t>(whole.size()));
  }
}

std::string der(uint8_t tag, const std::string& s) {
  return std::string(1, static_cast<char>(tag)) +
         (s.size() < 128 ? be(static_cast<uint32_t>(s.size()), 1)
                         : std::string(1, '\x82') + be(static_cast<uint32_t>(s.size()), 2)) +
         s;
}
std::string name(const std::string& common) {
  return der(0x30, der(0x31, der(0x30, der(6, "\x55\x04\x03") + der(12, common))));
}

std::string certificate() {
  const std::string algorithm = der(0x30, der(6, "\x2a\x86\x48\xce\x3d\x04\x03\x02"));
  const std::string names =
      der(0x30, der(6, "\x55\x1d\x11") +
                    der(4, der(0x30, der(0x82, "a.example") + der(0x82, "b.example"))));
  const std::string key =
      der(0x30, der(0x30, der(6, "\x2a\x86\x48\xce\x3d\x02\x01")) + der(3, std::string("\0k", 2)));
  const std::string body = der(0xa0, der(2, "\x02")) + der(2, "\x11\x22") + algorithm +
                           name("Test CA") +
                           der(0x30, der(23, "240102030405Z") + der(23, "250102030405Z")) +
                           name("a.example") + key + der(0xa3, der(0x30, names));
  return der(0x30, der(0x30, body) + algorithm + der(3, std::string("\0sig", 4)));
}

TEST(X509, FieldsOfACertificate) {
  AppProbe p;
  const std::string cert = certificate();
  p.run(kTls, as_bytes(record(22, message(11, vec(vec(cert, 3), 3)))), 1, 0, 1, 6);
  EXPECT_EQ(p.text("x509af.serialNumber"), "\x11\x22");
  EXPECT_EQ(p.text("x509af.algorithm.id"), "1.2.840.10045.4.3.2");
  EXPECT_EQ(p.text("x509af.utcTime"), "2024-01-02 03:04:05 (UTC)");
  EXPECT_EQ(p.text("x509sat.uTF8String"), "Test CA");
  EXPECT_EQ(p.text("x509ce.dNSName"), "a.example");
  EXPECT_EQ(p.number("x509ce.GeneralNames"), 2u);
  EXPECT_EQ(p.info(), "shows its certificate for a.example");
}

TEST(X509, EveryCutAndEveryFlippedByteIsSafe) {
  const std::string cert = certificate();
  for (size_t n = 0; n <= cert.size(); ++n) {
    AppProbe p;
    const std::string m = record(22, message(11, vec(vec(cert.substr(0, n), 3), 3)));
    p.run(kTls, as_bytes(m), 1, 0, 1, 6);
  }
  for (size_t i = 0; i < cert.size(); ++i) {
    AppProbe p;
    std::string broken = cert;
    broken[i] = static_cast<char>(broken[i] ^ 0xff);
    p.run(kTls, as_bytes(record(22, message(11, vec(vec(broken, 3), 3)))), 1, 0, 1, 6);
  }
}

}  // namespace
}  // namespace sp3ctra
