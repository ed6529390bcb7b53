//! Final names.

use super::attributes::set_folder;
use super::partial::{Partial, parent_in};
use super::plan::Plan;
use super::rename::rename_new;
use crate::atomic::{exists, sync_folder};
use cap_std::fs::{Dir, Permissions, PermissionsExt};
use minlen_core::{Env, Error, ErrorKind, Result};
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
            Ok(there) if !(there.is_dir() || there.is_file() || there.is_symlink()) => {
                return Err(Error::usage("is a device, pipe or socket and is not replaced")
                    .in_file(partial.target_path.join(path)));
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

/// Moves everything to its final name, or nothing at all; then sets the modes that had to wait.
pub(super) fn place(
    partial: &Partial,
    plan: &Plan,
    overwrite: bool,
    late: &[PathBuf],
    env: &Env,
) -> Result<()> {
    let names = top_names(plan);
    // Several names cannot appear at one moment. With this the next run can finish what a killed one had begun; where names are
    // replaced, the next run replaces them again.
    let journaled = !overwrite && names.len() > 1;
    if journaled {
        partial.begin_placing(&names)?;
    }
    let mut moving = Moving { plan, partial, overwrite, merged: Vec::new(), done: Vec::new() };
    for name in names {
        let moved = env.check().and_then(|()| moving.one(&partial.dir, &partial.target, Path::new(name)));
        if let Err(error) = moved {
            moving.undo();
            partial.end_placing();
            return Err(error);
        }
    }
    moving.merged.sort();
    // Deepest first, as before.
    set_late(partial, plan, moving.merged.iter().rev().chain(late))?;
    sync_folder(&partial.target_path)
        .map_err(|e| Error::io("syncing a folder", e).in_file(&partial.target_path))?;
    if journaled {
        partial.end_placing();
    }
    Ok(())
}

/// Sets the attributes of folders that had to be in place first.
pub(super) fn set_late<'p>(
    partial: &Partial,
    plan: &Plan,
    paths: impl Iterator<Item = &'p PathBuf>,
) -> Result<()> {
    for path in paths {
        if let Some(folder) = plan.folders.get(path) {
            let set = set_folder(&partial.target, path, folder);
            set.map_err(|e| Error::io("setting attributes", e).in_file(partial.target_path.join(path)))?;
        }
    }
    Ok(())
}

/// A step that can be taken back.
enum Step {
    Moved(PathBuf),
    /// What was there is now where the new thing was.
    Exchanged(PathBuf),
}

struct Moving<'a> {
    plan: &'a Plan,
    partial: &'a Partial,
    overwrite: bool,
    /// Folders that were there already.
    merged: Vec<PathBuf>,
    done: Vec<Step>,
}

impl Moving<'_> {
    /// Moves what is at `path`'s last name in `from` to the same name in `to`.
    fn one(&mut self, from: &Dir, to: &Dir, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default();
        let full = self.partial.target_path.join(path);
        let failed = |e| Error::io("giving the final name", e).in_file(&full);
        let source = from.symlink_metadata(name).map_err(failed)?;
        let there = match to.symlink_metadata(name) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(failed(e)),
        };
        match there {
            None => {
                rename_new(from, to, name, &source).map_err(|e| match e.kind() {
                    io::ErrorKind::AlreadyExists => exists(&full),
                    _ => failed(e),
                })?;
                self.done.push(Step::Moved(path.to_path_buf()));
            }
            Some(_) if !self.overwrite => return Err(exists(&full)),
            Some(there) if source.is_dir() && there.is_dir() => {
                self.merge(from, to, path).map_err(|e| e.in_file(&full))?;
            }
            Some(there) if source.is_dir() != there.is_dir() => return Err(in_the_way(&full)),
            Some(_) => match renameat_with(from, name, to, name, RenameFlags::EXCHANGE) {
                Ok(()) => self.done.push(Step::Exchanged(path.to_path_buf())),
                // A file system that cannot exchange two names: this step stays.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    renameat(from, name, to, name).map_err(|e| failed(e.into()))?;
                }
                Err(e) => return Err(failed(e.into())),
            },
        }
        Ok(())
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
        Ok(())
    }

    /// Takes every step back, as far as the file system lets us.
    fn undo(&mut self) {
        for step in self.done.drain(..).rev() {
            let (Step::Moved(path) | Step::Exchanged(path)) = &step;
            let (from, to) = (parent_in(&self.partial.target, path), parent_in(&self.partial.dir, path));
            let (Ok((from, name)), Ok((to, _))) = (from, to) else { continue };
            let _ = match step {
                Step::Moved(_) => match from.symlink_metadata(name) {
                    Ok(meta) => rename_new(&from, &to, name, &meta),
                    Err(e) => Err(e),
                },
                Step::Exchanged(_) => {
                    renameat_with(&from, name, &to, name, RenameFlags::EXCHANGE).map_err(Into::into)
                }
            };
        }
    }
}
