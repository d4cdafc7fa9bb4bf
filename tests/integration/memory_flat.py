#!/usr/bin/env python3
"""Memory of an endless capture with the flow table full: anonymous memory and rings stay below 400 MB and flat, while
every packet begins a flow. SP3CTRA_LONG=1: ten minutes, for docs/performance.md."""
import os
import random
import shutil
import struct
import subprocess
import tempfile
import time

import dashboard
from dashboard import Checks, Dashboard

LONG = os.environ.get('SP3CTRA_LONG') == '1'
SECONDS, WARM_UP = (540, 60) if LONG else (20, 25)
WARM_UP_MOST = 180  # a busy machine fills the table later
FLOWS = 400_000  # more than the 262,144 that live at a time: each packet begins one
MEMORY_MB, SLOPE_MB_MINUTE = 400, 1.0 if LONG else 12.0  # a short run sees the noise
RING_MB = 64


def write_flows(path):
    """TCP segments that open connections, and datagrams: 64-byte frames between random addresses."""
    rng = random.Random(7)
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHIIII', 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for k in range(FLOWS):
            tcp = k % 2 == 0
            ends = struct.pack('>IIHH', 0x0a000000 | rng.getrandbits(24), 0x0a000000 | rng.getrandbits(24),
                               rng.randint(1024, 65535), rng.randint(1, 1023))
            if tcp:
                rest = ends[8:] + struct.pack('>IIBBHHH', rng.getrandbits(32), 0, 0x50, 2, 1000, 0, 0)
            else:
                rest = ends[8:] + struct.pack('>HH', 26, 0) + b'.' * 18
            frame = (b'\2\0\0\0\0\2\2\0\0\0\0\1\x08\0' +
                     struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(rest), k & 0xffff, 0, 64, 6 if tcp else 17, 0) +
                     ends[:8] + rest).ljust(60, b'\0')
            out.write(struct.pack('<IIII', 1_700_000_000, 0, len(frame), len(frame)) + frame)


def anonymous_mb(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        for line in f:
            if line.startswith('RssAnon:'):
                return int(line.split()[1]) / 1024
    return 0.0


def slope(points):
    """MB a minute, least squares."""
    n = len(points)
    mean_t, mean_m = sum(t for t, _ in points) / n, sum(m for _, m in points) / n
    over = sum((t - mean_t) ** 2 for t, _ in points)
    return 60 * sum((t - mean_t) * (m - mean_m) for t, m in points) / over if over else 0.0


def is_full(capture):
    """The flow table has been full, and the store has turned round."""
    return capture['packets'] - capture['not_analysed'] > 2 * FLOWS and capture['store']['expired_segments'] > 3


def measure(checks, board, pcap):
    status, answer = board.ask('PUT', '/capture/store', {'bytes': 64 << 20})
    checks.equal('a small store, so that it turns round often', status, 200)
    checks.equal('a capture starts', board.start('sp3mem1')[0], 200)
    with subprocess.Popen(['tcpreplay', '--quiet', '--topspeed', '--loop=0', '-i', 'sp3mem0', pcap],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as replay:
        began, points, warm = time.monotonic(), [], None
        while warm is None or time.monotonic() - began < warm + SECONDS:
            time.sleep(1)
            now = time.monotonic() - began
            points.append((now, anonymous_mb(board.process.pid)))
            if warm is None and now > WARM_UP and (now > WARM_UP_MOST or is_full(board.state()['capture'])):
                warm = now
            if LONG and len(points) % 30 == 0:
                c = board.state()['capture']
                print(f'{points[-1][0]:4.0f} s  {points[-1][1]:6.1f} MB anonymous  {c["packets"]:11} packets  '
                      f'{c["kernel_drops"]} dropped  {c["not_analysed"]} not analysed', flush=True)
        seen = board.state()['capture']
        replay.kill()
    late = [p for p in points if p[0] > warm]
    most, rises = max(m for _, m in points), slope(late)
    print(f'{seen["packets"]} packets in {points[-1][0]:.0f} s, {seen["kernel_drops"]} dropped, {seen["not_analysed"]} not analysed; '
          f'{most:.1f} MB anonymous at most + {RING_MB} MB ring; {rises:+.2f} MB a minute', flush=True)
    checks.that('the flow table was full and the store turned round', is_full(seen), seen)
    checks.that(f'anonymous memory and ring are below {MEMORY_MB} MB', most + RING_MB < MEMORY_MB, most)
    checks.that(f'it does not grow by {SLOPE_MB_MINUTE} MB a minute', rises < SLOPE_MB_MINUTE, rises)
    asked = time.monotonic()
    checks.that('the stop is answered at once', board.ask('POST', '/capture/stop', {})[0] == 200 and
                time.monotonic() - asked < 2, time.monotonic() - asked)  # 0.25 s, and a busy machine
    checks.that('it ends', board.wait(lambda: board.state()['capture']['state'] == 'STOPPED', 120), board.state())
    print(f'stopped {time.monotonic() - asked:.2f} s after it was asked for', flush=True)


def main():
    checks = Checks()
    if not dashboard.program() or not shutil.which('tcpreplay'):
        checks.skip('memory: program or tcpreplay is missing')
        checks.end()
    dashboard.own_namespaces(checks)
    for command in ('link add sp3mem0 type veth peer name sp3mem1', 'link set sp3mem0 up', 'link set sp3mem1 up'):
        if subprocess.run(['ip', *command.split()], check=False).returncode:
            checks.skip('memory: no virtual cable here')
            checks.end()
    with tempfile.TemporaryDirectory(prefix='sp3ctra-mem-') as folder:
        pcap = folder + '/flows.pcap'
        write_flows(pcap)
        with Dashboard() as board:
            measure(checks, board, pcap)
    checks.end()


if __name__ == '__main__':
    main()
