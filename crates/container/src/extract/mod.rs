//! From entries to files, never outside the target folder, and all or nothing.
//!
//! Everything is made in a folder `.minlen-XXXXXXXXXX.partial` within the target, opened through capabilities (no path
//! leads out of it), and gets its final name only when it is complete, checked and synced. Symbolic links are made
//! last, so that nothing is ever written through one. What a killed process left is removed by the next extraction; one that died
//! while it gave several names is finished by the same extraction.
//!
//! ```
//! use minlen_container::extract::{Extractor, Options};
//! use minlen_container::tree::file_hash;
//! use minlen_container::{Body, Entry, Extent, Tree};
//! # let folder = tempfile::tempdir().unwrap();
//! # let target = folder.path().join("out");
//! let content = b"what the blocks decode to";
//! let extents = vec![Extent::Data { offset: 5, len: 3 }];
//! let body = Body::File { len: 3, hash: file_hash(b"the"), extents };
//! let entry = Entry { path: b"a/b.txt".to_vec(), mode: 0o644, mtime: None, body, meta: None };
//! let tree = Tree { entries: vec![entry] };
//!
//! let env = minlen_core::Env::default();
//! let mut extractor = Extractor::new(&target, &tree, None, Options::default(), &env)?;
//! extractor.feed(0, content)?;
//! extractor.finish()?;
//! assert_eq!(std::fs::read(target.join("a/b.txt"))?, b"the");
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod attributes;
mod files;
mod journal;
mod owner;
mod partial;
mod place;
mod plan;
mod rename;
mod spans;

use crate::tree::Tree;
use files::Files;
use minlen_core::{Env, Error, Reservation, Result};
use partial::Partial;
use plan::Plan;
use std::ops::Range;
use std::path::Path;

/// What to do about a file or link that is there already. Folders are merged in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to extract anything.
    #[default]
    Refuse,
    /// Replace it. Folders that are there get the attributes of those in the archive.
    Replace,
    /// Leave it, and do not extract that member.
    Skip,
    /// Replace it if the member is newer, and leave it if not (or if one of them has no time).
    KeepNewer,
}

impl Existing {
    /// True if something that is there may be replaced.
    fn replaces(self) -> bool {
        matches!(self, Self::Replace | Self::KeepNewer)
    }
}

/// How to extract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What to do about what is there already.
    pub existing: Existing,
    /// Check the hash of every file (default). May be turned off where the hash of all content is checked.
    pub verify: bool,
    /// Have everything on disk before it gets its final name (default).
    pub sync: bool,
    /// Keep set-user, set-group and sticky bits, whoever owns the file then. With [`Options::owners`] they are kept of what gets the owner
    /// that it had, and of folders.
    pub special_bits: bool,
    /// Give everything the owner and group that it had, by their names where they are known here.
    pub owners: bool,
    /// Take the numbers of owners as they are, whatever they are called.
    pub numeric: bool,
    /// Set extended attributes whose names begin with `user.` (default).
    pub xattrs: bool,
    /// Set all extended attributes but ACLs, also those by which a system grants rights.
    pub all_xattrs: bool,
    /// Set POSIX ACLs (default).
    pub acls: bool,
    /// Bytes of the compressed file, which the output has to be in proportion to; unknown by default, and then it need not.
    pub compressed: u64,
    /// Tells the archive from others of the same tree: a hash of its content. An extraction that was stopped while it gave names is
    /// finished by another one of the same archive only.
    pub archive: [u8; 32],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            existing: Existing::Refuse,
            verify: true,
            sync: true,
            special_bits: false,
            owners: false,
            numeric: false,
            xattrs: true,
            all_xattrs: false,
            acls: true,
            compressed: u64::MAX,
            archive: [0; 32],
        }
    }
}

/// What an extraction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Entries made.
    pub entries: u64,
    /// Members that were not extracted because something of their name was there.
    pub skipped: u64,
    /// Bytes of data written.
    pub bytes: u64,
    /// What could not be done as it was asked, but is no error.
    pub warnings: Vec<String>,
}

/// About how many bytes of memory extracting all of `tree` takes, beside those of the tree and of blocks.
#[must_use]
pub fn memory(tree: &Tree) -> u64 {
    plan::memory(tree)
}

/// Takes the content of an archive in any order and makes files of it.
///
/// Use: [`Extractor::new`]; for each block for which [`Extractor::needs`] its range, [`Extractor::feed`] once;
/// [`Extractor::finish`]. Until then everything is in a temporary folder within the target, which is removed on
/// drop, and so is the target if it was made for this.
#[derive(Debug)]
pub struct Extractor {
    plan: Plan,
    files: Files,
    partial: Partial,
    options: Options,
    report: Report,
    env: Env,
    /// True where an earlier run had made everything, and only names were missing.
    finished: bool,
    _held: Reservation,
}

impl Extractor {
    /// Prepares to extract the entries of `tree` that `selected` says (all with `None`; parents are made as needed)
    /// into the folder `target`, which is made if it is not there.
    ///
    /// # Errors
    /// Exists if something is in the way; limit if the output is over [`minlen_core::Limits::output`], or out of proportion to
    /// [`Options::compressed`], or if the plan of it takes more memory than there is; I/O.
    pub fn new(
        target: &Path,
        tree: &Tree,
        selected: Option<&dyn Fn(usize) -> bool>,
        options: Options,
        env: &Env,
    ) -> Result<Self> {
        tree.check(&env.limits)?;
        let left = place::left_alone(target, tree, selected, options.existing, env)?;
        let wanted = |i: usize| selected.is_none_or(|selected| selected(i)) && !left.contains(i);
        let wanted: Option<&dyn Fn(usize) -> bool> = if left.count == 0 { selected } else { Some(&wanted) };
        let (plan, _held) = Plan::new(tree, wanted, &options, env)?;
        env.claim(plan.output_len(), options.compressed)?;
        let (partial, earlier) = Partial::create(target, journal::id(&plan, &options))?;
        let finished = options.existing == Existing::Refuse
            && earlier.is_some_and(|run| run.is_all_there(&partial.target));
        if !finished {
            place::check(&partial, &plan, options.existing)?;
            for path in plan.folders.keys() {
                env.check()?;
                partial.make_folder(path)?;
            }
        }
        let files = Files::new(&plan, &options);
        Ok(Self {
            plan,
            files,
            partial,
            options,
            report: Report { skipped: left.count, ..Report::default() },
            env: env.clone(),
            finished,
            _held,
        })
    }

    /// True where an earlier run of the same extraction was stopped while it gave names, and now all of them are given: nothing is
    /// left to be fed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// True if some file takes bytes from this range of the content.
    #[must_use]
    pub fn needs(&self, content: Range<u64>) -> bool {
        !self.finished && self.plan.spans.overlapping(content).next().is_some()
    }

    /// Takes a piece of the content that begins at `start`. Each byte of the content must come once.
    ///
    /// # Errors
    /// Corrupt for a file that is complete with a wrong hash; I/O.
    pub fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        let end = start.saturating_add(bytes.len() as u64);
        for span in self.plan.spans.overlapping(start..end) {
            self.env.check()?;
            let (from, to) = (span.start.max(start), span.end.min(end));
            let piece = &bytes[(from - start) as usize..(to - start) as usize];
            let at = span.file_offset + (from - span.start);
            self.files.write(&self.plan, &self.partial, span.file as usize, at, piece)?;
            self.report.bytes += piece.len() as u64;
        }
        Ok(())
    }

    /// Checks, sets attributes, syncs, and gives everything its final name.
    ///
    /// # Errors
    /// Corrupt for a file whose hash differs or whose bytes never came; exists; I/O.
    pub fn finish(mut self) -> Result<Report> {
        let plan = &self.plan;
        self.report.entries = (plan.folders.len() + plan.files.len() + plan.links.len()) as u64;
        if self.finished {
            // The folders that their owner may not write to got their modes last.
            let tops = plan.folders.keys().filter(|path| path.components().count() == 1);
            place::set_late(&self.partial, plan, tops, &mut self.files.owners)?;
            self.partial.made.keep();
            return Ok(self.report);
        }
        self.files.finish(&self.plan, &self.partial)?;
        self.env.check()?;
        self.links()?;
        let owners = &mut self.files.owners;
        let late = attributes::set_folders(&self.partial, &self.plan, owners, &mut self.report.warnings);
        self.env.check()?;
        if self.options.sync {
            let each = self
                .files
                .synced
                .then(|| self.plan.folders.keys().map(std::path::PathBuf::as_path).collect());
            self.partial.sync(each)?;
        }
        // Until here a request to stop leaves nothing behind.
        self.env.check()?;
        let owners = &mut self.files.owners;
        place::place(&self.partial, &self.plan, &self.options, &late, owners, &self.env)?;
        self.partial.made.keep();
        self.report.warnings.extend(owners.warnings());
        Ok(self.report)
    }

    fn links(&mut self) -> Result<()> {
        let owners = &mut self.files.owners;
        for link in &self.plan.links {
            let (folder, name) = self.partial.parent(&link.path)?;
            let failed = |e| Error::io("making a link", e).in_file(&link.path);
            match &link.to {
                plan::Link::Symbolic(target) => folder.symlink_contents(target, name).map_err(failed)?,
                plan::Link::Hard(file) => {
                    let (near, original) = self.partial.parent(&self.plan.files[*file].path)?;
                    near.hard_link(original, &folder, name).map_err(failed)?;
                    continue;
                }
            }
            owners.give_link(&folder, name, link.meta.as_deref());
            if let Some(mtime) = link.mtime {
                attributes::set_link_time(&folder, name, mtime, &mut self.report.warnings);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod tests;
