//! The temporary folder within the target.

use crate::atomic::SUFFIX;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, Permissions, PermissionsExt};
use minlen_core::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = ".minlen-";
const PRIVATE: u32 = 0o700;

/// The folder, locked while this process lives, and removed on drop.
#[derive(Debug)]
pub(super) struct Partial {
    /// The folder to extract into.
    pub(super) target: Dir,
    /// Its path, for messages.
    pub(super) target_path: PathBuf,
    /// The temporary folder within.
    pub(super) dir: Dir,
    name: OsString,
    lock: File,
}

impl Partial {
    pub(super) fn create(target: &Path) -> Result<Self> {
        let failed = |e| Error::io("opening the target folder", e).in_file(target);
        Dir::create_ambient_dir_all(target, ambient_authority()).map_err(failed)?;
        let target_dir = Dir::open_ambient_dir(target, ambient_authority()).map_err(failed)?;
        remove_stale(&target_dir, target);
        let path = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE))
            .tempdir_in(target)
            .map_err(|e| Error::io("making a temporary folder", e).in_file(target))?
            .keep();
        let name = path.file_name().map(OsStr::to_os_string).unwrap_or_default();
        let lock = File::open(&path).map_err(failed)?;
        // A file system without locks is fine: then leftovers are not cleaned up.
        let _ = flock(&lock, FlockOperation::NonBlockingLockExclusive);
        let dir = target_dir.open_dir(&name).map_err(failed)?;
        Ok(Self { target: target_dir, target_path: target.to_path_buf(), dir, name, lock })
    }

    /// Makes a folder whose parent is there.
    pub(super) fn make_folder(&self, path: &Path) -> Result<()> {
        let (parent, name) = self.parent(path)?;
        let mut builder = DirBuilder::new();
        builder.mode(PRIVATE);
        parent.create_dir_with(name, &builder).map_err(|e| Error::io("making a folder", e).in_file(path))
    }

    /// The open folder that `path` is in, and its last name.
    pub(super) fn parent<'p>(&self, path: &'p Path) -> Result<(Dir, &'p OsStr)> {
        parent_in(&self.dir, path)
    }

    /// Has everything on disk: these folders one by one, or all of the file system at once.
    pub(super) fn sync(&self, folders: Option<Vec<&Path>>) -> Result<()> {
        if let Some(folders) = folders {
            let each = folders.iter().try_for_each(|folder| self.dir.open(folder)?.sync_all());
            if each.and_then(|()| self.lock.sync_all()).is_ok() {
                return Ok(());
            }
            // A folder that may not be read, or a file system that cannot sync folders.
        }
        let synced = rustix::fs::syncfs(&self.lock).map_err(io::Error::from);
        synced.map_err(|e| Error::io("syncing", e).in_file(&self.target_path))
    }
}

/// The open folder that `path`, relative to `dir`, is in, and its last name.
pub(super) fn parent_in<'p>(dir: &Dir, path: &'p Path) -> Result<(Dir, &'p OsStr)> {
    let name = path.file_name().ok_or_else(|| Error::corrupt("a path without a name"))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let open = match parent {
        Some(parent) => dir.open_dir(parent),
        None => dir.try_clone(),
    };
    Ok((open.map_err(|e| Error::io("opening a folder", e).in_file(path))?, name))
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

/// Removes what dead processes left. Nothing that goes wrong here matters.
fn remove_stale(target: &Dir, target_path: &Path) {
    let Ok(entries) = target.entries() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_bytes();
        // The exact shape of our names, so that nothing else is ever taken for one.
        let ours = bytes.len() == PREFIX.len() + 6 + SUFFIX.len()
            && bytes.starts_with(PREFIX.as_bytes())
            && bytes.ends_with(SUFFIX.as_bytes());
        if ours && entry.file_type().is_ok_and(|t| t.is_dir()) {
            let Ok(lock) = File::open(target_path.join(&name)) else { continue };
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
                remove_tree(target, &name);
            }
        }
    }
}
