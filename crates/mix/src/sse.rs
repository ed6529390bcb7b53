//! Secondary symbol estimation (SSE) of the deeper models: what really came of such predictions in four contexts, by an APM for each.

use crate::contexts::View;
use minlen_entropy::mixing::Apm;

/// Contexts of each map.
const ROWS: usize = 1 << 16;

/// Maps that correct the answer of the mixer, and are averaged.
///
/// For each bit: [`SseStage::place`], [`SseStage::refine`], then [`SseStage::update`] with what came.
///
/// ```
/// use minlen_mix::contexts::View;
/// use minlen_mix::sse::SseStage;
/// let (mut stage, mut view) = (SseStage::new(true), View::default());
/// (view.c0, view.node) = (1, 1);
/// // The mixer is undecided (0 in the logistic domain), and always a one comes.
/// let mut p = 0;
/// for _ in 0..200 {
///     stage.place(&view, 0, 0);
///     p = stage.refine(0);
///     stage.update(1);
/// }
/// assert!(p > 50_000, "{p} of 65536");
/// ```
#[derive(Clone, Debug)]
pub struct SseStage {
    maps: [Apm<u32>; 4],
    at: [usize; 4],
}

/// Mixes what names a context and the bits of the byte so far into a row.
#[inline(always)]
fn row(name: u64, c0: u32) -> usize {
    ((name.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize ^ c0 as usize) & (ROWS - 1)
}

impl SseStage {
    /// Maps for use, or the smallest where they are not used.
    #[must_use]
    pub fn new(used: bool) -> Self {
        let rows = if used { ROWS } else { 1 };
        Self { maps: std::array::from_fn(|_| Apm::new(rows)), at: [0; 4] }
    }

    /// Names the contexts of the next bit and asks for their memory: the last two bytes, the last three, the `word`, and the
    /// last byte with the one that the match models `expect` (with a leading one; 0 for none).
    #[inline(always)]
    pub fn place(&mut self, view: &View, word: u64, expect: u32) {
        let names = [view.last(2), view.last(3) | 1 << 24, word, u64::from(expect) | view.last(1) << 9];
        self.at = names.map(|name| row(name, view.c0));
        for (map, &at) in self.maps.iter().zip(&self.at) {
            map.prefetch(at);
        }
    }

    /// The corrected probability of a one, in `1..=65535`, for a prediction `x` in the logistic domain.
    #[inline(always)]
    pub fn refine(&mut self, x: i32) -> u32 {
        let sum: u32 = self.maps.iter_mut().zip(&self.at).map(|(map, &at)| map.refine(x, at)).sum();
        ((sum + 2) >> 2).clamp(1, 65_535)
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update(&mut self, bit: u32) {
        self.maps.iter_mut().for_each(|map| map.update(bit, 6));
    }
}
