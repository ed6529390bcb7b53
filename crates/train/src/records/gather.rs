//! The files that inputs stand for.

use minlen_core::{Env, Error, Result};
use std::path::{Path, PathBuf};

/// A file to read.
pub(super) struct Input {
    pub(super) path: PathBuf,
    /// Whether it was found in a folder: then it may be of another kind, and is left out.
    pub(super) found: bool,
}

/// Folders are gone through this deep.
const DEPTH: usize = 64;

/// All files, those of folders by name, so that their order does not depend on the file system.
pub(super) fn files(inputs: &[PathBuf], env: &Env) -> Result<Vec<Input>> {
    let mut all = Vec::new();
    for path in inputs {
        let failed = |e| Error::io("cannot read", e).in_file(path);
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            let before = all.len();
            below(path, DEPTH, &mut all, env)?;
            if all.len() == before {
                return Err(Error::usage("there are no files in this folder")
                    .in_file(path)
                    .remedy("give the files with the records, or the folder that they are in"));
            }
        } else {
            all.push(Input { path: path.clone(), found: false });
        }
    }
    Ok(all)
}

fn below(folder: &Path, depth: usize, all: &mut Vec<Input>, env: &Env) -> Result<()> {
    env.check()?;
    let failed = |e| Error::io("cannot read", e).in_file(folder);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if is_hidden {
            continue;
        }
        if meta.is_dir() && depth > 0 {
            below(&path, depth - 1, all, env)?;
        } else if meta.is_file() {
            all.push(Input { path, found: true });
        }
        if all.len() as u64 > env.limits.entries {
            return Err(Error::limit("too many files").in_file(folder).remedy("give a part of them"));
        }
    }
    Ok(())
}
