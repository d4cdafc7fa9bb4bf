#!/usr/bin/env python3
"""What a live capture leaves on the disk, with the real program: a disk that fills up, the disk quota, kill -9,
captures listed again after a restart, deletion."""
import os
import socket
import subprocess
import tempfile
import time

import dashboard
from dashboard import Checks, Dashboard, run

PORT = 9999
FILTER = f'udp dst port {PORT} and not icmp'


def send(count, size=1400):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(count):
        out.sendto(b'x' * size, ('127.0.0.1', PORT))


def files(board, beginning='live-'):
    folder = board.data + '/captures/'
    return sorted(folder + f for f in os.listdir(folder) if f.startswith(beginning) and not f.endswith('.name'))


def packets_in(path):
    """By the command line; complaints about damage make it a text."""
    code, text = run([dashboard.program(), 'read', path, '--count'])
    return int(text) if code == 0 and text.strip().isdigit() else text


def store_of(board):
    return board.state()['capture']['store']


def flood(board, until, rounds=400):
    for _ in range(rounds):
        if until():
            return True
        send(250)
        time.sleep(0.01)
    return until()


def opens(checks, board, title, capture, number):
    checks.equal(f'{title}: its last packet can be opened',
                 board.ask('GET', f'/captures/{capture}/packets/{number}')[0], 200)


def paused_and_going_on(checks, board, title, words, make_room):
    """A capture that may not overwrite: it pauses, says so, goes on when there is room, and nothing is damaged."""
    checks.equal(f'{title}: pause is chosen', board.ask('PUT', '/capture/store', {'when_full': 'pause'})[0], 200)
    capture = board.start('lo', FILTER)[1]['capture']
    checks.that(f'{title}: the capture pauses', flood(board, lambda: store_of(board)['paused']), board.state())
    send(200)
    board.wait(lambda: board.state()['capture']['not_written'] >= 200)
    seen = board.state()['capture']
    checks.that(f'{title}: said in words', words in seen['store']['words'], seen)
    checks.that(f'{title}: what came meanwhile is counted', seen['not_written'] >= 200, seen)
    checks.equal(f'{title}: it still runs', seen['state'], 'RUNNING')
    checks.equal(f'{title}: the files hold what is listed', packets_in(files(board)[-1]), seen['packets'])
    make_room()
    checks.that(f'{title}: it goes on by itself', board.wait(lambda: not store_of(board)['paused']), board.state())
    send(100)
    checks.that(f'{title}: with the packets that come now',
                board.wait(lambda: board.state()['capture']['packets'] == seen['packets'] + 100), board.state())
    board.stop()
    seen = board.state()['capture']
    checks.equal(f'{title}: all is whole at the end', packets_in(files(board)[-1]), seen['packets'])
    shown = next(c for c in board.captures()['captures'] if c['id'] == capture)
    checks.equal(f'{title}: no damage', (shown['ended'], shown['damage'], shown['state']), ('', '', 'ready'))
    opens(checks, board, title, capture, seen['packets'])
    return capture


def overwriting(checks, board, title):
    """A capture that may overwrite: the oldest packets go, no new one is lost for good, it never ends."""
    checks.equal(f'{title}: overwriting is chosen', board.ask('PUT', '/capture/store', {'when_full': 'overwrite'})[0], 200)
    capture = board.start('lo', FILTER)[1]['capture']
    checks.that(f'{title}: the oldest go', flood(board, lambda: store_of(board)['expired_segments'] > 2), board.state())
    # Nothing comes: what was too much goes.
    checks.that(f'{title}: it is not paused', board.wait(lambda: not store_of(board)['paused']), store_of(board))
    last = board.state()['capture']['packets']
    send(100)
    checks.that(f'{title}: new packets come in', board.wait(
        lambda: board.state()['capture']['packets'] == last + 100), board.state())
    board.stop()
    seen = board.state()['capture']
    kept = seen['packets'] - seen['store']['expired_packets']
    checks.equal(f'{title}: the files are whole and hold what is kept', packets_in(files(board)[-1]), kept)
    shown = next(c for c in board.captures()['captures'] if c['id'] == capture)
    checks.equal(f'{title}: numbers stay', (shown['packets'], shown['first_number'], shown['expired_packets']),
                 (seen['packets'], seen['store']['expired_packets'] + 1, seen['store']['expired_packets']))
    status, answer = board.ask('GET', f'/captures/{capture}/packets/1')
    checks.that(f'{title}: one that is gone says so', status == 404 and 'no longer kept' in str(answer), (status, answer))
    opens(checks, board, title, capture, seen['packets'])
    return capture


def full_disk(checks):
    with tempfile.TemporaryDirectory(prefix='sp3ctra-full-') as data:
        # This mount is seen by this process and its children only, and goes with them.
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=40m,mode=0700', 'tmpfs', data], check=False).returncode:
            checks.skip('a full disk: tmpfs cannot be mounted here')
            return
        with Dashboard(data=data) as board:
            filler = data + '/filler'
            with open(filler, 'wb') as f:
                f.write(bytes(20 << 20))
            capture = paused_and_going_on(checks, board, 'full disk', 'the disk is full', lambda: os.remove(filler))
            board.ask('DELETE', f'/captures/{capture}')
            capture = overwriting(checks, board, 'full disk, overwritten')
            board.ask('DELETE', f'/captures/{capture}')
            free = os.statvfs(data)
            with open(filler, 'wb') as f:
                f.write(bytes(max(0, free.f_bavail * free.f_frsize - (3 << 20))))
            command_on_a_full_disk(checks, data)
        subprocess.run(['umount', '-l', data], check=False)


def command_on_a_full_disk(checks, data):
    with subprocess.Popen([dashboard.program(), 'capture', '-i', 'lo', '-f', FILTER, '-w', data + '/x.pcapng',
                           '-a', 'duration:20'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as command:
        told = command.stdout.readline().decode()
        for _ in range(200):
            if command.poll() is not None:
                break
            send(100)
            time.sleep(0.05)
        told += command.communicate()[0].decode()
        checks.equal('full disk: the command ends with 1', command.returncode, 1)
        checks.that('full disk: the command says why', 'the disk is full' in told, told)


def quota(checks):
    with Dashboard(arguments=['--disk-quota', '2']) as board:
        capture = overwriting(checks, board, 'quota')
        disk = board.state()['disk']
        checks.equal('quota: its size', disk['quota'], 2_000_000)
        on_disk = sum(os.path.getsize(os.path.join(folder, f))
                      for folder, _, names in os.walk(board.data + '/captures') for f in names)
        board.wait(lambda: board.state()['disk']['used'] == on_disk)
        checks.equal('quota: used is what lies on the disk', board.state()['disk']['used'], on_disk)
        checks.that('quota: it was kept', on_disk <= 2_000_000 + 4096, on_disk)
        checks.equal('quota: an upload is refused', board.ask('POST', '/uploads', {'name': 'a', 'size': 1 << 20})[0], 413)
        board.ask('DELETE', f'/captures/{capture}')
        status, upload = board.ask('POST', '/uploads', {'name': 'a', 'size': 1 << 20})
        checks.equal('quota: deleted is free again', status, 200)
        paused_and_going_on(checks, board, 'quota, paused', 'for captures are used up',
                            lambda: os.remove(files(board, 'upload-')[0]))
        checks.that('quota: the upload is of no use then', upload, upload)


def always_on(checks):
    """One switch: the capture starts with the program, on what was captured last."""
    with tempfile.TemporaryDirectory(prefix='sp3ctra-always-') as folder:
        data = folder + '/data'
        with Dashboard(data=data) as board:
            checks.equal('nobody was asked yet', board.ask('GET', '/capture/store')[1],
                         {'asked': False, 'bytes': 2_000_000_000, 'hours': 0, 'files': 0, 'min_free_bytes': 0,
                          'when_full': 'overwrite', 'always_on': False})
            board.start('lo', FILTER)
            board.stop()
        with Dashboard(data=data) as board:
            checks.equal('off: nothing starts by itself', board.state()['capture']['state'], 'STOPPED')
            checks.equal('the switch', board.ask('PUT', '/capture/store', {'always_on': True})[0], 200)
            for wrong in ({'bytes': -1}, {'bytes': 5}, {'files': 1}, {'hours': 'x'}, {'when_full': 'burn'}, {'always_on': 1}):
                checks.equal(f'{wrong} is refused', board.ask('PUT', '/capture/store', wrong)[0], 400)
            board.kill()
        with Dashboard(data=data) as board:
            policy = board.ask('GET', '/capture/store')[1]
            checks.that('it is kept', policy['asked'] and policy['always_on'], policy)
            seen = board.state()['capture']
            checks.equal('on: it captures at once, as last time', (seen['state'], seen['bpf']), ('RUNNING', FILTER))
            send(50)
            checks.that('and sees packets', board.wait(lambda: board.state()['capture']['packets'] == 50), board.state())
            checks.that('in a capture of its own kind', len(files(board, 'always-')) == 1, os.listdir(data + '/captures'))


def restart(checks):
    with tempfile.TemporaryDirectory(prefix='sp3ctra-kept-') as folder:
        data = folder + '/data'
        with Dashboard(data=data) as board:
            capture = board.start('lo', FILTER)[1]['capture']
            checks.equal('a running capture is not deleted', board.ask('DELETE', f'/captures/{capture}')[0], 409)
            send(300)
            board.wait(lambda: board.state()['capture']['packets'] == 300)
            name = board.captures()['captures'][0]['name']
            upload = board.ask('POST', '/uploads', {'name': 'half.pcap', 'size': 1000})[1]['upload']
            board.ask('PUT', f'/uploads/{upload}?offset=0', raw=b'half')
            checks.equal('an upload under way lies there', len(files(board, 'upload-')), 1)
            board.kill()
        with Dashboard(data=data) as board:
            checks.equal('kill -9 loses no packet that was listed', packets_in(files(board)[0]), 300)
            checks.equal('the half upload is gone', files(board, 'upload-'), [])
            stored = board.captures()['stored']
            checks.equal('the capture is listed again', [s['name'] for s in stored], [name])
            again = stored[0]['id']
            checks.equal('it opens by its id', board.ask('POST', f'/captures/{again}/open', {})[1], {'capture': again})
            board.wait(lambda: board.captures()['captures'][0]['state'] == 'ready')
            checks.equal('with all its packets', board.captures()['captures'][0]['packets'], 300)
            checks.equal('and is no longer among the others', board.captures()['stored'], [])
            demo = board.ask('POST', '/captures/demo', {})[1]['capture']
            status, answer = board.ask('DELETE', f'/captures/{demo}')
            checks.that('a file from elsewhere is only closed', status == 200 and answer['deleted'] is False, answer)
            checks.that('and stays', os.path.exists(dashboard.ROOT + '/packaging/demo.pcapng'))
            checks.equal('ours is deleted', board.ask('DELETE', f'/captures/{again}')[1].get('deleted'), True)
            checks.equal('with everything of it', os.listdir(data + '/captures'), [])
            checks.equal('a deleted one is unknown', board.ask('DELETE', f'/captures/{again}')[0], 404)


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('kept captures: the program is not built')
        checks.end()
    dashboard.own_namespaces(checks)
    full_disk(checks)
    quota(checks)
    restart(checks)
    always_on(checks)
    checks.end()


if __name__ == '__main__':
    main()
