#!/usr/bin/env bash
# The whole bundle at some levels, with one thread and with two: the same bytes, and everything comes back. Hours at the highest
# levels; scripts/acceptance.sh has the short version. usage: scripts/roundtrip.sh FOLDER [LEVEL...]
set -euo pipefail
folder=$(realpath "$1")
shift
levels=("$@")
[ ${#levels[@]} -gt 0 ] || levels=(1 2 3 4 5 6 7 8)
minlen=$(realpath "${CARGO_TARGET_DIR:-target}/release/minlen")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
for level in "${levels[@]}"; do
    for threads in 1 2; do
        SECONDS=0
        "$minlen" compress "$folder" --level "$level" -T"$threads" -q -o "$threads.mln"
        printf 'level %s, %s threads: %s bytes in %s s' "$level" "$threads" "$(stat -c %s "$threads.mln")" "$SECONDS"
        SECONDS=0
        "$minlen" decompress "$threads.mln" -T"$threads" -q -o "out$threads"
        printf ', back in %s s\n' "$SECONDS"
        diff -r "$folder" "out$threads/$(basename "$folder")"
        chmod -R u+w "out$threads" && rm -rf "out$threads"
    done
    cmp 1.mln 2.mln
    rm 1.mln 2.mln
done
