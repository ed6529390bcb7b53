#!/usr/bin/env bash
# The tests of core, entropy and container under Miri: undefined behaviour, and the same bytes on a big-endian and on a 32-bit machine.
# usage: scripts/miri.sh [CRATE...]; takes tens of minutes. Needs `rustup component add miri rust-src --toolchain nightly`.
# MIRI_TARGETS="x86_64-unknown-linux-gnu" for some of the targets only.
# Tests that cannot run there, or take too long, say so: #[cfg_attr(miri, ignore = "...")].
set -euo pipefail
cd "$(dirname "$0")/.."
crates=("$@")
[ ${#crates[@]} -gt 0 ] || crates=(minlen-core minlen-entropy minlen-container)
read -ra targets <<<"${MIRI_TARGETS:-x86_64-unknown-linux-gnu s390x-unknown-linux-gnu i686-unknown-linux-gnu}"
# Files and clocks of the machine are needed by tests of container; few cases of each property do.
export MIRIFLAGS="-Zmiri-disable-isolation ${MIRIFLAGS:-}" PROPTEST_CASES=4
for target in "${targets[@]}"; do
    for crate in "${crates[@]}"; do
        echo "== $crate on $target"
        options=(--lib)
        # Its promises are tables beside the library.
        [ "$crate" = minlen-core ] && options+=(--test all)
        # Encryption is age's, and a passphrase is minutes of scrypt.
        [ "$crate" = minlen-container ] && options+=(--no-default-features)
        cargo +nightly miri test --target "$target" -p "$crate" "${options[@]}"
    done
done
