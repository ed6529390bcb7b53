#!/usr/bin/env bash
# Packages of the command: a tarball to unpack over /usr/local, and a .deb. Needs tar and gzip, for the .deb ar; no root.
#
#   scripts/package.sh [FOLDER]       (default: target/package)
#   MINLEN_BIN=path/to/minlen         packages this binary instead of building one
#   SOURCE_DATE_EPOCH=seconds         the time of everything inside (default: that of the last commit)
#
# Both hold the command (also as mlncat and mlngrep), man pages, completions, magic for file(1), a MIME type, licences and README.
# At the end it is checked that they do.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-target/package}
if [ -z "${MINLEN_BIN:-}" ]; then
    cargo build --release --locked -p minlen-cli
    MINLEN_BIN=${CARGO_TARGET_DIR:-target}/release/minlen
fi
version=$("$MINLEN_BIN" --version | cut -d' ' -f2)
machine=$(uname -m)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
mkdir -p "$out"
work=$(mktemp -d "$out/.stage.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022

# What goes where, below the prefix.
stage() {
    local root=$1 share=$1/share page
    install -Dm755 "$MINLEN_BIN" "$root/bin/minlen"
    if command -v strip >/dev/null; then strip "$root/bin/minlen"; fi
    ln -s minlen "$root/bin/mlncat"
    ln -s minlen "$root/bin/mlngrep"
    "$MINLEN_BIN" generate man "$share/man/man1"
    "$MINLEN_BIN" generate completions "$work/completions"
    echo '.so man1/minlen-cat.1' >"$share/man/man1/mlncat.1"
    echo '.so man1/minlen-grep.1' >"$share/man/man1/mlngrep.1"
    for page in "$share"/man/man1/*.1; do gzip -9n "$page"; done
    install -Dm644 "$work/completions/minlen.bash" "$share/bash-completion/completions/minlen"
    install -Dm644 "$work/completions/_minlen" "$share/zsh/site-functions/_minlen"
    install -Dm644 "$work/completions/minlen.fish" "$share/fish/vendor_completions.d/minlen.fish"
    install -Dm644 packaging/minlen.xml "$share/mime/packages/minlen.xml"
    install -Dm644 packaging/minlen.magic "$share/minlen/magic"
    install -Dm644 packaging/copyright "$share/doc/minlen/copyright"
    local doc
    for doc in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs/cli.md docs/json.md docs/dependencies.md; do
        install -Dm644 "$doc" "$share/doc/minlen/$(basename "$doc")"
        gzip -9n "$share/doc/minlen/$(basename "$doc")"
    done
}

# The same bytes for the same files, whoever packs them.
pack() { # FOLDER NAME OUTPUT: all of FOLDER, called NAME
    tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" \
        --transform="s,^\.,$2,S" -cf - . | gzip -9n >"$3"
}

# The oldest glibc that has every symbol asked for.
depends() {
    local libc
    libc=$(grep -aoE 'GLIBC_2\.[0-9]+' "$1" | sort -V | tail -1 | cut -d_ -f2)
    echo -n "libc6${libc:+ (>= $libc)}"
    if grep -aq 'libgcc_s\.so\.1' "$1"; then echo -n ", libgcc-s1"; fi
}

tarball() {
    local name=minlen-$version-linux-$machine
    stage "$work/tree"
    pack "$work/tree" "$name" "$out/$name.tar.gz"
    echo "$out/$name.tar.gz"
}

deb() {
    local arch root=$work/deb control=$work/control file
    case $machine in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; armv7l) arch=armhf ;; *) arch=$machine ;; esac
    mkdir -p "$root" "$control"
    cp -a "$work/tree" "$root/usr"
    mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$control/md5sums"
    cat >"$control/control" <<END
Package: minlen
Version: $version
Architecture: $arch
Maintainer: the minlen authors <minlen@localhost>
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: $(depends "$root/usr/bin/minlen")
Section: utils
Priority: optional
Description: intelligent compressor for any data, exact by default
 minlen makes files and folders small, exactly, and keeps them safe: it looks at
 what each piece of data is, picks the codec that predicts it best, checks
 everything it writes, and never leaves a wrong file under the right name.
END
    file=$out/minlen_${version}_$arch.deb
    echo 2.0 >"$work/debian-binary"
    pack "$control" . "$work/control.tar.gz"
    pack "$root" . "$work/data.tar.gz"
    rm -f "$file"
    (cd "$work" && ar rcD package.deb debian-binary control.tar.gz data.tar.gz)
    mv "$work/package.deb" "$file"
    echo "$file"
}

# Everything that must be in a package, whatever comes before it.
must_have() {
    printf '%s\n' bin/minlen bin/mlncat bin/mlngrep share/man/man1/{minlen,minlen-compress,minlen-grep,mlncat,mlngrep}.1.gz \
        share/bash-completion/completions/minlen _minlen share/fish/vendor_completions.d/minlen.fish \
        share/mime/packages/minlen.xml share/minlen/magic \
        share/doc/minlen/{copyright,README.md.gz,LICENSE-MIT.gz,LICENSE-APACHE.gz}
}

check() { # NAME LISTING
    local name=$1 listing=$2 path
    while read -r path; do
        grep -qE "/?$path( ->.*)?\$" <<<"$listing" || { echo "$name lacks $path" >&2; exit 1; }
    done < <(must_have)
    if grep -vE '^[-dl]([r-][w-][x-]){3} (0/0|root/root) ' <<<"$listing" | grep -q .; then
        echo "$name: files of somebody else's" >&2
        exit 1
    fi
}

tar_file=$(tarball)
check "$tar_file" "$(tar --numeric-owner -tvzf "$tar_file")"
if command -v file >/dev/null; then
    small=$work/small.mln
    "$MINLEN_BIN" compress -1 README.md -o "$small"
    file -m packaging/minlen.magic "$small" | grep -q 'minlen compressed data' || { echo "magic fails" >&2; exit 1; }
fi
if command -v ar >/dev/null; then
    deb_file=$(deb)
    if command -v dpkg-deb >/dev/null; then
        check "$deb_file" "$(dpkg-deb -c "$deb_file")"
        dpkg-deb -I "$deb_file" >/dev/null
    else
        check "$deb_file" "$(ar p "$deb_file" data.tar.gz | tar --numeric-owner -tvzf -)"
    fi
else
    deb_file="no .deb: ar is not here"
fi
printf '%s\n' "$tar_file" "$deb_file"
