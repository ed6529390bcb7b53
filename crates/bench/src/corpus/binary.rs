//! Binary data: sound, floats, machine code, records, noise. Integers only, so that every machine agrees.

use super::Rng;

/// Noise.
pub(super) fn random(rng: &mut Rng, len: usize) -> Vec<u8> {
    (0..len.div_ceil(8)).flat_map(|_| rng.next().to_le_bytes()).collect()
}

/// Two channels of 16-bit samples: three gliding tones and a little noise, the right a later copy of the left.
pub(super) fn audio(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut phases = [0u32; 3];
    let mut steps = [9_000_000u32, 31_000_000, 53_000_000];
    let mut left = Vec::with_capacity(len / 4);
    for i in 0..len / 4 {
        if i % 4096 == 0 {
            steps = steps.map(|s| s.wrapping_add((rng.below(2_000_001) as u32).wrapping_sub(1_000_000)));
        }
        let mut sum = 0i32;
        for (k, (phase, step)) in phases.iter_mut().zip(steps).enumerate() {
            *phase = phase.wrapping_add(step);
            sum += sine(*phase) >> (2 + k);
        }
        left.push(sum + rng.below(64) as i32 - 32);
    }
    let mut out = Vec::with_capacity(len);
    for (i, &sample) in left.iter().enumerate() {
        let right = left.get(i.wrapping_sub(3)).copied().unwrap_or(0) / 2 + rng.below(32) as i32;
        for value in [sample, right] {
            out.extend_from_slice(&(value.clamp(-32_768, 32_767) as i16).to_le_bytes());
        }
    }
    out
}

/// A parabola in place of the sine: -32768..=32767 over the full circle of 2^32.
fn sine(phase: u32) -> i32 {
    let x = (phase as i32) >> 16;
    x.wrapping_mul(32_768 - x.abs()) >> 13
}

/// Width of the float field.
const FIELD: usize = 128;
/// Distance of the points between which it is interpolated.
const CELL: usize = 16;

/// A smooth field of 32-bit floats: random heights on a coarse grid, interpolated, with a little noise.
pub(super) fn float_field(rng: &mut Rng, len: usize) -> Vec<u8> {
    let rows = len.div_ceil(4 * FIELD);
    let across = FIELD / CELL + 2;
    let heights: Vec<i64> = (0..across * (rows / CELL + 2)).map(|_| rng.below(1 << 16) as i64).collect();
    let height = |x: usize, y: usize| heights.get(y * across + x).copied().unwrap_or(0);
    let mut out = Vec::with_capacity(len);
    for i in 0..rows * FIELD {
        let (x, y) = (i % FIELD, i / FIELD);
        let (cx, cy, fx, fy) = (x / CELL, y / CELL, (x % CELL) as i64, (y % CELL) as i64);
        let cell = CELL as i64;
        let top = height(cx, cy) * (cell - fx) + height(cx + 1, cy) * fx;
        let bottom = height(cx, cy + 1) * (cell - fx) + height(cx + 1, cy + 1) * fx;
        let value = top * (cell - fy) + bottom * fy + rng.below(256) as i64;
        // Below 2^24 and over a power of two: exact.
        out.extend_from_slice(&(value as f32 / 65_536.0).to_le_bytes());
    }
    out
}

/// Fixed records of 32 bytes: a key that grows, a time, flags, an amount, a name with padding.
pub(super) fn records(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    let (mut key, mut time) = (1u32, 1_600_000_000u32);
    while out.len() < len {
        key += 1 + rng.skewed(3) as u32;
        time += rng.skewed(900) as u32;
        out.extend_from_slice(&key.to_le_bytes());
        out.extend_from_slice(&time.to_le_bytes());
        out.extend_from_slice(&(rng.skewed(8) as u16).to_le_bytes());
        out.extend_from_slice(&(rng.skewed(5000) as u16).to_le_bytes());
        out.extend_from_slice(&(100 * rng.skewed(100_000)).to_le_bytes());
        let name = rng.pick_skewed(&["anna", "bjorn", "carlos", "dmitri", "elena", "farid", "grace"]);
        out.extend_from_slice(format!("{name:\0<12.12}").as_bytes());
    }
    out
}

/// Something like x86-64 code: functions with prologue and epilogue, register moves, jumps, and calls whose relative
/// addresses point at a few hundred common targets.
pub(super) fn machine_code(rng: &mut Rng, len: usize) -> Vec<u8> {
    let targets: Vec<u32> = (0..300).map(|_| (rng.below(len as u64) as u32) & !15).collect();
    let mut out = Vec::with_capacity(len + 256);
    while out.len() < len {
        out.extend_from_slice(&[0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 8 + 16 * rng.skewed(8) as u8]);
        for _ in 0..6 + rng.below(30) {
            instruction(rng, &targets, &mut out);
        }
        out.extend_from_slice(&[0xc9, 0xc3]);
        while out.len() % 16 != 0 {
            out.push(0x90);
        }
    }
    out
}

fn instruction(rng: &mut Rng, targets: &[u32], out: &mut Vec<u8>) {
    let register = (rng.skewed(8) as u8) << 3;
    let slot = (rng.skewed(24) as u8).wrapping_mul(8).wrapping_neg();
    match rng.skewed(8) {
        0 => out.extend_from_slice(&[0x48, 0x8b, 0x45 | register, slot]),
        1 => out.extend_from_slice(&[0x48, 0x89, 0x45 | register, slot]),
        2 => {
            let target = targets.get(rng.skewed(300) as usize).copied().unwrap_or(0);
            let next = out.len() as u32 + 5;
            out.push(0xe8);
            out.extend_from_slice(&target.wrapping_sub(next).to_le_bytes());
        }
        3 => out.extend_from_slice(&[0x48, 0x85, 0xc0 | register, 0x74, 4 + 2 * rng.skewed(40) as u8]),
        4 => {
            out.push(0xb8 | register >> 3);
            out.extend_from_slice(&(rng.skewed(70_000) as u32).to_le_bytes());
        }
        5 => out.extend_from_slice(&[0x48, 0x01, 0xc0 | register | rng.skewed(8) as u8]),
        6 => out.extend_from_slice(&[0x0f, 0xb6, 0x40 | register, rng.skewed(64) as u8]),
        _ => out.extend_from_slice(&[0xeb, rng.below(256) as u8]),
    }
}
