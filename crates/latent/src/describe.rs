//! What a codec file finds in each of many records: which member describes it, in how many bits, and how far that is off.

use crate::abreast::describe_all;
use crate::code::Promise;
use crate::linear::Room;
use crate::model::Model;
use crate::search::distance;
use crate::stream::{Record, numbers};
use minlen_core::{Env, Result};
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
    let (mut room, mut values, mut exact, mut made) = (Room::default(), Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    describe_all(model, bytes, promise, level >= 8, env, |stream, records, bytes, _| {
        stream.restore(&records, &mut room, &mut values)?;
        let values = values.chunks_exact(model.numbers().max(1));
        for ((record, bytes), values) in records.into_iter().zip(bytes.chunks_exact(size)).zip(values) {
            let mut count = Count::default();
            stream.code(&mut count, &record);
            let bits = count.0 as f64 / 65_536.0;
            let mut description = Description { bits, ..Description::default() };
            if let Record::Coded(coded) = record {
                numbers(model, values, coded.rest.as_ref(), &mut made);
                model.scaling.numbers(bytes, &mut exact);
                (description.squares, description.worst) = distance(&exact, &made);
                (description.member, description.rate) = (Some(coded.member), coded.rate);
                (description.class, description.integers) = (coded.class, coded.integers);
                description.has_rest = coded.rest.is_some();
            }
            told(number, description)?;
            number += 1;
        }
        Ok(())
    })
}
