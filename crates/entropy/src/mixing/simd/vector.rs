//! What the versions of the loops have in common.

/// Bits dropped from each pair's product before summing, so that no sum can overflow.
pub(super) const PAIR_SHIFT: u32 = 8;

/// A version of the loops that the processor at hand has: only [`super::with`] makes one.
pub trait Vector: Copy {
    /// For every set `s`: `Σ (x[2i] w[2i] + x[2i+1] w[2i+1]) >> 8` with the weights `weights[sets[s]]`.
    ///
    /// `M` is a multiple of [`super::LANES`]; a set outside the weights gives 0.
    fn dots<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S];

    /// Sets `x[2i]` and `x[2i+1]` to `pair(i)`: in registers, as loading what was stored in smaller pieces would wait.
    #[inline(always)]
    fn pairs<const M: usize>(self, x: &mut [i16; M], pair: impl Fn(usize) -> [i16; 2]) {
        for (i, x) in x.as_chunks_mut().0.iter_mut().enumerate() {
            *x = pair(i);
        }
    }

    /// For every set `s`: `w[i] += (x[i] * errors[s] + 2^14) >> 15`, saturating.
    fn trains<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &mut [[i16; M]],
        sets: &[u32; S],
        errors: &[i16; S],
    );
}

/// Work to be compiled for each version.
pub trait Task {
    /// What comes of it.
    type Out;
    /// To be marked `#[inline(always)]`, so that all of it is compiled with the instructions of `V`.
    fn run<V: Vector>(self, v: V) -> Self::Out;
}

/// The weights of one set.
#[inline(always)]
pub(super) fn row<const M: usize>(weights: &[[i16; M]], set: u32) -> Option<&[i16; M]> {
    weights.get(set as usize)
}
