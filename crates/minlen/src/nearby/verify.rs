//! How far an inexact copy is from its original, by what the files themselves say of their arrays: nothing that an encoder thought
//! of the data comes in.

use super::decibels::power_of_ten;
use crate::options::Options;
use minlen_core::layout::{Dtype, Format, Layout, Span};
use minlen_core::{Advice, Env, Error, ErrorKind, MaxError, Result, Target};
use minlen_structure::Source;
use std::ops::Range;

/// Bytes that are compared at a time: whole numbers of both sizes.
const WINDOW: usize = 1 << 20;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distance {
    /// Arrays whose numbers may differ.
    pub arrays: usize,
    /// Numbers in them.
    pub values: u64,
    /// Numbers that do differ.
    pub changed: u64,
    /// The largest difference, and the one that was allowed where it is.
    pub worst: f64,
    /// See `worst`.
    pub allowed: f64,
    /// The name of the array that has it.
    pub name: String,
}

/// Compares `decoded` with `original`: both must declare the same arrays, the numbers of these must be as near
/// as the target of `options` says, NaN and infinities the same bit for bit, and so must everything that is no array of 32- or 64-bit little-endian floats, or, where
/// `options` have a codec file, of the numbers that it is for. What files hold, its parsers say, or its shape. Memory does not depend on the files' sizes.
///
/// # Errors
/// Verify, naming array and place, for any other difference; whatever reading gives; cancelled.
pub fn verify(original: &dyn Source, decoded: &dyn Source, options: &Options, env: &Env) -> Result<Distance> {
    #[cfg(feature = "pictures")]
    if let Some(distance) = pictures(original, decoded, options, env)? {
        return Ok(distance);
    }
    if original.len() != decoded.len() {
        let (old, new) = (original.len(), decoded.len());
        return Err(differs(format!("{old} bytes became {new}"), old.min(new)));
    }
    let layout = declared(original, options)?;
    if declared(decoded, options)? != layout {
        return Err(differs("the decoded file declares other arrays".into(), 0));
    }
    let Some(target) = options.target() else {
        return Err(Error::usage("no target was named that a copy could be near"));
    };
    let mut pair = Pair { original, decoded, env, old: Vec::new(), new: Vec::new(), squares: 0.0 };
    let (mut distance, mut at) = (Distance::default(), 0);
    for span in layout.iter().flat_map(|layout| &layout.spans) {
        let Some(dtype) = options.may_differ(span) else { continue };
        pair.same(at..span.start)?;
        let allowed = match target {
            Target::MaxError(MaxError::Absolute(size)) => size,
            Target::MaxError(MaxError::Relative(share)) => pair.range(span, dtype, share)?,
            // Of the others, no single number may be off by more than all of them together.
            _ => pair.range(span, dtype, 1.0)?,
        };
        pair.squares = 0.0;
        pair.near(span, dtype, allowed, &mut distance)?;
        if let Target::Psnr(decibels) = target {
            let most = pair.range(span, dtype, 1.0)? * power_of_ten(-decibels / 20.0);
            let off = (pair.squares / (span.len / dtype.unit() as u64).max(1) as f64).sqrt();
            if off > most * (1.0 + 1e-9) {
                let name = if span.name.is_empty() { "the array" } else { &span.name };
                return Err(differs(format!("{name} has less than {decibels} dB"), span.start));
            }
        }
        at = span.end();
    }
    pair.same(at..original.len())?;
    Ok(distance)
}

/// The distance of two pictures, where the original is one and the copy other bytes.
#[cfg(feature = "pictures")]
fn pictures(
    original: &dyn Source,
    decoded: &dyn Source,
    options: &Options,
    env: &Env,
) -> Result<Option<Distance>> {
    use crate::picture::{distance, is_picture};
    let Some(target) = options.target() else { return Ok(None) };
    let mut head = [0; 16];
    let len = original.len().min(16) as usize;
    original.read_at(0, &mut head[..len])?;
    if !is_picture(&head[..len]) {
        return Ok(None);
    }
    let _held = env.budget.reserve(original.len().saturating_add(decoded.len()))?;
    let whole = |source: &dyn Source| {
        let mut bytes = vec![0; source.len() as usize];
        source.read_at(0, &mut bytes).map(|()| bytes)
    };
    let (original, decoded) = (whole(original)?, whole(decoded)?);
    if original == decoded { Ok(None) } else { distance(&original, &decoded, &target, env).map(Some) }
}

/// What a file declares; nothing for a broken one, all of which must then be the same.
fn declared(source: &dyn Source, options: &Options) -> Result<Option<Layout>> {
    if let Some((dtype, shape)) = options.shape() {
        let span = Span::array("", dtype, shape.to_vec(), 0, source.len());
        return Layout::new(Format::RAW, vec![span], source.len()).map(Some);
    }
    match options.parsers().declared(source) {
        Err(error) if error.kind() != ErrorKind::Io => Ok(None),
        found => found,
    }
}

fn differs(what: String, at: u64) -> Error {
    Error::new(ErrorKind::Verify, format!("the inexact copy is not within the bound: {what}"))
        .at(at)
        .advise(Advice::LargerError)
}

/// Two files of one length, and windows on them.
struct Pair<'a> {
    original: &'a dyn Source,
    decoded: &'a dyn Source,
    env: &'a Env,
    old: Vec<u8>,
    new: Vec<u8>,
    /// The sum of the squares of the differences in the span at hand.
    squares: f64,
}

impl Pair<'_> {
    /// Reads the windows from `at` on, up to `end`; gives where they end.
    fn read(&mut self, at: u64, end: u64) -> Result<u64> {
        self.env.check()?;
        let len = (end - at).min(WINDOW as u64) as usize;
        self.old.resize(len, 0);
        self.new.resize(len, 0);
        self.original.read_at(at, &mut self.old)?;
        self.decoded.read_at(at, &mut self.new)?;
        Ok(at + len as u64)
    }

    /// These bytes are equal.
    fn same(&mut self, range: Range<u64>) -> Result<()> {
        let mut at = range.start;
        while at < range.end {
            let next = self.read(at, range.end)?;
            if self.old != self.new {
                let place = self.old.iter().zip(&self.new).position(|(a, b)| a != b).unwrap_or(0);
                let what = "a byte that belongs to no array that may differ is another one".into();
                return Err(differs(what, at + place as u64));
            }
            at = next;
        }
        Ok(())
    }

    /// So much of the difference between the largest and the smallest number of an array.
    fn range(&mut self, span: &Span, dtype: Dtype, share: f64) -> Result<f64> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut at, end) = (span.start, span.start + span.len);
        while at < end {
            at = self.read(at, end)?;
            for value in numbers(&self.old, dtype).filter(|value| value.is_finite()) {
                (low, high) = (low.min(value), high.max(value));
            }
        }
        Ok(match high - low {
            _ if high <= low => 0.0,
            width if width.is_finite() => width * share,
            _ => (high * 0.5 - low * 0.5) * share * 2.0,
        })
    }

    /// No number of the array is off by more than `allowed`.
    fn near(&mut self, span: &Span, dtype: Dtype, allowed: f64, distance: &mut Distance) -> Result<()> {
        let unit = dtype.unit() as u64;
        let (mut at, end) = (span.start, span.start + span.len);
        distance.arrays += 1;
        distance.values += span.len / unit;
        while at < end {
            let next = self.read(at, end)?;
            if self.old != self.new {
                let pairs = numbers(&self.old, dtype).zip(numbers(&self.new, dtype)).enumerate();
                for (i, (old, new)) in pairs.filter(|(_, (old, new))| old.to_bits() != new.to_bits()) {
                    if !old.is_finite() || !new.is_finite() || is_over(old, new, allowed) {
                        let index = (at - span.start) / unit + i as u64;
                        let name = if span.name.is_empty() { "the array" } else { &span.name };
                        let what = format!("{name}[{index}]: {old:e} became {new:e}, {allowed:e} is allowed");
                        return Err(differs(what, at + i as u64 * unit));
                    }
                    distance.changed += 1;
                    let off = (old - new).abs();
                    self.squares += off * off;
                    if off > distance.worst {
                        (distance.worst, distance.allowed) = (off, allowed);
                        distance.name.clone_from(&span.name);
                    }
                }
            }
            at = next;
        }
        Ok(())
    }
}

/// The numbers of some bytes, little-endian.
fn numbers(bytes: &[u8], dtype: Dtype) -> Box<dyn Iterator<Item = f64> + '_> {
    match dtype {
        Dtype::U8 => Box::new(bytes.iter().map(|&byte| f64::from(byte))),
        Dtype::I8 => Box::new(bytes.iter().map(|&byte| f64::from(byte.cast_signed()))),
        Dtype::U16 => Box::new(bytes.as_chunks().0.iter().map(|two| f64::from(u16::from_le_bytes(*two)))),
        Dtype::I16 => Box::new(bytes.as_chunks().0.iter().map(|two| f64::from(i16::from_le_bytes(*two)))),
        Dtype::F32 => Box::new(bytes.as_chunks().0.iter().map(|four| f64::from(f32::from_le_bytes(*four)))),
        _ => Box::new(bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight))),
    }
}

/// True if two finite numbers are more than `allowed` apart; their difference may have been rounded to it.
fn is_over(a: f64, b: f64, allowed: f64) -> bool {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    let apart = high - low;
    // What is lost of `high - low` in rounding: exact (Dekker 1971) with the larger magnitude first.
    let lost = if high.abs() >= low.abs() { (high - apart) - low } else { high - (apart + low) };
    apart > allowed || apart == allowed && lost > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(descr: &str, values: &[f64]) -> Vec<u8> {
        let text =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({},), }}\n", values.len());
        let data: Vec<u8> = match descr {
            "<f4" => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
            ">f8" => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        let len = (text.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), &data].concat()
    }

    fn within(bound: MaxError) -> Options {
        Options::default().with_max_error(bound).unwrap()
    }

    fn check(old: &[u8], new: &[u8], bound: MaxError) -> Result<Distance> {
        verify(&old, &new, &within(bound), &Env::default())
    }

    #[test]
    fn only_declared_floats_may_differ_and_only_within_the_bound() {
        use MaxError::{Absolute, Relative};
        let old = [1.0, 2.0, f64::NAN, -0.0, 5.0];
        let near = [1.25, 2.0, f64::NAN, 0.0, 5.0];
        for descr in ["<f4", "<f8"] {
            let (a, b) = (npy(descr, &old), npy(descr, &near));
            let found = check(&a, &b, Absolute(0.25)).unwrap();
            assert_eq!((found.arrays, found.values, found.changed), (1, 5, 2));
            assert_eq!((found.worst, found.allowed), (0.25, 0.25));
            assert_eq!(check(&a, &b, Absolute(0.24)).unwrap_err().kind(), ErrorKind::Verify);
            assert!(check(&a, &b, Relative(0.05)).is_ok() && check(&a, &b, Relative(0.049)).is_err());
            // A number for none, another header, another length.
            assert!(check(&a, &npy(descr, &[1.0, 2.0, 0.0, -0.0, 5.0]), Absolute(9.0)).is_err());
            let mut other = a.clone();
            other[20] ^= 1;
            assert!(check(&a, &other, Absolute(9.0)).is_err());
            assert!(check(&a, &a[..a.len() - 1], Absolute(9.0)).is_err());
        }
        // Numbers of other byte order, and integers, are not to be touched.
        for descr in [">f8", "<i8"] {
            let (a, b) = (npy(descr, &old), npy(descr, &near));
            assert!(check(&a, &a, Absolute(9.0)).is_ok() && check(&a, &b, Absolute(9.0)).is_err());
        }
        let raw = |shape: &[u64]| {
            let options = within(Absolute(1.0)).with_shape(Dtype::F32, shape);
            verify(&&[0u8; 16][..], &&[1u8; 16][..], &options, &Env::default())
        };
        assert_eq!(raw(&[2, 2]).unwrap().changed, 4);
        assert!(raw(&[5]).is_err());
    }

    #[test]
    fn a_difference_that_rounds_to_the_bound_is_over_it() {
        let tiny = (-60f64).exp2();
        assert!(is_over(1.0, -tiny, 1.0) && is_over(tiny, -1.0, 1.0) && is_over(1.5, 0.0, 1.0));
        assert!(!is_over(1.0, tiny, 1.0) && !is_over(-tiny, -1.0, 1.0) && !is_over(0.0, -0.0, 1.0));
        assert!(is_over(f64::MAX, -f64::MAX, f64::MAX));
    }
}
