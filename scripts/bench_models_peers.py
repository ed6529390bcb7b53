"""The peers of bench_models.py: each maps an array to bytes and back, on one thread.

An array is a NumPy array of unsigned integers or floats of the width of its elements; `dtype` is minlen's name of its type.
A peer that cannot take a type raises, and gets a dash in the table.
"""
import lzma
import sys
import types

import numpy as np


class _Nothing:
    pass


def _without_torch():
    """ZipNN imports PyTorch for its tensor interface; the byte interface never calls it."""
    for name in ("torch", "safetensors.torch"):
        module = types.ModuleType(name)
        module.__getattr__ = lambda _: _Nothing
        sys.modules.setdefault(name, module)
    sys.modules["torch"].jit = types.SimpleNamespace(script=lambda function: function)
    sys.modules["torch"].Tensor = _Nothing


_without_torch()
import blosc2  # noqa: E402
import brotli  # noqa: E402
import fpzip  # noqa: E402
import openzl.ext as openzl  # noqa: E402
import pysz  # noqa: E402
import zfpy  # noqa: E402
import zstandard  # noqa: E402
from pcodec import ChunkConfig, standalone  # noqa: E402
from zipnn import ZipNN  # noqa: E402

FLOATS = {"f64": np.float64, "f32": np.float32, "f16": np.float16}
PLAIN = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def width(dtype):
    """Bytes of an element; of packed blocks, one."""
    return {"f64": 8, "i64": 8, "u64": 8, "f32": 4, "i32": 4, "u32": 4, "f16": 2, "bf16": 2, "i16": 2, "u16": 2}.get(dtype, 1)


def words(raw, dtype):
    return np.frombuffer(raw, PLAIN[width(dtype)])


def zipnn(dtype):
    """ZipNN takes floats only, as a copy, because it changes the input of float32 in place."""
    names = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}
    coder = ZipNN(bytearray_dtype=names[dtype], threads=1)
    return coder.compress, coder.decompress, lambda raw: bytearray(raw)


def pco(level):
    def make(dtype):
        if width(dtype) == 1:
            raise ValueError("pco refuses elements of 8 bits")
        config = ChunkConfig(compression_level=level)
        # pco has no bf16; read as f16, the integers keep the order of the values, which is smallest.
        kind = np.float16 if dtype == "bf16" else FLOATS.get(dtype, PLAIN[width(dtype)])
        return (lambda a: standalone.simple_compress(a, config), lambda c: standalone.simple_decompress(c).tobytes(),
                lambda raw: np.frombuffer(raw, kind))
    return make


def open_zl(dtype):
    compressor = openzl.Compressor()
    compressor.set_parameter(openzl.CParam.FormatVersion, openzl.MAX_FORMAT_VERSION)
    compressor.select_starting_graph(openzl.graphs.Compress().parameterize(compressor))

    def encode(array):
        context = openzl.CCtx()
        context.ref_compressor(compressor)
        context.set_parameter(openzl.CParam.FormatVersion, openzl.MAX_FORMAT_VERSION)
        return context.compress([openzl.Input(openzl.Type.Numeric, array)])

    return encode, lambda c: openzl.DCtx().decompress(c)[0].content.as_bytes(), lambda raw: words(raw, dtype)


def blosc(name, level):
    def make(dtype):
        kind = blosc2.Filter.SHUFFLE if name == "shuffle" else blosc2.Filter.BITSHUFFLE
        options = dict(codec=blosc2.Codec.ZSTD, clevel=level, typesize=width(dtype), nthreads=1, filters=[kind], filters_meta=[0])
        return (lambda a: blosc2.compress2(a, **options), lambda c: blosc2.decompress2(c, nthreads=1), bytes)
    return make


def zstd(_):
    return zstandard.ZstdCompressor(level=19).compress, zstandard.ZstdDecompressor().decompress, bytes


def xz(_):
    options = dict(format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)
    return lambda a: lzma.compress(a, **options), lzma.decompress, bytes


def brotli11(_):
    return lambda a: brotli.compress(a, quality=11, lgwin=24), brotli.decompress, bytes


# Method: maker, and how often its speed is measured at most (slow ones once).
PEERS = {
    "zipnn": (zipnn, 5), "pco-8": (pco(8), 3), "pco-12": (pco(12), 1), "openzl": (open_zl, 3),
    "blosc2-shuffle-zstd9": (blosc("shuffle", 9), 1), "blosc2-bitshuffle-zstd5": (blosc("bitshuffle", 5), 3),
    "zstd-19": (zstd, 1), "xz-9e": (xz, 1), "brotli-11": (brotli11, 1),
}


def fields(shape):
    """The peers that know dimensions."""
    def floats(raw, dtype):
        return np.frombuffer(raw, FLOATS[dtype]).reshape(shape).copy()
    return {
        "fpzip": (lambda dtype: (lambda a: fpzip.compress(a, precision=0, order="C"),
                                 lambda c: fpzip.decompress(c, order="C").tobytes(), lambda raw: floats(raw, dtype)), 5),
        "zfp-reversible": (lambda dtype: (zfpy.compress_numpy, lambda c: zfpy.decompress_numpy(c).tobytes(),
                                          lambda raw: floats(raw, dtype)), 3),
    }


def bounded(array, bound):
    """Bytes and worst error of the peers within an absolute bound: method -> (bytes, worst)."""
    config = pysz.szConfig()
    config.errorBoundMode = pysz.szErrorBoundMode.ABS
    config.absErrorBound = bound
    coded, _ = pysz.sz.compress(array, config)
    back, _ = pysz.sz.decompress(coded, array.dtype.type, array.shape)
    zfp = zfpy.compress_numpy(array, tolerance=bound)
    return {"sz3": (len(coded), worst(array, back)), "zfp": (len(zfp), worst(array, zfpy.decompress_numpy(zfp)))}


def worst(a, b):
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def patch_from(raw, base):
    """zstd -19 --patch-from: the base as a dictionary."""
    window = max(len(raw) + len(base), 1 << 20).bit_length()
    options = zstandard.ZstdCompressionParameters.from_level(19, window_log=window, enable_ldm=True)
    known = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    coded = zstandard.ZstdCompressor(dict_data=known, compression_params=options).compress(raw)
    back = zstandard.ZstdDecompressor(dict_data=known, max_window_size=1 << window).decompress(coded)
    assert back == raw
    return len(coded)


def bitx(raw, base, dtype):
    """The method of BitX (arXiv 2505.06252): exclusive or, planes of bytes, zstd-19."""
    size = width(dtype)
    mixed = (np.frombuffer(raw, np.uint8) ^ np.frombuffer(base, np.uint8)).reshape(-1, size)
    return sum(len(zstandard.ZstdCompressor(level=19).compress(mixed[:, plane].tobytes())) for plane in range(size))
