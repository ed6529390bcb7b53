//! Filters in front of LZMA: relative call targets to absolute ones.
//!
//! A function called from many places has a different relative address in each call, and the same absolute one.
//! Each filter is a bijection on byte strings of the same length, so that none can fail.

const MAX_SIZE: usize = 1 << 30;

/// Turns the operands of x86 `call` (e8) and `jmp` (e9), and of the near conditional jumps (0f 80..8f), absolute.
pub(super) fn x86_encode(data: &mut [u8]) {
    x86(data, to_absolute);
}

/// Undoes [`x86_encode`].
pub(super) fn x86_decode(data: &mut [u8]) {
    x86(data, to_relative);
}

/// Walks over what look like opcodes. Operands never overlap and opcodes are never changed, so both directions find
/// the same operands.
fn x86(data: &mut [u8], convert: fn(i64, i64, i64) -> Option<i64>) {
    if data.len() > MAX_SIZE {
        return;
    }
    let size = data.len() as i64;
    let (mut at, mut before) = (0, 0u8);
    while at + 5 <= data.len() {
        let opcode = data[at];
        let found = opcode & 0xfe == 0xe8 || (before == 0x0f && opcode & 0xf0 == 0x80);
        before = opcode;
        at += 1;
        if found {
            let bytes = [data[at], data[at + 1], data[at + 2], data[at + 3]];
            // Positions count from the end of the instruction, as the processor does.
            let operand = i64::from(i32::from_le_bytes(bytes));
            if let Some(new) = convert(operand, at as i64 + 4, size) {
                data[at..at + 4].copy_from_slice(&(new as i32).to_le_bytes());
            }
            // Skipped even if out of range: an operand found inside this one would change what decided here.
            at += 4;
            before = 0;
        }
    }
}

/// `operand` in -here..size-here becomes operand + here; the operands that this displaces fill the gap. So the
/// operands in -here..size are permuted among themselves (the scheme of Microsoft's LZX, MS-PATCH 2.4).
fn to_absolute(operand: i64, here: i64, size: i64) -> Option<i64> {
    match operand {
        _ if (-here..size - here).contains(&operand) => Some(operand + here),
        _ if (size - here..size).contains(&operand) => Some(operand - size),
        _ => None,
    }
}

fn to_relative(operand: i64, here: i64, size: i64) -> Option<i64> {
    match operand {
        _ if (0..size).contains(&operand) => Some(operand - here),
        _ if (-here..0).contains(&operand) => Some(operand + size),
        _ => None,
    }
}

/// Turns the operand of ARM64 `bl` absolute, modulo 2^26 instructions.
pub(super) fn arm64_encode(data: &mut [u8]) {
    arm64(data, u32::wrapping_add);
}

/// Undoes [`arm64_encode`].
pub(super) fn arm64_decode(data: &mut [u8]) {
    arm64(data, u32::wrapping_sub);
}

fn arm64(data: &mut [u8], shift: fn(u32, u32) -> u32) {
    for (i, word) in data.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let instruction = u32::from_le_bytes(*word);
        if instruction >> 26 == 0x25 {
            *word = ((0x25 << 26) | (shift(instruction, i as u32) & 0x03ff_ffff)).to_le_bytes();
        }
    }
}
