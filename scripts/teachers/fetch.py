#!/usr/bin/env python3
"""Fetches the packages of sources.tsv with the ordinary package clients and takes files out of them.

usage: fetch.py TREE

Packages are kept in TREE/cache, so a second run fetches nothing. Each row of sources.tsv becomes the
folder TREE/FAMILY/SPLIT/SET; TREE/FAMILY/SOURCES.tsv says where every file came from. The clients are
pip, npm, cargo and apt as this machine has them configured.
"""
import fnmatch
import glob
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import convert

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["family", "split", "set", "client", "package", "version", "licence", "holder", "take"]
# Content that is measured, or near it: never taken, whichever package carries it.
FORBIDDEN = ["*alice*", "*asyoulik*", "*lcet10*", "*plrabn*", "*dickens*", "*enwik*", "*sqlite3*", "*zstd*",
             "*xxhash*", "*twitter.json", "*citm_catalog*", "*chinook*", "*arc-agi*", "*loghub*"]


def manifest(path=os.path.join(HERE, "sources.tsv")):
    """The rows of sources.tsv as dictionaries."""
    with open(path, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#")]
    bad = [row for row in rows if len(row) != len(COLUMNS)]
    if bad:
        raise SystemExit(f"sources.tsv: not {len(COLUMNS)} columns: {bad[0]}")
    return [dict(zip(COLUMNS, row)) for row in rows]


def run(command, cwd, env=None):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                   env={**os.environ, **(env or {})}, timeout=300)


def apt_environment(cache):
    """An apt configuration of our own that adds source packages to the binary ones of this machine."""
    home = os.path.join(cache, "apt")
    conf = os.path.join(home, "apt.conf")
    if not os.path.exists(conf):
        for part in ["state/lists/partial", "cache/archives/partial", "parts"]:
            os.makedirs(os.path.join(home, part), exist_ok=True)
        for name in glob.glob("/etc/apt/sources.list.d/debian*.sources"):
            text = open(name).read().replace("Types: deb\n", "Types: deb deb-src\n")
            open(os.path.join(home, "parts", os.path.basename(name)), "w").write(text)
        if os.path.exists("/etc/apt/sources.list"):
            lines = [line for line in open("/etc/apt/sources.list") if line.startswith("deb ")]
            both = lines + ["deb-src" + line[3:] for line in lines]
            open(os.path.join(home, "parts", "main.list"), "w").writelines(both)
        with open(conf + ".new", "w") as out:
            out.write(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{home}/parts";\n'
                      f'Dir::State::lists "{home}/state/lists";\nDir::Cache "{home}/cache";\n'
                      'APT::Sandbox::User "root";\n')
        run(["apt-get", "update", "-qq"], home, {"APT_CONFIG": conf + ".new"})
        os.rename(conf + ".new", conf)
    return {"APT_CONFIG": conf}


def fetch(row, cache):
    """The files of one package as local archives; fetched on the first call."""
    client, package, version = row["client"], row["package"], row["version"]
    folder = os.path.join(cache, client, f"{package}={version}".replace("/", "_").replace(":", "_"))
    if not os.path.isdir(folder):
        work = folder + ".part"
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        CLIENTS[client](package, version, work, cache)
        os.rename(work, folder)
    return sorted(glob.glob(os.path.join(folder, "*")))


def fetch_npm(package, version, work, _cache):
    run(["npm", "pack", "--silent", f"{package}@{version}"], work)


def fetch_pypi(package, version, work, _cache):
    """A source distribution. pip runs its build backend for the metadata: only well-known projects are listed."""
    run(["pip", "download", "-q", "--no-deps", "--no-binary", ":all:", f"{package}=={version}"], work)


def fetch_win32(package, version, work, _cache):
    """A wheel for 32-bit Windows; `version` is VERSION/PYTHON/ABI."""
    number, python, abi = version.split("/")
    run(["pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--platform", "win32", "--implementation",
         "cp", "--python-version", python, "--abi", abi, f"{package}=={number}"], work)


def fetch_crate(package, version, work, _cache):
    home = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    pattern = os.path.join(home, "registry/cache/*", f"{package}-{version}.crate")
    if not glob.glob(pattern):
        run(["cargo", "info", f"{package}@{version}"], work)
    shutil.copy(glob.glob(pattern)[0], work)


def fetch_deb(package, version, work, cache, command=("download",)):
    env = apt_environment(cache)
    try:
        run(["apt-get", *command, "-qq", f"{package}={version}"], work, env)
    except subprocess.CalledProcessError:
        print(f"{package}={version} is gone from the archive: taking its present version", file=sys.stderr)
        try:
            run(["apt-get", *command, "-qq", package], work, env)
        except subprocess.CalledProcessError:
            # The Debian part of a source package may be missing from a mirror: the upstream part is what is read.
            if not glob.glob(os.path.join(work, "*.orig.tar.*")):
                raise


def fetch_debsrc(package, version, work, cache):
    fetch_deb(package, version, work, cache, ("source", "--download-only"))
    for name in os.listdir(work):
        if ".orig" not in name and ".tar." not in name or name.endswith(".asc") or ".debian.tar" in name:
            os.remove(os.path.join(work, name))


CLIENTS = {"npm": fetch_npm, "pypi": fetch_pypi, "win32": fetch_win32, "crate": fetch_crate,
           "deb": fetch_deb, "debsrc": fetch_debsrc}


def members(archive, patterns):
    """The wanted files of an archive by name: (path without the package's top folder, bytes)."""
    if archive.endswith((".whl", ".zip")):
        short = (lambda name: name) if archive.endswith(".whl") else (lambda name: name.split("/", 1)[-1])
        with zipfile.ZipFile(archive) as box:
            return [(short(name), box.read(name)) for name in sorted(box.namelist()) if wanted(short(name), patterns)]
    debian = archive.endswith(".deb")
    if debian:
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, stdout=subprocess.PIPE).stdout
        box = tarfile.open(fileobj=io.BytesIO(data))
    else:
        box = tarfile.open(archive)
    found = []
    with box:
        for info in box:
            name = info.name.removeprefix("./")
            name = name if debian else name.split("/", 1)[-1]
            if info.isreg() and wanted(name, patterns):
                found.append((name, box.extractfile(info).read()))
    return sorted(found)


def amount(text):
    """`300k`, `2m` or a plain number of bytes."""
    unit = {"k": 1000, "m": 1000000}.get(text[-1])
    return int(text[:-1]) * unit if unit else int(text)


def options(take):
    """The patterns, and the settings cap= (bytes in all), each= (bytes a file), min= and conv=."""
    settings = {"cap": 10**9, "each": 10**9, "min": 200, "conv": None}
    patterns = []
    for word in take.split():
        key, _, value = word.partition("=")
        if key in settings and value:
            settings[key] = value if key == "conv" else amount(value)
        else:
            patterns.append(word)
    return patterns, settings


def wanted(name, patterns):
    low = name.lower()
    if any(fnmatch.fnmatch(low, bad) for bad in FORBIDDEN):
        return False
    if any(fnmatch.fnmatchcase(name, p[1:]) for p in patterns if p.startswith("!")):
        return False
    return any(fnmatch.fnmatchcase(name, p) for p in patterns if not p.startswith("!"))


def shorten(data, limit):
    """At most `limit` bytes, cut after a whole line where there is one."""
    if len(data) <= limit:
        return data
    cut = data.rfind(b"\n", limit // 2, limit)
    return data[:cut + 1] if cut >= 0 else data[:limit]


def take(row, tree, seen):
    """Writes what one row takes; gives the list of (path below the family, bytes)."""
    patterns, settings = options(row["take"])
    base = os.path.join(tree, row["family"])
    total, written = 0, []
    for archive in fetch(row, os.path.join(tree, "cache")):
        found = members(archive, patterns)
        if settings["conv"]:
            found = getattr(convert, settings["conv"])(found)
        for name, data in found:
            data = shorten(data, settings["each"])
            if len(data) < settings["min"] or data in seen or total >= settings["cap"]:
                continue
            seen.add(data)
            data = shorten(data, settings["cap"] - total)
            place = os.path.join(row["split"], row["set"], os.path.normpath("/" + name).lstrip("/"))
            os.makedirs(os.path.dirname(os.path.join(base, place)), exist_ok=True)
            with open(os.path.join(base, place), "wb") as out:
                out.write(data)
            total += len(data)
            written.append((place, len(data)))
    if not total:
        print(f"nothing taken: {row['family']}/{row['set']} from {row['package']}", file=sys.stderr)
    return written


def main(tree):
    rows = manifest()
    only = set(sys.argv[2:])
    for family in sorted({row["family"] for row in rows}):
        if only and family not in only:
            continue
        for split in ["train", "extra", "test"]:
            shutil.rmtree(os.path.join(tree, family, split), ignore_errors=True)
        seen = set()
        os.makedirs(os.path.join(tree, family), exist_ok=True)
        with open(os.path.join(tree, family, "SOURCES.tsv"), "w", encoding="utf-8") as out:
            out.write("file\tbytes\torigin\tpackage\tversion\tlicence\tattribution\n")
            for row in (r for r in rows if r["family"] == family):
                for place, size in take(row, tree, seen):
                    fields = [place, str(size), row["client"], row["package"], row["version"], row["licence"], row["holder"]]
                    out.write("\t".join(fields) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
