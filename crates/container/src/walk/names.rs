//! What inputs are called in the archive.

use super::Options;
use minlen_core::{Error, Result};
use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Each input with its path in the archive; an input given twice comes once.
pub(super) fn assign(inputs: &[PathBuf], options: &Options) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut sources: Vec<PathBuf> = Vec::new();
    let mut seen = HashMap::new();
    for input in inputs {
        let meta = if options.follow_inputs { fs::metadata(input) } else { fs::symlink_metadata(input) };
        let meta = meta.map_err(|e| Error::io("reading", e).in_file(input))?;
        let names = components(input);
        if seen.insert((meta.dev(), meta.ino(), names.last().cloned()), ()).is_none() {
            sources.push(input.clone());
        }
    }
    let names = sources.iter().map(|s| components(s)).collect::<Vec<_>>();
    let depths = depths(&names);
    let mut out = Vec::new();
    for ((source, names), depth) in sources.into_iter().zip(names).zip(depths) {
        let path = names[names.len() - depth..].join(&b'/');
        let source = if options.follow_inputs { followed(source)? } else { source };
        out.push((source, path));
    }
    Ok(out)
}

fn followed(source: PathBuf) -> Result<PathBuf> {
    if fs::symlink_metadata(&source)?.is_symlink() {
        return fs::canonicalize(&source).map_err(|e| Error::io("reading", e).in_file(&source));
    }
    Ok(source)
}

/// The named components at the end of a path: none for `.`, `..`, `/` and paths that end so.
fn components(path: &Path) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.as_bytes().to_vec()),
            Component::CurDir => {}
            _ => names.clear(),
        }
    }
    names
}

/// How many components each input keeps: one, or as many as tell it from the others.
fn depths(names: &[Vec<Vec<u8>>]) -> Vec<usize> {
    let mut depths: Vec<usize> = names.iter().map(|n| n.len().min(1)).collect();
    loop {
        let mut count: HashMap<&[Vec<u8>], usize> = HashMap::new();
        for (n, &d) in names.iter().zip(&depths) {
            *count.entry(&n[n.len() - d..]).or_default() += 1;
        }
        let grow: Vec<bool> = names
            .iter()
            .zip(&depths)
            .map(|(n, &d)| d > 0 && d < n.len() && count.get(&n[n.len() - d..]).is_some_and(|&c| c > 1))
            .collect();
        if !grow.contains(&true) {
            return depths;
        }
        for (depth, grow) in depths.iter_mut().zip(grow) {
            *depth += usize::from(grow);
        }
    }
}
