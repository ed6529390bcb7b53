//! Removing inputs that were verified, and nothing else. What is about to go is compared, by an open handle of its folder, with what
//! was verified, and what reading the result needs stays.

use super::verify::Checked;
use crate::plan::Context;
use minlen::{Error, Result};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, open, statat, unlinkat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Removes a file that is still what `before` says. A link to it, and what reading the result needs, is kept with a warning.
pub fn file(path: &Path, before: &Metadata, ctx: &Context) -> Result<()> {
    if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        ctx.ui.warn(&format!("{}: is a symbolic link; kept", path.display()));
        return Ok(());
    }
    if let Some(role) = ctx.ledger().needed(before) {
        ctx.ui.warn(&format!("{}: is the {role} that reading the output needs; kept", path.display()));
        return Ok(());
    }
    remove(path, before, ctx)?;
    super::sink::sync_folder(path)
}

/// Removes what was compared, from the leaves up. What differs, or was changed since, stays with a warning, as does a folder in which
/// something new has appeared. Where something that reading the archive needs is among it, everything stays.
pub fn tree(checked: &[Checked], ctx: &Context) -> Result<()> {
    let needed = |item: &Checked| ctx.ledger().needed(&item.meta).map(|role| (item.path.clone(), role));
    if let Some((path, role)) = checked.iter().find_map(needed) {
        let path = path.display();
        ctx.ui.warn(&format!("{path}: is the {role} that reading the archive needs; nothing was removed"));
        return Ok(());
    }
    // Folders that are known to hold something that stays.
    let mut holding: BTreeSet<PathBuf> = ctx.ledger().outputs().flat_map(above).collect();
    for item in checked.iter().rev() {
        ctx.check()?;
        let gone = item.same
            && if item.meta.is_dir() {
                !holding.contains(&item.path) && remove_folder(&item.path, ctx)
            } else {
                remove(&item.path, &item.meta, ctx)?
            };
        if !item.same {
            kept(&item.path, ctx);
        }
        if !gone {
            holding.extend(above(&item.path));
        }
    }
    checked.first().map_or(Ok(()), |item| super::sink::sync_folder(&item.path))
}

/// The folders above a path, as they are written in it and as they really are.
fn above(path: &Path) -> Vec<PathBuf> {
    let real = path.canonicalize().unwrap_or_default();
    let above = |path: &Path| path.ancestors().skip(1).map(Path::to_path_buf).collect::<Vec<_>>();
    [above(path), above(&real)].concat()
}

fn kept(path: &Path, ctx: &Context) {
    ctx.ui.warn(&format!("{}: was changed meanwhile; kept", path.display()));
}

fn remove_folder(path: &Path, ctx: &Context) -> bool {
    let removed = std::fs::remove_dir(path);
    if let Err(error) = &removed {
        ctx.ui.warn(&format!("{}: kept: {error}", path.display()));
    }
    removed.is_ok()
}

/// Removes one name if it still stands for what was compared; true if it is gone.
fn remove(path: &Path, before: &Metadata, ctx: &Context) -> Result<bool> {
    let failed = |e: Errno| Error::io("cannot remove", e.into()).in_file(path);
    let name = path.file_name().ok_or_else(|| Error::usage("not a file name").in_file(path))?;
    let folder = open_folder(path).map_err(failed)?;
    match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        // Overlapping inputs have one name twice.
        Err(Errno::NOENT) => return Ok(true),
        Err(e) => return Err(failed(e)),
        Ok(now) if !is_same(&now, before) => {
            kept(path, ctx);
            return Ok(false);
        }
        Ok(_) => {}
    }
    unlinkat(&folder, name, AtFlags::empty()).map_err(failed)?;
    Ok(true)
}

fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Compares type, file, length and times. Removing one name of a file changes the time of its attributes for the others, so that
/// is compared for single names only.
fn is_same(now: &Stat, before: &Metadata) -> bool {
    let kind = |mode| FileType::from_raw_mode(mode);
    let same = kind(now.st_mode) == kind(before.mode())
        && (now.st_dev, now.st_ino) == (before.dev(), before.ino())
        && now.st_size == before.size() as i64
        && (now.st_mtime, now.st_mtime_nsec as i64) == (before.mtime(), before.mtime_nsec());
    let attributes = (now.st_ctime, now.st_ctime_nsec as i64) == (before.ctime(), before.ctime_nsec());
    same && (attributes || before.nlink() > 1)
}
