//! Arrays taken out of a file into one of their own: as what they are, or not at all.
//!
//! Sources as for the parsers and [`super::write`].
//!
//! The steps: [`Export::new`] for each array says whether the file can hold it; [`header`] gives what stands before the arrays; then each
//! array is written, through [`Export::writer`] where its byte order may change, moved by [`Export::moved`] where its dimensions
//! change places ([`Export::moves`]), and followed by [`Target::padding`] zeros. [`check`] reads the result back.
//!
//! Nothing is converted: an array that a format cannot hold as what it is, is refused. Only byte order and the order of dimensions change.
//!
//! ```
//! use minlen_core::ErrorKind;
//! use minlen_core::layout::{Declared, Dtype};
//! use minlen_structure::export::{Export, Target, check, header};
//! use std::io::Write;
//! // Two 16-bit numbers that lie with the high byte first.
//! let declared = Declared::numbers(Dtype::U16, vec![2]).big_endian(true);
//! let export = Export::new(Target::Safetensors, "w", declared.clone())?;
//! let mut file = header(Target::Safetensors, std::slice::from_ref(&export))?;
//! export.writer(&mut file).write_all(&[1, 2, 3, 4])?;
//! // safetensors is little-endian.
//! assert!(file.ends_with(&[2, 1, 4, 3]));
//! check(Target::Safetensors, &[export], &&file[..])?;
//!
//! assert_eq!(Target::of_extension("NPY")?, Target::Npy);
//! assert_eq!(Target::of_extension("onnx").unwrap_err().kind(), ErrorKind::Usage);
//! // NumPy has no numbers of the brain's kind.
//! assert!(Export::new(Target::Npy, "w", Declared::numbers(Dtype::Bf16, vec![2])).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

use super::write::{GgufMetadata, gguf_header, safetensors_header};
use crate::arrays::gguf;
use crate::source::Source;
use crate::table::Parsers;
use crate::types::{gguf_type, npy_descr, safetensors_type};
use minlen_core::layout::{Declared, Dtype, Span};
use minlen_core::{Error, ErrorKind, Result};
use std::io::{self, Write};

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The bytes as they are, and nothing else.
    Bytes,
    /// One NumPy array.
    Npy,
    /// Hugging Face safetensors.
    Safetensors,
    /// llama.cpp's GGUF.
    Gguf,
}

impl Target {
    /// The kind that the end of a file's name stands for.
    ///
    /// # Errors
    /// Usage for kinds that are known and cannot be written.
    pub fn of_extension(extension: &str) -> Result<Self> {
        Ok(match extension.to_ascii_lowercase().as_str() {
            "npy" => Self::Npy,
            "safetensors" => Self::Safetensors,
            "gguf" => Self::Gguf,
            "npz" | "pt" | "pth" | "ckpt" | "onnx" | "tflite" | "h5" | "hdf5" | "nc" => {
                return Err(Error::usage(format!("arrays cannot be written as .{extension}")).remedy(
                    "name the output .npy, .safetensors or .gguf, or anything else for the bare bytes",
                ));
            }
            _ => Self::Bytes,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "a file of bare bytes",
            Self::Npy => "NumPy",
            Self::Safetensors => "safetensors",
            Self::Gguf => "GGUF",
        }
    }

    /// Zeros that follow an array of `len` bytes.
    #[must_use]
    pub fn padding(self, len: u64) -> usize {
        let padded = if self == Self::Gguf { len.next_multiple_of(gguf::ALIGNMENT) } else { len };
        (padded - len) as usize
    }
}

/// How an array gets into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is where it comes from.
    pub from: Declared,
    /// What it is where it goes: the same but for byte order and order of dimensions.
    pub to: Declared,
    /// Its bytes.
    pub len: u64,
}

impl Export {
    /// Of an array of this name into such a file.
    ///
    /// # Errors
    /// Usage where the file cannot hold it as what it is.
    pub fn new(target: Target, name: &str, from: Declared) -> Result<Self> {
        let mut to = from.clone();
        let row_major = match target {
            Target::Bytes => false,
            Target::Npy => !from.is_column_major(),
            Target::Safetensors | Target::Gguf => true,
        };
        if row_major {
            to.order = Vec::new();
        }
        to.big_endian &= matches!(target, Target::Bytes | Target::Npy);
        let fits = match target {
            Target::Bytes => true,
            Target::Npy => npy_descr(&to).is_some(),
            Target::Safetensors => safetensors_type(&to).is_some(),
            Target::Gguf => !to.shape.is_empty() && gguf_type(&to).is_some(),
        };
        // Units of several elements cannot be put in another order.
        if !fits || to.order != from.order && from.unit.0 > 1 {
            let what = if to.shape.is_empty() { "single " } else { "" };
            return Err(Error::usage(format!(
                "array {name:?}: {} holds no {what}{}",
                target.name(),
                from.name()
            ))
            .remedy("give the output another name for the bare bytes, or the container of the source"));
        }
        let len = from.len().ok_or_else(|| Error::usage(format!("array {name:?} is of an absurd length")))?;
        Ok(Self { name: name.to_owned(), from, to, len })
    }

    /// True if the elements change places, for which all of them must be at hand.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.from.order != self.to.order
    }

    /// The bytes as they are written; `bytes` are all of the array.
    ///
    /// ```
    /// use minlen_core::layout::{Declared, Dtype};
    /// use minlen_structure::export::{Export, Target};
    /// // Two rows of three, column by column in the file: 1 4, 2 5, 3 6.
    /// let declared = Declared::numbers(Dtype::U8, vec![2, 3]).column_major(true);
    /// let export = Export::new(Target::Safetensors, "w", declared)?;
    /// assert!(export.moves());
    /// assert_eq!(export.moved(&[1, 4, 2, 5, 3, 6]), [1, 2, 3, 4, 5, 6]);
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    #[must_use]
    pub fn moved(&self, bytes: &[u8]) -> Vec<u8> {
        let unit = self.from.unit.1 as usize;
        let stored = self.from.stored_shape();
        // How far one goes in the source for a step in each dimension of the target, outermost first.
        let mut strides = vec![0; stored.len()];
        let mut step = unit;
        for (place, size) in stored.iter().enumerate().rev() {
            strides[self.from.order.get(place).copied().unwrap_or(place)] = step;
            step *= *size as usize;
        }
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = vec![0u64; stored.len()];
        let mut from = 0;
        while out.len() < bytes.len() {
            out.extend_from_slice(bytes.get(from..from + unit).unwrap_or_default());
            for (dimension, size) in self.from.shape.iter().enumerate().rev() {
                at[dimension] += 1;
                from += strides[dimension];
                if at[dimension] < *size {
                    break;
                }
                from -= strides[dimension] * *size as usize;
                at[dimension] = 0;
            }
        }
        out
    }

    /// A writer that turns the byte order where that changes, and passes everything on to `out`.
    pub fn writer<'a>(&self, out: &'a mut dyn Write) -> Turned<'a> {
        let width = if self.from.big_endian == self.to.big_endian { 1 } else { self.from.width() };
        Turned { out, width, waiting: Vec::new() }
    }
}

/// See [`Export::writer`].
pub struct Turned<'a> {
    out: &'a mut dyn Write,
    width: usize,
    waiting: Vec<u8>,
}

impl Write for Turned<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.width == 1 {
            return self.out.write(bytes);
        }
        self.waiting.extend_from_slice(bytes);
        let whole = self.waiting.len() / self.width * self.width;
        self.waiting[..whole].chunks_exact_mut(self.width).for_each(<[u8]>::reverse);
        self.out.write_all(&self.waiting[..whole])?;
        self.waiting.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What stands before the arrays.
///
/// # Errors
/// Usage for names given twice, for several arrays in a file that holds one, and for what a format has no room for.
pub fn header(target: Target, exports: &[Export]) -> Result<Vec<u8>> {
    match target {
        Target::Bytes => Ok(Vec::new()),
        Target::Npy => {
            let one = exports.first().filter(|_| exports.len() == 1);
            npy_header(&one.ok_or_else(|| Error::usage("an npy file holds one array"))?.to)
        }
        Target::Safetensors => {
            let entry = |export: &Export| {
                let name = safetensors_type(&export.to).unwrap_or_default().to_owned();
                (export.name.clone(), name, export.to.shape.clone(), export.len)
            };
            safetensors_header(&exports.iter().map(entry).collect::<Vec<_>>(), &[])
        }
        Target::Gguf => {
            let tensor = |export: &Export| {
                let dtype = gguf_type(&export.to).unwrap_or(Dtype::Bytes);
                Span::array(export.name.clone(), dtype, export.to.shape.clone(), 0, export.len)
            };
            gguf_header(&GgufMetadata::new(), &exports.iter().map(tensor).collect::<Vec<_>>())
        }
    }
}

/// Reads a file back and compares what it declares with what was to be written.
///
/// # Errors
/// Verify where that is anything else; whatever reading gives.
pub fn check(target: Target, exports: &[Export], written: &dyn Source) -> Result<()> {
    let bad =
        |what: String| Error::new(ErrorKind::Verify, format!("what was written does not read back: {what}"));
    if target == Target::Bytes {
        let len: u64 = exports.iter().map(|export| export.len).sum();
        return if written.len() == len {
            Ok(())
        } else {
            Err(bad(format!("{} bytes, not {len}", written.len())))
        };
    }
    let found = Parsers::arrays().listing(written).map_err(|error| bad(error.to_string()))?;
    let (_, tensors) = found.ok_or_else(|| bad("no arrays".into()))?;
    if tensors.len() != exports.len() {
        return Err(bad(format!("{} arrays, not {}", tensors.len(), exports.len())));
    }
    let mut end = 0;
    for (tensor, export) in tensors.iter().zip(exports) {
        let declared = tensor.checked(written.len()).map_err(|error| bad(error.to_string()))?;
        let named = target == Target::Npy || tensor.name == export.name;
        if !named || declared != export.to || tensor.len != export.len {
            let (name, kind, shape) = (&export.name, declared.name(), &declared.shape);
            return Err(bad(format!("array {name:?} is {kind} {shape:?}")));
        }
        end = end.max(tensor.start + tensor.len + target.padding(tensor.len) as u64);
    }
    if exports.is_empty() || end == written.len() {
        Ok(())
    } else {
        Err(bad(format!("{end} bytes are arrays of {}", written.len())))
    }
}

/// The header of an npy file: of version 1, unless it is too long for that (2) or no ASCII (3).
fn npy_header(declared: &Declared) -> Result<Vec<u8>> {
    let descr = npy_descr(declared).ok_or_else(|| Error::usage("no type of NumPy"))?;
    let fortran = if declared.is_column_major() { "True" } else { "False" };
    let sizes: String = declared.shape.iter().map(|size| format!("{size}, ")).collect();
    // One dimension keeps its comma.
    let sizes = if declared.shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': ({sizes}), }}");
    let short = text.len() + 75 <= usize::from(u16::MAX) && text.is_ascii();
    let version = if short { 1 } else { 2 + u8::from(!text.is_ascii()) };
    let start = if short { 10 } else { 12 };
    // The data begins at a multiple of 64, behind the end of a line.
    let padded = (start + text.len() + 1).next_multiple_of(64);
    let text = format!("{text}{}\n", " ".repeat(padded - start - text.len() - 1));
    let len = u32::try_from(text.len()).map_err(|_| Error::usage("a header of absurd length"))?.to_le_bytes();
    let head = [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, 0];
    Ok([&head[..], &len[..if short { 2 } else { 4 }], text.as_bytes()].concat())
}
