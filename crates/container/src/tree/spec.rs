//! What encoder and decoder of a tree share.

/// Columns of a serialised tree, in their order.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// One byte an entry: type and flags.
    Kinds,
    /// Bytes that a path shares with the one before.
    Prefixes,
    /// Bytes of path after that.
    Suffixes,
    /// Those bytes.
    Names,
    /// Mode, exclusive-or with the mode of the entry of the same type before.
    Modes,
    /// Seconds, zigzag difference to the entry before that has any.
    Seconds,
    /// Nanoseconds.
    Nanos,
    /// Lengths of files.
    Lens,
    /// Number of extents less one, and length and kind of each where they are several.
    Shapes,
    /// Where data extents begin, as a choice of cursor.
    Starts,
    /// Where data extents begin that no cursor points at.
    Offsets,
    /// Hashes of files.
    Hashes,
    /// Lengths of link targets.
    LinkLens,
    /// Link targets.
    Links,
    /// Distances back to the entry that a hard link or a copy is of.
    Refs,
}

/// Number of columns.
pub(super) const COLUMNS: usize = 15;

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
