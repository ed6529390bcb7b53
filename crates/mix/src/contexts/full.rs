//! A set of contexts with everything that costs time.

use super::{Contexts, View};

/// The contexts of `C`, each with the bytes that followed it last, and the recurrent network beside them.
#[derive(Clone, Debug, Default)]
pub struct Full<C>(pub C);

impl<C: Contexts<N>, const N: usize> Contexts<N> for Full<C> {
    const DEEP: bool = true;
    const RUNS: bool = true;
    const LSTM: bool = true;
    const ORDERS: usize = C::ORDERS;
    const MATCH_LENGTHS: &'static [usize] = C::MATCH_LENGTHS;
    const SELECTORS: &'static [usize] = C::SELECTORS;

    #[inline(always)]
    fn next(&mut self, view: &View, names: &mut [u64; N]) {
        self.0.next(view, names);
    }

    #[inline(always)]
    fn sse_context(&self) -> u64 {
        self.0.sse_context()
    }

    #[inline(always)]
    fn select(&self, view: &View, choose: impl FnMut(usize, usize)) {
        self.0.select(view, choose);
    }
}
