//! Where in a file its arrays are.

use crate::{Declared, Dtype};
use minlen_core::{Error, Result};

/// A file, or what stands for one.
pub trait Source {
    /// Bytes in all.
    fn len(&self) -> u64;

    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// Truncated beyond the end; whatever reading gives.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Fills the front of `buffer`, at least `least` bytes of it; more only where they cost little. Returns how many those are.
    ///
    /// # Errors
    /// As [`Source::read_at`].
    fn read_some(&self, offset: u64, least: usize, buffer: &mut [u8]) -> Result<usize> {
        let _ = least;
        self.read_at(offset, buffer)?;
        Ok(buffer.len())
    }
}

impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let from = usize::try_from(offset).ok().and_then(|at| self.get(at..)?.get(..buffer.len()));
        buffer.copy_from_slice(from.ok_or_else(|| Error::truncated("the file ends too early").at(offset))?);
        Ok(())
    }
}

/// The container format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Hugging Face safetensors.
    Safetensors,
    /// llama.cpp's GGUF.
    Gguf,
    /// Open Neural Network Exchange, a protocol buffer.
    Onnx,
    /// TensorFlow Lite, a flat buffer.
    Tflite,
    /// One NumPy array.
    Npy,
    /// NumPy arrays in a ZIP file.
    Npz,
    /// A PyTorch checkpoint: a pickle and arrays in a ZIP file.
    Torch,
    /// HDF5, found by probing.
    Hdf5,
    /// Nothing known; the numbers look like an array.
    Blob,
    /// One array without a header, as the user says.
    Raw,
}

/// One array in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name; empty where there is none.
    pub name: String,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Outermost dimension first, in elements; empty for a single number.
    pub shape: Vec<u64>,
    /// Offset of its first byte in the file.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// What the container says of it beyond that: see [`Tensor::declared`].
    pub told: Option<Box<Declared>>,
}

impl Tensor {
    /// An array of which the container says this and no more.
    #[must_use]
    pub fn new(name: impl Into<String>, dtype: Dtype, shape: Vec<u64>, start: u64, len: u64) -> Self {
        Self { name: name.into(), dtype, shape, start, len, told: None }
    }

    /// Units (see [`Dtype::unit`]) in a row: the innermost dimension, or for kernels of a convolution everything but the
    /// outermost one (if that has one entry only, as depthwise kernels of TFLite have, it is the innermost again). At least 1.
    #[must_use]
    pub fn columns(&self) -> u64 {
        let weights = match self.shape.as_slice() {
            [] => 1,
            [one] => *one,
            [1, .., last] if *last >= 8 => *last,
            [_, rest @ ..] if self.shape.len() > 2 => rest.iter().fold(1u64, |a, b| a.saturating_mul(*b)),
            [_, columns, ..] => *columns,
        };
        (weights / self.dtype.weights() as u64).max(1)
    }
}

/// The arrays of a file, by offset, without overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What the file is.
    pub format: Format,
    /// Its arrays.
    pub tensors: Vec<Tensor>,
}

impl Layout {
    /// The arrays brought into order.
    ///
    /// # Errors
    /// Corrupt if two of them overlap without being the same bytes, one reaches beyond the file, or its length is not that of its shape.
    pub fn new(format: Format, mut tensors: Vec<Tensor>, file_len: u64) -> Result<Self> {
        tensors.retain(|tensor| tensor.len > 0);
        tensors.sort_by_key(|tensor| (tensor.start, tensor.len));
        // Tied weights name the same bytes twice. If they say different things of them, neither is to be believed.
        tensors.dedup_by(|b, a| {
            let same = (a.start, a.len) == (b.start, b.len);
            if same
                && (a.declared().element, a.declared().big_endian)
                    != (b.declared().element, b.declared().big_endian)
            {
                a.told = Some(Box::new(Declared::unknown(a.len)));
            }
            same
        });
        let mut end = 0;
        for tensor in &tensors {
            let Some(next) = tensor.start.checked_add(tensor.len).filter(|next| *next <= file_len) else {
                return Err(Error::corrupt(format!("array {:?} reaches beyond the file", tensor.name))
                    .at(tensor.start));
            };
            if tensor.start < end {
                return Err(
                    Error::corrupt(format!("array {:?} overlaps another", tensor.name)).at(tensor.start)
                );
            }
            let weights = tensor.shape.iter().try_fold(1u64, |a, b| a.checked_mul(*b));
            let bytes = weights
                .and_then(|n| (n / tensor.dtype.weights() as u64).checked_mul(tensor.dtype.unit() as u64));
            if bytes != Some(tensor.len) {
                return Err(Error::corrupt(format!("array {:?} is not as long as its shape", tensor.name))
                    .at(tensor.start));
            }
            end = next;
        }
        Ok(Self { format, tensors })
    }

    /// The type of this array's floats if they may be stored inexactly: the file must say that it is one of floats, and hold no
    /// checksum of it, as ZIP files do.
    #[must_use]
    pub fn inexact(&self, tensor: &Tensor) -> Option<Dtype> {
        use Format::{Blob, Gguf, Hdf5, Npy, Npz, Onnx, Raw, Safetensors, Tflite, Torch};
        match self.format {
            Safetensors | Gguf | Onnx | Tflite | Npy | Hdf5 | Raw => tensor.inexact(),
            Npz | Torch | Blob => None,
        }
    }
}
