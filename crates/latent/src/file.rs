//! Codec files: a [`Model`] as a [`ModelFile`] (docs/format/autoencoder.md).
//!
//! The head says what records are and names the members; each linear member has a section with its numbers as they are and its matrices
//! of small integers in the coder of quantized weights.

use crate::linear::{Basis, Class, Linear};
use crate::model::{MEMBERS_MAX, Member, Model, NUMBERS_MAX, RATES_MAX};
use crate::steps;
use crate::tables::{SHARED, Start};
use crate::values::Scaling;
use minlen_core::varint::{Reader, put};
use minlen_core::{Dtype, Env, Error, Result};
use minlen_nn::model_file::{ModelFile, Section, Tag};
use minlen_nn::quantized::{self, Layer, Network};

/// The kind of model file.
pub const KIND: &str = "autoencoder";
/// What records are, and which members there are.
const HEAD: Tag = *b"RECS";
/// A linear member.
const LINEAR: Tag = *b"LINR";
/// Coordinates and classes at most, as [`Linear::check`] has them.
const SIDE_MAX: u64 = 1 << 12;
const TYPES: [Dtype; 6] = [Dtype::U8, Dtype::I8, Dtype::U16, Dtype::I16, Dtype::F32, Dtype::F64];

impl Model {
    /// The codec file.
    ///
    /// # Errors
    /// Corrupt if the parts do not fit together; usage for texts that are too long.
    pub fn write(&self) -> Result<Vec<u8>> {
        self.check()?;
        let mut file = ModelFile::new(KIND);
        (file.licence, file.provenance) = (self.licence.clone(), self.provenance.clone());
        file.report = self.report.clone();
        file.sections.push(Section { tag: HEAD, bytes: self.head() });
        for member in &self.members {
            file.sections.push(Section { tag: LINEAR, bytes: linear(member)? });
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
        let file = ModelFile::read(bytes, &[HEAD, LINEAR], env)?;
        if file.kind != KIND {
            return Err(Error::corrupt(format!("a model file of the kind {:?}, not {KIND:?}", file.kind)));
        }
        let missing = || Error::corrupt("codec file: nothing says what records are");
        let mut model = read_head(file.section(HEAD).ok_or_else(missing)?)?;
        let members = model.members.capacity();
        for section in file.sections.iter().filter(|section| section.tag == LINEAR) {
            model.members.push(read_linear(&section.bytes, model.numbers(), env)?);
        }
        if model.members.len() != members {
            return Err(Error::corrupt("codec file: another number of members"));
        }
        (model.licence, model.provenance, model.report) = (file.licence, file.provenance, file.report);
        model.check()?;
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

/// A linear member: name, sizes, numbers as they are, then its matrices.
fn linear(member: &Member) -> Result<Vec<u8>> {
    let Member { name, linear, start, pull } = member;
    let mut out = vec![name.len().min(32) as u8];
    out.extend(name.bytes().take(32));
    out.extend(pull.map(i8::cast_unsigned));
    let coordinates = linear.basis.scales.len();
    put(&mut out, coordinates as u64);
    put(&mut out, linear.classes.len() as u64);
    let scales = |out: &mut Vec<u8>, scales: &[u16]| out.extend(scales.iter().flat_map(|s| s.to_le_bytes()));
    scales(&mut out, &linear.basis.scales);
    linear.mean.iter().for_each(|&x| signed(&mut out, x));
    let mut layers = vec![matrix(&linear.basis, linear.numbers())];
    for class in &linear.classes {
        put(&mut out, class.deviations.len() as u64);
        out.extend(&class.deviations);
        class.centre.iter().for_each(|&x| signed(&mut out, x));
        out.push(u8::from(class.basis.is_some()));
        if let Some(basis) = &class.basis {
            put(&mut out, basis.scales.len() as u64);
            scales(&mut out, &basis.scales);
            layers.push(matrix(basis, coordinates));
        }
    }
    let logits = start.logits.iter().map(|&x| i32::from(x)).collect();
    let counts = start.counts.iter().map(|&x| i32::from(x)).collect();
    layers.push(Layer::new(1, start.logits.len(), logits));
    layers.push(Layer::new(1, start.counts.len(), counts));
    out.extend(quantized::encode(&Network { label: Vec::new(), layers })?);
    Ok(out)
}

/// The integers of a matrix of this size.
fn integers<T: TryFrom<i32>>(layer: Option<Layer>, rows: usize, columns: usize) -> Result<Vec<T>> {
    let bad = || Error::corrupt("codec file: a matrix of another size");
    let layer = layer.filter(|layer| layer.rows == rows && layer.columns == columns).ok_or_else(bad)?;
    layer.integers.into_iter().map(|x| T::try_from(x).map_err(|_| bad())).collect()
}

fn read_linear(bytes: &[u8], numbers: usize, env: &Env) -> Result<Member> {
    let mut reader = Reader::new(bytes);
    let len = usize::from(reader.u8()?);
    let name = std::str::from_utf8(reader.bytes(len)?).map_err(|_| Error::corrupt("codec file: a name"))?;
    let name = name.to_owned();
    let pull = reader.array()?.map(u8::cast_signed);
    let coordinates = reader.varint_max(SIDE_MAX, "the number of coordinates")? as usize;
    let count = reader.varint_max(SIDE_MAX, "the number of classes")? as usize;
    let scales = |reader: &mut Reader<'_>, count: usize| -> Result<Vec<u16>> {
        Ok(reader.bytes(2 * count)?.as_chunks().0.iter().map(|s| u16::from_le_bytes(*s)).collect())
    };
    let signed = |reader: &mut Reader<'_>, count: usize| -> Result<Vec<i32>> {
        (0..count).map(|_| read_signed(reader)).collect()
    };
    let mut basis = Basis { rows: Vec::new(), scales: scales(&mut reader, coordinates)? };
    let mean: Vec<i32> = signed(&mut reader, numbers)?;
    let mut classes = Vec::new();
    for _ in 0..count {
        let deviations = reader.varint_max(SIDE_MAX, "the number of coefficients")? as usize;
        let deviations = reader.bytes(deviations)?.to_vec();
        if deviations.iter().any(|&d| d > steps::QUARTERS_MAX) {
            return Err(Error::corrupt("codec file: a deviation out of range"));
        }
        let centre: Vec<i32> = signed(&mut reader, coordinates)?;
        let basis = match reader.u8()? {
            0 => None,
            1 => {
                let rows = reader.varint_max(SIDE_MAX, "the number of coefficients")? as usize;
                Some(Basis { rows: Vec::new(), scales: scales(&mut reader, rows)? })
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
    Ok(Member { name, linear: Linear { mean, basis, classes }, start, pull })
}
