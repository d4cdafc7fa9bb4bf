"""Compares `sp3ctra read -e FIELD… -o tsv` with `tshark -n -T fields -e FIELD…`.

For every capture of the corpus and every field of fields.txt: of the cells where tshark prints
something, how many does sp3ctra print alike, byte for byte? Prints one line per field and a total,
and fails when the total is below what was reached before (with --goal: below the goal). tshark's answers are kept under build/golden, keyed by
the capture's contents, the field list and tshark's version.

Nothing is left out: where tshark reads a protocol or a link that sp3ctra does not, the cells count
as different.
"""
import argparse
import collections
import concurrent.futures
import gzip
import hashlib
import os
import pathlib
import re
import subprocess
import sys

CHUNK = 300         # fields per tshark call: starting it costs more than a field
GOAL_PERCENT = 99.5
# Less than this fails: the goal, reached.
FLOOR_PERCENT = GOAL_PERCENT


def field_names(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def captures(corpus):
    rows = (corpus / "MANIFEST.tsv").read_text().splitlines()
    at = rows[0].split("\t")
    for row in rows[1:]:
        cells = dict(zip(at, row.split("\t")))
        yield cells["path"], cells["sha256"]


def tshark_rows(tshark, version, capture, sha, fields, cache):
    key = hashlib.sha256("\0".join([sha, version, *fields]).encode()).hexdigest()
    kept = cache / f"{key}.gz"
    if not kept.exists():
        command = [tshark, "-n", "-r", str(capture), "-T", "fields"]
        for name in fields:
            command += ["-e", name]
        done = subprocess.run(command, capture_output=True, env={**os.environ, "TZ": "UTC"})
        part = kept.with_suffix(".part")
        with gzip.open(part, "wb", compresslevel=3) as out:
            out.write(done.stdout)
        part.rename(kept)
    return gzip.open(kept, "rb").read().split(b"\n")[:-1]


UNKNOWN = set()     # fields sp3ctra has no name for: all their cells count as different


def sp3ctra_rows(program, capture, fields):
    while True:
        known = [name for name in fields if name not in UNKNOWN]
        command = [program, "read", str(capture), "-o", "tsv"]
        for name in known:
            command += ["-e", name]
        done = subprocess.run(command, capture_output=True, timeout=600)
        said = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode < 0:
            raise RuntimeError(f"sp3ctra died of signal {-done.returncode} on {capture}")
        missing = re.search(r"-e (\S+): there is no such field", said)
        if not missing or missing[1] in UNKNOWN:
            break
        UNKNOWN.add(missing[1])
    rows = []
    for line in done.stdout.split(b"\n")[:-1]:
        cells = iter(line.split(b"\t"))
        rows.append([b"" if name in UNKNOWN else next(cells, b"") for name in fields])
    return rows, said


class Score:
    def __init__(self):
        self.cells = collections.Counter()
        self.same = collections.Counter()
        self.extra = collections.Counter()
        self.examples = collections.defaultdict(list)
        self.captures_missed = []

    def add(self, path, fields, theirs, ours):
        for number, row in enumerate(theirs, 1):
            own = ours[number - 1] if number <= len(ours) else []
            for i, (name, cell) in enumerate(zip(fields, row.split(b"\t"))):
                mine = own[i] if i < len(own) else b""
                if not cell:
                    self.extra[name] += bool(mine)
                    continue
                self.cells[name] += 1
                if cell == mine:
                    self.same[name] += 1
                elif len(self.examples[name]) < 40:
                    self.examples[name].append((path, number, cell[:80], mine[:80]))


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def report(score, fields, show, only):
    passed = failed = skipped = 0
    for name in fields:
        cells, same = score.cells[name], score.same[name]
        if cells == 0:
            skipped += 1
            print(f"{name:52} {'—':>9}   the corpus has none")
            continue
        share = percent(same, cells)
        passed += share >= GOAL_PERCENT
        failed += share < GOAL_PERCENT
        mark = "" if share >= GOAL_PERCENT else "   below the goal"
        print(f"{name:52} {cells:9} {share:8.3f} %{mark}")
        if same < cells and show:
            for path, number, theirs, mine in score.examples[name][:show]:
                print(f"    {path}:{number}: {theirs!r} but {mine!r}")
    if only is not None:
        only.write_text("".join(f"{n}\t{score.cells[n]}\t{score.same[n]}\t{score.extra[n]}\n"
                                for n in fields))
    return passed, failed, skipped


def main():
    here = pathlib.Path(__file__).resolve().parent
    root = here.parent.parent
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("--program", default=os.environ.get("SP3CTRA", ""))
    parse.add_argument("--tshark", default="tshark")
    parse.add_argument("--show", type=int, default=0, help="examples of differences per field")
    parse.add_argument("--field", action="append", help="only these fields")
    parse.add_argument("--match", default="", help="only captures whose path holds this")
    parse.add_argument("--goal", action="store_true", help="fail below the goal")
    parse.add_argument("--table", type=pathlib.Path, help="write name, cells, same, extra here")
    args = parse.parse_args()

    corpus = pathlib.Path(os.environ.get("SP3CTRA_CORPUS", ""))
    if not os.environ.get("SP3CTRA_CORPUS") or not (corpus / "MANIFEST.tsv").exists():
        print("golden: SP3CTRA_CORPUS names no corpus; nothing compared")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    program = args.program or str(root / "build" / "release" / "sp3ctra")
    cache = root / "build" / "golden"
    cache.mkdir(parents=True, exist_ok=True)
    try:
        version = subprocess.run([args.tshark, "-v"], capture_output=True).stdout.split(b"\n")[0]
    except FileNotFoundError:
        print("golden: tshark is not installed; nothing compared")
        print("0 passed, 0 failed, 1 skipped")
        return 0

    fields = args.field or field_names(here / "fields.txt")
    score = Score()
    def both(job):
        path, sha, at = job
        chunk = fields[at:at + CHUNK]
        theirs = tshark_rows(args.tshark, version.decode(), corpus / path, sha, chunk, cache)
        return path, at, chunk, theirs, *sp3ctra_rows(program, corpus / path, chunk)

    jobs = [(path, sha, at) for path, sha in captures(corpus) if args.match in path
            for at in range(0, len(fields), CHUNK)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for path, at, chunk, theirs, ours, said in pool.map(both, jobs):
            if len(ours) != len(theirs) and at == 0:
                score.captures_missed.append((path, len(theirs), len(ours), said))
            score.add(path, chunk, theirs, ours)

    passed, failed, skipped = report(score, fields, args.show, args.table)
    for path, theirs, ours, said in score.captures_missed:
        print(f"rows differ: {path}: tshark {theirs}, sp3ctra {ours}  {said[:100]}")
    total, same = sum(score.cells.values()), sum(score.same.values())
    share = percent(same, total)
    print(f"\n{len(score.cells)} fields, {total} cells, {share:.3f} % alike "
          f"(goal {GOAL_PERCENT} %); {passed} fields reach the goal, {failed} do not, "
          f"{skipped} are not in the corpus")
    good = share >= (GOAL_PERCENT if args.goal else FLOOR_PERCENT)
    if FLOOR_PERCENT <= share < GOAL_PERCENT:
        print(f"The goal is not reached; this run fails only below {FLOOR_PERCENT} %.")
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
