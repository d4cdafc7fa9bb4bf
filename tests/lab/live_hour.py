#!/usr/bin/env python3
"""A long live run: two interfaces in a network namespace, steady traffic of ever new flows over one and real programs
over the other, and what the program holds and loses meanwhile, once every few seconds.

Usage: tests/lab/live_hour.py [--minutes 60] [--pps 20000] [--out FILE.tsv] [--plot FILE.svg]
Prints the first and the last figures and the slope of memory over the second half. Needs root, tcpreplay and, for the
plot, gnuplot."""
import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'integration'))
import dashboard  # noqa: E402
import made_capture  # noqa: E402
from dashboard import Checks, Dashboard  # noqa: E402

EVERY_S = 5
MIX = (64, 64, 64, 64, 64, 64, 64, 594, 594, 594, 594, 1518)
COLUMNS = ('s', 'packets', 'anonymous_mib', 'rings_mib', 'mapped_mib', 'cpu_percent', 'kernel_drops', 'card_drops',
           'not_written', 'event_drops', 'segments', 'store_mib', 'expired_packets', 'answer_ms')


def traffic(path, packets=50_000):
    """A pcap of UDP packets of the usual sizes; tcpreplay's --unique-ip makes every round's flows new ones."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(packets):
            size = MIX[i % len(MIX)] - 4
            frame = made_capture.udp(struct.pack('>I', i).ljust(size - 42, b'.'), 1024 + i % 20_000, 9, ident=i & 0xffff,
                                     src=f'10.{i % 200}.1.{1 + i % 250}', dst=f'172.16.{i % 64}.{1 + i % 199}')
            f.write(struct.pack('<IIII', i // 1000, i % 1000, len(frame), len(frame)) + frame)


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def cables():
    """sp3a–sp3b for the load; the loopback for real programs."""
    for setting in ('net.ipv6.conf.default.disable_ipv6=1', 'net.ipv6.conf.all.disable_ipv6=1'):
        subprocess.run(['sysctl', '-qw', setting], check=True)
    ip('link', 'add', 'sp3a', 'type', 'veth', 'peer', 'name', 'sp3b')
    for end in ('sp3a', 'sp3b'):
        ip('link', 'set', end, 'arp', 'off', 'up')


def memory_of(pid):
    """(anonymous, file-backed and shared) MiB in memory."""
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        found = dict(re.findall(r'^(Rss\w+):\s+(\d+) kB$', f.read(), re.M))
    return int(found['RssAnon']) / 1024, (int(found['RssFile']) + int(found['RssShmem'])) / 1024


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        cells = f.read().rsplit(')', 1)[1].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf('SC_CLK_TCK')


def sample(board, began, used):
    asked = time.monotonic()
    state = board.state()
    answer_ms = (time.monotonic() - asked) * 1000
    c = state['capture']
    anonymous, mapped = memory_of(board.process.pid)
    rings = sum(i['ring_bytes'] for i in c['interfaces']) / 2**20
    store = c.get('store', {})
    return (time.monotonic() - began, c['packets'], anonymous, rings, mapped, 100 * (cpu_seconds(board.process.pid) - used) / EVERY_S,
            sum(i['kernel_drops'] for i in c['interfaces']), sum(i['card_drops'] for i in c['interfaces']),
            c['not_written'], c['event_drops'], store.get('segments', 1), store.get('bytes', 0) / 2**20,
            store.get('expired_packets', 0), answer_ms)


def slope(rows, column):
    """MiB a minute of a column over the second half, by least squares."""
    half = rows[len(rows) // 2:]
    xs, ys = [r[0] / 60 for r in half], [r[column] for r in half]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mx) ** 2 for x in xs)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / spread if spread else 0


def plot(tsv, svg):
    script = f'''
set terminal svg size 900,420 background "white" font "sans,11"
set output "{svg}"
set multiplot layout 2,1
set key outside right
set xlabel "minutes"
set ylabel "MiB"
set yrange [0:*]
plot "{tsv}" using ($1/60):3 with lines title "anonymous", "" using ($1/60):4 with lines title "rings"
set ylabel "packets"
plot "{tsv}" using ($1/60):7 with lines title "dropped by kernel", "" using ($1/60):9 with lines title "not written", \\
     "" using ($1/60):10 with lines title "not analysed"
'''
    subprocess.run(['gnuplot'], input=script.encode(), check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--pps', type=int, default=20_000)
    parser.add_argument('--out', default='live-hour.tsv')
    parser.add_argument('--plot')
    wanted = parser.parse_args()
    dashboard.own_namespaces(Checks())
    cables()
    with tempfile.TemporaryDirectory(prefix='sp3ctra-hour-') as folder, Dashboard() as board:
        traffic(folder + '/load.pcap')
        status, answer = board.ask('POST', '/capture/start', {'interfaces': ['sp3b', 'lo'], 'bpf': f'not port {board.port}'})
        if status != 200:
            sys.exit(f'the capture did not start: {answer}')
        seconds = wanted.minutes * 60
        children = [
            subprocess.Popen(['tcpreplay', '--intf1=sp3a', f'--pps={wanted.pps}', '--preload-pcap', '--unique-ip', '--loop=0',
                              f'--duration={int(seconds)}', folder + '/load.pcap'],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
            subprocess.Popen(['ping', '-q', '-i', '0.5', '-w', str(int(seconds)), '127.0.0.1'], stdout=subprocess.DEVNULL)]
        began, rows = time.monotonic(), []
        with open(wanted.out, 'w', encoding='ascii') as out:
            out.write('# ' + '\t'.join(COLUMNS) + '\n')
            while time.monotonic() - began < seconds:
                used = cpu_seconds(board.process.pid)
                time.sleep(EVERY_S)
                rows.append(sample(board, began, used))
                out.write('\t'.join(f'{v:.1f}' if isinstance(v, float) else str(v) for v in rows[-1]) + '\n')
                out.flush()
        for child in children:
            child.terminate()
            child.wait()
        print('\n'.join(f'{name}: {first:,.1f} … {last:,.1f}, most {max(r[i] for r in rows):,.1f}'
                        for i, (name, first, last) in enumerate(zip(COLUMNS, rows[0], rows[-1]))))
        print(f'anonymous memory over the second half: {slope(rows, 2):+.2f} MiB a minute')
    if wanted.plot:
        plot(wanted.out, wanted.plot)


main()
