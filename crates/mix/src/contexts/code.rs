//! Where in an x86 instruction the next byte stands.
//!
//! Lengths after the opcode map of the Intel 64 and IA-32 manual, volume 2, appendix A. A wrong start corrects itself
//! after a few instructions, as disassemblers do.

use super::{View, combine};

/// Follows the instruction stream.
#[derive(Clone, Debug, Default)]
pub struct X86 {
    phase: Phase,
    /// Bytes left of the current field, and of the immediate behind it.
    left: u8,
    immediate: u8,
    /// Prefixes, opcode (with 256 for two-byte ones), ModRM and SIB of the current instruction.
    prefix: u8,
    wide: bool,
    opcode: u16,
    modrm: u8,
    sib: u8,
    /// Hashes of the last instructions: opcode and ModRM.
    past: [u64; 4],
    /// The value of the current field so far.
    value: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Opcode,
    Second,
    Third,
    ModRm,
    Sib,
    Displacement,
    Immediate,
}

/// Operands of a one-byte opcode: 1 = ModRM, 2 = 8-bit immediate, 4 = 16/32-bit immediate, 8 = prefix,
/// 16 = 16-bit immediate, 32 = address-sized.
fn operands(op: u8) -> u8 {
    match op {
        0x00..=0x3f => match op & 7 {
            0..=3 => 1,
            4 => 2,
            5 => 4,
            _ if matches!(op, 0x26 | 0x2e | 0x36 | 0x3e) => 8,
            _ => 0,
        },
        0x62 | 0x63 => 1,
        0x64..=0x67 | 0xf0 | 0xf2 | 0xf3 => 8,
        0x68 | 0xe8 | 0xe9 | 0xa9 => 4,
        0x69 | 0x81 | 0xc7 => 1 | 4,
        0x6a | 0x70..=0x7f | 0xb0..=0xb7 | 0xa8 | 0xcd | 0xe0..=0xe7 | 0xeb | 0xd4 | 0xd5 => 2,
        0x6b | 0x80 | 0x82 | 0x83 | 0xc0 | 0xc1 | 0xc6 => 1 | 2,
        0x84..=0x8f | 0xd0..=0xd3 | 0xd8..=0xdf | 0xc4 | 0xc5 | 0xfe | 0xff | 0xf6 | 0xf7 => 1,
        0xb8..=0xbf => 4 | 64,
        0xa0..=0xa3 => 32,
        0xc2 | 0xca => 16,
        _ => 0,
    }
}

/// The same for the second byte after 0F.
fn operands_0f(op: u8) -> u8 {
    match op {
        0x80..=0x8f => 4,
        0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4 | 0xc5 | 0xc6 => 1 | 2,
        0x05..=0x09 | 0x0b | 0x30..=0x37 | 0x77 | 0xa0..=0xa2 | 0xa8..=0xaa | 0xc8..=0xcf => 0,
        _ => 1,
    }
}

impl X86 {
    /// Takes in a byte.
    pub fn push(&mut self, c: u8) {
        self.value = self.value << 8 | u64::from(c);
        match self.phase {
            Phase::Opcode => self.opcode(c),
            Phase::Second => {
                self.opcode = 256 | u16::from(c);
                if matches!(c, 0x38 | 0x3a) {
                    self.phase = Phase::Third;
                } else {
                    self.operands(operands_0f(c));
                }
            }
            Phase::Third => {
                let kind = if self.opcode & 255 == 0x3a { 1 | 2 } else { 1 };
                self.opcode = 512 | u16::from(c);
                self.operands(kind);
            }
            Phase::ModRm => self.modrm(c),
            Phase::Sib => {
                self.sib = c;
                let base_only = c & 7 == 5 && self.modrm >> 6 == 0;
                self.left = if base_only { 4 } else { displacement(self.modrm) };
                self.field();
            }
            Phase::Displacement | Phase::Immediate => {
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    if self.phase == Phase::Displacement {
                        self.left = 0;
                        self.field();
                    } else {
                        self.done();
                    }
                }
            }
        }
    }

    fn opcode(&mut self, c: u8) {
        if c & 0xf0 == 0x40 {
            // REX in 64-bit code, INC and DEC in 32-bit code: alike for the lengths.
            self.prefix = c;
            self.wide = c & 8 != 0;
            return;
        }
        if operands(c) & 8 != 0 {
            self.prefix = c;
            return;
        }
        self.opcode = u16::from(c);
        if c == 0x0f {
            self.phase = Phase::Second;
        } else {
            self.operands(operands(c));
        }
    }

    fn operands(&mut self, kind: u8) {
        let word = if self.prefix == 0x66 { 2 } else { 4 };
        self.immediate = match kind & !1 {
            2 => 1,
            4 => word,
            68 => {
                if self.wide {
                    8
                } else {
                    word
                }
            }
            16 => 2,
            32 => 4,
            _ => 0,
        };
        if kind & 1 != 0 {
            self.phase = Phase::ModRm;
        } else {
            self.left = 0;
            self.field();
        }
    }

    fn modrm(&mut self, c: u8) {
        self.modrm = c;
        // TEST has an immediate, the others of its group have not.
        if matches!(self.opcode, 0xf6 | 0xf7) && c >> 3 & 7 < 2 {
            self.immediate = if self.opcode == 0xf6 { 1 } else { 4 };
        }
        if c >> 6 != 3 && c & 7 == 4 {
            self.phase = Phase::Sib;
            return;
        }
        self.left = displacement(c);
        self.field();
    }

    /// Starts the displacement if there is one, else the immediate, else the next instruction.
    fn field(&mut self) {
        self.value = 0;
        if self.left > 0 {
            self.phase = Phase::Displacement;
        } else if self.immediate > 0 {
            self.phase = Phase::Immediate;
            self.left = self.immediate;
            self.immediate = 0;
        } else {
            self.done();
        }
    }

    fn done(&mut self) {
        self.past.rotate_right(1);
        self.past[0] = u64::from(self.opcode) << 8 | u64::from(self.modrm);
        *self = Self { past: self.past, ..Self::default() };
    }

    /// Phase, byte of the field: below 24.
    #[must_use]
    pub fn phase(&self) -> u16 {
        match self.phase {
            Phase::Opcode => u16::from(self.prefix != 0),
            Phase::Second => 2,
            Phase::Third => 3,
            Phase::ModRm => 4,
            Phase::Sib => 5,
            Phase::Displacement => 5 + u16::from(self.left.min(4)),
            Phase::Immediate => 9 + u16::from(self.left.min(8)),
        }
    }

    /// Three contexts.
    pub fn few(&self) -> [u64; 3] {
        let now = u64::from(self.phase()) << 48
            | u64::from(self.prefix) << 40
            | u64::from(self.opcode) << 16
            | u64::from(self.modrm) << 8
            | u64::from(self.sib);
        let [p1, p2, ..] = self.past;
        let short =
            u64::from(self.phase()) << 48 | u64::from(self.opcode) << 8 | u64::from(self.modrm >> 3 & 7);
        [
            combine(now, self.value),
            combine(combine(now, p1), p2),
            combine(short, combine(self.value, p1 >> 8)),
        ]
    }

    /// Ten contexts.
    pub fn names(&self, v: &View, name: &mut impl FnMut(u64)) {
        let now = u64::from(self.phase()) << 48
            | u64::from(self.prefix) << 40
            | u64::from(self.opcode) << 16
            | u64::from(self.modrm) << 8
            | u64::from(self.sib);
        let [p1, p2, p3, p4] = self.past;
        let short =
            u64::from(self.phase()) << 48 | u64::from(self.opcode) << 8 | u64::from(self.modrm >> 3 & 7);
        name(now);
        name(combine(now, self.value));
        name(combine(now, p1));
        name(combine(combine(now, p1), p2));
        name(combine(combine(now, p1), combine(p2, p3)));
        name(combine(combine(combine(now, p1), combine(p2, p3)), p4));
        name(combine(short, self.value));
        name(combine(short, combine(self.value, p1 >> 8)));
        name(combine(u64::from(self.phase()), v.last(3)));
        name(combine(combine(short, p1 >> 8), combine(p2 >> 8, p3 >> 8)));
    }
}

fn displacement(modrm: u8) -> u8 {
    match (modrm >> 6, modrm & 7) {
        (0, 5) | (2, _) => 4,
        (1, _) => 1,
        _ => 0,
    }
}
