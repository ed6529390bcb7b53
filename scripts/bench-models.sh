#!/usr/bin/env bash
# Measures minlen and its peers on model weights and float arrays in the same minutes, writes bench/results/models.csv (sizes,
# exact) and bench/results/models-speeds.csv (processor time), and makes docs/results-models.md from the two.
# usage: scripts/bench-models.sh [VENV [SECTION...]]
#   VENV     folder of the Python environment of the peers, made where it does not exist (default: a temporary one)
#   SECTION  what to measure again, among tensors speed fields bounded delta files quantize access network (default: all but
#            network); rows of the other sections stay as they are. `page` alone only makes the page again.
# MINLEN_DATA names the folder that holds models/ and floats/ (default ../shared/data); MINLEN_ONLY=1 measures minlen's own
# methods only; MINLEN_NETWORKS="lenet-300-100=FILE lenet-5=FILE" with MINLEN_MNIST=FOLDER grades coded networks for `network`.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-}
shift || true
if [ -z "$venv" ]; then
    venv=$(mktemp -d)
    trap 'rm -rf "$venv"' EXIT
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
# ZipNN declares PyTorch with all of CUDA; its interface for bytes, measured here, needs none of it.
"$venv/bin/python" -m pip install -q --disable-pip-version-check numpy==2.4.6 pcodec==1.1.0 openzl==0.3.0 blosc2==4.14.1 \
    fpzip==1.2.5 zfpy==1.0.1.post0 pysz==1.1.0 zstandard==0.25.0 brotli==1.2.1
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps zipnn==0.5.4 safetensors==0.8.0

cargo build --release -q -p minlen-cli
cargo build --release -q -p minlen-tensor --features minlen-tensor/lab -p minlen-structure --example pack --example spans --example field
cargo build --release -q -p minlen-train --example quantize
# Buffers of the peers stay in the heap, so that their speed is not that of the kernel's fresh pages.
MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_TOP_PAD_=67108864 \
    "$venv/bin/python" scripts/bench_models.py "${CARGO_TARGET_DIR:-target}/release" "${MINLEN_DATA:-../shared/data}" "$@"
"$venv/bin/python" scripts/bench_models_page.py
