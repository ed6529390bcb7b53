#!/usr/bin/env bash
# Builds and runs examples/library, a crate that depends on minlen as anybody's would, against the packages as they would be published.
# usage: scripts/sample.sh [--packed], which takes the packages that scripts/publish-check.sh has just made
set -euo pipefail
cd "$(dirname "$0")/.."
crates=$(grep -L '^publish = false' crates/*/Cargo.toml | xargs sed -n 's/^name = "\(minlen[a-z-]*\)"$/\1/p')
if [ "${1:-}" != --packed ]; then
    # shellcheck disable=SC2046
    cargo package --quiet --locked --allow-dirty --no-verify $(printf -- '-p %s ' $crates)
fi
vendor=target/sample/packages
rm -rf "$vendor"
mkdir -p "$vendor"
patches=()
for crate in $crates; do
    archive=$(ls -t target/package/"$crate"-[0-9]*.crate | head -1)
    # With the time of now: packages carry one time for ever, by which cargo would take new files for old ones.
    tar -xmzf "$archive" -C "$vendor"
    patches+=(--config "patch.crates-io.$crate.path=\"$PWD/$vendor/$(basename "$archive" .crate)\"")
done
# The versions of others are those of this repository's lock file.
cp -r examples/library target/sample/
cp Cargo.lock target/sample/library/Cargo.lock
cd target/sample/library
CARGO_TARGET_DIR=../target cargo run --quiet "${patches[@]}"
