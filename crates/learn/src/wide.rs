//! Loops over many values with the widest instructions of the machine.
//!
//! Additions and products are the same in vectors of any width, and sums run in lanes whose number is fixed, so the results are the same too.

use minlen_entropy::mixing::simd::{Task, Vector, isa, with};

/// A loop that is too long for the compiler to inline where a closure has it.
pub(crate) trait Loop {
    type Out;
    /// To be marked `#[inline(always)]`.
    fn run(self) -> Self::Out;
}

struct Long<L>(L);

impl<L: Loop> Task for Long<L> {
    type Out = L::Out;

    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> L::Out {
        self.0.run()
    }
}

/// Does a loop with the widest instructions.
#[inline(always)]
pub(crate) fn wide_loop<L: Loop>(work: L) -> L::Out {
    with(isa(), Long(work))
}

struct Work<F>(F);

impl<R, F: FnOnce() -> R> Task for Work<F> {
    type Out = R;

    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> R {
        (self.0)()
    }
}

/// Does `work`, a loop whose body is inlined, with the widest instructions.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    with(isa(), Work(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{exp, ln, sigmoid, softplus, tanh};

    #[test]
    fn results_are_those_of_plain_loops() {
        let x: Vec<f32> = (0..1003).map(|i| (i as f32 - 500.0) * 0.037).collect();
        let all = |x: &f32| [exp(*x), ln(x.abs()), sigmoid(*x), softplus(*x).0, tanh(*x), x * x + 0.1];
        let plain: Vec<[f32; 6]> = x.iter().map(all).collect();
        assert_eq!(wide(|| x.iter().map(all).collect::<Vec<_>>()), plain);
    }
}
