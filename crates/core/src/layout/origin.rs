//! What the word of a format is worth.

/// What a span's word is worth: who says that it is there, and whether its numbers may be others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A file says so, or the caller.
    #[default]
    Declared,
    /// The same, but it must stay as it is: the file holds a checksum of it, or it is of a type that is always stored exactly.
    Sealed,
    /// Nobody says so; the bytes look like it.
    Guessed,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Its name, for people.
    pub name: &'static str,
    /// What its word is worth.
    pub origin: Origin,
}

impl Format {
    /// One array without a header, as the caller says.
    pub const RAW: Self = Self::declared("raw");

    /// A format that declares its spans and holds no checksums of them.
    #[must_use]
    pub const fn declared(name: &'static str) -> Self {
        Self { name, origin: Origin::Declared }
    }

    /// A format that declares its spans, with a checksum of each.
    #[must_use]
    pub const fn sealed(name: &'static str) -> Self {
        Self { name, origin: Origin::Sealed }
    }

    /// No format: what the bytes look like.
    #[must_use]
    pub const fn guessed(name: &'static str) -> Self {
        Self { name, origin: Origin::Guessed }
    }
}
