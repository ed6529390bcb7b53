//! One LSTM layer: its weights, the steps since its last change, and the way back through them.

use crate::config::Config;
use crate::random::Random;
use crate::simd::{self, Buffer, Isa, Rms};

/// One layer. Matrices are `[row][column]`, columns are gate blocks (see `simd/cell.rs`).
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) cells: usize,
    pub(crate) width: usize,
    pub(crate) rows: usize,
    /// One row per byte value: the one-hot input is a row copied. Also the bias, as one row always counts.
    pub(crate) bytes: Buffer,
    pub(crate) bytes_v: Buffer,
    /// β2^(changes) of each of these rows: rare bytes change rarely.
    pub(crate) bytes_decay: [f32; 256],
    /// Recurrent weights: the layer below (if any), then this layer one step ago.
    pub(crate) matrix: Buffer,
    pub(crate) matrix_v: Buffer,
    /// Gain and bias after normalisation, if on.
    pub(crate) affine: Option<Affine>,
    /// Last output.
    pub(crate) h: Buffer,
    xs: Buffer,
    zn: Buffer,
    act: Buffer,
    inverse: Buffer,
    states: Buffer,
    tc: Buffer,
    dz: Buffer,
    dc: Buffer,
    /// Gradient of `xs` of the step just gone through.
    pub(crate) dx: Buffer,
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
        let mut bytes = random.fill(256 * width, range);
        if !config.norm {
            bytes
                .chunks_exact_mut(width)
                .for_each(|row| row[..cells].iter_mut().for_each(|b| *b += FORGET_BIAS));
        }
        Self {
            cells,
            width,
            rows,
            bytes,
            bytes_v: Buffer::zeros(256 * width),
            bytes_decay: [1.0; 256],
            matrix: random.fill(rows * width, range),
            matrix_v: Buffer::zeros(rows * width),
            affine: config.norm.then(|| Affine::new(width, cells)),
            h: Buffer::zeros(cells),
            xs: Buffer::zeros(steps * rows),
            zn: Buffer::zeros(if config.norm { steps * width } else { 0 }),
            act: Buffer::zeros(steps * width),
            inverse: Buffer::zeros(steps * config.gates()),
            states: Buffer::zeros((steps + 1) * cells),
            tc: Buffer::zeros(steps * cells),
            dz: Buffer::zeros(steps * width),
            dc: Buffer::zeros(cells),
            dx: Buffer::zeros(rows),
        }
    }

    /// Forgets the state.
    pub(crate) fn restart(&mut self) {
        self.h.fill(0.0);
        self.states.fill(0.0);
    }

    /// Step `t` with input `byte` and the output of the layer below; the result is in `h`.
    pub(crate) fn forward(&mut self, isa: Isa, t: usize, byte: u8, below: Option<&[f32]>) {
        let (cells, width) = (self.cells, self.width);
        let x = &mut self.xs[t * self.rows..(t + 1) * self.rows];
        let (lower, own) = x.split_at_mut(self.rows - cells);
        if let Some(below) = below {
            lower.copy_from_slice(below);
        }
        own.copy_from_slice(&self.h);
        let z = &mut self.act[t * width..(t + 1) * width];
        z.copy_from_slice(&self.bytes[usize::from(byte) * width..][..width]);
        simd::matvec(isa, z, &self.matrix, x);
        if let Some(affine) = &self.affine {
            let gates = width / cells;
            for (gate, z) in z.chunks_exact_mut(cells).enumerate() {
                self.inverse[t * gates + gate] = simd::normalise(isa, z);
            }
            self.zn[t * width..(t + 1) * width].copy_from_slice(z);
            for ((z, gain), bias) in z.iter_mut().zip(affine.gain.iter()).zip(affine.bias.iter()) {
                *z = *z * gain + bias;
            }
        }
        let (old, new) = self.states[t * cells..(t + 2) * cells].split_at_mut(cells);
        simd::forward(isa, z, old, new, &mut self.tc[t * cells..(t + 1) * cells], &mut self.h);
    }

    /// Starts going back from the last step.
    pub(crate) fn backward_begin(&mut self) {
        self.dc.fill(0.0);
        self.dx.fill(0.0);
        if let Some(affine) = &mut self.affine {
            affine.d_gain.fill(0.0);
            affine.d_bias.fill(0.0);
        }
    }

    /// Step `t` back: `dh` is the gradient at its output from above and from the losses. Afterwards `dx` holds
    /// that of the inputs: of the layer below, then of this layer one step before.
    pub(crate) fn backward(&mut self, isa: Isa, t: usize, dh: &mut [f32], clip: f32) {
        let (cells, width) = (self.cells, self.width);
        for (dh, from_next) in dh.iter_mut().zip(&self.dx[self.rows - cells..]) {
            *dh += from_next;
        }
        let dz = &mut self.dz[t * width..(t + 1) * width];
        let act = &self.act[t * width..(t + 1) * width];
        let old = &self.states[t * cells..(t + 1) * cells];
        simd::backward(isa, dz, &mut self.dc, dh, act, old, &self.tc[t * cells..(t + 1) * cells], clip);
        if let Some(affine) = &mut self.affine {
            let gates = width / cells;
            let zn = &self.zn[t * width..(t + 1) * width];
            for k in 0..width {
                affine.d_gain[k] += dz[k] * zn[k];
                affine.d_bias[k] += dz[k];
                dz[k] *= affine.gain[k];
            }
            let blocks = dz.chunks_exact_mut(cells).zip(zn.chunks_exact(cells));
            for (gate, (dz, zn)) in blocks.enumerate() {
                simd::normalise_back(isa, dz, zn, self.inverse[t * gates + gate]);
            }
        }
        self.dx.fill(0.0);
        simd::dot_rows(isa, &mut self.dx, &self.matrix, dz);
    }

    /// Changes the weights by the gradients of all steps; `inputs` are the bytes of the steps.
    pub(crate) fn learn(&mut self, isa: Isa, inputs: &[u8], rule: Rms) {
        let width = self.width;
        simd::outer_rms(isa, &mut self.matrix, &mut self.matrix_v, &self.xs, &self.dz, width, rule);
        for (t, &byte) in inputs.iter().enumerate() {
            if inputs[..t].contains(&byte) {
                continue;
            }
            // The gradient of a byte's row is the sum over its steps, gathered in the slot of the first.
            for (later, &other) in inputs.iter().enumerate().skip(t + 1) {
                if other == byte {
                    let (first, other) = self.dz.split_at_mut(later * width);
                    let first = &mut first[t * width..(t + 1) * width];
                    first.iter_mut().zip(&other[..width]).for_each(|(a, b)| *a += b);
                }
            }
            let row = usize::from(byte) * width;
            self.bytes_decay[usize::from(byte)] *= rule.keep;
            let correction = 1.0 / (1.0 - self.bytes_decay[usize::from(byte)]);
            let (w, v) = (&mut self.bytes[row..row + width], &mut self.bytes_v[row..row + width]);
            simd::step_rms(isa, w, v, &self.dz[t * width..(t + 1) * width], Rms { correction, ..rule });
        }
        if let Some(a) = &mut self.affine {
            simd::step_rms(isa, &mut a.gain, &mut a.gain_v, &a.d_gain, rule);
            simd::step_rms(isa, &mut a.bias, &mut a.bias_v, &a.d_bias, rule);
        }
        self.states.copy_within(inputs.len() * self.cells.., 0);
    }
}
