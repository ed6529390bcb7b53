#!/usr/bin/env bash
# Line coverage of the decoders by the short tier's tests. usage: scripts/coverage.sh [CRATE...]
# Needs `rustup component add llvm-tools`; the instrumented build has a folder of its own, target/coverage.
set -euo pipefail
cd "$(dirname "$0")/.."
crates=("$@")
[ ${#crates[@]} -gt 0 ] || crates=(minlen-core minlen-entropy minlen-bytes minlen-container minlen-recode minlen-tensor)
select=$(printf -- '-p %s ' "${crates[@]}")
tools=$(dirname "$(find "$(rustc --print sysroot)" -name llvm-cov -type f | head -1)")
[ -x "$tools/llvm-cov" ] || { echo "llvm-tools are not here: rustup component add llvm-tools" >&2; exit 1; }
export CARGO_TARGET_DIR=target/coverage CARGO_INCREMENTAL=0
export RUSTFLAGS="-C instrument-coverage" LLVM_PROFILE_FILE="$PWD/target/coverage/raw/%p-%m.profraw"
rm -rf target/coverage/raw
binaries=$(cargo test $select --lib --tests --no-run --message-format=json 2>/dev/null |
    grep -o '"executable":"[^"]*"' | cut -d'"' -f4 | sort -u)
# A failing test is for the ordinary run to tell; what was covered is said all the same.
cargo test -q --no-fail-fast $select --lib --tests >target/coverage/tests.log || grep -E "^test .* FAILED|panicked" target/coverage/tests.log >&2
"$tools/llvm-profdata" merge -sparse target/coverage/raw -o target/coverage/all.profdata
objects=$(printf -- '--object %s ' $binaries)
# Files that turn bytes from outside into content: what hostile bytes meet.
"$tools/llvm-cov" export -summary-only -instr-profile=target/coverage/all.profdata $objects crates 2>/dev/null |
    python3 -c '
import json, re, sys
decoders = re.compile(r"/(decode|reader|open|rebuild|inverse|checksum|header|scan|directory|index|end|section|block|compact|unpack|restore)[a-z_]*(\.rs|/)")
rooms = {}
for file in json.load(sys.stdin)["data"][0]["files"]:
    name = file["filename"]
    if "/tests" in name or not decoders.search(name.split("/crates/", 1)[-1]):
        continue
    room = name.split("/crates/", 1)[-1].split("/")[0]
    lines = file["summary"]["lines"]
    have = rooms.setdefault(room, [0, 0])
    have[0] += lines["covered"]
    have[1] += lines["count"]
for room, (covered, count) in sorted(rooms.items()):
    print(f"{room}: {covered} of {count} lines of decoders, {100 * covered / max(count, 1):.1f} %")
'
