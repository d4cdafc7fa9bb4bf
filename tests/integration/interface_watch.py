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
PATIENCE_S = 6.0  # a change is told in the end, and within the limit when the machine is not busy


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
        end = begun + PATIENCE_S
        while time.monotonic() < end:
            for at, rows in list(self.told):
                if at >= begun and good(rows):
                    return at - begun
            time.sleep(0.02)
        return None


def changes(pages, turn):
    """Seconds until the later page knew, by the name of the change; None: it never knew."""
    times = {}
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
        times[title] = latest([page.seen_within(begun, good) for page in pages])
    begun = time.monotonic()
    subprocess.run(['ip', 'address', 'add', f'10.78.{turn}.1/24', 'dev', 'wire'], check=True)
    times['a new address'] = latest(
        [page.seen_within(begun, lambda r: f'10.78.{turn}.1' in r['wire']['addresses']) for page in pages])
    return times


def latest(times):
    return None if None in times else max(times)


def changes_are_told(checks, pages):
    """What a busy machine made late is tried once more; never told is wrong at once."""
    rounds = [changes(pages, 0)]
    if any(took is not None and took > LIMIT_S for took in rounds[0].values()):
        rounds.append(changes(pages, 1))
    for title in rounds[0]:
        times = [times[title] for times in rounds]
        checks.that(f'{title}: every page knows within {LIMIT_S} s', None not in times and min(times) <= LIMIT_S, times)


def counters(checks, pages):
    asking, quiet = pages
    settled = time.monotonic() + 20
    while time.monotonic() < settled and any(time.monotonic() - p.told[-1][0] < 2 for p in pages):
        time.sleep(0.1)
    asking.told.clear()
    quiet.told.clear()
    asking.stream.send({'op': 'interfaces', 'on': True})
    begun = time.monotonic()
    for _ in range(10):
        # Its own traffic over loopback moves the counters.
        subprocess.run(['ip', 'link'], stdout=subprocess.DEVNULL, check=True)
        time.sleep(0.5)
    count, seconds = len(asking.told), time.monotonic() - begun
    checks.that('counters about once a second for who asked', seconds * 0.6 <= count <= seconds * 1.15 + 2, (count, seconds))
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
        changes_are_told(checks, pages)
        counters(checks, pages)
        for page in pages:
            page.stream.close()
    checks.end()


if __name__ == '__main__':
    main()
