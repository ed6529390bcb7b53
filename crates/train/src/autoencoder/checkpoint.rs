//! Checkpoints of a whole run: for each network where its training is, and how long it may take.
//!
//! `MLTC`, a version, a number for the options and the data, then for each network its member's number, its time in nanoseconds (0 for epochs), and the
//! checkpoint of its training (a predictor is the last, with the number 255); at the end the XXH3-64 of all that.

use super::codec_file::Kind;
use super::run::Request;
use crate::records::Records;
use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Result};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 4] = b"MLTC";
const VERSION: u8 = 1;

/// The number of the predictor among the members.
pub(super) const PREDICTOR: u8 = 255;

/// A number for the options and the data of a run.
pub(super) fn fingerprint(request: &Request, kinds: &[Kind], records: &Records) -> u64 {
    let Request { epochs, seed, goal, variant, .. } = request;
    let told = format!("{kinds:?} {variant:?} {epochs:?} {seed} {goal:?} {}", records.kind());
    xxh3_64(told.as_bytes()) ^ xxh3_64(&records.bytes)
}

/// Where a network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// The number of the member.
    pub(super) member: u8,
    /// How long it may train, if not by epochs.
    pub(super) time: Option<Duration>,
    /// Where it is.
    pub(super) training: Vec<u8>,
}

/// A checkpoint of a run with these options on this data.
pub(super) fn write(fingerprint: u64, stages: &[Stage]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.extend(fingerprint.to_le_bytes());
    put(&mut out, stages.len() as u64);
    for stage in stages {
        out.push(stage.member);
        put(&mut out, stage.time.map_or(0, |time| time.as_nanos() as u64));
        put(&mut out, stage.training.len() as u64);
        out.extend(&stage.training);
    }
    let sum = xxh3_64(&out);
    out.extend(sum.to_le_bytes());
    out
}

/// Refuses what is no whole checkpoint.
///
/// # Errors
/// Corrupt, truncated, or unsupported.
pub fn check(bytes: &[u8]) -> Result<()> {
    open(bytes).map(|_| ())
}

/// What lies between version and checksum.
fn open(bytes: &[u8]) -> Result<Reader<'_>> {
    let (body, sum) = bytes
        .split_last_chunk::<8>()
        .ok_or_else(|| Error::truncated("a checkpoint ends in its first bytes"))?;
    let mut reader = Reader::new(body);
    if reader.bytes(4).ok() != Some(&MAGIC[..]) {
        return Err(Error::corrupt("not a checkpoint of a codec file"));
    }
    let version = reader.u8()?;
    if version != VERSION {
        return Err(Error::unsupported(format!(
            "checkpoint of version {version}, this build reads {VERSION}"
        )));
    }
    if xxh3_64(body).to_le_bytes() != *sum {
        return Err(Error::corrupt("a checkpoint is damaged or cut off").remedy("begin again, without it"));
    }
    Ok(reader)
}

/// The networks of a checkpoint.
///
/// # Errors
/// Corrupt or truncated for damaged ones, unsupported for later ones, usage for those of other options or other data.
pub(super) fn read(bytes: &[u8], fingerprint: u64) -> Result<Vec<Stage>> {
    let mut reader = open(bytes)?;
    if reader.u64()? != fingerprint {
        return Err(Error::usage("the checkpoint is that of other records, or of other options")
            .remedy("give the options of the first run, or begin again"));
    }
    let count = reader.varint_max(16, "the number of networks")?;
    let mut stages = Vec::new();
    for _ in 0..count {
        let member = reader.u8()?;
        let time = Some(Duration::from_nanos(reader.varint()?)).filter(|time| !time.is_zero());
        let len = reader.varint_max(reader.rest().len() as u64, "the length of a checkpoint")?;
        stages.push(Stage { member, time, training: reader.bytes(len as usize)?.to_vec() });
    }
    if reader.is_empty() { Ok(stages) } else { Err(Error::corrupt("a checkpoint has bytes left over")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::ErrorKind;

    #[test]
    fn damaged_and_strange_checkpoints_are_refused() {
        let stages = [None, Some(Duration::from_millis(1500))].map(|time| Stage {
            member: 2,
            time,
            training: vec![7; 30],
        });
        let file = write(99, &stages);
        assert_eq!(read(&file, 99).unwrap(), stages);
        assert_eq!(read(&file, 98).unwrap_err().kind(), ErrorKind::Usage);
        for at in 0..file.len() {
            assert!(read(&file[..at], 99).is_err(), "{at}");
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged, 99).is_err(), "{at}");
        }
    }
}
