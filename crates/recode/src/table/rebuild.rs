//! From templates and columns back to lines.

use super::{Columns, MOST_TEMPLATES, Naming, SLOT, read_number};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Result};

/// Bytes that one byte of templates may take while it is looked at.
const PER_BYTE: u64 = 160;

/// Appends the `len` bytes that lines of these templates and columns have.
///
/// # Errors
/// Corrupt or truncated for what no encoder wrote; limit.
pub(crate) fn rebuild(
    bytes: &[u8],
    (templates, lines, naming): (usize, usize, Naming),
    len: usize,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let end = out.len() + len;
    let too_long = || Error::corrupt("recode: the templates of a table are too long");
    if templates > MOST_TEMPLATES {
        return Err(too_long());
    }
    let (templates, rest) = split(bytes, templates)?;
    let size: usize = templates.iter().map(|template| template.len()).sum();
    if size > MOST_TEMPLATES {
        return Err(too_long());
    }
    let _held = env.budget.reserve((size as u64 + templates.len() as u64) * PER_BYTE + lines as u64 * 8)?;
    let mut reader = Reader::new(rest);
    let mut columns = Columns::new(naming);
    let mut slots: Vec<Option<Vec<usize>>> = vec![None; templates.len()];
    let mut numbers = Vec::new();
    for _ in 0..lines {
        let number = read_number(&mut reader, templates.len())?;
        let of = slots[number].get_or_insert_with(|| columns.of(templates[number]));
        of.iter().for_each(|&column| columns.counts[column] += 1);
        numbers.push(number as u32);
    }
    let (mut starts, rest) = starts(reader.rest(), &columns.counts)?;
    for number in numbers {
        let number = number as usize;
        let mut pieces = templates[number].split(|&b| b == SLOT);
        out.extend_from_slice(pieces.next().unwrap_or_default());
        for (piece, &column) in pieces.zip(slots[number].iter().flatten()) {
            let value = line(&mut starts[column])?;
            out.extend_from_slice(&value[..value.len() - 1]);
            out.extend_from_slice(piece);
        }
        if out.len() > end {
            return Err(Error::corrupt("recode: a table is longer than the recipe says"));
        }
    }
    out.extend_from_slice(rest);
    if out.len() == end {
        Ok(())
    } else {
        Err(Error::corrupt("recode: a table is not as long as the recipe says"))
    }
}

/// The first `count` lines, and what follows.
fn split(mut bytes: &[u8], count: usize) -> Result<(Vec<&[u8]>, &[u8])> {
    let mut lines = Vec::new();
    for _ in 0..count {
        lines.push(line(&mut bytes)?);
    }
    Ok((lines, bytes))
}

/// What each column begins with, and what follows the last.
fn starts<'a>(mut bytes: &'a [u8], counts: &[usize]) -> Result<(Vec<&'a [u8]>, &'a [u8])> {
    let mut starts = Vec::with_capacity(counts.len());
    for &count in counts {
        starts.push(bytes);
        for _ in 0..count {
            line(&mut bytes)?;
        }
    }
    Ok((starts, bytes))
}

/// Takes a line with its end.
fn line<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let end = bytes.iter().position(|&b| b == b'\n');
    let end = end.ok_or_else(|| Error::truncated("recode: a table ends too early"))?;
    let (line, rest) = bytes.split_at(end + 1);
    *bytes = rest;
    Ok(line)
}
