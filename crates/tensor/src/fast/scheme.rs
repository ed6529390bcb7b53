//! How each array of a block is coded, and how that travels.

use super::form::{Form, LISTED, Values};
use super::shape::Shape;
use super::side::{Number, Side, Tree, check};
use super::table::{Freqs, TableModels};
use crate::Dtype;
use crate::dense::Scales;
use minlen_core::{Env, Error, Reservation, Result};

/// The most tables of a block.
pub(crate) const TABLES: usize = 128;
/// The most contexts of one stream by position.
pub(crate) const CONTEXTS: usize = 64;

/// How one stream is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Stored.
    Raw,
    /// Every byte is this one.
    Constant(u8),
    /// By one table.
    Table(u8),
    /// By the table for the scale of the row plus that of the column.
    Position(Vec<u8>),
    /// By the table for the byte of the first stream.
    Above(Vec<u8>),
}

/// How one array is coded.
#[derive(Clone, Debug)]
pub(crate) struct Scheme {
    /// See there.
    pub(crate) form: Form,
    /// One for every stream.
    pub(crate) modes: Vec<Mode>,
    /// For [`Mode::Position`].
    pub(crate) scales: Option<Scales>,
}

/// The tables and schemes of a block.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The tables.
    pub(crate) tables: Vec<Freqs>,
    /// One for every array, `None` for those of which nothing is coded here.
    pub(crate) schemes: Vec<Option<Scheme>>,
    /// Memory of lists and scales that were read.
    pub(crate) _held: Vec<Reservation>,
}

/// The models that all of it travels with.
struct Models {
    form: Tree,
    byte_of_window: Tree,
    entries: Number,
    gap: Number,
    kind: Vec<Tree>,
    byte: Tree,
    table: Vec<Tree>,
    again: Tree,
    map: Tree,
    scales: crate::dense::ScaleModels,
    held: Vec<Reservation>,
}

impl Models {
    fn new() -> Self {
        Self {
            form: Tree::new(3),
            byte_of_window: Tree::new(8),
            entries: Number::new(),
            gap: Number::new(),
            kind: vec![Tree::new(3); 8],
            byte: Tree::new(8),
            table: vec![Tree::new(7); 8 * 16],
            again: Tree::new(1),
            map: Tree::new(7),
            scales: crate::dense::ScaleModels::new(),
            held: Vec::new(),
        }
    }
}

impl Model {
    /// Writes `self`, or, with a reader, ignores it; gives what was written or read.
    ///
    /// # Errors
    /// Corrupt where what was read makes no sense; limit where it takes too much memory.
    pub(crate) fn code(&self, side: &mut impl Side, shapes: &[Shape], env: &Env) -> Result<Self> {
        let count = Number::new().code(side, self.tables.len() as u64)? as usize;
        if count > TABLES {
            return Err(Error::corrupt(format!("{count} tables for arrays, at most {TABLES} are allowed")));
        }
        let mut tables = Vec::with_capacity(count);
        let mut models = TableModels::new();
        for i in 0..count {
            tables.push(models.code(side, self.tables.get(i).unwrap_or(&[0; 256]))?);
        }
        let mut models = Models::new();
        let mut schemes = Vec::with_capacity(shapes.len());
        for (i, shape) in shapes.iter().enumerate() {
            check(side)?;
            let scheme = self.schemes.get(i).and_then(Option::as_ref);
            schemes.push(match shape.literal {
                0 => None,
                _ => Some(code_scheme(scheme, side, &mut models, shape, count, env)?),
            });
        }
        check(side)?;
        Ok(Self { tables, schemes, _held: models.held })
    }
}

fn code_scheme(
    scheme: Option<&Scheme>,
    side: &mut impl Side,
    models: &mut Models,
    shape: &Shape,
    tables: usize,
    env: &Env,
) -> Result<Scheme> {
    let form = code_form(scheme.map(|s| &s.form), side, models, shape.dtype, env)?;
    let class = (usize::BITS - shape.columns.leading_zeros()).min(15) as usize;
    let (count, first) = (form.streams(shape.dtype), form.first());
    let mut modes = Vec::with_capacity(count);
    for stream in 0..count {
        let mode = scheme.and_then(|s| s.modes.get(stream));
        let kind = match mode {
            None | Some(Mode::Raw) => 0,
            Some(Mode::Constant(_)) => 1,
            Some(Mode::Table(_)) => 2,
            Some(Mode::Position(_)) => 3,
            Some(Mode::Above(_)) => 4,
        };
        modes.push(match models.kind[stream.min(7)].code(side, kind) {
            0 => Mode::Raw,
            1 => {
                let byte = if let Some(Mode::Constant(byte)) = mode { *byte } else { 0 };
                Mode::Constant(models.byte.code(side, u32::from(byte)) as u8)
            }
            2 => {
                let table = if let Some(Mode::Table(table)) = mode { *table } else { 0 };
                let table = models.table[stream.min(7) * 16 + class].code(side, u32::from(table));
                if table as usize >= tables {
                    return Err(Error::corrupt("an array names a table that is not there"));
                }
                Mode::Table(table as u8)
            }
            3 => {
                let map = if let Some(Mode::Position(map)) = mode { map.as_slice() } else { &[] };
                Mode::Position(code_map(map, CONTEXTS, side, models, tables)?)
            }
            4 if stream > first && !matches!(modes[first], Mode::Raw) => {
                let map = if let Some(Mode::Above(map)) = mode { map.as_slice() } else { &[] };
                Mode::Above(code_map(map, 256, side, models, tables)?)
            }
            _ => return Err(Error::corrupt("unknown way of coding a stream")),
        });
    }
    let mut scales = None;
    if modes.iter().any(|mode| matches!(mode, Mode::Position(_))) {
        let known = scheme.and_then(|s| s.scales.as_ref());
        models.held.push(env.budget.reserve((shape.rows() + shape.columns.min(shape.len)) as u64)?);
        scales = Some(Scales::code(known, side, &mut models.scales, shape)?);
    }
    Ok(Scheme { form, modes, scales })
}

fn code_form(
    form: Option<&Form>,
    side: &mut impl Side,
    models: &mut Models,
    dtype: Dtype,
    env: &Env,
) -> Result<Form> {
    let plain = Form::PLAIN;
    let form = form.unwrap_or(&plain);
    let kind = match form.values {
        Values::Plain => 0,
        Values::Window(_) => 1,
        Values::List(_) => 2,
    };
    let kind = models.form.code(side, kind << 1 | u32::from(form.mask));
    let mask = kind & 1 == 1;
    let values = match kind >> 1 {
        0 => Values::Plain,
        1 if matches!(dtype, Dtype::Bf16 | Dtype::F32) => {
            let base = if let Values::Window(base) = form.values { base } else { 0 };
            Values::Window(models.byte_of_window.code(side, u32::from(base)) as u8)
        }
        2 if (2..=8).contains(&dtype.unit()) => {
            let list = if let Values::List(list) = &form.values { list.as_slice() } else { &[] };
            Values::List(code_list(list, side, models, env)?)
        }
        _ => return Err(Error::corrupt("unknown form of an array")),
    };
    Ok(Form { mask, values })
}

/// The entries of a list: the first, and how far each is above the one before it.
fn code_list(list: &[u64], side: &mut impl Side, models: &mut Models, env: &Env) -> Result<Vec<u64>> {
    let entries = models.entries.code(side, list.len() as u64)?;
    if !(1..=LISTED as u64).contains(&entries) {
        return Err(Error::corrupt("a list of values with none or too many"));
    }
    models.held.push(env.budget.reserve(8 * entries)?);
    let (mut result, mut before) = (Vec::with_capacity(entries as usize), 0u64);
    for i in 0..entries as usize {
        if i % 256 == 0 {
            check(side)?;
        }
        let value = list.get(i).copied().unwrap_or(0);
        let gap = models.gap.code(side, value.wrapping_sub(before))?;
        before = before.wrapping_add(gap);
        result.push(before);
    }
    Ok(result)
}

/// A table for each context: whether it is that of the context before, else which.
fn code_map(
    map: &[u8],
    len: usize,
    side: &mut impl Side,
    models: &mut Models,
    tables: usize,
) -> Result<Vec<u8>> {
    let (mut result, mut before) = (Vec::with_capacity(len), None);
    for i in 0..len {
        let table = map.get(i).copied().unwrap_or(0);
        let again = before.is_some() && models.again.code(side, u32::from(before == Some(table))) == 1;
        let read = if again { before.unwrap_or(0) } else { models.map.code(side, u32::from(table)) as u8 };
        if usize::from(read) >= tables {
            return Err(Error::corrupt("an array names a table that is not there"));
        }
        before = Some(read);
        result.push(read);
    }
    Ok(result)
}
