#!/usr/bin/env bash
# Builds the library with no Cargo feature, with each alone and with all, and runs the tests of a build with none.
# usage: scripts/corners.sh [table], which also prints the table of docs/dependencies.md: crates, and seconds of a clean build.
set -euo pipefail
cd "$(dirname "$0")/.."
features=$(sed -n '/^\[features\]/,/^\[dependencies\]/s/^\([a-z]*\) = .*/\1/p' crates/minlen/Cargo.toml | grep -v default)

# Crates besides minlen itself, ours and others.
crates() { cargo tree -p minlen -e normal --prefix none --no-default-features --features "$1" | sed 's/ (.*//' | sort -u | grep -vc '^minlen v'; }

if [ "${1:-}" = table ]; then
    export CARGO_TARGET_DIR
    CARGO_TARGET_DIR=$(mktemp -d)
    trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
    for set in "" $features "$(echo $features)"; do
        rm -rf "${CARGO_TARGET_DIR:?}"/*
        TIMEFORMAT='%U %S'
        used=$({ time cargo build -q --release -p minlen --no-default-features --features "$set" >/dev/null 2>&1; } 2>&1)
        echo "| ${set:-none} | $(crates "$set") | $(echo "$used" | awk '{printf "%d", $1 + $2}') |"
    done
    exit
fi

for set in "" $features "$(echo $features)"; do
    echo "features: ${set:-none} ($(crates "$set") crates)"
    cargo clippy -q -p minlen --no-default-features --features "$set" --lib -- -D warnings
done
# The crates below are checked by themselves, too: each must say what it needs.
for crate in minlen-bytes minlen-container minlen-mix minlen-recode; do
    cargo clippy -q -p "$crate" --no-default-features --lib -- -D warnings
done
cargo test -q -p minlen --no-default-features --test all
