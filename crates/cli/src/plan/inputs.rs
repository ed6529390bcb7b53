//! Which inputs there are.

use crate::args::InputArgs;
use minlen::{Error, Result};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file or folder.
    Path(PathBuf),
}

impl Source {
    /// `-` is standard input.
    pub fn new(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path.to_path_buf()) }
    }

    /// The path, unless it is standard input.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::Path(path) => Some(path),
        }
    }

    /// The name for messages, as a path.
    pub fn label(&self) -> &Path {
        self.path().unwrap_or(Path::new("standard input"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.label().display().fmt(f)
    }
}

/// All inputs in the order given, those of lists last; standard input where there are none at all.
pub fn gather(args: &InputArgs) -> Result<Vec<Source>> {
    let mut all: Vec<Source> = args.inputs.iter().map(|path| Source::new(path)).collect();
    let lists = [(&args.files_from, b'\n'), (&args.files0_from, 0)];
    for (list, end) in lists.iter().filter_map(|(list, end)| list.as_ref().map(|list| (list, *end))) {
        all.extend(split(&read_list(list)?, end)?.into_iter().map(Source::Path));
    }
    let listed = args.files_from.is_some() || args.files0_from.is_some();
    if all.is_empty() && !listed {
        all.push(Source::Stdin);
    }
    if all.iter().filter(|s| **s == Source::Stdin).count() > 1 {
        return Err(Error::usage("standard input is given twice"));
    }
    Ok(all)
}

fn read_list(list: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match Source::new(list) {
        Source::Stdin => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        Source::Path(path) => std::fs::read(path).map(|all| bytes = all),
    };
    read.map_err(|e| Error::io("cannot read the list of files", e).in_file(list))?;
    Ok(bytes)
}

/// Cuts a list at every `end`. Empty names are skipped.
fn split(list: &[u8], end: u8) -> Result<Vec<PathBuf>> {
    list.split(|&byte| byte == end).filter(|name| !name.is_empty()).map(to_path).collect()
}

#[cfg(unix)]
fn to_path(name: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn to_path(name: &[u8]) -> Result<PathBuf> {
    let text = std::str::from_utf8(name).map_err(|_| Error::usage("a listed name is not UTF-8"))?;
    Ok(PathBuf::from(text.trim_end_matches('\r')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_means_standard_input_and_dash_does_too() {
        assert_eq!(gather(&InputArgs::default()).unwrap(), [Source::Stdin]);
        let dash = InputArgs { inputs: vec!["a".into(), "-".into()], ..InputArgs::default() };
        assert_eq!(gather(&dash).unwrap(), [Source::Path("a".into()), Source::Stdin]);
        let twice = InputArgs { inputs: vec!["-".into(), "-".into()], ..InputArgs::default() };
        assert!(gather(&twice).is_err());
    }

    #[test]
    fn lists_are_cut_at_their_own_end_only() {
        assert_eq!(split(b"a b\n\nc\n", b'\n').unwrap(), [Path::new("a b"), Path::new("c")]);
        assert_eq!(split(b"a\nb\0c\0", 0).unwrap(), [Path::new("a\nb"), Path::new("c")]);
    }
}
