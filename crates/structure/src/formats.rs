//! The formats that the parsers of this crate know.
//!
//! Each says what its word is worth ([`minlen_core::layout::Origin`]): *declared* by the file, *sealed* by checksums in it (so that nothing
//! in it may become inexact), or *guessed* from looks.
//!
//! ```
//! use minlen_core::layout::Origin;
//! use minlen_structure::formats;
//! assert_eq!(formats::SAFETENSORS.origin, Origin::Declared);
//! assert_eq!(formats::NPZ.origin, Origin::Sealed);
//! assert_eq!(formats::BLOB.origin, Origin::Guessed);
//! ```

use minlen_core::Format;

/// Hugging Face safetensors.
pub const SAFETENSORS: Format = Format::declared("safetensors");
/// llama.cpp's GGUF.
pub const GGUF: Format = Format::declared("gguf");
/// Open Neural Network Exchange, a protocol buffer.
pub const ONNX: Format = Format::declared("onnx");
/// TensorFlow Lite, a flat buffer.
pub const TFLITE: Format = Format::declared("tflite");
/// One NumPy array, or several one after the other.
pub const NPY: Format = Format::declared("npy");
/// One array behind a short binary header, as MNIST has it.
pub const IDX: Format = Format::declared("idx");
/// NumPy arrays in a ZIP file, which has checksums.
pub const NPZ: Format = Format::sealed("npz");
/// A PyTorch checkpoint: a pickle and arrays in a ZIP file, which has checksums.
pub const TORCH: Format = Format::sealed("torch");
/// HDF5, found by probing.
pub const HDF5: Format = Format::declared("hdf5");
/// Nothing known; the numbers look like an array.
pub const BLOB: Format = Format::guessed("numbers");
/// Windows bitmap.
pub const BMP: Format = Format::declared("bmp");
/// PBM, PGM or PPM, binary.
pub const PNM: Format = Format::declared("pnm");
/// TIFF 6.0, not compressed.
pub const TIFF: Format = Format::declared("tiff");
/// DICOM, not compressed.
pub const DICOM: Format = Format::declared("dicom");
/// Truevision TGA, not compressed.
pub const TGA: Format = Format::declared("tga");
/// Nothing known; the rows look like a picture's.
pub const PICTURE: Format = Format::guessed("rows");
/// RIFF WAVE with PCM.
pub const WAV: Format = Format::declared("wav");
/// AIFF or AIFF-C with PCM.
pub const AIFF: Format = Format::declared("aiff");
/// tar: ustar, pax, GNU and older. Headers have checksums, members have none.
pub const TAR: Format = Format::declared("tar");
/// SQLite 3 database.
pub const SQLITE: Format = Format::sealed("sqlite");
