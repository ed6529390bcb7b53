//! The loops that take the time, with vector instructions: the same bytes as [`super::lanes`] does without.
//! `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]

use super::lanes::{Decoder, LANES};
use super::table::{Alias, Coder};
use std::sync::OnceLock;

/// A version of the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Isa {
    /// Plain Rust.
    Scalar,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// The best version that this machine can run, or the one that the environment asks for.
pub(crate) fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let wanted = match std::env::var("MINLEN_ISA").as_deref() {
            Ok("scalar") => Isa::Scalar,
            Ok("avx2") => Isa::Avx2,
            _ => Isa::Avx512,
        };
        wanted.min(best())
    })
}

/// The best version that this machine can run.
#[cfg(target_arch = "x86_64")]
pub(crate) fn best() -> Isa {
    if !is_x86_feature_detected!("avx2") {
        Isa::Scalar
    } else if is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("popcnt")
    {
        Isa::Avx512
    } else {
        Isa::Avx2
    }
}

/// The best version that this machine can run.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn best() -> Isa {
    Isa::Scalar
}

/// Plain code to be compiled for each version, in an `#[inline(always)]` method.
pub(crate) trait Task {
    /// What comes of it.
    type Out;
    /// Does it.
    fn run(self) -> Self::Out;
}

/// Runs a task with the instructions of a version, which must be at most [`best`].
pub(crate) fn with<T: Task>(isa: Isa, task: T) -> T::Out {
    debug_assert!(isa <= best());
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: versions come from `isa` or `best`, which ask the processor for exactly these instructions.
        Isa::Avx512 => unsafe { x86::task512(task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::task256(task) },
        _ => task.run(),
    }
}

/// Codes `symbols`, a whole number of turns of [`LANES`], backwards: true, or false if one of them has no frequency; `None` if it
/// is to be done without vectors.
pub(crate) fn encode(
    isa: Isa,
    symbols: &[u8],
    coder: &Coder,
    states: &mut [u32; LANES],
    words: &mut [u16],
    at: &mut usize,
) -> Option<bool> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512
            if *at >= symbols.len() && *at <= words.len() && coder.slots.len() == super::table::SLOTS =>
        {
            // SAFETY: the version comes from `isa` or `best`; there is room for a word for each symbol; the tables have their
            // full sizes.
            Some(unsafe { x86::encode512(symbols, coder, states, words, at) })
        }
        _ => None,
    }
}

/// Decodes whole turns by one table; gives how many symbols it decoded.
pub(crate) fn decode(
    decoder: &mut Decoder<'_>,
    slots: &[u32],
    alias: Option<&Alias>,
    out: &mut [u8],
) -> usize {
    match decoder.isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe {
            match alias {
                Some(alias) => x86::decode_alias(decoder, alias, out),
                None => x86::decode512(decoder, slots, None, out),
            }
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::decode256(decoder, slots, None, out) },
        _ => 0,
    }
}

/// Decodes whole turns by the tables `ids`; gives how many symbols it decoded.
pub(crate) fn decode_each(decoder: &mut Decoder<'_>, slots: &[u32], ids: &[u8], out: &mut [u8]) -> usize {
    match decoder.isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe { x86::decode512(decoder, slots, Some(ids), out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::decode256(decoder, slots, Some(ids), out) },
        _ => 0,
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::lanes::{Decoder, LANES};
    use super::super::table::{Alias, BITS, BUCKETS, Coder, Ranks, SLOTS};
    use super::Task;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,popcnt")]
    pub(super) fn task512<T: Task>(task: T) -> T::Out {
        task.run()
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn task256<T: Task>(task: T) -> T::Out {
        task.run()
    }

    /// Loads 64 bytes of a byte array from `at` on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load<const N: usize>(bytes: &[u8; N], at: usize) -> __m512i {
        assert!(at + 64 <= N);
        // SAFETY: 64 bytes are there.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().add(at).cast()) }
    }

    /// The two halves of a table of 128 bytes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn halves(table: &[u8; BUCKETS]) -> [__m512i; 2] {
        [load(table, 0), load(table, 64)]
    }

    /// Those of both symbols.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn pairs(tables: &[[u8; BUCKETS]; 2]) -> [[__m512i; 2]; 2] {
        [halves(&tables[0]), halves(&tables[1])]
    }

    /// Bytes of words that a turn can read: one a lane, and up to 16 at once from anywhere among them.
    const LAST: usize = 2 * (LANES + 16);

    /// Whole turns that can be decoded, and where their words are: near the end of all words in `last`, with zeros after them.
    fn words_of(decoder: &Decoder<'_>, out: usize, last: &mut [u8; LAST]) -> (usize, *const u16) {
        let left = decoder.words.get(2 * decoder.taken..).unwrap_or(&[]);
        let left = &left[..left.len() / 2 * 2];
        let count = (out / LANES).min((left.len() / 2).saturating_sub(16) / LANES);
        if count > 0 {
            return (count, left.as_ptr().cast());
        }
        let kept = left.len().min(LAST);
        last[..kept].copy_from_slice(&left[..kept]);
        last[kept..].fill(0);
        (usize::from(out >= LANES), last.as_ptr().cast())
    }

    // No closures over vectors below: code inside `map` and the like is not compiled with these instructions.

    /// Vectors of 16 states.
    const VECTORS: usize = LANES / 16;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    fn load_states(states: &[u32; LANES]) -> [__m512i; VECTORS] {
        let mut vectors = [_mm512_setzero_si512(); VECTORS];
        for (i, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: 16 states of all each.
            *vector = unsafe { _mm512_loadu_si512(states.as_ptr().add(16 * i).cast()) };
        }
        vectors
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    fn store_states(states: &mut [u32; LANES], vectors: [__m512i; VECTORS]) {
        for (i, vector) in vectors.into_iter().enumerate() {
            // SAFETY: 16 states of all each.
            unsafe { _mm512_storeu_si512(states.as_mut_ptr().add(16 * i).cast(), vector) };
        }
    }

    /// Gives 16 bits to the states that are too small.
    ///
    /// # Safety
    /// 16 words must be readable at `words`, and `words` moves by at most 16.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    unsafe fn refill(state: __m512i, words: &mut *const u16) -> __m512i {
        let short = _mm512_cmplt_epu32_mask(state, _mm512_set1_epi32(1 << 16));
        // SAFETY: the caller's promise.
        let fresh = _mm512_cvtepu16_epi32(unsafe { _mm256_loadu_si256((*words).cast()) });
        // SAFETY: at most 16 further, as promised.
        *words = unsafe { words.add(short.count_ones() as usize) };
        let fresh = _mm512_maskz_expand_epi32(short, fresh);
        _mm512_or_si512(_mm512_mask_slli_epi32(state, short, state, 16), fresh)
    }

    /// A table of the alias method in registers.
    struct Registers {
        divider: [__m512i; 2],
        symbol: [[__m512i; 2]; 2],
        freq: [[[__m512i; 2]; 2]; 2],
        bias: [[[__m512i; 2]; 2]; 2],
    }

    /// The byte of each bucket: of the first or the second symbol.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn pick(table: &[[__m512i; 2]; 2], bucket: __m512i, second: __mmask64) -> __m512i {
        let own = _mm512_permutex2var_epi8(table[0][0], bucket, table[0][1]);
        let other = _mm512_permutex2var_epi8(table[1][0], bucket, table[1][1]);
        _mm512_mask_blend_epi8(second, own, other)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    pub(super) fn decode_alias(decoder: &mut Decoder<'_>, alias: &Alias, out: &mut [u8]) -> usize {
        let table = Registers {
            divider: halves(&alias.divider),
            symbol: pairs(&alias.symbol),
            freq: [pairs(&alias.freq[0]), pairs(&alias.freq[1])],
            bias: [pairs(&alias.bias[0]), pairs(&alias.bias[1])],
        };
        let mut states = load_states(&decoder.states);
        let (mut done, mut last) = (0, [0u8; LAST]);
        // Bytes 0 of 32-bit lanes of one vector, then of another; and four bytes for each lane of two bytes and nothing.
        let mut evens = [0u8; 64];
        let mut spread = [[0u8; 64]; 4];
        for i in 0..64 {
            evens[i] = 2 * i as u8;
            for (quarter, spread) in spread.iter_mut().enumerate() {
                let symbol = (16 * quarter + i / 4) as u8;
                spread[i] = if i % 4 == 1 { symbol + 64 } else { symbol };
            }
        }
        let words16: [u16; 32] = std::array::from_fn(|i| 2 * i as u16);
        // SAFETY: 64 bytes.
        let words16 = unsafe { _mm512_loadu_si512(words16.as_ptr().cast()) };
        let evens = load(&evens, 0);
        let spread = [load(&spread[0], 0), load(&spread[1], 0), load(&spread[2], 0), load(&spread[3], 0)];
        let low = _mm512_set1_epi8(31);
        let slot_mask = _mm512_set1_epi32(SLOTS as i32 - 1);
        let twelve = _mm512_set1_epi16(SLOTS as i16 - 1);
        // Two bytes of every four.
        const PAIRS: __mmask64 = 0x3333_3333_3333_3333;
        loop {
            let (count, start) = words_of(decoder, out.len() - done, &mut last);
            if count == 0 {
                break;
            }
            let mut words = start;
            for turn in out[done..done + count * LANES].chunks_exact_mut(LANES) {
                // Two halves that do not wait for each other.
                for half in 0..2 {
                    let at = 4 * half;
                    let ab = _mm512_permutex2var_epi16(states[at], words16, states[at + 1]);
                    let cd = _mm512_permutex2var_epi16(states[at + 2], words16, states[at + 3]);
                    let (ab, cd) = (_mm512_and_si512(ab, twelve), _mm512_and_si512(cd, twelve));
                    let offset = _mm512_and_si512(_mm512_permutex2var_epi8(ab, evens, cd), low);
                    let (ab, cd) = (_mm512_srli_epi16(ab, 5), _mm512_srli_epi16(cd, 5));
                    let bucket = _mm512_permutex2var_epi8(ab, evens, cd);
                    let divider = _mm512_permutex2var_epi8(table.divider[0], bucket, table.divider[1]);
                    let second = _mm512_cmpge_epu8_mask(offset, divider);
                    let symbol = pick(&table.symbol, bucket, second);
                    // SAFETY: half a turn is 64 bytes.
                    unsafe { _mm512_storeu_si512(turn.as_mut_ptr().add(64 * half).cast(), symbol) };
                    let freq = [pick(&table.freq[0], bucket, second), pick(&table.freq[1], bucket, second)];
                    let bias = [pick(&table.bias[0], bucket, second), pick(&table.bias[1], bucket, second)];
                    for i in 0..4 {
                        let state = states[at + i];
                        let freq = _mm512_maskz_permutex2var_epi8(PAIRS, freq[0], spread[i], freq[1]);
                        let bias = _mm512_maskz_permutex2var_epi8(PAIRS, bias[0], spread[i], bias[1]);
                        let rank = _mm512_and_si512(_mm512_sub_epi32(state, bias), slot_mask);
                        let product = _mm512_mullo_epi32(freq, _mm512_srli_epi32(state, BITS));
                        states[at + i] = _mm512_add_epi32(product, rank);
                    }
                }
                for state in &mut states {
                    // SAFETY: `words_of` has counted the words.
                    *state = unsafe { refill(*state, &mut words) };
                }
            }
            done += count * LANES;
            // SAFETY: both point into the words.
            decoder.taken += unsafe { words.offset_from(start) } as usize;
        }
        store_states(&mut decoder.states, states);
        done
    }

    /// By tables in memory: one, or with `ids` one for each symbol.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    pub(super) fn decode512(
        decoder: &mut Decoder<'_>,
        slots: &[u32],
        ids: Option<&[u8]>,
        out: &mut [u8],
    ) -> usize {
        let tables = slots.len() / SLOTS;
        if tables == 0 || ids.is_some_and(|ids| ids.len() != out.len() || largest(ids) >= tables) {
            return 0;
        }
        let mut states = load_states(&decoder.states);
        let slot_mask = _mm512_set1_epi32(SLOTS as i32 - 1);
        let (mut done, mut last) = (0, [0u8; LAST]);
        loop {
            let (count, start) = words_of(decoder, out.len() - done, &mut last);
            if count == 0 {
                break;
            }
            let mut words = start;
            for turn in 0..count {
                let at = done + turn * LANES;
                for (i, state) in states.iter_mut().enumerate() {
                    let mut slot = _mm512_and_si512(*state, slot_mask);
                    if let Some(ids) = ids {
                        // SAFETY: there are as many ids as symbols.
                        let id = unsafe { _mm_loadu_si128(ids.as_ptr().add(at + 16 * i).cast()) };
                        slot = _mm512_or_si512(slot, _mm512_slli_epi32(_mm512_cvtepu8_epi32(id), BITS));
                    }
                    // SAFETY: slots of tables there are.
                    let entry = unsafe { _mm512_i32gather_epi32::<4>(slot, slots.as_ptr().cast()) };
                    let symbols = _mm512_cvtepi32_epi8(_mm512_srli_epi32(entry, 24));
                    // SAFETY: within the turn.
                    unsafe { _mm_storeu_si128(out.as_mut_ptr().add(at + 16 * i).cast(), symbols) };
                    let freq = _mm512_and_si512(_mm512_srli_epi32(entry, 12), slot_mask);
                    let freq = _mm512_add_epi32(freq, _mm512_set1_epi32(1));
                    let product = _mm512_mullo_epi32(freq, _mm512_srli_epi32(*state, BITS));
                    let next = _mm512_add_epi32(product, _mm512_and_si512(entry, slot_mask));
                    // SAFETY: `words_of` has counted the words.
                    *state = unsafe { refill(next, &mut words) };
                }
            }
            done += count * LANES;
            // SAFETY: both point into the words.
            decoder.taken += unsafe { words.offset_from(start) } as usize;
        }
        store_states(&mut decoder.states, states);
        done
    }

    fn largest(ids: &[u8]) -> usize {
        usize::from(ids.iter().fold(0, |a, b| a.max(*b)))
    }

    /// For each mask of 8 lanes, which of the next words goes to which lane.
    static EXPAND: [[u32; 8]; 256] = {
        let mut table = [[0u32; 8]; 256];
        let mut mask = 0;
        while mask < 256 {
            let (mut lane, mut next) = (0, 0);
            while lane < 8 {
                if mask >> lane & 1 == 1 {
                    table[mask][lane] = next;
                    next += 1;
                }
                lane += 1;
            }
            mask += 1;
        }
        table
    };

    /// As [`decode512`], in vectors of eight.
    #[target_feature(enable = "avx2")]
    pub(super) fn decode256(
        decoder: &mut Decoder<'_>,
        slots: &[u32],
        ids: Option<&[u8]>,
        out: &mut [u8],
    ) -> usize {
        let tables = slots.len() / SLOTS;
        if tables == 0 || ids.is_some_and(|ids| ids.len() != out.len() || largest(ids) >= tables) {
            return 0;
        }
        let mut states = [_mm256_setzero_si256(); LANES / 8];
        for (i, state) in states.iter_mut().enumerate() {
            // SAFETY: 8 states of all each.
            *state = unsafe { _mm256_loadu_si256(decoder.states.as_ptr().add(8 * i).cast()) };
        }
        let slot_mask = _mm256_set1_epi32(SLOTS as i32 - 1);
        let (mut done, mut last) = (0, [0u8; LAST]);
        loop {
            let (count, start) = words_of(decoder, out.len() - done, &mut last);
            if count == 0 {
                break;
            }
            let mut words = start;
            for turn in 0..count {
                let at = done + turn * LANES;
                for (i, state) in states.iter_mut().enumerate() {
                    let mut slot = _mm256_and_si256(*state, slot_mask);
                    if let Some(ids) = ids {
                        // SAFETY: there are as many ids as symbols.
                        let id = unsafe { _mm_loadl_epi64(ids.as_ptr().add(at + 8 * i).cast()) };
                        slot =
                            _mm256_or_si256(slot, _mm256_slli_epi32(_mm256_cvtepu8_epi32(id), BITS as i32));
                    }
                    // SAFETY: slots of tables there are.
                    let entry = unsafe { _mm256_i32gather_epi32::<4>(slots.as_ptr().cast(), slot) };
                    store_symbols(entry, &mut out[at + 8 * i..at + 8 * i + 8]);
                    let freq = _mm256_and_si256(_mm256_srli_epi32(entry, 12), slot_mask);
                    let freq = _mm256_add_epi32(freq, _mm256_set1_epi32(1));
                    let product = _mm256_mullo_epi32(freq, _mm256_srli_epi32(*state, BITS as i32));
                    let next = _mm256_add_epi32(product, _mm256_and_si256(entry, slot_mask));
                    // SAFETY: `words_of` has counted the words.
                    *state = unsafe { refill256(next, &mut words) };
                }
            }
            done += count * LANES;
            // SAFETY: both point into the words.
            decoder.taken += unsafe { words.offset_from(start) } as usize;
        }
        for (i, state) in states.into_iter().enumerate() {
            // SAFETY: 8 states of all each.
            unsafe { _mm256_storeu_si256(decoder.states.as_mut_ptr().add(8 * i).cast(), state) };
        }
        done
    }

    /// The upper bytes of eight entries.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn store_symbols(entry: __m256i, out: &mut [u8]) {
        let symbols = _mm256_srli_epi32(entry, 24);
        let packed = _mm256_packus_epi32(symbols, symbols);
        let packed = _mm256_packus_epi16(packed, packed);
        let low = _mm256_castsi256_si128(packed);
        let all = _mm_unpacklo_epi32(low, _mm256_extracti128_si256(packed, 1));
        out.copy_from_slice(&_mm_cvtsi128_si64(all).to_le_bytes());
    }

    /// As [`refill`].
    ///
    /// # Safety
    /// 16 words must be readable at `words`, and `words` moves by at most 8.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn refill256(state: __m256i, words: &mut *const u16) -> __m256i {
        let short = _mm256_cmpeq_epi32(_mm256_srli_epi32(state, 16), _mm256_setzero_si256());
        let mask = _mm256_movemask_ps(_mm256_castsi256_ps(short)) as usize;
        // SAFETY: the caller's promise.
        let fresh = _mm256_cvtepu16_epi32(unsafe { _mm_loadu_si128((*words).cast()) });
        // SAFETY: at most 8 further, as promised.
        *words = unsafe { words.add(mask.count_ones() as usize) };
        // SAFETY: 8 indices of 4 bytes.
        let order = unsafe { _mm256_loadu_si256(EXPAND[mask].as_ptr().cast()) };
        let fresh = _mm256_permutevar8x32_epi32(fresh, order);
        let filled = _mm256_or_si256(_mm256_slli_epi32(state, 16), fresh);
        _mm256_blendv_epi8(state, filled, short)
    }

    /// Frequencies, places and reciprocals of 64 symbols, 16 in a vector.
    struct Lookup {
        freq: [__m512i; 4],
        start: [__m512i; 4],
        reciprocal: [__m512i; 4],
    }

    /// By tables in memory.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn look_up(coder: &Coder, symbols: &[u8; 64]) -> Lookup {
        let zero = [_mm512_setzero_si512(); 4];
        let mut found = Lookup { freq: zero, start: zero, reciprocal: zero };
        for i in 0..4 {
            // SAFETY: 16 of the 64 bytes.
            let symbol =
                _mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(symbols.as_ptr().add(16 * i).cast()) });
            // SAFETY: 256 entries each, and symbols are bytes.
            let (entry, reciprocal) = unsafe {
                (
                    _mm512_i32gather_epi32::<4>(symbol, coder.symbols.as_ptr().cast()),
                    _mm512_i32gather_epi32::<4>(symbol, coder.reciprocals.as_ptr().cast()),
                )
            };
            found.freq[i] = _mm512_srli_epi32(entry, 16);
            found.start[i] = _mm512_and_si512(entry, _mm512_set1_epi32(0xffff));
            found.reciprocal[i] = reciprocal;
        }
        found
    }

    /// Indices that take bytes of two vectors to two bytes of every four: [`spread_pairs`].
    type Spread = [__m512i; 4];

    /// For each quarter of 64 bytes: byte i of one vector and of another as the bytes `at` and `at + 1` of lane i.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn spread_pairs(at: usize) -> Spread {
        let mut result = [_mm512_setzero_si512(); 4];
        for (quarter, result) in result.iter_mut().enumerate() {
            let mut indices = [0u8; 64];
            for (i, index) in indices.iter_mut().enumerate() {
                let byte = (16 * quarter + i / 4) as u8;
                *index = if i % 4 == at + 1 { byte + 64 } else { byte };
            }
            *result = load(&indices, 0);
        }
        result
    }

    /// By tables in registers.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn look_up_ranks(ranks: &Ranks, low: &Spread, high: &Spread, symbols: &[u8; 64]) -> Lookup {
        const LOW: __mmask64 = 0x3333_3333_3333_3333;
        let symbols = load(symbols, 0);
        let rank = _mm512_mask_blend_epi8(
            _mm512_movepi8_mask(symbols),
            _mm512_permutex2var_epi8(load(&ranks.rank, 0), symbols, load(&ranks.rank, 64)),
            _mm512_permutex2var_epi8(load(&ranks.rank, 128), symbols, load(&ranks.rank, 192)),
        );
        let mut bytes = [_mm512_setzero_si512(); 8];
        for (bytes, table) in bytes.iter_mut().zip(&ranks.bytes) {
            *bytes = _mm512_permutex2var_epi8(load(table, 0), rank, load(table, 64));
        }
        let zero = [_mm512_setzero_si512(); 4];
        let mut found = Lookup { freq: zero, start: zero, reciprocal: zero };
        for i in 0..4 {
            found.freq[i] = _mm512_maskz_permutex2var_epi8(LOW, bytes[0], low[i], bytes[1]);
            found.start[i] = _mm512_maskz_permutex2var_epi8(LOW, bytes[2], low[i], bytes[3]);
            found.reciprocal[i] = _mm512_or_si512(
                _mm512_maskz_permutex2var_epi8(LOW, bytes[4], low[i], bytes[5]),
                _mm512_maskz_permutex2var_epi8(!LOW, bytes[6], high[i], bytes[7]),
            );
        }
        found
    }

    /// # Safety
    /// `symbols` is a whole number of turns; `at` is at least their number and at most the number of words.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
    pub(super) unsafe fn encode512(
        symbols: &[u8],
        coder: &Coder,
        states: &mut [u32; LANES],
        words: &mut [u16],
        at: &mut usize,
    ) -> bool {
        let mut vectors = load_states(states);
        let (low, high) = (spread_pairs(0), spread_pairs(2));
        let (mut next, mut missing) = (*at, 0);
        for turn in symbols.rchunks_exact(LANES) {
            for (half, symbols) in turn.as_chunks::<64>().0.iter().enumerate().rev() {
                let found = match &coder.ranks {
                    Some(ranks) => look_up_ranks(ranks, &low, &high, symbols),
                    None => look_up(coder, symbols),
                };
                for i in (0..4).rev() {
                    let (freq, state) = (found.freq[i], vectors[4 * half + i]);
                    missing |= _mm512_testn_epi32_mask(freq, freq);
                    let full = _mm512_cmpge_epu32_mask(_mm512_srli_epi32(state, 32 - BITS), freq);
                    let given = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(full, state));
                    let count = full.count_ones();
                    next -= count as usize;
                    // SAFETY: as many words as `next` has moved by are there.
                    unsafe {
                        let mask = ((1u32 << count) - 1) as __mmask16;
                        _mm256_mask_storeu_epi16(words.as_mut_ptr().add(next).cast(), mask, given);
                    }
                    let state = _mm512_mask_srli_epi32(state, full, state, 16);
                    let reciprocal = found.reciprocal[i];
                    let even = _mm512_srli_epi64(_mm512_mul_epu32(state, reciprocal), 32);
                    let odd =
                        _mm512_mul_epu32(_mm512_srli_epi64(state, 32), _mm512_srli_epi64(reciprocal, 32));
                    let quotient = _mm512_mask_blend_epi32(0xaaaa, even, odd);
                    let rest = _mm512_sub_epi32(state, _mm512_mullo_epi32(quotient, freq));
                    // The quotient may be one too small.
                    let over = _mm512_cmpge_epu32_mask(rest, freq);
                    let quotient = _mm512_mask_add_epi32(quotient, over, quotient, _mm512_set1_epi32(1));
                    let rest = _mm512_mask_sub_epi32(rest, over, rest, freq);
                    // Symbols without a frequency do not occur; the mask keeps their slot inside all the same.
                    let place = _mm512_add_epi32(found.start[i], rest);
                    let place = _mm512_and_si512(place, _mm512_set1_epi32(SLOTS as i32 - 1));
                    // SAFETY: below 4096, the number of slots.
                    let slot = unsafe { _mm512_i32gather_epi32::<4>(place, coder.slots.as_ptr().cast()) };
                    vectors[4 * half + i] = _mm512_or_si512(_mm512_slli_epi32(quotient, BITS), slot);
                }
            }
        }
        *at = next;
        store_states(states, vectors);
        missing == 0
    }
}
