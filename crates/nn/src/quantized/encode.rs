//! Writing a network.

use super::context::{Seen, Shape, Stat};
use super::mixer::Cell;
use super::model::{Model, Place};
use super::numbers::{Binary, Numbers, code_bit};
use super::{LABEL_MAX, LAYERS_MAX, Layer, Levels, MAGIC, Network, VERSION};
use crate::sealed;
use minlen_core::varint::put;
use minlen_core::{Error, Result};
use minlen_entropy::binary::Encoder;

/// The file of a network.
///
/// # Errors
/// Usage if a layer's fields do not fit together, or an integer or count is over the format's limits.
pub fn encode(network: &Network) -> Result<Vec<u8>> {
    let mut out = sealed::head(MAGIC, VERSION).to_vec();
    if network.label.len() as u64 > LABEL_MAX || network.layers.len() as u64 > LAYERS_MAX {
        return Err(Error::usage("the label or the list of layers is too long"));
    }
    put(&mut out, network.label.len() as u64);
    out.extend_from_slice(&network.label);
    put(&mut out, network.layers.len() as u64);
    for layer in &network.layers {
        layer.check()?;
        put_header(&mut out, layer);
    }
    let mut encoder = Encoder::append_to(out);
    let mut state = State::default();
    for layer in &network.layers {
        let empty = state.empty(&mut encoder, Shape::of(layer), Empty::of(layer));
        let mut side = Layer { integers: Vec::new(), ..layer.clone() };
        state.side(&mut encoder, &mut side, &empty);
        state.matrix(&mut encoder, layer, &empty);
    }
    let mut out = encoder.finish();
    sealed::close(&mut out);
    Ok(out)
}

/// Rows, columns, the picture, and which kinds of levels and biases there are.
fn put_header(out: &mut Vec<u8>, layer: &Layer) {
    let kind = match &layer.levels {
        Levels::Uniform(steps) if steps.len() == 1 => 0,
        Levels::Uniform(_) => 1,
        Levels::Codebook { .. } => 2,
    };
    let picture = layer.height != 1 || layer.width != layer.columns;
    out.push(kind | u8::from(!layer.biases.is_empty()) << 2 | u8::from(picture) << 3);
    put(out, layer.rows as u64);
    put(out, layer.columns as u64);
    if picture {
        put(out, layer.height as u64);
        put(out, layer.width as u64);
    }
    if let Levels::Codebook { positive, negative } = &layer.levels {
        put(out, positive.len() as u64);
        put(out, negative.len() as u64);
        positive.iter().chain(negative).for_each(|level| out.extend_from_slice(&level.to_le_bytes()));
    }
}

/// Rows and columns that are all zero.
#[derive(Clone, Debug)]
pub(super) struct Empty {
    pub rows: Vec<bool>,
    pub columns: Vec<bool>,
}

impl Empty {
    /// Those of a layer whose fields fit together.
    pub(super) fn of(layer: &Layer) -> Self {
        let (mut rows, mut columns) = (vec![true; layer.rows], vec![true; layer.columns]);
        for (i, _) in layer.integers.iter().enumerate().filter(|&(_, &q)| q != 0) {
            rows[i / layer.columns] = false;
            columns[i % layer.columns] = false;
        }
        Self { rows, columns }
    }
}

/// What passes from layer to layer, on both sides.
#[derive(Debug)]
pub(super) struct State {
    pub model: Model,
    /// Biases of rows that are not empty, and of those that are.
    biases: [Numbers; 2],
    steps: Numbers,
    last_step: i32,
    last_bias_step: i32,
    /// Emptiness of rows by the row before; of columns by four neighbours and the row of the layer before.
    row_flags: [Cell; 2],
    column_flags: Vec<Cell>,
    /// Rows of the layer before.
    pub before: Vec<Stat>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            model: Model::default(),
            biases: [Numbers::default(), Numbers::default()],
            steps: Numbers::default(),
            last_step: 0,
            last_bias_step: 0,
            row_flags: [Cell::default(); 2],
            column_flags: vec![Cell::default(); 5 * 3 * 2],
            before: Vec::new(),
        }
    }
}

impl State {
    /// Codes steps and biases: `layer` has them, or has room for them.
    pub(super) fn side(&mut self, io: &mut impl Binary, layer: &mut Layer, empty: &Empty) {
        if let Levels::Uniform(steps) = &mut layer.levels {
            for step in steps {
                self.last_step =
                    self.last_step.wrapping_add(self.steps.code(io, step.wrapping_sub(self.last_step)));
                *step = self.last_step;
            }
        }
        if !layer.biases.is_empty() {
            let change = layer.bias_step.wrapping_sub(self.last_bias_step);
            self.last_bias_step = self.last_bias_step.wrapping_add(self.steps.code(io, change));
            layer.bias_step = self.last_bias_step;
        }
        for (bias, &empty) in layer.biases.iter_mut().zip(&empty.rows) {
            *bias = self.biases[usize::from(empty)].code(io, *bias);
        }
    }

    /// Codes which rows and columns are empty.
    pub(super) fn empty(&mut self, io: &mut impl Binary, shape: Shape, mut empty: Empty) -> Empty {
        let mut last = 0;
        for row in &mut empty.rows {
            last = code_bit(io, &mut self.row_flags[last as usize & 1], u32::from(*row));
            *row = last != 0;
        }
        let known = self.before.len() == shape.planes();
        for c in 0..shape.columns {
            let source = if known { 1 + usize::from(self.before[c / shape.plane()].nz == 0) } else { 0 };
            let x = c % shape.plane() % shape.width;
            let y = c % shape.plane() / shape.width;
            let at = |inside: bool, back: usize| inside && empty.columns[c - back];
            // Outside counts as empty: pictures are empty at their borders.
            let sides = [
                x == 0 && shape.height > 1 || at(x > 0, 1),
                y == 0 && shape.height > 1 || at(y > 0, shape.width),
                at(x > 0 && y > 0, shape.width + 1),
                at(y > 0 && x + 1 < shape.width, shape.width.wrapping_sub(1)),
            ];
            let count = sides.iter().filter(|&&side| side).count();
            let cell = &mut self.column_flags[(count * 3 + source) * 2 + usize::from(sides[0])];
            empty.columns[c] = code_bit(io, cell, u32::from(empty.columns[c])) != 0;
        }
        empty
    }

    /// Codes the integers.
    fn matrix(&mut self, encoder: &mut Encoder, layer: &Layer, empty: &Empty) {
        let mut seen = Seen::new(Shape::of(layer), &self.before);
        self.model.next_layer();
        self.before.clear();
        for (r, row) in layer.integers.chunks(layer.columns.max(1)).enumerate() {
            for c in (0..row.len()).filter(|&c| !empty.rows[r] && !empty.columns[c]) {
                let place = Place::new(&seen, c);
                self.model.code(encoder, &place, row[c]);
                seen.add(c, row[c]);
            }
            self.before.push(seen.next_row());
        }
        self.before.resize(layer.rows, Stat::default());
    }
}
