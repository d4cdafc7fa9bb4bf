#include "detect/cleartext_login.h"

#include <gtest/gtest.h>

#include "detect/detect_lab_test.h"

namespace sp3ctra {
namespace {

using namespace detect_lab;

/// A web request with these headers, in a connection of its own.
void request(Lab& lab, double at, uint16_t port, const std::string& headers) {
  const IpAddress me = ip("192.168.1.5"), web = ip("192.168.1.1");
  lab.tcp(at, me, port, web, 80, kSyn, "", 1);
  lab.tcp(at + 0.01, web, 80, me, port, kSyn | kAck, "", 1);
  lab.tcp(at + 0.02, me, port, web, 80, kAck | kPsh,
          "GET / HTTP/1.1\r\nHost: router.example\r\n" + headers + "\r\n", 2);
}

TEST(CleartextLogin, HttpBasicWithoutTheSecret) {
  Lab lab;
  request(lab, 1, 5000, "Authorization: Basic YWRtaW46c3dvcmRmaXNo\r\n");  // admin:swordfish
  request(lab, 2, 5001, "Authorization: Basic YWRtaW46c3dvcmRmaXNo\r\n");
  request(lab, 3, 5002, "Authorization: Basic Z3Vlc3Q6c3dvcmRmaXNo\r\n");  // guest
  const auto& found = lab.run();
  ASSERT_EQ(found.size(), 2u) << "once for each user";
  EXPECT_EQ(found[0].kind->signature, "cleartext_login");
  EXPECT_EQ(found[0].packets, std::vector<uint64_t>{3});
  EXPECT_NE(found[0].summary.find("\"admin\""), std::string::npos) << found[0].summary;
  EXPECT_NE(found[1].summary.find("\"guest\""), std::string::npos);
  for (const Alert& a : found)
    for (const std::string& text : {alert_json(a), alert_eve(a), alert_text(a)}) {
      EXPECT_EQ(text.find("swordfish"), std::string::npos) << text;
      EXPECT_EQ(text.find("c3dvcmRmaXNo"), std::string::npos) << text;
    }
}

TEST(CleartextLogin, OtherLoginsAreNone) {
  Lab lab;
  request(lab, 1, 5000, "Authorization: Bearer YWRtaW46c3dvcmRmaXNo\r\n");
  request(lab, 2, 5001, "Authorization: Basic !!!!\r\n");
  request(lab, 3, 5002, "Cookie: Authorization=Basic\r\n");
  EXPECT_EQ(lab.found(), "");
}

}  // namespace
}  // namespace sp3ctra
