//! What is left of a damaged file: found block by block, passing over those that fail.
//!
//! [`Salvage::open`] takes the index where it can be read and looks for blocks otherwise. [`Salvage::survey`] decodes them and says
//! which members are whole, partly whole or lost. Then [`Salvage::extract`] writes what is left, [`Salvage::write_content`] the
//! content of a single stream, and [`Salvage::rebuild`] a new archive of the members that are whole.
//!
//! Where there is recovery data ([`crate::container::recovery`]), try that first: it brings back everything.
//!
//! ```
//! use minlen::archive::salvage::{Salvage, State};
//! use minlen::archive::{Archive, Builder, Entry, Keys};
//! use minlen::{Env, Options};
//! use std::io::Cursor;
//! let (keys, options, env) = (Keys::default(), Options::new(1)?, Env::default());
//! let mut builder = Builder::new();
//! builder.add_all([Entry::file("a.txt", b"one file"), Entry::file("b.txt", b"and another")])?;
//! let (mut bytes, _) = builder.write(Vec::new(), &options, &env)?;
//! bytes.pop(); // The last byte of the file is lost, and with it the way to the directory.
//! assert!(Archive::from_reader(Cursor::new(&bytes), &keys, &options, &env).is_err());
//!
//! let mut damaged = Salvage::from_reader(Cursor::new(&bytes), &keys, &options, &env)?;
//! let survey = damaged.survey(None)?;
//! assert!(survey.members.iter().all(|member| member.state == State::Whole));
//! let again = damaged.rebuild(&survey, Vec::new())?;
//! assert_eq!(Archive::from_reader(Cursor::new(&again), &keys, &options, &env)?.test()?.files, 2);
//! # Ok::<(), minlen::Error>(())
//! ```

mod decode;
mod pieces;
mod ranges;
mod rebuild;
mod survey;
mod sweep;
mod write;

pub use survey::{BadBlock, Salvaged, Select, State, Survey};
pub use write::Written;

use super::ReadSeek;
use super::content::read_up_to;
use super::keys::Keys;
use super::read::Archive;
use crate::options::Options;
use minlen_container::crypt::{self, LostPieces};
use minlen_container::{Archive as Container, Damage, is_mln};
use minlen_core::{Env, ErrorKind, Result};
use std::io::SeekFrom;
use std::path::Path;

/// Appended to the name of a file of which only a part is left.
pub const DAMAGED: &str = ".damaged";
/// What pieces of content without a name are called; the number is where they begin in the content.
pub const PIECE: &str = "salvaged-";

/// A damaged file, open for taking out what is left.
pub struct Salvage<'a> {
    archive: Archive<'a>,
    /// What a scan did not recognise.
    damage: Vec<Damage>,
    /// Zero bytes behind the end.
    padding: u64,
    pieces: Option<LostPieces>,
}

impl<'a> Salvage<'a> {
    /// Opens a file, decrypting it where needed.
    ///
    /// # Errors
    /// As [`Salvage::from_reader`]; I/O; each naming the file.
    pub fn open(path: &Path, keys: &Keys, options: &Options, env: &Env) -> Result<Self> {
        let file =
            std::fs::File::open(path).map_err(|e| minlen_core::Error::io("cannot open", e).in_file(path))?;
        Self::from_reader(file, keys, options, env).map_err(|e| e.in_file(path))
    }

    /// Opens anything that can be read and sought.
    ///
    /// # Errors
    /// Corrupt if there is no trace of a stream; wrong key, or damage to the header of an encrypted file; limit; I/O.
    pub fn from_reader(
        reader: impl ReadSeek + 'a,
        keys: &Keys,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        let mut reader: Box<dyn ReadSeek + 'a> = Box::new(reader);
        let mut head = [0; 64];
        let n = read_up_to(&mut reader, &mut head)?;
        reader.seek(SeekFrom::Start(0))?;
        let (mut pieces, mut padding) = (None, 0);
        if crypt::is_age(&head[..n]) && !is_mln(&head[..n]) {
            let opened = crypt::salvage_reader(reader, &keys.unlock(env)?, env)?;
            (pieces, padding) = (Some(opened.lost()), opened.padding());
            reader = Box::new(opened);
        }
        let stored_len = reader.seek(SeekFrom::End(0))?;
        let shared = Shared::new(reader);
        let opened =
            Container::open(Box::new(shared.clone()) as Box<dyn ReadSeek + 'a>, options.registry(), env);
        let (container, damage) = match opened {
            Ok(container) => (container, Vec::new()),
            Err(e) if matches!(e.kind(), ErrorKind::Cancelled | ErrorKind::Io) => return Err(e),
            Err(_) => Container::open_by_scanning(
                Box::new(shared) as Box<dyn ReadSeek + 'a>,
                options.registry(),
                env,
            )?,
        };
        padding += container.padding();
        let archive = Archive::over(container, pieces.is_some(), stored_len, options, env)?;
        Ok(Self { archive, damage, padding, pieces })
    }

    /// True if the content belongs to a tree of files, even if its directory is lost.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        self.archive.container.is_archive()
    }

    /// The paths of the members whose names are left.
    pub fn paths(&self) -> Vec<Vec<u8>> {
        self.archive.entries().entries.iter().map(|entry| entry.path.clone()).collect()
    }
}

/// A reader that can be tried twice.
#[derive(Clone)]
struct Shared<'a> {
    reader: std::sync::Arc<std::sync::Mutex<Box<dyn ReadSeek + 'a>>>,
}

impl<'a> Shared<'a> {
    fn new(reader: Box<dyn ReadSeek + 'a>) -> Self {
        Self { reader: std::sync::Arc::new(std::sync::Mutex::new(reader)) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Box<dyn ReadSeek + 'a>> {
        self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::io::Read for Shared<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.lock().read(buf)
    }
}

impl std::io::Seek for Shared<'_> {
    fn seek(&mut self, pos: SeekFrom) -> std::io::Result<u64> {
        self.lock().seek(pos)
    }
}
