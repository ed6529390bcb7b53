//! What a codec file finds in each of many records: which member describes it, in how many bits, and how far that is off.

use crate::code::{Outcome, Promise};
use crate::model::Model;
use crate::search::Search;
use crate::stream::Record;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::log2::bit_cost_q16;

/// How a record is described.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// The number of the member; none where the record is stored as it is.
    pub member: Option<u8>,
    /// Its rate, 0 the coarsest.
    pub rate: u8,
    /// The class of the member.
    pub class: u8,
    /// Integers of the member: coefficients or latents.
    pub integers: Vec<i32>,
    /// Whether what that leaves is coded, too.
    pub has_rest: bool,
    /// Bits that it takes behind the records before it.
    pub bits: f64,
    /// The sum of the squares of the errors.
    pub squares: f64,
    /// The largest error of a number.
    pub worst: f64,
}

/// Writes nothing, and counts what it would take.
#[derive(Default)]
struct Count(u64);

impl BitCoder for Count {
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.0 += bit_cost_q16(p1.clamp(1, 65_535), bit == 1);
        bit
    }
}

/// The description of each of whole records, as [`crate::encode`] would write them; `told` hears of each with its number.
///
/// # Errors
/// As [`crate::encode`], and those of `told`.
pub fn describe(
    model: &Model,
    bytes: &[u8],
    promise: Promise,
    level: u8,
    env: &Env,
    mut told: impl FnMut(usize, Description) -> Result<()>,
) -> Result<()> {
    let size = model.record_bytes().max(1);
    if !bytes.len().is_multiple_of(size) {
        return Err(Error::usage("records: the last one is not whole"));
    }
    let mut search = Search::new(model, level >= 8, env)?;
    for (number, bytes) in bytes.chunks_exact(size).enumerate() {
        env.check()?;
        let (mut outcome, mut count) = (Outcome::default(), Count::default());
        let record = search.record(bytes, promise, &mut outcome)?;
        search.stream.code(&mut count, &record);
        let bits = count.0 as f64 / 65_536.0;
        let (squares, worst) = (outcome.squares, outcome.worst);
        let description = match record {
            Record::Raw(_) => Description { bits, ..Description::default() },
            Record::Coded(coded) => Description {
                member: Some(coded.member),
                rate: coded.rate,
                class: coded.class,
                integers: coded.integers,
                has_rest: coded.rest.is_some(),
                bits,
                squares,
                worst,
            },
        };
        told(number, description)?;
    }
    Ok(())
}
