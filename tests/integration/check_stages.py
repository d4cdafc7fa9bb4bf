#!/usr/bin/env python3
"""./test and tools/corpus_replay, run_fuzz, check_layers where everything they call is a stand-in: which stages there
are, that a failure turns the whole red, that shares of time, skips and their reasons are printed."""
import os
import re
import shutil
import subprocess
import sys

from made_capture import ROOT, Check

STAGES = "layers format unit lint build golden corpus integration web browser".split()
GOOD = 'echo "2 passed, 0 failed, 0 skipped"'


class Sandbox:
    """A checkout of stand-ins, with the real ./test."""
    def __init__(self, check, name):
        self.root = check.path(name)
        for path in ("test", "tools/full_slices"):
            self.copy(path)
        for tool in ("check_layers", "lint", "build_program", "run_ctest", "run_vitest", "corpus_replay", "run_fuzz",
                     "feature_off"):
            self.stand_in("tools/" + tool, f'echo "called {tool} $*"; {GOOD}')
        for script in ("tests/golden/run", "tests/integration/one.sh", "tests/e2e/run"):
            self.stand_in(script, f'echo "called {script}"; {GOOD}')
        for program in ("cmake", "clang-format", "clang-tidy", "clang++", "chromium", "node", "npm", "setarch"):
            self.stand_in("bin/" + program, 'case "$0$1" in *setarch*) shift 2; exec "$@" ;; esac; exit 0')
        for path in ("src/a.cc", "web/package.json", "fuzz/CMakeLists.txt"):
            self.file(path, "")

    def copy(self, path):
        os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, path), os.path.join(self.root, path))

    def file(self, path, content):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(content)
        return full

    def stand_in(self, path, script):
        os.chmod(self.file(path, "#!/bin/sh\n" + script + "\n"), 0o755)

    def run(self, *command, **env):
        path = os.path.join(self.root, "bin") + ":" + os.environ["PATH"]
        done = subprocess.run([os.path.join(self.root, command[0]), *command[1:]], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
                              env={**os.environ, "PATH": path, **env})
        return done.returncode, done.stdout.decode("utf-8", "replace")


def whole_check(check):
    box = Sandbox(check, "whole")
    code, out = box.run("test")
    check.same("every stage, in order", re.findall(r"^== (\w+)$", out, re.M), STAGES)
    check.same("the end is a plain total", out.strip().split("\n")[-1], "19 passed, 0 failed, 0 skipped")
    check.same("all well: exit 0", code, 0)
    for stage in STAGES:
        check.that(f"{stage} prints its share of time",
                   re.search(rf"^{stage} +\d+ +\d+% +\d+ +0 +0$", out, re.M), out[-1500:])
    for tool in ("check_layers", "lint", "run_ctest build/dev", "corpus_replay", "run_vitest", "tests/golden/run",
                 "tests/integration/one.sh", "tests/e2e/run"):
        check.that(f"{tool} is called", "called " + tool in out, out[-1500:])
    box.stand_in("tools/run_ctest", "sleep 2; " + GOOD)
    code, out = box.run("test", "unit", "golden")
    check.same("stages by name", re.findall(r"^== (\w+)$", out, re.M), ["unit", "golden"])
    shares = dict(re.findall(r"^(\w+) +\d+ +(\d+)% ", out, re.M))
    check.that("a slow stage has the largest share", int(shares.get("unit", 0)) > 50 and
               int(shares.get("golden", 100)) <= 50, shares)
    check.same("no such stage", box.run("test", "nonsense")[0], 2)


def bad_days(check):
    box = Sandbox(check, "bad")
    box.stand_in("tests/integration/two.sh", 'echo "SKIP: the moon: it is day"; echo "1 passed, 0 failed, 1 skipped"')
    box.stand_in("tools/run_ctest", 'echo "7 passed, 2 failed, 0 skipped"; exit 1')
    box.stand_in("tools/lint", GOOD + "; exit 3")
    box.stand_in("tools/build_program", "exit 3")
    box.stand_in("tests/golden/run", "kill -SEGV $$")
    code, out = box.run("test")
    check.same("failures are counted", out.strip().split("\n")[-1], "21 passed, 5 failed, 1 skipped")
    check.same("and make the exit code", code, 1)
    check.that("what was skipped, and why", "Skipped, and why:\n  integration: the moon: it is day\n" in out, out[-900:])
    once = os.path.join(box.root, "once")
    box.stand_in("tests/integration/two.sh", f'[ -e {once} ] || {{ touch {once}; exit 1; }}; {GOOD}')
    code, out = box.run("test", "integration")
    check.same("what fails once is run again", (code, out.strip().split("\n")[-1]), (0, "4 passed, 0 failed, 0 skipped"))
    check.that("and is named", re.search(r"Failed first, passed the second time:\n  integration: \S*two\.sh", out), out[-900:])
    box.stand_in("tests/integration/two.sh", "exit 1")
    code, out = box.run("test", "integration")
    check.same("what fails twice is one failure", (code, out.strip().split("\n")[-1]), (1, "2 passed, 1 failed, 0 skipped"))
    box.stand_in("tests/integration/two.sh", "sleep 30")
    code, out = box.run("test", "integration", SP3CTRA_PROGRAM_SECONDS="1")
    check.that("a program that hangs fails by name", code == 1 and "two.sh ran out of time" in out, out)


def full(check):
    box = Sandbox(check, "full")
    _, listed = box.run("test", "--full", "--list")
    count = int(listed)
    code, out = box.run("test", "--full")
    names = re.findall(r"^== (\w+)$", out, re.M)
    check.same("--full runs as many as it lists", (code, len(names)), (0, count))
    for wanted in ("tsan", "long", "lint", "corpus0", "fuzz0", "feature_off"):
        check.that(f"--full has {wanted}", wanted in names, names)
    for called in ("run_ctest build/tsan", "corpus_replay --deep --part 0/3", "corpus_replay --deep --part 2/3",
                   "run_fuzz --part 0/2", "run_fuzz --part 1/2", "lint --seconds 900", "run_ctest build/dev"):
        check.that(f"--full calls {called}", "called " + called in out, out[-2000:])
    one_by_one = []
    for k in range(count):
        one_by_one += re.findall(r"^== (\w+)$", box.run("test", "--full", "--slice", f"{k}/{count}")[1], re.M)
    check.same("the slices are the whole, each once", one_by_one, names)


def corpus_replay(check):
    """A program that dies, hangs or reports on a capture is noticed, capture by capture."""
    box = Sandbox(check, "replay")
    box.copy("tools/corpus_replay")
    for name in ("a.pcap", "b.pcapng", "c.gz", "words.txt"):
        box.file("corpus/deep/" + name, "")
    corpus = os.path.join(box.root, "corpus")
    log = box.file("log", "")
    box.stand_in("build/dev/sp3ctra", f'echo "$*" >>{log}; exit 1')
    code, out = box.run("tools/corpus_replay", SP3CTRA_CORPUS=corpus)
    with open(log, encoding="utf-8") as f:
        calls = f.read()
    check.that("every capture is read and analysed, a damaged one is no failure", code == 0 and all(
        f"read {corpus}/deep/{n}" in calls and f"bench {corpus}/deep/{n}" in calls
        for n in ("a.pcap", "b.pcapng", "c.gz")) and "words" not in calls, (out, calls))
    check.same("three captures", out.strip().split("\n")[-1], "3 passed, 0 failed, 0 skipped")
    box.stand_in("build/dev/sp3ctra", 'case "$*" in *b.pcapng*) kill -SEGV $$ ;; *c.gz*) exit 86 ;; esac')
    code, out = box.run("tools/corpus_replay", SP3CTRA_CORPUS=corpus)
    check.same("a crash and a sanitizer's report fail", (code, out.strip().split("\n")[-1]),
               (1, "1 passed, 2 failed, 0 skipped"))
    check.that("and are named", "b.pcapng" in out and "c.gz" in out, out)


def fuzzing(check):
    box = Sandbox(check, "fuzzing")
    box.copy("tools/run_fuzz")
    box.file("corpus/a.pcap", "")
    box.file("tests/golden/filters.txt", "ip\n# words\ntcp.port == 443\n")
    kinds = sorted(n[:-3] for n in os.listdir(os.path.join(ROOT, "fuzz")) if n.endswith(".cc"))
    check.same("targets for files, filters and frames", kinds, ["fuzz_capture_file", "fuzz_filter", "fuzz_frame"])
    for kind in kinds:
        box.stand_in("build/fuzz/fuzz/" + kind, 'echo "called $0 $*"; echo "stat::number_of_executed_units: 5" '
                                                f'; echo "$*" >{box.root}/{kind}.args')
    corpus = os.path.join(box.root, "corpus")
    code, out = box.run("tools/run_fuzz", "--seconds", "30", SP3CTRA_CORPUS=corpus)
    check.same("every target runs", (code, out.strip().split("\n")[-1]), (0, "3 passed, 0 failed, 0 skipped"))
    for kind in kinds:
        with open(os.path.join(box.root, kind + ".args"), encoding="utf-8") as f:
            arguments = f.read().split()
        seeds = os.path.join(box.root, "build/fuzz/filter_seeds") if kind == "fuzz_filter" else corpus
        check.that(f"{kind}: a bounded time, the corpus (filters: those of the golden tests) as seeds",
                   seeds in arguments and "-max_total_time=10" in arguments and os.listdir(seeds), arguments)
        with open(os.path.join(ROOT, "fuzz", kind + ".cc"), encoding="utf-8") as f:
            check.that(f"{kind} is a libFuzzer target", "LLVMFuzzerTestOneInput" in f.read())
    box.stand_in("build/fuzz/fuzz/fuzz_frame", "exit 77")
    code, out = box.run("tools/run_fuzz", "--seconds", "30", SP3CTRA_CORPUS=corpus)
    check.that("what crashes turns it red", code == 1 and "FAILED fuzz_frame" in out, out)


def main():
    check = Check()
    for part in (whole_check, bad_days, full, corpus_replay, fuzzing):
        part(check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
