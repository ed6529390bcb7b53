#!/usr/bin/env bash
# Makes the priors that minlen ships (crates/mix/priors/*.mlp) from the tree that scripts/teachers.sh built.
# usage: scripts/priors.sh TEACHERS [OUT]
# Deterministic: the same tree gives the same files. What is in them and under which licences: docs/priors-sources.md.
set -euo pipefail
teachers=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
out=${2:-crates/mix/priors}
cargo build --release -q -p minlen-mix --features lab --example prior
prior=${CARGO_TARGET_DIR:-target}/release/examples/prior
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# make TYPE NAME FILE: one prior from one window.
make() { "$prior" "$1" "$2" "$3" "$out/$2.mlp"; }
# end BYTES FAMILY: the most typical part of a family's window.
end() { tail -c "$1" "$teachers/$2/window.bin" >"$work/$2"; }

for family in text c rust script xml; do make text "$family" "$teachers/$family/window.bin"; done
end 500000 doc && make text doc "$work/doc"
end 400000 log && make text log "$work/log"
end 600000 exe64 && make x86 exe64 "$work/exe64"
end 600000 exe32 && make x86 exe32 "$work/exe32"

# Arrays of small numbers are a prior of their own: JSON of names and values does not help them.
python3 - "$teachers" "$work" <<'PY'
import sys
teachers, work = sys.argv[1:]
grids, other = b"", b""
for line in open(f"{teachers}/json/window.list"):
    parts = line.rstrip("\n").split("\t")
    if len(parts) != 3:
        continue
    with open(f"{teachers}/{parts[0]}", "rb") as file:
        file.seek(int(parts[1]))
        piece = file.read(int(parts[2]))
    if "/grids/" in parts[0]:
        grids += piece
    else:
        other += piece
open(f"{work}/grids", "wb").write(grids)
open(f"{work}/json", "wb").write(other)
PY
make text json "$work/json"
make text grids "$work/grids"

# Tables to be read, and tables of bytes.
db=$teachers/db/train
{
    for table in "$db"/csv/data/*.csv; do head -c 12000 "$table"; done
    head -c 200000 "$db/sdf/usr/share/RDKit/Projects/DbCLI/testData/pubchem.200.sdf"
    head -c 200000 "$db/synthetic/drawn.sdf"
    head -c 150000 "$db/synthetic/census.csv"
} >"$work/records"
make text records "$work/records"
{
    head -c 100000 "$db/synthetic/field16.bin"
    head -c 100000 "$db/synthetic/rows.myd"
    head -c 240000 "$db/synthetic/library0.sqlite"
    head -c 240000 "$db/synthetic/library1.sqlite"
} >"$work/db"
make binary db "$work/db"
ls -l "$out"
