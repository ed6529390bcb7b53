//! Machine code without a header: x86 by its calls and usual opcodes, ARM64 by its branches, loads and returns.

use crate::detect::{found, sample};
use minlen_core::{Detection, Kind};

const PIECES: (usize, usize) = (16, 4096);

pub(crate) fn find(data: &[u8], _total: u64) -> Option<Detection> {
    if data.len() < 2048 {
        return None;
    }
    let pieces: Vec<&[u8]> = sample::pieces(data, PIECES.0, PIECES.1).collect();
    if let Some(wide) = x86(&pieces) {
        return found(Kind::MachineCode, 60, if wide { "x86-64" } else { "x86" });
    }
    arm64(&pieces).then(|| found(Kind::MachineCode, 60, "ARM64"))?
}

/// Some(64-bit) if near calls and jumps (E8, E9, 0F 8x) often have small distances (a top byte of 00 or FF), and the
/// commonest opcodes come as often as in compiled code.
pub(crate) fn x86(pieces: &[&[u8]]) -> Option<bool> {
    let (mut near, mut far, mut opcodes, mut prefixes, mut all) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for piece in pieces {
        for window in piece.windows(6) {
            all += 1;
            // mov, lea, test, cmp, push, pop, add, sub, ret, short jumps.
            opcodes += u32::from(matches!(
                window[0],
                0x8b | 0x89
                    | 0x8d
                    | 0x85
                    | 0x83
                    | 0x55
                    | 0x5d
                    | 0xc3
                    | 0x74
                    | 0x75
                    | 0xeb
                    | 0x01
                    | 0x0f
                    | 0x31
                    | 0x39
            ));
            prefixes += u32::from(
                matches!(window[0], 0x48 | 0x4c | 0x49)
                    && matches!(window[1], 0x8b | 0x89 | 0x8d | 0x83 | 0x85 | 0x01 | 0x39),
            );
            let distance = match window[0] {
                0xe8 | 0xe9 => Some(&window[1..5]),
                0x0f if window[1] & 0xf0 == 0x80 => Some(&window[2..6]),
                _ => None,
            };
            if let Some(distance) = distance {
                // Zero distances are data, not calls.
                let small =
                    matches!(distance[3], 0 | 0xff) && distance[..2] != [0, 0] && distance[2] != distance[3]
                        || matches!(distance[2..], [0, 0] | [0xff, 0xff]) && distance[1] != 0;
                near += u32::from(small);
                far += u32::from(!small);
            }
        }
    }
    let calls = near * 100 >= all && near > far;
    let usual = opcodes * 100 >= all * 12;
    (calls && usual).then_some(prefixes * 100 >= all * 2)
}

/// Of the 32-bit words, those with the top byte of the commonest ARM64 instructions; and some returns.
pub(crate) fn arm64(pieces: &[&[u8]]) -> bool {
    let (mut usual, mut returns, mut all) = (0u32, 0u32, 0u32);
    for piece in pieces {
        for word in piece.chunks_exact(4) {
            all += 1;
            usual += u32::from(matches!(
                word[3],
                0x94 | 0x97
                    | 0x14
                    | 0x17
                    | 0x54
                    | 0x91
                    | 0xd1
                    | 0xf9
                    | 0xb9
                    | 0xa9
                    | 0xaa
                    | 0x2a
                    | 0x52
                    | 0xd2
                    | 0x34
                    | 0x35
                    | 0xb4
                    | 0xb5
                    | 0xeb
                    | 0x6b
                    | 0x71
                    | 0xf1
                    | 0x90
                    | 0xb0
                    | 0xd0
                    | 0xf0
                    | 0x39
                    | 0x8b
                    | 0xcb
                    | 0xf8
            ));
            returns += u32::from(word == [0xc0, 0x03, 0x5f, 0xd6]);
        }
    }
    usual * 100 >= all * 60 && returns * 1000 >= all
}
