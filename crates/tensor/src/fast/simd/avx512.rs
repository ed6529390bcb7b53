//! Vectors of 512 bits: decoding, and what is common.
//!
//! No closures over vectors in these files: code inside `map` and the like is not compiled with these instructions.

use super::super::grid::Grid;
use super::super::pattern::{Anchors, NARROW, WIDE};
use super::super::state::{Decoder, LANES};
use super::super::table::{BITS, SLOTS};
use super::{LAST, Task, ids_fit, words_of};
use std::arch::x86_64::*;

/// Plain code with these instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,popcnt")]
pub(super) fn task<T: Task>(task: T) -> T::Out {
    task.run()
}

/// Asks for the cache line at an address, which may be any.
#[inline(always)]
fn prefetch(at: *const i8) {
    // SAFETY: a prefetch reads nothing that the program could see.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at) }
}

/// Loads 64 bytes of a byte array from `at` on.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load<const N: usize>(bytes: &[u8; N], at: usize) -> __m512i {
    assert!(at + 64 <= N);
    // SAFETY: 64 bytes are there.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().add(at).cast()) }
}

/// All states, apart: the lower 16 bits of each, and the upper ones. 32 lanes in a vector.
pub(super) struct States {
    pub(super) low: [__m512i; LANES / 32],
    pub(super) high: [__m512i; LANES / 32],
}

/// Every other one of the numbers of 16 bits in two vectors, from `first` on.
fn every_other(first: u16) -> [u16; 32] {
    std::array::from_fn(|i| first + 2 * i as u16)
}

/// Numbers of 16 bits of two vectors in turn, one of each, from number `first` on.
fn in_turn(first: u16) -> [u16; 32] {
    std::array::from_fn(|i| first + i as u16 / 2 + 32 * (i as u16 % 2))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn load_indices(indices: [u16; 32]) -> __m512i {
    // SAFETY: 64 bytes.
    unsafe { _mm512_loadu_si512(indices.as_ptr().cast()) }
}

impl States {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) fn load(states: &[u32; LANES]) -> Self {
        let (even, odd) = (load_indices(every_other(0)), load_indices(every_other(1)));
        let zero = [_mm512_setzero_si512(); LANES / 32];
        let mut result = Self { low: zero, high: zero };
        for (i, states) in states.as_chunks::<32>().0.iter().enumerate() {
            // SAFETY: 16 states of 32 each.
            let (a, b) = unsafe {
                (
                    _mm512_loadu_si512(states.as_ptr().cast()),
                    _mm512_loadu_si512(states.as_ptr().add(16).cast()),
                )
            };
            result.low[i] = _mm512_permutex2var_epi16(a, even, b);
            result.high[i] = _mm512_permutex2var_epi16(a, odd, b);
        }
        result
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
    pub(super) fn store(&self, states: &mut [u32; LANES]) {
        let (first, second) = (load_indices(in_turn(0)), load_indices(in_turn(16)));
        for (i, states) in states.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            // SAFETY: 16 states of 32 each.
            unsafe {
                let a = _mm512_permutex2var_epi16(self.low[i], first, self.high[i]);
                let b = _mm512_permutex2var_epi16(self.low[i], second, self.high[i]);
                _mm512_storeu_si512(states.as_mut_ptr().cast(), a);
                _mm512_storeu_si512(states.as_mut_ptr().add(16).cast(), b);
            }
        }
    }
}

/// A table of 128 bytes, or of 256.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn look_up<const N: usize>(table: &[u8; N], index: __m512i) -> __m512i {
    let lower = _mm512_permutex2var_epi8(load(table, 0), index, load(table, 64));
    if N < 256 {
        return lower;
    }
    let upper = _mm512_permutex2var_epi8(load(table, N - 128), index, load(table, N - 64));
    _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), lower, upper)
}

/// By a grid. Bytes of 64 lanes are in the order of packing within 128 bits, which takes the least time.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn decode_grid(decoder: &mut Decoder<'_>, grid: &Grid, out: &mut [u8]) -> usize {
    let (mut done, mut last) = (0, [0u8; LAST]);
    let States { mut low, mut high } = States::load(&decoder.states);
    let bytes = load(&std::array::from_fn::<u8, 64, _>(|i| 8 * (i as u8 % 8)), 0);
    let unpacked = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    let (byte_mask, block_mask) = (_mm512_set1_epi16(255), _mm512_set1_epi16(63));
    let slot_mask = _mm512_set1_epi16(SLOTS as i16 - 1);
    // Ones that the compiler does not know as such: it would turn masked additions into slower subtractions of masks.
    let (one_8, one_16) = std::hint::black_box((_mm512_set1_epi8(1), _mm512_set1_epi16(1)));
    loop {
        let (count, start) = words_of(decoder, out.len() - done, &mut last);
        if count == 0 {
            break;
        }
        let mut words = start;
        for turn in out[done..done + count * LANES].chunks_exact_mut(LANES) {
            for line in 0..2 {
                // A turn takes about as much; any address will do.
                prefetch(words.wrapping_add(512 + 32 * line).cast());
            }
            for half in 0..2 {
                let (a, b) = (low[2 * half], low[2 * half + 1]);
                let lower =
                    _mm512_packus_epi16(_mm512_and_si512(a, byte_mask), _mm512_and_si512(b, byte_mask));
                let block = _mm512_packus_epi16(
                    _mm512_and_si512(_mm512_srli_epi16::<6>(a), block_mask),
                    _mm512_and_si512(_mm512_srli_epi16::<6>(b), block_mask),
                );
                let shift = _mm512_add_epi8(_mm512_permutexvar_epi8(block, load(&grid.shift, 0)), bytes);
                let within = _mm512_and_si512(
                    _mm512_multishift_epi64_epi8(shift, lower),
                    _mm512_permutexvar_epi8(block, load(&grid.mask, 0)),
                );
                let granule = _mm512_add_epi8(within, _mm512_permutexvar_epi8(block, load(&grid.base, 0)));
                let second = _mm512_cmpgt_epu8_mask(lower, look_up(&grid.limit, granule));
                let place = look_up(&grid.first, granule);
                let place = _mm512_mask_add_epi8(place, second, place, one_8);
                // SAFETY: half a turn is 64 bytes.
                unsafe {
                    let symbol = _mm512_permutexvar_epi64(unpacked, look_up(&grid.symbol, place));
                    _mm512_storeu_si512(turn.as_mut_ptr().add(64 * half).cast(), symbol);
                }
                let freq = [look_up(&grid.freq[0], place), look_up(&grid.freq[1], place)];
                let first = [look_up(&grid.start[0], place), look_up(&grid.start[1], place)];
                let freq = [_mm512_unpacklo_epi8(freq[0], freq[1]), _mm512_unpackhi_epi8(freq[0], freq[1])];
                let first =
                    [_mm512_unpacklo_epi8(first[0], first[1]), _mm512_unpackhi_epi8(first[0], first[1])];
                for i in 0..2 {
                    let (at, freq) = (2 * half + i, freq[i]);
                    let rank = _mm512_sub_epi16(_mm512_and_si512(low[at], slot_mask), first[i]);
                    // The state without the slot, 20 bits, times the frequency, plus the rank.
                    let lower = _mm512_shrdi_epi16::<12>(low[at], high[at]);
                    let upper = _mm512_srli_epi16::<12>(high[at]);
                    let sum = _mm512_add_epi16(_mm512_mullo_epi16(freq, lower), rank);
                    let upper =
                        _mm512_add_epi16(_mm512_mulhi_epu16(freq, lower), _mm512_mullo_epi16(freq, upper));
                    // States below 2^16 take a word.
                    let carry = _mm512_cmplt_epu16_mask(sum, rank);
                    let short = _mm512_mask_testn_epi16_mask(!carry, upper, upper);
                    let upper = _mm512_mask_add_epi16(upper, carry, upper, one_16);
                    high[at] = _mm512_mask_mov_epi16(upper, short, sum);
                    // SAFETY: `words_of` has counted the words, and there are 32 more.
                    unsafe {
                        low[at] = _mm512_mask_expand_epi16(sum, short, _mm512_loadu_si512(words.cast()));
                        words = words.add(short.count_ones() as usize);
                    }
                }
            }
        }
        done += count * LANES;
        // SAFETY: both point into the words.
        decoder.taken += unsafe { words.offset_from(start) } as usize;
    }
    States { low, high }.store(&mut decoder.states);
    done
}

/// Vectors of 16 states.
const VECTORS: usize = LANES / 16;

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
fn load_states(states: &[u32; LANES]) -> [__m512i; VECTORS] {
    let mut vectors = [_mm512_setzero_si512(); VECTORS];
    for (i, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: 16 states of all each.
        *vector = unsafe { _mm512_loadu_si512(states.as_ptr().add(16 * i).cast()) };
    }
    vectors
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
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
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
unsafe fn refill(state: __m512i, words: &mut *const u16) -> __m512i {
    let short = _mm512_cmplt_epu32_mask(state, _mm512_set1_epi32(1 << 16));
    // SAFETY: the caller's promise.
    let fresh = _mm512_cvtepu16_epi32(unsafe { _mm256_loadu_si256((*words).cast()) });
    // SAFETY: at most 16 further, as promised.
    *words = unsafe { words.add(short.count_ones() as usize) };
    let fresh = _mm512_maskz_expand_epi32(short, fresh);
    _mm512_or_si512(_mm512_mask_slli_epi32(state, short, state, 16), fresh)
}

/// By tables in memory: one, or with `ids` one for each symbol.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn decode(decoder: &mut Decoder<'_>, slots: &[u32], ids: Option<&[u8]>, out: &mut [u8]) -> usize {
    if !ids_fit(ids, out.len(), slots.len() / SLOTS) {
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

/// Anchors of units of 1, 2 and 4 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn anchors(anchors: &Anchors<'_>, found: &mut Vec<u32>) -> usize {
    let Anchors { bytes, units, unit, bits } = *anchors;
    if !matches!(unit, 1 | 2 | 4) {
        return 0;
    }
    // Starts in a step, each with eight bytes.
    let step = 64 / unit;
    let (shift_16, shift_32) = (_mm_cvtsi32_si128(16 - bits as i32), _mm_cvtsi32_si128(32 - bits as i32));
    let pattern_16 = _mm512_set1_epi16(anchors.pattern_16() as i16);
    let pattern_32 = _mm512_set1_epi32(anchors.pattern_32() as i32);
    let mut done = 0;
    while done + step <= units && (done + step) * unit + 8 <= bytes.len() {
        let at = done * unit;
        // Nothing else has read these bytes before.
        prefetch(bytes.as_ptr().wrapping_add(at + 1536).cast());
        let mut hits = 0u64;
        if unit == 4 {
            // SAFETY: up to 68 of 72 bytes.
            let (a, b) = unsafe {
                (
                    _mm512_loadu_si512(bytes.as_ptr().add(at).cast()),
                    _mm512_loadu_si512(bytes.as_ptr().add(at + 4).cast()),
                )
            };
            let a = _mm512_mullo_epi32(a, _mm512_set1_epi32(WIDE[0] as i32));
            let b = _mm512_mullo_epi32(b, _mm512_set1_epi32(WIDE[1] as i32));
            let sum = _mm512_srl_epi32(_mm512_add_epi32(a, b), shift_32);
            hits = u64::from(_mm512_cmpeq_epi32_mask(sum, pattern_32));
        } else {
            // Of single bytes the odd ones begin values of 16 bits too.
            for first in 0..3 - unit {
                let mut sum = _mm512_setzero_si512();
                for (i, factor) in NARROW.iter().enumerate() {
                    // SAFETY: up to 67 of 72 bytes.
                    let value = unsafe { _mm512_loadu_si512(bytes.as_ptr().add(at + first + 2 * i).cast()) };
                    sum = _mm512_add_epi16(sum, _mm512_mullo_epi16(value, _mm512_set1_epi16(*factor as i16)));
                }
                let mut mask = _mm512_cmpeq_epi16_mask(_mm512_srl_epi16(sum, shift_16), pattern_16);
                if unit == 2 {
                    hits = u64::from(mask);
                }
                while unit == 1 && mask != 0 {
                    hits |= 1 << (2 * mask.trailing_zeros() as usize + first);
                    mask &= mask - 1;
                }
            }
        }
        while hits != 0 {
            found.push(((done + hits.trailing_zeros() as usize) * unit) as u32);
            hits &= hits - 1;
        }
        done += step;
    }
    done
}

/// Whole groups of 64 symbols before one with an absent symbol.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) fn absent(symbols: &[u8], table: &[u8; 256]) -> usize {
    for (i, group) in symbols.as_chunks::<64>().0.iter().enumerate() {
        let there = look_up(table, load(group, 0));
        if _mm512_testn_epi8_mask(there, there) != 0 {
            return 64 * i;
        }
    }
    symbols.len() / 64 * 64
}
