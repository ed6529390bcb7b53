//! The files that an archive would become, held against the plan of the run.

use crate::plan::Context;
use crate::plan::ledger::{clash_in, two_members};
use minlen::archive::Archive;
use minlen::{Error, Result};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Enters the members of an archive that go into `folder`: those below the paths `chosen`, or all where none is.
///
/// # Errors
/// Usage, before anything is written, if one of them would get the place of something that the run reads or writes, or if the file
/// system takes two of them for one.
pub fn members(
    archive: &Archive,
    chosen: &[Vec<u8>],
    folder: &Path,
    from: &str,
    force: bool,
    ctx: &Context,
) -> Result<()> {
    let wanted = |path: &[u8]| {
        let below =
            |top: &Vec<u8>| path.strip_prefix(&top[..]).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        chosen.is_empty() || chosen.iter().any(below)
    };
    let read = ctx.ledger().read_within(folder);
    let names = || archive.names().filter(|(path, _)| wanted(path));
    let files: HashSet<&Path> =
        names().filter(|(_, folder)| !folder).map(|(path, _)| as_path(path)).collect();
    if let Some((path, role)) = read.iter().find(|(path, _)| files.contains(&**path)) {
        return Err(Error::usage(format!(
            "would be replaced by what is in {from}, and is the {role} of this run"
        ))
        .in_file(folder.join(path))
        .remedy("extract into another folder with -o"));
    }
    if let Some((a, b)) = clash_in(folder, names().map(|(path, _)| as_path(path))) {
        return Err(two_members(a, b).in_file(folder));
    }
    drop(files);
    ctx.enter_members(folder, from, force, names().map(|(path, is_folder)| (as_path(path), is_folder)))
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
