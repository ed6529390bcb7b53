//! Records as files that other programs read.

use minlen_core::layout::Declared;
use minlen_core::{Dtype, Error, Result};
use minlen_structure::export::{Export, Target, header};

/// A NumPy array of this shape; numbers have the low byte first.
///
/// # Errors
/// Usage for a type that NumPy does not have.
pub fn npy(dtype: Dtype, shape: &[u64], bytes: &[u8]) -> Result<Vec<u8>> {
    let export = Export::new(Target::Npy, "records", Declared::numbers(dtype, shape.to_vec()))?;
    let mut out = header(Target::Npy, std::slice::from_ref(&export))?;
    out.extend_from_slice(bytes);
    Ok(out)
}

/// The same of numbers in rows.
///
/// # Errors
/// None.
pub fn npy_rows(rows: &[Vec<f32>], columns: usize) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    npy(Dtype::F32, &[rows.len() as u64, columns as u64], &bytes)
}

/// An IDX file, as MNIST has them: numbers have the high byte first.
///
/// # Errors
/// Usage for a type that IDX does not have, and for more sides or records than it can count.
pub fn idx(dtype: Dtype, shape: &[u64], bytes: &[u8]) -> Result<Vec<u8>> {
    let code = match dtype {
        Dtype::U8 => 8,
        Dtype::I8 => 9,
        Dtype::I16 => 0x0b,
        Dtype::F32 => 0x0d,
        Dtype::F64 => 0x0e,
        _ => {
            return Err(Error::usage(format!("IDX files have no numbers of the type {}", dtype.name()))
                .remedy("write .npy instead"));
        }
    };
    let bad = |_| Error::usage("more than an IDX file can count").remedy("write .npy instead");
    let mut out = vec![0, 0, code, u8::try_from(shape.len()).map_err(bad)?];
    for &side in shape {
        out.extend(u32::try_from(side).map_err(bad)?.to_be_bytes());
    }
    let unit = dtype.unit().max(1);
    bytes.chunks(unit).for_each(|number| out.extend(number.iter().rev()));
    Ok(out)
}
