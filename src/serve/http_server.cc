// All of Boost.Beast and Asio is in this file: it costs half a minute to compile, once.
#include <utility>  // before Asio: its coroutine header of 1.74 forgets it

// g++ 12 does not see that Asio's coroutine frames have a matching pair of new and delete.
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <set>
#include <thread>

#include "api/api.h"
#include "api/json.h"
#include "api/stream_session.h"
#include "base/limits.h"
#include "serve/answer.h"
#include "serve/gate.h"
#include "serve/lanes.h"
#include "serve/login_store.h"
#include "serve/server.h"

namespace sp3ctra::serve {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using net::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = http::request_parser<http::string_body>;
using namespace std::chrono_literals;

constexpr std::string_view kApi = "/api/v1";
constexpr auto kIdle = 60s;         // between two requests of a connection
constexpr auto kHeaderTime = 10s;   // for a whole header: a slow one is cut
constexpr auto kBodyTime = 60s;     // for a whole body of at most 8 MiB
constexpr auto kWriteTime = 60s;    // for one answer or one chunk of a file
constexpr auto kHelloTime = 5s;     // for the first message of a stream
constexpr auto kStreamTick = 50ms;  // StreamSession::kFollowNs
constexpr size_t kLoginBytesMax = 4096;
constexpr size_t kFileChunkBytes = 256 * 1024;

auto token(ErrorCode& ec) { return net::redirect_error(net::use_awaitable, ec); }

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

/// Counts what is open, for as long as it is.
class Counted {
 public:
  explicit Counted(uint32_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  uint32_t& count_;
};

/// One open WebSocket. Its reader and its writer are two coroutines of the one network thread.
struct Stream {
  Stream(beast::tcp_stream&& below, api::Api& api)
      : socket(std::move(below)), session(api), wake(socket.get_executor()) {}
  websocket::stream<beast::tcp_stream> socket;
  api::StreamSession session;
  net::steady_timer wake;
  bool known = false;  ///< the hello was right
  bool open = true;
};

class HttpServer final : public Server {
 public:
  HttpServer(Engine& engine, CaptureLibrary& library, api::Providers providers,
             std::unique_ptr<LoginStore> logins, const ServeOptions& options)
      : logins_(std::move(logins)),
        api_(engine, library, std::move(providers), options.data_dir),
        acceptor_(io_) {}
  ~HttpServer() override { stop(); }

  Status listen(const ServeOptions& options);
  void run() {
    net::co_spawn(io_, accept(), net::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  uint16_t port() const override { return port_; }
  std::string url() const override {
    return fmt::format("http://{}:{}/#token={}", shown_host_, port_, logins_->token());
  }
  void stop() override;

 private:
  using Task = std::function<void()>;
  using Cancel = std::shared_ptr<std::atomic<bool>>;
  enum class What { kRefused, kAsset, kLogin, kStream, kCall };
  struct Judged {
    What what = What::kRefused;
    bool is_api = false;
    api::Response refusal;
    size_t body_max = 0;
    api::Lane lane = api::Lane::kControl;
  };

  net::awaitable<void> accept();
  net::awaitable<void> connection(tcp::socket socket);
  net::awaitable<bool> exchange(beast::tcp_stream& stream, beast::flat_buffer& buffer);
  net::awaitable<bool> wait_for_request(beast::tcp_stream& stream, beast::flat_buffer& buffer);
  net::awaitable<bool> read_body(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                 Parser& parser);
  net::awaitable<bool> call(beast::tcp_stream& stream, beast::flat_buffer& buffer, Parser& parser);
  net::awaitable<bool> send(beast::tcp_stream& stream, Answer answer);
  net::awaitable<bool> send_file(beast::tcp_stream& stream, Answer& answer);
  net::awaitable<void> end_gently(beast::tcp_stream& stream);
  net::awaitable<void> stream(beast::tcp_stream& below, Parser& parser);
  net::awaitable<void> stream_writer(std::shared_ptr<Stream> stream);
  net::awaitable<bool> on_lane(api::Lane lane, Task work);
  net::awaitable<api::Response> handle(beast::tcp_stream& stream,
                                       std::shared_ptr<api::Request> request, api::Lane lane);

  Judged judge(const Parser& parser, api::Request& request) const;
  api::Response login(Parser& parser, std::string& more_headers);
  std::string_view cookie_of(const Parser& parser) const;
  Cancel new_cancel();
  void forget(const Cancel& cancel);

  std::unique_ptr<LoginStore> logins_;
  api::Api api_;
  Assets assets_;
  std::string shown_host_, cookie_name_;
  uint16_t port_ = 0;
  uint32_t connections_ = 0, streams_ = 0;  // network thread only
  std::mutex mutex_;
  bool stopping_ = false;     // guarded by mutex_, like cancels_
  std::set<Cancel> cancels_;  // of calls under way
  std::thread thread_;
  Lanes lanes_;
  net::io_context io_{1};  // last: what it destroys still uses the members above
  tcp::acceptor acceptor_;
};

// ---- life ----

Status HttpServer::listen(const ServeOptions& options) {
  const bool v6 = options.listen == "::1" || options.listen == "[::1]";
  shown_host_ = v6 ? "[::1]" : options.listen == "localhost" ? "127.0.0.1" : options.listen;
  ErrorCode ec;
  const auto address = net::ip::make_address(v6 ? "::1" : shown_host_, ec);
  if (ec) return fail("--listen {}: {}", options.listen, ec.message());
  // Only 127.0.0.1 is a name that the gate lets in; the rest of 127/8 would answer 403 to all.
  if (!v6 && shown_host_ != "127.0.0.1") return fail("--listen: use 127.0.0.1 or ::1");
  for (uint32_t i = 0; i < std::max<uint32_t>(options.ports_tried, 1); ++i) {
    const uint32_t port = options.port == 0 ? 0 : options.port + i;
    if (port > 65535) break;
    const tcp::endpoint endpoint(address, static_cast<uint16_t>(port));
    acceptor_.close(ec);
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(net::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(128, ec);
    if (ec == net::error::address_in_use || ec == net::error::access_denied) continue;
    if (ec) return fail("cannot listen on {}:{}: {}", options.listen, port, ec.message());
    port_ = acceptor_.local_endpoint(ec).port();
    cookie_name_ = cookie_name(port_);
    return {};
  }
  return fail("no free port from {} on: choose one with --listen {}:PORT", options.port,
              options.listen);
}

void HttpServer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Cancel& cancel : cancels_) *cancel = true;
  }
  io_.stop();
  if (thread_.joinable()) thread_.join();
  lanes_.stop();
  api_.exports.stop();
}

HttpServer::Cancel HttpServer::new_cancel() {
  auto cancel = std::make_shared<std::atomic<bool>>(false);
  const std::lock_guard lock(mutex_);
  *cancel = stopping_;
  cancels_.insert(cancel);
  return cancel;
}

void HttpServer::forget(const Cancel& cancel) {
  const std::lock_guard lock(mutex_);
  cancels_.erase(cancel);
}

net::awaitable<void> HttpServer::accept() {
  for (;;) {
    ErrorCode ec;
    tcp::socket socket = co_await acceptor_.async_accept(token(ec));
    if (ec) {
      // Out of descriptors: wait instead of spinning.
      net::steady_timer pause(io_, 100ms);
      co_await pause.async_wait(token(ec));
      continue;
    }
    if (connections_ >= limits::kConnectionsMax) continue;  // closes it
    socket.set_option(tcp::no_delay(true), ec);
    net::co_spawn(io_, connection(std::move(socket)), net::detached);
  }
}

/// Runs the work on a thread of the lane; false when too many wait there.
net::awaitable<bool> HttpServer::on_lane(api::Lane lane, Task work) {
  auto done = std::make_shared<net::steady_timer>(io_, net::steady_timer::time_point::max());
  // The wait below starts before the network thread can run what is posted to it here.
  const bool posted = lanes_.post(lane, [this, done, work = std::move(work)] {
    work();
    net::post(io_, [done] { done->cancel(); });
  });
  if (posted) {
    ErrorCode ec;
    co_await done->async_wait(token(ec));
  }
  co_return posted;
}

// ---- HTTP ----

net::awaitable<void> HttpServer::connection(tcp::socket socket) {
  const Counted counted(connections_);
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(256 * 1024);
  for (;;) {
    const bool more = co_await exchange(stream, buffer);
    if (!more) break;
  }
  stream.close();
}

net::awaitable<bool> HttpServer::wait_for_request(beast::tcp_stream& stream,
                                                  beast::flat_buffer& buffer) {
  if (buffer.size() != 0) co_return true;
  ErrorCode ec;
  stream.expires_after(kIdle);
  const size_t n = co_await stream.async_read_some(buffer.prepare(16 * 1024), token(ec));
  buffer.commit(n);
  co_return !ec;
}

/// One request and its answer; false when the connection is to end.
net::awaitable<bool> HttpServer::exchange(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
  const bool came = co_await wait_for_request(stream, buffer);
  if (!came) co_return false;
  Parser parser;
  parser.header_limit(limits::kHttpHeaderBytesMax);
  parser.body_limit(limits::kHttpBodyBytesMax);
  ErrorCode ec;
  stream.expires_after(kHeaderTime);
  co_await http::async_read_header(stream, buffer, parser, token(ec));
  if (ec) {
    if (ec == beast::error::timeout || ec == http::error::end_of_stream ||
        ec.category() != http::make_error_code(http::error::bad_method).category())
      co_return false;
    const int status = ec == http::error::body_limit     ? 413
                       : ec == http::error::header_limit ? 431
                                                         : 400;
    co_await send(stream, api_answer(api::refuse(status, "This is no request that can be read."),
                                     false, false));
    co_await end_gently(stream);
    co_return false;
  }
  const bool more = co_await call(stream, buffer, parser);
  co_return more;
}

net::awaitable<bool> HttpServer::read_body(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                           Parser& parser) {
  ErrorCode ec;
  stream.expires_after(kBodyTime);
  if (!parser.is_done() && parser.get()[http::field::expect] == "100-continue") {
    static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await net::async_write(stream, net::buffer(kGoOn.data(), kGoOn.size()), token(ec));
    if (ec) co_return false;
  }
  while (!parser.is_done()) {
    co_await http::async_read_some(stream, buffer, parser, token(ec));
    if (ec) co_return false;
  }
  co_return true;
}

std::string_view HttpServer::cookie_of(const Parser& parser) const {
  return cookie_value(view_of(parser.get()[http::field::cookie]), cookie_name_);
}

/// What a request is, by its header alone: nothing of its body is read before.
HttpServer::Judged HttpServer::judge(const Parser& parser, api::Request& request) const {
  const auto& head = parser.get();
  Judged out;
  request.method = view_of(head.method_string());
  const std::string_view target = view_of(head.target());
  out.is_api =
      target.starts_with(kApi) && (target.size() == kApi.size() || target[kApi.size()] == '/');
  const Knock knock{view_of(head[http::field::host]), view_of(head[http::field::origin]),
                    view_of(head["Sec-Fetch-Site"]), cookie_of(parser),
                    view_of(head["X-Sp3ctra-Secret"])};
  const auto refused = [&](int status, std::string_view words) {
    out.what = What::kRefused;
    out.refusal = api::refuse(status, words);
    return std::move(out);
  };
  if (head.count(http::field::host) > 1 || head.count(http::field::origin) > 1)
    return refused(400, "One Host and one Origin, please.");
  if (const auto words = why_foreign(knock, port_, out.is_api); !words.empty())
    return refused(403, words);
  if (!out.is_api) {
    out.what = What::kAsset;
  } else if (!api::set_target(request, target.substr(kApi.size()))) {
    return refused(400, "The address of this call cannot be read.");
  } else if (request.path == "/login" && request.method == "POST") {
    out.what = What::kLogin;
    out.body_max = kLoginBytesMax;
  } else {
    const bool is_stream = request.path == "/stream" && websocket::is_upgrade(head);
    const auto plan = api::Api::plan(request.method, request.path);
    const bool by_cookie = is_stream || (plan && plan->by_ticket);
    if (by_cookie ? !logins_->knows_cookie(knock.cookie)
                  : !logins_->knows(knock.cookie, knock.secret))
      return refused(401,
                     "Not logged in: open the address with its token again "
                     "(./run --url prints it).");
    if (is_stream && streams_ >= limits::kStreamsMax)
      return refused(503, "Too many pages are open: close one.");
    if (!is_stream && !plan) return refused(404, "There is no such call; docs/api.md lists them.");
    out.what = is_stream ? What::kStream : What::kCall;
    if (plan) out.lane = plan->lane;
    if (plan) out.body_max = plan->body_bytes_max;
  }
  if (const auto length = parser.content_length(); length && *length > out.body_max)
    return refused(413, fmt::format("The body of this call has at most {} bytes.", out.body_max));
  return out;
}

/// Gate and login, then the body, then the API or a file of the page.
net::awaitable<bool> HttpServer::call(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                      Parser& parser) {
  const auto& head = parser.get();
  auto request = std::make_shared<api::Request>();
  Judged judged = judge(parser, *request);
  const bool in_body = judged.is_api && head["X-Sp3ctra-Errors"] == "body";
  if (judged.what == What::kRefused) {
    const bool kept = parser.is_done() && head.keep_alive();
    const bool sent = co_await send(stream, api_answer(std::move(judged.refusal), kept, in_body));
    if (!kept) co_await end_gently(stream);
    co_return sent;
  }
  if (judged.what == What::kStream) {
    co_await this->stream(stream, parser);
    co_return false;
  }
  parser.body_limit(judged.body_max);
  const bool read = co_await read_body(stream, buffer, parser);
  if (!read) co_return false;
  const bool keep_alive = head.keep_alive();
  if (judged.what == What::kAsset) {
    const std::string_view target = view_of(head.target());
    Answer answer = assets_.answer(request->method, target.substr(0, target.find('?')),
                                   view_of(head[http::field::if_none_match]), keep_alive);
    const bool sent = co_await send(stream, std::move(answer));
    co_return sent;
  }
  std::string more_headers;
  api::Response response;
  if (judged.what == What::kLogin) {
    response = login(parser, more_headers);
  } else {
    request->body = std::move(parser.get().body());
    response = co_await handle(stream, request, judged.lane);
  }
  const bool sent =
      co_await send(stream, api_answer(std::move(response), keep_alive, in_body, more_headers));
  co_return sent;
}

api::Response HttpServer::login(Parser& parser, std::string& more_headers) {
  const auto body = api::parse_object(parser.get().body());
  const auto given = body ? api::text_member(*body, "token") : std::nullopt;
  if (!given) return api::refuse(400, "Say {\"token\": …}.");
  const auto fresh = logins_->login(*given, api::steady_ns());
  if (!fresh) {
    if (fresh.error() == LoginStore::Refusal::kTooOften) {
      more_headers = "Retry-After: 60\r\n";
      return api::refuse(429, "Too many wrong tokens: wait a minute.");
    }
    return api::refuse(401,
                       "This token is not of this program: ./run --url prints the address "
                       "with the right one.");
  }
  more_headers = fmt::format(
      "Set-Cookie: {}={}; Path=/; HttpOnly; SameSite=Strict; "
      "Max-Age=31536000\r\n",
      cookie_name_, fresh->cookie);
  return {.body = api::dump({{"secret", fresh->secret}})};
}

net::awaitable<api::Response> HttpServer::handle(beast::tcp_stream& stream,
                                                 std::shared_ptr<api::Request> request,
                                                 api::Lane lane) {
  const Cancel cancel = new_cancel();
  request->cancelled = cancel.get();
  // Watches for an asker that goes away; `socket` is taken back before the stream can go.
  struct Watch {
    tcp::socket* socket;
    Cancel cancel;
  };
  auto watch = std::make_shared<Watch>(Watch{&stream.socket(), cancel});
  stream.expires_never();
  if (lane == api::Lane::kLong)
    stream.socket().async_wait(tcp::socket::wait_read, [watch](ErrorCode ec) {
      ErrorCode ignored;
      if (!ec && watch->socket != nullptr && watch->socket->available(ignored) == 0)
        *watch->cancel = true;
    });
  auto response = std::make_shared<api::Response>();
  Task work = [this, request, response, cancel] { *response = api_.handle(*request); };
  const bool ran = co_await on_lane(lane, std::move(work));
  watch->socket = nullptr;
  ErrorCode ec;
  if (lane == api::Lane::kLong) stream.socket().cancel(ec);
  forget(cancel);
  if (!ran) *response = api::refuse(503, "Too much is being asked at once: try again.");
  co_return std::move(*response);
}

net::awaitable<bool> HttpServer::send(beast::tcp_stream& stream, Answer answer) {
  ErrorCode ec;
  stream.expires_after(kWriteTime);
  const std::string_view body = answer.text.empty() ? answer.packed : answer.text;
  const std::array<net::const_buffer, 2> parts = {net::buffer(answer.head),
                                                  net::const_buffer(body.data(), body.size())};
  co_await net::async_write(stream, parts, token(ec));
  bool good = !ec;
  if (good && answer.file) good = co_await send_file(stream, answer);
  co_return good&& answer.keep_alive;
}

net::awaitable<bool> HttpServer::send_file(beast::tcp_stream& stream, Answer& answer) {
  uint64_t offset = 0;
  while (offset < answer.file_bytes) {
    auto chunk = std::make_shared<std::string>();
    const auto size =
        static_cast<size_t>(std::min<uint64_t>(kFileChunkBytes, answer.file_bytes - offset));
    Task work = [chunk, offset, size, file = answer.file] {
      if (auto read = file->read_at(offset, size)) *chunk = std::move(*read);
    };
    const bool ran = co_await on_lane(api::Lane::kRead, std::move(work));
    if (!ran || chunk->empty()) co_return false;
    ErrorCode ec;
    stream.expires_after(kWriteTime);
    co_await net::async_write(stream, net::buffer(*chunk), token(ec));
    if (ec) co_return false;
    offset += chunk->size();
  }
  co_return true;
}

/// Lets an answer arrive that left before the request was read: closing at once would reset it
/// away.
net::awaitable<void> HttpServer::end_gently(beast::tcp_stream& stream) {
  ErrorCode ec;
  stream.socket().shutdown(tcp::socket::shutdown_send, ec);
  std::array<char, 16 * 1024> rest;
  stream.expires_after(1s);
  for (int i = 0; i < 1024 && !ec; ++i)
    co_await stream.async_read_some(net::buffer(rest), token(ec));
}

// ---- WebSocket ----

net::awaitable<void> HttpServer::stream(beast::tcp_stream& below, Parser& parser) {
  const Counted counted(streams_);
  const std::string cookie(cookie_of(parser));
  below.expires_never();
  auto stream = std::make_shared<Stream>(std::move(below), api_);
  stream->socket.set_option(websocket::stream_base::timeout{10s, 60s, true});
  stream->socket.read_message_max(limits::kStreamMessageBytesMax);
  stream->socket.auto_fragment(false);
  ErrorCode ec;
  co_await stream->socket.async_accept(parser.get(), token(ec));
  if (ec) co_return;
  net::co_spawn(io_, stream_writer(stream), net::detached);
  beast::flat_buffer buffer(limits::kStreamMessageBytesMax + 1024);
  while (!ec) {
    buffer.clear();
    co_await stream->socket.async_read(buffer, token(ec));
    if (ec) break;
    const auto data = buffer.cdata();
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    bool good = stream->socket.got_text();
    if (good && !stream->known) {
      const auto secret = api::hello_secret(text);
      good = secret && logins_->knows(cookie, *secret);
      stream->known = good;
    } else if (good) {
      good = stream->session.take(text);
    }
    if (!good) {
      websocket::close_reason why(websocket::close_code::policy_error);
      co_await stream->socket.async_close(why, token(ec));
      break;
    }
    stream->wake.cancel();
  }
  stream->open = false;
  stream->wake.cancel();
}

net::awaitable<void> HttpServer::stream_writer(std::shared_ptr<Stream> stream) {
  const auto deadline = std::chrono::steady_clock::now() + kHelloTime;
  ErrorCode ec;
  while (stream->open) {
    if (!stream->known || !stream->session.waiting()) {
      stream->wake.expires_after(kStreamTick);
      co_await stream->wake.async_wait(token(ec));
      if (!stream->open) break;
    }
    if (!stream->known) {
      if (std::chrono::steady_clock::now() < deadline) continue;
      beast::get_lowest_layer(stream->socket).close();
      break;
    }
    auto messages = std::make_shared<std::vector<api::StreamMessage>>();
    Task work = [stream, messages] { *messages = stream->session.due(api::steady_ns()); };
    const bool ran = co_await on_lane(api::Lane::kRead, std::move(work));
    if (!ran) {
      net::steady_timer pause(io_, kStreamTick);
      co_await pause.async_wait(token(ec));
      continue;
    }
    for (const api::StreamMessage& message : *messages) {
      if (!stream->open) break;
      stream->socket.binary(message.binary);
      co_await stream->socket.async_write(net::buffer(message.bytes), token(ec));
      if (ec) co_return;
    }
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServeOptions& options, Engine& engine,
                                              CaptureLibrary& library, api::Providers providers) {
  if (!is_loopback(options.listen))
    return fail(
        "sp3ctra listens on this machine only, not on {}. From another machine: ssh -L "
        "{}:127.0.0.1:{} THIS-MACHINE, then open http://127.0.0.1:{}",
        options.listen, options.port, options.port, options.port);
  auto logins = LoginStore::open(options.data_dir);
  if (!logins) return tl::unexpected(std::move(logins.error()).in("cannot keep logins"));
  auto server = std::make_unique<HttpServer>(engine, library, std::move(providers),
                                             std::move(*logins), options);
  TRY(server->listen(options));
  server->run();
  return server;
}

}  // namespace sp3ctra::serve
