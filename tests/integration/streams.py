#!/usr/bin/env python3
"""What needs more than one packet, through the program: streams, reassembly, fragments, matched answers."""
import struct
import sys

from made_capture import (ACK, PSH, Check, dns_answer, dns_name, dns_query, fields, handshake, ip,
                          need_program, pcap, tcp, udp, udp_bytes)

NAME = dns_name(b"www", b"example", b"org")


def numbers_and_windows(check):
    """Relative numbers, the scale of both sides, options, stream numbers kept for life."""
    scale = bytes([2, 4, 0x05, 0xB4, 1, 3, 3, 7])
    answer_scale = bytes([2, 4, 0x05, 0xB4, 1, 3, 3, 2])
    first = handshake(40000, client=scale, server=answer_scale, window=100)
    other = handshake(40001, seq=7, ack=9)
    capture = check.file("tcp.pcap", pcap(
        first + other + [tcp(1001, 5001, PSH | ACK, b"hello", window=100),
                         tcp(5001, 1006, ACK, window=300, back=True),
                         tcp(10, 10, ACK, sport=40001, window=50)]))
    rows = fields(capture, "tcp.stream", "tcp.seq", "tcp.ack", "tcp.window_size", "tcp.len")
    check.same("relative numbers, windows, streams", rows, [
        ["0", "0", "0", "1000", "0"], ["0", "0", "1", "1000", "0"], ["0", "1", "1", "12800", "0"],
        ["1", "0", "0", "1000", "0"], ["1", "0", "1", "1000", "0"], ["1", "1", "1", "1000", "0"],
        ["0", "1", "1", "12800", "5"], ["0", "1", "6", "1200", "0"], ["1", "3", "1", "50", "0"]])
    check.same("options", fields(capture, "tcp.options.mss_val", "tcp.options.wscale.shift")[:3],
               [["1460", "7"], ["1460", "2"], ["", ""]])
    again = check.file("again.pcap", pcap(handshake() + handshake(seq=90000)))
    check.same("the same ports again are another stream", fields(again, "tcp.stream"),
               [["0"]] * 3 + [["1"]] * 3)


def http_over_segments(check):
    """A request in two segments that arrive in the wrong order; an answer in three."""
    request = b"GET /page?x=1 HTTP/1.1\r\nHost: shop.example\r\nX-Long: " + b"y" * 30 + b"\r\n\r\n"
    body = b"<html>" + b"z" * 300
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    half, q, a = 25, 1001, 5001
    frames = handshake() + [
        tcp(q + half, a, PSH | ACK, request[half:]),
        tcp(q, a, ACK, request[:half]),
        tcp(a, q + len(request), ACK, answer[:100], back=True),
        tcp(a + 100, q + len(request), ACK, answer[100:200], back=True),
        tcp(a + 100, q + len(request), ACK, answer[100:200], back=True),  # sent again
        tcp(a + 200, q + len(request), PSH | ACK, answer[200:], back=True)]
    capture = check.file("http.pcap", pcap(frames))
    rows = fields(capture, "frame.number", "http.request.method", "http.host", "http.request.uri",
                  filter_text="http.request")
    check.same("the request, where its last missing part arrives", rows, [["5", "GET", "shop.example", "/page?x=1"]])
    rows = fields(capture, "frame.number", "http.response.code", "http.content_length", "http.request_in",
                  "tcp.segment.count", filter_text="http.response")
    check.same("the answer, once, with its request", rows, [["9", "200", str(len(body)), "5", "3"]])
    check.same("sent again is said", fields(capture, "frame.number", filter_text="tcp.analysis.retransmission"),
               [["8"]])
    lost = check.file("lost.pcap", pcap(handshake() + [
        tcp(q, a, PSH | ACK, request[:half]),
        tcp(a, q + len(request), ACK, back=True),
        tcp(q + len(request), a, PSH | ACK, request.replace(b"page", b"next")),
        tcp(a, q + 2 * len(request), ACK, back=True)]))
    check.same("bytes that were never captured are not glued over",
               fields(lost, "frame.number", "http.request.uri", filter_text="http.request"), [["6", "/next?x=1"]])


def dns_over_both(check):
    question, answer = dns_query(NAME), dns_answer(NAME, "192.0.2.7")
    capture = check.file("udp.pcap", pcap([udp(question, 5353 + 1, 53),
                                           ip(udp_bytes(answer, 53, 5354), 17, src="10.0.0.2", dst="10.0.0.1")]))
    check.same("over UDP, answer and question matched",
               fields(capture, "dns.qry.name", "dns.a", "dns.response_to"),
               [["www.example.org", "", ""], ["www.example.org", "192.0.2.7", "1"]])
    over = [struct.pack(">H", len(m)) + m for m in (question, answer)]
    capture = check.file("dnstcp.pcap", pcap(handshake(dport=53) + [
        tcp(1001, 5001, ACK, over[0][:1], dport=53), tcp(1002, 5001, PSH | ACK, over[0][1:], dport=53),
        tcp(5001, 1001 + len(over[0]), PSH | ACK, over[1], dport=53, back=True)]))
    check.same("over TCP, the length cut in two",
               fields(capture, "frame.number", "dns.qry.name", "dns.a", filter_text="dns.qry.name"),
               [["5", "www.example.org", ""], ["6", "www.example.org", "192.0.2.7"]])


def fragments(check):
    whole = udp_bytes(dns_query(dns_name(b"a" * 60, b"b" * 60, b"example")), 5354, 53)
    pieces = [ip(whole[at:at + 64], 17, ident=77, more=at + 64 < len(whole), offset=at)
              for at in range(0, len(whole), 64)]
    capture = check.file("pieces.pcap", pcap([pieces[1], pieces[0], pieces[2]]))
    rows = fields(capture, "frame.number", "ip.fragment.count", "udp.dstport", "dns.count.labels", filter_text="dns")
    check.same("IPv4 pieces in any order, read when the last has come", rows, [["3", "3", "53", "3"]])
    whole6 = bytearray(whole)
    frames = []
    for at in range(0, len(whole6), 64):
        part = bytes(whole6[at:at + 64])
        extension = struct.pack(">BBHI", 17, 0, at | (1 if at + 64 < len(whole6) else 0), 99)
        head = struct.pack(">IHBB", 0x60000000, 8 + len(part), 44, 64) + b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1"
        frames.append(bytes.fromhex("02000000000202000000000186dd") + head + b"\x20\x01\x0d\xb8" + b"\0" * 11 +
                      b"\2" + extension + part)
    capture = check.file("pieces6.pcap", pcap(frames))
    rows = fields(capture, "frame.number", "ipv6.fragment.count", "udp.dstport", filter_text="dns")
    check.same("IPv6 pieces", rows, [["3", "3", "53"]])


def main():
    need_program()
    check = Check()
    for part in (numbers_and_windows, http_over_segments, dns_over_both, fragments):
        part(check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
