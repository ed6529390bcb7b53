//! Modes and times.

use super::owner::Owners;
use super::partial::{Partial, parent_in};
use super::plan::{FilePlan, FolderPlan, Plan};
use cap_std::fs::{Dir, File, Permissions, PermissionsExt};
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_OMIT, futimens, utimensat};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

const OWNER_WRITES: u32 = 0o200;

fn times((seconds, nanos): (i64, u32)) -> Timestamps {
    let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    Timestamps { last_access: omit, last_modification: Timespec { tv_sec: seconds, tv_nsec: nanos.into() } }
}

/// Owner, mode, attributes and time of an open file, in this order: a new owner takes bits of the mode away, a new mode rights of an ACL.
pub(super) fn set_file(file: &File, plan: &FilePlan, owners: &mut Owners) -> io::Result<()> {
    let meta = plan.meta.as_deref();
    let mode = owners.give(file, meta, plan.mode, false);
    file.set_permissions(Permissions::from_mode(mode))?;
    owners.describe(file, meta);
    match plan.mtime {
        Some(mtime) => Ok(futimens(file, &times(mtime))?),
        None => Ok(()),
    }
}

/// Time of a symbolic link itself.
pub(super) fn set_link_time(folder: &Dir, name: &OsStr, mtime: (i64, u32), warnings: &mut Vec<String>) {
    if let Err(e) = utimensat(folder, name, &times(mtime), AtFlags::SYMLINK_NOFOLLOW) {
        warnings.push(format!("{}: its time could not be set: {e}", name.display()));
    }
}

/// The same of one folder below `dir`.
pub(super) fn set_folder(dir: &Dir, path: &Path, plan: &FolderPlan, owners: &mut Owners) -> io::Result<()> {
    let (parent, name) = parent_in(dir, path).map_err(io::Error::from)?;
    let meta = plan.meta.as_deref();
    // A folder that is merely found cannot be changed: it has to be opened for reading.
    let folder = meta.map(|_| parent.open_dir(name)?.open(".")).transpose()?;
    let mode = match &folder {
        Some(folder) => owners.give(folder, meta, plan.mode, true),
        None => owners.without_owner(plan.mode, true),
    };
    parent.set_permissions(name, Permissions::from_mode(mode))?;
    if let Some(folder) = &folder {
        owners.describe(folder, meta);
    }
    if let Some(mtime) = plan.mtime {
        utimensat(&parent, name, &times(mtime), AtFlags::SYMLINK_NOFOLLOW)?;
    }
    Ok(())
}

/// Sets the attributes of every folder, the deepest first. Gives those that must wait until they are in place,
/// because a folder that its owner may not write to cannot be moved.
pub(super) fn set_folders(
    partial: &Partial,
    plan: &Plan,
    owners: &mut Owners,
    warnings: &mut Vec<String>,
) -> Vec<PathBuf> {
    let mut late = Vec::new();
    for (path, folder) in plan.folders.iter().rev() {
        let top = path.components().count() == 1;
        if top && folder.mode & OWNER_WRITES == 0 {
            late.push(path.clone());
        }
        let mode = if top { folder.mode | OWNER_WRITES } else { folder.mode };
        if let Err(e) = set_folder(&partial.dir, path, &FolderPlan { mode, ..folder.clone() }, owners) {
            warnings.push(format!("{}: its attributes could not be set: {e}", path.display()));
        }
    }
    late
}
