#include "serve/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "api/fakes_test.h"
#include "api/json.h"
#include "base/limits.h"
#include "serve/client_test.h"

namespace sp3ctra::serve {
namespace {

using fakes::Client;
using fakes::HttpAnswer;

double ms_of(const std::function<void()>& what) {
  const auto start = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { server.reset(); }
  void start() {
    auto started = Server::start({.port = 0, .data_dir = folder.path()}, engine, library, {});
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    host = "127.0.0.1:" + std::to_string(server->port());
    cookie_name = "sp3ctra_session_" + std::to_string(server->port());
  }
  std::string token() const { return server->url().substr(server->url().find("#token=") + 7); }
  /// One request on a connection of its own; `headers` end with CRLF each.
  HttpAnswer ask(std::string_view method, std::string_view target, std::string_view headers,
                 std::string_view body = {}) {
    Client client(server->port());
    client.send(text(method, target, headers, body));
    return client.answer();
  }
  std::string text(std::string_view method, std::string_view target, std::string_view headers,
                   std::string_view body = {}) const {
    std::string out = fmt::format("{} {} HTTP/1.1\r\n", method, target);
    if (headers.find("Host:") == std::string_view::npos) out += "Host: " + host + "\r\n";
    return fmt::format("{}{}Content-Length: {}\r\n\r\n{}", out, headers, body.size(), body);
  }
  void log_in() {
    const HttpAnswer answer =
        ask("POST", "/api/v1/login", "", fmt::format(R"({{"token":"{}"}})", token()));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const std::string set = answer.header("Set-Cookie");
    cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
    secret = api::text_member(*api::parse_object(answer.body), "secret").value_or("");
    both = cookie + "X-Sp3ctra-Secret: " + secret + "\r\n";
  }
  std::string upgrade(std::string_view headers) const {
    return fmt::format(
        "GET /api/v1/stream HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
        host, headers);
  }
  std::unique_ptr<Client> open_stream() {
    auto client = std::make_unique<Client>(server->port());
    client->send(upgrade(cookie));
    EXPECT_EQ(client->answer().status, 101);
    client->send_frame(fmt::format(R"({{"op":"hello","secret":"{}"}})", secret));
    return client;
  }

  fakes::Folder folder;
  fakes::FakeEngine engine{folder.path()};
  fakes::FakeLibrary library;
  std::unique_ptr<Server> server;
  std::string host, cookie_name, cookie, secret, both;
};

TEST_F(ServerTest, PageNeedsNoLoginAndCarriesThePolicy) {
  const HttpAnswer page = ask("GET", "/", "");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(page.header("Content-Security-Policy").starts_with("default-src 'none'; script-src"));
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(page.header("Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(page.header("Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_NE(page.body.find("sp3ctra"), std::string::npos);
  EXPECT_EQ(ask("POST", "/", "").status, 405);
  for (const std::string_view path : {"/../token", "/%2e%2e/token", "/assets/../../token", "/token",
                                      "/..\\token", "//etc/passwd"})
    EXPECT_EQ(ask("GET", path, "").status, 404) << path;
}

TEST_F(ServerTest, LoginGivesCookieAndSecretAndNeedsBoth) {
  log_in();
  const HttpAnswer login =
      ask("POST", "/api/v1/login", "", fmt::format(R"({{"token":"{}"}})", token()));
  EXPECT_NE(login.header("Set-Cookie").find("HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(login.header("Cache-Control"), "no-store");
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/state", "").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/state", cookie).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/state", "X-Sp3ctra-Secret: " + secret + "\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/nothing", "").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/nothing", both).status, 404);
  // The halves of two logins do not make one.
  const std::string first_cookie = cookie;
  log_in();
  EXPECT_EQ(
      ask("GET", "/api/v1/state", first_cookie + "X-Sp3ctra-Secret: " + secret + "\r\n").status,
      401);
  EXPECT_EQ(ask("POST", "/api/v1/login", "", R"({"token":"wrong"})").status, 401);
  EXPECT_EQ(ask("POST", "/api/v1/login", "", "garbage").status, 400);
}

TEST_F(ServerTest, ForeignHostsAndOriginsAreRefusedEvenWithALogin) {
  log_in();
  const std::string port = std::to_string(server->port());
  for (const std::string& bad :
       {std::string("evil.example:" + port), std::string("127.0.0.1"), std::string("127.0.0.1:1"),
        std::string("127.0.0.1.evil.example:" + port), std::string("localhost.:" + port),
        std::string("192.168.1.1:" + port), std::string("@127.0.0.1:" + port), std::string("")}) {
    EXPECT_EQ(ask("GET", "/api/v1/state", both + "Host: " + bad + "\r\n").status, 403) << bad;
    EXPECT_EQ(ask("GET", "/", "Host: " + bad + "\r\n").status, 403) << bad;
  }
  EXPECT_EQ(ask("GET", "/api/v1/state", both + "Host: LOCALHOST:" + port + "\r\n").status, 200);
  for (const std::string& bad :
       {std::string("http://evil.example"), std::string("null"), std::string("https://" + host),
        "http://localhost:" + port, std::string("http://127.0.0.1"), "http://" + host + ".evil"})
    EXPECT_EQ(ask("GET", "/api/v1/state", both + "Origin: " + bad + "\r\n").status, 403) << bad;
  EXPECT_EQ(ask("GET", "/api/v1/state", both + "Origin: http://" + host + "\r\n").status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/state", both + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/login", "Origin: http://evil.example\r\n",
                fmt::format(R"({{"token":"{}"}})", token()))
                .status,
            403);
  EXPECT_EQ(
      ask("GET", "/api/v1/state", both + "Host: " + host + "\r\nHost: " + host + "\r\n").status,
      400);
}

TEST_F(ServerTest, WebSocketsPassTheSameGate) {
  log_in();
  const auto status = [&](const std::string& headers, std::string own_host = {}) {
    Client client(server->port());
    std::string text = upgrade(headers);
    if (!own_host.empty()) text.replace(text.find(host), host.size(), own_host);
    client.send(text);
    return client.answer().status;
  };
  EXPECT_EQ(status(""), 401);
  EXPECT_EQ(status("Cookie: " + cookie_name + "=abc\r\n"), 401);
  EXPECT_EQ(status("X-Sp3ctra-Secret: " + secret + "\r\n"), 401);
  EXPECT_EQ(status(cookie + "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(status(cookie, "evil.example:" + std::to_string(server->port())), 403);
  EXPECT_EQ(status(cookie + "Origin: http://" + host + "\r\n"), 101);
  // A cookie alone opens the link and learns nothing: the first message must hold the secret.
  for (const std::string_view first :
       {R"({"op":"view","view":1,"capture":"c1","first":0,"count":1})", "garbage",
        R"({"op":"hello","secret":"abc"})"}) {
    Client client(server->port());
    client.send(upgrade(cookie));
    ASSERT_EQ(client.answer().status, 101);
    client.send_frame(first);
    const Client::Frame frame = client.frame();
    EXPECT_TRUE(frame.opcode == 8 || frame.opcode == -1) << first;
  }
}

TEST_F(ServerTest, StreamTellsStateAndRows) {
  log_in();
  const auto client = open_stream();
  client->send_frame(
      R"({"op":"view","view":5,"capture":"c1","filter":null,"first":10,"count":20})");
  bool state = false, rows = false, batch = false;
  for (int i = 0; i < 20 && !(state && rows && batch); ++i) {
    const Client::Frame frame = client->frame();
    ASSERT_GE(frame.opcode, 0);
    state |= frame.bytes.starts_with(R"({"op":"state","version")");
    rows |= frame.bytes.starts_with(R"({"op":"rows","view":5)");
    if (frame.opcode == 2) {
      batch = true;
      EXPECT_EQ(frame.bytes.substr(0, 8), std::string("SPR1\5\0\0\0", 8));
      EXPECT_NE(frame.bytes.find("row 30"), std::string::npos);
      EXPECT_EQ(frame.bytes.find("row 31"), std::string::npos);
    }
  }
  EXPECT_TRUE(state && rows && batch);
  client->send_frame("no JSON");
  Client::Frame last;
  do last = client->frame();
  while (last.opcode > 0 && last.opcode < 8);
  EXPECT_TRUE(last.opcode == 8 || last.opcode == -1);
}

TEST_F(ServerTest, LoginsAndTokenOutliveARestart) {
  log_in();
  const std::string old_token = token();
  struct stat info {};
  for (const std::string_view file : {"/token", "/logins"}) {
    ASSERT_EQ(::stat((folder.path() + std::string(file)).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
  const std::string logins = *read_private_file(folder.path() + "/logins", 10'000);
  EXPECT_EQ(logins.find(secret), std::string::npos);
  const uint16_t port = server->port();
  server.reset();
  auto again = Server::start({.port = port, .data_dir = folder.path()}, engine, library, {});
  ASSERT_TRUE(again) << again.error().message;
  server = std::move(*again);
  ASSERT_EQ(server->port(), port);
  EXPECT_EQ(token(), old_token);
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
}

TEST_F(ServerTest, WrongTokensAreCountedAndTheOldestLoginGoes) {
  log_in();
  const std::string first = both;
  for (uint32_t i = 0; i < limits::kSessionsMax; ++i) log_in();
  EXPECT_EQ(ask("GET", "/api/v1/state", first).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask("POST", "/api/v1/login", "", R"({"token":"x"})").status, 401);
  EXPECT_EQ(ask("POST", "/api/v1/login", "", R"({"token":"x"})").status, 429);
  // A stranger who hammers does not lock the owner out.
  log_in();
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
}

TEST_F(ServerTest, WhatAKilledRunLeftHalfWrittenIsRemoved) {
  const std::string half = folder.path() + "/logins.0123456789abcdef";
  ASSERT_TRUE(PrivateFile::create(half));
  // A directory given with --data may hold files of its owner.
  const std::string theirs[] = {"/token.txt", "/logins.bak", "/token.0123456789abcdeg",
                                "/logins.0123456789abcdef.old", "/token.0123456789ABCDEF"};
  for (const std::string& name : theirs) ASSERT_TRUE(PrivateFile::create(folder.path() + name));
  server.reset();
  start();
  for (const std::string& name : theirs) EXPECT_TRUE(PrivateFile::open(folder.path() + name));
  EXPECT_FALSE(PrivateFile::open(half));
  EXPECT_TRUE(PrivateFile::open(folder.path() + "/token"));
}

TEST_F(ServerTest, TakenPortMeansTheNextAndOnlyLoopback) {
  auto second =
      Server::start({.port = server->port(), .data_dir = folder.path()}, engine, library, {});
  ASSERT_TRUE(second);
  EXPECT_GT((*second)->port(), server->port());
  for (const char* listen : {"0.0.0.0", "192.168.0.1", "::", "example.com", "127.evil"}) {
    const auto refused =
        Server::start({.listen = listen, .data_dir = folder.path()}, engine, library, {});
    ASSERT_FALSE(refused) << listen;
    EXPECT_NE(refused.error().message.find("ssh -L 5000:127.0.0.1:5000"), std::string::npos);
  }
}

TEST_F(ServerTest, OversizedAndBrokenRequests) {
  log_in();
  EXPECT_EQ(ask("GET", "/", "X: " + std::string(20'000, 'a') + "\r\n").status, 431);
  Client garbage(server->port());
  garbage.send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_EQ(garbage.answer().status, 400);
  // Announced too large: refused before a byte of it is read.
  Client large(server->port());
  large.send("POST /api/v1/captures/c1/filters HTTP/1.1\r\nHost: " + host + "\r\n" + both +
             "Content-Length: 7000000\r\n\r\n");
  EXPECT_EQ(large.answer().status, 413);
  // Without a login not even the allowed size is read.
  Client stranger(server->port());
  stranger.send("PUT /api/v1/uploads/u1?offset=0 HTTP/1.1\r\nHost: " + host +
                "\r\nContent-Length: 4000000\r\n\r\n");
  EXPECT_EQ(stranger.answer().status, 401);
  // Sent in chunks beyond the limit: cut.
  Client chunked(server->port());
  chunked.send("POST /api/v1/captures/c1/filters HTTP/1.1\r\nHost: " + host + "\r\n" + both +
               "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(0x20000, 'a') + "\r\n");
  EXPECT_NE(chunked.answer().status, 200);
  std::string deep(30'000, '[');
  EXPECT_EQ(ask("POST", "/api/v1/captures/c1/filters", both, deep).status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
}

TEST_F(ServerTest, ErrorsGoIntoTheBodyWhenAsked) {
  log_in();
  const HttpAnswer answer = ask("POST", "/api/v1/captures/c1/filters",
                                both + "X-Sp3ctra-Errors: body\r\n", R"({"text":"bad =="})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"status":400,"error":"A value is missing","position":4,"length":2})");
  const HttpAnswer refused = ask("GET", "/api/v1/state", "X-Sp3ctra-Errors: body\r\n");
  EXPECT_EQ(refused.status, 200);
  EXPECT_TRUE(refused.body.starts_with(R"({"status":401,"error":)"));
}

TEST_F(ServerTest, ManyRequestsOnOneConnectionAndALargeBody) {
  log_in();
  Client client(server->port());
  for (int i = 0; i < 50; ++i) {
    client.send(text("GET", "/api/v1/state", both));
    ASSERT_EQ(client.answer().status, 200);
  }
  client.send(text("GET", "/api/v1/state", both) + text("GET", "/api/v1/captures", both));
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(client.answer().status, 200);
  client.send(text("POST", "/api/v1/uploads", both, R"({"name":"a","size":4000000})"));
  const auto begun = api::parse_object(client.answer().body);
  const std::string id = api::text_member(*begun, "upload").value_or("");
  client.send(text("PUT", "/api/v1/uploads/" + id + "?offset=0", both + "Expect: 100-continue\r\n",
                   std::string(4'000'000, 'x')));
  HttpAnswer answer = client.answer();
  if (answer.status == 100) answer = client.answer();
  EXPECT_EQ(answer.body, R"({"received":4000000})");
}

TEST_F(ServerTest, AnExportIsFetchedOnceWithCookieAndTicket) {
  log_in();
  const auto job = api::parse_object(ask("POST", "/api/v1/captures/c1/exports", both, "{}").body);
  const std::string at = "/api/v1/jobs/" + api::text_member(*job, "job").value_or("");
  ASSERT_TRUE(fakes::soon(
      [&] { return ask("GET", at, both).body.find("\"done\",") != std::string::npos; }));
  const auto ticket = api::parse_object(ask("POST", at + "/ticket", both, "{}").body);
  const std::string link = at + "/file?ticket=" + api::text_member(*ticket, "ticket").value_or("");
  EXPECT_EQ(ask("GET", link, "").status, 401);
  const HttpAnswer file = ask("GET", link, cookie);
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body.size(), 600'000u);
  EXPECT_EQ(file.header("Content-Disposition"), "attachment; filename=\"fake__b_-export.pcapng\"");
  EXPECT_EQ(ask("GET", link, cookie).status, 403);
}

TEST_F(ServerTest, AnAskerWhoGoesAwayEndsTheSearch) {
  log_in();
  Client client(server->port());
  client.send(text("GET", "/api/v1/captures/c1/find?q=block", both));
  ASSERT_TRUE(fakes::soon([&] { return library.view->finds_running == 1; }));
  client.close();
  EXPECT_TRUE(fakes::soon([&] { return library.view->finds_cancelled == 1; }));
}

TEST_F(ServerTest, StopAnswersAtOnceWhileEverythingElseIsBusy) {
  log_in();
  std::vector<std::unique_ptr<Client>> busy;
  for (int i = 0; i < 10; ++i) {
    busy.push_back(open_stream());
    busy.back()->send_frame(
        R"({"op":"view","view":1,"capture":"c1","first":0,"count":60,"follow":true})");
  }
  library.view->block_rows = true;
  ++library.view->row_count;
  for (int i = 0; i < 20; ++i) {
    busy.push_back(std::make_unique<Client>(server->port()));
    busy.back()->send(text("GET", "/api/v1/captures/c1/find?q=block", both));
  }
  ASSERT_TRUE(fakes::soon([&] { return library.view->finds_running == 4; }));
  for (int i = 0; i < 5; ++i) {
    const double ms =
        ms_of([&] { EXPECT_EQ(ask("POST", "/api/v1/capture/stop", both, "{}").status, 200); });
    EXPECT_LT(ms, 200);
  }
  EXPECT_EQ(engine.stops, 5);
  library.view->block_rows = false;
  EXPECT_LT(ms_of([&] { server->stop(); }), 2000);
}

TEST_F(ServerTest, ASlowPageIsToldLessAndCostsNothing) {
  log_in();
  library.view->info_bytes = 500;
  const auto client = open_stream();
  client->send_frame(
      R"({"op":"view","view":1,"capture":"c1","first":0,"count":500,"follow":true})");
  // It reads nothing, so once the socket is full nothing more is fetched for it.
  library.view->row_count = 100'000;
  int before = -1;
  ASSERT_TRUE(fakes::soon(
      [&] {
        library.view->row_count += 500;
        const int now = library.view->rows_calls;
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        library.view->row_count += 500;
        const bool still = before == now && now == library.view->rows_calls;
        before = library.view->rows_calls;
        return still;
      },
      60));
  EXPECT_EQ(ask("GET", "/api/v1/state", both).status, 200);
}

TEST_F(ServerTest, ASlowHeaderIsCut) {
  Client slow(server->port());
  slow.send("GET / HTTP/1.1\r\n");
  const double ms = ms_of([&] {
    for (int i = 0; i < 40; ++i) {
      if (!slow.send("X: y\r\n")) break;
      if (slow.more(500)) continue;
    }
  });
  EXPECT_GT(ms, 5'000);
  EXPECT_LT(ms, 15'000);
  EXPECT_EQ(ask("GET", "/", "").status, 200);
}

TEST_F(ServerTest, ConnectionsAreBounded) {
  std::vector<std::unique_ptr<Client>> many;
  for (uint32_t i = 0; i < limits::kConnectionsMax + 20; ++i)
    many.push_back(std::make_unique<Client>(server->port()));
  EXPECT_FALSE(many.back()->more(2000));
  many.back()->send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  EXPECT_EQ(many.back()->answer(500).status, 0);
  many.clear();
  EXPECT_TRUE(fakes::soon([&] { return ask("GET", "/", "").status == 200; }));
}

}  // namespace
}  // namespace sp3ctra::serve
