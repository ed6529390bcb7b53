//! Programs: ELF, PE, Mach-O and byte codes.

use super::named;
use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

/// `e_machine` of ELF (gABI and its registry).
const ELF_MACHINES: &[(u16, &str)] = &[
    (2, "SPARC"),
    (3, "x86"),
    (4, "68k"),
    (8, "MIPS"),
    (18, "SPARC"),
    (20, "PowerPC"),
    (21, "PowerPC64"),
    (22, "s390x"),
    (40, "ARM"),
    (43, "SPARC64"),
    (62, "x86-64"),
    (83, "AVR"),
    (183, "ARM64"),
    (190, "CUDA"),
    (224, "AMD GPU"),
    (243, "RISC-V"),
    (247, "BPF"),
    (258, "LoongArch"),
];
const ELF_TYPES: &[(u16, &str)] = &[(1, "object"), (2, "program"), (3, "shared object"), (4, "core dump")];
/// `Machine` of the COFF header (PE specification).
const PE_MACHINES: &[(u16, &str)] = &[
    (0x14c, "x86"),
    (0x8664, "x86-64"),
    (0x1c0, "ARM"),
    (0x1c4, "ARM Thumb-2"),
    (0xaa64, "ARM64"),
    (0x200, "Itanium"),
    (0xebc, "EFI byte code"),
    (0x5064, "RISC-V"),
];
/// `cputype` of Mach-O.
const MACH_CPUS: &[(u32, &str)] = &[
    (7, "x86"),
    (0x0100_0007, "x86-64"),
    (12, "ARM"),
    (0x0100_000c, "ARM64"),
    (18, "PowerPC"),
    (0x0100_0012, "PowerPC64"),
];

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    elf(v, total).or_else(|| pe(v, total)).or_else(|| mach(v)).or_else(|| byte_code(v))
}

fn elf(v: View<'_>, total: u64) -> Option<Detection> {
    if !v.has(0, b"\x7fELF") || v.u8(6)? != 1 {
        return None;
    }
    let (wide, big) = match (v.u8(4)?, v.u8(5)?) {
        (class @ 1..=2, order @ 1..=2) => (class == 2, order == 2),
        _ => return None,
    };
    let kind = v.u16(16, big)?;
    let machine = v.u16(18, big)?;
    let header = v.u16(if wide { 52 } else { 40 }, big)?;
    if header != if wide { 64 } else { 52 } || v.u32(20, big)? != 1 || total < u64::from(header) {
        return None;
    }
    let what = named(ELF_TYPES, kind).unwrap_or("file");
    let cpu = named(ELF_MACHINES, machine).map_or_else(|| format!("machine {machine}"), Into::into);
    found(Kind::Elf, 98, format!("{cpu} {what}"))
}

fn pe(v: View<'_>, total: u64) -> Option<Detection> {
    if !v.has(0, b"MZ") {
        return None;
    }
    let at = v.le32(0x3c)? as usize;
    if v.has(at, b"PE\0\0") {
        let machine = v.le16(at + 4)?;
        let optional = v.le16(at + 24).unwrap_or(0);
        let cpu = named(PE_MACHINES, machine)?;
        let dll = v.le16(at + 22)? & 0x2000 != 0;
        let sure = matches!(optional, 0x10b | 0x20b);
        return found(
            Kind::Pe,
            if sure { 98 } else { 80 },
            format!("{cpu} {}", if dll { "DLL" } else { "EXE" }),
        );
    }
    // A plain MS-DOS program: the pages of its header must lie within the file.
    let (last, pages, paragraphs) = (v.le16(2)?, v.le16(4)?, v.le16(8)?);
    let fits = u64::from(pages) * 512 <= total + 512 && u64::from(paragraphs) * 16 <= total;
    (last < 512 && pages > 0 && paragraphs >= 2 && fits).then(|| found(Kind::Pe, 72, "MS-DOS program"))?
}

fn mach(v: View<'_>) -> Option<Detection> {
    let magic = v.be32(0)?;
    if magic == 0xcafe_babe {
        let count = v.be32(4)?;
        let cpu = named(MACH_CPUS, v.be32(8)?)?;
        return (1..=30)
            .contains(&count)
            .then(|| found(Kind::MachO, 95, format!("universal, {cpu} first")))?;
    }
    let big = match magic {
        0xfeed_face | 0xfeed_facf => true,
        0xcefa_edfe | 0xcffa_edfe => false,
        _ => return None,
    };
    let cpu = named(MACH_CPUS, v.u32(4, big)?)?;
    let (kind, commands, size) = (v.u32(12, big)?, v.u32(16, big)?, v.u32(20, big)?);
    let plausible =
        (1..=16).contains(&kind) && commands < 0x1_0000 && u64::from(commands) * 8 <= u64::from(size);
    plausible.then(|| found(Kind::MachO, 97, cpu))?
}

fn byte_code(v: View<'_>) -> Option<Detection> {
    if v.has(0, b"\0asm") {
        return match v.le32(4)? {
            1 if v.u8(8).is_none_or(|section| section <= 13) => found(Kind::ByteCode, 97, "WebAssembly"),
            0x1_000d => found(Kind::ByteCode, 95, "WebAssembly component"),
            _ => None,
        };
    }
    if v.has(0, b"\xca\xfe\xba\xbe") {
        let (major, pool, tag) = (v.be16(6)?, v.be16(8)?, v.u8(10)?);
        let plausible = (45..=90).contains(&major) && pool > 1 && (1..=20).contains(&tag);
        return plausible.then(|| found(Kind::ByteCode, 97, "Java class"))?;
    }
    if v.has(0, b"dex\n0") && v.u8(7)? == 0 {
        return found(Kind::ByteCode, 96, "Dalvik");
    }
    if v.has(0, b"BC\xc0\xde") {
        return found(Kind::ByteCode, 92, "LLVM bit code");
    }
    if v.has(0, b"\x1bLua") && (0x50..=0x5f).contains(&v.u8(4)?) {
        return found(Kind::ByteCode, 94, "Lua");
    }
    // Python: a version number, CR LF, and flags of at most two bits.
    let python = v.has(2, b"\r\n") && (3000..4000).contains(&v.le16(0)?) && v.le32(4)? <= 3;
    python.then(|| found(Kind::ByteCode, 92, "Python"))?
}
