#!/usr/bin/env bash
# Builds every fuzz target and runs each for some seconds. usage: scripts/fuzz.sh [SECONDS] [TARGET...]
# Needs cargo-fuzz (cargo install cargo-fuzz) and a nightly toolchain; the build of minlen needs neither.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep -v minlen-fuzz)
cargo test -q -p minlen-latent -p minlen-nn -p minlen-tensor -p minlen --lib --test fuzz_seeds --test all -- --ignored write_fuzz_seeds >/dev/null
cargo +nightly fuzz build
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 2>&1 |
        grep -E "^(SUMMARY|==|stat::number_of_executed|artifact)" | sed "s/^/$target: /" || true
    if ls "fuzz/artifacts/$target"/crash-* >/dev/null 2>&1; then
        echo "$target: found a crash: see fuzz/artifacts/$target" >&2
        exit 1
    fi
done
