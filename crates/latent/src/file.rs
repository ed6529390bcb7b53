//! Codec files: a [`Model`] as a [`ModelFile`] (docs/format/autoencoder.md).
//!
//! The head says what records are and names the members; each linear member has a section with its numbers as they are and its matrices
//! of small integers in the coder of quantized weights.

use crate::linear::{Basis, CLASSES_MAX, COORDINATES_MAX, Class, Linear};
use crate::model::{Body, MEMBERS_MAX, Member, Model, NUMBERS_MAX, RATES_MAX};
use crate::network::{LATENTS_MAX, Latents, Rate, Residual};
use crate::steps;
use crate::tables::{SHARED, Start};
use crate::values::{Scaling, TYPES};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use minlen_nn::causal;
use minlen_nn::integer::quantize::Scale;
use minlen_nn::model_file::{ModelFile, NamedGraph, Section, Tag};
use minlen_nn::quantized::{self, Layer, Network};

/// The kind of model file.
pub const KIND: &str = "autoencoder";
/// What records are, and which members there are.
const HEAD: Tag = *b"RECS";
/// A linear member.
const LINEAR: Tag = *b"LINR";
/// A member that is a network: what is not in its graphs.
const LATENTS: Tag = *b"LATN";

/// True if `bytes` begin as a model file does.
#[must_use]
pub fn is_codec_file(bytes: &[u8]) -> bool {
    ModelFile::begins(bytes)
}

impl Model {
    /// The codec file.
    ///
    /// # Errors
    /// Corrupt if the parts do not fit together; usage for texts that are too long.
    pub fn write(&self, env: &Env) -> Result<Vec<u8>> {
        self.check(env)?;
        let mut file = ModelFile::new(KIND);
        (file.licence, file.provenance) = (self.licence.clone(), self.provenance.clone());
        file.report = self.report.clone();
        file.sections.push(Section { tag: HEAD, bytes: self.head() });
        for (number, Member { name, body }) in self.members.iter().enumerate() {
            let mut bytes = vec![name.len() as u8];
            bytes.extend(name.bytes());
            let tag = match body {
                Body::Linear { linear, start, pull } => {
                    write_linear(linear, start, *pull, &mut bytes)?;
                    LINEAR
                }
                Body::Network(latents) => {
                    write_latents(latents, &mut bytes);
                    bytes.push(u8::from(latents.residual.is_some()));
                    if let Some(residual) = &latents.residual {
                        let Residual { linear, start, pull, steps } = &**residual;
                        bytes.push(steps.len() as u8);
                        bytes.extend(steps);
                        write_linear(linear, start, *pull, &mut bytes)?;
                    }
                    let graphs = [("prior", Some(&latents.prior)), ("decoder", Some(&latents.decoder))];
                    for (part, graph) in graphs.into_iter().chain([("encoder", latents.encoder.as_ref())]) {
                        let graph = graph
                            .map(|graph| NamedGraph { name: graph_name(number, part), graph: graph.clone() });
                        file.networks.extend(graph);
                    }
                    LATENTS
                }
            };
            file.sections.push(Section { tag, bytes });
        }
        if let Some(predictor) = &self.predictor {
            predictor.write(&mut file);
        }
        file.write()
    }

    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let number = TYPES.iter().position(|&dtype| dtype == self.scaling.dtype()).unwrap_or(0);
        out.push(number as u8);
        out.extend(self.scaling.offset().to_le_bytes());
        out.extend(self.scaling.scale().to_le_bytes());
        out.push(self.shape.len() as u8);
        self.shape.iter().for_each(|&side| put(&mut out, u64::from(side)));
        out.extend([self.coarsest, self.rates, self.members.len() as u8]);
        out
    }

    /// The model of a codec file.
    ///
    /// # Errors
    /// Truncated or corrupt for what [`Model::write`] cannot have written; unsupported for a later version; limit.
    pub fn read(bytes: &[u8], env: &Env) -> Result<Self> {
        let file = ModelFile::read(bytes, &[HEAD, LINEAR, LATENTS, causal::TAG], env)?;
        if file.kind != KIND {
            return Err(Error::corrupt(format!("a model file of the kind {:?}, not {KIND:?}", file.kind)));
        }
        let missing = || Error::corrupt("codec file: nothing says what records are");
        let mut model = read_head(file.section(HEAD).ok_or_else(missing)?)?;
        let members = model.members.capacity();
        for section in &file.sections {
            let mut reader = Reader::new(&section.bytes);
            let number = model.members.len();
            let member = match section.tag {
                LINEAR => {
                    let name = read_name(&mut reader)?;
                    let (linear, start, pull) = read_linear(&mut reader, model.numbers(), env)?;
                    Member { name, body: Body::Linear { linear, start, pull } }
                }
                LATENTS => {
                    let name = read_name(&mut reader)?;
                    Member { name, body: read_latents(&mut reader, &file, number, model.numbers(), env)? }
                }
                _ => continue,
            };
            if number == members {
                return Err(Error::corrupt("codec file: too many members"));
            }
            model.members.push(member);
        }
        if model.members.len() != members {
            return Err(Error::corrupt("codec file: another number of members"));
        }
        model.predictor = causal::Predictor::read(&file)?;
        (model.licence, model.provenance, model.report) = (file.licence, file.provenance, file.report);
        model.check(env)?;
        Ok(model)
    }
}

/// The head of a model without members, with room for as many as there should be.
fn read_head(bytes: &[u8]) -> Result<Model> {
    let mut reader = Reader::new(bytes);
    let bad = || Error::corrupt("codec file: records that are none");
    let dtype = *TYPES.get(usize::from(reader.u8()?)).ok_or_else(bad)?;
    let [offset, scale] = [f64::from_le_bytes(reader.array()?), f64::from_le_bytes(reader.array()?)];
    let sides = usize::from(reader.u8()?);
    if sides > 4 {
        return Err(bad());
    }
    let mut shape = Vec::with_capacity(sides);
    for _ in 0..sides {
        shape.push(reader.varint_max(NUMBERS_MAX, "a side of a record")? as u32);
    }
    let [coarsest, rates, members] = reader.array()?;
    if !reader.rest().is_empty() || usize::from(members) > MEMBERS_MAX || rates > RATES_MAX {
        return Err(bad());
    }
    Ok(Model {
        shape,
        scaling: Scaling::new(dtype, offset, scale)?,
        members: Vec::with_capacity(usize::from(members)),
        predictor: None,
        coarsest,
        rates,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    })
}

fn signed(out: &mut Vec<u8>, value: i32) {
    put(out, u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
}

fn read_signed(reader: &mut Reader<'_>) -> Result<i32> {
    let value = reader.varint_max(u64::from(u32::MAX), "a number")? as u32;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

fn matrix(basis: &Basis, columns: usize) -> Layer {
    let integers = basis.rows.iter().map(|&x| i32::from(x)).collect();
    Layer::new(basis.scales.len(), columns, integers)
}

fn read_name(reader: &mut Reader<'_>) -> Result<String> {
    let len = usize::from(reader.u8()?);
    let name = std::str::from_utf8(reader.bytes(len)?);
    name.map(str::to_owned).map_err(|_| Error::corrupt("codec file: a name that is no text"))
}

fn graph_name(member: usize, part: &str) -> String {
    format!("member{member}-{part}")
}

/// What of a network is not in its graphs: scales, then its rates.
fn write_latents(latents: &Latents, out: &mut Vec<u8>) {
    out.extend([
        latents.input.bits,
        latents.found_bits,
        latents.output_bits,
        latents.context_bits,
        latents.patch,
    ]);
    out.extend(latents.unit.to_le_bytes());
    out.extend(latents.input.limit.to_le_bytes());
    out.extend(latents.most.to_le_bytes());
    put(out, latents.count() as u64);
    out.push(latents.rates.len() as u8);
    for rate in &latents.rates {
        out.push(rate.step);
        out.extend(rate.context.iter().flat_map(|x| x.to_le_bytes()));
        rate.gains.iter().chain(&rate.steps).for_each(|&x| put(out, u64::from(x)));
        rate.offsets.iter().for_each(|&x| signed(out, x));
    }
}

fn read_latents(
    reader: &mut Reader<'_>,
    file: &ModelFile,
    member: usize,
    numbers: usize,
    env: &Env,
) -> Result<Body> {
    let [input_bits, found_bits, output_bits, context_bits, patch] = reader.array()?;
    let unit = reader.u32()?;
    let limit = i16::from_le_bytes(reader.array()?);
    let most = u16::from_le_bytes(reader.array()?);
    let count = reader.varint_max(LATENTS_MAX as u64, "the number of latents")? as usize;
    let many = usize::from(reader.u8()?);
    let mut rates = Vec::new();
    for _ in 0..many {
        let step = reader.u8()?;
        let context = [i16::from_le_bytes(reader.array()?), i16::from_le_bytes(reader.array()?)];
        let number = |reader: &mut Reader<'_>| Ok(reader.varint_max(u64::from(u32::MAX), "a gain")? as u32);
        let gains = (0..count).map(|_| number(reader)).collect::<Result<_>>()?;
        let steps = (0..count).map(|_| number(reader)).collect::<Result<_>>()?;
        let offsets = (0..count).map(|_| read_signed(reader)).collect::<Result<_>>()?;
        rates.push(Rate { step, context, gains, offsets, steps });
    }
    let residual = match reader.u8()? {
        0 => None,
        1 => {
            let count = usize::from(reader.u8()?);
            let steps = reader.bytes(count)?.to_vec();
            let (linear, start, pull) = read_linear(reader, numbers, env)?;
            Some(Box::new(Residual { linear, start, pull, steps }))
        }
        _ => return Err(Error::corrupt("codec file: a residual that is neither there nor not")),
    };
    let is_whole = residual.is_some() || reader.rest().is_empty();
    if !is_whole || limit < 1 {
        return Err(Error::corrupt("codec file: a network with something left over"));
    }
    let graph = |part: &str| file.network(&graph_name(member, part)).cloned();
    Ok(Body::Network(Latents {
        encoder: graph("encoder").ok(),
        prior: graph("prior")?,
        decoder: graph("decoder")?,
        input: Scale { bits: input_bits, limit },
        found_bits,
        output_bits,
        context_bits,
        patch,
        unit,
        most,
        rates,
        residual,
    }))
}

/// A linear member: sizes, numbers as they are, then its matrices.
fn write_linear(linear: &Linear, start: &Start, pull: [i8; 2], out: &mut Vec<u8>) -> Result<()> {
    out.extend(pull.map(i8::cast_unsigned));
    let coordinates = linear.basis.scales.len();
    put(out, coordinates as u64);
    put(out, linear.classes.len() as u64);
    let scales = |out: &mut Vec<u8>, scales: &[u16]| out.extend(scales.iter().flat_map(|s| s.to_le_bytes()));
    scales(out, &linear.basis.scales);
    linear.mean.iter().for_each(|&x| signed(out, x));
    let mut layers = vec![matrix(&linear.basis, linear.numbers())];
    for class in &linear.classes {
        put(out, class.deviations.len() as u64);
        out.extend(&class.deviations);
        class.centre.iter().for_each(|&x| signed(out, x));
        out.push(u8::from(class.basis.is_some()));
        if let Some(basis) = &class.basis {
            put(out, basis.scales.len() as u64);
            scales(out, &basis.scales);
            layers.push(matrix(basis, coordinates));
        }
    }
    let logits = start.logits.iter().map(|&x| i32::from(x)).collect();
    let counts = start.counts.iter().map(|&x| i32::from(x)).collect();
    layers.push(Layer::new(1, start.logits.len(), logits));
    layers.push(Layer::new(1, start.counts.len(), counts));
    out.extend(quantized::encode(&Network { label: Vec::new(), layers })?);
    Ok(())
}

/// The integers of a matrix of this size.
fn integers<T: TryFrom<i32>>(layer: Option<Layer>, rows: usize, columns: usize) -> Result<Vec<T>> {
    let bad = || Error::corrupt("codec file: a matrix of another size");
    let layer = layer.filter(|layer| layer.rows == rows && layer.columns == columns).ok_or_else(bad)?;
    layer.integers.into_iter().map(|x| T::try_from(x).map_err(|_| bad())).collect()
}

/// A linear member or a residual, which is the last thing in its section.
fn read_linear(reader: &mut Reader<'_>, numbers: usize, env: &Env) -> Result<(Linear, Start, [i8; 2])> {
    let pull = reader.array()?.map(u8::cast_signed);
    let coordinates = reader.varint_max(COORDINATES_MAX as u64, "the number of coordinates")? as usize;
    let count = reader.varint_max(CLASSES_MAX as u64, "the number of classes")? as usize;
    let scales = |reader: &mut Reader<'_>, count: usize| -> Result<Vec<u16>> {
        Ok(reader.bytes(2 * count)?.as_chunks().0.iter().map(|s| u16::from_le_bytes(*s)).collect())
    };
    let signed = |reader: &mut Reader<'_>, count: usize| -> Result<Vec<i32>> {
        (0..count).map(|_| read_signed(reader)).collect()
    };
    let mut basis = Basis { rows: Vec::new(), scales: scales(reader, coordinates)? };
    let mean: Vec<i32> = signed(reader, numbers)?;
    let mut classes = Vec::new();
    for _ in 0..count {
        let deviations = reader.varint_max(COORDINATES_MAX as u64, "the number of coefficients")? as usize;
        let deviations = reader.bytes(deviations)?.to_vec();
        if deviations.iter().any(|&d| d > steps::QUARTERS_MAX) {
            return Err(Error::corrupt("codec file: a deviation out of range"));
        }
        let centre: Vec<i32> = signed(reader, coordinates)?;
        let basis = match reader.u8()? {
            0 => None,
            1 => {
                let rows = reader.varint_max(COORDINATES_MAX as u64, "the number of coefficients")? as usize;
                Some(Basis { rows: Vec::new(), scales: scales(reader, rows)? })
            }
            _ => return Err(Error::corrupt("codec file: a basis that is neither there nor not")),
        };
        classes.push(Class { centre, basis, deviations });
    }
    let mut layers = quantized::decode(reader.rest(), env)?.layers.into_iter();
    basis.rows = integers(layers.next(), coordinates, numbers)?;
    for basis in classes.iter_mut().filter_map(|class| class.basis.as_mut()) {
        basis.rows = integers(layers.next(), basis.scales.len(), coordinates)?;
    }
    let coefficients: usize = classes.iter().map(|class: &Class| class.deviations.len()).sum();
    let probabilities = SHARED + coefficients;
    let start = Start {
        logits: integers(layers.next(), 1, probabilities)?,
        counts: integers(layers.next(), 1, probabilities)?,
    };
    if layers.next().is_some() {
        return Err(Error::corrupt("codec file: a matrix too many"));
    }
    Ok((Linear { mean, basis, classes }, start, pull))
}
