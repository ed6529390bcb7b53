//! What an extraction is doing, on disk: so that the next one can tell leftovers from somebody's folder, and finish what a killed
//! one had begun.
//!
//! A folder for unfinished things holds a file `journal` and a folder `files`. The journal names the extraction (by a hash of all
//! that it will make). Before several names are moved to their places, which cannot happen at one moment, it is replaced by one
//! that also lists these paths with the number of the file or folder that each will be.

use super::Options;
use super::partial::parent_in;
use super::plan::{FolderPlan, Link, Plan};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use minlen_core::{Error, Result};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const FIRST_LINE: &str = "minlen extraction, version 1";
const NAME: &str = "journal";
const NEXT: &str = "journal.next";
/// Longer ones are none of ours: names of 255 bytes for some hundred thousand things.
const LONGEST: u64 = 1 << 28;

/// Tells extractions apart: of what, and with which attributes.
pub(super) type Id = [u8; 32];

/// The hash of everything that a plan will make, and of the archive: hashes of small files are short.
pub(super) fn id(plan: &Plan, options: &Options) -> Id {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&options.archive);
    let mut thing = |path: &Path, kind: &[u8], mode: u32, mtime: Option<(i64, u32)>, rest: &[u8]| {
        let path = path.as_os_str().as_bytes();
        for field in [path, kind, &mode.to_le_bytes(), format!("{mtime:?}").as_bytes(), rest] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
    };
    for (path, FolderPlan { mode, mtime, .. }) in &plan.folders {
        thing(path, b"folder", *mode, *mtime, b"");
    }
    for file in &plan.files {
        thing(
            &file.path,
            b"file",
            file.mode,
            file.mtime,
            &[&file.len.to_le_bytes()[..], &file.hash].concat(),
        );
    }
    for link in &plan.links {
        match &link.to {
            Link::Symbolic(to) => thing(&link.path, b"link", 0, link.mtime, to.as_os_str().as_bytes()),
            Link::Hard(to) => thing(&link.path, b"name", 0, link.mtime, &(*to as u64).to_le_bytes()),
        }
    }
    *hasher.finalize().as_bytes()
}

/// A path that is, or was, about to get its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placing {
    pub(super) path: PathBuf,
    /// Device and number of what gets the name.
    pub(super) what: (u64, u64),
}

/// A journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) id: Id,
    /// Empty until everything is complete.
    pub(super) placing: Vec<Placing>,
}

impl Journal {
    /// Reads the journal in a folder for unfinished things; `None` if there is none that we wrote.
    pub(super) fn read(folder: &Dir) -> Option<Self> {
        let mut text = String::new();
        folder.open(NAME).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let id = unhex(lines.next()?)?.try_into().ok()?;
        let mut placing = Vec::new();
        for line in lines {
            let mut words = line.split(' ');
            let what = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            placing.push(Placing { path: PathBuf::from(OsString::from_vec(unhex(words.next()?)?)), what });
        }
        Some(Self { id, placing })
    }

    /// Puts the journal in its place at one moment, on disk when this returns if `sync` says so.
    pub(super) fn write(&self, folder: &Dir, sync: bool) -> io::Result<()> {
        let mut text = format!("{FIRST_LINE}\n{}\n", hex(&self.id));
        for Placing { path, what } in &self.placing {
            text += &format!("{} {} {}\n", what.0, what.1, hex(path.as_os_str().as_bytes()));
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = folder.open_with(NEXT, &options)?;
        file.write_all(text.as_bytes())?;
        if sync {
            file.sync_all()?;
        }
        folder.rename(NEXT, folder, NAME)?;
        if sync {
            folder.open(".")?.sync_all()?;
        }
        Ok(())
    }

    /// True if each of the names is what it was made to be.
    pub(super) fn is_all_there(&self, target: &Dir) -> bool {
        let there = |placing: &Placing| number(target, &placing.path).is_ok_and(|what| what == placing.what);
        !self.placing.is_empty() && self.placing.iter().all(there)
    }
}

/// Device and number of what has this name.
pub(super) fn number(folder: &Dir, path: &Path) -> Result<(u64, u64)> {
    use cap_std::fs::MetadataExt;
    let (folder, name) = parent_in(folder, path)?;
    let meta = folder.symlink_metadata(name).map_err(|e| Error::io("looking at", e).in_file(path))?;
    Ok((meta.dev(), meta.ino()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
    fn journals_come_back_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).unwrap();
        assert_eq!(Journal::read(&dir), None);
        let name = OsString::from_vec(b"odd \xff\nname".to_vec());
        let journal = Journal { id: [7; 32], placing: vec![Placing { path: name.into(), what: (1, 2) }] };
        journal.write(&dir, true).unwrap();
        assert_eq!(Journal::read(&dir), Some(journal));
        for other in ["", "mine", "minlen extraction, version 1\nxyz", "minlen extraction, version 1\n07"] {
            assert_eq!(Journal::parse(other), None, "{other}");
        }
    }
}
