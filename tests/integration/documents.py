#!/usr/bin/env python3
"""What the documents promise: they are there, their links lead somewhere, their numbers are those that were measured,
their commands exist; presets, licence, the workflow."""
import glob
import json
import os
import re
import struct
import subprocess
import sys

from made_capture import PROGRAM, ROOT, Check, sp3ctra

LICENCE = "GPL-2.0-or-later"


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def there(check):
    for path in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE", "docs/formats.md", "docs/acceptance.md",
                 "docs/api.md", "docs/conformance.md", "docs/performance.md", "docs/rights.md",
                 "docs/decisions/0000-template.md"):
        check.that(f"{path} is there and says something",
                   os.path.isfile(os.path.join(ROOT, path)) and len(text_of(path)) > 300)
    decisions = [p for p in glob.glob(os.path.join(ROOT, "docs/decisions/*.md")) if "0000" not in p]
    check.that("decisions are recorded", len(decisions) >= 3 and all(
        re.match(r"\d{4}-[a-z0-9-]+\.md$", os.path.basename(p)) for p in decisions), decisions)
    page = text_of("ARCHITECTURE.md")
    check.that("ARCHITECTURE.md is one page", len(page.split("\n")) <= 90 and len(page) <= 6500, len(page))
    recipes = re.findall(r"^## Recipe: (.*)$", text_of("CONTRIBUTING.md"), re.M)
    check.that("CONTRIBUTING.md has recipes", len(recipes) >= 4 and "add a protocol" in recipes, recipes)


def links(check):
    for path in sorted(glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "docs/**/*.md"),
                                                                        recursive=True)):
        name = os.path.relpath(path, ROOT)
        text = re.sub(r"```.*?```", "", text_of(name), flags=re.S)
        targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text)]
        dead = [t for t in targets if t and not re.match(r"https?:|mailto:", t)
                and not os.path.exists(os.path.join(os.path.dirname(path), t))]
        check.same(f"{name}: every link leads somewhere", dead, [])


def readme(check):
    text = text_of("README.md")
    blocks = re.findall(r"```\n(.*?)```", text, re.S)
    check.that("the two commands stand first", blocks[:2] and blocks[0].strip().endswith("./run")
               and blocks[1].strip() == "./test", blocks[:2])
    image = re.search(r"!\[[^\]]+\]\((docs/images/[^)]+\.png)\)", text)
    if check.that("a screenshot", image):
        with open(os.path.join(ROOT, image[1]), "rb") as f:
            png = f.read()
        width, height = struct.unpack(">II", png[16:24])
        check.that("it is a picture of a page", png[:8] == b"\x89PNG\r\n\x1a\n" and width >= 1000 and height >= 600
                   and len(png) > 20_000, (width, height, len(png)))
    check.that("limits are named", re.search(r"^## Limits\n\n(- .*\n(  .*\n)*){4,}", text, re.M), "## Limits")
    measured = re.search(r"^Measured \(([^)]*)\): (.*?)\n\n", text, re.M | re.S)
    if check.that("measured numbers", measured):
        sources = " ".join(text_of(p.strip()) for p in measured[1].split(","))
        rounded = lambda number: re.search(re.escape(number) + r"\d*", sources)
        numbers = re.findall(r"\d+(?:\.\d+)?", measured[2])
        whole = sources.replace(",", "")
        for number in numbers:
            cells = re.findall(r"(\d{7,}) cells", whole)
            good = rounded(number) or any(f"{int(c) / 1e6:.1f}" == number for c in cells)
            check.that(f"the number {number} is the measured one", good, measured[2])
        check.that("at least three numbers", len(numbers) >= 3, numbers)
    commands = re.findall(r"^\./run (\w+)", text, re.M)
    check.that("its examples", len(commands) >= 4, commands)
    if not os.access(PROGRAM, os.X_OK):
        return check.skip("the README's commands", "build/release/sp3ctra is not built")
    known = re.findall(r"^  (\w+) ", sp3ctra("--help")[1], re.M)
    for command in sorted(set(commands)):
        check.that(f"./run {command} exists", command in known, known)


def house(check):
    with open(os.path.join(ROOT, "CMakePresets.json"), encoding="utf-8") as f:
        presets = json.load(f)
    kinds = {p["name"]: p for p in presets["configurePresets"]}
    check.that("presets", set(kinds) >= {"release", "dev", "tsan", "fuzz"}, list(kinds))
    check.same("they build in build/<preset>", kinds["base"]["binaryDir"], "${sourceDir}/build/${presetName}")
    check.that("release is optimised", "-O2" in kinds["release"]["cacheVariables"]["CMAKE_CXX_FLAGS_RELEASE"])
    check.that("dev is sanitized", "-fsanitize=address,undefined" in kinds["dev"]["cacheVariables"]["CMAKE_CXX_FLAGS"])
    check.that("tsan is", "-fsanitize=thread" in kinds["tsan"]["cacheVariables"]["CMAKE_CXX_FLAGS"])
    table = dict(re.findall(r"^\| `(\w+)/` \|[^|]*\| ?([^|]*?) ?\|$", text_of("ARCHITECTURE.md"), re.M))
    rows = re.search(r"^TABLE = \{\n(.*?)^\}", text_of("tools/check_layers"), re.M | re.S)[1]
    folders = re.findall(r'^    "(\w+)":', rows, re.M)
    check.same("ARCHITECTURE.md and check_layers name the same folders", sorted(table), sorted(folders))
    for folder, words in re.findall(r'^    "(\w+)": "([^"]*)",$', rows, re.M):
        if "…" not in table.get(folder, "…") and "all" not in table[folder]:
            check.same(f"{folder}/ may include the same in both", table[folder].replace(",", "").split(), words.split())
    done = subprocess.run([os.path.join(ROOT, "tools/check_layers"), "--with-self-test"], capture_output=True, text=True,
                          check=False)
    check.same("the layer check passes and catches what is planted", done.returncode, 0)


def licence(check):
    text = text_of("LICENSE")
    check.that("LICENSE is the GPL, version 2", "GNU GENERAL PUBLIC LICENSE" in text and "Version 2, June 1991" in text
               and "either version 2 of the License, or" in text, text[:80])
    check.that("README names it", f"Licence: {LICENCE}" in text_of("README.md"))
    check.same("the page's package says the same", json.loads(text_of("web/package.json"))["license"], LICENCE)


def workflow(check):
    text = text_of(".github/workflows/check.yml")
    steps = re.findall(r"^\s+(?:- )?run: (.*)$", text, re.M)
    check.that("the workflow's last step is .ci/run", steps and steps[-1] == ".ci/run", steps)
    check.that("on every push and pull request", re.search(r"^on:\n(  .*\n)*  push:", text, re.M)
               and re.search(r"^  pull_request:", text, re.M), text[:200])
    check.that("on Debian 12", re.search(r"^      image: debian:12$", text, re.M), text)
    check.that("with the history that slices are chosen by", "fetch-depth: 0" in text, text)
    check.that("in more time than .ci/run takes", int(re.search(r"timeout-minutes: (\d+)", text)[1]) > 60)
    check.that(".ci/run can be run and calls ./test", os.access(os.path.join(ROOT, ".ci/run"), os.X_OK)
               and re.search(r"^count \./test$", text_of(".ci/run"), re.M))


def acceptance(check):
    """A row says *met* only where something in tests/feature_off/ takes its promise away, or a commit names a record."""
    proofs = set()
    for path in glob.glob(os.path.join(ROOT, "tests/feature_off/*.tsv")):
        for line in text_of(path).split("\n"):
            if line and not line.startswith("#"):
                proofs |= {row.strip() for row in line.split("\t")[0].split(",")}
    rows = re.findall(r"^\| (\d+\.\d+) \| .* \| (met|not met) \|(.*)\|$", text_of("docs/acceptance.md"), re.M)
    check.that("every row has a state", len(rows) == len(re.findall(r"^\| \d+\.\d+ ", text_of("docs/acceptance.md"),
                                                                    re.M)) and len(rows) > 80, len(rows))
    bare = [row for row, state, by in rows if state == "met" and row not in proofs
            and not re.search(r"\b[0-9a-f]{7}\b|recorded", by)]
    check.same("every met row has its proof", bare, [])


def main():
    check = Check()
    for part in (acceptance, there, links, readme, house, licence, workflow):
        part(check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
