#!/usr/bin/env python3
"""The Debian package: built from the release build, looked at by lintian, installed by dpkg over a copy of this system
that only this process sees (an overlay in a mount namespace), used, installed again, removed, purged. And the service:
systemd's own checks, and that capturing works with the rights it has."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import dashboard
from dashboard import ORDINARY, ROOT, Checks

CAPD, SCRIPT, USERS = '/usr/lib/sp3ctra/sp3ctra-capd', '/usr/share/sp3ctra/install-capd', '/etc/sp3ctra/capd.users'
UNIT = '/usr/lib/systemd/system/sp3ctra.service'
FILES = {'/usr/bin/sp3ctra': 0o755, CAPD: 0o755, SCRIPT: 0o755, UNIT: 0o644, '/usr/share/sp3ctra/demo.pcapng': 0o644,
         '/usr/share/man/man1/sp3ctra.1.gz': 0o644, '/usr/share/bash-completion/completions/sp3ctra': 0o644,
         '/usr/share/doc/sp3ctra/copyright': 0o644, '/usr/share/doc/sp3ctra/changelog.gz': 0o644,
         '/usr/share/doc/sp3ctra/page-licences': 0o644, '/usr/share/lintian/overrides/sp3ctra': 0o644}
EXPOSURE_MAX = 2.0
# What dpkg and its triggers write for themselves.
DPKG_OWN = re.compile(r'(var/lib/dpkg|var/log|var/cache|var/lib/systemd|tmp|dev|root)(/|$)|etc/ld\.so\.cache$')


def run(*command, uid=None, root=None, **more):
    """Code and all output; in the file system `root` and as `uid` where they are given."""
    def become():
        if root:
            os.chroot(root)
            os.chdir('/')
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
    environment = {**os.environ, 'LC_ALL': 'C', 'HOME': '/tmp', 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                   'DEBIAN_FRONTEND': 'noninteractive'}
    environment.pop('SUDO_UID', None)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
                          preexec_fn=become, env=environment, **more)
    return done.returncode, done.stdout


def build(checks, folder):
    """The .deb and the .tgz of what is in build/release now."""
    release = os.path.realpath(ROOT + '/build/release')
    os.environ.update(CCACHE_BASEDIR=ROOT, CCACHE_NOHASHDIR='1')
    code, text = run('cmake', '--build', release, '--target', 'package_files')
    if not checks.that('the files are made', code == 0, text[-2000:]):
        return None, None
    code, text = run('cpack', '--config', release + '/CPackConfig.cmake', '-B', folder)
    made = {kind: [folder + '/' + n for n in os.listdir(folder) if n.endswith(kind)] for kind in ('.deb', '.tar.gz')}
    if not checks.that('cpack makes a .deb and a .tgz', code == 0 and all(len(m) == 1 for m in made.values()), text[-2000:]):
        return None, None
    return made['.deb'][0], made['.tar.gz'][0]


def looked_at(checks, deb):
    """What can be seen without installing."""
    if shutil.which('lintian'):
        # Not as root, for whom it warns.
        os.chmod(os.path.dirname(deb), 0o755)
        code, text = run('lintian', '--fail-on', 'error', '--display-level', '>=warning', deb, uid=ORDINARY)
        checks.equal('lintian finds neither errors nor warnings', (code, text), (0, ''))
    else:
        checks.skip('lintian is not installed')
    field = {name: run('dpkg-deb', '-f', deb, name)[1].strip() for name in ('Package', 'Version', 'Depends')}
    program = dashboard.program()
    said = run(program, '--version')[1].split('\n')[0]
    checks.equal('its name and version', f"{field['Package']} {field['Version']}", said)
    with open(ROOT + '/packaging/debian/changelog', encoding='utf-8') as f:
        checks.that('the changelog begins with this version', f.readline().startswith(f"sp3ctra ({field['Version']}) "))
    depends = re.findall(r'(?:^|, )([\w.+-]+)', field['Depends'])
    linked = re.findall(r'\(NEEDED\).*\[(.*?)\]', run('readelf', '-d', program)[1])
    checks.that('the program is linked with libraries', len(linked) > 5, linked)
    for library in linked:
        if re.match(r'lib[au]b?san', library):
            continue
        owners = {line.split(':')[0] for line in run('dpkg', '-S', '*/' + library)[1].split('\n') if ': ' in line}
        checks.that(f'Depends has {library}', owners & set(depends), (owners, depends))
    checks.that('Depends has what sets the right', 'libcap2-bin' in depends, depends)
    dynamic = run('readelf', '-d', os.path.dirname(program) + '/sp3ctra-capd')[1]
    checks.that('capd takes nothing from a library path', not re.search('NEEDED|RPATH|RUNPATH', dynamic), dynamic)
    checks.that('the program has no library path', not re.search('RPATH|RUNPATH', run('readelf', '-d', program)[1]))


def archive(checks, tgz, folder):
    code, text = run('tar', '-xzf', tgz, '-C', folder)
    top = os.path.join(folder, os.path.basename(tgz)[:-len('.tar.gz')])
    checks.that('the .tgz unpacks', code == 0 and os.access(top + '/bin/sp3ctra', os.X_OK), text)
    code, text = run(top + '/bin/sp3ctra', 'doctor')
    checks.that('.tgz: root captures through its capd', 'state    ready' in text and '/lib/sp3ctra/sp3ctra-capd' in text, text)
    checks.that('.tgz: the demo is found', re.search(r'^demo       .*demo\.pcapng$', text, re.M), text)
    code, text = run(top + '/share/sp3ctra/install-capd', '--check')
    checks.equal('.tgz: the script finds its capd', (code, text), (1, 'sp3ctra-capd is not installed\n'))


def copy_of_the_system(checks, folder):
    """A root of our own over this one; its upper layer holds what changes."""
    root, upper = folder + '/root', folder + '/layers/upper'
    for path in (root, folder + '/layers'):
        os.makedirs(path)
    for command in (['mount', '-t', 'tmpfs', '-o', 'mode=755,size=256m', 'none', folder + '/layers'],
                    ['mkdir', upper, folder + '/layers/work'],
                    ['mount', '-t', 'overlay', '-o', f'lowerdir=/,upperdir={upper},workdir={folder}/layers/work', 'none', root],
                    ['mount', '--rbind', '/proc', root + '/proc'], ['mount', '--rbind', '/sys', root + '/sys'],
                    ['mount', '--rbind', '/dev', root + '/dev'], ['mount', '-t', 'tmpfs', 'none', root + '/run'],
                    ['mount', '-t', 'tmpfs', '-o', 'mode=1777', 'none', root + '/tmp']):
        if subprocess.run(command, check=False).returncode:
            checks.skip('the installation: no overlay can be mounted here')
            return None, None
    return root, upper


def state_of(text):
    found = re.search(r'^rights     .*\n  state    (\w+)\n(?:  fix      (.*)\n)?', text, re.M)
    return (found[1], found[2]) if found else text


def installed(checks, root):
    """Files, rights, and what an ordinary user meets."""
    # Small images tell dpkg to leave out documents.
    excluding = run('grep', '-rqs', '^path-exclude', root + '/etc/dpkg/dpkg.cfg.d', root + '/etc/dpkg/dpkg.cfg')[0] == 0
    for path, mode in FILES.items():
        if excluding and path.startswith(('/usr/share/doc/', '/usr/share/man/')):
            continue
        status = os.stat(root + path) if os.path.exists(root + path) else None
        checks.that(f'{path} is there', status and (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, 0, 0), status)
    checks.equal('the right', run('getcap', CAPD, root=root)[1], f'{CAPD} cap_net_raw=ep\n')
    rights = run('getcap', '-r', '/usr/bin', '/usr/lib/sp3ctra', root=root)[1].split('\n')
    checks.that('and no other file of ours has one', [r for r in rights if 'sp3ctra' in r] == [f'{CAPD} cap_net_raw=ep'], rights)
    checks.that('--version', run('sp3ctra', '--version', root=root, uid=ORDINARY)[1].startswith('sp3ctra '))
    doctor = lambda: run('sp3ctra', 'doctor', root=root, uid=ORDINARY)[1]
    checks.equal('nobody may capture unasked', state_of(doctor()), ('other_user', f'sudo {SCRIPT}'))
    code, text = run(SCRIPT, '--user', 'nobody', root=root)
    checks.that('the fix', code == 0 and 'may capture' in text, text)
    text = doctor()
    checks.that('the package\'s capd is found and accepted', state_of(text) == ('ready', None) and f'helper     {CAPD}\n' in text, text)
    checks.that('the demo is found', 'share/sp3ctra/demo.pcapng' in text, text)
    code, text = run(SCRIPT, '--user', 'nobody', root=root)
    checks.that('the fix again: nothing to do', code == 0 and 'nothing to do' in text, text)
    rows = json.loads(run('sp3ctra', 'interfaces', '-o', 'json', root=root, uid=ORDINARY)[1])
    checks.that('interfaces: lo can be captured', any(r['name'] == 'lo' and r['capturable'] for r in rows), rows)
    code, text = run('sp3ctra', 'capture', '-i', 'lo', '-q', '-a', 'duration:0.2', root=root, uid=ORDINARY)
    checks.that('an ordinary user captures', code == 0 and 'dropped by kernel' in text, text)
    code, text = run(SCRIPT, '--uninstall', root=root)
    checks.that('the script leaves removing to dpkg', code == 1 and 'apt-get remove sp3ctra' in text, text)


def service(checks, root):
    """Its unit under systemd's own checks, and its rights: a user that nobody has listed, with what it passes on."""
    with open(root + UNIT, encoding='utf-8') as f:
        unit = f.read()
    checks.equal('the service is off until it is enabled', os.path.lexists(
        root + '/etc/systemd/system/multi-user.target.wants/sp3ctra.service'), False)
    if shutil.which('systemd-analyze'):
        code, text = run('systemd-analyze', 'verify', UNIT, root=root)
        checks.that('systemd-analyze verify has no complaint', code == 0 and 'sp3ctra' not in text, text)
        code, text = run('systemd-analyze', 'security', '--offline=yes', '--no-pager', UNIT, root=root)
        exposure = re.search(r'Overall exposure level for sp3ctra\.service: ([\d.]+)', text)
        checks.that(f'its exposure is at most {EXPOSURE_MAX}', exposure and float(exposure[1]) <= EXPOSURE_MAX, text)
        with open(ROOT + '/docs/packaging.md', encoding='utf-8') as f:
            recorded = re.search(r'exposure level (?:is )?(\d+\.\d+)', f.read())
        checks.that('and the recorded one', exposure and recorded and recorded[1] == exposure[1], (recorded, exposure))
    else:
        checks.skip('the unit under systemd-analyze: it is not installed')
    wanted = {'DynamicUser': 'yes', 'NoNewPrivileges': 'yes', 'AmbientCapabilities': 'CAP_NET_RAW',
              'CapabilityBoundingSet': 'CAP_NET_RAW', 'IPAddressDeny': 'any', 'ProtectSystem': 'strict'}
    said = dict(re.findall(r'^(\w+)=(.*)$', unit, re.M))
    checks.equal('what it may', {k: said.get(k) for k in wanted}, wanted)
    if not shutil.which('setpriv'):
        checks.skip('the rights of the service: setpriv is not installed')
        return
    stranger = ['setpriv', '--reuid', '61234', '--regid', '61234', '--clear-groups', '--bounding-set', '-all,+net_raw']
    passed_on = ['--inh-caps', '-all,+net_raw', '--ambient-caps', '-all,+net_raw', '--no-new-privs']
    text = run(*stranger, *passed_on, 'sp3ctra', 'doctor', root=root)[1]
    checks.that('with the right passed on it captures', state_of(text)[0] == 'ready', text)
    code, text = run(*stranger, *passed_on, 'sp3ctra', 'capture', '-i', 'lo', '-q', '-a', 'duration:0.2', root=root)
    checks.that('and not only says so', code == 0 and 'dropped by kernel' in text, text)
    text = run(*stranger, '--inh-caps', '-all,+net_raw', 'sp3ctra', 'doctor', root=root)[1]
    checks.equal('inheritable alone is no right', state_of(text)[0], 'other_user')
    text = run(*stranger, '--inh-caps', '-all', 'sp3ctra', 'doctor', root=root)[1]
    checks.equal('without it the list decides', state_of(text)[0], 'other_user')


def removed(checks, root, upper, deb):
    code, text = run('dpkg', '--no-triggers', '-i', deb, root=root)
    checks.that('installed again', code == 0, text)
    checks.equal('the right is there again', run('getcap', CAPD, root=root)[1], f'{CAPD} cap_net_raw=ep\n')
    checks.that('its users may still capture', 'state    ready' in run('sp3ctra', 'doctor', root=root, uid=ORDINARY)[1])
    code, text = run('dpkg', '--no-triggers', '-r', 'sp3ctra', root=root)
    checks.that('removed', code == 0 and not any(os.path.lexists(root + p) for p in FILES), text)
    checks.that('the list of users is kept', os.path.exists(root + USERS))
    os.makedirs(root + '/var/lib/private/sp3ctra/data')
    os.symlink('private/sp3ctra', root + '/var/lib/sp3ctra')
    code, text = run('dpkg', '--no-triggers', '-P', 'sp3ctra', root=root)
    checks.that('purged', code == 0, text)
    left = []
    for where, folders, names in os.walk(upper):
        for name in folders + names:
            path = os.path.relpath(os.path.join(where, name), upper)
            if not DPKG_OWN.match(path) and os.path.lexists(root + '/' + path) and (
                    'sp3ctra' in path or not os.path.lexists('/' + path)):
                left.append(path)
    checks.equal('nothing is left', left, [])
    checks.that('and nothing is known of it', 'sp3ctra' not in run('dpkg-query', '-W', root=root)[1])


def main():
    checks = Checks()
    if not dashboard.program():
        checks.skip('the package: the program is not built')
        checks.end()
    missing = [p for p in ('cpack', 'dpkg-deb', 'dpkg-shlibdeps', 'setcap', 'readelf') if not shutil.which(p)]
    if missing:
        checks.skip('the package: not installed: ' + ', '.join(missing))
        checks.end()
    with tempfile.TemporaryDirectory(prefix='sp3ctra-package-') as folder:
        os.chmod(folder, 0o755)
        made = folder + '/made'
        os.makedirs(made)
        deb, tgz = build(checks, made)
        if not deb:
            checks.end()
        looked_at(checks, deb)
        dashboard.own_namespaces(checks)
        # Hides a capd that this machine has installed by other means.
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'none', '/usr/local/lib'], check=False)
        archive(checks, tgz, folder)
        root, upper = copy_of_the_system(checks, folder)
        if root:
            shutil.copy(deb, root + '/tmp/sp3ctra.deb')
            code, text = run('dpkg', '--no-triggers', '-i', '/tmp/sp3ctra.deb', root=root)
            if checks.that('dpkg installs it', code == 0, text):
                installed(checks, root)
                service(checks, root)
                removed(checks, root, upper, '/tmp/sp3ctra.deb')
            subprocess.run(['umount', '-R', '-l', root], check=False)
            subprocess.run(['umount', '-l', folder + '/layers'], check=False)
    checks.end()


if __name__ == '__main__':
    main()
