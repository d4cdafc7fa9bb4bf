#!/usr/bin/env python3
"""Compares how many packets each filter of filters.txt shows: sp3ctra against Wireshark's sharkd.

usage: compare_filters.py [--program SP3CTRA] [--filters LIST] [--every N] [FILE...]
Without files: every N-th capture of the corpus (up to 2 MB). Prints each difference and a total; the
last line is `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

SECONDS_MAX = 300
BYTES_MAX = 2_000_000
# The share of equal counts reached last, rounded down; less is a step back and fails. What differs
# lies behind protocols that are not read yet (GTP, PKTAP, PPP, SSDP) and after gaps in HTTP streams,
# whose rest Wireshark leaves to TCP.
FLOOR_PERCENT = 97.0


def ours(program, capture, text):
    done = subprocess.run([program, "read", capture, "-Y", text, "--count"], capture_output=True,
                          text=True, errors="replace", timeout=SECONDS_MAX, check=False)
    lines = done.stdout.splitlines()
    return int(lines[-1].split()[0]) if lines and done.returncode == 0 else done.stderr.strip()[:120]


def theirs(capture, filters):
    """One sharkd for all filters of a capture: a count each, or None where it refuses."""
    calls = [{"method": "load", "params": {"file": capture}}]
    calls += [{"method": "frames", "params": {"filter": text}} for text in filters]
    asked = "".join(json.dumps({"jsonrpc": "2.0", "id": i, **c}) + "\n" for i, c in enumerate(calls, 1))
    done = subprocess.run(["sharkd", "-"], input=asked, capture_output=True, text=True,
                          errors="replace", timeout=SECONDS_MAX, check=False,
                          env={**os.environ, "TZ": "UTC", "HOME": "/nonexistent"})
    answers = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            answer = json.loads(line, strict=False)
            answers[answer.get("id")] = answer
    if "error" in answers.get(1, {"error": 1}):
        return None
    counts = []
    for i in range(len(filters)):
        result = answers.get(i + 2, {}).get("result")
        counts.append(len(result) if isinstance(result, list) else None)
    return counts


def corpus_captures(every):
    corpus = os.environ.get("SP3CTRA_CORPUS", "")
    manifest = pathlib.Path(corpus) / "MANIFEST.tsv"
    if not corpus or not manifest.exists():
        return []
    paths = [str(manifest.parent / line.split("\t")[1])
             for line in manifest.read_text().splitlines()[1:]]
    small = [p for p in paths if os.path.getsize(p) <= BYTES_MAX]
    return small[::every]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("captures", nargs="*")
    parser.add_argument("--program", default=str(root / "build/release/sp3ctra"))
    parser.add_argument("--filters", default=pathlib.Path(__file__).with_name("filters.txt"))
    parser.add_argument("--every", type=int, default=6)
    options = parser.parse_args()
    captures = options.captures or corpus_captures(options.every)
    for reason in ([] if shutil.which("sharkd") else ["sharkd is not installed"]) + \
            ([] if captures else ["SP3CTRA_CORPUS names no corpus"]):
        print(f"SKIP: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    filters = [line.strip() for line in pathlib.Path(options.filters).read_text().splitlines()]
    filters = [f for f in filters if f and not f.startswith("#")]
    asked = different = packets = refused = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for capture in captures:
            wanted = theirs(capture, filters)
            if wanted is None:
                print(f"sharkd does not open {capture}")
                continue
            mine = pool.map(lambda text, c=capture: ours(options.program, c, text), filters)
            for text, own, right in zip(filters, mine, wanted):
                if right is None:
                    refused += 1
                    continue
                asked += 1
                packets += right
                if own != right:
                    different += 1
                    print(f"{capture}: {text}\n  sp3ctra {own}\n  sharkd  {right}")
    print(f"{asked - different} of {asked} counts are equal ({len(filters)} filters, "
          f"{len(captures)} captures, {packets} packets shown; sharkd refused {refused})")
    good = packets > 0 and 100 * (asked - different) >= FLOOR_PERCENT * asked
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
