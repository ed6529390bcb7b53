//! The files that an archive would become, held against the plan of the run.

use crate::plan::Context;
use crate::plan::ledger::{Folded, clash_in, in_place_of, two_members};
use minlen::Result;
use minlen::archive::{Archive, without_first};
use minlen::container::{Body, Entry};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where members go.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// How many names at the front of their paths are left out.
    pub strip: usize,
}

/// Enters the members of an archive that go into `folder`: those with the numbers `chosen`, or all where that is `None`.
///
/// # Errors
/// Usage, before anything is written, if one of them would get the place of something that the run reads or writes, or if the file
/// system takes two of them for one; limit where the memory does not do.
pub fn members(
    archive: &mut Archive<'_>,
    chosen: Option<&[usize]>,
    Places { folder, strip }: Places<'_>,
    from: &str,
    force: bool,
    ctx: &Context,
) -> Result<()> {
    // What was entered when all inputs were looked at is not gone through again when its turn comes.
    if ctx.ledger().has_members_of(from) {
        return Ok(());
    }
    for (path, role) in ctx.ledger().read_within(folder) {
        let bytes = path.as_os_str().as_bytes();
        let tree = archive.entries();
        let is_chosen = |number: &usize| chosen.is_none_or(|chosen| chosen.binary_search(number).is_ok());
        let number = match strip {
            0 => archive.find(bytes)?.filter(is_chosen),
            _ => {
                let named = |number: &usize| without_first(&tree.entries[*number].path, strip) == Some(bytes);
                (0..tree.entries.len()).find(|number| named(number) && is_chosen(number))
            }
        };
        if number.and_then(|number| tree.entries.get(number)).is_some_and(|entry| entry.body != Body::Dir) {
            return Err(in_place_of(role, from, &folder.join(path)));
        }
    }
    let tree = archive.entries();
    let count = chosen.map_or(tree.entries.len(), <[usize]>::len);
    let _held = archive.budget().reserve((count * size_of::<(Folded, usize)>()) as u64)?;
    let number = |i: usize| chosen.map_or(i, |chosen| chosen[i]);
    let entry = |i: usize| &tree.entries[number(i)];
    let path = |entry| path(entry, strip);
    let kept = |i: &usize| without_first(&entry(*i).path, strip).is_some();
    let names = (0..count).filter(kept).map(|i| (Folded::of(path(entry(i))), i));
    // Folders that become one by it are no two members.
    let names: Vec<(Folded, usize)> =
        names.filter(|(_, i)| strip == 0 || entry(*i).body != Body::Dir).collect();
    if let Some((a, b)) = clash_in(folder, names, |i| path(entry(i))) {
        return Err(two_members(a, b).in_file(folder));
    }
    let places = (0..count).filter(kept).map(|i| (path(entry(i)), entry(i).body == Body::Dir));
    ctx.enter_members(folder, from, force, places)
}

fn path(entry: &Entry, strip: usize) -> &Path {
    Path::new(OsStr::from_bytes(without_first(&entry.path, strip).unwrap_or_default()))
}
