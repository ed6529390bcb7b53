//! `E8`/`E9` (call, jump) and `0F 80` to `0F 8F` (conditional jumps) with 32-bit distances.
//!
//! The four bytes behind the opcode are a little-endian distance `d` from the byte behind them, at position `p`. Let `n` be the
//! length of the data, the range that plausible targets are in. Values are taken modulo 2^32, and only those with `-p <= d < n - p`
//! (targets within the data) change: they become the target `p + d`, which lies in `0..n`. So that decoding can tell, the values
//! `n - p <= d < n`, which would collide with targets, move to where the distances went: they become `d - n`. Both together
//! are a rotation of the range `-p..n`, and so have an inverse for any bytes. The scan moves on past every field, converted
//! or not, in both directions: no field is read that an earlier one has changed.

/// Converts in place; `encode` says in which direction.
pub(super) fn run(data: &mut [u8], encode: bool) {
    let n = data.len() as i64;
    let mut at = 0;
    while at + 5 <= data.len() {
        let long = data[at] == 0x0f && data[at + 1] & 0xf0 == 0x80;
        let field = at + 1 + usize::from(long);
        if !long && data[at] & 0xfe != 0xe8 || field + 4 > data.len() {
            at += 1;
            continue;
        }
        let bytes = [data[field], data[field + 1], data[field + 2], data[field + 3]];
        let (value, position) = (i64::from(i32::from_le_bytes(bytes)), field as i64 + 4);
        let turned = if encode { forward(value, position, n) } else { back(value, position, n) };
        if let Some(turned) = turned {
            data[field..field + 4].copy_from_slice(&(turned as i32).to_le_bytes());
        }
        at = field + 4;
    }
}

/// Distance to target: the rotation of `-position..n` by `position`.
fn forward(value: i64, position: i64, n: i64) -> Option<i64> {
    if !(-position..n).contains(&value) {
        return None;
    }
    Some(if value < n - position { value + position } else { value - n })
}

fn back(value: i64, position: i64, n: i64) -> Option<i64> {
    if !(-position..n).contains(&value) {
        return None;
    }
    Some(if value >= 0 { value - position } else { value + n })
}
