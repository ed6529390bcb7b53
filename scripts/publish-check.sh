#!/usr/bin/env bash
# Whether the library could be published: what each package holds, that packages build from what they hold, and that the lowest one passes
# a dry run; and whether the oldest supported Rust builds it from the lock file.
# Nothing is uploaded. What cannot be had here (the registry, a toolchain) is skipped with a note.
set -euo pipefail
cd "$(dirname "$0")/.."
crates=$(grep -L '^publish = false' crates/*/Cargo.toml | xargs sed -n 's/^name = "\(minlen[a-z-]*\)"$/\1/p')
few=65536 # A file beyond this is named here, or was packed by accident.
known='^(priors/[a-z0-9]+\.mlp|src/block/priors\.bin|src/vae/shipped\.mlc|Cargo\.lock)$'

for crate in $crates; do
    dir=$(dirname "$(grep -lz "\[package\].name = \"$crate\"" crates/*/Cargo.toml)")
    files=$(cargo package --list --allow-dirty --locked -p "$crate" 2>/dev/null)
    for needed in Cargo.toml LICENSE-MIT LICENSE-APACHE src/lib.rs; do
        grep -qx "$needed" <<<"$files" || { echo "$crate: $needed is missing" >&2; exit 1; }
    done
    if grep -E '^(tests|testdata|benches|target|fuzz)/|\.(mln|age|zst|gz|npy)$' <<<"$files"; then
        echo "$crate: holds what does not belong in a package" >&2
        exit 1
    fi
    # What is compiled in must be there.
    while read -r included; do
        grep -qx "$included" <<<"$files" || { echo "$crate: $included is compiled in and missing" >&2; exit 1; }
    done < <(grep -rhoE 'include_(bytes|str)!\("\.\./[^"]+"' "$dir/src" | sed 's/.*"\.\.\///; s/"$//')
    while read -r file; do
        path=$dir/$file
        [ -e "$path" ] || path=$file
        size=$(stat -Lc %s "$path" 2>/dev/null || echo 0)
        if [ "$size" -gt $few ] && ! grep -qE "$known" <<<"$file"; then
            echo "$crate: $file has $size bytes" >&2
            exit 1
        fi
    done <<<"$files"
    echo "$crate: $(wc -l <<<"$files") files"
done

# Packages that depend on each other are made together: cargo takes those of the workspace in the place of published ones.
select=$(printf -- '-p %s ' $crates)
if [ "${1:-}" = build ]; then
    cargo package --quiet --locked --allow-dirty $select
else
    cargo package --quiet --locked --allow-dirty --no-verify $select
fi
echo "packed: $(ls target/package/*.crate | wc -l) packages, the largest of $(stat -c %s target/package/*.crate | sort -n | tail -1) bytes"
if ! said=$(cargo publish --dry-run --locked --allow-dirty -p minlen-core 2>&1); then
    if grep -qiE 'network|registry|resolve host|timed? ?out|connect' <<<"$said"; then
        echo "skipped: the dry run of minlen-core: the registry cannot be reached"
    else
        echo "$said" >&2
        exit 1
    fi
fi

oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if rustup run "$oldest" rustc --version >/dev/null 2>&1 || rustup toolchain install "$oldest" --profile minimal >/dev/null 2>&1; then
    CARGO_TARGET_DIR=target/oldest rustup run "$oldest" cargo check --quiet --locked -p minlen -p minlen-cli
    echo "Rust $oldest: builds"
else
    echo "skipped: Rust $oldest is not here and cannot be fetched"
fi
