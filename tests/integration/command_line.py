#!/usr/bin/env python3
"""The contract of the command line: what `read`, `explain`, `fields` and `bench` print, exit codes, errors with a
way out, and that no text output obeys a packet."""
import csv
import io
import json
import re
import struct
import sys

from made_capture import (ACK, PSH, Check, dns_answer, dns_name, dns_query, fields, handshake, ip, need_program, pcap,
                          sp3ctra, tcp, udp, udp_bytes)

NAME = dns_name(b"www", b"example", b"org")


def plain_capture():
    """Question, answer, a handshake, a request: six packets."""
    request = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    return [udp(dns_query(NAME), 5354, 53),
            ip(udp_bytes(dns_answer(NAME, "192.0.2.7"), 53, 5354), 17, src="10.0.0.2", dst="10.0.0.1"),
            *handshake(), tcp(1001, 5001, PSH | ACK, request)]


def formats(check, path):
    code, out, _ = sp3ctra("read", path)
    lines = out.split("\n")
    check.same("text: one line a packet", (code, len(lines)), (0, 7))
    check.that("text: number, time, ends, protocol, length, words", re.fullmatch(
        r" +1 22:13:20\.000000 10\.0\.0\.1:5354 → 10\.0\.0\.2:53 DNS 75 asks: where is www\.example\.org\?",
        lines[0]), lines[0])
    code, out, _ = sp3ctra("read", path, "-o", "tsv", "-e", "frame.number", "-e", "ip.src", "-e", "dns.a")
    check.same("tsv: no header, empty cells stay", (code, out.split("\n")[:3]),
               (0, ["1\t10.0.0.1\t", "2\t10.0.0.2\t192.0.2.7", "3\t10.0.0.1\t"]))
    check.same("-e alone prints tab-separated", sp3ctra("read", path, "-e", "ip.src", "-e", "ip.dst", "-c", "1")[1],
               "10.0.0.1\t10.0.0.2\n")
    code, out, _ = sp3ctra("read", path, "-o", "csv", "-e", "frame.number", "-e", "ip.addr", "-e", "dns.a")
    rows = list(csv.reader(io.StringIO(out, newline="")))
    check.same("csv: header, then RFC 4180", (code, rows[:3]),
               (0, [["frame.number", "ip.addr", "dns.a"], ["1", "10.0.0.1,10.0.0.2", ""],
                    ["2", "10.0.0.2,10.0.0.1", "192.0.2.7"]]))
    check.that("csv: lines end with CR LF", out.endswith("\r\n") and out.count("\r\n") == 7, out)
    code, out, _ = sp3ctra("read", path, "-o", "jsonl", "-e", "dns.qry.name")
    objects = [json.loads(line) for line in out.split("\n")[:-1]]
    check.same("jsonl: keys in their order", list(objects[0]),
               ["ts", "number", "interface", "len", "caplen", "src", "dst", "src_port", "dst_port", "protocol", "info",
                "fields"])
    check.same("jsonl: values", (len(objects), objects[0]["ts"], objects[0]["fields"]),
               (6, "2023-11-14T22:13:20.000000000Z", {"dns.qry.name": ["www.example.org"]}))
    code, out, _ = sp3ctra("read", path, "-o", "tree", "-c", "1")
    check.that("tree: every field with its name", code == 0 and all(
        f"[{name}]" in out for name in ("eth.dst", "ip.ttl", "udp.dstport", "dns.qry.name")), out)


def choices(check, path):
    check.same("-Y shows what matches", fields(path, "frame.number", filter_text="dns && udp.srcport == 53"), [["2"]])
    check.same("-Y and --count", sp3ctra("read", path, "-Y", "tcp", "--count")[:2], (0, "4\n"))
    check.same("-c counts what is shown", sp3ctra("read", path, "-Y", "tcp", "-c", "2", "-e", "frame.number")[1],
               "3\n4\n")
    code, out, _ = sp3ctra("read", path, "--stats", "-Y", "tcp")
    stats = dict(line.split(" ", 1) for line in out.split("\n")[:-1])
    check.same("--stats", (code, stats.get("packets"), stats.get("shown"), stats.get("first"), stats.get("last")),
               (0, "6", "4", "2023-11-14T22:13:20.000000000Z", "2023-11-14T22:13:20.005000000Z"))
    copy = check.path("copy.pcapng")
    check.same("-w prints nothing", sp3ctra("read", path, "-Y", "tcp", "-w", copy)[:2], (0, ""))
    names = ("frame.time_epoch", "frame.len", "tcp.seq_raw", "http.host")
    check.same("-w writes what was shown", fields(copy, *names), fields(path, *names, filter_text="tcp"))
    code, out, _ = sp3ctra("read", path, "-Y", "dns", "-w", "-")
    check.same("-w - is standard output", (code, out[:4]), (0, "\n\r\r\n"))
    with open(path, "rb") as f:
        content = f.read()
    check.same("- is standard input", sp3ctra("read", "-", "--count", stdin=content)[:2], (0, "6\n"))
    later = check.file("later.pcap", pcap([udp(b"x", 1, 2)] * 2, first_s=1_699_999_999))
    check.same("several files, merged by time", sp3ctra("read", path, later, "-e", "udp.srcport", "-c", "3")[1],
               "1\n1\n5354\n")
    code, out, errors = sp3ctra("read", check.file("cut.pcap", content[:-5]), "--count")
    check.same("cut short: what is there, then exit 1", (code, out), (1, "5\n"))
    check.that("cut short: byte and reason", re.search(r"cut short at byte \d+: .*; the 5 packets before it were read",
                                                       errors), errors)


def errors_and_codes(check, path):
    def wrong(title, code, *arguments, says=()):
        seen, out, errors = sp3ctra(*arguments)
        check.that(title, seen == code and out == "" and all(s in errors for s in says), (seen, out, errors))
    wrong("unknown option", 2, "read", path, "--nonsense", says=["--nonsense"])
    wrong("a missing file name", 2, "read", says=["FILE"])
    wrong("unknown format names the known ones", 2, "read", path, "-o", "xml", says=["text, tsv, jsonl, csv or tree"])
    wrong("tsv without fields says what to add", 2, "read", path, "-o", "tsv", says=["add -e FIELD"])
    wrong("unknown field names its neighbour", 2, "read", path, "-e", "ip.scr", says=["did you mean ip.src?"])
    wrong("a filter's error stands below its place", 2, "read", path, "-Y", "tcp && ip.src = = 3",
          says=["-Y: ", "\n  tcp && ip.src = = 3\n" + " " * 16 + "^\n"])
    wrong("a file that is not there", 1, "read", check.path("none.pcap"), says=["none.pcap", "No such file"])
    wrong("a file that is no capture", 1, "read", __file__, says=["not a pcap", "capture"])
    wrong("a packet that is not there", 1, "explain", path, "--packet", "7", says=["packet 7 does not exist", "has 6"])
    wrong("no such field prefix", 1, "fields", "nonsense.", says=["no field starts with 'nonsense.'"])
    wrong("another address than loopback", 1, "serve", "--listen", "192.0.2.1", "--data", check.path("d"),
          "--no-browser", says=["ssh -L"])
    check.same("--help", (sp3ctra("--help")[0], sp3ctra("read", "--help")[0]), (0, 0))
    code, out, _ = sp3ctra("--version")
    check.that("--version", code == 0 and re.match(r"sp3ctra \d+\.\d+\.\d+\ncommit (\w{40}(, changed)?|unknown)\n", out),
               out)
    code, out, _ = sp3ctra("fields", "dns.qry.")
    check.that("fields: name, label, words", code == 0 and re.search(r"^dns\.qry\.name +\w", out, re.M), out)
    code, out, _ = sp3ctra("explain", path, "--packet", "2")
    check.that("explain: words and evidence", code == 0 and "www.example.org" in out and "#1" in out, out)


def bench(check, path):
    code, out, _ = sp3ctra("bench", path)
    check.same("bench ends well", code, 0)
    for stage in ("read", r"read \+ shard", r"read \+ shard \+ dissect", "whole pipeline, 1 worker"):
        check.that(f"bench prints ns/packet of {stage}", re.search(
            rf"^{stage} +\d+\.\d ns/packet +\d+\.\d+ M packets/s$", out, re.M), out)
    check.that("bench: start-up apart", re.search(r"^start-up +\d+\.\d+ ms$", out, re.M), out)
    digest = re.search(r"^packets 6\nevents (\d+)\nflows_evicted 0\ndigest index (\w{16}) events (\w{16})$", out, re.M)
    if not check.that("bench: counts and a digest", digest and int(digest[1]) > 0, out):
        return
    for workers in ("1", "3"):
        again = sp3ctra("bench", path, "--digest", "--workers", workers)[1]
        check.same(f"the digest alone, {workers} workers", again, digest[0] + "\n")
    changed = plain_capture()
    changed[0] = udp(dns_query(NAME, ident=0x4321), 5355, 53)
    other = sp3ctra("bench", check.file("other.pcap", pcap(changed)), "--digest")[1]
    parts = re.search(r"index (\w{16}) events (\w{16})", other)
    check.that("another capture, another digest of flows and of events",
               parts and parts[1] != digest[2] and parts[2] != digest[3], other)


# Escape sequences (CSI, OSC), bell, backspace, delete, C1 controls, marks that turn text around, bytes that are no UTF-8.
HOSTILE = b"a\x1b[31m\x1b]0;pwn\x07\x08\x7f\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xff\x9b\r\nz"


def hostile_capture():
    label = HOSTILE[:60]
    name = dns_name(label, b"org")
    option = lambda code, value: bytes([code, len(value)]) + value
    dhcp = (b"\1\1\6\0ABCD" + b"\0" * 20 + b"\2\0\0\0\0\1" + b"\0" * 10 + HOSTILE[:60].ljust(64, b"\0") + b"\0" * 128 +
            b"\x63\x82\x53\x63" + option(53, b"\1") + option(12, HOSTILE) + option(60, HOSTILE) + b"\xff")
    line = HOSTILE.replace(b"\r\n", b"")
    request = (b"GET /" + line + b" HTTP/1.1\r\nHost: " + line + b"\r\nUser-Agent: " + line + b"\r\n" + line +
               b": x\r\nAuthorization: Basic GzMxbQ==\r\n\r\n")
    server = struct.pack(">HBH", len(line) + 3, 0, len(line)) + line
    extensions = struct.pack(">HH", 0, len(server)) + server
    alpn = struct.pack(">HB", len(line) + 1, len(line)) + line
    extensions += struct.pack(">HH", 16, len(alpn)) + alpn
    hello = (b"\3\3" + b"r" * 32 + b"\0" + b"\0\2\x13\1" + b"\1\0" + struct.pack(">H", len(extensions)) + extensions)
    record = b"\x16\3\1" + struct.pack(">HB", len(hello) + 4, 1) + struct.pack(">I", len(hello))[1:] + hello
    return [udp(dns_query(name), 5354, 53),
            ip(udp_bytes(dns_answer(name, "192.0.2.7"), 53, 5354), 17, src="10.0.0.2", dst="10.0.0.1"),
            udp(dhcp, 68, 67), *handshake(), tcp(1001, 5001, PSH | ACK, request),
            *handshake(sport=40001, dport=443), tcp(1001, 5001, PSH | ACK, record, sport=40001, dport=443),
            udp(HOSTILE, 1000, 2000)]


UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")


def obedient(check, title, text, allowed=""):
    """Nothing in the text but what a terminal draws; line ends and what the format itself writes are fine."""
    found = sorted(set(UNSAFE.findall(text)) - set(allowed))
    check.that(f"{title}: nothing that a terminal obeys", not found and text != "", [ascii(c) for c in found])


def escaping(check):
    path = check.file("hostile.pcap", pcap(hostile_capture()))
    names = ["dns.qry.name", "dhcp.option.hostname", "dhcp.option.vendor_class_id", "dhcp.server", "http.host",
             "http.user_agent", "http.request.uri", "http.request.line", "http.authbasic",
             "tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str"]
    words = [word for name in names for word in ("-e", name)]
    for kind, extra in (("text", []), ("tree", []), ("jsonl", words), ("tsv", words), ("csv", words)):
        code, out, errors = sp3ctra("read", path, "-o", kind, *extra)
        check.same(f"{kind} of a hostile capture ends well", (code, errors), (0, ""))
        obedient(check, kind, out, {"tsv": "\t", "csv": "\r"}.get(kind, ""))
        check.that(f"{kind} shows what was there", "\\x1b" in out, out[:500])
    rows = fields(path, *names)
    for k, name in enumerate(names):
        check.that(f"{name} is there, escaped", any("\\x1b" in row[k] for row in rows if k < len(row)), rows)
    for packet in range(1, len(hostile_capture()) + 1):
        code, out, errors = sp3ctra("explain", path, "--packet", str(packet))
        obedient(check, f"explain {packet}", out + errors)
    _, _, errors = sp3ctra("read", check.path("\x1b]0;pwn\x07.pcap"))
    obedient(check, "a file's name in an error", errors)
    _, _, errors = sp3ctra("read", path, "-Y", "dns.qry.name == \x1b[31m")
    obedient(check, "a filter in an error", errors)


def main():
    need_program()
    check = Check()
    path = check.file("plain.pcap", pcap(plain_capture()))
    formats(check, path)
    choices(check, path)
    errors_and_codes(check, path)
    bench(check, path)
    escaping(check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
