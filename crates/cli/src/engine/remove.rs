//! Removing inputs that were verified, and nothing else.

use super::sink::sync_folder;
use super::verify::{self, Checked};
use crate::plan::Context;
use minlen::{Error, Result};
use std::fs::Metadata;
use std::path::Path;

/// Removes a file that is still what `before` says, unless it is the output `made` itself.
pub fn file(path: &Path, before: &Metadata, made: &Path, ctx: &Context) -> Result<()> {
    if verify::same_file(path, made) {
        return Ok(());
    }
    if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        ctx.ui.warn(&format!("{}: is a symbolic link; kept", path.display()));
        return Ok(());
    }
    verify::unchanged(path, before)?;
    std::fs::remove_file(path).map_err(|e| failed(path, e))?;
    sync_folder(path)
}

/// Removes what was compared, from the leaves up. A folder in which something new has appeared stays.
pub fn tree(checked: &[Checked], made: &Path, ctx: &Context) -> Result<()> {
    for item in checked.iter().rev() {
        if item.meta.is_dir() {
            if let Err(error) = std::fs::remove_dir(&item.path) {
                ctx.ui.warn(&format!("{}: kept: {error}", item.path.display()));
            }
        } else if !verify::same_file(&item.path, made) || item.meta.is_symlink() {
            if !item.meta.is_symlink() && hard_links(&item.meta) == 1 {
                verify::unchanged(&item.path, &item.meta)?;
            }
            std::fs::remove_file(&item.path).map_err(|e| failed(&item.path, e))?;
        }
    }
    checked.first().map_or(Ok(()), |item| sync_folder(&item.path))
}

/// Removing one name of a file changes the times of the others, so only single names can be held to theirs.
fn hard_links(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.nlink()
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::io("cannot remove", error).in_file(path)
}
