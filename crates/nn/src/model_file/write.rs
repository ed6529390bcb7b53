//! A model as bytes.

use super::graph::{self, zigzag};
use super::{
    FLOATS, LICENCE, MAGIC, ModelFile, NETWORK, PROBE, PROVENANCE, REPORT, STANDARD, TEXT_MAX, Tag, VERSION,
    check_names, check_word,
};
use minlen_core::varint::put;
use minlen_core::{Error, Result};
use xxhash_rust::xxh3::xxh3_64;

impl ModelFile {
    /// The file: the same bytes for the same model.
    ///
    /// # Errors
    /// Usage if a name is no word or is there twice, a number is infinite or NaN, a text is too long, or parts do not fit together.
    pub fn write(&self) -> Result<Vec<u8>> {
        check_word(&self.kind)?;
        let sections = self.all_sections()?;
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        put_text(&mut out, &self.kind);
        put(&mut out, sections.len() as u64);
        for (tag, bytes) in sections {
            out.extend(tag);
            put(&mut out, bytes.len() as u64);
            out.extend(bytes);
        }
        out.extend(xxh3_64(&out).to_le_bytes());
        Ok(out)
    }

    fn all_sections(&self) -> Result<Vec<(Tag, Vec<u8>)>> {
        check_names(self.networks.iter().map(|network| &network.name[..]), "networks")?;
        check_names(self.tensors.iter().map(|tensor| &tensor.name[..]), "tensors")?;
        let mut all = Vec::new();
        for (tag, text) in [(LICENCE, &self.licence), (PROVENANCE, &self.provenance), (REPORT, &self.report)]
        {
            if text.len() > TEXT_MAX {
                return Err(Error::usage(format!("a text of a model is longer than {TEXT_MAX} bytes")));
            }
            if !text.is_empty() {
                all.push((tag, text.clone().into_bytes()));
            }
        }
        for network in &self.networks {
            let mut bytes = Vec::new();
            put_text(&mut bytes, &network.name);
            bytes.extend(graph::write(&network.graph)?);
            all.push((NETWORK, bytes));
        }
        for probe in &self.probes {
            let mut bytes = Vec::new();
            put_text(&mut bytes, &probe.network);
            self.network(&probe.network)?;
            put(&mut bytes, probe.inputs.len() as u64);
            probe.inputs.iter().for_each(|&x| put(&mut bytes, zigzag(i32::from(x))));
            bytes.extend(probe.hash.to_le_bytes());
            all.push((PROBE, bytes));
        }
        for tensor in &self.tensors {
            all.push((FLOATS, tensor_bytes(tensor)?));
        }
        for section in &self.sections {
            if STANDARD.contains(&section.tag) || !section.tag.iter().all(u8::is_ascii_alphabetic) {
                return Err(Error::usage(format!("{:?} is no tag for a section of a kind", section.tag)));
            }
            all.push((section.tag, section.bytes.clone()));
        }
        Ok(all)
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend(text.as_bytes());
}

fn tensor_bytes(tensor: &super::Tensor) -> Result<Vec<u8>> {
    let count = tensor.sides.iter().try_fold(1u64, |all, &side| all.checked_mul(side));
    if count != Some(tensor.values.len() as u64) || tensor.sides.len() > super::read::SIDES_MAX {
        return Err(Error::usage(format!(
            "the sides of the tensor {:?} do not fit its numbers",
            tensor.name
        )));
    }
    if !tensor.values.iter().all(|x| x.is_finite()) {
        return Err(Error::usage(format!("a number of the tensor {:?} is infinite or NaN", tensor.name)));
    }
    let mut out = Vec::new();
    put_text(&mut out, &tensor.name);
    put(&mut out, tensor.sides.len() as u64);
    tensor.sides.iter().for_each(|&side| put(&mut out, side));
    out.extend(tensor.values.iter().flat_map(|x| x.to_le_bytes()));
    Ok(out)
}
