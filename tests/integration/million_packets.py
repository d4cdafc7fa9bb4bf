#!/usr/bin/env python3
"""A million packets at the sender's top speed over a virtual cable, 64-byte ones and a mix: what was received and what
was dropped make what was sent, to the packet, in the state, in the file's statistics and in its packets; and nothing
is dropped with the default ring."""
import glob
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import dashboard
import made_capture
from dashboard import Checks, Dashboard, run

SENT = 1_000_000
IN_FILE = 20_000  # tcpreplay goes through it again and again
MIX = (64, 64, 64, 64, 64, 64, 64, 594, 594, 594, 594, 1518)  # the usual mix of sizes on the internet


def capture_of(path, sizes):
    """A pcap file of UDP packets to the discard port with these frame lengths (with the checksum a card adds), in turn;
    the sum of its captured lengths."""
    total = 0
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(IN_FILE):
            size = sizes[i % len(sizes)] - 4
            frame = made_capture.udp(struct.pack('>I', i).ljust(size - 42, b'.'), 1024 + i % 5000, 9, ident=i)
            total += len(frame)
            f.write(struct.pack('<IIII', i // 1000, i % 1000, len(frame), len(frame)) + frame)
    return total


def cable():
    """Two ends of a virtual cable; the kernel sends nothing of its own over it."""
    for setting in ('net.ipv6.conf.default.disable_ipv6=1', 'net.ipv6.conf.all.disable_ipv6=1'):
        subprocess.run(['sysctl', '-qw', setting], check=True)
    subprocess.run(['ip', 'link', 'add', 'sp3a', 'type', 'veth', 'peer', 'name', 'sp3b'], check=True)
    for end in ('sp3a', 'sp3b'):
        subprocess.run(['ip', 'link', 'set', end, 'arp', 'off', 'up'], check=True)


def send(path):
    """Packets that tcpreplay says it put on the cable, and how many a second."""
    done = subprocess.run(['tcpreplay', '--intf1=sp3a', '--topspeed', '--preload-pcap', f'--loop={SENT // IN_FILE}', path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120)
    text = done.stdout.decode('utf-8', 'replace')
    sent, rate = re.search(r'Successful packets:\s+(\d+)', text), re.search(r'([\d.]+) pps', text)
    return int(sent[1]) if sent else text, float(rate[1]) if rate else 0


def statistics_of(path):
    """The sums over a file's interface statistics as `capinfos` and sp3ctra leave them: packets in the file."""
    code, text = run([dashboard.program(), 'read', path, '--count'], timeout=120)
    return int(text) if code == 0 and text.strip().isdigit() else text


def settled(board, seen):
    """The state of the interface once nothing moves any more."""
    last = None
    for _ in range(200):
        now = seen()
        if now == last:
            return now
        last = now
        time.sleep(0.25)
    return last


def replay(checks, name, sizes, interface):
    folder = tempfile.mkdtemp(prefix='sp3ctra-million-')
    try:
        capture_of(folder + '/packets.pcap', sizes)
        with Dashboard() as board:
            status, answer = board.ask('POST', '/capture/start', {'interfaces': [interface]})
            if not checks.equal(f'{name}: a capture starts', status, 200):
                return print(answer)
            sent, rate = send(folder + '/packets.pcap')
            checks.equal(f'{name}: sent', sent, SENT)

            def seen():
                c = board.state()['capture']
                i = c['interfaces'][0]
                return (i['packets'], i['received'], i['kernel_drops'], i['card_drops'], c['not_written'])

            settled(board, seen)
            board.stop()
            packets, received, kernel, card, not_written = seen()
            print(f'{name}: {sent} sent at {rate:,.0f} a second; {packets} listed, {kernel} dropped by the kernel, '
                  f'{card} by the card, {not_written} not written')
            checks.equal(f'{name}: received and dropped make sent', packets + kernel + card + not_written, sent)
            checks.equal(f'{name}: the ring got what passed and what it dropped', received, packets + kernel + not_written)
            checks.equal(f'{name}: nothing was dropped', (kernel, card, not_written), (0, 0, 0))
            paths = sorted(glob.glob(board.data + '/captures/**/*.pcapng', recursive=True))
            checks.equal(f'{name}: the file holds them', sum(statistics_of(p) for p in paths), packets)
            facts = [facts_of(p) for p in paths]
            checks.equal(f'{name}: and says how many were dropped', facts[-1], (received, kernel))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def facts_of(path):
    """(isb_ifrecv, isb_osdrop) of the last interface statistics block of a file; the file is read here on its own."""
    with open(path, 'rb') as f:
        f.seek(max(0, os.path.getsize(path) - 4096))
        tail = f.read()
    at = tail.rfind(struct.pack('<I', 5))
    while at >= 0:
        length = struct.unpack_from('<I', tail, at + 4)[0] if at + 8 <= len(tail) else 0
        if 24 <= length <= len(tail) - at and tail[at + length - 4:at + length] == struct.pack('<I', length):
            break
        at = tail.rfind(struct.pack('<I', 5), 0, at)
    if at < 0:
        return None
    values, at, end = {}, at + 20, at + length - 4
    while at + 4 <= end:
        code, size = struct.unpack_from('<HH', tail, at)
        if code == 0:
            break
        if size == 8:
            values[code] = struct.unpack_from('<Q', tail, at + 4)[0]
        at += 4 + (size + 3) // 4 * 4
    return values.get(4), values.get(7)


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('sp3ctra is not built')
        checks.end()
    if not shutil.which('tcpreplay'):
        checks.skip('tcpreplay is not installed (tools/install_packages test)')
        checks.end()
    dashboard.own_namespaces(checks)
    cable()
    replay(checks, '64-byte packets', (64,), 'sp3b')
    replay(checks, 'mixed packets', MIX, 'sp3b')
    checks.end()


main()
