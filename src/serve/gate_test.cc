#include "serve/gate.h"

#include <gtest/gtest.h>

#include "serve/web_assets.h"

namespace sp3ctra::serve {
namespace {

TEST(Gate, CookiesByName) {
  EXPECT_EQ(cookie_value("a=1; sp3ctra_session_5000=xyz; b=2", "sp3ctra_session_5000"), "xyz");
  EXPECT_EQ(cookie_value("sp3ctra_session_50001=xyz", "sp3ctra_session_5000"), "");
  EXPECT_EQ(cookie_value("xsp3ctra_session_5000=xyz", "sp3ctra_session_5000"), "");
  EXPECT_EQ(cookie_value("", "a"), "");
  EXPECT_EQ(cookie_value(";;; a", "a"), "");
}

TEST(Gate, HostsOfOurPort) {
  EXPECT_TRUE(is_our_host("127.0.0.1:5000", 5000));
  EXPECT_TRUE(is_our_host("localhost:5000", 5000));
  EXPECT_TRUE(is_our_host("[::1]:5000", 5000));
  EXPECT_TRUE(is_our_host("localhost", 80));
  EXPECT_FALSE(is_our_host("localhost", 5000));
  EXPECT_FALSE(is_our_host("localhost:15000", 5000));
  EXPECT_FALSE(is_our_host("evil:5000", 5000));
}

TEST(WebAssets, TypesAndNames) {
  EXPECT_EQ(content_type_of("/assets/a.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type_of("/x"), "application/octet-stream");
  EXPECT_TRUE(never_changes("/assets/index-1a2b.js"));
  EXPECT_FALSE(never_changes("/index.html"));
  EXPECT_EQ(find_web_asset("/no/such"), nullptr);
  const WebAsset one{"/a", "hello"}, other{"/a", "hallo"};
  EXPECT_EQ(etag_of(one), etag_of(one));
  EXPECT_NE(etag_of(one), etag_of(other));
}

}  // namespace
}  // namespace sp3ctra::serve
