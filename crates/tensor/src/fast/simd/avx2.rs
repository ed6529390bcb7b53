//! Vectors of 256 bits.

use super::super::state::{Decoder, LANES};
use super::super::table::{BITS, SLOTS};
use super::{LAST, Task, ids_fit, words_of};
use std::arch::x86_64::*;

/// Plain code with these instructions.
#[target_feature(enable = "avx2")]
pub(super) fn task<T: Task>(task: T) -> T::Out {
    task.run()
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

/// By tables in memory: one, or with `ids` one for each symbol.
#[target_feature(enable = "avx2")]
pub(super) fn decode(decoder: &mut Decoder<'_>, slots: &[u32], ids: Option<&[u8]>, out: &mut [u8]) -> usize {
    if !ids_fit(ids, out.len(), slots.len() / SLOTS) {
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
                    slot = _mm256_or_si256(slot, _mm256_slli_epi32(_mm256_cvtepu8_epi32(id), BITS as i32));
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

/// Gives 16 bits to the states that are too small.
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
