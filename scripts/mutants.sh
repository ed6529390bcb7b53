#!/usr/bin/env bash
# Changes the code of container and core in small ways and counts how many changes a test notices.
# usage: scripts/mutants.sh [SHARD/SHARDS]; hours for all, so a shard a night. Needs `cargo install cargo-mutants`.
set -euo pipefail
cd "$(dirname "$0")/.."
shard=()
[ -z "${1:-}" ] || shard=(--shard "$1")
# What is missed is listed in target/mutants/mutants.out/missed.txt. Code of tests and of Debug is no promise.
cargo mutants -p minlen-core -p minlen-container --baseline skip --timeout 120 --jobs 1 -o target/mutants "${shard[@]}" \
    --exclude '**/testing.rs' --exclude '**/testutil.rs' --exclude '**/tests.rs' --exclude-re 'Debug' || true
for result in caught missed timeout unviable; do
    echo "$result: $(wc -l <"target/mutants/mutants.out/$result.txt")"
done
