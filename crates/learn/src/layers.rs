//! Layers: parameters with the operation that they belong to.

use crate::{Conv, Init, Param, Parameters, Random, Role, Shape, Tape, Var};

/// A product with weights, plus a bias.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Outputs by inputs.
    pub weights: Param,
    /// A value for each output.
    pub bias: Param,
}

impl Dense {
    /// Adds the parameters `NAME.weights` and `NAME.bias`.
    pub fn new(
        params: &mut Parameters,
        name: &str,
        inputs: usize,
        outputs: usize,
        init: Init,
        random: &mut Random,
    ) -> Self {
        let values = init.draw(outputs, inputs, random);
        Self {
            weights: params.add(&format!("{name}.weights"), [outputs, inputs], Role::Weight, values),
            bias: params.add(&format!("{name}.bias"), [outputs], Role::Free, vec![0.0; outputs]),
        }
    }

    /// Applies it to the last dimension of `x`.
    pub fn apply(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let (w, b) = (tape.param(self.weights), tape.param(self.bias));
        tape.dense(x, w, Some(b))
    }
}

/// A dense layer some of whose weights are held at 0.
#[derive(Clone, Copy, Debug)]
pub struct MaskedDense {
    /// The layer.
    pub dense: Dense,
    /// Zeros and ones, in the shape of its weights.
    pub mask: Param,
}

impl MaskedDense {
    /// Adds the parameters of a dense layer and the constant `NAME.mask`.
    pub fn new(
        params: &mut Parameters,
        name: &str,
        (inputs, outputs): (usize, usize),
        mask: Vec<f32>,
        init: Init,
        random: &mut Random,
    ) -> Self {
        let dense = Dense::new(params, name, inputs, outputs, init, random);
        // Weights under the mask are 0 and stay so: their gradient is.
        params.values_mut(dense.weights).iter_mut().zip(&mask).for_each(|(w, m)| *w *= m);
        let mask = params.add(&format!("{name}.mask"), [outputs, inputs], Role::Constant, mask);
        Self { dense, mask }
    }

    /// Applies it to the last dimension of `x`.
    pub fn apply(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let (w, b) = (tape.param(self.dense.weights), tape.param(self.dense.bias));
        let mask = tape.param(self.mask);
        tape.masked_dense(x, w, Some(b), mask)
    }
}

/// The masks of an autoregressive network (Germain et al., arXiv 1502.03509): `latents` values and `context` more go in, and
/// `numbers` come out for each latent, which depend on the latents before it and on the whole context.
///
/// The hidden layers have `hidden` units; output `j` belongs to latent `j % latents`. One mask for each layer, outputs by
/// inputs.
///
/// ```
/// let masks = minlen_learn::layers::autoregressive_masks(3, 1, &[6], 2);
/// // The first latent's numbers depend on no latent: all hidden units that they see look at the context (column 3) only.
/// let unit = &masks[0][..4];
/// assert_eq!(unit, [0.0, 0.0, 0.0, 1.0]);
/// ```
#[must_use]
pub fn autoregressive_masks(
    latents: usize,
    context: usize,
    hidden: &[usize],
    numbers: usize,
) -> Vec<Vec<f32>> {
    let latents_of = latents.max(1);
    // How many latents a unit has seen: inputs have seen themselves too, outputs and hidden units those before their own.
    let mut seen: Vec<usize> = (1..=latents).chain(std::iter::repeat_n(0, context)).collect();
    let mut masks = Vec::new();
    for &units in hidden.iter().chain(&[numbers * latents]) {
        let next: Vec<usize> = (0..units).map(|j| j % latents_of).collect();
        let rows = next.iter().flat_map(|n| seen.iter().map(move |s| if s <= n { 1.0 } else { 0.0 }));
        masks.push(rows.collect());
        seen = next;
    }
    masks
}

/// A convolution or a transposed one.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Filters by height by width by channels, or channels of the smaller side first in a transposed one.
    pub weights: Param,
    /// A value for each channel of the result.
    pub bias: Param,
    /// How the filter moves.
    pub conv: Conv,
    transposed: bool,
}

impl Convolution {
    /// Adds the parameters of a convolution from `inputs` channels to `outputs`.
    pub fn new(
        params: &mut Parameters,
        name: &str,
        (inputs, outputs): (usize, usize),
        conv: Conv,
        init: Init,
        random: &mut Random,
    ) -> Self {
        let shape = conv.weights(inputs, outputs);
        let values = init.draw(outputs, shape.len() / outputs.max(1), random);
        Self::of(params, name, values, shape, outputs, conv, false)
    }

    /// Adds the parameters of a transposed convolution from `inputs` channels to `outputs`.
    pub fn transposed(
        params: &mut Parameters,
        name: &str,
        (inputs, outputs): (usize, usize),
        conv: Conv,
        init: Init,
        random: &mut Random,
    ) -> Self {
        let shape = conv.weights(outputs, inputs);
        // Of the filter's places, a value of the result is summed from one in `apart` only.
        let rows = outputs.max(1) * conv.apart();
        let mut values = init.draw(rows, shape.len().div_ceil(rows), random);
        values.truncate(shape.len());
        Self::of(params, name, values, shape, outputs, conv, true)
    }

    fn of(
        params: &mut Parameters,
        name: &str,
        values: Vec<f32>,
        shape: Shape,
        outputs: usize,
        conv: Conv,
        transposed: bool,
    ) -> Self {
        Self {
            weights: params.add(&format!("{name}.weights"), shape, Role::Weight, values),
            bias: params.add(&format!("{name}.bias"), [outputs], Role::Free, vec![0.0; outputs]),
            conv,
            transposed,
        }
    }

    /// True for a transposed one.
    #[must_use]
    pub fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// Applies it to pictures (records, height, width, channels), or to sequences (records, length, channels).
    pub fn apply(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let (w, b) = (tape.param(self.weights), tape.param(self.bias));
        match (tape.shape(x).rank(), self.transposed) {
            (3, false) => tape.conv1d(x, w, Some(b), self.conv),
            (3, true) => tape.conv1d_transposed(x, w, Some(b), self.conv),
            (_, false) => tape.conv2d(x, w, Some(b), self.conv),
            (_, true) => tape.conv2d_transposed(x, w, Some(b), self.conv),
        }
    }
}

/// Generalised divisive normalisation: squares of what is learned keep it positive.
#[derive(Clone, Copy, Debug)]
pub struct Gdn {
    /// Roots of the constants, a value for each channel.
    pub beta: Param,
    /// Roots of the weights of the squares, channels by channels.
    pub gamma: Param,
    inverse: bool,
}

impl Gdn {
    /// Adds the parameters for `channels`.
    pub fn new(params: &mut Parameters, name: &str, channels: usize, inverse: bool) -> Self {
        // A little of every pair, since the slope of a square is 0 at 0.
        let root = |i: usize| if i / channels == i % channels { 0.316 } else { 0.01 };
        let gamma = (0..channels * channels).map(root).collect();
        Self {
            beta: params.add(&format!("{name}.beta"), [channels], Role::Free, vec![1.0; channels]),
            gamma: params.add(&format!("{name}.gamma"), [channels, channels], Role::Free, gamma),
            inverse,
        }
    }

    /// Applies it to the last dimension of `x`.
    pub fn apply(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let (beta, gamma) = (tape.param(self.beta), tape.param(self.gamma));
        let beta = tape.square(beta);
        let beta = tape.affine(beta, 1.0, 1e-6);
        let gamma = tape.square(gamma);
        if self.inverse { tape.gdn_inverse(x, beta, gamma) } else { tape.gdn(x, beta, gamma) }
    }
}
