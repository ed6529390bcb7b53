//! Four streams, each a quarter of the symbols: four chains of look-ups run side by side in one core.

use super::CodeBook;
use super::book::{Counts, check_lengths, first_codes, reversed};
use super::table::DecodeTable;
use crate::bits::{BitReader, BitWriter};
use minlen_core::{Error, Result};

/// Tables of the fast loop, in entries: for codes of up to 11 and of up to 14 bits.
const NARROW: usize = 1 << 11;
const WIDE: usize = 1 << 14;

/// Symbols in each of the first three streams; the fourth has the rest.
fn quarter(len: usize) -> usize {
    len.div_ceil(4)
}

/// The four streams of `input`.
pub(super) fn encode_streams(input: &[u8], book: &CodeBook) -> [Vec<u8>; 4] {
    let q = quarter(input.len());
    let codes: Vec<(u64, u32)> = (0..256).map(|s| book.code(s)).collect();
    [0, 1, 2, 3].map(|i| {
        let part = &input[(i * q).min(input.len())..((i + 1) * q).min(input.len())];
        let mut writer = BitWriter::append_to(Vec::with_capacity(part.len()));
        for pair in part.chunks(2) {
            // Two codes of at most 14 bits in one call.
            let (a, n) = codes[usize::from(pair[0])];
            let (b, m) = pair.get(1).map_or((0, 0), |&s| codes[usize::from(s)]);
            writer.put(a | b << n, n + m);
        }
        writer.finish()
    })
}

/// Fills `out` from four streams; each must end where its symbols end.
pub(super) fn decode_streams(lengths: &[u8], streams: [&[u8]; 4], out: &mut [u8]) -> Result<()> {
    let counts = check_lengths(lengths)?;
    if counts.iter().sum::<u32>() < 2 {
        return Err(Error::corrupt("a code of fewer than two symbols"));
    }
    let max_len = (1..counts.len()).rev().find(|&len| counts[len] > 0).unwrap_or(0);
    let mut positions = [0u64; 4];
    let q = quarter(out.len());
    // How many look-ups one 57-bit window is good for depends on the longest code.
    let done = match max_len {
        1..=7 => fast::<8, NARROW>(&fast_table(lengths, &counts), streams, out, &mut positions),
        8..=11 => fast::<5, NARROW>(&fast_table(lengths, &counts), streams, out, &mut positions),
        12..=14 => fast::<4, WIDE>(&fast_table(lengths, &counts), streams, out, &mut positions),
        _ => return Err(Error::corrupt("codes of 0 or of over 14 bits")),
    };
    let table = DecodeTable::new(lengths, 11)?;
    for i in 0..4 {
        let end = ((i + 1) * q).min(out.len());
        let part = &mut out[(i * q + done).min(end)..end];
        finish_stream(&table, streams[i], positions[i], part)?;
    }
    Ok(())
}

/// Symbol above, length in the low byte, by the next bits.
fn fast_table<const SIZE: usize>(lengths: &[u8], counts: &Counts) -> Box<[u16; SIZE]> {
    let mut table = Box::new([0u16; SIZE]);
    let mut next = first_codes(counts);
    for (symbol, &len) in (0u16..).zip(lengths).filter(|&(_, &len)| len > 0) {
        let code = next[usize::from(len)];
        next[usize::from(len)] += 1;
        let low = reversed(code, len) as usize;
        table[low..].iter_mut().step_by(1 << len).for_each(|e| *e = symbol << 8 | u16::from(len));
    }
    table
}

/// Decodes `N` symbols of each stream per turn while all four have 8 bytes left; gives the number of symbols
/// done in each stream.
fn fast<const N: usize, const SIZE: usize>(
    table: &[u16; SIZE],
    streams: [&[u8]; 4],
    out: &mut [u8],
    positions: &mut [u64; 4],
) -> usize {
    let q = quarter(out.len());
    let rounds = out.len().saturating_sub(3 * q) / N;
    if rounds == 0 {
        return 0;
    }
    let (o0, rest) = out.split_at_mut(q);
    let (o1, rest) = rest.split_at_mut(q);
    let (o2, o3) = rest.split_at_mut(q);
    let turns = o0
        .chunks_exact_mut(N)
        .zip(o1.chunks_exact_mut(N))
        .zip(o2.chunks_exact_mut(N).zip(o3.chunks_exact_mut(N)))
        .take(rounds);
    let [mut p0, mut p1, mut p2, mut p3] = *positions;
    let mut done = 0;
    for ((c0, c1), (c2, c3)) in turns {
        let windows =
            (window(streams[0], p0), window(streams[1], p1), window(streams[2], p2), window(streams[3], p3));
        let (Some(mut w0), Some(mut w1), Some(mut w2), Some(mut w3)) = windows else { break };
        for (((b0, b1), b2), b3) in c0.iter_mut().zip(c1).zip(c2).zip(c3) {
            *b0 = step(table, &mut w0, &mut p0);
            *b1 = step(table, &mut w1, &mut p1);
            *b2 = step(table, &mut w2, &mut p2);
            *b3 = step(table, &mut w3, &mut p3);
        }
        done += N;
    }
    *positions = [p0, p1, p2, p3];
    done
}

/// At least 57 bits from bit `position` on; none near the end.
#[inline(always)]
fn window(stream: &[u8], position: u64) -> Option<u64> {
    let chunk = stream.get((position >> 3) as usize..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*chunk) >> (position & 7))
}

#[inline(always)]
fn step<const SIZE: usize>(table: &[u16; SIZE], window: &mut u64, position: &mut u64) -> u8 {
    let entry = table[*window as usize & (SIZE - 1)];
    *window >>= entry & 63;
    *position += u64::from(entry & 63);
    (entry >> 8) as u8
}

fn finish_stream(table: &DecodeTable, stream: &[u8], position: u64, out: &mut [u8]) -> Result<()> {
    let tail = stream.get((position >> 3) as usize..).unwrap_or_default();
    let mut reader = BitReader::new(tail);
    reader.get((position & 7) as u32)?;
    for byte in out {
        *byte = table.get(&mut reader)? as u8;
    }
    if reader.overrun() || !reader.rest().is_empty() {
        return Err(Error::corrupt("a Huffman stream does not end where its symbols end"));
    }
    Ok(())
}
