//! A small byte-level language model with gradients: what quantization is calibrated and graded with.
//!
//! The architecture is that of Llama without biases or rotations: `x = embed[byte] + pos[t]`; in each layer
//! `x += o(attention(n1(x)))` and `x += down(silu(gate(n2(x))) * up(n2(x)))`; then `head(norm(x))`. The norms are RMSNorm
//! (Zhang and Sennrich 2019), the attention is causal with one stacked matrix for queries, keys and values, the second half
//! is SwiGLU (Shazeer 2020). Names: `embed.weight`, `pos.weight`, `layers.N.{n1,qkv,o,n2,gate,up,down}.weight`,
//! `norm.weight`, `head.weight`; all sizes are derived from the shapes.

mod backward;
mod evaluate;
mod forward;
mod product;

pub use backward::Sink;
pub use evaluate::{Grade, Reference, windows};
pub(crate) use evaluate::{draw, groups, in_parallel};
pub use forward::Cache;
pub(crate) use forward::softmax;
pub(crate) use product::{View, add_tn};

use minlen_core::{Advice, Error, Layout, Result};
use minlen_structure::Parsers;
use minlen_tensor::weights;
use std::ops::Range;

/// Width of an attention head where the width of the model is a multiple of it.
const HEAD_WIDTH: usize = 32;
/// More layers than this are taken for a malformed file.
const MAX_LAYERS: usize = 1024;

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Symbols: 256 for bytes.
    pub vocabulary: usize,
    /// Numbers in a state.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads; `width / heads` numbers each.
    pub heads: usize,
    /// Numbers between the matrices of the second half of a layer.
    pub hidden: usize,
    /// Symbols in a window.
    pub positions: usize,
}

/// One tensor among the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// As in the file.
    pub name: String,
    /// Outputs of a matrix, or 1 for a vector; symbols or positions of an embedding.
    pub rows: usize,
    /// Inputs of a matrix; the width of an embedding.
    pub cols: usize,
    /// Where it begins among the parameters.
    pub start: usize,
}

impl Slot {
    /// Its place among the parameters.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.cols
    }
}

/// Slots before the layers: embed, pos.
const BEFORE: usize = 2;
/// Slots of a layer: n1, qkv, o, n2, gate, up, down.
const PER_LAYER: usize = 7;

/// A model: sizes and parameters.
#[derive(Clone, Debug)]
pub struct Transformer {
    /// The sizes.
    pub config: Config,
    /// The tensors in the order embed, pos, then of each layer n1, qkv, o, n2, gate, up, down, then norm, head.
    pub slots: Vec<Slot>,
    /// All parameters.
    pub params: Vec<f32>,
}

impl Transformer {
    /// A model of these sizes with all parameters zero.
    #[must_use]
    pub fn zeros(config: Config) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        let mut start = 0;
        for (name, rows, cols) in names(config) {
            slots.push(Slot { name, rows, cols, start });
            start += rows * cols;
        }
        Self { config, slots, params: vec![0.0; start] }
    }

    /// The model in a file of tensors, such as safetensors or GGUF.
    ///
    /// # Errors
    /// Unsupported if the tensors are not those of this architecture; what [`Parsers::layout`] gives.
    pub fn from_file(file: &[u8]) -> Result<Self> {
        let layout = Parsers::arrays().layout(&file)?.ok_or_else(|| unfit("no file of tensors"))?;
        Self::from_layout(&layout, file)
    }

    /// The model in a file of any container format whose tensors are floats.
    ///
    /// # Errors
    /// Unsupported if the tensors are not those of this architecture.
    pub fn from_layout(layout: &Layout, file: &[u8]) -> Result<Self> {
        let mut model = Self::zeros(derive(layout)?);
        for slot in &model.slots {
            let tensor = layout.spans.iter().find(|tensor| tensor.name == slot.name);
            let tensor = tensor.ok_or_else(|| unfit(format!("tensor {} is missing", slot.name)))?;
            let bytes = file.get(tensor.start as usize..(tensor.start + tensor.len) as usize);
            let values = bytes.and_then(|bytes| weights::to_f32(tensor.dtype, bytes));
            let values = values.filter(|values| values.len() == slot.rows * slot.cols);
            let values = values
                .ok_or_else(|| unfit(format!("tensor {} has another shape or is no float", slot.name)))?;
            model.params[slot.range()].copy_from_slice(&values);
        }
        if layout.spans.len() != model.slots.len() {
            return Err(unfit("the file holds tensors that are no part of it"));
        }
        Ok(model)
    }

    /// The parameters of one slot.
    #[must_use]
    pub fn slot(&self, index: usize) -> &[f32] {
        &self.params[self.slots[index].range()]
    }

    /// The index of a layer's first slot.
    fn layer(layer: usize) -> usize {
        BEFORE + layer * PER_LAYER
    }

    /// The index of the last norm; the head follows.
    fn last(&self) -> usize {
        Self::layer(self.config.layers)
    }

    /// True for the tensors that turn symbols or positions into states.
    #[must_use]
    pub fn is_embedding(&self, index: usize) -> bool {
        index < BEFORE
    }

    /// True for the factors of norms.
    #[must_use]
    pub fn is_norm(&self, index: usize) -> bool {
        index >= BEFORE
            && (index == self.last() || index < self.last() && matches!((index - BEFORE) % PER_LAYER, 0 | 3))
    }
}

fn names(config: Config) -> Vec<(String, usize, usize)> {
    let Config { vocabulary, width, layers, hidden, positions, .. } = config;
    let mut list =
        vec![("embed.weight".to_owned(), vocabulary, width), ("pos.weight".to_owned(), positions, width)];
    for layer in 0..layers {
        let part = [
            ("n1", 1, width),
            ("qkv", 3 * width, width),
            ("o", width, width),
            ("n2", 1, width),
            ("gate", hidden, width),
            ("up", hidden, width),
            ("down", width, hidden),
        ];
        list.extend(part.map(|(name, rows, cols)| (format!("layers.{layer}.{name}.weight"), rows, cols)));
    }
    list.push(("norm.weight".to_owned(), 1, width));
    list.push(("head.weight".to_owned(), vocabulary, width));
    list
}

fn unfit(what: impl std::fmt::Display) -> Error {
    Error::unsupported(format!("not the transformer that minlen knows: {what}")).advise(Advice::NoCalibration)
}

/// The sizes that the shapes of the embeddings and of the first gate say.
fn derive(layout: &Layout) -> Result<Config> {
    let shape = |name: &str| -> Result<[usize; 2]> {
        let tensor = layout.spans.iter().find(|tensor| tensor.name == name);
        let tensor = tensor.ok_or_else(|| unfit(format!("tensor {name} is missing")))?;
        match tensor.shape[..] {
            [rows, cols] if rows > 0 && cols > 0 => Ok([rows as usize, cols as usize]),
            _ => Err(unfit(format!("tensor {name} is no matrix"))),
        }
    };
    let ([vocabulary, width], [positions, _]) = (shape("embed.weight")?, shape("pos.weight")?);
    let [hidden, _] = shape("layers.0.gate.weight")?;
    let has = |layer: usize| layout.spans.iter().any(|t| t.name == format!("layers.{layer}.qkv.weight"));
    let layers = (0..MAX_LAYERS).take_while(|layer| has(*layer)).count();
    if vocabulary != 256 {
        return Err(unfit(format!("its vocabulary has {vocabulary} symbols, not 256 bytes")));
    }
    let heads = if width % HEAD_WIDTH == 0 { width / HEAD_WIDTH } else { 1 };
    Ok(Config { vocabulary, width, layers, heads, hidden, positions })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A random model of 2 layers, width 16.
    pub(crate) fn tiny(seed: u64) -> Transformer {
        let config = Config { vocabulary: 256, width: 16, layers: 2, heads: 1, hidden: 32, positions: 12 };
        let mut model = Transformer::zeros(config);
        let mut random = crate::quantize::Random::new(seed);
        for (index, slot) in model.slots.clone().iter().enumerate() {
            let scale = if slot.rows > 200 { 0.5 } else { 1.0 / (slot.cols as f32).sqrt() };
            let mean = if model.is_norm(index) { 1.0 } else { 0.0 };
            for value in &mut model.params[slot.range()] {
                *value = mean + scale * random.normal();
            }
        }
        model
    }

    #[test]
    fn norms_and_embeddings_are_told_apart() {
        let model = tiny(1);
        let norms: Vec<&str> =
            (0..model.slots.len()).filter(|i| model.is_norm(*i)).map(|i| &model.slots[i].name[..]).collect();
        assert_eq!(norms.len(), 5, "{norms:?}");
        assert!(norms.iter().all(|name| name.contains("n1") || name.contains("n2") || name.contains("norm")));
    }
}
