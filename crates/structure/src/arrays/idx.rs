//! IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, the dimensions as big-endian numbers, one array.
//!
//! Source: LeCun, Cortes and Burges, "The MNIST database", section "FILE FORMATS FOR THE MNIST DATABASE".

use super::common::byte_len;
use crate::reader::Reader;
use minlen_core::Result;
use minlen_core::layout::{Declared, Dtype, Element, Span};

/// Dimensions at most.
const MAX_RANK: u8 = 8;

/// The array of a file that is as long as its header says; `None` for any other.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    let Some([0, 0, code, rank @ 1..=MAX_RANK]) = reader.magic::<4>() else { return Ok(None) };
    let dtype = match code {
        8 => Dtype::U8,
        9 => Dtype::I8,
        11 => Dtype::I16,
        12 => Dtype::I32,
        13 => Dtype::F32,
        14 => Dtype::F64,
        _ => return Ok(None),
    };
    let mut sizes = Vec::new();
    for i in 0..u64::from(rank) {
        // A file that ends before that is none of this format.
        let Some(size) = reader.number(4 + 4 * i, 4, false) else { return Ok(None) };
        sizes.push(u64::from(size));
    }
    let start = 4 + 4 * u64::from(rank);
    let len = byte_len(dtype, &sizes).filter(|len| *len > 0 && start.checked_add(*len) == Some(reader.len()));
    Ok(len.map(|len| vec![span(dtype, sizes, start, len)]))
}

fn span(dtype: Dtype, sizes: Vec<u64>, start: u64, len: u64) -> Span {
    let width = dtype.unit() as u64;
    if width == 1 {
        return Span::array("", dtype, sizes, start, len);
    }
    let declared = Declared::new(Element::Number(dtype), sizes, (1, width)).big_endian(true);
    // Big-endian numbers are rows of bytes.
    Span::array("", Dtype::Bytes, vec![len / width, width], start, len).declaring(declared)
}

#[cfg(test)]
mod tests {
    use crate::Parsers;
    use minlen_core::layout::{Dtype, Element};

    fn file(code: u8, sizes: &[u32], data: usize) -> Vec<u8> {
        let mut file = vec![0, 0, code, sizes.len() as u8];
        file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        file.extend((0..data).map(|i| i as u8));
        file
    }

    #[test]
    fn bytes_have_their_shape_and_wider_numbers_are_big_endian() {
        let layout = |file: &[u8]| Parsers::default().layout(&file).unwrap();
        let found = layout(&file(8, &[5, 28, 28], 3920)).unwrap();
        let span = &found.spans[0];
        assert_eq!((found.format.name, span.dtype, span.start, span.len), ("idx", Dtype::U8, 16, 3920));
        assert_eq!(span.shape, [5, 28, 28]);
        let found = layout(&file(13, &[100, 3], 1200)).unwrap();
        let declared = found.spans[0].declared();
        assert_eq!((found.spans[0].dtype, declared.element), (Dtype::Bytes, Element::Number(Dtype::F32)));
        assert!(declared.big_endian && declared.shape == [100, 3]);
        assert_eq!(found.spans[0].inexact(), None);
    }

    #[test]
    fn what_does_not_fit_its_header_is_no_idx_file() {
        let is_idx = |file: &[u8]| super::parse(&mut crate::Reader::new(&file)).unwrap().is_some();
        assert!(is_idx(&file(8, &[300], 300)));
        for (code, sizes, data) in [
            (8, &[300u32][..], 299),
            (8, &[300], 301),
            (10, &[300], 300),
            (8, &[0], 0),
            (8, &[], 300),
            (8, &[1; 9], 1),
            (14, &[u32::MAX; 8], 300),
            (8, &[0, u32::MAX], 300),
        ] {
            assert!(!is_idx(&file(code, sizes, data)), "{code} {sizes:?} {data}");
        }
        assert!(!is_idx(&file(8, &[300, 1], 300)[..9]));
    }
}
