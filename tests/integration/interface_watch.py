#!/usr/bin/env python3
"""The list of interfaces on real pages: an interface that comes, goes, is renamed, switched, or gets an address is seen by
every page within two seconds; counters move once a second and only for the page that asked."""
import json
import subprocess
import threading
import time

import dashboard
from dashboard import Checks, Dashboard, Stream

LIMIT_S = 2.0


class Page:
    """A stream and what it was told of the interfaces, with times."""

    def __init__(self, board):
        self.stream = Stream(board)
        self.told = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while True:
                kind, data = self.stream.frame()
                if kind == 1 and data.startswith(b'{"op":"interfaces"'):
                    self.told.append((time.monotonic(), {r['name']: r for r in json.loads(data)['interfaces']}))
        except (OSError, ConnectionError):
            pass

    def seen_within(self, begun, good):
        """Seconds after `begun` until this page was told what `good` wants; None when it was not."""
        end = begun + LIMIT_S + 1
        while time.monotonic() < end:
            for at, rows in list(self.told):
                if at >= begun and good(rows):
                    return at - begun
            time.sleep(0.02)
        return None


def changes(checks, pages):
    for title, command, good in (
            ('added', ['add', 'cable', 'type', 'veth', 'peer', 'name', 'far'],
             lambda r: r.get('cable', {}).get('why') == 'it is switched off'),
            ('switched on', ['set', 'cable', 'up'], lambda r: r['cable']['up'] and r['cable']['capturable']),
            ('the other end switched on', ['set', 'far', 'up'], lambda r: r['cable']['carrier']),
            ('the other end switched off', ['set', 'far', 'down'], lambda r: not r['cable']['carrier']),
            ('switched off', ['set', 'cable', 'down'], lambda r: not r['cable']['up']),
            ('renamed', ['set', 'cable', 'name', 'lan'], lambda r: 'lan' in r and 'cable' not in r),
            ('removed', ['del', 'lan'], lambda r: 'lan' not in r and 'far' not in r)):
        begun = time.monotonic()
        subprocess.run(['ip', 'link', *command], check=True)
        for k, page in enumerate(pages):
            took = page.seen_within(begun, good)
            checks.that(f'{title}: page {k + 1} knows within {LIMIT_S} s', took is not None and took <= LIMIT_S, took)
    begun = time.monotonic()
    subprocess.run(['ip', 'address', 'add', '10.78.0.1/24', 'dev', 'wire'], check=True)
    for page in pages:
        took = page.seen_within(begun, lambda r: '10.78.0.1' in r['wire']['addresses'])
        checks.that(f'a new address: within {LIMIT_S} s', took is not None and took <= LIMIT_S, took)


def counters(checks, pages):
    time.sleep(1.2)
    asking, quiet = pages
    asking.told.clear()
    quiet.told.clear()
    asking.stream.send({'op': 'interfaces', 'on': True})
    for _ in range(10):
        # Its own traffic over loopback moves the counters.
        subprocess.run(['ip', 'link'], stdout=subprocess.DEVNULL, check=True)
        time.sleep(0.5)
    count = len(asking.told)
    checks.that('counters about once a second for who asked', 4 <= count <= 7, count)
    checks.that('they grow', count > 1 and asking.told[-1][1]['lo']['rx_bytes'] > asking.told[0][1]['lo']['rx_bytes'], '')
    checks.equal('nothing for who did not', len(quiet.told), 0)
    asking.stream.send({'op': 'interfaces', 'on': False})
    time.sleep(0.4)
    asking.told.clear()
    time.sleep(2.5)
    checks.equal('nothing any more', len(asking.told), 0)


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('the list of interfaces: the program is not built')
        checks.end()
    dashboard.own_namespaces(checks)
    subprocess.run(['ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'end'], check=True)
    with Dashboard() as board:
        presets = {p['name']: p for p in board.ask('GET', '/capture/presets')[1]['presets']}
        checks.that('presets with their text', presets['TCP']['bpf'] == 'tcp' and presets['Everything on the wire']['bpf'] == ''
                    and 'Only internet traffic' in presets, presets)
        for name, preset in presets.items():
            status, answer = board.start('lo', preset['bpf'])
            checks.that(f'a capture starts with {name}', status == 200, answer)
            board.stop()
        pages = [Page(board), Page(board)]
        time.sleep(0.5)
        changes(checks, pages)
        counters(checks, pages)
        for page in pages:
            page.stream.close()
    checks.end()


if __name__ == '__main__':
    main()
