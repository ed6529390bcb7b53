//! Pixels without a header: pages of bits and planes of 16-bit numbers, known by how alike their rows are.

use super::raster::{Place, Raster};
use crate::reader::Reader;

/// Bytes looked at.
const SAMPLE: usize = 1 << 16;

/// The fewest bytes that are enough to tell.
const LEAST: usize = 1 << 15;

/// The whole of the data, if it looks like pixels. Only data in memory is looked at.
pub(super) fn find(file: &mut Reader<'_>) -> Place {
    let data = file.source().in_memory().filter(|data| data.len() >= LEAST)?;
    let raster = page(data).or_else(|| plane(data))?;
    Some(((0, data.len() as u64), raster))
}

/// A part of the data that is not empty: the `SAMPLE` bytes from where most differ from their neighbours, by quarters.
fn busy(data: &[u8]) -> &[u8] {
    let size = (data.len() / 2).min(SAMPLE);
    let last = data.len() - size;
    let changes = |at: usize| data[at..at + size].windows(2).filter(|w| w[0] != w[1]).count();
    let best = (0..=4).map(|i| last / 4 * i).max_by_key(|&at| changes(at)).unwrap_or(0);
    &data[best..(best + 2 * size).min(data.len())]
}

/// A page of black and white: most bytes are all of one colour, and rows differ in few bits.
fn page(data: &[u8]) -> Option<Raster> {
    let part = busy(data);
    let plain = data.iter().filter(|&&b| b == 0 || b == 255).count();
    let whole = part.iter().filter(|&&b| b == 0 || b == 255).count();
    if plain * 2 < data.len() || whole == part.len() {
        return None;
    }
    let size = part.len() / 2;
    let differ = |step: usize| -> u32 {
        part[step..step + size].iter().zip(part).map(|(a, b)| (a ^ b).count_ones()).sum()
    };
    let best = (32..size.min(1024)).min_by_key(|&step| (differ(step), step))?;
    let (score, near) = (differ(best), differ(best - 1).min(differ(best + 1)));
    // Bits of one byte are also alike: text and numbers with many zeros are not.
    let runs: u32 = part.iter().map(|&b| (b ^ b << 1 & 0xfe).count_ones()).sum();
    let ones: u32 = part.iter().map(|b| b.count_ones()).sum();
    // Records of a few bytes are alike at every multiple of their size.
    let record = (1..=16).map(differ).min()?;
    let alike = score * 2 < near && score * 2 < record && runs < ones.min(8 * part.len() as u32 - ones) * 2;
    alike.then(|| Raster { bits: 1, stride: best as u32, ..Raster::new(best as u32 * 8, 1) })
}

/// A plane of 16-bit numbers: neighbours are alike to the left and, more than at other distances, above.
fn plane(data: &[u8]) -> Option<Raster> {
    let part = busy(data);
    let read = |little: bool| -> Vec<i32> {
        let join =
            |b: &[u8; 2]| i32::from(if little { u16::from_le_bytes(*b) } else { u16::from_be_bytes(*b) });
        part.as_chunks().0.iter().map(join).collect()
    };
    let rough = |v: &[i32]| -> u64 { v.windows(2).map(|w| u64::from(w[0].abs_diff(w[1]))).sum() };
    let (low, high) = (read(true), read(false));
    let little = rough(&low) <= rough(&high);
    let values = if little { low } else { high };
    let size = values.len() / 2;
    let differ = |step: usize| -> u64 {
        values[step..step + size].iter().zip(&values).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
    };
    let best = (32..size.min(4096)).min_by_key(|&step| (differ(step), step))?;
    let mean = values.iter().map(|&v| i64::from(v)).sum::<i64>() / values.len() as i64;
    let spread: u64 = values[..size].iter().map(|&v| (i64::from(v) - mean).unsigned_abs()).sum();
    let (score, beside, far) = (differ(best), differ(1), differ(best / 2 + 7));
    // Samples of few values, as tables have, are no plane: their neighbours are equal or wild.
    // Noise on a plain ground is rough, but a row's length still stands out from the lengths beside it.
    let peak = differ(best - 3).min(differ(best + 3));
    let smooth = beside * 2 < spread && score * 2 < spread;
    let regular = score * 5 < peak * 4 && beside * 5 < spread * 4;
    let alike = score * 4 < far * 3 && (smooth || regular) && beside > 0;
    alike.then(|| Raster { bits: 16, little, stride: best as u32 * 2, ..Raster::new(best as u32, 1) })
}
