//! What is compressed: bytes in memory, or files that are read when their turn comes.

use minlen_core::{Error, Result};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

/// One piece of data under a name.
#[derive(Clone, Debug)]
pub struct Input {
    /// Path relative to the corpus, with `/` between the parts.
    pub name: String,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Bytes(Vec<u8>),
    File(PathBuf, u64),
}

impl Input {
    /// Bytes already in memory.
    #[must_use]
    pub fn bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), source: Source::Bytes(bytes) }
    }

    /// A file, read each time it is needed.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let meta = fs::metadata(&path).map_err(|e| Error::io("cannot read", e).in_file(&path))?;
        Ok(Self { name: name.into(), source: Source::File(path, meta.len()) })
    }

    /// Length in bytes (for a file, when it was found).
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(_, len) => *len,
        }
    }

    /// True for no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The class: the first folder of the name, or `-` where there is none.
    #[must_use]
    pub fn class(&self) -> &str {
        class(&self.name)
    }

    /// The bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<Cow<'_, [u8]>> {
        match &self.source {
            Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Source::File(path, _) => {
                fs::read(path).map(Cow::Owned).map_err(|e| Error::io("cannot read", e).in_file(path))
            }
        }
    }
}

/// The first folder of a name with `/`, or `-`.
pub(crate) fn class(name: &str) -> &str {
    name.split_once('/').map_or("-", |(class, _)| class)
}

/// The regular files among `paths` and below the folders among them, sorted by name; links are not followed. With
/// `concatenate`, one input of all of them, one after the other, called `all`.
///
/// # Errors
/// A path that cannot be read, or none that holds a file.
pub fn load(paths: &[PathBuf], concatenate: bool) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            let prefix = if paths.len() > 1 { own } else { String::new() };
            walk(path, &prefix, &mut inputs)?;
        } else {
            inputs.push(Input::file(own, path)?);
        }
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    if inputs.is_empty() {
        return Err(Error::usage("there is no file to measure"));
    }
    if concatenate {
        let mut all = Vec::new();
        for input in &inputs {
            all.extend_from_slice(&input.read()?);
        }
        return Ok(vec![Input::bytes("all", all)]);
    }
    Ok(inputs)
}

fn walk(folder: &Path, prefix: &str, inputs: &mut Vec<Input>) -> Result<()> {
    let failed = |e| Error::io("cannot list", e).in_file(folder);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { own } else { format!("{prefix}/{own}") };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(&entry.path(), &name, inputs)?;
        } else if kind.is_file() {
            inputs.push(Input::file(name, entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("text")).unwrap();
        fs::write(folder.path().join("text/b"), b"bb").unwrap();
        fs::write(folder.path().join("text/a"), b"a").unwrap();
        fs::write(folder.path().join("z"), b"zzz").unwrap();
        let paths = [folder.path().to_path_buf()];
        let inputs = load(&paths, false).unwrap();
        let names: Vec<(&str, &str)> = inputs.iter().map(|i| (i.name.as_str(), i.class())).collect();
        assert_eq!(names, [("text/a", "text"), ("text/b", "text"), ("z", "-")]);
        assert_eq!(&*load(&paths, true).unwrap()[0].read().unwrap(), b"abbzzz");
        assert!(load(&[folder.path().join("none")], false).is_err());
        assert!(load(&[], false).is_err());
    }
}
