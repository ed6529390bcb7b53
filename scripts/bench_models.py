"""Sizes and speeds of minlen and its peers on model weights and float arrays; see bench-models.sh, which starts this.

usage: bench_models.py PROGRAMS DATA [SECTION...]

Sizes go to bench/results/models.csv: section, file, method, bytes of the arrays (or of the file), bytes compressed, note. Every
one is of a round trip that was compared. Speeds go to bench/results/models-speeds.csv in nanoseconds of processor time, best of
several. Peers get the arrays of a file's main type, in a row; `pack` of crates/tensor gets the same arrays, each with its shape.
"""
import csv
import datetime
import json
import os
import platform
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import bench_models_peers as peers

ROOT = Path(__file__).resolve().parent.parent
SIZES, SPEEDS = ROOT / "bench/results/models.csv", ROOT / "bench/results/models-speeds.csv"
SIZE_HEAD = ["section", "file", "method", "raw_bytes", "compressed_bytes", "note"]
SPEED_HEAD = ["section", "file", "method", "raw_bytes", "in_ns", "out_ns", "date", "commit", "machine"]
PROGRAMS, DATA = Path(sys.argv[1]), Path(sys.argv[2])
SECTIONS = sys.argv[3:] or ["tensors", "speed", "fields", "bounded", "delta", "files", "quantize", "access"]
ONLY_OWN = os.environ.get("MINLEN_ONLY") == "1"
WORK = Path(tempfile.mkdtemp())
LEVELS = ["-3", "-7"]
sizes, speeds = {}, {}


def run(program, *arguments):
    """Standard output of one of minlen's programs, and the processor time it took, in nanoseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout, int(1e9 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def size(section, file, method, raw, compressed, note=""):
    sizes[section, file, method] = [raw, compressed, note]
    print(f"{section:9} {file:42} {method:26} {raw:>9} {compressed:>9} {raw / max(compressed, 1):9.4f} {note}", flush=True)


def speed(section, file, method, raw, times):
    """Keeps the best of the times that there are."""
    old = speeds.get((section, file, method))
    best = times if old is None else (min(old[1], times[0]), min(old[2], times[1]))
    speeds[section, file, method] = [raw, *best]


def models():
    return sorted(path for path in (DATA / "models").iterdir() if path.suffix in (".safetensors", ".onnx", ".tflite", ".gguf", ".bin"))


def arrays(path):
    """Type -> [(name, bytes)] of the arrays of a file, as minlen's parsers find them."""
    raw, found = path.read_bytes(), {}
    for line in run("examples/spans", path)[0].splitlines()[1:]:
        start, length, dtype, rest = line.split(None, 3)
        found.setdefault(dtype, []).append((rest.rsplit('"', 2)[-2], raw[int(start):int(start) + int(length)]))
    return found


def main_type(path):
    found = arrays(path)
    dtype = max(found, key=lambda dtype: sum(len(raw) for _, raw in found[dtype]))
    return dtype, b"".join(raw for _, raw in found[dtype])


def peer(section, file, method, maker, rounds, raw, dtype):
    """One peer on one array: its size, its speed, and whether it restores it."""
    try:
        encode, decode, prepare = maker(dtype)
    except (KeyError, ValueError):
        return
    for _ in range(rounds):
        given = prepare(raw)
        start = time.process_time_ns()
        coded = encode(given)
        middle = time.process_time_ns()
        back = decode(coded)
        end = time.process_time_ns()
        assert bytes(back) == raw, f"{method} does not restore {file}"
        speed(section, file, method, len(raw), (middle - start, end - middle))
    size(section, file, method, len(raw), len(coded))


def pack(section, path, dtype, strength, best, keep=True):
    """minlen's codec for arrays on those of one type."""
    line = run("examples/pack", "--strength", strength, "--best", best, "--dtype", dtype, path)[0].split()
    raw, coded, into, back = int(line[-5]), int(line[-4]), float(line[-2]), float(line[-1])
    if keep:
        size(section, path.name, f"minlen-{strength}", raw, coded)
    speed(section, path.name, f"minlen-{strength}", raw, (int(raw * 1e3 / into), int(raw * 1e3 / back)))


def tensors():
    for path in models():
        dtype, raw = main_type(path)
        for strength, best in (("fast", 5), ("dense", 3), ("max", 1)):
            pack("tensors", path, dtype, strength, best)
        for method, (maker, rounds) in ({} if ONLY_OWN else peers.PEERS).items():
            peer("tensors", path.name, method, maker, rounds, raw, dtype)


def alternate():
    """Speed of bf16 against ZipNN, in turns."""
    for path in (DATA / "models/tinylm_base.bf16.safetensors", DATA / "models/tinylm_ft.bf16.safetensors"):
        dtype, raw = main_type(path)
        encode, decode, prepare = peers.zipnn(dtype)
        for _ in range(10):
            pack("speed", path, dtype, "fast", 6, keep=False)
            for _ in range(6):
                given = prepare(raw)
                start = time.process_time_ns()
                coded = encode(given)
                middle = time.process_time_ns()
                assert decode(coded) == raw
                speed("speed", path.name, "zipnn", len(raw), (middle - start, time.process_time_ns() - middle))


def load_field(path):
    """Array, with its dimensions, of a file of data/floats."""
    return np.load(path) if path.suffix == ".npy" else np.fromfile(path, np.float64)


def field_files():
    return sorted(path for path in (DATA / "floats").iterdir() if path.suffix in (".npy", ".f64"))


def field_example(path, array, keep=True):
    try:
        text = run("examples/field", *(() if keep else ("--fast",)), path)[0]
    except RuntimeError:
        text = run("examples/field", path)[0]
    for name, coded, into, back in re.findall(r"^(\w+): form \d+ (\d+) bytes, ratio [\d.]+, ([\d.]+) / ([\d.]+) MB/s", text, re.M):
        method, raw = f"minlen-{name.lower()}", array.nbytes
        if keep:
            size("fields", path.name, method, raw, int(coded))
        speed("fields", path.name, method, raw, (int(raw * 1e3 / float(into)), int(raw * 1e3 / float(back))))


def fields():
    for path in field_files():
        array = load_field(path)
        dtype = "f64" if array.dtype == np.float64 else "f32"
        field_example(path, array)
        if ONLY_OWN:
            continue
        for method, (maker, rounds) in {**peers.PEERS, **peers.fields(array.shape)}.items():
            peer("fields", path.name, method, maker, rounds, array.tobytes(), dtype)
        for _ in range(4 if array.ndim > 1 else 0):
            field_example(path, array, keep=False)
            peer("fields", path.name, "fpzip", *peers.fields(array.shape)["fpzip"], array.tobytes(), dtype)


def through(path, *options, keep=None):
    """Bytes of the .mln of a file, after decompressing it again; processor time in and out; and the restored bytes."""
    coded, back = keep or WORK / "x.mln", WORK / f"back{path.suffix}"
    into = run("minlen", "compress", path, *options, "-T1", "-q", "-f", "-o", coded)[1]
    bases = [option for index, option in enumerate(options) if option == "--base" or options[index - 1] == "--base"]
    out = run("minlen", "decompress", coded, *bases, "-q", "-f", "-o", back)[1]
    return coded.stat().st_size, (into, out), back.read_bytes()


def bounded():
    """Floats within a bound: minlen's is checked here from what it restores."""
    for path in (path for path in field_files() if path.suffix == ".npy"):
        array = load_field(path)
        valid = array < 1e19
        low, high = float(array[valid].min()), float(array[valid].max())
        # The peers have no masks: they get the mean in place of fill values, and the mask for nothing.
        filled = np.where(valid, array, array[valid].astype(np.float64).mean().astype(array.dtype))
        for share in (1e-2, 1e-3, 1e-4):
            bound = share * (high - low)
            for level in LEVELS:
                coded, times, raw = through(path, level, "--max-error", f"{share * 100:g}%")
                back = np.frombuffer(raw[-array.nbytes:], array.dtype).reshape(array.shape)
                error = peers.worst(array[valid], back[valid])
                assert error <= bound and (array[~valid] == back[~valid]).all(), f"bound exceeded: {error} > {bound}"
                size("bounded", path.name, f"minlen{level} {share:g}", array.nbytes, coded, f"worst {error / bound:.3f}")
                speed("bounded", path.name, f"minlen{level} {share:g}", array.nbytes, times)
            for method, (coded, error) in ({} if ONLY_OWN else peers.bounded(filled, bound)).items():
                size("bounded", path.name, f"{method} {share:g}", array.nbytes, coded, f"worst {error / bound:.3f}")


PAIRS = [("tinylm_step650_layers01.bf16.safetensors", "tinylm_base.bf16.safetensors"),
         ("tinylm_ft.bf16.safetensors", "tinylm_base.bf16.safetensors"),
         ("silero_vad_v6.2.onnx", "silero_vad_v6.0.onnx")]


def numbered(found):
    """Arrays by type, name and how often the name came before: names repeat in the branches of an ONNX file."""
    result, count = {}, {}
    for dtype, items in found.items():
        for label, item in items:
            count[dtype, label] = count.get((dtype, label), -1) + 1
            result[dtype, label, count[dtype, label]] = item
    return result


def delta():
    for name, base_name in PAIRS:
        path, base = DATA / "models" / name, DATA / "models" / base_name
        found, known = arrays(path), numbered(arrays(base))
        raw = sum(len(item[1]) for items in found.values() for item in items)
        for level in LEVELS:
            coded, times, back = through(path, level, "--base", base)
            assert back == path.read_bytes()
            size("delta", name, f"minlen{level}", raw, coded)
            speed("delta", name, f"minlen{level}", raw, times)
        if ONLY_OWN:
            continue
        total = 0
        for dtype, items in found.items():
            # Arrays without a counterpart of their length are coded alone: zeros change nothing.
            own = numbered({dtype: items})
            fit = [known[key] if len(known.get(key, b"")) == len(item) else bytes(len(item)) for key, item in own.items()]
            total += peers.bitx(b"".join(own.values()), b"".join(fit), dtype)
        size("delta", name, "bitx-style", raw, total)
        whole = b"".join(item for items in found.values() for _, item in items)
        size("delta", name, "zstd-19-patch-from", raw, peers.patch_from(whole, b"".join(known.values())))


def files():
    """Whole files, headers included, and all of them as one archive."""
    everything = models() + field_files()
    for path in everything:
        for level in LEVELS:
            coded, times, back = through(path, level)
            raw = path.read_bytes()
            assert back == raw, f"minlen {level} does not restore {path.name}"
            size("files", path.name, f"minlen{level}", len(raw), coded)
            speed("files", path.name, f"minlen{level}", len(raw), times)
        for method in [] if ONLY_OWN else ["zstd-19", "xz-9e"]:
            peer("files", path.name, method, peers.PEERS[method][0], 1, raw, "u8")
    raw, archive, out = sum(path.stat().st_size for path in everything), WORK / "all.mln", WORK / "out"
    into = run("minlen", "compress", *everything, "-3", "-T1", "-q", "-f", "-o", archive)[1]
    back = run("minlen", "decompress", archive, "-q", "-f", "-o", out)[1]
    restored = {path.name: path for path in out.rglob("*") if path.is_file()}
    assert all(restored[path.name].read_bytes() == path.read_bytes() for path in everything)
    size("files", "(all as one archive)", "minlen-3", raw, archive.stat().st_size)
    speed("files", "(all as one archive)", "minlen-3", raw, (into, back))


def divergences(file):
    """Bits a byte of tinylm_base and of a file, and their divergence, on the two texts: that of the calibration, and another."""
    texts = [DATA / "models" / f"tinylm_eval_{name}.txt" for name in ("book", "sherlock")]
    text = run("examples/quantize", DATA / "models/tinylm_base.bf16.safetensors", "as", file, *texts)[0]
    return re.findall(r"bits per byte ([\d.]+) -> ([\d.]+), divergence ([\d.]+)", text)


def quantize():
    """As far from the model as Q4_0 is, and as small as that can be."""
    model, book = DATA / "models/tinylm_base.bf16.safetensors", DATA / "models/tinylm_eval_book.txt"
    weights = sum(len(raw) for _, raw in arrays(model)["bf16"]) // 2

    def note(kl, length):
        (before, after, book), (other_before, other_after, other) = kl
        return (f"{8 * length / weights:.3f} bits a weight; divergence {book} book, {other} sherlock; bits a byte "
                f"{before} to {after} book, {other_before} to {other_after} sherlock")

    for kind in ("q8_0", "q4_0"):
        path = DATA / f"models/tinylm_base.{kind}.gguf"
        kl, coded = divergences(path), path.stat().st_size
        size("quantize", model.name, f"gguf-{kind}", 2 * weights, coded, note(kl, coded))
    coded, back = WORK / "quantized.mln", WORK / "quantized.safetensors"
    into = run("minlen", "quantize", model, "--max-kl", kl[0][2], "--calibrate", book, "-f", "-o", coded)[1]
    out = run("minlen", "decompress", coded, "-q", "-f", "-o", back)[1]
    bytes_ = coded.stat().st_size
    size("quantize", model.name, "minlen at q4_0's divergence", 2 * weights, bytes_, note(divergences(back), bytes_))
    speed("quantize", model.name, "minlen at q4_0's divergence", 2 * weights, (into, out))


def transformer():
    """A made-up model of 268 MB in bf16: Gaussian matrices of several scales by tensor and row."""
    rng, header, parts, at = np.random.default_rng(7), {}, [], 0
    shapes = {"embedding": ((8000, 1024), 0.02)}
    for layer in range(10):
        shapes.update({f"{layer}.{k}": ((1024, 1024), 0.03) for k in "qkvo"})
        shapes.update({f"{layer}.up": ((4096, 1024), 0.025), f"{layer}.down": ((1024, 4096), 0.02), f"{layer}.norm": ((1024, 1), 0.1)})
    for name, (shape, scale) in shapes.items():
        values = (rng.standard_normal(shape) * scale * (1 + rng.random((shape[0], 1)))).astype(np.float32).view(np.uint32)
        raw = ((values + 0x7FFF + (values >> 16 & 1)) >> 16).astype(np.uint16).tobytes()
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    head = json.dumps(header).encode()
    path = WORK / "transformer.bf16.safetensors"
    path.write_bytes(b"".join([struct.pack("<Q", len(head)), head, *parts]))
    return path


def access():
    """One array out of an archive, against all of it."""
    for path, name in [(DATA / "models/tinylm_base.bf16.safetensors", "pos.weight"), (transformer(), "5.q")]:
        one = dict(arrays(path)["bf16"])[name]
        for level in ("-3", "-5", "-7"):
            archive, cut = WORK / f"model{level}.mln", WORK / "one.bin"
            for _ in range(1 if level == "-7" else 3):
                whole = through(path, level, keep=archive)[1][1]
                part = run("minlen", "extract", archive, "--tensor", name, "-f", "-o", cut)[1]
                speed("access", path.name, f"minlen{level}", len(one), (whole, part))
            assert one in cut.read_bytes()
            note = f"{name}, {len(one)} bytes"
            size("access", path.name, f"minlen{level}", path.stat().st_size, archive.stat().st_size, note)


def network():
    """Coded networks that were trained elsewhere (training takes minutes): their size and the error of what is decoded."""
    parameters = {"lenet-300-100": 266610, "lenet-5": 431080}
    for item in os.environ["MINLEN_NETWORKS"].split():
        name, file = item.split("=", 1)
        text = run("minlen", "eval", file, "--data", os.environ["MINLEN_MNIST"])[0]
        note = "error " + re.findall(r"([\d.]+) ?%", text)[-1]
        size("network", name, f"minlen {note}", 4 * parameters[name], Path(file).stat().st_size, note + "%")


def table(path, head, section, rows):
    """Writes the rows of a section over those that the table has; peers' stay if only minlen was measured."""
    rows = {key: value for key, value in rows.items() if key[0] == section}
    kept = []
    if path.exists():
        with path.open() as file:
            kept = [row for row in list(csv.reader(file))[1:]
                    if row[0] != section or (ONLY_OWN and not row[2].startswith("minlen") and tuple(row[:3]) not in rows)]
    merged = kept + [[*key, *value] for key, value in rows.items()]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(sorted(merged, key=lambda row: row[:3]))


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = " ".join(cpu[1].split()[:2]) if cpu else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system().lower()} {platform.machine()}"


def main():
    todo = {"tensors": tensors, "speed": alternate, "fields": fields, "bounded": bounded, "delta": delta, "files": files,
            "quantize": quantize, "access": access, "network": network}
    if SECTIONS == ["page"]:
        return
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    where = [datetime.date.today().isoformat(), commit, machine()]
    used = lambda: time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    failed = []
    for section in SECTIONS:
        before = used()
        try:
            todo[section]()
            table(SIZES, SIZE_HEAD, section, sizes)
            table(SPEEDS, SPEED_HEAD, section, {key: [*value, *where] for key, value in speeds.items()})
        except Exception as failure:
            failed.append(f"{section}: {failure}")
        print(f"{section}: {used() - before:.0f} s of processor time", flush=True)
    if failed:
        sys.exit("\n".join(failed))


main()
