//! Attention, put together from other operations.

use crate::tape::{Tape, Var};

impl Tape<'_> {
    /// Scaled dot-product attention (Vaswani et al. 2017) of queries, keys and values, each (records, heads, length, width);
    /// `causal` lets each place see itself and those before it.
    pub fn attention(&mut self, queries: Var, keys: Var, values: Var, causal: bool) -> Var {
        let width = self.shape(queries).last();
        let scores = self.matmul_as(queries, keys, (false, true));
        let scores = self.scale(scores, 1.0 / (width as f32).sqrt());
        let weights = if causal { self.causal_softmax(scores) } else { self.softmax(scores) };
        self.matmul(weights, values)
    }
}
