//! The networks, and the file that they are in.

use super::{CHANNELS, HYPER, LATENTS, NEAR_LIMIT};
use minlen_core::{Env, Error, Result};
use minlen_nn::integer::{Graph, Network, Shape};
use minlen_nn::model_file::{ModelFile, NamedGraph, Section, Tag};
use std::sync::OnceLock;

/// The kind of the model file.
pub const KIND: &str = "picture-vae";
/// Fraction bits of the synthesis network's inputs and outputs.
const BITS: Tag = *b"VBIT";
/// The model that this crate brings.
const SHIPPED: &[u8] = include_bytes!("shipped.mlc");

/// The networks that decoding needs. Their shapes are those of training; they run on any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// From what says how latents are distributed to means and logarithms of scales in octaves.
    pub hyper_synthesis: Graph,
    /// From latents to squares of 2 by 2 pixels.
    pub synthesis: Graph,
    /// Fraction bits of the synthesis network's inputs.
    pub near_bits: u8,
    /// Fraction bits of its outputs.
    pub output_bits: u8,
}

/// Those that only encoding needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// From squares of 2 by 2 pixels to latents.
    pub analysis: Graph,
    /// From latents to what says how they are distributed.
    pub hyper_analysis: Graph,
}

/// All four networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What only encoding needs.
    pub encoding: Encoding,
    /// What both directions need.
    pub decoding: Decoding,
}

/// Names of networks in the file.
const NAMES: [&str; 4] = ["analysis", "hyper-analysis", "hyper-synthesis", "synthesis"];

/// The half of a model that is asked for first is decoded first: weights take most of the time of a small picture.
fn shipped<T>(cell: &'static OnceLock<T>, read: impl Fn(&[u8], &Env) -> Result<T>) -> Result<&'static T> {
    if let Some(half) = cell.get() {
        return Ok(half);
    }
    let half = read(SHIPPED, &Env::default())?;
    Ok(cell.get_or_init(|| half))
}

fn open(bytes: &[u8], names: &[&str], env: &Env) -> Result<ModelFile> {
    let file = ModelFile::read_some(bytes, &[BITS], |name| names.contains(&name), env)?;
    match file.kind == KIND {
        true => Ok(file),
        false => Err(Error::unsupported(format!("a model of the kind {}, not {KIND}", file.kind))),
    }
}

impl Encoding {
    /// That of the model that this crate brings.
    ///
    /// # Errors
    /// None for a crate that is whole.
    pub fn shipped() -> Result<&'static Self> {
        static HALF: OnceLock<Encoding> = OnceLock::new();
        shipped(&HALF, Self::read)
    }

    fn read(bytes: &[u8], env: &Env) -> Result<Self> {
        let file = open(bytes, &NAMES[..2], env)?;
        let network = |name| file.network(name).cloned();
        let half = Self { analysis: network(NAMES[0])?, hyper_analysis: network(NAMES[1])? };
        fits(&half.analysis, 2, 4 * CHANNELS, (4, LATENTS), env)?;
        fits(&half.hyper_analysis, 8, LATENTS, (1, HYPER), env)?;
        Ok(half)
    }
}

impl Decoding {
    /// That of the model that this crate brings.
    ///
    /// # Errors
    /// None for a crate that is whole.
    pub fn shipped() -> Result<&'static Self> {
        static HALF: OnceLock<Decoding> = OnceLock::new();
        shipped(&HALF, Self::read)
    }

    fn read(bytes: &[u8], env: &Env) -> Result<Self> {
        let file = open(bytes, &NAMES[2..], env)?;
        let section = file.sections.iter().find(|section| section.tag == BITS);
        let Some(&[near_bits, output_bits]) = section.map(|section| &section.bytes[..]) else {
            return Err(Error::corrupt("a model of pictures without its scales"));
        };
        let network = |name| file.network(name).cloned();
        let half = Self {
            hyper_synthesis: network(NAMES[2])?,
            synthesis: network(NAMES[3])?,
            near_bits,
            output_bits,
        };
        fits(&half.hyper_synthesis, 32, HYPER, (4, 2 * LATENTS), env)?;
        fits(&half.synthesis, 8, LATENTS, (16, 4 * CHANNELS), env)?;
        let right = near_bits <= 15 && output_bits <= 15 && half.synthesis.input_limit == NEAR_LIMIT;
        if right { Ok(half) } else { Err(Error::corrupt("scales that no model of pictures has")) }
    }
}

/// Whether a network gives what the next one takes, at the size of one place of what is coded first.
fn fits(graph: &Graph, down: usize, from: usize, (side, channels): (usize, usize), env: &Env) -> Result<()> {
    let network = at(graph, 32 / down, 32 / down, env)?;
    let to = Shape { height: side, width: side, channels };
    let right = graph.input.channels == from && network.output() == to;
    if right { Ok(()) } else { Err(Error::corrupt("networks of pictures that do not fit together")) }
}

impl Model {
    /// The model of a file.
    ///
    /// # Errors
    /// Corrupt, truncated or unsupported for what is no such file; limit where memory does not do.
    pub fn read(bytes: &[u8], env: &Env) -> Result<Self> {
        Ok(Self { encoding: Encoding::read(bytes, env)?, decoding: Decoding::read(bytes, env)? })
    }

    /// The file of the model.
    ///
    /// # Errors
    /// Usage for texts that are too long, corrupt for networks that do not fit together.
    pub fn write(&self, licence: &str, provenance: &str, env: &Env) -> Result<Vec<u8>> {
        let mut file = ModelFile::new(KIND);
        (file.licence, file.provenance) = (licence.into(), provenance.into());
        let Self { encoding, decoding } = self;
        let graphs =
            [&encoding.analysis, &encoding.hyper_analysis, &decoding.hyper_synthesis, &decoding.synthesis];
        for (name, graph) in NAMES.into_iter().zip(graphs) {
            file.networks.push(NamedGraph { name: name.into(), graph: graph.clone() });
        }
        file.sections.push(Section { tag: BITS, bytes: vec![decoding.near_bits, decoding.output_bits] });
        let bytes = file.write()?;
        Self::read(&bytes, env)?;
        Ok(bytes)
    }
}

/// A network made ready for so many rows and columns.
///
/// # Errors
/// Limit where memory does not do.
pub(super) fn at(graph: &Graph, height: usize, width: usize, env: &Env) -> Result<Network> {
    let input = Shape { height, width, channels: graph.input.channels };
    Network::new(&Graph { input, ..graph.clone() }, env)
}
