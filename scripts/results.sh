#!/usr/bin/env bash
# Measures minlen and its rivals on the development bundle, writes the tables that are kept (bench/results), and makes
# docs/results.md and the plots from them and from the peers measured elsewhere.
# usage: scripts/results.sh [LEVELS [SET...]]      levels as 1,2,3; sets among lossless mini micro small core
# Without arguments: all levels up to 7 on all sets, 8 and 9 on the slices and the small files. Tables keep what is not
# measured again, so slow levels can be added later: scripts/results.sh 9 lossless
# MINLEN_CORPUS names the folder of the bundle, MINLEN_PEERS the table of the peers; JOBS=2 measures sizes in parallel.
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=${MINLEN_CORPUS:-../shared/data/lossless}
peers=${MINLEN_PEERS:-$corpus/../../peers/lossless_measurements.csv}
cargo build --release -p minlen-cli
minlen=${CARGO_TARGET_DIR:-target}/release/minlen
results=bench/results

# One set: sizes and, where files are measured one at a time, speeds beside xz -9e of the same minutes.
measure() {
    local set=$1 levels=$2 rivals=$3 table=$1
    [ "$set" = bundle ] && table=lossless
    local args=(bench "$set" --levels "$levels" --against "$rivals" --corpus "$corpus" --repeats 1 -v)
    [ "$set" = core ] || args+=(--save "$results/$table.csv")
    if [ "${JOBS:-1}" -gt 1 ]; then args+=(--jobs "$JOBS"); else args+=(--save-speeds "$results/speeds.csv"); fi
    echo "== $set, levels $levels"
    "$minlen" "${args[@]}" >/dev/null
}

rivals() {
    case $1 in
    small) echo brotli:11,zstd:19,xz:9e ;;
    *) echo xz:9e,zstd:3,zstd:19,brotli:11,bzip2:9 ;;
    esac
}

if [ $# -ge 1 ]; then
    sets=("${@:2}")
    [ ${#sets[@]} -gt 0 ] || sets=(core mini micro small)
    for set in "${sets[@]}"; do
        [ "$set" = lossless ] && set=bundle
        measure "$set" "$1" "$(rivals "$set")"
    done
else
    available=$("$minlen" compress --help | grep -c 'memory per thread' || true)
    quick=$(seq -s, 1 $((available < 7 ? available : 7)))
    all=$(seq -s, 1 "$((available < 9 ? available : 9))")
    for set in core bundle; do measure "$set" "$quick" "$(rivals "$set")"; done
    for set in mini micro small; do measure "$set" "$all" "$(rivals "$set")"; done
fi
cargo run --release -q -p minlen-bench --example results -- "$results" "$peers" docs
