#!/usr/bin/env python3
"""kill -9 at random moments while the dashboard captures: everything sent up to a second before is in the files, only
the last block of the last segment may be cut, the capture is listed and opens again, and the settings stay whole."""
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import dashboard
from dashboard import Checks, Dashboard, run

KILLS, BOARDS = int(os.environ.get('SP3CTRA_KILLS', '50')), 5
LOST_S = 1.0
FIRST_PORT = 9100
STORE_BYTES = 16 << 20  # segments of 4 MiB: one ends about every second

GENERATOR = r'''
import socket, struct, sys, time
port, rate, log = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
number, began = 0, time.monotonic()
with open(log, "ab", 0) as told:
    while time.monotonic() - began < 30:
        due = int((time.monotonic() - began) * rate)
        while number < due:
            number += 1
            out.sendto(struct.pack(">Q", number) + b"." * 1000, ("127.0.0.1", port))
        told.write(struct.pack(">dQ", time.monotonic(), number))
        time.sleep(0.005)
'''


class Generator:
    """Numbered datagrams at a known rate; afterwards, which had been sent by when."""

    def __init__(self, port, rate, log):
        self.log = log
        self.process = subprocess.Popen([sys.executable, '-c', GENERATOR, str(port), str(rate), log])

    def stop(self):
        self.process.kill()
        self.process.wait()

    def sent_before(self, when):
        with open(self.log, 'rb') as told:
            data = told.read()
        best = 0
        for at in range(0, len(data) // 16 * 16, 16):
            seconds, number = struct.unpack_from('>dQ', data, at)
            if seconds <= when:
                best = number
        return best


def blocks(data):
    """(type, body) of the whole blocks of a pcapng file; how many bytes are left over."""
    at, out = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack_from('<II', data, at)
        if length < 12 or length % 4 or at + length > len(data):
            break
        if struct.unpack_from('<I', data, at + length - 4)[0] != length:
            break
        out.append((kind, data[at + 8:at + length - 4]))
        at += length
    return out, data[at:]


def cut_within_a_block(rest):
    """What is left over at the end is the beginning of one block and nothing else."""
    if len(rest) < 8:
        return True
    length = struct.unpack_from('<I', rest, 4)[0]
    return length % 4 == 0 and 12 <= length <= 300_000 and len(rest) < length


def numbers_of(found):
    """Of the packets: the number in each payload (loopback: Ethernet, IPv4, UDP)."""
    return [struct.unpack_from('>Q', body, 20 + 42)[0] for kind, body in found if kind == 6]


def segments_of(folder):
    return sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith('.pcapng'))


def look_at_segments(checks, title, folder):
    """All packets' numbers in order."""
    numbers, paths = [], segments_of(folder)
    for path in paths:
        last = path == paths[-1]
        with open(path, 'rb') as f:
            data = f.read()
        found, rest = blocks(data)
        if last and not found:
            continue  # killed before its first write
        checks.that(f'{title}: {os.path.basename(path)} is cut in its last block at most',
                    not rest or (last and cut_within_a_block(rest)), len(rest))
        checks.equal(f'{title}: it begins as a capture of its own', [k for k, _ in found[:2]], [0x0a0d0d0a, 1])
        mine = numbers_of(found)
        code, text = run([dashboard.program(), 'read', path, '--count'])
        checks.that(f'{title}: our reader counts the same', text.strip().splitlines()[-1:] == [str(len(mine))] and
                    (code == 0 or rest), (code, text, len(mine)))
        if shutil.which('capinfos') and not rest:
            checks.equal(f'{title}: capinfos reads it', run(['capinfos', '-Mc', path])[0], 0)
        numbers += mine
    return numbers


def whole_settings(checks, title, data):
    checks.that(f'{title}: the settings are there', os.path.exists(data + '/store.json'), os.listdir(data))
    for name in os.listdir(data):
        path = os.path.join(data, name)
        if not name.endswith(('.json', '.jsonl')):
            continue
        with open(path, encoding='utf-8') as f:
            text = f.read()
        for piece in (text.splitlines() if name.endswith('.jsonl') else [text]):
            try:
                json.loads(piece)
                good = text.endswith('\n')
            except ValueError:
                good = False
            checks.that(f'{title}: {name} is whole', good, text)


def reopen(checks, title, board, packets):
    """The killed capture is one capture again, with all its packets; then it goes."""
    stored = board.captures()['stored']
    if not checks.equal(f'{title}: listed once', len(stored), 1):
        return
    checks.equal(f'{title}: opens', board.ask('POST', f'/captures/{stored[0]["id"]}/open', {})[0], 200)

    def shown():
        return next((c for c in board.captures()['captures'] if c['id'] == stored[0]['id']), {'state': ''})
    board.wait(lambda: shown()['state'] in ('ready', 'damaged'))
    checks.equal(f'{title}: with every packet', shown().get('packets'), packets)
    if packets:
        status, last = board.ask('GET', f'/captures/{stored[0]["id"]}/packets/{packets}')
        checks.that(f'{title}: its last packet opens', status == 200 and last['number'] == packets, (status, last))
    checks.equal(f'{title}: and is deleted whole', board.ask('DELETE', f'/captures/{stored[0]["id"]}')[1].get('deleted'),
                 True)


def one_life(checks, title, data, port, before, rate):
    """A start, the look at what the life before left, a capture under load, kill -9. Packets of the files left."""
    with Dashboard(data=data, port=5100 + 10 * (port - FIRST_PORT)) as board:
        if before is not None:
            reopen(checks, title, board, before)
        board.ask('PUT', '/capture/store', {'bytes': STORE_BYTES, 'hours': random.randint(1, 24)})
        status, answer = board.start('lo', f'udp dst port {port} and not icmp')
        if not checks.equal(f'{title}: a capture starts', status, 200):
            return 0, answer
        generator = Generator(port, rate, os.path.join(os.path.dirname(data), 'sent'))
        time.sleep(random.uniform(LOST_S + 0.1, LOST_S + 1.2))
        ask = threading.Thread(target=changing_settings, args=(board,))
        ask.start()
        time.sleep(random.uniform(0, 0.05))
        killed = time.monotonic()
        board.kill()
        generator.stop()
        ask.join()
        dropped = 0
    folder = os.path.join(data, 'captures')
    live = [f for f in os.listdir(folder) if f.startswith('live-') and not f.endswith('.name')]
    if not checks.equal(f'{title}: one capture lies there', len(live), 1):
        return 0, live
    numbers = look_at_segments(checks, title, os.path.join(folder, live[0]))
    wanted = generator.sent_before(killed - LOST_S)
    os.remove(generator.log)
    last = numbers[-1] if numbers else 0
    checks.that(f'{title}: what was sent {LOST_S} s before the kill is there', last >= wanted, (last, wanted))
    checks.equal(f'{title}: none is missing between', numbers, list(range(last - len(numbers) + 1, last + 1)))
    whole_settings(checks, title, data)
    return len(numbers), dropped


def changing_settings(board):
    """Writes the settings over and over until the program is gone."""
    for hours in range(1, 500):
        try:
            board.ask('PUT', '/capture/store', {'bytes': STORE_BYTES, 'hours': hours})
        except (OSError, AssertionError):
            return
        except Exception:  # pylint: disable=broad-except
            return  # half an answer


def lives(checks, k, count, worst):
    with tempfile.TemporaryDirectory(prefix='sp3ctra-kill-') as folder:
        data, before = folder + '/data', None
        for life in range(count):
            rate = random.choice((300, 2000, 5000))
            before, _ = one_life(checks, f'kill {k}.{life}', data, FIRST_PORT + k, before, rate)
            worst.append(before)


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('kill -9: the program is not built')
        checks.end()
    dashboard.own_namespaces(checks)
    # Nobody listens: no ICMP errors are wanted for every packet.
    sockets = []
    for k in range(BOARDS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(('127.0.0.1', FIRST_PORT + k))
        sockets.append(s)
    began, packets = time.monotonic(), []
    threads = [threading.Thread(target=lives, args=(checks, k, KILLS // BOARDS, packets)) for k in range(BOARDS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    checks.equal('all lives were lived', len(packets), KILLS // BOARDS * BOARDS)
    print(f'{len(packets)} kills, {sum(packets)} packets kept, {time.monotonic() - began:.0f} s', flush=True)
    checks.end()


if __name__ == '__main__':
    main()
