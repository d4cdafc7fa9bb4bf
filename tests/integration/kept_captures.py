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


def flood_until_it_stops(checks, board, title):
    status, answer = board.start('lo', FILTER)
    checks.equal(f'{title}: a capture starts', status, 200)
    for _ in range(40):
        send(250)  # never idle for long
        if board.state()['capture']['state'] == 'STOPPED':
            break
    stopped = board.wait(lambda: board.state()['capture']['state'] == 'STOPPED')
    seen = board.state()['capture']
    checks.that(f'{title}: the capture ended by itself', stopped, seen)
    checks.that(f'{title}: what came after is counted', seen['not_written'] > 0, seen)
    checks.equal(f'{title}: the file is whole and holds what is listed', packets_in(files(board)[-1]), seen['packets'])
    shown = next(c for c in board.captures()['captures'] if c['id'] == answer['capture'])
    checks.equal(f'{title}: the list says it too', (shown['ended'], shown['damage'], shown['state']),
                 (seen['words'], '', 'ready'))
    checks.equal(f'{title}: its last packet can be opened',
                 board.ask('GET', f'/captures/{answer["capture"]}/packets/{seen["packets"]}')[0], 200)
    return answer['capture'], seen


def full_disk(checks):
    with tempfile.TemporaryDirectory(prefix='sp3ctra-full-') as data:
        # This mount is seen by this process and its children only, and goes with them.
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'tmpfs', data], check=False).returncode:
            checks.skip('a full disk: tmpfs cannot be mounted here')
            return
        with Dashboard(data=data) as board:
            capture, seen = flood_until_it_stops(checks, board, 'full disk')
            checks.that('full disk: said in words', seen['words'].startswith('the disk is full'), seen['words'])
            checks.that('full disk: most of it was used', 1500 < seen['packets'] < 2300, seen['packets'])
            checks.equal('full disk: no space is left', board.state()['disk']['free'] < 65536, True)
            checks.equal('full disk: a start is refused in words', board.start('lo', FILTER)[0], 400)
            checks.equal('full disk: deleting works', board.ask('DELETE', f'/captures/{capture}')[1].get('deleted'), True)
            checks.equal('full disk: then capturing works', board.start('lo', FILTER)[0], 200)
            board.stop()
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
        checks.that('full disk: the command says why', 'No space left' in told, told)


def quota(checks):
    with Dashboard(arguments=['--disk-quota', '2']) as board:
        capture, seen = flood_until_it_stops(checks, board, 'quota')
        checks.that('quota: said in words', seen['words'].startswith('the disk quota'), seen['words'])
        disk = board.state()['disk']
        checks.equal('quota: its size', disk['quota'], 2 << 20)
        on_disk = sum(os.path.getsize(board.data + '/captures/' + f) for f in os.listdir(board.data + '/captures'))
        board.wait(lambda: board.state()['disk']['used'] == on_disk, 3)
        checks.equal('quota: used is what lies on the disk', board.state()['disk']['used'], on_disk)
        checks.that('quota: it was kept', on_disk <= (2 << 20) + 4096, on_disk)
        checks.equal('quota: an upload is refused', board.ask('POST', '/uploads', {'name': 'a', 'size': 1 << 20})[0], 413)
        board.ask('DELETE', f'/captures/{capture}')
        checks.equal('quota: deleted is free again', board.ask('POST', '/uploads', {'name': 'a', 'size': 1 << 20})[0], 200)


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
    checks.end()


if __name__ == '__main__':
    main()
