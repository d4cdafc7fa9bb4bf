#!/usr/bin/env python3
"""The contract of `sp3ctra alerts`: its three outputs over the demo capture, lists, exit codes, and that no output
obeys a packet."""
import json
import os
import re
import sys

from made_capture import (ACK, PSH, ROOT, SYN, Check, dns_name, dns_query, ip, need_program, pcap, sp3ctra, tcp, udp,
                          udp_bytes)

DEMO = os.path.join(ROOT, "packaging/demo.pcapng")
KEYS = ["ts", "id", "signature", "category", "severity", "confidence", "basis", "technique", "src", "dst", "ports",
        "summary", "packets", "title", "saw", "why", "harmless", "advice"]


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def outputs(check):
    code, out, _ = sp3ctra("alerts", DEMO, "-o", "jsonl")
    found = objects(out)
    check.same("jsonl: the demo's scan", (code, [(a["signature"], a["src"], a["dst"]) for a in found]),
               (0, [("port_scan", "192.168.1.66", "192.168.1.20")]))
    check.same("jsonl: keys in their order", [list(a) for a in found], [KEYS])
    check.same("jsonl: numbered", [a["id"] for a in found], [1])
    numbers = found[0]["packets"] if found else []
    seen = {row.split("\t")[0] for row in sp3ctra("read", DEMO, "-o", "tsv", "-e", "frame.number", "-Y",
                                                  "ip.addr == 192.168.1.66 && ip.addr == 192.168.1.20")[1].split("\n")}
    check.that("jsonl: the packets are those of the scan", numbers and {str(n) for n in numbers} <= seen, numbers)
    code, out, _ = sp3ctra("alerts", DEMO, "-o", "eve")
    eve = objects(out)
    check.same("eve: one alert of the same number", (code, [(e["event_type"], e["alert"]["signature_id"], e["src_ip"],
                                                             e["proto"]) for e in eve]),
               (0, [("alert", 1002, "192.168.1.66", "TCP")]))
    code, out, _ = sp3ctra("alerts", DEMO)
    check.same("text ends well", code, 0)
    for part in ("Port scan of one machine", "192.168.1.66 tried", "packets: #", "why it matters:", "harmless if:",
                 "what to do:", "T1046", "1 alert in 2995 packets"):
        check.that(f"text: {part}", part in out, out)
    check.same("any number of workers", sp3ctra("alerts", DEMO, "-o", "jsonl", "--workers", "3")[1],
               sp3ctra("alerts", DEMO, "-o", "jsonl", "--workers", "1")[1])


def lists(check):
    folder = check.path("intel")
    os.makedirs(os.path.join(folder, "good"))
    with open(os.path.join(folder, "bad.txt"), "w", encoding="utf-8") as f:
        f.write("# listed\n203.0.113.0/24\nshop.example\n0.0.0.0 www.news.example\nnonsense here\n192.168.0.0/16\n")
    code, out, errors = sp3ctra("alerts", DEMO, "-o", "jsonl", "--intel", folder)
    found = {(a["signature"], a["summary"].split(", which")[0]) for a in objects(out)}
    check.same("lists end well", code, 0)
    for kind, words in (("known_bad_address", "192.168.1.50 contacted 203.0.113.10"),
                        ("known_bad_domain", "192.168.1.50 looked up shop.example"),
                        ("known_bad_domain", "192.168.1.50 looked up www.news.example")):
        check.that(f"listed: {words}", (kind, words) in found, sorted(found))
    check.that("not listed: news.example itself", not any(w.endswith(" news.example") for _, w in found), sorted(found))
    check.that("lines that are no entry, and those left out, are told",
               "1 lines were not understood" in errors and "1 entries are private" in errors, errors)
    with open(os.path.join(folder, "good", "ours"), "w", encoding="utf-8") as f:
        f.write("203.0.113.0/24\nexample.invalid\nshop.example\nwww.news.example\n")
    _, out, _ = sp3ctra("alerts", DEMO, "-o", "jsonl", "--intel", folder)
    check.same("known-good wins", [a["signature"] for a in objects(out)], ["port_scan"])


def codes(check):
    check.same("no such file", sp3ctra("alerts", check.path("none.pcap"))[0], 1)
    check.same("no such folder of lists", sp3ctra("alerts", DEMO, "--intel", check.path("none"))[0], 1)
    check.same("no such output", sp3ctra("alerts", DEMO, "-o", "xml")[0], 2)
    check.same("no file", sp3ctra("alerts")[0], 2)
    with open(DEMO, "rb") as f:
        whole = f.read()
    check.same("from standard input", len(objects(sp3ctra("alerts", "-", "-o", "jsonl", stdin=whole)[1])), 1)
    code, out, errors = sp3ctra("alerts", check.file("cut.pcapng", whole[:-7]), "-o", "jsonl")
    check.that("a cut file: what was found, and that it is cut", code == 1 and len(objects(out)) == 1 and
               "packets before it were read" in errors, (code, errors))


def obedience(check):
    folder = check.path("hostile")
    os.makedirs(folder)
    with open(os.path.join(folder, "bad\x1b[31m.txt"), "w", encoding="utf-8") as f:
        f.write("bad.example\n")
    name = dns_name(b"\x1b]0;pwn\x07", b"bad", b"example")
    login = b"GET / HTTP/1.1\r\nHost: a\x1b[2Jb\r\nAuthorization: Basic G1szMW06eA==\r\n\r\n"  # user ESC [31m
    path = check.file("hostile.pcap", pcap([
        udp(dns_query(name), 5354, 53), tcp(1000, 0, SYN), tcp(5000, 1001, SYN | ACK, back=True),
        tcp(1001, 5001, PSH | ACK, login), ip(udp_bytes(b"x", 1, 2), 17)]))
    for form in ("text", "jsonl", "eve"):
        _, out, errors = sp3ctra("alerts", path, "-o", form, "--intel", folder)
        check.that(f"{form}: no control character", not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + errors),
                   out + errors)
        check.that(f"{form}: both were found", "bad.example" in out and out.count("\n") >= 2, out)


def main():
    need_program()
    check = Check()
    outputs(check)
    lists(check)
    codes(check)
    obedience(check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
