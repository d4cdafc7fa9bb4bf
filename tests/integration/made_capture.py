"""Captures made by hand, and the program that reads them, for the tests of this folder."""
import os
import socket
import struct
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PROGRAM = os.path.join(ROOT, "build/release/sp3ctra")
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ip(payload, proto, src=CLIENT, dst=SERVER, ident=1, more=False, offset=0):
    """An Ethernet frame with this IPv4 payload; `offset` in bytes."""
    fragment = (0x2000 if more else 0) | offset // 8
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return bytes.fromhex("020000000002 020000000001 0800".replace(" ", "")) + head + payload


def udp_bytes(payload, sport, dport):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def udp(payload, sport, dport, **more):
    return ip(udp_bytes(payload, sport, dport), 17, **more)


def tcp(seq, ack, flags, payload=b"", sport=40000, dport=80, window=1000, options=b"", back=False):
    """One segment; `back` = from the server."""
    ends = (dport, sport) if back else (sport, dport)
    head = struct.pack(">HHIIBBHHH", *ends, seq, ack, (20 + len(options)) // 4 << 4, flags, window, 0, 0)
    src, dst = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    return ip(head + options + payload, 6, src=src, dst=dst)


def handshake(sport=40000, dport=80, seq=1000, ack=5000, client=b"", server=b"", window=1000):
    """SYN, SYN/ACK, ACK; the first byte of data is seq + 1 from the client, ack + 1 from the server."""
    where = {"sport": sport, "dport": dport}
    return [tcp(seq, 0, SYN, options=client, **where),
            tcp(ack, seq + 1, SYN | ACK, options=server, back=True, **where),
            tcp(seq + 1, ack + 1, ACK, window=window, **where)]


def dns_name(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dns_query(name, ident=0x1234):
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1)


def dns_answer(name, address, ident=0x1234):
    return (struct.pack(">HHHHHH", ident, 0x8180, 1, 1, 0, 0) + name + struct.pack(">HH", 1, 1) + b"\xc0\x0c" +
            struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address))


def pcap(frames, first_s=1_700_000_000, step_us=1000):
    out = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for k, frame in enumerate(frames):
        us = k * step_us
        out += struct.pack("<IIII", first_s + us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame
    return out


class Check:
    """Counts; prints what failed; `end` prints the total and gives the exit code."""
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.folder = tempfile.TemporaryDirectory()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content)
        return self.path(name)

    def that(self, title, good, seen=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {title}{': ' if seen != '' else ''}{seen!r}"[:3000])
        return good

    def same(self, title, seen, wanted):
        return self.that(title, seen == wanted, seen if seen == wanted else f"{seen!r} instead of {wanted!r}")

    def skip(self, what, why):
        self.skipped += 1
        print(f"SKIP: {what}: {why}")

    def end(self):
        self.folder.cleanup()
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0


def sp3ctra(*arguments, stdin=b"", seconds=60, env=None):
    """Runs the program; (exit code, output, errors), both as text."""
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=seconds, check=False,
                          env=None if env is None else {**os.environ, **env})
    return (done.returncode, done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"))


def fields(path, *names, filter_text=""):
    """Rows of `read -o tsv` as lists of cells."""
    words = [word for name in names for word in ("-e", name)]
    code, out, errors = sp3ctra("read", path, "-o", "tsv", *words, *(["-Y", filter_text] if filter_text else []))
    if code != 0:
        return [[f"exit {code}: {errors}"]]
    return [line.split("\t") for line in out.split("\n")[:-1]]


def need_program():
    if not os.access(PROGRAM, os.X_OK):
        print("SKIP: the program: build/release/sp3ctra is not built\n0 passed, 0 failed, 1 skipped")
        raise SystemExit(0)
