//! Renaming without replacing.

use cap_std::fs::{Dir, Metadata, Permissions, PermissionsExt};
use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;

/// Renames without ever replacing. A folder that its owner may not write to is opened for the move.
pub(super) fn rename_new(from: &Dir, to: &Dir, name: &OsStr, source: &Metadata) -> io::Result<()> {
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
