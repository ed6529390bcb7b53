//! What encoder and decoder of a tree share.

/// Columns of a serialised tree. Those of form 2 come in this order; form 1 has some of them, and others.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// One byte an entry: type and flags.
    Kinds,
    /// How many names at the end of the path before are dropped, what follows the rest, and a NUL.
    Names,
    /// Mode, exclusive-or with the mode of the entry of the same type before.
    Modes,
    /// Seconds, zigzag difference to the entry before that has any.
    Seconds,
    /// Byte 3 of the zigzag difference of nanoseconds.
    NanosTop,
    /// Byte 2 of it.
    NanosHigh,
    /// Lengths of files; in form 2 without their lowest byte.
    Lens,
    /// Number of extents less one, and length and kind of each where they are several.
    Shapes,
    /// Where data extents begin, as a choice of cursor.
    Starts,
    /// Where data extents begin that no cursor points at.
    Offsets,
    /// Link targets; in form 2 with a NUL behind each.
    Links,
    /// Distances back to the entry that a hard link or a copy is of.
    Refs,
    /// Which owner and attributes an entry has.
    Metas,
    /// Owners and attributes, each where an entry first has them.
    Definitions,
    /// Lowest bytes of the lengths of files.
    LenLows,
    /// Byte 1 of the zigzag difference of nanoseconds.
    NanosLow,
    /// Byte 0 of it.
    NanosLowest,
    /// Hashes of files.
    Hashes,
    /// Form 1: bytes that a path shares with the one before.
    Prefixes,
    /// Form 1: bytes of path after that.
    Suffixes,
    /// Form 1: nanoseconds.
    Nanos,
    /// Form 1: lengths of link targets.
    LinkLens,
}

/// Number of columns of form 2.
pub(super) const COLUMNS: usize = 18;
/// Number of columns of both forms.
pub(super) const ALL_COLUMNS: usize = 22;
/// The columns that a writer stores as they are where coding gains nothing: the last of form 2.
pub(super) const TAIL_COLUMNS: usize = 4;

/// The columns of form 1.
pub(super) const FORM_1: [Column; 15] = [
    Column::Kinds,
    Column::Prefixes,
    Column::Suffixes,
    Column::Names,
    Column::Modes,
    Column::Seconds,
    Column::Nanos,
    Column::Lens,
    Column::Shapes,
    Column::Starts,
    Column::Offsets,
    Column::Hashes,
    Column::LinkLens,
    Column::Links,
    Column::Refs,
];

/// What form 2 begins with. In form 1 this would be no entries, with columns of two bytes.
pub(super) const FORM_2: [u8; 2] = [0, 2];

/// What a tree begins with that amends those before it.
pub(super) const FORM_3: [u8; 2] = [0, 3];

/// Types of entries, the low 2 bits of a kind byte.
pub(super) const DIR: u8 = 0;
pub(super) const FILE: u8 = 1;
pub(super) const SYMLINK: u8 = 2;
pub(super) const HARDLINK: u8 = 3;
/// Mask of the type.
pub(super) const TYPE: u8 = 3;
/// Flag: the entry has a time.
pub(super) const TIMED: u8 = 4;
/// Flag: a file with length, hash and extents of an earlier one.
pub(super) const COPY: u8 = 8;
/// Flag of form 2: the time has nanoseconds other than 0.
pub(super) const FINE: u8 = 16;
/// Flag of form 2: the time is that of the last entry with a time.
pub(super) const SAME_TIME: u8 = 32;

/// Flag of a definition: the owner is known.
pub(super) const OWNED: u64 = 1;

/// Mode that the first entry of each type is compared with: folder, file, link, hard link.
pub(super) const FIRST_MODES: [u32; 4] = [0o755, 0o644, 0o777, 0o644];

/// Difference of times as an unsigned number, small for small differences either way.
pub(super) fn zigzag(new: i64, old: i64) -> u64 {
    let delta = new.wrapping_sub(old);
    ((delta << 1) ^ (delta >> 63)) as u64
}

/// Undoes [`zigzag`].
pub(super) fn unzigzag(code: u64, old: i64) -> i64 {
    let delta = ((code >> 1) ^ (code & 1).wrapping_neg()) as i64;
    old.wrapping_add(delta)
}
