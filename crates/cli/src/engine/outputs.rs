//! The files that an archive would become, held against the plan of the run.

use crate::plan::Context;
use crate::plan::ledger::{Folded, clash_in, in_place_of, two_members};
use minlen::Result;
use minlen::archive::Archive;
use minlen::container::{Body, Entry};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Enters the members of an archive that go into `folder`: those with the numbers `chosen`, or all where that is `None`.
///
/// # Errors
/// Usage, before anything is written, if one of them would get the place of something that the run reads or writes, or if the file
/// system takes two of them for one; limit where the memory does not do.
pub fn members(
    archive: &mut Archive<'_>,
    chosen: Option<&[usize]>,
    folder: &Path,
    from: &str,
    force: bool,
    ctx: &Context,
) -> Result<()> {
    // What was entered when all inputs were looked at is not gone through again when its turn comes.
    if ctx.ledger().has_members_of(from) {
        return Ok(());
    }
    for (path, role) in ctx.ledger().read_within(folder) {
        let number = archive.find(path.as_os_str().as_bytes())?;
        let number = number.filter(|number| chosen.is_none_or(|chosen| chosen.binary_search(number).is_ok()));
        let tree = archive.entries();
        if number.and_then(|number| tree.entries.get(number)).is_some_and(|entry| entry.body != Body::Dir) {
            return Err(in_place_of(role, from, &folder.join(path)));
        }
    }
    let tree = archive.entries();
    let count = chosen.map_or(tree.entries.len(), <[usize]>::len);
    let _held = archive.budget().reserve((count * size_of::<(Folded, usize)>()) as u64)?;
    let number = |i: usize| chosen.map_or(i, |chosen| chosen[i]);
    let entry = |i: usize| &tree.entries[number(i)];
    let names: Vec<(Folded, usize)> = (0..count).map(|i| (Folded::of(path(entry(i))), i)).collect();
    if let Some((a, b)) = clash_in(folder, names, |i| path(entry(i))) {
        return Err(two_members(a, b).in_file(folder));
    }
    let places = (0..count).map(|i| (path(entry(i)), entry(i).body == Body::Dir));
    ctx.enter_members(folder, from, force, places)
}

fn path(entry: &Entry) -> &Path {
    Path::new(OsStr::from_bytes(&entry.path))
}
