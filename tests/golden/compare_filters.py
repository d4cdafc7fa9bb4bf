#!/usr/bin/env python3
"""Compares how many packets each filter of filters.txt shows: sp3ctra against tshark.

usage: compare_filters.py SP3CTRA FILE... [--filters LIST]
Prints each difference and a total; exit status 1 when one differs, 77 when tshark is missing.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

SECONDS_MAX = 120


def lines_of(command):
    """Exit status and standard output lines of a command; times in the captures are UTC."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=SECONDS_MAX, env={**os.environ, "TZ": "UTC"}, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr.strip()


def ours(program, capture, text):
    code, out, err = lines_of([program, "read", capture, "-Y", text, "--count"])
    if code != 0 or not out:
        return None, err
    return int(out[-1].split()[0]), ""


def theirs(capture, text):
    code, out, err = lines_of(["tshark", "-n", "-r", capture, "-Y", text,
                               "-T", "fields", "-e", "frame.number"])
    # tshark stops at damage with status 2 but has printed what it could read.
    if code not in (0, 2):
        return None, err
    return len(out), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--filters", default=pathlib.Path(__file__).with_name("filters.txt"))
    options = parser.parse_args()
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    filters = [line.strip() for line in pathlib.Path(options.filters).read_text().splitlines()]
    filters = [f for f in filters if f and not f.startswith("#")]
    asked = different = 0
    for capture in options.captures:
        for text in filters:
            mine, my_words = ours(options.program, capture, text)
            wanted, their_words = theirs(capture, text)
            asked += 1
            if mine == wanted:
                continue
            different += 1
            print(f"{capture}: {text}\n  sp3ctra {mine} {my_words}\n  tshark  {wanted} {their_words}")
    print(f"{asked - different} of {asked} counts are equal ({len(filters)} filters, "
          f"{len(options.captures)} captures)")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
