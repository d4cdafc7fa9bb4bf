#!/usr/bin/env python3
"""`sp3ctra capture` with the habits of tcpdump and tshark: options, the screen, files and rings of files, counts at
Ctrl-C, pipes, a full disk; what was captured reads back equal to what was sent and to what tshark prints of the file.
Everything is sent over cables of a namespace made here."""
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import dashboard
from dashboard import ROOT, Checks
from made_capture import dns_name, dns_query, tcp, udp

PROGRAM = dashboard.program()
DEMO = ROOT + '/packaging/demo.pcapng'
# Every row of the list, and enough of the depth to see a shifted byte.
FIELDS = ('frame.number', 'frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.interface_id', 'eth.src', 'eth.dst',
          'eth.type', 'ip.src', 'ip.dst', 'ip.id', 'ip.ttl', 'ip.proto', 'ipv6.src', 'ipv6.dst', 'arp.opcode',
          'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.checksum', 'udp.srcport', 'udp.dstport', 'udp.checksum',
          'dns.qry.name', 'icmp.type')
SENT_FIELDS = tuple(f for f in FIELDS if f not in ('frame.time_epoch', 'frame.interface_id'))


class Capturing:
    """The command in the background; what it printed once it has ended."""

    def __init__(self, *arguments, terminal=False, environment=None, out=subprocess.PIPE):
        self.master = None
        if terminal:
            self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [PROGRAM, 'capture', *arguments], stdin=subprocess.DEVNULL, stdout=slave if terminal else out,
            stderr=slave if terminal else subprocess.PIPE, cwd='/',
            env={**os.environ, 'TERM': 'xterm', **(environment or {})})
        if terminal:
            os.close(slave)
        self.errors = b''
        self._wait_until_it_listens('-q' in arguments and '-w' in arguments)

    def _wait_until_it_listens(self, silent):
        if silent:
            wait_for(sockets_that_listen)
        else:
            self.until(b'Ctrl-C ends it')

    def until(self, words, seconds=20):
        """Reads what it says until these words are among it; whether they came."""
        source = self.master if self.master is not None else self.process.stderr.fileno()
        end = time.monotonic() + seconds
        while words not in self.errors and time.monotonic() < end:
            if select.select([source], [], [], 0.1)[0]:
                try:
                    piece = os.read(source, 4096)
                except OSError:  # the other side is closed
                    break
                if not piece:
                    break
                self.errors += piece
        return words in self.errors

    def end(self, sign=None, seconds=60):
        """(exit code, output, errors); on a terminal both are one text."""
        if sign:
            self.process.send_signal(sign)
        if self.master is None:
            out, errors = self.process.communicate(timeout=seconds)
            return (self.process.returncode, (out or b'').decode('utf-8', 'replace'),
                    (self.errors + errors).decode('utf-8', 'replace'))
        text = self.errors
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            text += piece
        os.close(self.master)
        return self.process.wait(seconds), text.decode('utf-8', 'replace').replace('\r\n', '\n'), ''


def sockets_that_listen():
    """How many packet sockets of this namespace take every protocol: each interface of a running capture has one."""
    with open('/proc/net/packet', encoding='ascii') as f:
        rows = [line.split() for line in f][1:]
    return sum(row[3] == '0003' and row[4] != '0' and row[5] == '1' for row in rows)


class Wire:
    """One end of a cable, to put frames on as they are."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((name, 0))

    def send(self, *frames):
        for frame in frames:
            self.socket.send(frame)


def numbered(count, size=100, first=0, port=4000):
    return [udp(struct.pack('>I', first + k).ljust(size, b'.'), port, 9) for k in range(count)]


def blocks(path):
    """(type, body) of each block of a pcapng file; None at the end when it is cut."""
    with open(path, 'rb') as f:
        data = f.read()
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from('<II', data, at) if at + 8 <= len(data) else (0, 0)
        if length < 12 or at + length > len(data) or struct.unpack_from('<I', data, at + length - 4)[0] != length:
            return found + [None]
        found.append((kind, data[at + 8:at + length - 4]))
        at += length
    return found


def shape(path):
    """The block types of a file as letters: section, interface, packet, statistics, cut."""
    letters = {0x0A0D0D0A: 'S', 1: 'I', 6: 'P', 5: 'T'}
    return ''.join('!' if b is None else letters.get(b[0], '?') for b in blocks(path))


def numbers_in(path):
    """The numbers that numbered() put into the packets of a file."""
    return [struct.unpack_from('>I', b[1], 20 + 42)[0] for b in blocks(path) if b and b[0] == 6]


def command(*arguments, seconds=60):
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                          check=False, cwd='/')
    return done.returncode, done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace')


def usage(checks):
    def refused(title, *arguments, says, code=2):
        seen, out, errors = command('capture', *arguments)
        checks.that(title, (seen, out) == (code, '') and all(s in errors for s in says), (seen, out, errors))
    refused('a wrong filter is shown with its place', '-i', 'end', 'udp', 'prot', '9',
            says=['\n  udp prot 9\n      ^\n'])
    refused('two filters', '-i', 'end', '-f', 'udp', 'tcp', says=['two capture filters'])
    refused('an unknown preset names the known', '--preset', 'nix', says=['all, internet, tcp, udp, dns, http'])
    refused('a ring without a bound', '-b', 'files:3', '-w', '/tmp/x', says=['-b filesize:KB'])
    refused('a ring into a pipe', '-b', 'packets:3', '-w', '-', says=['-w FILE'])
    refused('an unknown bound', '-a', 'pages:3', says=['duration:S, filesize:KB, packets:N or files:N'])
    refused('a bound of nothing', '-a', 'duration:0', says=['above 0'])
    refused('an interface that is not there', '-i', 'nix', says=['no interface nix', 'sp3ctra interfaces'], code=1)
    refused('one that is off names its fix', '-i', 'off', says=['switched off', 'sudo ip link set dev off up'], code=1)
    refused('a file that cannot be made', '-i', 'end', '-w', '/nowhere/x.pcapng', says=['/nowhere/x.pcapng'], code=1)
    code, out, _ = command('capture', '-D')
    checks.that('-D numbers the interfaces', code == 0 and re.search(r'^\d+\. end \(virtual cable to a container, up\)$',
                                                                     out, re.M), out)
    code, out, _ = command('capture', '--presets')
    checks.that('--presets lists name and text', code == 0 and re.search(r'^tcp +TCP +tcp$', out, re.M), out)


def interface_list(checks):
    code, out, _ = command('interfaces')
    lines = {line.split()[0]: line for line in out.split('\n') if line and not line.startswith(' ')}
    checks.that('interfaces: one line each', code == 0 and {'NAME', 'lo', 'wire', 'end', 'off'} <= set(lines), out)
    columns = {lines['NAME'].index(word) for word in ('WHAT', 'STATE', 'ADDRESSES')}
    checks.that('interfaces: columns stand below each other', all(
        lines['wire'][c - 1] == ' ' and lines['wire'][c] != ' ' for c in columns), out)
    checks.that('interfaces: address, state, way out', '10.77.0.2' in lines['wire'] and ' up ' in lines['wire']
                and 'the way to the internet' in out, out)
    checks.that('interfaces: why not and the fix', re.search(
        r'^off .* down .*\n +cannot be captured: it is switched off\n +fix: sudo ip link set dev off up$', out, re.M), out)
    checks.that('interfaces: no colour into a pipe', '\x1b' not in out, out)
    checks.that('interfaces: colour when asked', '\x1b[1;32mend\x1b[0m' in command('interfaces', '--color', 'always')[1],
                '')
    rows = {r['name']: r for r in json.loads(command('interfaces', '-o', 'json')[1])}
    checks.equal('interfaces as JSON', [rows['off'][k] for k in ('up', 'virtual', 'wireless', 'capturable', 'why', 'fix')],
                 [False, True, False, False, 'it is switched off', 'sudo ip link set dev off up'])
    checks.that('and the others', rows['wire']['mac'] and rows['wire']['default_route'] and rows['wire']['index'] > 0
                and rows['wire']['speed_mbps'] == 10000 and rows['wire']['kind'] == 'veth', rows['wire'])


def screen(checks, wire):
    query = udp(dns_query(dns_name(b'www', b'example', b'org')), 5353, 53)
    run = Capturing('-i', 'end', '-nn', '-l', '-c', '2', 'udp', 'port', '53')
    wire.send(query, tcp(1, 0, 2), query)
    code, out, errors = run.end()
    line = (r' +\d \d\d:\d\d:\d\d\.\d{6} 10\.0\.0\.1:5353 → 10\.0\.0\.2:53 DNS 75 asks: where is www\.example\.org\?\n')
    checks.that('one clear line a packet, the trailing words are the filter', code == 0 and re.fullmatch(
        f'({line}){{2}}', out), (code, out))
    checks.that('the counts', errors.endswith(
        '\n2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n'
        '0 packets dropped by interface\n'), errors)
    for title, environment, arguments, colour in (
            ('a terminal', {}, [], True), ('NO_COLOR', {'NO_COLOR': '1'}, [], False),
            ('a dumb terminal', {'TERM': 'dumb'}, [], False), ('--color never', {}, ['--color', 'never'], False),
            ('--color always', {'NO_COLOR': '1'}, ['--color', 'always'], True)):
        run = Capturing('-i', 'end', '-c', '1', '--preset', 'DNS', *arguments, terminal=True, environment=environment)
        wire.send(query)
        code, out, _ = run.end()
        checks.that(f'colour: {title}', code == 0 and ('\x1b[34mDNS\x1b[0m' in out) == colour
                    and ('\x1b' in out) == colour, out)
    run = Capturing('-i', 'end', '-c', '1', '-o', 'jsonl', '-e', 'dns.qry.name')
    wire.send(query)
    one = json.loads(run.end()[1])
    checks.equal('jsonl', (one['number'], one['dst_port'], one['fields']), (1, 53, {'dns.qry.name': ['www.example.org']}))
    run = Capturing('-i', 'end', '-c', '2', '-Y', 'dns', '-e', 'frame.number', '-e', 'udp.dstport', '-o', 'tsv')
    wire.send(tcp(1, 0, 2), query, tcp(1, 0, 2), query)
    checks.equal('-Y shows what matches, -e as tsv', run.end()[:2], (0, '2\t53\n4\t53\n'))
    run = Capturing('-i', 'end', '-c', '1', '-o', 'tree')
    wire.send(query)
    checks.that('tree', '[dns.qry.name]' in run.end()[1], '')
    run = Capturing('-i', 'end', '-q', '-c', '3')
    wire.send(query, query, query)
    checks.that('-q prints no packet', run.end()[:2] == (0, ''), '')
    # A line must leave at once, while the program goes on.
    run = Capturing('-i', 'end', '-l', 'udp')
    wire.send(query)
    came = select.select([run.process.stdout], [], [], 10)[0]
    checks.that('a line is there while it runs', came, 'nothing within 10 s')
    run.end(signal.SIGINT)


def endings(checks, wire, folder):
    run = Capturing('-i', 'end', '-q', 'udp')
    wire.send(*numbered(10), tcp(1, 0, 2))
    code, out, errors = run.end(signal.SIGINT)
    checks.that('Ctrl-C prints the counts', code == 0 and errors.endswith(
        '\n10 packets captured\n10 packets received by filter\n0 packets dropped by kernel\n'
        '0 packets dropped by interface\n'), errors)
    begun = time.monotonic()
    code = Capturing('-i', 'end', '-q', '-a', 'duration:0.5').end()[0]
    checks.that('-a duration', code == 0 and 0.4 < time.monotonic() - begun < 30, time.monotonic() - begun)
    path = folder + '/bounded.pcapng'
    run = Capturing('-i', 'end', '-w', path, '-a', 'packets:7')
    wire.send(*numbered(20))
    run.end()
    checks.equal('-a packets', numbers_in(path), list(range(7)))
    run = Capturing('-i', 'end', '-w', path, '-a', 'filesize:10')
    wire.send(*numbered(40, size=1000))
    run.end()
    checks.that('-a filesize: ends after it is reached', 10000 <= os.path.getsize(path) < 13000, os.path.getsize(path))
    run = Capturing('-i', 'end', '-w', path, '-s', '60', '-p', '-B', '4096', '-c', '2')
    wire.send(*numbered(2, size=500))
    run.end()
    kept = [struct.unpack_from('<II', b[1], 12) for b in blocks(path) if b[0] == 6]
    checks.equal('-s keeps so many bytes and the whole length', kept, [(60, 542)] * 2)
    # Whoever reads the output leaves after one line.
    run = Capturing('-i', 'end', '-l')
    head = subprocess.Popen(['head', '-n', '1'], stdin=run.process.stdout, stdout=subprocess.PIPE)
    run.process.stdout.close()
    run.process.stdout = None
    for _ in range(600):
        wire.send(*numbered(1))
        time.sleep(0.05)
        if run.process.poll() is not None:
            break
    line = head.communicate(timeout=30)[0].decode()
    code, _, errors = run.end()
    checks.that('a broken pipe ends it quietly', code == 0 and ' UDP ' in line and errors.count('\n') == 1, (code, errors))


def writing(checks, wire, folder):
    path = folder + '/file.pcapng'
    run = Capturing('-i', 'end', '-w', path, '-c', '5', terminal=True)
    wire.send(*numbered(3))
    run.until(b'\r3 packets')
    wire.send(*numbered(2, first=3))
    code, out, _ = run.end()
    checks.that('a running count on a terminal', code == 0 and re.search(r'\r3 packets, \d+ kB ', out), out)
    checks.equal('one file: section, interface, packets, statistics', (shape(path), numbers_in(path)),
                 ('SI' + 'P' * 5 + 'T', list(range(5))))
    run = Capturing('-i', 'end', '-w', path, '-c', '2', '-q', terminal=True)
    wire.send(*numbered(2))
    checks.that('-q: no running count', 'packets,' not in run.end()[1], '')
    run = Capturing('-i', 'end', '-w', path, '--print', '-Y', 'udp.length > 200', '-c', '1')
    wire.send(*numbered(2), *numbered(1, size=300, first=7))
    code, out, _ = run.end()
    checks.that('-Y chooses what is written, --print shows it, too', numbers_in(path) == [7] and out.count('UDP') == 1, out)
    run = Capturing('-i', 'end', '-w', path, '-U', '-c', '100')
    wire.send(*numbered(4))
    checks.that('-U: in the file at once', wait_for(lambda: shape(path) == 'SIPPPP'), shape(path))
    run.end(signal.SIGTERM)
    if not shutil.which('tshark'):
        checks.skip('a pipe into tshark: it is not installed')
        return
    run = Capturing('-i', 'end', '-w', '-', '-c', '5')
    reader = subprocess.Popen(['tshark', '-n', '-r', '-', '-T', 'fields', '-e', 'udp.srcport'],
                              stdin=run.process.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    run.process.stdout.close()
    run.process.stdout = None
    wire.send(*numbered(5))
    checks.equal('-w - | tshark -r -', reader.communicate(timeout=90)[0].decode(), '4000\n' * 5)
    checks.equal('and it ends well', run.end()[0], 0)


def wait_for(good, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not good():
        time.sleep(0.05)
    return good()


def rings(checks, wire, folder):
    name = re.compile(r'ring_(\d{5})_\d{14}\.pcapng$')

    def files():
        return sorted(glob.glob(folder + '/ring_*'))

    def clear():
        for path in files():
            os.unlink(path)
    run = Capturing('-i', 'end', '-w', folder + '/ring.pcapng', '-b', 'packets:10', '-b', 'files:3', '-c', '95')
    wire.send(*numbered(95))
    code, _, errors = run.end()
    checks.that('ring: counts', code == 0 and '\n95 packets captured\n' in errors, errors)
    checks.equal('ring: the newest three, by tshark\'s names', [name.search(f)[1] for f in files() if name.search(f)],
                 ['00008', '00009', '00010'])
    checks.equal('ring: each is whole', [shape(f) for f in files()],
                 ['SI' + 'P' * 10 + 'T', 'SI' + 'P' * 10 + 'T', 'SI' + 'P' * 5 + 'T'])
    checks.equal('ring: nothing between them is lost', sum((numbers_in(f) for f in files()), []), list(range(70, 95)))
    clear()
    run = Capturing('-i', 'end', '-w', folder + '/ring.pcapng', '-b', 'filesize:5', '-c', '50')
    wire.send(*numbered(50, size=1000))
    run.end()
    sizes = [os.path.getsize(f) for f in files()]
    checks.that('ring by size: all files stay, each just above', len(sizes) == 10 and all(5000 <= s < 7000 for s in sizes[:-1]),
                sizes)
    checks.equal('ring by size: everything is there', sum((numbers_in(f) for f in files()), []), list(range(50)))
    clear()
    run = Capturing('-i', 'end', '-w', folder + '/ring.pcapng', '-b', 'duration:0.5', '-a', 'files:2')
    for k in range(400):
        wire.send(*numbered(1, first=k))
        time.sleep(0.05)
        if run.process.poll() is not None:
            break
    code = run.end()[0]
    checks.that('ring by time, -a files', code == 0 and len(files()) == 2 and all(
        shape(f).endswith('PT') for f in files()), [shape(f) for f in files()])
    clear()


def full_disk(checks, wire, folder):
    small = folder + '/small'
    os.mkdir(small)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'none', small], check=False).returncode:
        checks.skip('a full disk: nothing can be mounted here')
        return
    path = small + '/file.pcapng'
    run = Capturing('-i', 'end', '-w', path)
    begun = time.monotonic()
    sent = 0
    while run.process.poll() is None and time.monotonic() - begun < 60:
        wire.send(*numbered(20, size=1400, first=sent))
        sent += 20
        time.sleep(0.005)
    code, _, errors = run.end()
    checks.that('a full disk is said', code == 1 and 'the disk is full' in errors and path in errors, errors)
    numbers = numbers_in(path)
    said = re.search(r'(\d+) of \d+ packets are written', errors)
    checks.that('its file is whole and as long as said', said and int(said[1]) == len(numbers) > 100
                and numbers == list(range(len(numbers))), (said, shape(path)[-5:]))
    checks.that('and ends with its statistics', re.fullmatch('SIP+T', shape(path)) and 'no room' not in errors,
                (shape(path)[-5:], errors))
    checks.equal('and reads to its end', command('read', path, '--count')[:2], (0, f'{len(numbers)}\n'))
    subprocess.run(['umount', small], check=False)


def interface_names(path):
    """The names in the interface blocks of a file, in order (option 2 comes first)."""
    found = []
    for block in blocks(path):
        if block and block[0] == 1:
            code, length = struct.unpack_from('<HH', block[1], 8)
            found.append(block[1][12:12 + length].decode() if code == 2 else '')
    return found


def several(checks, folder):
    one, two = Wire('wire'), Wire('two')
    path = folder + '/several.pcapng'
    run = Capturing('-i', 'end', '-i', 'two-end', '-w', path, 'udp')
    for k in range(20):
        one.send(*numbered(1, first=2 * k))
        two.send(*numbered(1, first=2 * k + 1))
    wait_for(lambda: os.path.exists(path) and len(numbers_in(path)) == 40)
    code, _, errors = run.end(signal.SIGINT)
    checks.equal('several -i: one file, an interface block and a statistics block each', (code, shape(path)),
                 (0, 'SII' + 'P' * 40 + 'TT'))
    checks.equal('several -i: their names', interface_names(path), ['end', 'two-end'])
    checks.equal('several -i: by time', numbers_in(path), list(range(40)))
    for name in ('end', 'two-end'):
        checks.that(f'counts of {name}', f'\n{name}: 20 captured, 20 received by filter, 0 dropped by kernel, 0 dropped '
                    'by interface\n' in errors, errors)
    checks.that('counts of all', '\n40 packets captured\n40 packets received by filter\n' in errors, errors)
    run = Capturing('-i', 'end', '-i', 'two-end', '-c', '2', '-l', 'udp')
    one.send(*numbered(1))
    time.sleep(0.1)
    two.send(*numbered(1, first=7))
    lines = run.end()[1].split('\n')
    checks.that('each line names its interface', len(lines) == 3 and ' end 10.0.0.1:4000 ' in lines[0]
                and ' two-end 10.0.0.1:4000 ' in lines[1], lines)
    run = Capturing('-i', 'end', '-i', 'two-end', '-w', folder + '/sring.pcapng', '-b', 'packets:4', '-c', '8', 'udp')
    one.send(*numbered(4))
    time.sleep(0.1)
    two.send(*numbered(4, first=4))
    run.end()
    files = sorted(glob.glob(folder + '/sring_*'))
    checks.equal('a ring of several: each file has all interfaces and statistics', [shape(f) for f in files],
                 ['SIIPPPPTT'] * 2)
    run = Capturing('-i', 'any', '-q', 'udp')
    one.send(*numbered(10))
    _, _, errors = run.end(signal.SIGINT)
    listening = re.search(r'capturing on (.*); Ctrl-C', errors)
    checks.equal('-i any is every one that can be captured', set(listening[1].split(', ')) if listening else errors,
                 {'lo', 'wire', 'end', 'two', 'two-end'})
    checks.that('-i any: both ends of a cable are duplicates', '\n20 packets captured\n10 of all were seen on another '
                'interface, too\n' in errors, errors)
    run = Capturing('-i', 'two-end', '-i', 'end', '-q', 'udp')
    subprocess.run(['ip', 'link', 'del', 'two'], check=True)
    checks.that('one that goes is said', run.until(b'two-end: '), run.errors)
    one.send(*numbered(5))
    code, _, errors = run.end(signal.SIGINT)
    checks.that('one goes, the others go on', code == 0 and re.search(r'^two-end: .+', errors, re.M)
                and '\n5 packets captured\n' in errors, errors)


def fields_by(program, path, names):
    words = [word for name in names for word in ('-e', name)]
    if program == 'tshark':
        # What makes tshark print one value a cell as `read -o tsv` does is its default.
        done = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        return done.stdout.decode('utf-8', 'replace').split('\n')[:-1]
    return command('read', path, '-o', 'tsv', *words)[1].split('\n')[:-1]


def reads_back_equal(checks, source, folder):
    """Sent by tcpreplay, captured, read: equal to what was sent and to what tshark reads."""
    if not shutil.which('tshark') or not shutil.which('tcpreplay'):
        checks.skip('reading back: tshark or tcpreplay is not installed')
        return
    title = os.path.basename(source)
    sent = fields_by('read', source, SENT_FIELDS)
    path = folder + '/back.pcapng'
    run = Capturing('-i', 'end', '-w', path, '-q')
    replay = subprocess.run(['tcpreplay', '-q', '-i', 'wire', '--pps', '4000', source], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    code, _, errors = run.end(signal.SIGINT)
    said = replay.stdout.decode('utf-8', 'replace')
    if not checks.that(f'{title}: was sent', f'Successful packets:        {len(sent)}\n' in said, said):
        return
    checks.that(f'{title}: captured = sent', code == 0 and f'\n{len(sent)} packets captured\n' in errors
                and '\n0 packets dropped by kernel\n' in errors, (len(sent), errors))
    ours = fields_by('read', path, FIELDS)
    theirs = fields_by('tshark', path, FIELDS)
    different = [(a, b) for a, b in zip(ours, theirs) if a != b]
    checks.that(f'{title}: fields equal those of tshark', len(ours) == len(theirs) == len(sent) and not different,
                (len(ours), len(theirs), different[:2]))
    back = fields_by('read', path, SENT_FIELDS)
    different = [(a, b) for a, b in zip(back, sent) if a != b]
    checks.that(f'{title}: fields equal those sent', len(back) == len(sent) and not different, different[:2])


def make_cables():
    subprocess.run(['ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'end'], check=True)
    subprocess.run(['ip', 'link', 'add', 'off', 'type', 'veth', 'peer', 'name', 'off-end'], check=True)
    subprocess.run(['ip', 'link', 'add', 'two', 'type', 'veth', 'peer', 'name', 'two-end'], check=True)
    for name in ('wire', 'end', 'off', 'off-end', 'two', 'two-end'):
        # No packets of the kernel's own.
        with open(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6', 'w', encoding='ascii') as f:
            f.write('1')
    for name in ('wire', 'end', 'two', 'two-end'):
        subprocess.run(['ip', 'link', 'set', name, 'up', 'arp', 'off'], check=True)
    subprocess.run(['ip', 'address', 'add', '10.77.0.2/24', 'dev', 'wire'], check=True)
    subprocess.run(['ip', 'route', 'add', 'default', 'via', '10.77.0.1'], check=True)


def main():
    checks = Checks()
    if not PROGRAM:
        checks.skip('capture: the program is not built')
        checks.end()
    dashboard.own_namespaces(checks)
    make_cables()
    wire = Wire('wire')
    with tempfile.TemporaryDirectory(prefix='sp3ctra-capture-') as folder:
        usage(checks)
        interface_list(checks)
        screen(checks, wire)
        endings(checks, wire, folder)
        writing(checks, wire, folder)
        rings(checks, wire, folder)
        full_disk(checks, wire, folder)
        reads_back_equal(checks, DEMO, folder)
        several(checks, folder)
    checks.end()


if __name__ == '__main__':
    main()
