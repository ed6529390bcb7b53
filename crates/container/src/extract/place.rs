//! Final names.

use super::attributes::set_folder;
use super::owner::Owners;
use super::partial::{Partial, parent_in};
use super::plan::Plan;
use super::rename::rename_new;
use super::{Existing, Options};
use crate::atomic::{exists, sync_folder};
use crate::tree::{Body, Tree};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt, Permissions, PermissionsExt};
use minlen_core::{Env, Error, ErrorKind, Reservation, Result};
use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The names that appear directly in the target, in order.
fn top_names(plan: &Plan) -> BTreeSet<&OsStr> {
    let files = plan.files.iter().map(|f| &f.path);
    let paths = files.chain(plan.links.iter().map(|l| &l.path)).chain(plan.folders.keys());
    paths.filter_map(|p| p.iter().next()).collect()
}

/// Members that are not extracted because of what is there, by number.
#[derive(Debug, Default)]
pub(super) struct Left {
    left: Vec<bool>,
    pub(super) count: u64,
    _held: Option<Reservation>,
}

impl Left {
    pub(super) fn contains(&self, number: usize) -> bool {
        self.left.get(number) == Some(&true)
    }
}

/// Which of the members that are wanted give way to what is there.
pub(super) fn left_alone(
    target: &Path,
    tree: &Tree,
    selected: Option<&dyn Fn(usize) -> bool>,
    existing: Existing,
    env: &Env,
) -> Result<Left> {
    if !matches!(existing, Existing::Skip | Existing::KeepNewer) {
        return Ok(Left::default());
    }
    // Where the target is not there yet, nothing is in it.
    let Ok(dir) = Dir::open_ambient_dir(target, ambient_authority()) else { return Ok(Left::default()) };
    let held = env.budget.reserve(tree.entries.len() as u64)?;
    let mut left = Left { left: vec![false; tree.entries.len()], count: 0, _held: Some(held) };
    for (number, entry) in tree.entries.iter().enumerate() {
        if entry.body == Body::Dir || selected.is_some_and(|selected| !selected(number)) {
            continue;
        }
        env.check()?;
        let path = Path::new(OsStr::from_bytes(&entry.path));
        let Ok(there) = meta_in(&dir, path) else { continue };
        // A folder in the place of a file is no older or newer file: it is refused.
        let stays = existing == Existing::Skip || !is_newer(entry.mtime, &there);
        if stays && !there.is_dir() {
            left.left[number] = true;
            left.count += 1;
        }
    }
    Ok(left)
}

/// What `path`, relative to `dir`, is, without following links.
fn meta_in(dir: &Dir, path: &Path) -> Result<Metadata> {
    let (parent, name) = parent_in(dir, path)?;
    Ok(parent.symlink_metadata(name)?)
}

/// True for a member that is known to be newer than what is there.
fn is_newer(mtime: Option<(i64, u32)>, there: &Metadata) -> bool {
    mtime.is_some_and(|(seconds, nanos)| (seconds, i64::from(nanos)) > (there.mtime(), there.mtime_nsec()))
}

/// Refuses what is in the way, before any work is done.
pub(super) fn check(partial: &Partial, plan: &Plan, existing: Existing) -> Result<()> {
    let is_there = |name: &&OsStr| partial.target.symlink_metadata(name).is_ok();
    let tops: BTreeSet<&OsStr> = top_names(plan).into_iter().filter(is_there).collect();
    if tops.is_empty() {
        return Ok(());
    }
    let others = plan.files.iter().map(|f| &f.path).chain(plan.links.iter().map(|l| &l.path));
    let things = plan.folders.keys().map(|p| (p, true)).chain(others.map(|p| (p, false)));
    let near = things.filter(|(path, _)| path.iter().next().is_some_and(|top| tops.contains(top)));
    for (path, is_folder) in near {
        let Ok(there) = meta_in(&partial.target, path) else { continue };
        let full = || partial.target_path.join(path);
        if there.is_dir() != is_folder {
            return Err(in_the_way(&full()));
        }
        if !(there.is_dir() || there.is_file() || there.is_symlink()) {
            return Err(Error::usage("is a device, pipe or socket and is not replaced").in_file(full()));
        }
        if !is_folder && !existing.replaces() {
            return Err(exists(&full()));
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
    options: &Options,
    late: &[PathBuf],
    owners: &mut Owners,
    env: &Env,
) -> Result<()> {
    let Moves { paths, merged } = Moves::find(partial, plan)?;
    // Several names cannot appear at one moment. With this the next run can finish what a killed one had begun; where names are
    // replaced or skipped, the next run replaces or skips them again.
    let journaled = options.existing == Existing::Refuse && paths.len() > 1;
    if journaled {
        partial.begin_placing(&paths)?;
    }
    let mut moving = Moving { partial, replace: options.existing.replaces(), done: Vec::new() };
    for path in &paths {
        if let Err(error) = env.check().and_then(|()| moving.one(path)) {
            moving.undo();
            partial.end_placing();
            return Err(error);
        }
    }
    let replaced = options.existing == Existing::Replace;
    let given = |path: &&PathBuf| replaced && plan.folders.get(*path).is_some_and(|folder| folder.given);
    // Deepest first, as before. Other folders that were there keep their attributes.
    let late = late.iter().filter(|path| merged.binary_search(path).is_err());
    set_late(partial, plan, merged.iter().rev().filter(given).chain(late), owners)?;
    if options.sync {
        let within: BTreeSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
        let within = within.into_iter().filter(|path| !path.as_os_str().is_empty());
        within.for_each(|path| drop(partial.target.open(path).and_then(|folder| folder.sync_all())));
    }
    sync_folder(&partial.target_path)
        .map_err(|e| Error::io("syncing a folder", e).in_file(&partial.target_path))?;
    if journaled {
        partial.end_placing();
    }
    Ok(())
}

/// What has to be moved, so that everything is in its place.
struct Moves {
    /// Files, links and whole folders.
    paths: Vec<PathBuf>,
    /// Folders that are there, in order.
    merged: Vec<PathBuf>,
}

impl Moves {
    /// Folders that are not there are moved whole; of those that are, what is in them.
    fn find(partial: &Partial, plan: &Plan) -> Result<Self> {
        let mut moves = Self { paths: Vec::new(), merged: Vec::new() };
        let mut waiting: Vec<PathBuf> = top_names(plan).into_iter().rev().map(PathBuf::from).collect();
        while let Some(path) = waiting.pop() {
            let there = meta_in(&partial.target, &path).is_ok_and(|meta| meta.is_dir());
            if there && plan.folders.contains_key(&path) {
                let failed = |e: io::Error| Error::io("opening a folder", e).in_file(&path);
                let (parent, name) = partial.parent(&path)?;
                // Moving things out of a folder needs its owner's permissions, whatever the archive says about it.
                parent.set_permissions(name, Permissions::from_mode(0o700)).map_err(failed)?;
                let inside = parent.open_dir(name).and_then(|folder| {
                    folder.entries()?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()
                });
                let mut inside = inside.map_err(failed)?;
                inside.sort();
                waiting.extend(inside.into_iter().rev().map(|name| path.join(name)));
                moves.merged.push(path);
            } else {
                moves.paths.push(path);
            }
        }
        moves.merged.sort();
        Ok(moves)
    }
}

/// Sets the attributes of folders that had to be in place first.
pub(super) fn set_late<'p>(
    partial: &Partial,
    plan: &Plan,
    paths: impl Iterator<Item = &'p PathBuf>,
    owners: &mut Owners,
) -> Result<()> {
    for path in paths {
        if let Some(folder) = plan.folders.get(path) {
            let set = set_folder(&partial.target, path, folder, owners);
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
    partial: &'a Partial,
    /// Whether what is there may be replaced.
    replace: bool,
    done: Vec<Step>,
}

impl Moving<'_> {
    /// Moves what is at `path` to its place.
    fn one(&mut self, path: &Path) -> Result<()> {
        let full = self.partial.target_path.join(path);
        let failed = |e| Error::io("giving the final name", e).in_file(&full);
        let ((from, name), (to, _)) = (self.partial.parent(path)?, parent_in(&self.partial.target, path)?);
        let source = from.symlink_metadata(name).map_err(failed)?;
        let there = match to.symlink_metadata(name) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(failed(e)),
        };
        match there {
            None => {
                rename_new(&from, &to, name, &source).map_err(|e| match e.kind() {
                    io::ErrorKind::AlreadyExists => exists(&full),
                    _ => failed(e),
                })?;
                self.done.push(Step::Moved(path.to_path_buf()));
            }
            Some(_) if !self.replace => return Err(exists(&full)),
            Some(there) if source.is_dir() || there.is_dir() => return Err(in_the_way(&full)),
            Some(_) => match renameat_with(&from, name, &to, name, RenameFlags::EXCHANGE) {
                Ok(()) => self.done.push(Step::Exchanged(path.to_path_buf())),
                // A file system that cannot exchange two names: this step stays.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    renameat(&from, name, &to, name).map_err(|e| failed(e.into()))?;
                }
                Err(e) => return Err(failed(e.into())),
            },
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
