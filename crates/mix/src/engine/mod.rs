//! The predictor: contexts in, bit probabilities out.
//!
//! [`Engine`] is what `cm` runs: one type for each set of [`Contexts`], with sizes known when it is compiled. A bit goes this way: each context
//! names a bucket of bit histories ([`crate::hash_table`]), each history has a probability that it learned, the match models add theirs, a
//! network of mixers weighs all of them, and the answer is corrected by what came of such answers before ([`crate::sse`]).
//!
//! ```
//! use minlen_mix::Predictor;
//! use minlen_mix::contexts::FastText;
//! use minlen_mix::engine::Engine;
//! // 7 contexts, 32 inputs, 4 sets of weights in the first layer and 1 in the last: as in `model=fast`.
//! let mut engine = Engine::<FastText, 7, 32, 4, 1>::new(FastText::default(), 2000, 18)?;
//! let mut bits = 0.0;
//! for byte in b"predict, then code. ".repeat(50) {
//!     for place in (0..8).rev() {
//!         let bit = u32::from(byte >> place & 1);
//!         let p = f64::from(engine.p()) / 65_536.0;
//!         bits -= if bit == 1 { p } else { 1.0 - p }.log2();
//!         engine.update(bit);
//!     }
//! }
//! assert!(bits < 1000.0, "{bits} bits for 1,000 bytes that repeat");
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod copy;
mod lookup;
mod parts;
mod predict;
mod replay;
mod step;

use crate::contexts::{Contexts, View};
use crate::hash_table::{Bucket, HashTable, Place};
use crate::lstm_model::LstmModel;
use crate::match_bypass::MatchBypass;
use crate::match_model::{MatchModel, head_bits};
use crate::sse::SseStage;
use minlen_core::Result;
use minlen_entropy::mixing::simd::{self, Isa};
use minlen_entropy::mixing::{Apm, FixedMixer, RatePolicy, stretch_table};
use parts::{DirectOrders, LearningRate, MORE, RunMap, StateInputs};

/// A model with `N` hashed contexts named by `C`.
pub struct Engine<C, const N: usize, const M: usize, const S: usize, const L: usize> {
    isa: Isa,
    contexts: C,
    view: View,
    stretch: &'static [i16; 4096],
    table: HashTable,
    hashes: [u32; N],
    next_hashes: [u32; N],
    places: [Place; N],
    buckets: [Bucket; N],
    state_maps: Box<[[StateInputs; 256]; N]>,
    runs: Box<[RunMap; N]>,
    /// What the runs say.
    run_inputs: [[i16; 2]; N],
    matches: Vec<MatchModel>,
    bypass: MatchBypass,
    direct: DirectOrders,
    lstm: Option<LstmModel>,
    mixer: FixedMixer<M, S, L>,
    /// The only APM of the faster models.
    apm: Apm<u32>,
    sse: SseStage,
    p: u32,
    rate: LearningRate,
}

/// The table grows with the input: about one bucket for a byte and a context, as half of them are new.
fn table_bits(contexts: usize, len: usize, max_bits: u32) -> u32 {
    let want = len.saturating_mul(contexts * 6).max(1);
    (usize::BITS - want.leading_zeros()).clamp(16, max_bits)
}

/// Bytes of the table of a model with so many contexts for `len` bytes.
///
/// ```
/// use minlen_mix::engine::table_size;
/// // Never below 64 KiB, never above the bound.
/// assert_eq!((table_size(7, 1, 22), table_size(7, 1 << 30, 22)), (1 << 16, 1 << 22));
/// ```
#[must_use]
pub fn table_size(contexts: usize, len: usize, max_bits: u32) -> u64 {
    HashTable::memory(table_bits(contexts, len, max_bits))
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    const INPUTS: usize = if C::RUNS { 4 } else { 2 };
    /// Inputs besides those of the contexts: two of each match model, a constant with the direct counters', the network's.
    const EXTRA: usize = 2 * (C::MATCH_LENGTHS.len() + 1 + C::DEEP as usize + C::LSTM as usize);
    /// Weight selectors of the engine itself, before those of the contexts.
    const OWN: usize = if C::ENGINE_SELECTORS { 4 } else { 2 };

    /// The sizes of the tables of a model for `len` bytes, of contexts and of matches, as powers of two: two models of one type that
    /// agree in them and in what they have seen are the same.
    #[must_use]
    pub fn sizes(len: usize, max_bits: u32) -> [u32; 2] {
        [table_bits(if C::RUNS { 2 * N } else { N }, len, max_bits), head_bits(len)]
    }

    /// A model for `len` bytes of input with tables of at most `2^max_bits` bytes.
    ///
    /// # Errors
    /// Limit if there is no memory.
    pub fn new(contexts: C, len: usize, max_bits: u32) -> Result<Self> {
        let [bits, heads] = Self::sizes(len, max_bits);
        let stretch = stretch_table();
        let entry = |s| StateInputs::new(s as u8, C::DEEP, stretch);
        let state_maps = vec![std::array::from_fn(entry); N].into_boxed_slice();
        let state_maps = state_maps.try_into().map_err(|_| minlen_core::Error::limit("contexts"))?;
        let runs = vec![RunMap::new(); N].into_boxed_slice();
        let runs = runs.try_into().map_err(|_| minlen_core::Error::limit("contexts"))?;
        const { assert!(M >= N * Self::INPUTS + Self::EXTRA && M.is_multiple_of(simd::LANES)) };
        const { assert!(Self::EXTRA <= 2 * MORE) };
        const { assert!(S == Self::OWN + C::LSTM as usize + C::SELECTORS.len()) };
        let own: &[usize] =
            if C::ENGINE_SELECTORS { &[256 * 3, 12 * 256, 32 * 8, 256] } else { &[256 * 3, 12 * 256] };
        let sets = std::array::from_fn(|i| {
            let last = C::SELECTORS.get(i.wrapping_sub(own.len())).copied().unwrap_or(LstmModel::CONTEXTS);
            own.get(i).copied().unwrap_or(last)
        });
        let mins: &[usize] = C::MATCH_LENGTHS;
        let matches = mins.iter().map(|&min| MatchModel::new(min, heads, C::DEEP)).collect::<Result<_>>()?;
        let mut engine = Self {
            isa: simd::isa(),
            contexts,
            view: View::default(),
            stretch,
            table: HashTable::new(bits)?,
            hashes: [0; N],
            next_hashes: [0; N],
            places: [0; N],
            buckets: [[0; 16]; N],
            state_maps,
            runs,
            run_inputs: [[0; 2]; N],
            matches,
            bypass: MatchBypass::new(),
            direct: DirectOrders::new(C::DEEP),
            lstm: if C::LSTM { Some(LstmModel::new()?) } else { None },
            mixer: FixedMixer::new(
                sets,
                std::array::from_fn(|i| [256, 256, 12 * 8][i]),
                (if C::RUNS { 5 } else { 10 } * 1024 / N as i32) as i16,
                if C::DEEP { RatePolicy::PerSet } else { RatePolicy::Shared },
            ),
            apm: Apm::new(if C::DEEP { 1 } else { 65_536 }),
            sse: SseStage::new(C::DEEP),
            p: 32_768,
            rate: if C::DEEP { LearningRate::new(3, 3) } else { LearningRate::new(14, 7) },
        };
        engine.hash_contexts();
        engine.look_up_byte();
        engine.predict_first();
        Ok(engine)
    }

    /// The learning rate that the mixers come down to, in 1/64.
    pub fn set_rate(&mut self, floor: u8) {
        self.rate = LearningRate::new(floor.into(), floor.into());
    }
}
