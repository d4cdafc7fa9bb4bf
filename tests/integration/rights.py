#!/usr/bin/env python3
"""Who may capture, on the real program: as root capd starts by itself and the program keeps no capability; without
rights the demo opens, and page, API and `sp3ctra doctor` name the same missing right and the same command."""
import glob
import json
import os
import shutil
import subprocess
import tempfile

import dashboard
from dashboard import Checks, Dashboard, run

NET_RAW = 1 << 13


def capabilities(pid, task=None):
    """The five sets of a process (or thread) as numbers, by name."""
    where = f'/proc/{pid}/task/{task}/status' if task else f'/proc/{pid}/status'
    with open(where, encoding='ascii') as status:
        return {line[:6]: int(line.split()[1], 16) for line in status if line.startswith('Cap')}


def children(pid):
    found = {}
    for path in glob.glob(f'/proc/{pid}/task/*/children'):
        with open(path, encoding='ascii') as listed:
            for child in listed.read().split():
                with open(f'/proc/{child}/comm', encoding='utf-8') as name:
                    found[int(child)] = name.read().strip()
    return found


def first_screen(checks, board):
    """With rights: one button, for the interface with the default route."""
    rows = board.ask('GET', '/interfaces')[1]['interfaces']
    checks.equal('the default route is known', [r['name'] for r in rows if r['default_route']], ['wire'])
    checks.that('and can be captured', all(r['capturable'] for r in rows), rows)
    text, why_not = page_text(board.url)
    if not text:
        checks.skip(f'the first screen in a browser: {why_not}')
        return
    checks.equal('first screen: one primary button', text.count('btn primary'), 1)
    checks.that('first screen: capture on the default route', 'Capture on wire' in text, 'it is not in the page')


def as_root(checks):
    checks.that('root has capabilities to give up', capabilities('self')['CapEff'] & NET_RAW, capabilities('self'))
    with Dashboard() as board:
        state = board.state()
        checks.equal('root: capture is possible', state['rights']['can_capture'], True)
        first_screen(checks, board)
        pid = board.process.pid
        for task in os.listdir(f'/proc/{pid}/task'):
            held = capabilities(pid, task)
            checks.that('the program has no capability', held and not any(held.values()), held)
        capds = [p for p, name in children(pid).items() if name.startswith('sp3ctra-capd')]
        if checks.equal('root: one capd started by itself', len(capds), 1):
            held = capabilities(capds[0])
            checks.equal('capd keeps one right', (held['CapPrm'], held['CapEff']), (NET_RAW, NET_RAW))
        checks.equal('root: no demo is opened unasked', board.captures()['captures'], [])
        checks.equal('root: a capture starts', board.start('lo')[0], 200)
        checks.equal('root: a capture stops', board.stop()[0], 200)
    code, text = run([dashboard.program(), 'doctor'])
    checks.that('root: doctor says that capture is possible', code == 0 and 'live capture is possible' in text, text)


def page_text(url):
    """What the page shows in a browser, or why there is none."""
    if not shutil.which('chromium'):
        return None, 'chromium is not installed'
    with tempfile.TemporaryDirectory() as profile:
        browser = subprocess.run(
            ['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-pings',
             f'--user-data-dir={profile}', '--virtual-time-budget=6000', '--dump-dom', url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False)
    text = browser.stdout.decode('utf-8', 'replace')
    return (None, 'the page is not built into this program') if 'id="app"' not in text else (text, '')


def without_rights(checks, path):
    base = os.path.dirname(os.path.dirname(os.path.dirname(path)))
    fix = f'sudo {base}/packaging/install-capd'
    with Dashboard(path, uid=dashboard.ORDINARY) as board:
        rights = board.state()['rights']
        checks.equal('without rights: capture is not possible', rights['can_capture'], False)
        checks.that('the missing right is named', any(w in rights['why'] for w in ('not installed', 'not for this user')), rights)
        checks.equal('the exact command is named', rights['fix'], fix)
        checks.that('the terminal says the same', rights['why'] in board.text() and fix in board.text(), board.text())
        status, answer = board.start('lo')
        checks.that('a start is refused with the command', status == 400 and fix in answer['error'], answer)
        for row in board.ask('GET', '/interfaces')[1]['interfaces']:
            checks.equal(f'interface {row["name"]} names the command', (row['capturable'], row['fix']), (False, fix))
        checks.equal('the demo is there', board.state()['demo']['available'], True)
        checks.equal('and open already', [c['demo'] for c in board.captures()['captures']], [True])
        text, why_not = page_text(board.url)
        if text:
            checks.that('the page names the command', fix in text, 'it is not in the page')
            checks.that('the page opens on the demo', 'listgrid' in text and 'This is the demo' in text, 'it opens elsewhere')
            checks.that('the page shows the demo', 'demo.pcapng' in text, 'it is not in the page')
        else:
            checks.skip(f'the page in a browser: {why_not}')
        demo = board.ask('POST', '/captures/demo', {})[1]['capture']
        ready = board.wait(lambda: next(c for c in board.captures()['captures'] if c['id'] == demo)['state'] == 'ready')
        packets = next(c for c in board.captures()['captures'] if c['id'] == demo)['packets']
        checks.that('the demo is read', ready and packets > 100, packets)
        code, text = run([path, 'doctor'], uid=dashboard.ORDINARY)
        checks.equal('doctor ends with 1', code, 1)
        checks.that('doctor names the same right', f'rights     {rights["why"]}\n' in text, text)
        checks.that('doctor names the same command', f'fix      {fix}\n' in text, text)
        code, text = run([path, 'interfaces', '-o', 'json'], uid=dashboard.ORDINARY)
        checks.that('interfaces name it too', code == 0 and {r['fix'] for r in json.loads(text)} == {fix}, text)


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('rights: the program is not built')
        checks.end()
    dashboard.own_namespaces(checks)
    for name in ('apple', 'wire'):  # cables whose other end nobody holds
        subprocess.run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name + '-end'], check=True)
        for end in (name, name + '-end'):
            subprocess.run(['ip', 'link', 'set', end, 'up'], check=True)
    subprocess.run(['ip', 'address', 'add', '10.77.0.2/24', 'dev', 'wire'], check=True)
    subprocess.run(['ip', 'route', 'add', 'default', 'via', '10.77.0.1'], check=True)
    as_root(checks)
    with tempfile.TemporaryDirectory(prefix='sp3ctra-house-') as folder:
        without_rights(checks, dashboard.house(folder))
    checks.end()


if __name__ == '__main__':
    main()
