//! The weights of ncnn (`.bin`), as far as they can be told without the description of the layers beside them (`.param`).
//!
//! Source: `modelbin.cpp` of ncnn: a layer's weights start with a tag that says how they are stored; its biases follow as plain
//! binary32 numbers. One row for each bias is one row for each output channel.

use crate::arrays::common::{fitted, push};
use crate::reader::Reader;
use minlen_core::Result;
use minlen_core::layout::{Dtype, Span};

/// Weights stored as binary16 follow.
const HALF: u32 = 0x0130_6b47;
/// Bytes searched at a time.
const WINDOW: u64 = 32 << 10;

/// The arrays between the tags; `None` if the file does not start with one.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    if reader.len() < 64 || reader.u32(0)? != HALF {
        return Ok(None);
    }
    let (mut tags, mut at) = (Vec::new(), 0);
    while at < reader.len() / 4 * 4 {
        let window = WINDOW.min(reader.len() / 4 * 4 - at);
        let words = reader.bytes(at, window as usize)?.chunks_exact(4).zip(0..);
        tags.extend(words.filter(|(word, _)| **word == HALF.to_le_bytes()).map(|(_, i)| at + 4 * i));
        at += window;
    }
    let mut tensors = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let end = tags.get(i + 1).copied().unwrap_or(reader.len() / 4 * 4);
        layer(reader, tag + 4, end, &mut tensors)?;
    }
    Ok(Some(tensors))
}

/// Appends the weights and biases of one layer.
fn layer(reader: &mut Reader<'_>, start: u64, end: u64, tensors: &mut Vec<Span>) -> Result<()> {
    let mut split = end;
    // Two weights together rarely look like a number of the size of a bias.
    while split > start && bias(reader.u32(split - 4)?) {
        split -= 4;
    }
    // The last weights may look like biases too: fewer of them if that makes whole rows. An odd number of weights is followed by two
    // bytes of padding.
    let found = (end - split) / 4;
    let rows = (found.saturating_sub(8).max(1)..=found).rev().find_map(|biases| {
        let weights = (end - start - biases * 4) / 2;
        let whole =
            [weights, weights.saturating_sub(1)].into_iter().find(|n| n.is_multiple_of(biases) && *n > 0);
        whole.map(|weights| (biases, weights))
    });
    let (biases, weights) = rows.unwrap_or((found, (split - start) / 2));
    let shape = if rows.is_some() { vec![biases, weights / biases] } else { Vec::new() };
    let split = end - biases * 4;
    if weights > 0 {
        push(tensors, fitted(String::new(), Dtype::F16, shape, start, weights * 2))?;
    }
    if biases > 0 {
        push(tensors, fitted(String::new(), Dtype::F32, Vec::new(), split, biases * 4))?;
    }
    Ok(())
}

fn bias(word: u32) -> bool {
    word == 0 || (104..=132).contains(&(word >> 23 & 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_rows_by_output() {
        let weights = |n: usize| [0x1e, 0x21].into_iter().cycle().take(n * 2).collect::<Vec<u8>>();
        let biases = |n: usize| 0.01f32.to_le_bytes().repeat(n);
        let tag = HALF.to_le_bytes().to_vec();
        // 3 x 5 weights take padding; the last two of 4 x 6 are made to look like a bias.
        let mut second = weights(24);
        second.splice(44.., 0.5f32.to_le_bytes());
        let file = [tag.clone(), weights(15), vec![0, 0], biases(3), tag, second, biases(4)].concat();
        let found = parse(&mut Reader::new(&file.as_slice())).unwrap().unwrap();
        let shapes: Vec<_> =
            found.iter().map(|tensor| (tensor.dtype, tensor.shape.clone(), tensor.start)).collect();
        assert_eq!(
            shapes,
            [
                (Dtype::F16, vec![3, 5], 4),
                (Dtype::F32, vec![3], 36),
                (Dtype::F16, vec![4, 6], 52),
                (Dtype::F32, vec![4], 100)
            ]
        );
        assert!(parse(&mut Reader::new(&[0u8; 100].as_slice())).unwrap().is_none());
    }
}
