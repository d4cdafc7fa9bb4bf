#!/usr/bin/env python3
"""The flood and the scans that people really use, recorded in two network namespaces, must raise their alerts;
an ordinary visit must raise none. Nothing leaves the namespaces; every program there is bounded in time."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("SP3CTRA_PROGRAM", os.path.join(ROOT, "build/release/sp3ctra"))
if not os.access(PROGRAM, os.X_OK):
    PROGRAM = os.path.join(ROOT, "build/dev/sp3ctra")
FROM, TO = "10.88.0.66", "10.88.0.20"
FROM6, TO6 = "fd00:88::66", "fd00:88::20"
SERVER = """
import http.server, socketserver
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
Server(("", 80), Page).serve_forever()
"""
passed, failed = 0, 0


def leave(why):
    print(f"SKIP: alerts in namespaces: {why}")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def check(name, fine, what):
    global passed, failed
    if fine:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {what}")


class Lab:
    """Two namespaces with one wire between them."""

    def __init__(self):
        self.there, self.here = f"s3a{os.getpid()}-a", f"s3a{os.getpid()}-b"
        self.folder = tempfile.mkdtemp()
        self.children = []

    def ip(self, *words):
        return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20)

    def begin(self):
        for space in (self.there, self.here):
            if self.ip("netns", "add", space).returncode:
                return False
            self.ip("-n", space, "link", "set", "lo", "up")
            subprocess.run(["ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0",
                            "net.ipv6.icmp.ratelimit=0", "net.ipv6.conf.all.accept_dad=0",
                            "net.ipv6.conf.default.accept_dad=0"], capture_output=True, timeout=20)
        self.ip("-n", self.there, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", self.here)
        for space, four, six in ((self.there, FROM, FROM6), (self.here, TO, TO6)):
            self.ip("-n", space, "address", "add", f"{four}/24", "dev", "wire")
            self.ip("-n", space, "address", "add", f"{six}/64", "dev", "wire", "nodad")
            self.ip("-n", space, "link", "set", "wire", "up")
        # Answers to invented addresses go back over the wire and end there.
        self.ip("-n", self.here, "route", "add", "default", "via", FROM)
        self.behind(self.here, [sys.executable, "-c", SERVER])
        time.sleep(1)
        return True

    def behind(self, space, command):
        child = subprocess.Popen(["ip", "netns", "exec", space, *command], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        return child

    def record(self, name, command, seconds):
        """Runs `command` at the one end while the other records; the path of the capture."""
        path = os.path.join(self.folder, name + ".pcap")
        recorder = self.behind(self.here, ["tcpdump", "-i", "wire", "-n", "-s", "128", "-B", "32768", "-w", path])
        while not os.path.exists(path):
            time.sleep(0.1)
        time.sleep(0.5)
        done = subprocess.run(["ip", "netns", "exec", self.there, "timeout", "-s", "INT", str(seconds), *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 20)
        self.said = done.stdout + done.stderr
        time.sleep(0.5)
        recorder.terminate()
        recorder.wait(20)
        return path

    def end(self):
        for child in self.children:
            child.kill()
        for space in (self.there, self.here):
            self.ip("netns", "del", space)
        shutil.rmtree(self.folder, ignore_errors=True)


def alerts(path):
    done = subprocess.run([PROGRAM, "alerts", "-o", "jsonl", path], capture_output=True, text=True, timeout=300)
    if done.returncode:
        return [{"signature": done.stderr}]
    return [json.loads(line) for line in done.stdout.splitlines()]


def first_time(path):
    done = subprocess.run([PROGRAM, "read", path, "-c", "1", "-Y", "tcp.flags.syn == 1", "-o", "tsv", "-e",
                           "frame.time_epoch"], capture_output=True, text=True, timeout=300)
    return float(done.stdout.split()[0])


def seconds_of(ts):
    whole, fraction = ts[:-1].split(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float("0." + fraction)


def flood(lab):
    for name, more in (("invented", ["--rand-source"]), ("one source", [])):
        path = lab.record("flood", ["hping3", "--flood", *more, "-S", "-p", "80", TO], 2)
        found = alerts(path)
        kinds = [a["signature"] for a in found]
        check(f"flood, {name}: told once", kinds == ["syn_flood"], f"{kinds} {lab.said[-300:]}")
        if kinds != ["syn_flood"]:
            continue
        after = seconds_of(found[0]["ts"]) - first_time(path)
        check(f"flood, {name}: within 2 s", 0 <= after < 2, after)
        check(f"flood, {name}: target", (found[0]["dst"], found[0]["ports"]) == (TO, [80]), found[0])
        check(f"flood, {name}: source", found[0]["src"] == (None if more else FROM), found[0]["src"])
        check(f"flood, {name}: evidence", len(found[0]["packets"]) > 3, found[0]["packets"])
        print(f"flood, {name}: {os.path.getsize(path) >> 20} MiB recorded, told after {after:.2f} s: "
              f"{found[0]['summary']}")


SCANS = (("SYN", ["-sS", "-p", "1-200"], 30, TO), ("connect", ["-sT", "-p", "1-200"], 30, TO),
         ("FIN", ["-sF", "-p", "1-100"], 30, TO), ("NULL", ["-sN", "-p", "1-100"], 30, TO),
         ("Xmas", ["-sX", "-p", "1-100"], 30, TO), ("UDP", ["-sU", "-p", "1-60", "--max-retries", "1"], 40, TO),
         ("all ports", ["-sS", "-T4", "--min-rate", "5000", "-p-"], 60, TO),
         ("SYN over IPv6", ["-6", "-sS", "-p", "1-100"], 30, TO6),
         ("slow", ["-sS", "--scan-delay", "1s", "--max-retries", "0", "-p", "1-22"], 60, TO))


def scans(lab):
    wanted = sys.argv[1:]
    for name, options, seconds, target in SCANS:
        if wanted and name not in wanted:
            continue
        path = lab.record("scan", ["nmap", "-n", "-Pn", *options, target], seconds)
        found = alerts(path)
        kinds = [a["signature"] for a in found]
        check(f"{name} scan: told once", kinds == ["port_scan"], f"{kinds} {lab.said[-400:]}")
        if kinds == ["port_scan"]:
            ends = (found[0]["src"], found[0]["dst"])
            check(f"{name} scan: who", ends == (FROM6 if ":" in target else FROM, target), ends)
            print(f"{name} scan: {found[0]['summary']} {found[0]['saw'][0]}")


def visit(lab):
    load = ("import urllib.request\nfor i in range(120): "
            f"urllib.request.urlopen('http://{TO}/', timeout=5).read()")
    path = lab.record("visit", [sys.executable, "-c", load], 60)
    check("120 visits are no alert", alerts(path) == [], alerts(path))


def main():
    if os.geteuid() != 0:
        leave("network namespaces need root")
    if not os.access(PROGRAM, os.X_OK):
        leave("the program is not built")
    for tool in ("ip", "tcpdump", "hping3", "nmap"):
        if not shutil.which(tool):
            leave(f"{tool} is not installed (tools/install_packages test)")
    lab = Lab()
    try:
        if not lab.begin():
            leave("namespaces cannot be made here")
        if not sys.argv[1:]:
            flood(lab)
            visit(lab)
        scans(lab)
    finally:
        lab.end()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
