//! Copies literals and matches in steps of 16 bytes, writing up to [`SLACK`] bytes more than asked for: those are
//! overwritten by what comes next.

/// Bytes that must be there after the last byte of a copy, in the source too.
pub const SLACK: usize = 32;

/// Copies `len` bytes of `from` to `to` at `at`.
#[inline(always)]
pub fn literals(to: &mut [u8], at: usize, from: &[u8], len: usize) {
    let mut done = 0;
    loop {
        let Some(chunk) = from.get(done..).and_then(<[u8]>::first_chunk::<16>) else { return };
        let Some(target) = to.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<16>) else { return };
        *target = *chunk;
        done += 16;
        if done >= len {
            return;
        }
    }
}

/// Repeats `len` bytes from `offset` bytes before `at`, which the caller has checked to be at most `at`.
#[inline(always)]
pub fn repeat(to: &mut [u8], at: usize, mut offset: usize, len: usize) {
    let mut done = 0;
    if offset < 16 {
        // What repeats at a short offset repeats at its multiples too, once there is enough of it.
        let wide = offset * 16usize.div_ceil(offset.max(1));
        let first = len.min(wide);
        for i in at..at + first {
            to[i] = to[i - offset];
        }
        if first == len {
            return;
        }
        (done, offset) = (first, wide);
    }
    loop {
        let from = at + done - offset;
        let Some(&chunk) = to.get(from..).and_then(<[u8]>::first_chunk::<16>) else { return };
        let Some(target) = to.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<16>) else { return };
        *target = chunk;
        done += 16;
        if done >= len {
            return;
        }
    }
}
