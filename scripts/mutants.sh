#!/usr/bin/env bash
# Changes the code of core and container in small ways and counts how many changes a test of the same crate notices.
# usage: scripts/mutants.sh [SHARD/SHARDS [CRATE...]]; needs `cargo install cargo-mutants`. A change of core takes 5 seconds and half an hour
# all of them, one of container half a minute and all of them a day: SHARD/SHARDS is every so manieth, as 3/80 for a sample from all files.
set -euo pipefail
cd "$(dirname "$0")/.."
shard=()
[ -z "${1:-}" ] || shard=(--sharding round-robin --shard "$1")
crates=("${@:2}")
[ ${#crates[@]} -gt 0 ] || crates=(minlen-core minlen-container)
packages=()
for crate in "${crates[@]}"; do packages+=(-p "$crate"); done
# Of a change that is not noticed, the line is in missed.txt. Code of tests and of Debug is no promise, and examples in the
# documentation (which --tests leaves out) take longer than they find.
status=0
cargo mutants "${packages[@]}" "${shard[@]}" --baseline skip --timeout 200 --jobs 1 -o target/mutants \
    --exclude '**/testing.rs' --exclude '**/testing/**' --exclude '**/testutil.rs' --exclude '**/cases.rs' --exclude '**/*tests.rs' \
    --exclude-re Debug -- --tests || status=$?
# 2: some are missed; 3: some took too long. Anything else has counted nothing.
case $status in
0 | 2 | 3) ;;
*) exit "$status" ;;
esac
for result in caught missed timeout unviable; do
    echo "$result: $(wc -l <"target/mutants/mutants.out/$result.txt")"
done
