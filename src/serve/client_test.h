#pragma once
// A browser's part for the tests, on a bare socket: nothing of the server's library, so that a
// mistake cannot hide on both sides.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

namespace sp3ctra::fakes {

struct HttpAnswer {
  int status = 0;  ///< 0 = the connection ended without one
  std::string head, body;
  std::string header(std::string_view name) const {
    const size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  /// Reads more into the buffer; false at the end, an error or after the wait.
  bool more(int wait_ms = 5000) {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, wait_ms) <= 0) return false;
    char piece[65536];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
    if (n <= 0) return false;
    buffer_.append(piece, static_cast<size_t>(n));
    return true;
  }
  HttpAnswer answer(int wait_ms = 5000) {
    HttpAnswer out;
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more(wait_ms)) return out;
    out.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    out.status = std::stoi(out.head.substr(9, 3));
    const std::string length = out.header("Content-Length");
    const size_t size = length.empty() || out.status == 304 ? 0 : std::stoul(length);
    while (buffer_.size() < size)
      if (!more(wait_ms)) break;
    out.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }
  /// One frame of a WebSocket: masked, as a browser's.
  bool send_frame(std::string_view text, uint8_t opcode = 1) {
    std::string out{static_cast<char>(0x80 | opcode)};
    if (text.size() < 126) {
      out += static_cast<char>(0x80 | text.size());
    } else {
      out += static_cast<char>(0x80 | 126);
      out += static_cast<char>(text.size() >> 8);
      out += static_cast<char>(text.size() & 255);
    }
    const char mask[] = {1, 2, 3, 4};
    out.append(mask, 4);
    for (size_t i = 0; i < text.size(); ++i) out += static_cast<char>(text[i] ^ mask[i % 4]);
    return send(out);
  }
  struct Frame {
    int opcode = -1;  ///< -1 = the connection ended
    std::string bytes;
  };
  Frame frame(int wait_ms = 5000) {
    const auto need = [&](size_t n) {
      while (buffer_.size() < n)
        if (!more(wait_ms)) return false;
      return true;
    };
    if (!need(2)) return {};
    Frame out;
    out.opcode = buffer_[0] & 15;
    uint64_t size = static_cast<uint8_t>(buffer_[1]) & 127;
    size_t at = 2;
    const int wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (!need(at + static_cast<size_t>(wide))) return {};
    if (wide != 0) size = 0;
    for (int i = 0; i < wide; ++i) size = size << 8 | static_cast<uint8_t>(buffer_[at++]);
    if (!need(at + size)) return {};
    out.bytes = buffer_.substr(at, size);
    buffer_.erase(0, at + size);
    return out;
  }

 private:
  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace sp3ctra::fakes
