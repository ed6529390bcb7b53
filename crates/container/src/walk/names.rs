//! What inputs are called in the archive.

use super::Options;
use minlen_core::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Each input with its path in the archive; an input given twice comes once.
///
/// # Errors
/// I/O for an input that is not there.
pub fn names(inputs: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    assign(inputs, &Options::default())
}

/// The same where those in `as_given` are called by all of their paths, made relative.
///
/// # Errors
/// I/O for an input that is not there.
pub fn names_as(inputs: &[PathBuf], as_given: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    assign(inputs, &Options { as_given: as_given.to_vec(), ..Options::default() })
}

/// The same with all that a walk is told.
///
/// # Errors
/// I/O for an input that is not there.
pub fn names_with(inputs: &[PathBuf], options: &Options) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    assign(inputs, options)
}

/// The same with where to look for it.
pub(super) fn assign(inputs: &[PathBuf], options: &Options) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut sources: Vec<PathBuf> = Vec::new();
    let mut seen = HashSet::new();
    for input in inputs {
        match fs::symlink_metadata(input) {
            Err(e) if !(options.may_be_missing && super::is_missing(&e)) => {
                return Err(Error::io("reading", e).in_file(input));
            }
            _ => {}
        }
        // Never by what the file is: hard links are several names, and each of them is wanted.
        if seen.insert(place(input)) {
            sources.push(input.clone());
        }
    }
    let names = sources.iter().map(|s| components(s)).collect::<Vec<_>>();
    let given: HashSet<&PathBuf> = options.as_given.iter().collect();
    let whole: Vec<bool> = sources.iter().map(|source| given.contains(source)).collect();
    let depths = depths(&names, &whole);
    let mut out = Vec::new();
    for ((source, names), depth) in sources.into_iter().zip(names).zip(depths) {
        let path = names[names.len() - depth..].join(&b'/');
        let follow = options.follow_inputs && !options.kept_links.contains(&source);
        let source = if follow { followed(source) } else { source };
        out.push((source, path));
    }
    Ok(out)
}

/// Where a name really is: two paths that are equal then mean one name. Links in the last part stay.
pub(super) fn place(path: &Path) -> PathBuf {
    let whole = || fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(name) = path.file_name() else { return whole() };
    if path.as_os_str().as_bytes().ends_with(b"/.") {
        return whole();
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(parent).map_or_else(|_| path.to_path_buf(), |parent| parent.join(name))
}

/// What a link leads to; a link to nothing stays one.
fn followed(source: PathBuf) -> PathBuf {
    match fs::symlink_metadata(&source) {
        Ok(meta) if meta.is_symlink() => fs::canonicalize(&source).unwrap_or(source),
        _ => source,
    }
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

/// How many components each input keeps: all where `whole` says so, or one, or as many as tell it from the others.
fn depths(names: &[Vec<Vec<u8>>], whole: &[bool]) -> Vec<usize> {
    let first = |(n, whole): (&Vec<Vec<u8>>, &bool)| if *whole { n.len() } else { n.len().min(1) };
    let mut depths: Vec<usize> = names.iter().zip(whole).map(first).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::cases;

    #[test]
    fn inputs_keep_as_many_names_as_tell_them_apart() {
        for case in cases::read(crate::cases::table!("names"), 2) {
            let names: Vec<_> = case.fields[0].split(' ').map(|input| components(Path::new(input))).collect();
            let kept = names.iter().zip(depths(&names, &vec![false; names.len()])).map(|(names, depth)| {
                let path = names[names.len() - depth..].join(&b'/');
                if path.is_empty() { "-".to_owned() } else { String::from_utf8_lossy(&path).into_owned() }
            });
            case.expect(Ok(kept.collect::<Vec<_>>().join(" ")));
        }
    }
}
