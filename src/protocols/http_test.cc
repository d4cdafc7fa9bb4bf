#include "protocols/http.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/app_probe.h"

namespace sp3ctra {
extern const Protocol kHttp;
namespace {

constexpr std::string_view kGet =
    "GET /a?x=1&y=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: t/1\r\n"
    "Authorization: Basic dXNlcjpwYXNz\r\nCookie: a=1; b=2\r\n\r\n";
constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n";

TEST(Http, RequestFieldsAndLine) {
  AppProbe p;
  p.run(kHttp, as_bytes(kGet), 4, 0, 0, 6);
  EXPECT_EQ(p.text("http.request.method"), "GET");
  EXPECT_EQ(p.text("http.request.uri.path"), "/a");
  EXPECT_EQ(p.text("http.request.uri.query"), "x=1&y=2");
  EXPECT_EQ(p.text("http.request.full_uri"), "http://shop.example/a?x=1&y=2");
  EXPECT_EQ(p.text("http.authbasic"), "user:pass");
  EXPECT_EQ(p.text("http.cookie_pair"), "a=1");
  EXPECT_EQ(p.info(), "asks for GET /a?x=1&y=2 on shop.example");
  ASSERT_EQ(p.events.size(), 1u);
}

TEST(Http, ALoginIsReadFromItsOwnLine) {
  AppProbe p;
  p.run(kHttp,
        as_bytes("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dXNlcjpwYXNz\r\n"
                 "Authorization: Bearer token\r\n\r\n"),
        4, 0, 0, 6);
  EXPECT_EQ(std::ranges::count_if(p.tree.nodes,
                                  [](const auto& n) { return n.field->name == "http.authbasic"; }),
            1);
}

TEST(Http, AnswerIsMatchedWithItsRequest) {
  AppProbe p;
  p.run(kHttp, as_bytes(kGet), 4, 0, 0, 6);
  p.run(kHttp, as_bytes(kOk), 6, 3'000'000, 1, 6);
  EXPECT_EQ(p.number("http.response.code"), 200u);
  EXPECT_EQ(p.number("http.request_in"), 4u);
  EXPECT_EQ(p.number("http.time"), 3'000'000u);
  EXPECT_EQ(p.text("http.response_for.uri"), "http://shop.example/a?x=1&y=2");
  EXPECT_EQ(p.text("http.file_data"), "hello");
  EXPECT_EQ(p.info(), "answers 200 OK, text/html, 5 bytes");
}

TEST(Http, ChunksArePutTogether) {
  AppProbe p;
  p.run(kHttp, as_bytes(kChunked), 1, 0, 1, 6);
  EXPECT_EQ(p.text("http.file_data"), "Wikipedia");
  EXPECT_EQ(p.number("http.chunk_size"), 4u);
}

std::vector<size_t> cut_answer(std::string_view request, std::string_view answers, size_t chunk) {
  AppProbe p;
  p.cut(kHttp, as_bytes(request), request.size(), 0);
  return p.cut(kHttp, as_bytes(answers), chunk, 1);
}

TEST(Http, FramerCutsAtTheSamePlacesHoweverItIsFed) {
  const std::string answers = std::string(kOk) + std::string(kChunked) +
                              "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n" +
                              std::string(kOk);
  const auto want = cut_answer(kGet, answers, answers.size());
  ASSERT_EQ(want.size(), 4u);
  EXPECT_EQ(want[0], kOk.size());
  EXPECT_EQ(want[1], kChunked.size());
  for (size_t chunk = 1; chunk < 12; ++chunk) EXPECT_EQ(cut_answer(kGet, answers, chunk), want);
}

TEST(Http, AnswerToHeadHasNoBody) {
  constexpr std::string_view kHead = "HEAD / HTTP/1.1\r\n\r\n";
  const auto sizes = cut_answer(kHead, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 ", 7);
  ASSERT_GE(sizes.size(), 1u);
  EXPECT_EQ(sizes[0], 38u);
}

TEST(Http, TunnelAfterConnectIsNotHttp) {
  constexpr std::string_view kConnect = "CONNECT a:443 HTTP/1.1\r\n\r\n";
  const auto sizes = cut_answer(kConnect, "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01 zzzz", 64);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[1], SIZE_MAX) << "lost: the rest is somebody else's";
}

TEST(Http, BodyUntilTheConnectionCloses) {
  AppProbe p;
  constexpr std::string_view kOld = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nabc";
  const FrameStep step = kHttp.frame(p.d, p.state(kHttp), 1, as_bytes(kOld));
  EXPECT_FALSE(step.complete);
  EXPECT_TRUE(step.until_close);
}

TEST(Http, OtherBytesAreRefused) {
  for (size_t chunk : {1, 3, 40}) {
    AppProbe p;
    const auto sizes = p.cut(kHttp, as_bytes("SSH-2.0-OpenSSH_9\r\nand so on and on"), chunk);
    EXPECT_EQ(sizes, std::vector<size_t>{SIZE_MAX});
  }
  EXPECT_TRUE(kHttp.recognise(as_bytes("GET / HTTP/1.1\r\n"), {}));
  EXPECT_FALSE(kHttp.recognise(as_bytes("GET something else"), {}));
}

TEST(Http, EveryCutIsSafe) {
  for (const std::string_view whole : {kGet, kOk, kChunked}) {
    for (size_t n = 0; n <= whole.size(); ++n) {
      AppProbe p;
      p.run(kHttp, as_bytes(whole.substr(0, n)), 1, 0, 0, 6, static_cast<uint32_t>(whole.size()));
    }
  }
  AppProbe p;
  p.run(kHttp, as_bytes(kGet.substr(0, 60)), 1, 0, 0, 6, 500);
  EXPECT_EQ(p.text("http.host"), "shop.example");
}

TEST(Http, BothLengthsIsNamed) {
  AppProbe p;
  p.run(kHttp,
        as_bytes("POST / HTTP/1.1\r\nContent-Length: 3\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        1, 0, 0, 6);
  ASSERT_EQ(p.d.parsed.anomaly_count, 1);
  EXPECT_EQ(p.d.parsed.anomalies[0]->name, "http.both_lengths");
}

}  // namespace
}  // namespace sp3ctra
