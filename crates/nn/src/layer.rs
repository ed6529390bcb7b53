//! One LSTM layer: its weights, the steps since its last change, and the way back through them.

use crate::config::Config;
use crate::random::Random;
use crate::simd::{self, Buffer, Isa, Rms};
use crate::table::Table;

/// One layer. Matrices are `[row][column]`, columns are gate blocks (see `simd/cell.rs`).
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) cells: usize,
    pub(crate) width: usize,
    pub(crate) rows: usize,
    /// One-hot inputs: the last byte (also the bias, as one row always counts), then what `Config` adds.
    pub(crate) tables: Vec<Table>,
    /// Recurrent weights: the layer below (if any), then this layer one step ago.
    pub(crate) matrix: Buffer,
    pub(crate) matrix_v: Buffer,
    /// Gain and bias after normalisation, if on.
    pub(crate) affine: Option<Affine>,
    /// Last output.
    h: Buffer,
    /// Output of each step, and the gradient that arrives at it from above and from the losses.
    pub(crate) hs: Buffer,
    pub(crate) dhs: Buffer,
    xs: Buffer,
    zn: Buffer,
    act: Buffer,
    inverse: Buffer,
    states: Buffer,
    tc: Buffer,
    dz: Buffer,
    dc: Buffer,
    /// Gradient that arrives at the output from the step after.
    dh: Buffer,
}

/// Per-column gain and bias with their mean squares.
#[derive(Clone, Debug)]
pub(crate) struct Affine {
    pub(crate) gain: Buffer,
    pub(crate) gain_v: Buffer,
    pub(crate) bias: Buffer,
    pub(crate) bias_v: Buffer,
    d_gain: Buffer,
    d_bias: Buffer,
}

impl Affine {
    fn new(width: usize, cells: usize) -> Self {
        let zeros = || Buffer::zeros(width);
        let (mut gain, mut bias) = (zeros(), zeros());
        gain.fill(1.0);
        bias[..cells].fill(FORGET_BIAS);
        Self { gain, gain_v: zeros(), bias, bias_v: zeros(), d_gain: zeros(), d_bias: zeros() }
    }
}

/// Start of the forget gate: remember by default.
const FORGET_BIAS: f32 = 1.0;

impl Layer {
    pub(crate) fn new(config: &Config, index: usize, random: &mut Random) -> Self {
        let (cells, width, rows, steps) = (config.cells, config.width(), config.rows(index), config.horizon);
        let range = 1.0 / (rows as f32).sqrt();
        let values = config.inputs(index);
        let mut tables: Vec<_> = values.iter().map(|&n| Table::new(n, width, range, random)).collect();
        if let (Some(first), false) = (tables.first_mut(), config.norm) {
            let rows = first.w.chunks_exact_mut(width);
            rows.for_each(|row| row[..cells].iter_mut().for_each(|b| *b += FORGET_BIAS));
        }
        Self {
            cells,
            width,
            rows,
            tables,
            matrix: random.fill(rows * width, range),
            matrix_v: Buffer::zeros(rows * width),
            affine: config.norm.then(|| Affine::new(width, cells)),
            h: Buffer::zeros(cells),
            hs: Buffer::zeros(steps * cells),
            dhs: Buffer::zeros(steps * cells),
            xs: Buffer::zeros(steps * rows),
            zn: Buffer::zeros(if config.norm { steps * width } else { 0 }),
            act: Buffer::zeros(steps * width),
            inverse: Buffer::zeros(steps * config.gates()),
            states: Buffer::zeros((steps + 1) * cells),
            tc: Buffer::zeros(steps * cells),
            dz: Buffer::zeros(steps * width),
            dc: Buffer::zeros(cells),
            dh: Buffer::zeros(cells),
        }
    }

    /// Forgets the state.
    pub(crate) fn restart(&mut self) {
        self.h.fill(0.0);
        self.states.fill(0.0);
    }

    /// Step `t` with one-hot inputs `values` and the output of the layer below; the result is in `h`.
    pub(crate) fn forward(&mut self, isa: Isa, t: usize, values: &[u16], below: Option<&Self>) {
        let (cells, width) = (self.cells, self.width);
        let x = &mut self.xs[t * self.rows..(t + 1) * self.rows];
        let (lower, own) = x.split_at_mut(self.rows - cells);
        if let Some(below) = below {
            lower.copy_from_slice(&below.h);
        }
        own.copy_from_slice(&self.h);
        let z = &mut self.act[t * width..(t + 1) * width];
        let mut rows = self.tables.iter().zip(values).map(|(table, &value)| table.row(value));
        rows.next().into_iter().for_each(|row| z.copy_from_slice(row));
        rows.for_each(|row| simd::add(isa, z, row));
        simd::matvec(isa, z, &self.matrix, x);
        if let Some(affine) = &self.affine {
            let gates = width / cells;
            for (gate, z) in z.chunks_exact_mut(cells).enumerate() {
                self.inverse[t * gates + gate] = simd::normalise(isa, z);
            }
            self.zn[t * width..(t + 1) * width].copy_from_slice(z);
            simd::affine(isa, z, &affine.gain, &affine.bias);
        }
        let (old, new) = self.states[t * cells..(t + 2) * cells].split_at_mut(cells);
        simd::forward(isa, z, old, new, &mut self.tc[t * cells..(t + 1) * cells], &mut self.h);
        self.hs[t * cells..(t + 1) * cells].copy_from_slice(&self.h);
    }

    /// Back through all steps, from the gradients in `dhs`; adds those of the layer below to its `below`.
    pub(crate) fn backward(&mut self, isa: Isa, clip: f32, below: Option<&mut [f32]>) {
        self.dc.fill(0.0);
        self.dh.fill(0.0);
        if let Some(affine) = &mut self.affine {
            affine.d_gain.fill(0.0);
            affine.d_bias.fill(0.0);
        }
        let steps = self.hs.len() / self.cells;
        for t in (0..steps).rev() {
            self.step_back(isa, t, clip);
        }
        if let Some(below) = below {
            let matrix = &self.matrix[..(self.rows - self.cells) * self.width];
            simd::dot_rows_many(isa, below, matrix, &self.dz, self.width);
        }
    }

    /// Step `t`: fills its part of `dz`, and `dh` for the step before.
    fn step_back(&mut self, isa: Isa, t: usize, clip: f32) {
        let (cells, width) = (self.cells, self.width);
        let span = t * cells..(t + 1) * cells;
        simd::add(isa, &mut self.dh, &self.dhs[span.clone()]);
        let dz = &mut self.dz[t * width..(t + 1) * width];
        let act = &self.act[t * width..(t + 1) * width];
        simd::backward(
            isa,
            dz,
            &mut self.dc,
            &self.dh,
            act,
            &self.states[span.clone()],
            &self.tc[span],
            clip,
        );
        if let Some(affine) = &mut self.affine {
            let zn = &self.zn[t * width..(t + 1) * width];
            simd::affine_back(isa, dz, zn, &affine.gain, &mut affine.d_gain, &mut affine.d_bias);
            let gates = width / cells;
            let blocks = dz.chunks_exact_mut(cells).zip(zn.chunks_exact(cells));
            for (gate, (dz, zn)) in blocks.enumerate() {
                simd::normalise_back(isa, dz, zn, self.inverse[t * gates + gate]);
            }
        }
        self.dh.fill(0.0);
        let own = &self.matrix[(self.rows - cells) * width..];
        simd::dot_rows(isa, &mut self.dh, own, &self.dz[t * width..(t + 1) * width]);
    }

    /// Changes the weights by the gradients of all steps; `values` are the one-hot inputs, one list a table.
    pub(crate) fn learn(&mut self, isa: Isa, values: &[Vec<u16>], rule: Rms) {
        let width = self.width;
        simd::outer_rms(isa, &mut self.matrix, &mut self.matrix_v, &self.xs, &self.dz, width, rule);
        for (table, values) in self.tables.iter_mut().zip(values) {
            table.learn(isa, values, &self.dz, rule);
        }
        if let Some(a) = &mut self.affine {
            simd::step_rms(isa, &mut a.gain, &mut a.gain_v, &a.d_gain, rule);
            simd::step_rms(isa, &mut a.bias, &mut a.bias_v, &a.d_bias, rule);
        }
        let last = self.states.len() - self.cells;
        self.states.copy_within(last.., 0);
    }
}
