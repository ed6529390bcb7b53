//! A predictor in a model file: a section that says how records lie, and a network (docs/format/autoencoder.md).

use super::{Causal, Geometry};
use crate::integer::Graph;
use crate::model_file::{ModelFile, NamedGraph, Section, Tag};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};

/// The section of a predictor in a model file.
pub const TAG: Tag = *b"CAUS";
/// Its network.
const NAME: &str = "predictor";
/// Other sections of codec files, which nothing here depends on.
const BESIDE: [Tag; 3] = [*b"RECS", *b"LINR", *b"LATN"];

/// A predictor as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictor {
    /// How the records lie.
    pub geometry: Geometry,
    /// Two hidden layers and the nodes.
    pub graph: Graph,
}

impl Predictor {
    /// Adds it to a model file.
    pub fn write(&self, file: &mut ModelFile) {
        let Geometry { width, channels, rows, ground, middle, left, up, side } = self.geometry;
        let mut bytes = Vec::new();
        put(&mut bytes, u64::from(width));
        bytes.push(channels);
        put(&mut bytes, u64::from(rows));
        put(&mut bytes, ground.map_or(0, |ground| u64::from(ground) + 1));
        bytes.extend([middle, left, up, side]);
        file.sections.push(Section { tag: TAG, bytes });
        file.networks.push(NamedGraph { name: NAME.into(), graph: self.graph.clone() });
    }

    /// The one of a model file, if there is one.
    ///
    /// # Errors
    /// Corrupt for what [`Predictor::write`] cannot have written; whether the network is a predictor, [`Causal::new`] says.
    pub fn read(file: &ModelFile) -> Result<Option<Self>> {
        if file.sections.iter().filter(|section| section.tag == TAG).count() > 1 {
            return Err(Error::corrupt("codec file: two predictors"));
        }
        let Some(bytes) = file.section(TAG) else { return Ok(None) };
        let mut reader = Reader::new(bytes);
        let width = reader.varint_max(u64::from(u32::MAX), "the width of records")? as u32;
        let channels = reader.u8()?;
        let rows = reader.varint_max(u64::from(u32::MAX), "the rows of records")? as u32;
        let ground = reader.varint_max(256, "the ground of records")?.checked_sub(1);
        let [middle, left, up, side] = reader.array()?;
        let ground = ground.map(|ground| ground as u8);
        let geometry = Geometry { width, channels, rows, ground, middle, left, up, side };
        if !reader.is_empty() || !geometry.is_sane() {
            return Err(Error::corrupt("codec file: a predictor of records that cannot be"));
        }
        Ok(Some(Self { geometry, graph: file.network(NAME)?.clone() }))
    }

    /// Checked and made ready.
    ///
    /// # Errors
    /// As [`Causal::new`], but corrupt in place of usage.
    pub fn ready(&self, env: &Env) -> Result<Causal> {
        Causal::new(self.geometry, &self.graph, env).map_err(|error| {
            if error.kind() == minlen_core::ErrorKind::Usage {
                Error::corrupt(format!("codec file: {}", error.message()))
            } else {
                error
            }
        })
    }
}

impl Causal {
    /// The predictor of a codec file.
    ///
    /// # Errors
    /// Corrupt for a file that is none, or has none; those of the file.
    pub fn of_file(bytes: &[u8], env: &Env) -> Result<Self> {
        let known = [BESIDE[0], BESIDE[1], BESIDE[2], TAG];
        let file = ModelFile::read_some(bytes, &known, |name| name == NAME, env)?;
        let none = || Error::corrupt("the codec file has no predictor");
        Predictor::read(&file)?.ok_or_else(none)?.ready(env)
    }
}
