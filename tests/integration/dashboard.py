"""One dashboard of the real program for the integration tests: started in a directory of its own, asked over its API,
watched over its stream. Standard library only; everything stays in a network namespace made here."""
import base64
import ctypes
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import http.client

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
ORDINARY = 65534
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000


class Checks:
    """Counts what held and what did not; end() prints the total and ends the program."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def that(self, title, good, seen=''):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f'FAILED {title}: {seen}', flush=True)
        return good

    def equal(self, title, seen, wanted):
        return self.that(title, seen == wanted, f'{seen!r} instead of {wanted!r}')

    def skip(self, words):
        self.skipped += 1
        print(f'SKIP: {words}', flush=True)

    def end(self):
        print(f'{self.passed} passed, {self.failed} failed, {self.skipped} skipped', flush=True)
        sys.exit(1 if self.failed else 0)


def program():
    """The program under test: $SP3CTRA_PROGRAM, else the release build, else the dev build."""
    places = [os.environ.get('SP3CTRA_PROGRAM', ''), ROOT + '/build/release/sp3ctra', ROOT + '/build/dev/sp3ctra']
    return next((p for p in places if p and os.access(p, os.X_OK)), None)


def own_namespaces(checks):
    """Moves this process into network and mount namespaces of its own, loopback up; ends it where that cannot be."""
    if os.geteuid() != 0:
        checks.skip('network namespaces need root')
        checks.end()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        checks.skip('network namespaces cannot be made here')
        checks.end()
    # What is mounted here must not be seen outside.
    subprocess.run(['mount', '--make-rprivate', '/'], check=False)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


def house(folder):
    """A copy of program, capd, demo and install script that any user can read, laid out as a checkout; its program."""
    os.chmod(folder, 0o755)
    build = folder + '/build/copy'
    os.makedirs(build)
    os.makedirs(folder + '/packaging')
    for name in ('sp3ctra', 'sp3ctra-capd'):
        shutil.copy(os.path.join(os.path.dirname(program()), name), build)
    for name in ('demo.pcapng', 'install-capd'):
        shutil.copy(ROOT + '/packaging/' + name, folder + '/packaging')
    return build + '/sp3ctra'


class Dashboard:
    """`serve` on a free port of this namespace, logged in. Use as a context."""

    def __init__(self, path=None, data=None, uid=0, port=5057, arguments=(), environment=None):
        self.folder = tempfile.mkdtemp(prefix='sp3ctra-it-')
        os.chmod(self.folder, 0o755)
        self.data = data or self.folder + '/data'
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        os.chown(self.data, uid, uid)
        self.log = open(self.folder + '/log', 'w+', encoding='utf-8')
        user = dict(user=uid, group=uid, extra_groups=[]) if uid else {}
        self.process = subprocess.Popen(
            [path or program(), 'serve', '--no-browser', '--data', self.data, '--port', str(port), *arguments],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            env={**os.environ, 'HOME': self.folder, **(environment or {})}, **user)
        self.port = self.cookie = self.secret = None
        self._wait_for_address()

    def _wait_for_address(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r'http://127\.0\.0\.1:(\d+)/#token=(\w+)', self.text())
            if found:
                self.port, self.url = int(found[1]), found[0]
                self._log_in(found[2])
                return
            time.sleep(0.05)
        raise RuntimeError('the dashboard did not start:\n' + self.text())

    def _log_in(self, token):
        status, body, headers = self.request('POST', '/login', {'token': token})
        assert status == 200, (status, body)
        self.cookie = headers['Set-Cookie'].split(';')[0]
        self.secret = body['secret']

    def text(self):
        with open(self.folder + '/log', encoding='utf-8') as log:
            return log.read()

    def request(self, method, path, body=None, raw=None):
        link = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        headers = {'Content-Type': 'application/json'}
        if self.cookie:
            headers.update({'Cookie': self.cookie, 'X-Sp3ctra-Secret': self.secret})
        data = raw if raw is not None else None if body is None else json.dumps(body)
        link.request(method, '/api/v1' + path, data, headers)
        answer = link.getresponse()
        text = answer.read()
        link.close()
        try:
            parsed = json.loads(text) if text else {}
        except ValueError:
            parsed = {'text': text.decode('utf-8', 'replace')}
        return answer.status, parsed, dict(answer.getheaders())

    def ask(self, method, path, body=None, raw=None):
        """(status, JSON)"""
        return self.request(method, path, body, raw)[:2]

    def state(self):
        return self.ask('GET', '/state')[1]

    def captures(self):
        return self.ask('GET', '/captures')[1]

    def start(self, interface, bpf='', **choices):
        """One interface or a list of them."""
        names = [interface] if isinstance(interface, str) else list(interface)
        return self.ask('POST', '/capture/start', {'interfaces': names, 'bpf': bpf, **choices})

    def stop(self, seconds=120):
        """The answer, when nothing is captured any more: a busy computer is given time to write what there is."""
        answer = self.ask('POST', '/capture/stop', {})
        self.wait(lambda: self.state()['capture']['state'] == 'STOPPED', seconds)
        return answer

    def wait(self, good, seconds=15):
        """Asks `good` until it says yes; whether it did."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if good():
                return True
            time.sleep(0.05)
        return bool(good())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Stream:
    """The WebSocket of a page, frame by frame."""

    def __init__(self, board):
        self.socket = socket.create_connection(('127.0.0.1', board.port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{board.port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n'
                             f'Cookie: {board.cookie}\r\n\r\n').encode())
        while b'\r\n\r\n' not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        assert b' 101 ' in head, head
        self.send({'op': 'hello', 'secret': board.secret})

    def _more(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise ConnectionError('the stream ended')
        self.buffer += piece

    def _take(self, size):
        while len(self.buffer) < size:
            self._more()
        piece, self.buffer = self.buffer[:size], self.buffer[size:]
        return piece

    def send(self, message):
        data = json.dumps(message).encode()
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else b'\x81\xfe' + struct.pack('>H', len(data))
        self.socket.sendall(head + b'\0\0\0\0' + data)

    def frame(self):
        """(opcode, bytes) of the next whole message."""
        first, second = self._take(2)
        size = second & 127
        if size > 125:
            size = struct.unpack('>H' if size == 126 else '>Q', self._take(2 if size == 126 else 8))[0]
        return first & 15, self._take(size)

    def close(self):
        self.socket.close()


def row_numbers(message):
    """(frame numbers, rows in all) of a binary rows message (docs/api.md)."""
    magic, _, _, total, count, _ = struct.unpack_from('<IIddII', message)
    assert magic == 0x31525053
    return struct.unpack_from(f'<{count}d', message, 32), int(total)


def run(arguments, uid=0, timeout=60):
    """(exit code, standard output and error) of the program with these arguments."""
    user = dict(user=uid, group=uid, extra_groups=[]) if uid else {}
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False, cwd='/', **user)
    return done.returncode, done.stdout.decode('utf-8', 'replace')
