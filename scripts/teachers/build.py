#!/usr/bin/env python3
"""The steps after fetch.py. usage: build.py TREE synthesise|windows|doc|check [MEASURED]

synthesise writes what the generators make; windows lists (window.list) and joins (window.bin) the windows;
doc prints docs/priors-sources.md; check counts what a window shares with the measured files.
"""
import glob
import os
import sys

import fetch

FAMILIES = [("json", "jsons", 100), ("log", "logs", 200), ("db", "tables", 300), ("xml", "markup", 400)]
SOURCE = ["script", "c", "rust"]


def put(tree, family, name, data):
    path = os.path.join(tree, family, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def synthesise(tree):
    """Writes the generated files and their lines in SOURCES.tsv."""
    for family, module, seed in FAMILIES:
        generator = __import__(module)
        table = os.path.join(tree, family, "SOURCES.tsv")
        with open(table, encoding="utf-8") as lines:
            kept = [line for line in lines if "\tgenerated\t" not in line]
        for number, split in enumerate(["train", "extra", "test"]):
            for name, data in generator.files(split, seed + 11 * number):
                data = data if isinstance(data, bytes) else data.encode()
                put(tree, family, name, data)
                kept.append(f"{name}\t{len(data)}\tgenerated\tscripts/teachers/{module}.py\t-\tMIT OR Apache-2.0\tthe minlen project\n")
        with open(table, "w", encoding="utf-8") as out:
            out.writelines(kept)


def pieces(tree):
    """(window, path, offset, length) in the order of windows.tsv."""
    with open(os.path.join(fetch.HERE, "windows.tsv"), encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#")]
    for window, pattern, total, each, skip in rows:
        left, each, skip = fetch.amount(total), fetch.amount(each), fetch.amount(skip)
        for path in sorted(glob.glob(os.path.join(tree, pattern))):
            if not os.path.isfile(path) or left < 200:
                continue
            with open(path, "rb") as file:
                data = file.read()[skip:]
            size = len(data)
            if size > min(each, left):
                size = len(fetch.shorten(data, min(each, left)))
            if size:
                left -= size
                yield window, os.path.relpath(path, tree), skip, size
        if left == fetch.amount(total):
            print(f"windows.tsv: nothing matches {pattern}", file=sys.stderr)


def windows(tree):
    """Writes window.list and window.bin of each family, and of `source`, which joins three of them."""
    lists = {}
    for window, path, skip, size in pieces(tree):
        lists.setdefault(window, []).append((path, skip, size))
    lists["source"] = [piece for part in SOURCE for piece in lists[part]]
    for window, parts in lists.items():
        data = bytearray()
        for path, skip, size in parts:
            with open(os.path.join(tree, path), "rb") as file:
                data += file.read()[skip:skip + size]
        put(tree, window, "window.bin", bytes(data))
        text = "".join(f"{path}\t{skip}\t{size}\n" for path, skip, size in parts)
        put(tree, window, "window.list", ("# path below the tree, offset, bytes; the last is the most valuable\n" + text).encode())
        print(f"{window}\t{len(parts)} pieces\t{len(data)} bytes")


INTRO = """# What the shipped priors learned from

`scripts/teachers.sh DIR` rebuilds this material: it fetches the packages below with the ordinary package clients, takes
the named files, runs our generators (`scripts/teachers/*.py`) and lists the windows (`window.list`). This page is written
by the same script (`scripts/teachers/build.py DIR doc`) from `scripts/teachers/sources.tsv`: change that file, not this one.

* **train**: may be replayed into a window that the binary carries. Only licences that allow redistribution with mere
  attribution; the copyright lines below are that attribution, beside the licence texts of the packages.
* **extra**: only for trained weights, which hold no text. Any free licence.
* **test**: held out, other packages or other files than train; never trained on.

Nothing comes from `shared/data/lossless`, from loghub, from the sources of SQLite or zstd, or from a text or file that is
measured; `fetch.py` refuses such names and `build.py DIR check MEASURED` counts the lines and blocks that a window shares
with a folder of measured files. The generators write formats and the programs' own messages (OpenSSH, Apache httpd
and mod_jk, Hadoop, Spark, Android, OpenStack: BSD and Apache-2.0) with invented content. The measured files were looked at
to know the kind of data; none of their lines was taken.

Source packages of PyPI let pip run their build backend for the metadata; nothing else of a package is executed.
Versions are pinned. A Debian version that the archive no longer has is replaced by its present one, with a warning.
"""


def doc(tree):
    """Prints the page for the documentation."""
    print(INTRO)
    rows = fetch.manifest()
    for family in sorted({row["family"] for row in rows}):
        print(f"## {family}\n\n| Use | Package | Version | Licence | Copyright | What |\n|---|---|---|---|---|---|")
        for row in (r for r in rows if r["family"] == family):
            what = " ".join(word for word in fetch.options(row["take"])[0] if not word.startswith("!")).replace("|", "\\|")
            print(f"| {row['split']} | {row['package']} ({row['client']}) | {row['version']} | {row['licence']} | {row['holder']} | `{what}` |")
        for one, module, _ in FAMILIES:
            if one == family:
                print(f"| all | generated by `scripts/teachers/{module}.py` | - | MIT OR Apache-2.0 | the minlen project | synthetic |")
        print()


def check(tree, measured):
    """For each window: the share of its bytes in lines of 40 bytes or more, or blocks of 32, that a measured file has too."""
    known, blocks = set(), set()
    for path in glob.glob(os.path.join(measured, "**", "*"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                data = file.read()
            known.update(line.strip() for line in data.split(b"\n") if len(line.strip()) >= 40)
            blocks.update(data[at:at + 32] for at in range(0, len(data) - 32, 16))
    for path in sorted(glob.glob(os.path.join(tree, "*", "window.bin"))):
        with open(path, "rb") as file:
            data = file.read()
        lines = {line.strip() for line in data.split(b"\n") if len(line.strip()) >= 40}
        shared = sorted((line for line in lines & known), key=len, reverse=True)
        hits = sum(data[at:at + 32] in blocks for at in range(0, len(data) - 32, 7))
        print(f"{os.path.basename(os.path.dirname(path))}\tlines shared {len(shared)} of {len(lines)}\t"
              f"blocks shared {hits} of {len(data) // 7}\t{[line[:90] for line in shared[:3]]}")


if __name__ == "__main__":
    step = {"synthesise": synthesise, "windows": windows, "doc": doc, "check": check}[sys.argv[2]]
    step(sys.argv[1], *sys.argv[3:])
