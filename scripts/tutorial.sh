#!/bin/sh
# Types every command of docs/tutorial-autoencoder.md in a new folder and stops at the first that fails: scripts/tutorial.sh MNIST-FOLDER [FOLDER]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
MNIST=$(cd "${1:?usage: scripts/tutorial.sh MNIST-FOLDER [FOLDER]}" && pwd)
export MNIST
folder=${2:-$(mktemp -d)}
mkdir -p "$folder"
[ -x "$here/target/release/minlen" ] || (cd "$here" && cargo build --release -p minlen-cli)
PATH="$here/target/release:$PATH"
cd "$folder"
# Commands are the lines between ```sh and ```.
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$here/docs/tutorial-autoencoder.md" > commands.sh
echo "in $folder"
set -x
. ./commands.sh
