//! The static form of a difference: tables chosen by the exponent of the base.
//!
//! A difference is a symbol, a sign and low bits: symbols 0 to 15 are its magnitude itself, those above the number of bits of a
//! larger magnitude, whose bits under the first are stored. Neighbouring classes of the base share a table where that is
//! smaller, and the symbols under one table are one rANS stream.

use super::{difference, restore};
use crate::max::number::{Form, low_mask, number_at};
use crate::{Array, Dtype};
use minlen_core::varint::{self, Reader};
use minlen_core::{Env, Error, Result};
use minlen_entropy::bits::{BitReader, BitWriter};
use minlen_entropy::log2::log2_q16;
use minlen_entropy::rans;

/// Magnitudes that are symbols themselves.
const EXACT: u64 = 16;
/// Symbols: 16 magnitudes, and 5 to 64 bits.
const ALPHABET: usize = 76;
/// Bits that a table takes, beside four for each symbol in it.
const TABLE_COST: u64 = 100;

/// Symbol of a magnitude, and how many bits follow.
const fn symbol(magnitude: u64) -> (u16, u32) {
    if magnitude < EXACT {
        return (magnitude as u16, 0);
    }
    let bits = 64 - magnitude.leading_zeros();
    (11 + bits as u16, bits - 1)
}

/// Low bits after a symbol.
const fn low_bits(symbol: u16) -> u32 {
    if symbol < EXACT as u16 { 0 } else { symbol as u32 - 12 }
}

/// What the tables are chosen by: the class of the base. Below 4096.
#[inline(always)]
fn class(form: &Form, base: u64) -> usize {
    form.split(base).class as usize
}

/// Codes an array as its difference from its base, exactly.
///
/// # Errors
/// Usage if there is no base of the same length, or the type is one of packed blocks; limit; cancelled.
pub fn encode(array: &Array<'_>, env: &Env) -> Result<Vec<u8>> {
    let (form, unit) = (Form::of(array.dtype), array.dtype.unit());
    let base = fitting_base(array.dtype, array.base, array.bytes.len())?;
    let len = array.bytes.len() / unit;
    let _memory = env.budget.reserve((len as u64).saturating_mul(14))?;
    let changes = (0..len).map(|at| {
        let (new, old) = (number_at(array.bytes, unit, at), number_at(base, unit, at));
        let change = difference(new, old, form.width, form.float);
        (class(&form, old), super::extend(change, form.width))
    });
    let mut counts = vec![[0u32; ALPHABET]; form.max_class() as usize + 1];
    let mut raw = BitWriter::new();
    let mut symbols = Vec::with_capacity(len);
    for (class, change) in changes {
        let magnitude = change.unsigned_abs();
        let (symbol, bits) = symbol(magnitude);
        counts[class][usize::from(symbol)] += 1;
        symbols.push((class as u16, symbol));
        if magnitude > 0 {
            put(&mut raw, u64::from(change < 0) | (magnitude & low_mask(bits)) << 1, bits + 1);
        }
    }
    env.work(array.bytes.len() as u64 / 2)?;
    let tables = merge(&counts);
    let map = by_class(&tables, &form);
    let mut streams = vec![Vec::new(); tables.len()];
    symbols.iter().for_each(|(class, symbol)| streams[map[usize::from(*class)]].push(*symbol));
    let mut out = Vec::new();
    varint::put(&mut out, tables.len() as u64);
    let mut coded = Vec::new();
    for (last, stream) in tables.iter().zip(&streams) {
        varint::put(&mut out, u64::from(*last));
        let start = coded.len();
        rans::encode_symbols(stream, ALPHABET, &mut coded)?;
        varint::put(&mut out, (coded.len() - start) as u64);
    }
    out.extend(coded);
    out.extend(raw.finish());
    env.work(array.bytes.len() as u64 / 2)?;
    Ok(out)
}

/// Decodes what [`encode`] gave into `out`, all bytes of the array; `base` is as long.
///
/// # Errors
/// Corrupt or truncated; usage if the base does not fit; limit; cancelled.
pub fn decode(payload: &[u8], dtype: Dtype, base: Option<&[u8]>, out: &mut [u8], env: &Env) -> Result<()> {
    let (form, unit) = (Form::of(dtype), dtype.unit());
    let base = fitting_base(dtype, base, out.len())?;
    let len = out.len() / unit;
    let _memory = env.budget.reserve((len as u64).saturating_mul(4))?;
    let mut reader = Reader::new(payload);
    let count = reader.varint_max(u64::from(form.max_class()) + 1, "number of tables")?;
    let (mut tables, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        tables.push(reader.varint_max(u64::from(u16::MAX), "class of a table")? as u16);
        sizes.push(reader.varint_max(payload.len() as u64, "length of a stream")? as usize);
    }
    let map = by_class(&tables, &form);
    let mut counts = vec![0usize; tables.len()];
    for at in 0..len {
        let table = map[class(&form, number_at(base, unit, at))];
        *counts.get_mut(table).ok_or_else(|| Error::corrupt("a difference without a table"))? += 1;
    }
    let mut streams = Vec::with_capacity(tables.len());
    for (size, count) in sizes.into_iter().zip(counts) {
        let mut stream = Vec::with_capacity(count);
        rans::decode_symbols(reader.bytes(size)?, count, ALPHABET, &mut stream)?;
        streams.push(stream.into_iter());
    }
    env.work(out.len() as u64 / 2)?;
    let mut raw = BitReader::new(reader.rest());
    for (at, target) in out.chunks_exact_mut(unit).enumerate() {
        let old = number_at(base, unit, at);
        let stream = streams.get_mut(map[class(&form, old)]);
        let symbol = stream.and_then(Iterator::next).unwrap_or(0);
        let change = if symbol == 0 { 0 } else { change(&mut raw, symbol) };
        let new = restore(change, old, form.width, form.float);
        target.copy_from_slice(&new.to_le_bytes()[..unit]);
    }
    if raw.overrun() {
        return Err(Error::truncated("the bits of a difference end too early"));
    }
    env.work(out.len() as u64 / 2)
}

/// The difference of a symbol above 0, its sign and low bits read.
#[inline(always)]
fn change(raw: &mut BitReader<'_>, symbol: u16) -> u64 {
    let bits = low_bits(symbol);
    let first = take(raw, (bits + 1).min(56));
    let rest = if bits >= 56 { take(raw, bits + 1 - 56) << 56 } else { 0 };
    let word = u128::from(first) | u128::from(rest);
    let low = (word >> 1) as u64 & low_mask(bits);
    let magnitude = if symbol < EXACT as u16 { u64::from(symbol) } else { 1 << bits | low };
    if first & 1 == 1 { magnitude.wrapping_neg() } else { magnitude }
}

fn take(raw: &mut BitReader<'_>, n: u32) -> u64 {
    let value = raw.peek(n);
    raw.consume(n);
    value
}

fn put(raw: &mut BitWriter, value: u64, n: u32) {
    raw.put(value & low_mask(n.min(56)), n.min(56));
    if n > 56 {
        raw.put(value >> 56, n - 56);
    }
}

fn fitting_base(dtype: Dtype, base: Option<&[u8]>, len: usize) -> Result<&[u8]> {
    let fits = super::applies(dtype) && len.is_multiple_of(dtype.unit());
    base.filter(|base| fits && base.len() == len)
        .ok_or_else(|| Error::usage("an array has no base of its own type and length"))
}

/// For each class the first table that reaches to it, or how many there are; tables are named by their last class.
fn by_class(tables: &[u16], form: &Form) -> Vec<usize> {
    let classes = form.max_class() as usize + 1;
    let mut map = Vec::with_capacity(classes);
    for (table, last) in tables.iter().enumerate() {
        let end = (usize::from(*last) + 1).min(classes);
        map.resize(end.max(map.len()), table);
    }
    map.resize(classes, tables.len());
    map
}

/// Bits that these symbols take with a table of their own.
fn cost(counts: &[u32; ALPHABET]) -> u64 {
    let total: u32 = counts.iter().sum();
    let used = counts.iter().filter(|c| **c > 0);
    let table = used.clone().count() as u64 * 4 + TABLE_COST;
    table + (used.map(|c| u64::from(*c) * u64::from(log2_q16(total) - log2_q16(*c))).sum::<u64>() >> 16)
}

/// Joins tables of neighbouring classes as long as that pays; gives the last class of each.
fn merge(counts: &[[u32; ALPHABET]]) -> Vec<u16> {
    let used = counts.iter().enumerate().filter(|(_, c)| c.iter().any(|n| *n > 0));
    let mut tables: Vec<(u16, u64, [u32; ALPHABET])> = used.map(|(i, c)| (i as u16, cost(c), *c)).collect();
    let join = |a: &[u32; ALPHABET], b: &[u32; ALPHABET]| std::array::from_fn(|i| a[i] + b[i]);
    loop {
        let gain = |i: usize| {
            let (a, b) = (tables.get(i)?, tables.get(i + 1)?);
            (a.1 + b.1).checked_sub(cost(&join(&a.2, &b.2)))
        };
        let best = (0..tables.len())
            .filter_map(|i| Some((gain(i)?, i)))
            .max_by_key(|(gain, i)| (*gain, usize::MAX - i));
        let Some((_, i)) = best else { break };
        let (last, _, right) = tables.remove(i + 1);
        let sum = join(&tables[i].2, &right);
        tables[i] = (last, cost(&sum), sum);
    }
    tables.into_iter().map(|(last, ..)| last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    fn pair(dtype: Dtype, len: usize, noise: u32) -> [Vec<u8>; 2] {
        let mut rng = Rng(u64::from(noise));
        let form = Form::of(dtype);
        let mut out = [Vec::new(), Vec::new()];
        for _ in 0..len {
            let old = rng.next_u64() & low_mask(form.width);
            let change =
                (rng.next_u64() & low_mask(form.width)) >> (form.width - noise.min(form.width)).min(63);
            let new = restore(change.wrapping_sub(5), old, form.width, form.float);
            out[0].extend(&old.to_le_bytes()[..dtype.unit()]);
            out[1].extend(&new.to_le_bytes()[..dtype.unit()]);
        }
        out
    }

    #[test]
    fn every_type_comes_back() {
        let env = Env::default();
        for dtype in Dtype::ALL.into_iter().filter(|d| d.weights() == 1) {
            for (len, noise) in [(0, 3), (1, 3), (1000, 4), (3000, 64), (2500, 20)] {
                let [base, new] = pair(dtype, len, noise);
                let array = Array { dtype, columns: 7, bytes: &new, base: Some(&base) };
                let payload = encode(&array, &env).unwrap();
                let mut out = vec![0; new.len()];
                decode(&payload, dtype, Some(&base), &mut out, &env).unwrap();
                assert!(out == new, "{dtype:?} {len} {noise}");
                let small = len >= 1000 && noise == 4 && dtype.unit() > 1;
                assert!(!small || payload.len() * 3 < new.len() * 2, "{dtype:?}: {}", payload.len());
            }
        }
    }

    #[test]
    fn extremes_of_64_bits() {
        let env = Env::default();
        let bytes = |all: &[u64]| all.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let base = bytes(&[0, u64::MAX, 1 << 63, 0, i64::MAX as u64, 5]);
        let new = bytes(&[1 << 63, 0, i64::MAX as u64, u64::MAX, 1 << 63, 6]);
        for dtype in [Dtype::F64, Dtype::I64, Dtype::U64] {
            let array = Array { dtype, columns: 1, bytes: &new, base: Some(&base) };
            let payload = encode(&array, &env).unwrap();
            let mut out = vec![0; new.len()];
            decode(&payload, dtype, Some(&base), &mut out, &env).unwrap();
            assert_eq!(out, new);
        }
    }

    #[test]
    fn hostile_payloads_do_not_panic() {
        let env = Env::default();
        let [base, new] = pair(Dtype::Bf16, 300, 9);
        let array = Array { dtype: Dtype::Bf16, columns: 7, bytes: &new, base: Some(&base) };
        let payload = encode(&array, &env).unwrap();
        let mut out = vec![0; new.len()];
        for cut in 0..payload.len() {
            let _ = decode(&payload[..cut], Dtype::Bf16, Some(&base), &mut out, &env);
        }
        for bit in 0..payload.len() * 8 {
            let mut bytes = payload.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&bytes, Dtype::Bf16, Some(&base), &mut out, &env);
        }
        assert!(decode(&payload, Dtype::Bf16, None, &mut out, &env).is_err());
        assert!(decode(&payload, Dtype::Bf16, Some(&base[2..]), &mut out, &env).is_err());
    }

    /// Found by reading: the table of each number was looked for among all of them, thousands of steps where a payload had
    /// thousands of tables.
    #[test]
    fn many_tables_are_no_slower_than_one() {
        let form = Form::of(Dtype::F64);
        let all: Vec<u16> = (0..=form.max_class() as u16).collect();
        assert!(by_class(&all, &form).iter().enumerate().all(|(class, table)| class == *table));
        // Only the first table that reaches to a class counts.
        let odd = by_class(&[3, 1, 3, 7, u16::MAX, 2], &Form::of(Dtype::F16));
        assert_eq!(odd[..9], [0, 0, 0, 0, 3, 3, 3, 3, 4]);
        assert!(
            by_class(&[], &form).iter().all(|table| *table == 0) && odd[9..].iter().all(|table| *table == 4)
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_array_comes_back_from_any_base(
            words in proptest::collection::vec(proptest::num::u64::ANY, 0..150), code in 0usize..25, near in 0u32..65,
        ) {
            let dtype = Dtype::ALL[code];
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let shifted = words.iter().map(|word| word ^ word.rotate_left(29).checked_shr(near).unwrap_or(0));
            let base: Vec<u8> = shifted.flat_map(u64::to_le_bytes).collect();
            let len = bytes.len() / dtype.unit() * dtype.unit();
            let array = Array { dtype, columns: 3, bytes: &bytes[..len], base: Some(&base[..len]) };
            let payload = encode(&array, &Env::default());
            if dtype.weights() > 1 {
                assert!(payload.is_err());
                return Ok(());
            }
            let payload = payload.unwrap();
            let mut out = vec![0; len];
            decode(&payload, dtype, Some(&base[..len]), &mut out, &Env::default()).unwrap();
            assert!(out == bytes[..len]);
            for cut in 0..payload.len().min(40) {
                let _ = decode(&payload[..cut], dtype, Some(&base[..len]), &mut out, &Env::default());
            }
        }
    }
}
