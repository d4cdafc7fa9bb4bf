#!/usr/bin/env python3
"""What stands between a user and a capture: no sp3ctra-capd, one without its right, a broken one, one of another
version, one for another user, no interface. Each is a state of its own with its fix, equal in `doctor`, `capture`,
`interfaces` and GET /state. And how packaging/install-capd treats versions: upgrade, downgrade, the same again, a new
build of the same. /usr/local/lib is a file system of this test's own."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import dashboard
from dashboard import ORDINARY, Checks, Dashboard, run

PLACE = '/usr/local/lib/sp3ctra'
CAPD = PLACE + '/sp3ctra-capd'


def own_place(checks):
    """An empty /usr/local/lib that only this process and its children see."""
    dashboard.own_namespaces(checks)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755,size=64m', 'none', '/usr/local/lib'],
                      check=False).returncode:
        checks.skip('nothing can be mounted here')
        checks.end()


def fake(path, protocol):
    """A capd of another version, as far as anybody can tell without asking it for a socket."""
    greeting = ''.join(f'\\{b:03o}' for b in protocol.to_bytes(4, 'little'))
    with open(path, 'w', encoding='ascii') as f:
        f.write('#!/bin/sh\n'
                f'if [ -S /dev/fd/3 ]; then printf "capd{greeting}%20s" "" >&3; exit 1; fi\n'
                f'echo "sp3ctra-capd (protocol {protocol}) opens capture sockets" >&2\nexit 2\n')
    os.chmod(path, 0o755)


def put(source, users='', right=False):
    """Installs by hand, also what no script would."""
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(PLACE, 0o755)
    shutil.copy(source, CAPD)
    os.chmod(CAPD, 0o755)
    if users:
        with open(PLACE + '/capd.users', 'w', encoding='ascii') as f:
            f.write(users)
        os.chmod(PLACE + '/capd.users', 0o644)
    return not right or subprocess.run(['setcap', 'cap_net_raw=ep', CAPD], check=False).returncode == 0


def seen_everywhere(checks, program, state, why, fix):
    """One state, asked for in every way there is."""
    title = f'state {state}: '
    code, text = run([program, 'doctor'], uid=ORDINARY)
    found = re.search(r'^rights     (.*)\n  state    (\w+)\n(?:  fix      (.*)\n)?', text, re.M)
    if not checks.that(title + 'doctor', found and found[2] == state and code == (0 if state == 'ready' else 1), text):
        return
    told = found[1]
    checks.that(title + 'its words', re.search(why, told), told)
    checks.equal(title + 'its fix', found[3], fix)
    code, text = run([program, 'interfaces', '-o', 'json'], uid=ORDINARY)
    rows = json.loads(text)
    checks.that(title + 'interfaces', code == 0 and (state == 'ready' or all(
        (r['capturable'], r['why'], r['fix']) == (False, told, fix) for r in rows)), rows)
    code, text = run([program, 'capture', '-q', '-a', 'duration:0.2'], uid=ORDINARY)
    if state == 'ready':
        checks.that(title + 'capture', code == 0 and '0 packets dropped by kernel' in text, text)
    else:
        checks.equal(title + 'capture', (code, text), (1, f'sp3ctra: {told}\n  {fix}\n'))
    with Dashboard(program, uid=ORDINARY) as board:
        rights = board.state()['rights']
        wanted = {'can_capture': state == 'ready', 'state': state, 'why': '' if state == 'ready' else told,
                  'fix': fix or ''}
        checks.equal(title + 'GET /state', rights, wanted)


def states(checks, program, build, fix):
    seen_everywhere(checks, program, 'no_capd', 'is not installed', fix)
    put(build + '/sp3ctra-capd', f'{ORDINARY}\n')
    seen_everywhere(checks, program, 'no_right', 'does not have the right cap_net_raw', fix)
    put('/bin/true', f'{ORDINARY}\n')
    seen_everywhere(checks, program, 'broken_capd', 'did not answer', fix)
    fake(build + '/other', 9)
    put(build + '/other', f'{ORDINARY}\n')
    seen_everywhere(checks, program, 'other_version', r'another version of sp3ctra \(protocol 9, wanted \d+\)', fix)
    if not put(build + '/sp3ctra-capd', '0\n', right=True):
        checks.skip('file capabilities cannot be set here')
        return False
    seen_everywhere(checks, program, 'other_user', 'installed, but not for this user', fix)
    put(build + '/sp3ctra-capd', f'0\n{ORDINARY}\n', right=True)
    seen_everywhere(checks, program, 'ready', 'live capture is possible', None)
    return True


def installed_meanwhile(checks, program, build):
    """A running dashboard finds what was installed meanwhile: no restart."""
    shutil.rmtree(PLACE, ignore_errors=True)
    with Dashboard(program, uid=ORDINARY) as board:
        checks.equal('nothing is installed', board.state()['rights']['state'], 'no_capd')
        put(build + '/sp3ctra-capd', f'{ORDINARY}\n', right=True)
        checks.equal('found once it is', board.state()['rights'],
                     {'can_capture': True, 'state': 'ready', 'why': '', 'fix': ''})
        rows = board.ask('GET', '/interfaces')[1]['interfaces']
        checks.that('the interfaces know it', any(r['capturable'] for r in rows), rows)
        checks.equal('and it captures', (board.start('wire')[0], board.stop()[0]), (200, 200))


def no_interface(checks, program):
    """Rights, but everything is switched off, loopback too: so no page can be asked (StreamTest does that)."""
    for name in ('lo', 'wire', 'wire-end'):
        subprocess.run(['ip', 'link', 'set', name, 'down'], check=True)
    code, text = run([program, 'doctor'], uid=ORDINARY)
    wanted = ('rights     there is no interface to capture on; wire: it is switched off\n  state    no_interface\n'
              '  fix      sudo ip link set dev wire up\n')
    checks.that('state no_interface: doctor', code == 1 and wanted in text, text)
    code, text = run([program, 'capture'], uid=ORDINARY)
    checks.equal('state no_interface: capture', (code, text), (
        1, 'sp3ctra: there is no interface to capture on; wire: it is switched off\n'
           '  sudo ip link set dev wire up\n'))
    for name in ('lo', 'wire', 'wire-end'):
        subprocess.run(['ip', 'link', 'set', name, 'up'], check=True)


def identity():
    status = os.stat(CAPD)
    return status.st_ino, status.st_mtime_ns


def versions(checks, program, build):
    base = os.path.dirname(os.path.dirname(build))
    script, ours = base + '/packaging/install-capd', build + '/sp3ctra-capd'
    protocol = int(re.search(r'\(protocol (\d+)\)', run([ours])[1])[1])
    shutil.rmtree(PLACE, ignore_errors=True)

    def install(*arguments, uid=0, capd=ours):
        return run([script, '--capd', capd, *arguments], uid=uid)

    def ready():
        return 'state    ready' in run([program, 'doctor'], uid=ORDINARY)[1]

    checks.equal('--check: nothing is there', install('--check', uid=ORDINARY), (1, 'sp3ctra-capd is not installed\n'))
    code, text = install('--user', 'nobody')
    checks.that('first time', code == 0 and f'(protocol {protocol}) is installed' in text and ready(), text)
    first = identity()
    for title, uid, arguments in (('root', 0, ['--user', 'nobody']), ('its user, without sudo', ORDINARY, [])):
        code, text = install(*arguments, uid=uid)
        checks.that(f'again by {title}: nothing to do', code == 0 and 'nothing to do' in text, text)
    with open(ours, 'ab') as f:
        f.write(b'another build of the same')
    code, text = install(uid=ORDINARY)
    checks.that('a new build of the same protocol needs nothing', code == 0 and 'nothing to do' in text, text)
    checks.that('and the right is still there', ready() and identity() == first, identity())
    code, text = install('--user', 'daemon')
    checks.that('one more user: the program stays', code == 0 and 'stays as it is' in text and identity() == first, text)
    code, text = install('--user', 'nobody', '--replace')
    checks.that('--replace installs anew', code == 0 and identity() != first and ready(), text)
    for title, other, words in (('older', 0, r'of an older version \(protocol 0, this sp3ctra needs'),
                                ('newer', 99, r'of a newer version \(protocol 99, this sp3ctra needs')):
        fake(build + '/other', other)
        code, text = install('--user', 'nobody', capd=build + '/other')
        change = f'protocol {protocol} is replaced by {other}'
        checks.that(f'{title}: takes the place of ours', code == 0 and change in text and not ready(), text)
        if other < protocol:
            checks.that(f'{title}: says what that means', 'A newer sp3ctra on this machine' in text, text)
        code, text = install('--check', uid=ORDINARY)
        checks.that(f'{title}: --check says it', code == 1 and re.search(words, text), text)
        code, text = install('--user', 'nobody')
        change = f'protocol {other} is replaced by {protocol}'
        checks.that(f'{title}: ours takes its place', code == 0 and change in text and ready(), text)
    with open(PLACE + '/capd.users', encoding='ascii') as f:
        checks.equal('the users outlive every change', f.read(), f'1\n{ORDINARY}\n')
    subprocess.run(['setcap', '-r', CAPD], check=True)
    checks.that('a lost right is seen', 'has not the right' in install('--check', uid=ORDINARY)[1], '')
    checks.that('and given again', install('--user', 'nobody')[0] == 0 and ready(), '')
    code, text = install('--user', 'nobody', capd='/bin/true')
    checks.that('what is no capd is refused', code == 1 and 'is no sp3ctra-capd' in text and ready(), text)
    checks.that('--uninstall', run([script, '--uninstall'])[0] == 0 and not os.path.exists(PLACE), '')


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('states of capd: the program is not built')
        checks.end()
    own_place(checks)
    subprocess.run(['ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire-end'], check=True)
    for end in ('wire', 'wire-end'):
        subprocess.run(['ip', 'link', 'set', end, 'up'], check=True)
    with tempfile.TemporaryDirectory(prefix='sp3ctra-house-') as folder:
        program = dashboard.house(folder)
        build = os.path.dirname(program)
        if states(checks, program, build, f'sudo {folder}/packaging/install-capd'):
            installed_meanwhile(checks, program, build)
            no_interface(checks, program)
            versions(checks, program, build)
    checks.end()


if __name__ == '__main__':
    main()
