#!/usr/bin/env bash
# Round trip of a real folder through the release binary, with the sizes that may not be exceeded.
# usage: scripts/acceptance.sh FOLDER
set -euo pipefail
folder=$(realpath "$1")
name=$(basename "$folder")
minlen=$(realpath "${CARGO_TARGET_DIR:-target}/release/minlen")
[ -x "$minlen" ] || { echo "build it first: cargo build --release -p minlen-cli" >&2; exit 1; }
cases=$(realpath "$(dirname "$0")/../../shared/cases" 2>/dev/null || true)
work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

# Inputs that once cost someone data: each script ends with 0 when all of its promises hold.
for case in "$cases"/*/[0-9]*.sh; do
    [ -f "$case" ] || continue
    said=$(MINLEN="$minlen" bash "$case" 2>&1) || { printf '%s failed:\n%s\n' "$case" "$said" >&2; exit 1; }
    printf 'case %s: %s promises hold\n' "$(basename "$case" .sh)" "$(grep -c ^PASS <<<"$said" || true)"
done

for level in 1 3 5; do
    "$minlen" compress "$folder" "-$level" -T2 -q -o "two.mln"
    "$minlen" compress "$folder" "-$level" -T1 -q -o "one.mln"
    cmp one.mln two.mln
    "$minlen" test -q two.mln
    "$minlen" decompress two.mln -q -o out
    diff -r "$folder" "out/$name"
    printf 'level %s: %s bytes, same bytes for 1 and 2 threads, restored bit for bit\n' "$level" "$(stat -c %s two.mln)"
    chmod -R u+w out && rm -rf out one.mln
    mv two.mln "level$level.mln"
done
"$minlen" list level5.mln | head -n 5

# Model files and floats: every one comes back, alone at three strengths and all in one archive.
for data in models floats; do
    data=$(dirname "$folder")/$data
    [ -d "$data" ] || continue
    for level in 3 5; do
        "$minlen" compress "$data" "-$level" -q -o two.mln
        "$minlen" compress "$data" "-$level" -T1 -q -o one.mln
        cmp one.mln two.mln
        "$minlen" decompress two.mln -q -o out
        diff -r "$data" "out/$(basename "$data")"
        printf '%s at level %s: %s bytes, same bytes for 1 and 2 threads, restored bit for bit\n' \
            "$(basename "$data")" "$level" "$(stat -c %s two.mln)"
        chmod -R u+w out && rm -rf out one.mln two.mln
    done
    find "$data" -type f \( -name '*.safetensors' -o -name '*.npy' -o -name '*.f64' -o -name '*.onnx' \) | sort | while read -r file; do
        "$minlen" compress "$file" -5 -q -o one.mln
        "$minlen" decompress one.mln -q -c | cmp - "$file"
        rm one.mln
    done
done

# The strong levels are slow: pieces of every class are enough to see that the bytes do not depend on the threads and come back.
for level in 6 7 8; do
    mkdir -p pieces
    find "$folder" -type f -size +100k | sort | while read -r file; do
        head -c "$((level < 8 ? 100000 : 25000))" "$file" >"pieces/$(basename "$file")"
    done
    "$minlen" compress pieces "-$level" -T2 -q --block-size 256k -o two.mln
    "$minlen" compress pieces "-$level" -T1 -q --block-size 256k -o one.mln
    cmp one.mln two.mln
    "$minlen" decompress two.mln -q -o out
    diff -r pieces out/pieces
    printf 'level %s: pieces of every file %s bytes, same bytes for 1 and 2 threads, restored bit for bit\n' \
        "$level" "$(stat -c %s two.mln)"
    rm -rf out one.mln two.mln pieces
done

if command -v xz >/dev/null; then
    xz_size=$(tar -C "$(dirname "$folder")" --sort=name --mtime=@0 --owner=0 --group=0 -cf - "$name" | xz -9e -T1 | wc -c)
    our_size=$(stat -c %s level5.mln)
    printf 'one archive: minlen -5 %s, tar | xz -9e %s (%s %% smaller)\n' "$our_size" "$xz_size" \
        "$(awk -v a="$our_size" -v b="$xz_size" 'BEGIN { printf "%.2f", 100 - 100 * a / b }')"
    [ $((our_size * 100)) -le $((xz_size * 95)) ] || { echo "must be at least 5 % smaller" >&2; exit 1; }
fi
