//! Checkpoints: all that decides about the rest of a training, so that going on gives the same weights to the bit.
//!
//! `MLLC`, a version, then settings, parameters with names and shapes, the optimiser's memory, averaged and best parameters,
//! and where the training is; at the end the XXH3-64 of all that. Numbers are little-endian. A checkpoint belongs to a model: names
//! and shapes are compared with its own, and no length of the file is believed before that.

use crate::fit::Course;
use crate::trainer::Trainer;
use crate::{Parameters, Role};
use minlen_core::varint::{self, Reader};
use minlen_core::{Error, Result};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 4] = b"MLLC";
const VERSION: u8 = 1;

impl Trainer {
    /// The checkpoint. Whoever writes it to a file should give it its name when it is complete only.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        out.extend(self.fingerprint().to_le_bytes());
        for entry in self.params.entries() {
            put_values(&mut out, &entry.values);
        }
        varint::put(&mut out, self.optimiser.steps);
        for values in self.optimiser.first.iter().chain(&self.optimiser.second) {
            put_values(&mut out, values);
        }
        put_parameters(&mut out, self.averaged.as_ref());
        self.put_course(&mut out);
        let sum = xxh3_64(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    fn put_course(&self, out: &mut Vec<u8>) {
        let course = &self.course;
        varint::put(out, course.epoch);
        varint::put(out, course.position);
        varint::put(out, course.spent.as_nanos().min(u128::from(u64::MAX)) as u64);
        varint::put(out, course.history.len() as u64);
        for (step, loss) in &course.history {
            varint::put(out, *step);
            out.extend(loss.to_le_bytes());
        }
        put_parameters(out, course.best.as_ref().map(|(_, params)| params));
        out.extend(course.best.as_ref().map_or(0.0, |(loss, _)| *loss).to_le_bytes());
    }

    /// Takes up the training of a checkpoint. The trainer has to be made as the one that wrote it was: the same parameters
    /// and the same settings, but for threads.
    ///
    /// # Errors
    /// Corrupt or truncated for damaged checkpoints, unsupported for newer ones, usage for those of another model or other
    /// settings. The trainer stays what it was then.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<()> {
        let (body, sum) = bytes
            .split_last_chunk::<8>()
            .ok_or_else(|| Error::truncated("a checkpoint ends in its first bytes"))?;
        let mut reader = Reader::new(body);
        if reader.bytes(4).ok() != Some(&MAGIC[..]) {
            return Err(Error::corrupt("not a checkpoint"));
        }
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::unsupported(format!(
                "checkpoint of version {version}, this build reads {VERSION}"
            )));
        }
        if xxh3_64(body).to_le_bytes() != *sum {
            return Err(Error::corrupt("a checkpoint does not have the checksum that it states"));
        }
        if reader.u64()? != self.fingerprint() {
            return Err(Error::usage("the checkpoint is that of another model, or of other settings")
                .remedy("give the options of the first run, or begin anew"));
        }
        self.read(&mut reader)
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let mut params = self.params.clone();
        params.entries_mut().iter_mut().try_for_each(|entry| read_weights(reader, &mut entry.values))?;
        let mut optimiser = self.optimiser.clone();
        optimiser.steps = reader.varint()?;
        for values in optimiser.first.iter_mut().chain(&mut optimiser.second) {
            read_floats(reader, values)?;
        }
        let averaged = read_parameters(reader, &self.params)?;
        let course = read_course(reader, &self.params)?;
        if !reader.is_empty() || averaged.is_some() != self.averaged.is_some() {
            return Err(Error::corrupt("a checkpoint has more or fewer parts than it should"));
        }
        (self.params, self.optimiser, self.averaged, self.course) = (params, optimiser, averaged, course);
        Ok(())
    }

    /// A number for names, shapes, roles and settings.
    fn fingerprint(&self) -> u64 {
        let mut text = String::new();
        for entry in self.params.entries() {
            text.push_str(&format!("{:?} {:?} {:?}\n", entry.name, entry.shape, entry.role));
        }
        let settings = crate::Settings { threads: 0, ..self.settings.clone() };
        text.push_str(&format!("{settings:?}"));
        xxh3_64(text.as_bytes())
    }
}

fn read_course(reader: &mut Reader<'_>, like: &Parameters) -> Result<Course> {
    let (epoch, position) = (reader.varint()?, reader.varint()?);
    let spent = Duration::from_nanos(reader.varint()?);
    let count = reader.varint()?;
    // Each takes nine bytes at least, so that no more is reserved than the file has.
    if count > reader.rest().len() as u64 / 9 {
        return Err(Error::truncated("a checkpoint ends within its history"));
    }
    let mut history = Vec::with_capacity(count as usize);
    for _ in 0..count {
        history.push((reader.varint()?, f64::from_le_bytes(reader.array()?)));
    }
    let best = read_parameters(reader, like)?;
    let loss = f64::from_le_bytes(reader.array()?);
    Ok(Course { epoch, position, spent, history, best: best.map(|params| (loss, params)) })
}

fn put_values(out: &mut Vec<u8>, values: &[f32]) {
    values.iter().for_each(|v| out.extend(v.to_le_bytes()));
}

/// A byte that says whether there are any, then the values of all but constants.
fn put_parameters(out: &mut Vec<u8>, params: Option<&Parameters>) {
    out.push(u8::from(params.is_some()));
    let learned =
        params.into_iter().flat_map(Parameters::entries).filter(|entry| entry.role != Role::Constant);
    learned.for_each(|entry| put_values(out, &entry.values));
}

fn read_parameters(reader: &mut Reader<'_>, like: &Parameters) -> Result<Option<Parameters>> {
    match reader.u8()? {
        0 => Ok(None),
        1 => {
            let mut params = like.clone();
            let learned = params.entries_mut().iter_mut().filter(|entry| entry.role != Role::Constant);
            for entry in learned {
                read_weights(reader, &mut entry.values)?;
            }
            Ok(Some(params))
        }
        other => Err(Error::corrupt(format!("a checkpoint has {other} where 0 or 1 should be"))),
    }
}

/// Values that have to be numbers: others would spoil everything that comes after.
fn read_weights(reader: &mut Reader<'_>, values: &mut [f32]) -> Result<()> {
    read_floats(reader, values)?;
    if values.iter().all(|v| v.is_finite()) { Ok(()) } else { Err(Error::corrupt("a weight is no number")) }
}

fn read_floats(reader: &mut Reader<'_>, values: &mut [f32]) -> Result<()> {
    let bytes = reader.bytes(4 * values.len())?;
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *value = f32::from_le_bytes(*bytes);
    }
    Ok(())
}
