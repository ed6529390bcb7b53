//! Encoding in vectors of 512 bits.

use super::super::state::LANES;
use super::super::table::{BITS, Lookup};
use super::avx512::{States, load, look_up};
use std::arch::x86_64::*;

/// The upper one of every two numbers of 16 bits.
const UPPER: __mmask32 = 0xaaaa_aaaa;

/// Two bytes of each of 64 symbols, as two vectors of 32 numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
fn pair<const NARROW: bool>(tables: [&[u8; 256]; 2], index: __m512i) -> [__m512i; 2] {
    let mut bytes = [index; 2];
    for (bytes, table) in bytes.iter_mut().zip(tables) {
        *bytes = match table.first_chunk::<128>() {
            Some(lower) if NARROW => look_up(lower, index),
            _ => look_up(table, index),
        };
    }
    [_mm512_unpacklo_epi8(bytes[0], bytes[1]), _mm512_unpackhi_epi8(bytes[0], bytes[1])]
}

/// Quotients and remainders of 16 states.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
fn divide(state: __m512i, freq: __m512i, reciprocal: __m512i) -> (__m512i, __m512i) {
    let product = _mm512_mul_ps(_mm512_cvtepu32_ps(state), _mm512_castsi512_ps(reciprocal));
    let quotient = _mm512_cvttps_epu32(product);
    let rest = _mm512_sub_epi32(state, _mm512_mullo_epi32(quotient, freq));
    // The quotient may be one too small.
    let over = _mm512_cmpge_epu32_mask(rest, freq);
    let quotient = _mm512_mask_add_epi32(quotient, over, quotient, _mm512_set1_epi32(1));
    (quotient, _mm512_mask_sub_epi32(rest, over, rest, freq))
}

/// See [`super::encode`].
///
/// # Safety
/// `symbols` is a whole number of turns; `at` is at least their number and at most the number of words.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
pub(super) unsafe fn encode(
    symbols: &[u8],
    lookup: &Lookup,
    states: &mut [u32; LANES],
    words: &mut [u16],
    at: &mut usize,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        if lookup.narrow {
            turns::<true>(symbols, lookup, states, words, at)
        } else {
            turns::<false>(symbols, lookup, states, words, at)
        }
    }
}

/// As [`encode`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")]
unsafe fn turns<const NARROW: bool>(
    symbols: &[u8],
    lookup: &Lookup,
    states: &mut [u32; LANES],
    out: &mut [u16],
    at: &mut usize,
) -> bool {
    // So that the first 32 symbols are in the lower halves of 128 bits each.
    let packed = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    let zero = _mm512_setzero_si512();
    let States { mut low, mut high } = States::load(states);
    let (mut next, mut missing) = (*at, 0);
    for turn in symbols.rchunks_exact(LANES) {
        for (half, symbols) in turn.as_chunks::<64>().0.iter().enumerate().rev() {
            let symbols = _mm512_permutexvar_epi64(packed, load(symbols, 0));
            let index = if NARROW { look_up(&lookup.index, symbols) } else { symbols };
            let [f0, f1, s0, s1, r0, r1, r2, r3] = &lookup.bytes;
            let freqs = pair::<NARROW>([f0, f1], index);
            let starts = pair::<NARROW>([s0, s1], index);
            let reciprocals = [pair::<NARROW>([r0, r1], index), pair::<NARROW>([r2, r3], index)];
            for part in [1, 0] {
                let (freq, i) = (freqs[part], 2 * half + part);
                missing |= _mm512_testn_epi16_mask(freq, freq);
                // States that are too large give 16 bits.
                let full = _mm512_cmpge_epu16_mask(_mm512_srli_epi16::<4>(high[i]), freq);
                let given = _mm512_maskz_compress_epi16(full, low[i]);
                let count = full.count_ones();
                next -= count as usize;
                // SAFETY: as many words as `next` has moved by are there.
                unsafe {
                    let mask = ((1u64 << count) - 1) as __mmask32;
                    _mm512_mask_storeu_epi16(out.as_mut_ptr().add(next).cast(), mask, given);
                }
                let lower = _mm512_mask_mov_epi16(low[i], full, high[i]);
                let upper = _mm512_mask_mov_epi16(high[i], full, zero);
                // Whole states of even lanes and of odd ones.
                let even = _mm512_mask_blend_epi16(UPPER, lower, _mm512_slli_epi32::<16>(upper));
                let odd = _mm512_mask_blend_epi16(UPPER, _mm512_srli_epi32::<16>(lower), upper);
                let [lower, upper] = [reciprocals[0][part], reciprocals[1][part]];
                let even_reciprocal = _mm512_mask_blend_epi16(UPPER, lower, _mm512_slli_epi32::<16>(upper));
                let odd_reciprocal = _mm512_mask_blend_epi16(UPPER, _mm512_srli_epi32::<16>(lower), upper);
                let even_freq = _mm512_maskz_mov_epi16(!UPPER, freq);
                let (even, even_rest) = divide(even, even_freq, even_reciprocal);
                let (odd, odd_rest) = divide(odd, _mm512_srli_epi32::<16>(freq), odd_reciprocal);
                // The quotient, 20 bits, goes above the slot.
                let rest = _mm512_mask_blend_epi16(UPPER, even_rest, _mm512_slli_epi32::<16>(odd_rest));
                let slot = _mm512_add_epi16(rest, starts[part]);
                let lower = _mm512_mask_blend_epi16(
                    UPPER,
                    _mm512_slli_epi32::<BITS>(even),
                    _mm512_slli_epi32::<{ BITS + 16 }>(odd),
                );
                low[i] = _mm512_or_si512(lower, slot);
                high[i] = _mm512_mask_blend_epi16(
                    UPPER,
                    _mm512_srli_epi32::<{ 16 - BITS }>(even),
                    _mm512_slli_epi32::<BITS>(odd),
                );
            }
        }
    }
    *at = next;
    States { low, high }.store(states);
    missing == 0
}
