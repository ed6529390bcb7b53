//! What array files call the types of elements.

use crate::arrays::gguf;
use minlen_core::layout::{Declared, Dtype, Element};

/// The type as the header of an npy file names it, quotes included.
pub(crate) fn npy_descr(declared: &Declared) -> Option<String> {
    let code = match &declared.element {
        Element::Npy(descr) => return Some(descr.clone()),
        Element::Bool => "b1",
        Element::Complex(Dtype::F32) => "c8",
        Element::Complex(Dtype::F64) => "c16",
        Element::Number(dtype) => match dtype {
            Dtype::F64 => "f8",
            Dtype::F32 => "f4",
            Dtype::F16 => "f2",
            Dtype::I8 => "i1",
            Dtype::U8 => "u1",
            Dtype::I16 => "i2",
            Dtype::U16 => "u2",
            Dtype::I32 => "i4",
            Dtype::U32 => "u4",
            Dtype::I64 => "i8",
            Dtype::U64 => "u8",
            _ => return None,
        },
        _ => return None,
    };
    let order = match declared.width() {
        1 => '|',
        _ if declared.big_endian => '>',
        _ => '<',
    };
    Some(format!("'{order}{code}'"))
}

/// The name of a type in safetensors; there is none for opaque bytes and packed blocks.
///
/// ```
/// use minlen_core::layout::Dtype;
/// use minlen_structure::safetensors_dtype;
/// assert_eq!(safetensors_dtype(Dtype::Bf16), Some("BF16"));
/// assert_eq!(safetensors_dtype(Dtype::Bytes), None);
/// ```
#[must_use]
pub fn safetensors_dtype(dtype: Dtype) -> Option<&'static str> {
    const NAMES: [&str; 14] = [
        "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8", "U8", "I16", "U16", "I32", "U32", "I64",
        "U64",
    ];
    NAMES.get((dtype as usize).checked_sub(1)?).copied()
}

/// The type as safetensors names it.
pub(crate) fn safetensors_type(declared: &Declared) -> Option<&str> {
    Some(match &declared.element {
        Element::Number(dtype) => return safetensors_dtype(*dtype),
        Element::Bool => "BOOL",
        Element::Complex(Dtype::F32) => "C64",
        Element::Safetensors(name) => name,
        _ => return None,
    })
}

/// The type as GGUF has it.
pub(crate) fn gguf_type(declared: &Declared) -> Option<Dtype> {
    match declared.element {
        Element::Number(dtype) => gguf::code(dtype).map(|_| dtype),
        _ => None,
    }
}
