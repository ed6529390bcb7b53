//! The transform and its inverse.
//!
//! The text is taken to end in a sentinel smaller than every byte. Row 0 of the sorted rotations is then the one
//! that starts with it. The sentinel is left out of the last column; `starts` says in which rows (counted from the
//! sentinel's) the text's pieces begin, the first of them being the place of the sentinel itself.

use minlen_core::{Env, Error, Result};

/// Rows in which pieces of the text start, and the length of a piece: a power of two (or the whole text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Starts {
    /// Bytes in each piece but the last.
    pub piece: usize,
    /// For each piece the row of the suffix that starts there, 1..=n.
    pub rows: Vec<u32>,
}

/// The length of a piece: short texts are walked in one chain, longer ones in up to 16 at once, since each step
/// waits for memory.
pub(super) fn piece_len(n: usize) -> usize {
    if n < 1 << 18 { n.next_power_of_two().max(2) } else { n.div_ceil(16).next_power_of_two() }
}

/// The last column of the sorted rotations of `text`, and where the pieces start.
#[cfg(feature = "libsais")]
pub(super) fn forward(text: &[u8]) -> Result<(Vec<u8>, Starts)> {
    use libsais::{BwtConstruction, bwt::AuxIndicesSamplingRate};
    let piece = piece_len(text.len());
    let rate = i32::try_from(piece).map_err(|_| Error::limit("bwt: too long"))?;
    let sorted = BwtConstruction::for_text(text)
        .with_owned_temporary_array_buffer32()
        .single_threaded()
        .with_aux_indices(AuxIndicesSamplingRate::from(rate))
        .run()
        .map_err(|e| Error::limit(format!("bwt: sorting failed: {e}")))?;
    let (column, rows, _) = sorted.into_parts();
    let rows = rows.into_iter().map(i32::cast_unsigned).collect();
    Ok((column, Starts { piece, rows }))
}

/// The same from the order of the suffixes.
#[cfg(any(test, not(feature = "libsais")))]
pub(super) fn from_suffixes(text: &[u8]) -> Result<(Vec<u8>, Starts)> {
    let piece = piece_len(text.len());
    let mut rows = vec![0; text.len().div_ceil(piece)];
    let mut column = Vec::with_capacity(text.len());
    column.extend(text.last());
    for (row, suffix) in (1..).zip(crate::suffixes::sort(text)?) {
        let suffix = suffix.cast_unsigned() as usize;
        if suffix.is_multiple_of(piece) {
            rows[suffix / piece] = row;
        }
        if suffix > 0 {
            column.push(text[suffix - 1]);
        }
    }
    Ok((column, Starts { piece, rows }))
}

#[cfg(not(feature = "libsais"))]
pub(super) use from_suffixes as forward;

/// The text for a last column. Any column with rows in 1..=n gives some text: nothing can go out of bounds.
pub(super) fn inverse(column: &[u8], starts: &Starts, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let n = column.len();
    let sentinel = starts.rows.first().map_or(0, |&row| row as usize);
    if starts.piece == 0 || starts.rows.iter().any(|&row| row == 0 || row as usize > n) {
        return Err(Error::corrupt("bwt: a start outside of the text"));
    }
    env.check()?;
    let start = out.len();
    out.resize(start + n, 0);
    let mut pieces: Vec<&mut [u8]> = out[start..].chunks_mut(starts.piece).collect();
    let mut rows = starts.rows.clone();
    if n < 1 << 24 {
        // Successor and byte in one word: one wait for memory per step.
        let mut table = vec![0u32; n + 1];
        each_row(column, sentinel, |row, next, byte| table[row] = next << 8 | u32::from(byte));
        walk(&mut rows, &mut pieces, |row| {
            let word = table[row as usize];
            (word >> 8, word as u8)
        });
    } else {
        let (mut successors, mut firsts) = (vec![0u32; n + 1], vec![0u8; n + 1]);
        each_row(column, sentinel, |row, next, byte| {
            successors[row] = next;
            firsts[row] = byte;
        });
        walk(&mut rows, &mut pieces, |row| (successors[row as usize], firsts[row as usize]));
    }
    Ok(())
}

/// Memory that [`inverse`] takes for `n` bytes.
pub(super) fn inverse_memory(n: u64) -> u64 {
    (n + 1) * if n < 1 << 24 { 4 } else { 5 }
}

/// Calls `put(row, successor, first byte)` for every row but the sentinel's: rows that start with the same byte
/// stand in the order of what follows, which is the order of that byte's places in the last column.
fn each_row(column: &[u8], sentinel: usize, mut put: impl FnMut(usize, u32, u8)) {
    let mut at = [0usize; 256];
    column.iter().for_each(|&byte| at[usize::from(byte)] += 1);
    let mut sum = 1;
    for slot in &mut at {
        sum += std::mem::replace(slot, sum);
    }
    for (i, &byte) in column.iter().enumerate() {
        let row = &mut at[usize::from(byte)];
        put(*row, (i + usize::from(i >= sentinel)) as u32, byte);
        *row += 1;
    }
}

/// Walks all chains side by side, one per piece. The last piece may be shorter.
fn walk(rows: &mut [u32], pieces: &mut [&mut [u8]], step: impl Fn(u32) -> (u32, u8)) {
    let shortest = pieces.last().map_or(0, |piece| piece.len());
    let longest = pieces.first().map_or(0, |piece| piece.len());
    for (range, count) in [(0..shortest, pieces.len()), (shortest..longest, pieces.len().saturating_sub(1))] {
        for at in range {
            for (row, piece) in rows.iter_mut().zip(&mut *pieces).take(count) {
                let (next, byte) = step(*row);
                piece[at] = byte;
                *row = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::{edge_cases, random_case};

    #[test]
    fn known_column() {
        let (column, starts) = forward(b"banana").unwrap();
        assert_eq!((&column[..], &starts.rows[..]), (&b"annbaa"[..], &[4][..]));
    }

    #[test]
    fn text_comes_back() {
        let long = random_case(3, 1 << 21);
        for text in
            edge_cases().into_iter().filter(|t| !t.is_empty()).chain((0..40).map(|s| random_case(s, 9000)))
        {
            check(&text);
        }
        check(&[&long[..], &long[..]].concat());
    }

    fn check(text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let (column, starts) = forward(text).unwrap();
        assert_eq!(starts.rows.len(), text.len().div_ceil(starts.piece));
        assert!(from_suffixes(text).unwrap() == (column.clone(), starts.clone()));
        let mut back = Vec::new();
        inverse(&column, &starts, &Env::default(), &mut back).unwrap();
        assert_eq!(back, text);
    }
}
