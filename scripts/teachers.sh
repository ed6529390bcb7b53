#!/usr/bin/env bash
# Rebuilds the teacher data of the shipped priors in a folder outside the repository.
# usage: scripts/teachers.sh DIR [MEASURED]
# Needs python3, pip, npm, cargo, apt-get and dpkg-deb as this machine has them configured, and about 400 MB.
# DIR/FAMILY/{train,extra,test} hold the files, SOURCES.tsv their origin, window.list and window.bin the window.
# With MEASURED (a folder of files to measure on), counts what the windows share with it.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '3p' "$0" >&2; exit 2; }
tree=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
case "$tree/" in "$(dirname "$here")"/*) echo "choose a folder outside the repository" >&2; exit 2 ;; esac
for tool in python3 pip npm cargo apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "teachers.sh needs $tool" >&2; exit 2; }
done
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/teachers/fetch.py" "$tree"
python3 "$here/teachers/build.py" "$tree" synthesise
python3 "$here/teachers/build.py" "$tree" windows
python3 "$here/teachers/build.py" "$tree" doc >"$here/../docs/priors-sources.md"
[ $# -lt 2 ] || python3 "$here/teachers/build.py" "$tree" check "$2"
