//! Random, encrypted or compressed data: all byte values about equally often, and nothing that repeats.

use crate::detect::{found, sample, stats};
use minlen_core::{Detection, Kind};

/// Missing to 8 bits (thousandths) that is still dense: a JPEG or deflate stream lacks 10 to 60.
const SLACK: u32 = 100;
/// Bytes probed for repeats.
const PROBE: usize = 64 << 10;

pub(crate) fn find(data: &[u8], _total: u64) -> Option<Detection> {
    if data.len() < 512 {
        return None;
    }
    let seen = stats(data);
    if seen.order0_millibits + SLACK + bias(data.len()) < 8000 || seen.stride > 1 {
        return None;
    }
    let repeats = repeats(data);
    if repeats > 20 {
        return None;
    }
    // Really random bytes stay within a thousandth or so of what their number allows.
    let exact = seen.order0_millibits + 12 + bias(data.len()) >= 8000 && repeats == 0;
    let detail = if exact { "no structure found" } else { "nearly no structure" };
    found(Kind::Random, if exact { 62 } else { 56 }, detail)
}

/// How far below 8 bits the entropy of so few random bytes lies: 255 / (2 n ln 2), in thousandths. Larger data is
/// sampled, and [`stats`] has corrected for it.
fn bias(len: usize) -> u32 {
    if len <= 8 << 10 { (255 * 721 / len.max(1)) as u32 } else { 0 }
}

/// Places per thousand whose next six bytes came before (in the sample), by a small table of hashes.
fn repeats(data: &[u8]) -> u32 {
    let mut table = vec![u32::MAX; 1 << 14];
    let piece: Vec<&[u8]> = sample::pieces(data, 4, PROBE / 4).collect();
    let (mut hits, mut all) = (0u64, 0u64);
    for part in piece {
        for window in part.windows(8).step_by(2) {
            let mut bytes = [0u8; 8];
            bytes[..6].copy_from_slice(&window[..6]);
            let key = u64::from_le_bytes(bytes);
            let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let slot = &mut table[(hash >> 50) as usize];
            // The rest of the hash stands for the bytes: false alarms are one in 2^31.
            let tag = (hash >> 16) as u32 >> 1;
            hits += u64::from(*slot == tag);
            *slot = tag;
            all += 1;
        }
    }
    (hits * 1000 / all.max(1)) as u32
}
