"""docs/results-models.md from bench/results/models.csv and bench/results/models-speeds.csv; no measurement, no other input."""
import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ["zipnn", "pco-8", "pco-12", "openzl", "blosc2-shuffle-zstd9", "blosc2-bitshuffle-zstd5", "zstd-19", "xz-9e", "brotli-11"]
OWN = ["minlen-fast", "minlen-dense", "minlen-max"]


def read(name):
    path = ROOT / "bench/results" / name
    with path.open() as file:
        return list(csv.DictReader(file))


SIZES = {(row["section"], row["file"], row["method"]): row for row in read("models.csv")}
SPEEDS = {(row["section"], row["file"], row["method"]): row for row in read("models-speeds.csv")}


def ratio(section, file, method):
    row = SIZES.get((section, file, method))
    return int(row["raw_bytes"]) / int(row["compressed_bytes"]) if row else None


def rate(section, file, method, side):
    """MB/s of processor time; side is in or out."""
    row = SPEEDS.get((section, file, method))
    return int(row["raw_bytes"]) * 1e3 / int(row[side + "_ns"]) if row else None


def show(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(head))]
    line = lambda row: "| " + " | ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))) + " |"
    rule = "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
    return "\n".join([line(head), rule, *map(line, rows[1:])]) + "\n"


def files(section):
    return sorted({file for kind, file, _ in SIZES if kind == section})


def methods(section):
    found = {method for kind, _, method in SIZES if kind == section}
    order = OWN + ["minlen-3", "minlen-7"] + PEERS + ["fpzip", "zfp-reversible"]
    return [m for m in order if m in found] + sorted(found - set(order))


def best(section, file, among):
    """The smallest of some methods, and its ratio."""
    found = [(ratio(section, file, method), method) for method in among if ratio(section, file, method)]
    return max(found) if found else (None, "–")


def note(section, file, method):
    return SIZES.get((section, file, method), {}).get("note", "")


def bits(method):
    text = note("quantize", "tinylm_base.bf16.safetensors", method)
    return float(text.split()[0]) if text else None


def over(a, b):
    return a / b if a and b else None


def goals():
    """Rows of the issue's table: label, peers' figure as named there, best peer here, minlen, with what, must, stretch."""
    rows = []

    def exact(label, stated, name, must, stretch, method="minlen-max", section="tensors", among=PEERS):
        top, who = best(section, name, among)
        rows.append((label, stated, top, who, ratio(section, name, method), method, must, stretch))

    exact("tinylm bf16", "pco-12 1.520, ZipNN 1.506", "tinylm_base.bf16.safetensors", 1.525, 1.534, "minlen-fast")
    exact("tinylm bf16, max", "", "tinylm_base.bf16.safetensors", 1.525, 1.534)
    base = "tinylm_base.bf16.safetensors"
    for side, word, must, stretch in (("out", "decode", 1.5, 3.0), ("in", "encode", 1.0, 1.7)):
        mine, theirs = rate("speed", base, "minlen-fast", side), rate("speed", base, "zipnn", side)
        stated = f"ZipNN {show(theirs, 0)} MB/s; minlen {show(mine, 0)}"
        rows.append((f"bf16 {word}, times ZipNN", stated, 1.0, "zipnn", over(mine, theirs), "minlen-fast", must, stretch))
    exact("LoRA f16", "brotli-11 1.141", "analog_lora_rank4.f16.safetensors", 1.185, 1.202, "minlen-fast")
    exact("LoRA f16, max", "", "analog_lora_rank4.f16.safetensors", 1.185, 1.202)
    exact("TAEF2 f16", "pco-12 1.164", "taef2_decoder.f16.safetensors", 1.174, 1.180)
    exact("aesthetic f32", "pco-12 1.205", "aesthetic_sac_linear.f32.safetensors", 1.208, 1.2125)
    exact("VWW f32", "pco-12 1.192", "vww_14blk.f32.tflite", 1.210, 1.218)
    exact("silero v6.2", "OpenZL 1.269", "silero_vad_v6.2.onnx", 1.28, 1.31)
    exact("Adam state", "OpenZL 1.215", "tinylm_adam_layer0.f32.safetensors", 1.235, 1.267)
    exact("int8 MobileNet", "brotli 1.270", "mobilenet_v2_1.0_224.u8.tflite", 1.275, 1.280)
    exact("int8 VWW", "brotli 10.03", "vww_14blk.i8.tflite", 10.1, 11.2)
    pair = ["bitx-style", "zstd-19-patch-from"]
    exact("delta bf16 step", "BitX style 2.86", "tinylm_step650_layers01.bf16.safetensors", 4.0, 4.18, "minlen-7", "delta", pair)
    exact("delta bf16 fine-tune", "BitX style 2.38", "tinylm_ft.bf16.safetensors", 3.1, 3.32, "minlen-7", "delta", pair)
    for net, stated, must, stretch in (("lenet-300-100", "Deep Compression 40 at 1.58%", (100.0, 1.6), (180.0, 2.1)),
                                       ("lenet-5", "Deep Compression 39 at 0.74%", (100.0, 0.8), (300.0, 1.0))):
        found = [(float(method.split()[-1]), method) for kind, file, method in SIZES if kind == "network" and file == net]
        for times, bound in (must, stretch):
            within = [(ratio("network", net, method), method) for error, method in found if error <= bound]
            mine, method = max(within, default=(None, "not measured here"))
            aims = (times, None) if bound == must[1] else (must[0], times)
            rows.append((f"{net}, at most {bound} % wrong", stated, None, "–", mine, method, *aims))
    own = "minlen at q4_0's divergence"
    rows.append(("tinylm at Q4_0's divergence, bits a weight", "Q4_0 4.5", bits("gguf-q4_0"), "gguf-q4_0", bits(own), "minlen quantize", -3.0, -2.6))
    for label, name, stated, must in (("air, exact", "air_temperature_a1b_240x37x49.f32.npy", "fpzip 2.197", 2.197),
                                      ("OSTIA, exact", "ostia_sst_54x18x432.f32.npy", "fpzip 2.747", 2.747)):
        exact(label, stated, name, must, must * 1.05, "minlen-fast", "fields", PEERS + ["fpzip", "zfp-reversible"])
        for side, word in (("in", "encode"), ("out", "decode")):
            mine, theirs = rate("fields", name, "minlen-fast", side), rate("fields", name, "fpzip", side)
            stated = f"fpzip {show(theirs, 0)} MB/s; minlen {show(mine, 0)}"
            rows.append((f"{label}: {word}, times fpzip", stated, 1.0, "fpzip", over(mine, theirs), "minlen-fast", 5.0, None))
    for label, name, stated, must in (("city f64", "city_temperature_f.f64", "xz 8.40", 8.402),
                                      ("NYC f64", "nyc29.f64", "xz 3.19", 3.192), ("bitcoin f64", "bitcoin_transactions_f.f64", "pco 2.33", 2.333)):
        exact(label, stated, name, must, must * 1.1, "minlen-max", "fields", PEERS + ["fpzip", "zfp-reversible"])
    for label, name, stated, must in (("air within 1e-3 of the range", "air_temperature_a1b_240x37x49.f32.npy", "SZ3 7.8", 7.8),
                                      ("OSTIA within 1e-3 of the range", "ostia_sst_54x18x432.f32.npy", "SZ3 8.5", 8.5)):
        exact(label, stated, name, must, must * 1.1, "minlen-7 0.001", "bounded", ["sz3 0.001", "zfp 0.001"])
    return rows


def goal_table():
    rows = []
    for label, stated, top, who, mine, method, must, stretch in goals():
        less = must < 0  # a negative goal is one to stay under
        digits = 4 if top and top < 2 and mine and mine < 2 else 2
        met = "–" if mine is None else "yes" if (mine <= -must if less else round(mine, 4) >= must) else f"{100 * ((abs(must) / mine if less else mine / must) - 1):.1f} %"
        reach = "–" if mine is None or stretch is None else "yes" if (mine <= -stretch if less else round(mine, 4) >= stretch) else "no"
        peer = "–" if top is None else f"{who} {show(top, digits)}"
        goal = lambda g: "–" if g is None else f"{abs(g):.4g}"
        rows.append([label, stated, peer, method, show(mine, digits), goal(must), met, goal(stretch), reach])
    return table(["", "to beat, as stated", "best peer here", "minlen by", "minlen", "must", "met", "stretch", "reached"], rows)


def ratio_table(section):
    columns = methods(section)
    rows, lengths = [], {}
    for (kind, name, _), row in SIZES.items():
        if kind == section:
            lengths.setdefault(name, set()).add(int(row["raw_bytes"]))
    for file in files(section):
        raw = min(lengths[file])
        cells = []
        for method in columns:
            row = SIZES.get((section, file, method))
            other = row and section == "tensors" and int(row["raw_bytes"]) != min(lengths[file])
            cells.append(show(ratio(section, file, method), 4) + ("*" if other else ""))
        rows.append([file, raw, *cells])
    return table(["", "bytes", *columns], rows)


def speed_table(section, chosen):
    rows = []
    for file in chosen:
        for kind, name, method in sorted(SPEEDS):
            if (kind, name) == (section, file):
                rows.append([file, method, show(rate(section, file, method, "in"), 1), show(rate(section, file, method, "out"), 1)])
    return table(["", "method", "in", "out"], rows)


def note_table(section):
    rows = [[file, method, row["compressed_bytes"], show(int(row["raw_bytes"]) / int(row["compressed_bytes"])), row["note"]]
            for (kind, file, method), row in sorted(SIZES.items()) if kind == section]
    return table(["", "method", "bytes", "ratio", ""], rows)


def access_table():
    rows = []
    for (kind, file, method), row in sorted(SPEEDS.items()):
        if kind == "access":
            whole, part = int(row["in_ns"]) / 1e6, int(row["out_ns"]) / 1e6
            rows.append([file, method, note(kind, file, method), f"{whole:.1f}", f"{part:.1f}", f"{100 * part / whole:.1f} %"])
    return table(["", "method", "array", "all, ms", "one, ms", "share"], rows)


def bounded_table():
    shares = ["0.01", "0.001", "0.0001"]
    rows = []
    for file in files("bounded"):
        for method in ("minlen-3", "minlen-7", "sz3", "zfp"):
            cells = [f"{show(ratio('bounded', file, f'{method} {s}'), 2)} ({note('bounded', file, f'{method} {s}').replace('worst ', '')})" for s in shares]
            rows.append([file, method, *cells])
    return table(["", "method", "1e-2", "1e-3", "1e-4"], rows)


def page():
    when = sorted({(row["date"], row["commit"], row["machine"]) for row in SPEEDS.values()})
    marks = "; ".join(f"{date}, commit {commit} ({machine})" for date, commit, machine in when)
    speeds = ["tinylm_base.bf16.safetensors", "aesthetic_sac_linear.f32.safetensors", "mobilenet_v2_1.0_224.u8.tflite"]
    fields = ["air_temperature_a1b_240x37x49.f32.npy", "ostia_sst_54x18x432.f32.npy", "city_temperature_f.f64"]
    networks = note_table("network") if files("network") else "Not measured in this run.\n"
    return f"""# Results: model weights and float arrays

Made by `scripts/bench-models.sh` from [models.csv](../bench/results/models.csv) and
[models-speeds.csv](../bench/results/models-speeds.csv); not edited by hand. Measured: {marks}.

Ratios are bytes before by bytes after, exact, each from a round trip that was compared byte for byte. Speeds are MB/s of processor
time on one thread, all threads a peer starts included, best of several, with
buffers kept in the heap rather than in fresh pages for every call; those of ZipNN and fpzip beside minlen's were taken in turns
with it. minlen's on fields are of the clock on the wall, which other work on the machine can only make worse. A dash: not measured, or a peer that refuses the type.

Peers: ZipNN 0.5.4 (its interface for bytes; PyTorch, which that does not use, is replaced by a stub), pcodec 1.1.0, OpenZL 0.3.0
(generic graph on numeric input), C-Blosc2 4.14.1 (shuffle with zstd level 9, bitshuffle with zstd level 5, one thread), fpzip 1.2.5, zfp as zfpy
1.0.1, SZ3 as pysz 1.1.0, zstandard 0.25.0, brotli 1.2.1 (window of 24 bits), and the xz of Python. SZ3 comes from PyPI, by
its authors; Debian does not have it.

## The issue's table

Ratio over the arrays' bytes. "By" says which strength or level of minlen counts: `minlen-fast`, `-dense` and `-max` are the three strengths
of the codec for arrays, on arrays alone; `minlen-3` and `minlen-7` are whole `.mln` files.

{goal_table()}
## Arrays of one type

All arrays of a file's main type: to peers in a row, to minlen as arrays with their shapes. A star: all arrays of the file, of every
type, by an older measuring program.

{ratio_table("tensors")}
MB/s in and out:

{speed_table("tensors", speeds)}
bf16 in turns with ZipNN:

{speed_table("speed", sorted({name for kind, name, _ in SPEEDS if kind == "speed"}))}
## Fields and series, exact

{ratio_table("fields")}
MB/s in and out:

{speed_table("fields", fields)}
## Fields within a bound

Bound relative to the range of the valid values; in brackets the worst error as a share of the bound. minlen stores the fill values of OSTIA;
SZ3 and zfp get the mean in their place, and the mask for nothing.

{bounded_table()}
## Differences from a base

Bytes of the arrays by bytes of the whole `.mln`. BitX style: exclusive or, planes of bytes, zstd-19 (arXiv 2505.06252), arrays
matched by name.

{ratio_table("delta")}
## Whole files

With headers and everything else, by bytes of the file.

{ratio_table("files")}
## Quantized

tinylm_base at the divergence (bits a byte, from the bf16 model) that its Q4_0 has on the text of the calibration; the other text had no part in it.
Bits a weight are those of the whole file.

{note_table("quantize")}
## Coded networks

{networks}
## One array out of an archive

Processor time of the whole process, its start included (about 2 ms), for all of the file and for one array. The larger file is made up:
Gaussian matrices in bf16.

{access_table()}"""


(ROOT / "docs/results-models.md").write_text(page())
