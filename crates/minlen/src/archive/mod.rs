//! Archives: trees of files in, one `.mln` file out, and back: as a whole, by member, or by byte range.
//!
//! | You have | Use |
//! |---|---|
//! | files and folders on disk | [`create`]; [`create_from`] where some are left out or links are followed |
//! | bytes in memory, readers, iterators | [`Builder`] |
//! | an archive on disk, in memory, or anywhere that can be sought in | [`Archive::open`], [`Archive::from_reader`] |
//! | one member to read, all of it or a range | [`Archive::read_member`] |
//! | one member to read here and there | [`Archive::member_reader`] |
//! | members that shall become files | [`Archive::extract`] |
//! | an archive to bring up to date | [`Update`] |
//! | an archive with much in it that was replaced or deleted | [`Archive::compact`] |
//! | a damaged archive | [`salvage`] |
//!
//! An [`Archive`] reads a single nameless stream, too. Encryption wraps the whole file: see [`crate::container::crypt`] for writing;
//! reading takes [`Keys`].
//!
//! ```
//! # fn main() -> minlen::Result<()> {
//! use minlen::{Env, Options, archive};
//! # let dir = tempfile::tempdir()?;
//! # let folder = dir.path().join("notes");
//! # std::fs::create_dir(&folder)?;
//! # std::fs::write(folder.join("a.txt"), "predict, then code")?;
//! let (bytes, summary) = archive::create(&[folder], Vec::new(), &Options::new(3)?, &Env::default())?;
//! assert_eq!(summary.files, 1);
//!
//! let reader = std::io::Cursor::new(&bytes);
//! let mut archive = archive::Archive::from_reader(reader, &archive::Keys::default(), &Options::default(), &Env::default())?;
//! let mut text = Vec::new();
//! archive.read_member(b"notes/a.txt", Some(9..18), &mut text)?;
//! assert_eq!(text, b"then code");
//! # Ok(())
//! # }
//! ```

mod around;
mod builder;
mod compact;
mod content;
mod contents;
mod copies;
mod create;
mod dedup;
mod extract;
mod groups;
mod hash;
mod inputs;
mod keys;
mod look;
mod member;
mod member_reader;
mod needs;
mod read;
mod recent;
pub mod salvage;
mod shares;
mod spans;
mod spool;
mod strip;
mod sweep;
mod update;
mod window;

pub use builder::{Builder, Entry};
pub use compact::Compacted;
pub use create::{create, create_from};
pub use inputs::{Inputs, readers};
pub use keys::Keys;
pub use member::{BlockInfo, Info, Member, MemberKind};
pub use member_reader::MemberReader;
pub use read::Archive;
pub use spans::MemberSource;
pub use strip::without_first;
pub use update::{Change, ChangeKind, Update, Updating};

use crate::options::Keep;
use minlen_container::extract as extract_to;
pub use minlen_container::extract::Existing;
use std::io::{Read, Seek};

/// Anything that an archive can be read from.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// What was done, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Regular files.
    pub files: u64,
    /// Folders.
    pub dirs: u64,
    /// Symbolic and hard links.
    pub links: u64,
    /// Bytes of all files, holes included.
    pub raw_bytes: u64,
    /// Bytes that had to be stored: without holes and without what was there already.
    pub unique_bytes: u64,
    /// Bytes of the archive.
    pub stored_bytes: u64,
    /// Permission bits that an archive may have, so that nobody can read in it what he could not read before; 0 where nothing
    /// was archived.
    pub mode: u32,
    /// Members that were not unpacked because something of their name was there.
    pub skipped: u64,
    /// What went wrong without stopping the work.
    pub warnings: Vec<String>,
}

/// How to unpack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtractOptions {
    /// What to do about files that are there already. Folders are merged in any case.
    pub existing: Existing,
    /// How many names at the front of every path to leave out.
    pub strip: usize,
    /// What to set of what the archive keeps: by default attributes of users and ACLs, and no owners.
    pub keep: Keep,
    /// Take the numbers of owners as they are, whatever they are called.
    pub numeric_owners: bool,
    /// Set the attributes by which a system grants rights, too.
    pub system_xattrs: bool,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            existing: Existing::Refuse,
            strip: 0,
            keep: Keep { owners: false, xattrs: true, acls: true },
            numeric_owners: false,
            system_xattrs: false,
        }
    }
}

impl ExtractOptions {
    /// Replaces files that are there, or refuses to extract.
    #[must_use]
    pub fn with_overwrite(self, overwrite: bool) -> Self {
        self.with_existing(if overwrite { Existing::Replace } else { Existing::Refuse })
    }

    /// Sets [`ExtractOptions::existing`].
    #[must_use]
    pub fn with_existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// Sets [`ExtractOptions::strip`].
    #[must_use]
    pub fn with_strip(mut self, names: usize) -> Self {
        self.strip = names;
        self
    }

    /// Sets [`ExtractOptions::keep`].
    #[must_use]
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Sets [`ExtractOptions::numeric_owners`].
    #[must_use]
    pub fn with_numeric_owners(mut self, numeric: bool) -> Self {
        self.numeric_owners = numeric;
        self
    }

    /// Sets [`ExtractOptions::system_xattrs`].
    #[must_use]
    pub fn with_system_xattrs(mut self, all: bool) -> Self {
        self.system_xattrs = all;
        self
    }

    /// The same for the container.
    pub(crate) fn extraction(&self) -> extract_to::Options {
        let mut how = extract_to::Options::default();
        (how.existing, how.owners, how.numeric) = (self.existing, self.keep.owners, self.numeric_owners);
        (how.xattrs, how.all_xattrs) = (self.keep.xattrs, self.keep.xattrs && self.system_xattrs);
        how.acls = self.keep.acls;
        how
    }
}
