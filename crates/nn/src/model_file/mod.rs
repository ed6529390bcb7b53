//! Learned networks as files: one format for all of them, `docs/format/model-file.md`.
//!
//! A [`ModelFile`] says what kind of model it is, holds networks in integers with their weights coded by [`crate::quantized`], and what
//! its kind adds in sections of its own; further probes (inputs and the hash of the outputs that they must give), licence, provenance and
//! a report of the training. What only an encoder needs, such as the analysis network in f32, can be [left out](ModelFile::decode_only).
//!
//! The identity of a file is the BLAKE3 of all its bytes: who names a model by hash holds it as [`minlen_core::Learned`].
//!
//! ```
//! use minlen_core::Env;
//! use minlen_nn::integer::{Dyadic, Graph, Linear, Node, Op, Shape};
//! use minlen_nn::model_file::{ModelFile, NamedGraph};
//! let linear = Linear {
//!     rows: 1, columns: 2, weights: vec![3, -4], bias: vec![5], scales: vec![Dyadic::ONE], limit: 99,
//! };
//! let nodes = vec![Node { from: 0, op: Op::Dense(linear) }];
//! let graph = Graph { input: Shape::flat(2), input_limit: 10, nodes };
//! let env = Env::default();
//! let mut model = ModelFile::new("example");
//! model.licence = "CC0-1.0".into();
//! model.networks.push(NamedGraph { name: "decoder".into(), graph });
//! model.add_probe("decoder", vec![1, 2, -3, 4], &env)?;
//! let bytes = model.write()?;
//!
//! let back = ModelFile::read(&bytes, &[], &env)?;
//! back.verify(&env)?;
//! assert_eq!(back.network("decoder")?, &model.networks[0].graph);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod graph;
mod probe;
mod read;
mod write;

pub use probe::Probe;

use crate::integer::Graph;
use minlen_core::{Error, Reservation, Result};
use std::sync::Arc;

/// First bytes of a file: not UTF-8, and damaged by any conversion of line ends.
pub const MAGIC: [u8; 8] = [0x8d, b'M', b'L', b'C', 0x0d, 0x0a, 0x1a, 0x0a];
/// The version of the format.
pub const VERSION: u8 = 1;
/// Longest name or kind.
const NAME_MAX: usize = 64;
/// Most sections of a file.
const SECTIONS_MAX: u64 = 4096;
/// Longest text in bytes.
const TEXT_MAX: usize = 1 << 20;

/// Four letters that say what a section is. Where the first is a capital, who does not know the section cannot use the file.
pub type Tag = [u8; 4];

const NETWORK: Tag = *b"NETW";
const PROBE: Tag = *b"PROB";
const FLOATS: Tag = *b"tens";
const LICENCE: Tag = *b"lice";
const PROVENANCE: Tag = *b"prov";
const REPORT: Tag = *b"repo";
/// Tags that this module gives a meaning.
const STANDARD: [Tag; 6] = [NETWORK, PROBE, FLOATS, LICENCE, PROVENANCE, REPORT];

/// A network of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGraph {
    /// What it is for: `decoder`, `prior`, ...
    pub name: String,
    /// What it computes.
    pub graph: Graph,
}

/// Numbers for those who encode: a part of an analysis network, say. Nothing that decoding needs may be in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// What it is.
    pub name: String,
    /// Its sides; the last changes fastest.
    pub sides: Vec<u64>,
    /// As many as the sides say; neither infinite nor NaN.
    pub values: Vec<f32>,
}

/// What a kind of model adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which section it is.
    pub tag: Tag,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A learned model. Read what you did not write with [`ModelFile::read`], then [`ModelFile::verify`] it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelFile {
    /// The kind of model: a word of small letters, digits and hyphens.
    pub kind: String,
    /// Under which licence it may be used.
    pub licence: String,
    /// Where it comes from: data, program, seed.
    pub provenance: String,
    /// How the training went.
    pub report: String,
    /// The networks, each of another name.
    pub networks: Vec<NamedGraph>,
    /// Inputs of networks with the hash of what they must give.
    pub probes: Vec<Probe>,
    /// What only encoding needs.
    pub tensors: Vec<Tensor>,
    /// What the kind adds, and sections that the reader did not know and may pass over.
    pub sections: Vec<Section>,
    held: Vec<Arc<Reservation>>,
}

impl ModelFile {
    /// A model of which nothing but the kind is known.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        let none = String::new;
        Self {
            kind: kind.into(),
            licence: none(),
            provenance: none(),
            report: none(),
            networks: Vec::new(),
            probes: Vec::new(),
            tensors: Vec::new(),
            sections: Vec::new(),
            held: Vec::new(),
        }
    }

    /// True where bytes begin as a model file does.
    #[must_use]
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The network of a name.
    ///
    /// # Errors
    /// Corrupt if there is none.
    pub fn network(&self, name: &str) -> Result<&Graph> {
        let found = self.networks.iter().find(|network| network.name == name);
        let missing = || Error::corrupt(format!("the model file has no network {name:?}"));
        found.map(|network| &network.graph).ok_or_else(missing)
    }

    /// The section of a tag, if there is one.
    #[must_use]
    pub fn section(&self, tag: Tag) -> Option<&[u8]> {
        self.sections.iter().find(|section| section.tag == tag).map(|section| &section.bytes[..])
    }

    /// The same model without what only encoding needs.
    #[must_use]
    pub fn decode_only(mut self) -> Self {
        self.tensors.clear();
        self
    }
}

/// True if the reader of a file must know this section.
fn is_critical(tag: Tag) -> bool {
    tag[0].is_ascii_uppercase()
}

/// Refuses names and kinds that are no words of small letters, digits and hyphens.
fn check_word(word: &str) -> Result<()> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=NAME_MAX).contains(&word.len()) && word.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::usage(format!("{word:?} is no word of at most {NAME_MAX} small letters, digits and hyphens")))
}

/// Refuses what two readers could take for different models.
fn check_names<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Result<()> {
    let mut seen = Vec::new();
    for name in names {
        check_word(name)?;
        if seen.contains(&name) {
            return Err(Error::usage(format!("two {what} are called {name:?}")));
        }
        seen.push(name);
    }
    Ok(())
}
