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
mod content;
mod contents;
mod copies;
mod create;
mod dedup;
mod extract;
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
mod sweep;
mod window;

pub use builder::{Builder, Entry};
pub use create::{create, create_from};
pub use inputs::{Inputs, readers};
pub use keys::Keys;
pub use member::{BlockInfo, Info, Member, MemberKind};
pub use member_reader::MemberReader;
pub use read::Archive;
pub use spans::MemberSource;

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
    /// What went wrong without stopping the work.
    pub warnings: Vec<String>,
}

/// How to unpack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtractOptions {
    /// Replace what is there already.
    pub overwrite: bool,
}

impl ExtractOptions {
    /// Sets [`ExtractOptions::overwrite`].
    #[must_use]
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}
