#!/usr/bin/env python3
"""The manual page and the completion that the program makes of its own tables: groff and man print the page without
a warning, it names what --help names, and a real bash completes with the script. And what --version says."""
import os
import re
import shutil
import subprocess
import tempfile

from dashboard import ROOT, Checks, program


def output(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def commands_of(path):
    """Subcommands and the options of each, as --help says them."""
    said = output(path, '--help')[1]
    names = re.findall(r'^  (\w+) ', said.split('Subcommands:')[1], re.M)
    found = {}
    for name in names:
        text = output(path, name, '--help')[1]
        found[name] = re.findall(r'(?<![\w-])(--?[a-zA-Z][\w-]*)(?=[, ])', '\n'.join(
            re.match(r'  (-\S+)', line)[1] + ' ' for line in text.split('\n') if line.startswith('  -')))
    return found


def page(checks, path, folder, known):
    code, roff, errors = output(path, 'man')
    checks.that('sp3ctra man', code == 0 and roff and not errors, errors)
    file = folder + '/sp3ctra.1'
    with open(file, 'w', encoding='ascii') as f:
        f.write(roff)
    for tool, command in (('groff', ['groff', '-man', '-ww', '-z', file]),
                          ('man', ['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', file])):
        if shutil.which(tool):
            code, _, errors = output(*command, env={**os.environ, 'MANWIDTH': '80', 'LC_ALL': 'C.UTF-8'})
            checks.equal(f'{tool} warns of nothing', (code, errors), (0, ''))
        else:
            checks.skip(f'the manual page under {tool}: it is not installed')
    sections = dict(re.findall(r'^\.SS ([^\n]*)\n(.*?)(?=^\.S[SH])', roff, re.M | re.S))
    checks.equal('every subcommand has its section', sorted(sections), sorted(known))
    for name, options in known.items():
        checks.that(f'{name}: --help has options', '--help' in options, options)
        missing = [o for o in options if f'\\fB{o.replace("-", chr(92) + "-")}\\fR' not in sections.get(name, '')]
        checks.equal(f'{name}: every option is in the page', missing, [])


COMPLETE = r'''
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_sp3ctra "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
printf '%s\n' "${COMPREPLY[@]}"
'''


def completion(checks, path, folder, known):
    code, script, errors = output(path, 'completion', 'bash')
    checks.that('sp3ctra completion bash', code == 0 and script and not errors, errors)
    file = folder + '/completion'
    with open(file, 'w', encoding='utf-8') as f:
        f.write(script)
    work = folder + '/work'
    os.makedirs(work + '/captures')
    for name in ('a file.pcap', 'away.pcap'):
        open(f'{work}/{name}', 'w', encoding='utf-8').close()

    def offered(*words):
        done = output('bash', '--norc', '-c', COMPLETE, 'bash', file, path, *words, cwd=work)[1]
        return [line for line in done.split('\n') if line]

    names = offered('')
    checks.that('the first word: every subcommand', set(known) <= set(names), names)
    checks.that('and files, which the dashboard opens', {'a file.pcap', 'captures'} <= set(names), names)
    checks.equal('its beginning', offered('cap'), ['capture', 'captures'])
    checks.that('options of the program and of the dashboard', {'--version', '--port'} <= set(offered('--')), offered('--'))
    for name, options in known.items():
        checks.equal(f'{name}: every option', sorted(set(offered(name, '-'))), sorted(set(options)))
    checks.equal('a long option by its beginning', offered('capture', '--no'), ['--no-promiscuous'])
    checks.equal('files, also with a blank', sorted(offered('read', 'a')), ['a file.pcap', 'away.pcap'])
    checks.equal('files after -w', offered('capture', '-w', 'aw'), ['away.pcap'])
    checks.equal('directories after --data', offered('serve', '--data', ''), ['captures'])
    interfaces = sorted(['any', *(n for n in os.listdir('/sys/class/net') if os.path.isdir('/sys/class/net/' + n))])
    checks.equal('interfaces', sorted(offered('capture', '-i', '')), interfaces)
    hostile_name(checks, file, path, folder)
    checks.equal('choices', offered('read', '-o', 't'), ['text', 'tsv', 'tree'])
    checks.equal('choices after =', offered('interfaces', '--color', '=', 'al'), ['always'])
    checks.equal('presets', offered('capture', '--preset', 'q'), ['quiet'])
    checks.equal('fields', offered('read', '-e', 'dns.qry.name.l'), ['dns.qry.name.len'])
    checks.equal('nothing where nothing can be known', offered('read', '-c', ''), [])
    checks.equal('shells', offered('completion', ''), ['bash'])


def hostile_name(checks, file, path, folder):
    """An interface may be called $(…): the shell must not run it."""
    run = ('mount -t sysfs none /sys && ip link set lo name \'$(id>ran)\' && cd "$1" && shift && exec bash --norc -c "$@"')
    done = subprocess.run(['unshare', '-n', '-m', 'sh', '-c', run, 'sh', folder, COMPLETE, 'bash', file, path, 'capture',
                           '-i', '$'], capture_output=True, text=True, check=False)
    if done.returncode:
        checks.skip('an interface with a hostile name: no namespace here: ' + done.stderr.strip()[:80])
        return
    checks.equal('a hostile name is quoted', done.stdout.strip(), '\\$\\(id\\>ran\\)')
    checks.that('and not run', not os.path.exists(folder + '/ran'), os.listdir(folder))


def version(checks, path):
    code, said, _ = output(path, '--version')
    lines = said.rstrip('\n').split('\n')
    checks.that('--version: the number', code == 0 and re.fullmatch(r'sp3ctra \d+\.\d+\.\d+', lines[0]), said)
    commit = re.fullmatch(r'commit (\w+)(, changed)?', lines[1])
    git = ['git', '-c', 'safe.directory=' + ROOT, '-C', ROOT]
    if not (shutil.which('git') and os.path.exists(ROOT + '/.git')):
        checks.skip('the commit of --version: this is no checkout')
    elif path.startswith(ROOT + '/build/'):
        known = commit and output(*git, 'merge-base', '--is-ancestor', commit[1], 'HEAD')[0] == 0
        checks.that('--version: the commit is this one or one before it', known, lines[1])
    told = dict(line.rsplit(' ', 1) for line in lines[2:-1])
    linked = re.findall(r'\(NEEDED\).*\[(.*?)\]', output('readelf', '-d', path)[1])
    names = {'libpcap': 'libpcap', 'libcrypto': 'OpenSSL', 'libssl': 'OpenSSL', 'libarchive': 'libarchive', 'libz': 'zlib',
             'libpcre2-8': 'PCRE2', 'libsodium': 'libsodium', 'libfmt': 'fmt', 'libsqlite3': 'SQLite', 'libduckdb': 'DuckDB'}
    own = ('libc', 'libm', 'libgcc_s', 'libstdc++', 'ld-linux-x86-64', 'libasan', 'libubsan')
    checks.that('it is linked with something', len(linked) > 5, linked)
    for library in linked:
        stem = library.split('.so')[0]
        if stem not in own:
            checks.that(f'--version names {library}', names.get(stem) in told, said)
    for name, number in told.items():
        checks.that(f'{name} has a number', re.match(r'\d+\.\d+', number), number)
    checks.that('--version: the licence', lines[-1].startswith('Licence GPL-2.0-or-later'), lines[-1])


def main():
    checks = Checks()
    path = program()
    if not path:
        checks.skip('the manual page: the program is not built')
        checks.end()
    known = commands_of(path)
    checks.that('--help names subcommands', {'serve', 'read', 'capture', 'doctor'} <= set(known), known)
    with tempfile.TemporaryDirectory(prefix='sp3ctra-manual-') as folder:
        page(checks, path, folder, known)
        completion(checks, path, folder, known)
    version(checks, path)
    checks.end()


if __name__ == '__main__':
    main()
