//! Regular files under construction.

use super::owner::Owners;
use super::partial::Partial;
use super::plan::{FilePlan, Plan};
use super::{Options, attributes};
use crate::tree::{is_hash, show_path};
use cap_std::fs::{Dir, File, FileExt, OpenOptions, OpenOptionsExt};
use minlen_core::{Error, Result};
use std::collections::VecDeque;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Files kept open at once.
const OPEN: usize = 64;
/// Up to this many files and folders are synced one by one; more of them all at once with the file system.
const SYNC_EACH: usize = 16;
const PRIVATE: u32 = 0o600;

#[derive(Clone, Copy, Debug, Default)]
struct State {
    created: bool,
    written: u64,
    done: bool,
}

#[derive(Debug)]
struct Open {
    number: usize,
    file: File,
    /// The hash so far, while the data comes in order.
    hasher: Option<Box<blake3::Hasher>>,
    /// Bytes of file that are in the hash, holes included.
    hashed: u64,
    /// Where the next byte in order belongs: part and offset within.
    next: (usize, u64),
}

#[derive(Debug)]
pub(super) struct Files {
    states: Vec<State>,
    open: VecDeque<Open>,
    /// The folder of the last file that was opened.
    folder: Option<(PathBuf, Dir)>,
    verify: bool,
    pub(super) owners: Owners,
    /// True if every file is synced when it is complete.
    pub(super) synced: bool,
}

impl Files {
    pub(super) fn new(plan: &Plan, options: &Options) -> Self {
        let synced = options.sync && plan.files.len().max(plan.folders.len()) <= SYNC_EACH;
        let states = vec![State::default(); plan.files.len()];
        let owners = Owners::new(options);
        Self { states, open: VecDeque::new(), folder: None, verify: options.verify, owners, synced }
    }

    /// Writes a piece of file `number` at `at`.
    pub(super) fn write(
        &mut self,
        plan: &Plan,
        partial: &Partial,
        number: usize,
        at: u64,
        piece: &[u8],
    ) -> Result<()> {
        let file = &plan.files[number];
        let mut open = self.take(partial, file, number)?;
        let failed = |e| Error::io("cannot write", e).in_file(partial.target_path.join(&file.path));
        open.file.write_all_at(piece, at).map_err(failed)?;
        open.hash(file, at, piece);
        let state = &mut self.states[number];
        state.written = state.written.saturating_add(piece.len() as u64);
        if state.written > file.data_len {
            return Err(Error::usage("content was fed twice").in_file(&file.path));
        }
        if state.written == file.data_len {
            return self.complete(partial, file, open);
        }
        self.open.push_back(open);
        if self.open.len() > OPEN {
            self.open.pop_front();
        }
        Ok(())
    }

    /// The open file, made or opened again if need be.
    fn take(&mut self, partial: &Partial, file: &FilePlan, number: usize) -> Result<Open> {
        let at = self.open.iter().rposition(|o| o.number == number);
        if let Some(open) = at.and_then(|at| self.open.remove(at)) {
            return Ok(open);
        }
        let fresh = !self.states[number].created;
        let name = file.path.file_name().unwrap_or_default();
        let folder = self.folder(partial, &file.path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(fresh).mode(PRIVATE);
        let failed = |e| Error::io("cannot create", e).in_file(partial.target_path.join(&file.path));
        let handle = folder.open_with(name, &options).map_err(failed)?;
        if fresh && file.data_len != file.len {
            handle.set_len(file.len).map_err(failed)?;
        }
        self.states[number].created = true;
        let hasher = (fresh && self.verify).then(|| Box::new(blake3::Hasher::new()));
        Ok(Open { number, file: handle, hasher, hashed: 0, next: (0, 0) })
    }

    /// The folder that `path` is in; files often come folder by folder.
    fn folder(&mut self, partial: &Partial, path: &Path) -> Result<&Dir> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let folder = match self.folder.take() {
            Some((last, folder)) if last == parent => (last, folder),
            _ => (parent.to_path_buf(), partial.parent(path)?.0),
        };
        Ok(&self.folder.insert(folder).1)
    }

    /// Makes what has no data, and refuses what is not complete.
    pub(super) fn finish(&mut self, plan: &Plan, partial: &Partial) -> Result<()> {
        for (number, file) in plan.files.iter().enumerate() {
            if file.data_len == 0 {
                let open = self.take(partial, file, number)?;
                self.complete(partial, file, open)?;
            }
            if !self.states[number].done {
                return Err(Error::corrupt("the content for this file is missing").in_file(&file.path));
            }
        }
        Ok(())
    }

    fn complete(&mut self, partial: &Partial, file: &FilePlan, open: Open) -> Result<()> {
        let failed = |e| Error::io("cannot complete", e).in_file(partial.target_path.join(&file.path));
        attributes::set_file(&open.file, file, &mut self.owners).map_err(failed)?;
        if self.synced {
            open.file.sync_all().map_err(failed)?;
        }
        self.states[open.number].done = true;
        if self.verify && !is_hash(&file.hash, file.len, &open.finish(file).map_err(failed)?) {
            let name = show_path(file.path.as_os_str().as_bytes());
            return Err(Error::corrupt(format!("the hash of {name} differs")));
        }
        Ok(())
    }
}

impl Open {
    /// Goes on hashing if `piece` is what comes next, else gives up: the file is read back at the end.
    fn hash(&mut self, file: &FilePlan, at: u64, piece: &[u8]) {
        let Some(hasher) = &mut self.hasher else { return };
        let next = file.parts.get(self.next.0).map_or(file.len, |part| part.0 + self.next.1);
        if next != at {
            self.hasher = None;
            return;
        }
        zeros(hasher, at - self.hashed);
        hasher.update(piece);
        self.hashed = at + piece.len() as u64;
        self.next.1 += piece.len() as u64;
        if file.parts.get(self.next.0).is_some_and(|part| part.1 <= self.next.1) {
            self.next = (self.next.0 + 1, 0);
        }
    }

    /// The hash of the complete file.
    fn finish(self, file: &FilePlan) -> std::io::Result<blake3::Hash> {
        match self.hasher {
            Some(mut hasher) if self.next.0 == file.parts.len() => {
                zeros(&mut hasher, file.len - self.hashed);
                Ok(hasher.finalize())
            }
            _ => read_back(&self.file, file),
        }
    }
}

fn zeros(hasher: &mut blake3::Hasher, mut n: u64) {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    while n > 0 {
        let step = n.min(ZEROS.len() as u64);
        hasher.update(&ZEROS[..step as usize]);
        n -= step;
    }
}

/// The hash of a file on disk, its holes as zeros.
fn read_back(file: &File, plan: &FilePlan) -> std::io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut buf = vec![0; 1 << 17];
    let mut at = 0;
    for &(start, len) in &plan.parts {
        zeros(&mut hasher, start - at);
        at = start;
        while at < start + len {
            let n = (start + len - at).min(buf.len() as u64) as usize;
            file.read_exact_at(&mut buf[..n], at)?;
            hasher.update(&buf[..n]);
            at += n as u64;
        }
    }
    zeros(&mut hasher, plan.len - at);
    Ok(hasher.finalize())
}
