//! Final names.

use super::attributes::set_folder;
use super::partial::Partial;
use super::plan::Plan;
use crate::atomic::{exists, sync_folder};
use cap_std::fs::{Dir, Metadata, Permissions, PermissionsExt};
use minlen_core::{Error, ErrorKind, Result};
use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The names that appear directly in the target, in order.
fn top_names(plan: &Plan) -> BTreeSet<&OsStr> {
    let files = plan.files.iter().map(|f| &f.path);
    let paths = files.chain(plan.links.iter().map(|l| &l.path)).chain(plan.folders.keys());
    paths.filter_map(|p| p.iter().next()).collect()
}

/// Refuses what is in the way, before any work is done.
pub(super) fn check(partial: &Partial, plan: &Plan, overwrite: bool) -> Result<()> {
    if !overwrite {
        let mut there =
            top_names(plan).into_iter().filter(|name| partial.target.symlink_metadata(name).is_ok());
        return there.next().map_or(Ok(()), |name| Err(exists(&partial.target_path.join(name))));
    }
    let others = plan.files.iter().map(|f| &f.path).chain(plan.links.iter().map(|l| &l.path));
    let things = plan.folders.keys().map(|p| (p, true)).chain(others.map(|p| (p, false)));
    for (path, is_folder) in things {
        match partial.target.symlink_metadata(path) {
            Ok(there) if there.is_dir() != is_folder => {
                return Err(in_the_way(&partial.target_path.join(path)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn in_the_way(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, "a folder and something else of the same name: neither replaces the other")
        .in_file(path)
}

/// Moves everything to its final name; then sets the modes that had to wait.
pub(super) fn place(partial: &Partial, plan: &Plan, overwrite: bool, late: &[PathBuf]) -> Result<()> {
    let mut merged = Vec::new();
    for name in top_names(plan) {
        let mut moving = Moving { plan, target_path: &partial.target_path, overwrite, merged: &mut merged };
        moving.one(&partial.dir, &partial.target, Path::new(name))?;
    }
    // Deepest first, as before.
    merged.sort();
    for path in merged.iter().rev().chain(late) {
        if let Some(folder) = plan.folders.get(path) {
            let set = set_folder(&partial.target, path, folder);
            set.map_err(|e| Error::io("setting attributes", e).in_file(partial.target_path.join(path)))?;
        }
    }
    sync_folder(&partial.target_path)
        .map_err(|e| Error::io("syncing a folder", e).in_file(&partial.target_path))
}

struct Moving<'a> {
    plan: &'a Plan,
    target_path: &'a Path,
    overwrite: bool,
    /// Folders that were there already.
    merged: &'a mut Vec<PathBuf>,
}

impl Moving<'_> {
    /// Moves what is at `path`'s last name in `from` to the same name in `to`.
    fn one(&mut self, from: &Dir, to: &Dir, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default();
        let full = self.target_path.join(path);
        let failed = |e| Error::io("giving the final name", e).in_file(&full);
        let source = from.symlink_metadata(name).map_err(failed)?;
        let there = match to.symlink_metadata(name) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(failed(e)),
        };
        match there {
            None => rename_new(from, to, name, &source).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => exists(&full),
                _ => failed(e),
            }),
            Some(_) if !self.overwrite => Err(exists(&full)),
            Some(there) if source.is_dir() && there.is_dir() => {
                self.merge(from, to, path).map_err(|e| e.in_file(&full))
            }
            Some(there) if source.is_dir() != there.is_dir() => Err(in_the_way(&full)),
            Some(_) => renameat(from, name, to, name).map_err(|e| failed(e.into())),
        }
    }

    /// Moves the contents of a folder into one that is there.
    fn merge(&mut self, from: &Dir, to: &Dir, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default();
        // Moving things out of a folder needs its owner's permissions, whatever the archive says about it.
        from.set_permissions(name, Permissions::from_mode(0o700))?;
        let (inner_from, inner_to) = (from.open_dir(name)?, to.open_dir(name)?);
        let mut names = Vec::new();
        for entry in inner_from.entries()? {
            names.push(entry?.file_name());
        }
        names.sort();
        for inner in names {
            self.one(&inner_from, &inner_to, &path.join(inner))?;
        }
        if self.plan.folders.get(path).is_some_and(|f| f.given) {
            self.merged.push(path.to_path_buf());
        }
        Ok(from.remove_dir(name)?)
    }
}

/// Renames without ever replacing. A folder that its owner may not write to is opened for the move.
fn rename_new(from: &Dir, to: &Dir, name: &OsStr, source: &Metadata) -> io::Result<()> {
    let mode = source.permissions().mode() & 0o7777;
    let closed = source.is_dir() && mode & 0o200 == 0;
    if closed {
        from.set_permissions(name, Permissions::from_mode(mode | 0o700))?;
    }
    match renameat_with(from, name, to, name, RenameFlags::NOREPLACE) {
        // A file system that does not know the flag: the name was free a moment ago.
        Err(Errno::INVAL | Errno::NOSYS) => renameat(from, name, to, name)?,
        other => other?,
    }
    if closed {
        to.set_permissions(name, Permissions::from_mode(mode))?;
    }
    Ok(())
}
