#!/usr/bin/env python3
"""The workflows of .github/workflows as a real parser of YAML reads it: what runs on a push is what a developer runs."""
import os
import re
import subprocess

from dashboard import ROOT, Checks


def steps_of(checks, job, name):
    checks.that(f'{name}: in the system it is made for', job['container']['image'] == 'debian:12', job.get('container'))
    checks.that(f'{name}: ends by itself', 0 < job.get('timeout-minutes', 0) <= 90, job.get('timeout-minutes'))
    runs = [s['run'] for s in job['steps'] if 'run' in s]
    for step in job['steps']:
        checks.that(f'{name}: a step runs or uses', ('run' in step) != ('uses' in step), step)
        if 'uses' in step:
            checks.that(f"{name}: {step['uses']} has its version", re.fullmatch(r'actions/[\w-]+@v\d+', step['uses']), step)
    for text in runs:
        done = subprocess.run(['sh', '-n', '-c', text], capture_output=True, text=True, check=False)
        checks.equal(f'{name}: sh reads "{text}"', (done.returncode, done.stderr), (0, ''))
        for path in re.findall(r'(?:^|\s)((?:tools|tests|\.ci)/[\w./]+)', text):
            checks.that(f'{name}: {path} can be run', os.access(os.path.join(ROOT, path), os.X_OK), text)
    return runs


def main():
    checks = Checks()
    try:
        import yaml
    except ImportError:
        checks.skip('the workflow: python3-yaml is not installed')
        checks.end()
    jobs = {}
    for name in ('check', 'package'):
        with open(f'{ROOT}/.github/workflows/{name}.yml', encoding='utf-8') as f:
            flow = yaml.safe_load(f)
        # YAML 1.1 reads the key "on" as true.
        checks.that(f'{name}: on every push and pull request', {'push', 'pull_request'} <= set(flow[True]), flow.get(True))
        checks.equal(f'{name}: it may only read', flow['permissions'], {'contents': 'read'})
        checks.equal(f'{name}: one job', list(flow['jobs']), [name])
        jobs[name] = flow['jobs'][name]
    checks.that('check: the check of every commit', '.ci/run' in steps_of(checks, jobs['check'], 'check'))
    runs = steps_of(checks, jobs['package'], 'package')
    wanted = ['tools/build_package', 'tests/integration/package.py']
    checks.equal('package: built, then tested', [r for r in runs if r in wanted], wanted)
    kept = [s['with']['path'] for s in jobs['package']['steps'] if 'upload-artifact' in s.get('uses', '')]
    checks.that('package: kept', kept and all(k in kept[0] for k in ('packages/*.deb', 'packages/*.tar.gz')), kept)
    checks.end()


if __name__ == '__main__':
    main()
