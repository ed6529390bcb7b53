//! From entries to files, never outside the target folder, and all or nothing.

use crate::tree::Tree;
use minlen_core::{Env, Error, Result};
use std::ops::Range;
use std::path::Path;

/// How to extract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Replace files that are there; folders are merged. Without it anything that is there is an error.
    pub overwrite: bool,
    /// Check the hash of every file (default). May be turned off where the hash of all content is checked.
    pub verify: bool,
    /// Have everything on disk before it gets its final name (default).
    pub sync: bool,
    /// Keep set-user, set-group and sticky bits.
    pub special_bits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { overwrite: false, verify: true, sync: true, special_bits: false }
    }
}

/// What an extraction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Entries made.
    pub entries: u64,
    /// Bytes of data written.
    pub bytes: u64,
    /// What could not be done as it was asked, but is no error.
    pub warnings: Vec<String>,
}

/// Takes the content of an archive in any order and makes files of it.
///
/// Use: [`Extractor::new`]; for each block for which [`Extractor::needs`] its range, [`Extractor::feed`];
/// [`Extractor::finish`]. Until then everything is in a temporary folder within the target, which is removed on
/// drop.
#[derive(Debug)]
pub struct Extractor {}

impl Extractor {
    /// Prepares to extract the entries of `tree` that `selected` says (all with `None`; parents are made as needed)
    /// into the folder `target`, which is made if it is not there.
    ///
    /// # Errors
    /// Exists if something is in the way; limit if the output is over the limits; I/O.
    pub fn new(
        target: &Path,
        tree: &Tree,
        selected: Option<&dyn Fn(usize) -> bool>,
        options: Options,
        env: &Env,
    ) -> Result<Self> {
        let _ = (target, tree, selected, options, env);
        Err(Error::unsupported("being built"))
    }

    /// True if some file takes bytes from this range of the content.
    #[must_use]
    pub fn needs(&self, content: Range<u64>) -> bool {
        let _ = content;
        true
    }

    /// Takes a piece of the content that begins at `start`.
    ///
    /// # Errors
    /// I/O.
    pub fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let _ = (start, bytes);
        Err(Error::unsupported("being built"))
    }

    /// Checks, sets attributes, syncs, and gives everything its final name.
    ///
    /// # Errors
    /// Corrupt for a file whose hash differs or whose bytes never came; exists; I/O.
    pub fn finish(self) -> Result<Report> {
        Err(Error::unsupported("being built"))
    }
}
