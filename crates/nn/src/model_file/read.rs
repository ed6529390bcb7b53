//! Bytes as a model; nothing in them is believed.

use super::graph::{self, get_zigzag};
use super::{
    FLOATS, LICENCE, MAGIC, ModelFile, NAME_MAX, NETWORK, NamedGraph, PROBE, PROVENANCE, Probe, REPORT,
    SECTIONS_MAX, Section, TEXT_MAX, Tag, Tensor, VERSION, check_names, check_word, is_critical,
};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, ErrorKind, Result};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Most sides of a tensor.
pub(super) const SIDES_MAX: usize = 8;
/// Bytes of the checksum.
const SUM: usize = 8;

impl ModelFile {
    /// The model of a file. `known` are the tags of the sections that the caller's kind adds and understands.
    ///
    /// # Errors
    /// Truncated or corrupt for what [`ModelFile::write`] cannot have written; unsupported for a later version, or a critical section that
    /// nobody here knows; limit where memory does not allow it.
    pub fn read(bytes: &[u8], known: &[Tag], env: &Env) -> Result<Self> {
        Self::read_some(bytes, known, |_| true, env)
    }

    /// The same without the networks that nobody wants, by their names, and their probes: most of the time goes into weights.
    ///
    /// # Errors
    /// As [`ModelFile::read`], but for what is wrong in what is passed over.
    pub fn read_some(bytes: &[u8], known: &[Tag], wanted: impl Fn(&str) -> bool, env: &Env) -> Result<Self> {
        let body = open(bytes)?;
        let mut reader = Reader::new(body);
        let mut model = Self::new(get_word(&mut reader)?);
        let count = reader.varint_max(SECTIONS_MAX, "the number of sections")?;
        for _ in 0..count {
            let tag: Tag = reader.array()?;
            let len = reader.varint()?;
            let len =
                usize::try_from(len).ok().filter(|&len| len <= reader.rest().len()).ok_or_else(|| {
                    Error::truncated(format!(
                        "a section of a model file has {} of its {len} bytes",
                        reader.rest().len()
                    ))
                })?;
            let bytes = reader.bytes(len)?;
            // Both begin with the name of a network.
            if ![NETWORK, PROBE].contains(&tag) || wanted(&get_word(&mut Reader::new(bytes))?) {
                model.take(tag, bytes, known, env)?;
            }
            env.check()?;
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("bytes are left over after the last section of a model file"));
        }
        model.check().map_err(|error| Error::corrupt(error.message().to_string()))?;
        Ok(model)
    }

    /// Takes in one section.
    fn take(&mut self, tag: Tag, bytes: &[u8], known: &[Tag], env: &Env) -> Result<()> {
        match tag {
            LICENCE => set(&mut self.licence, bytes),
            PROVENANCE => set(&mut self.provenance, bytes),
            REPORT => set(&mut self.report, bytes),
            NETWORK => {
                let mut reader = Reader::new(bytes);
                let name = get_word(&mut reader)?;
                let (graph, held) = graph::read(reader.rest(), env)?;
                self.networks.push(NamedGraph { name, graph });
                self.held.push(Arc::new(held));
                Ok(())
            }
            PROBE => {
                self.held.push(Arc::new(env.budget.reserve(2 * bytes.len() as u64)?));
                self.probes.push(get_probe(bytes)?);
                Ok(())
            }
            FLOATS => {
                self.held.push(Arc::new(env.budget.reserve(bytes.len() as u64)?));
                self.tensors.push(get_tensor(bytes)?);
                Ok(())
            }
            _ => self.take_other(tag, bytes, known, env),
        }
    }

    fn take_other(&mut self, tag: Tag, bytes: &[u8], known: &[Tag], env: &Env) -> Result<()> {
        if !tag.iter().all(u8::is_ascii_alphabetic) {
            return Err(Error::corrupt("the tag of a section of a model file is not four letters"));
        }
        if is_critical(tag) && !known.contains(&tag) {
            let tag = String::from_utf8_lossy(&tag).into_owned();
            return Err(Error::unsupported(format!("a model file needs what its section {tag:?} says"))
                .remedy("use a later version of the program, or one made for this kind of model"));
        }
        self.held.push(Arc::new(env.budget.reserve(bytes.len() as u64)?));
        self.sections.push(Section { tag, bytes: bytes.to_vec() });
        Ok(())
    }

    fn check(&self) -> Result<()> {
        check_names(self.networks.iter().map(|network| &network.name[..]), "networks")?;
        check_names(self.tensors.iter().map(|tensor| &tensor.name[..]), "tensors")?;
        self.probes.iter().try_for_each(|probe| self.network(&probe.network).map(|_| ()))
    }
}

/// What lies between version and checksum.
fn open(bytes: &[u8]) -> Result<&[u8]> {
    let shared = MAGIC.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    if shared < MAGIC.len() {
        return Err(if shared == bytes.len() {
            Error::truncated("a model file ends in its first bytes")
        } else if shared >= 4 {
            Error::corrupt("the line ends of a model file were converted")
                .remedy("copy it again as binary data")
        } else {
            Error::corrupt("not a model file")
        });
    }
    let version =
        *bytes.get(MAGIC.len()).ok_or_else(|| Error::truncated("a model file ends before its version"))?;
    if version != VERSION {
        return Err(Error::unsupported(format!("version {version} of model files")));
    }
    let end = bytes.len().checked_sub(SUM).filter(|&end| end > MAGIC.len());
    let (body, sum) = bytes.split_at(end.ok_or_else(|| Error::truncated("a model file has no checksum"))?);
    if xxh3_64(body).to_le_bytes() != *sum {
        return Err(Error::corrupt("the checksum of a model file differs: it is damaged or cut off"));
    }
    Ok(&body[MAGIC.len() + 1..])
}

fn get_word(reader: &mut Reader<'_>) -> Result<String> {
    let len = reader.varint_max(NAME_MAX as u64, "the length of a name")? as usize;
    let word = String::from_utf8_lossy(reader.bytes(len)?).into_owned();
    check_word(&word).map_err(|error| Error::new(ErrorKind::Corrupt, error.message().to_string()))?;
    Ok(word)
}

fn set(text: &mut String, bytes: &[u8]) -> Result<()> {
    let new =
        std::str::from_utf8(bytes).ok().filter(|new| (1..=TEXT_MAX).contains(&new.len()) && text.is_empty());
    *text = new
        .ok_or_else(|| {
            Error::corrupt("a text of a model file is empty, too long, not UTF-8, or there twice")
        })?
        .into();
    Ok(())
}

fn get_probe(bytes: &[u8]) -> Result<Probe> {
    let mut reader = Reader::new(bytes);
    let network = get_word(&mut reader)?;
    let count = reader.varint_max(reader.rest().len() as u64, "the inputs of a probe")?;
    let one = |reader: &mut Reader<'_>| -> Result<i16> {
        i16::try_from(get_zigzag(reader)?).map_err(|_| Error::corrupt("an input of a probe is over 16 bits"))
    };
    let inputs = (0..count).map(|_| one(&mut reader)).collect::<Result<_>>()?;
    let hash = reader.u64()?;
    if !reader.is_empty() {
        return Err(Error::corrupt("bytes are left over after a probe"));
    }
    Ok(Probe { network, inputs, hash })
}

fn get_tensor(bytes: &[u8]) -> Result<Tensor> {
    let mut reader = Reader::new(bytes);
    let name = get_word(&mut reader)?;
    let count = reader.varint_max(SIDES_MAX as u64, "the number of a tensor's sides")?;
    let sides = (0..count).map(|_| reader.varint()).collect::<Result<Vec<u64>>>()?;
    let count = sides.iter().try_fold(4u64, |all, &side| all.checked_mul(side));
    if count != Some(reader.rest().len() as u64) {
        return Err(Error::corrupt(format!("the sides of the tensor {name:?} do not fit its bytes")));
    }
    let values: Vec<f32> =
        reader.rest().as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    if !values.iter().all(|x| x.is_finite()) {
        return Err(Error::corrupt(format!("a number of the tensor {name:?} is infinite or NaN")));
    }
    Ok(Tensor { name, sides, values })
}
