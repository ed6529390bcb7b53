//! What records must be for something to be learned from them.

use super::{LEAST, Records};
use minlen_core::{Dtype, Error, Result};

impl Records {
    /// The records that something can be learned from: those whose numbers are all finite. What is noticed is added to the notes: records left
    /// out, numbers that are the same in all records.
    ///
    /// # Errors
    /// Usage for fewer than [`LEAST`] of them.
    pub fn for_training(self) -> Result<Self> {
        let mut records = self.finite()?;
        if records.len() < LEAST {
            let count = records.len();
            return Err(Error::usage(format!(
                "{count} records are too few to learn from: {LEAST} are the least"
            ))
            .in_file(records.files.first().cloned().unwrap_or_default())
            .remedy("give more records of this kind, or cut them into smaller windows"));
        }
        let constant = records.constant();
        let all = records.numbers();
        if constant == all {
            return Err(Error::usage("all records are the same")
                .in_file(records.files.first().cloned().unwrap_or_default())
                .remedy("give records that differ"));
        }
        if constant > 0 {
            records.notes.push(format!("{constant} of the {all} numbers are the same in all records"));
        }
        Ok(records)
    }

    /// Without records that hold numbers which are not finite.
    fn finite(mut self) -> Result<Self> {
        if !self.dtype.is_float() {
            return Ok(self);
        }
        let is_finite = |number: &[u8]| match (self.dtype, number) {
            (Dtype::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]).is_finite(),
            (_, number) => number.first_chunk().is_none_or(|eight| f64::from_le_bytes(*eight).is_finite()),
        };
        let unit = self.dtype.unit();
        let is_whole = |record: usize| self.record(record).chunks_exact(unit).all(is_finite);
        let (kept, left): (Vec<u32>, Vec<u32>) = (0..self.len() as u32).partition(|&i| is_whole(i as usize));
        let Some(&first) = left.first() else { return Ok(self) };
        let (count, all, name) = (left.len(), self.len(), self.name(first as usize));
        if kept.is_empty() {
            return Err(Error::usage(format!("all {all} records hold NaN or infinite numbers"))
                .remedy("replace those numbers, or leave out their columns"));
        }
        let note = format!(
            "{count} of {all} records hold NaN or infinite numbers (the first: {name}): nothing is learned from them"
        );
        self = self.select(&kept);
        self.notes.push(note);
        Ok(self)
    }

    /// How many of the numbers are the same in all records.
    fn constant(&self) -> usize {
        let unit = self.dtype.unit();
        let mut same = vec![true; self.numbers()];
        let first = self.record(0);
        for record in self.bytes.chunks_exact(self.record_bytes().max(1)) {
            for ((same, number), of_first) in
                same.iter_mut().zip(record.chunks_exact(unit)).zip(first.chunks_exact(unit))
            {
                *same &= number == of_first;
            }
        }
        same.iter().filter(|same| **same).count()
    }
}
