//! Interleaved static rANS: arithmetic-coding ratio at table-look-up speed.
//!
//! Asymmetric numeral systems (Duda, *Asymmetric numeral systems*, arXiv:1311.2540, 2013), in the arrangement of
//! interleaved states with 16-bit renormalisation (Giesen, *Interleaved entropy coders*, arXiv:1402.3392, 2014):
//! eight 32-bit states take turns, one stream of 16-bit words. The encoder runs backwards, the decoder forwards.
//! A decode that does not end with every state at its start value is refused, which catches most corruption.
//!
//! ```
//! use minlen_entropy::rans;
//! let text = b"she sells sea shells on the sea shore".repeat(20);
//! let mut packed = Vec::new();
//! rans::encode_bytes(&text, &mut packed);
//! assert!(packed.len() < text.len() / 2);
//! let mut back = Vec::new();
//! rans::decode_bytes(&packed, text.len(), &mut back)?;
//! assert_eq!(back, text);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod code;
mod header;
mod normalize;
#[cfg(test)]
mod tests;

pub use normalize::normalize;

use crate::log2::cost_bits;
use code::Symbol;
use minlen_core::{Error, Result};

/// Largest alphabet of [`encode_symbols`].
pub const MAX_ALPHABET: usize = 512;

/// Forms of a payload, by its first byte; the coded ones add the table bits in the upper half.
const RAW: u8 = 0;
const ONE_SYMBOL: u8 = 1;
const ONE_LANE: u8 = 2;
const EIGHT_LANES: u8 = 3;

/// Widths of the frequency tables: small blocks take small tables, big skewed ones want fine probabilities.
const TABLE_BITS: [u32; 3] = [10, 12, 14];
/// From this many symbols on, eight lanes pay for their 32 bytes of states.
const LANES_FROM: usize = 2048;

/// Appends the payload for `input`: nothing for nothing, else at most one byte more than the input.
///
/// The payload does not say how long the input or it itself is.
pub fn encode_bytes(input: &[u8], out: &mut Vec<u8>) {
    if input.is_empty() {
        return;
    }
    let start = out.len();
    if !encode_modelled(input, &crate::histogram(input), out) || out.len() - start > input.len() {
        out.truncate(start);
        out.push(RAW);
        out.extend_from_slice(input);
    }
}

/// Appends the payload for `input`, symbols of `0..alphabet` with `alphabet` at most [`MAX_ALPHABET`].
///
/// # Errors
/// Usage if a symbol or the alphabet is out of range.
pub fn encode_symbols(input: &[u16], alphabet: usize, out: &mut Vec<u8>) -> Result<()> {
    let mut counts = vec![0u32; alphabet];
    for &symbol in input {
        match counts.get_mut(usize::from(symbol)) {
            Some(count) if alphabet <= MAX_ALPHABET => *count = count.saturating_add(1),
            _ => return Err(Error::usage(format!("symbol {symbol} in an alphabet of {alphabet}"))),
        }
    }
    let start = out.len();
    if !input.is_empty() && (!encode_modelled(input, &counts, out) || out.len() - start > 2 * input.len()) {
        out.truncate(start);
        out.push(RAW);
        input.iter().for_each(|s| out.extend(s.to_le_bytes()));
    }
    Ok(())
}

/// The one-symbol and coded forms; false where coding promises nothing.
fn encode_modelled<S: Symbol>(input: &[S], counts: &[u32], out: &mut Vec<u8>) -> bool {
    let Some(&first) = input.first() else { return false };
    if counts.get(first.index()).is_some_and(|&c| c as usize == input.len()) {
        out.push(ONE_SYMBOL);
        first.put(out);
        return true;
    }
    let Some((bits, freqs)) = best_table(counts) else { return false };
    if cost_bits(counts, &freqs, bits) / 8 > (input.len() * S::BYTES) as u64 {
        return false;
    }
    let lanes = if input.len() < LANES_FROM { ONE_LANE } else { EIGHT_LANES };
    out.push(lanes | (bits as u8) << 4);
    header::write(&freqs, bits, out);
    if lanes == ONE_LANE {
        code::encode::<S, 1>(input, &freqs, bits, out);
    } else {
        code::encode::<S, 8>(input, &freqs, bits, out);
    }
    true
}

/// The table width with the smallest estimate of header and payload together.
fn best_table(counts: &[u32]) -> Option<(u32, Vec<u32>)> {
    let tables = TABLE_BITS.iter().filter_map(|&bits| Some((bits, normalize(counts, bits).ok()?)));
    tables.min_by_key(|(bits, freqs)| {
        let table: u64 = freqs.iter().map(|&f| u64::from(2 + f.checked_ilog2().unwrap_or(0))).sum();
        // Wide tables decode more slowly: they must save over 1/1024.
        let cost = cost_bits(counts, freqs, *bits) + table;
        if *bits > 12 { cost + cost / 1024 } else { cost }
    })
}

/// Appends the `len` bytes that `payload` stands for. All of `payload` must be used.
///
/// # Errors
/// Corrupt or truncated. The caller has checked `len`.
pub fn decode_bytes(payload: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
    decode_any(payload, len, 256, out)
}

/// Appends the `len` symbols of `0..alphabet` that `payload` stands for. All of `payload` must be used.
///
/// # Errors
/// Corrupt or truncated; usage for an alphabet over [`MAX_ALPHABET`]. The caller has checked `len`.
pub fn decode_symbols(payload: &[u8], len: usize, alphabet: usize, out: &mut Vec<u16>) -> Result<()> {
    if alphabet > MAX_ALPHABET {
        return Err(Error::usage(format!("an alphabet of {alphabet}, at most {MAX_ALPHABET} are possible")));
    }
    let start = out.len();
    decode_any(payload, len, alphabet, out)?;
    if out[start..].iter().any(|&s| usize::from(s) >= alphabet) {
        return Err(Error::corrupt("a symbol outside the alphabet"));
    }
    Ok(())
}

fn decode_any<S: Symbol>(payload: &[u8], len: usize, alphabet: usize, out: &mut Vec<S>) -> Result<()> {
    let Some((&form, body)) = payload.split_first() else {
        return if len == 0 { Ok(()) } else { Err(Error::truncated("an empty rANS block")) };
    };
    match (form & 15, u32::from(form >> 4)) {
        _ if len == 0 => Err(Error::corrupt("a rANS block where none is expected")),
        (RAW, 0) if body.len() == len.saturating_mul(S::BYTES) => {
            out.extend(body.chunks_exact(S::BYTES).map(S::take));
            Ok(())
        }
        (ONE_SYMBOL, 0) if body.len() == S::BYTES => {
            out.resize(out.len() + len, S::take(body));
            Ok(())
        }
        (lanes @ (ONE_LANE | EIGHT_LANES), bits) if TABLE_BITS.contains(&bits) => {
            let (freqs, stream) = header::read(body, alphabet, bits)?;
            match (bits, lanes) {
                (10, ONE_LANE) => code::decode::<S, 1, 1024>(&freqs, stream, len, out),
                (12, ONE_LANE) => code::decode::<S, 1, 4096>(&freqs, stream, len, out),
                (_, ONE_LANE) => code::decode::<S, 1, 16_384>(&freqs, stream, len, out),
                (10, _) => code::decode::<S, 8, 1024>(&freqs, stream, len, out),
                (12, _) => code::decode::<S, 8, 4096>(&freqs, stream, len, out),
                _ => code::decode::<S, 8, 16_384>(&freqs, stream, len, out),
            }
        }
        _ => Err(Error::corrupt("unknown or wrongly sized rANS block")),
    }
}
