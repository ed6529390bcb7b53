//! The temporary folder within the target.

use super::journal::{Id, Journal, Placing, number};
use super::rename::rename_new;
use crate::atomic::{Unfinished, exists, partial_of, sync_folder};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, Permissions, PermissionsExt};
use minlen_core::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const PRIVATE: u32 = 0o700;
/// The folder within for what is being made.
const FILES: &str = "files";

/// Folders that were made for an extraction, the innermost first: removed on drop as far as they are empty.
#[derive(Debug)]
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a folder and those above it that are missing.
    fn folder(target: &Path) -> io::Result<Self> {
        let missing = target.ancestors().take_while(|path| {
            !path.as_os_str().is_empty()
                && path.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
        });
        let made = Self(missing.map(Path::to_path_buf).collect());
        Dir::create_ambient_dir_all(target, ambient_authority())?;
        Ok(made)
    }

    /// Leaves them where they are: the extraction is complete.
    pub(super) fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // Stops at the first that has something in it.
        let _ = self.0.iter().try_for_each(std::fs::remove_dir);
    }
}

/// The folder, locked while this process lives, and removed on drop.
#[derive(Debug)]
pub(super) struct Partial {
    /// The folder to extract into.
    pub(super) target: Dir,
    /// Its path, for messages.
    pub(super) target_path: PathBuf,
    /// Where things are made.
    pub(super) dir: Dir,
    /// What holds that and the journal.
    outer: Dir,
    id: Id,
    name: OsString,
    pub(super) lock: File,
    /// The target itself, if it was not there before. Dropped after what is in it.
    pub(super) made: Made,
}

impl Partial {
    /// Makes the folder, after tidying up what dead processes left. The second part is the journal of the same extraction if an
    /// earlier process died while it gave the names, and the rest of them has been given now.
    pub(super) fn create(target: &Path, id: Id) -> Result<(Self, Option<Journal>)> {
        let failed = |e| Error::io("opening the target folder", e).in_file(target);
        let made = Made::folder(target).map_err(failed)?;
        let target_dir = Dir::open_ambient_dir(target, ambient_authority()).map_err(failed)?;
        let earlier = tidy_up(&target_dir, target, &id)?;
        let failed = |e| Error::io("making a temporary folder", e).in_file(target);
        let name = Unfinished::fresh(b"");
        target_dir.create_dir_with(&name, &private()).map_err(failed)?;
        let outer = target_dir.open_dir(&name).map_err(failed)?;
        let begun = || {
            let lock = outer.open(".")?.into_std();
            // A file system without locks is fine: then leftovers are not cleaned up.
            let _ = flock(&lock, FlockOperation::NonBlockingLockExclusive);
            Journal { id, placing: Vec::new() }.write(&outer, false)?;
            outer.create_dir_with(FILES, &private())?;
            Ok((lock, outer.open_dir(FILES)?))
        };
        let (lock, dir) = begun().map_err(|e| {
            remove_tree(&target_dir, &name);
            failed(e)
        })?;
        let partial =
            Self { target: target_dir, target_path: target.to_path_buf(), dir, outer, id, name, lock, made };
        Ok((partial, earlier))
    }

    /// Writes down that these names are about to get their places.
    pub(super) fn begin_placing(&self, paths: &[PathBuf]) -> Result<()> {
        let placing = paths.iter().map(|path| {
            let what = number(&self.dir, path)?;
            Ok(Placing { path: path.clone(), what })
        });
        let journal = Journal { id: self.id, placing: placing.collect::<Result<_>>()? };
        let written = journal.write(&self.outer, true);
        written.map_err(|e| Error::io("writing the journal", e).in_file(&self.target_path))
    }

    /// Takes that back: nothing has its place any more, or everything has.
    pub(super) fn end_placing(&self) {
        let _ = Journal { id: self.id, placing: Vec::new() }.write(&self.outer, false);
    }

    /// Makes a folder whose parent is there.
    pub(super) fn make_folder(&self, path: &Path) -> Result<()> {
        let (parent, name) = self.parent(path)?;
        let made = parent.create_dir_with(name, &private());
        made.map_err(|e| Error::io("making a folder", e).in_file(path))
    }

    /// The open folder that `path` is in, and its last name.
    pub(super) fn parent<'p>(&self, path: &'p Path) -> Result<(Dir, &'p OsStr)> {
        parent_in(&self.dir, path)
    }

    /// Has everything on disk: these folders one by one, or all of the file system at once.
    pub(super) fn sync(&self, folders: Option<Vec<&Path>>) -> Result<()> {
        if let Some(folders) = folders {
            let each = folders.iter().try_for_each(|folder| self.dir.open(folder)?.sync_all());
            if each.and_then(|()| self.dir.open(".")?.sync_all()).is_ok() {
                return Ok(());
            }
            // A folder that may not be read, or a file system that cannot sync folders.
        }
        let synced = rustix::fs::syncfs(&self.lock).map_err(io::Error::from);
        synced.map_err(|e| Error::io("syncing", e).in_file(&self.target_path))
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(PRIVATE);
    builder
}

/// The open folder that `path`, relative to `dir`, is in, and its last name.
pub(super) fn parent_in<'p>(dir: &Dir, path: &'p Path) -> Result<(Dir, &'p OsStr)> {
    let name = path.file_name().ok_or_else(|| Error::corrupt("a path without a name"))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let open = match parent {
        Some(parent) => open_deep(dir, parent),
        None => dir.try_clone(),
    };
    Ok((open.map_err(|e| Error::io("opening a folder", e).in_file(path))?, name))
}

/// Bytes of path that every system takes at once.
const AT_ONCE: usize = 3000;

/// Opens a folder, in steps where the path is longer than the system takes.
fn open_deep(dir: &Dir, path: &Path) -> io::Result<Dir> {
    let mut rest = path.as_os_str().as_bytes();
    let mut open: Option<Dir> = None;
    while rest.len() > AT_ONCE {
        let too_long = || io::Error::from(rustix::io::Errno::NAMETOOLONG);
        let end = rest[..AT_ONCE].iter().rposition(|&byte| byte == b'/').ok_or_else(too_long)?;
        open = Some(open.as_ref().unwrap_or(dir).open_dir(OsStr::from_bytes(&rest[..end]))?);
        rest = &rest[end + 1..];
    }
    open.as_ref().unwrap_or(dir).open_dir(OsStr::from_bytes(rest))
}

impl Drop for Partial {
    fn drop(&mut self) {
        remove_tree(&self.target, &self.name);
    }
}

/// Removes a folder and what is in it, as far as that is possible.
fn remove_tree(parent: &Dir, name: &OsStr) {
    if parent.remove_dir_all(name).is_ok() {
        return;
    }
    if let Ok(dir) = parent.open_dir(name) {
        open_up(&dir, 0);
        let _ = parent.remove_dir_all(name);
    }
}

/// Gives every folder its owner's permissions back, so that it can be emptied.
fn open_up(dir: &Dir, depth: u32) {
    let _ = dir.set_permissions(".", Permissions::from_mode(PRIVATE));
    let Ok(entries) = dir.entries() else { return };
    for entry in entries.flatten() {
        if depth < 1024 && entry.file_type().is_ok_and(|t| t.is_dir()) {
            let _ = dir.set_permissions(entry.file_name(), Permissions::from_mode(PRIVATE));
            if let Ok(inner) = entry.open_dir() {
                open_up(&inner, depth + 1);
            }
        }
    }
}

/// Removes what dead processes left unfinished. What one had complete and was giving names to is finished if it is the
/// extraction with this id, and left alone if not. A folder without a journal of ours is somebody's.
fn tidy_up(target: &Dir, target_path: &Path, id: &Id) -> Result<Option<Journal>> {
    let mut earlier = None;
    let Ok(entries) = target.entries() else { return Ok(None) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = partial_of(name.as_bytes()) == Some(b"") && entry.file_type().is_ok_and(|t| t.is_dir());
        let Some(outer) = Some(&name).filter(|_| ours).and_then(|name| target.open_dir(name).ok()) else {
            continue;
        };
        let Ok(lock) = outer.open(".") else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        match Journal::read(&outer) {
            Some(journal) if journal.placing.is_empty() => remove_tree(target, &name),
            Some(journal) if journal.id == *id => {
                finish(&outer, target, target_path, &journal)?;
                remove_tree(target, &name);
                earlier = Some(journal);
            }
            _ => {}
        }
    }
    Ok(earlier)
}

/// Gives the names that are not given yet.
fn finish(outer: &Dir, target: &Dir, target_path: &Path, journal: &Journal) -> Result<()> {
    let dir = outer.open_dir(FILES)?;
    for Placing { path, .. } in &journal.placing {
        let full = target_path.join(path);
        let ((from, name), (to, _)) = (parent_in(&dir, path)?, parent_in(target, path)?);
        let Ok(source) = from.symlink_metadata(name) else { continue };
        rename_new(&from, &to, name, &source).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(&full),
            _ => Error::io("finishing an interrupted extraction", e).in_file(&full),
        })?;
    }
    sync_folder(target_path).map_err(|e| Error::io("syncing a folder", e).in_file(target_path))
}
