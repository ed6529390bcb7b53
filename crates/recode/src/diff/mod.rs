//! Content as differences from other content: stretches that are there already, and what is new.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_core::varint::Reader;
//! use minlen_recode::diff::{Close, Old, Parts, Places, express, rebuild};
//! let old: Vec<u8> = (0..400u32).flat_map(|i| format!("line {i}, {}\n", i * i).into_bytes()).collect();
//! let new = [&old[..3000], b"something new", &old[3100..]].concat();
//! let env = Env::default();
//! let made = express(&Old::new(old.clone(), 0), &new, Close::Predicted, &env)?;
//! assert!(made.literals.starts_with(b"something new") && made.literals.len() < 20);
//!
//! let parts = Parts { columns: made.columns.each_ref().map(|c| &c[..]), literals: &made.literals, near: &made.near };
//! let read = |range: std::ops::Range<u64>| Ok(old[range.start as usize..range.end as usize].to_vec());
//! let mut back = Vec::new();
//! let places = Places::read(&mut Reader::new(&made.places))?;
//! rebuild(&parts, Close::Predicted, &places, &read, (new.len(), new.len()), &env, &mut back)?;
//! assert_eq!(back, new);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod find;
mod index;
mod near;
mod old;
mod ops;
mod rebuild;
#[cfg(test)]
mod tests;
mod whole;

pub use index::Index;
pub use old::{Old, Places};
pub use ops::{COLUMNS, join, split};
pub use rebuild::{Parts, rebuild};

use find::find;
use minlen_core::{Env, Result};
use minlen_entropy::binary::Encoder;
use near::{MARGIN, Model, Moves};
use ops::Step;

/// How stretches are told that are nearly as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// By the differences of their bytes, for a codec to take up.
    Bytes,
    /// Coded already, predicted from what was there.
    Predicted,
}

impl Close {
    /// So many equal bytes in a row are told as such.
    fn run(self) -> usize {
        match self {
            Self::Bytes => 16,
            Self::Predicted => 256,
        }
    }
}

/// What takes the place of the content.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    /// Where in the old content things are, for [`Places::read`].
    pub places: Vec<u8>,
    /// The steps.
    pub columns: [Vec<u8>; COLUMNS],
    /// What is new, in order.
    pub literals: Vec<u8>,
    /// Differences of what is nearly as it was, in order; see [`Close`].
    pub near: Vec<u8>,
    /// Bytes that are in the old content or nearly.
    pub found: usize,
}

/// Finds what of `data` is in the old content. Where what is compressed in that was undone, compressed parts
/// of `data` that are not as they were are left whole, so that they can be undone, too.
///
/// # Errors
/// Cancelled.
pub fn express(old: &Old, data: &[u8], close: Close, env: &Env) -> Result<Expression> {
    let mut likes = find(&old.bytes, &old.index, data, close == Close::Bytes, env)?;
    if old.is_undone {
        likes = whole::spare(data, likes);
    }
    let steps = ops::steps(&old.bytes, data, &likes, close.run());
    let ranges = steps.iter().map(|step| step.from..step.from + (step.exact + step.near) as u64);
    let mut made =
        Expression { places: old.places(ranges), columns: ops::write(&steps), ..Expression::default() };
    let mut at = 0;
    for step in &steps {
        made.literals.extend_from_slice(&data[at..at + step.gap]);
        at += step.gap + step.exact + step.near;
        made.found += step.exact + step.near;
    }
    made.literals.extend_from_slice(&data[at..]);
    made.near = match close {
        Close::Bytes => differences(&old.bytes, data, &steps),
        Close::Predicted => predicted(&old.bytes, data, &steps, env)?,
    };
    Ok(made)
}

/// What is to be added to the old bytes of nearly equal stretches.
fn differences(old: &[u8], data: &[u8], steps: &[Step]) -> Vec<u8> {
    let mut near = Vec::new();
    let mut at = 0;
    for step in steps {
        at += step.gap + step.exact;
        let there = &old[step.from as usize + step.exact..][..step.near];
        near.extend(data[at..at + step.near].iter().zip(there).map(|(new, old)| new.wrapping_sub(*old)));
        at += step.near;
    }
    near
}

fn predicted(old: &[u8], data: &[u8], steps: &[Step], env: &Env) -> Result<Vec<u8>> {
    let total = steps.iter().map(|step| step.near).sum();
    if total == 0 {
        return Ok(Vec::new());
    }
    let moves = Moves::new(steps);
    let (mut model, mut coder) = (Model::new(&moves, total), Encoder::new());
    let mut at = 0;
    for step in steps {
        env.check()?;
        at += step.gap + step.exact;
        if step.near > 0 {
            model.begin(&data[at.saturating_sub(MARGIN)..at]);
        }
        let from = step.from as usize + step.exact;
        let shift = (at as i64).wrapping_sub(from as i64);
        let mut around = [0; 2 * MARGIN];
        for i in 0..step.near {
            surround(&mut around, |place| old.get(place).copied().unwrap_or(0), (from + i) as u64, i == 0);
            model.code(&mut coder, data[at + i], &around, (from + i) as u64, shift);
        }
        at += step.near;
    }
    Ok(coder.finish())
}

/// Moves the view of old bytes on to `at`.
fn surround(around: &mut [u8; 2 * MARGIN], old: impl Fn(usize) -> u8, at: u64, first: bool) {
    let at = at as usize;
    let byte = |i: usize| (at + i).checked_sub(MARGIN).map_or(0, &old);
    if first {
        *around = std::array::from_fn(byte);
    } else {
        around.copy_within(1.., 0);
        around[2 * MARGIN - 1] = byte(2 * MARGIN - 1);
    }
}
