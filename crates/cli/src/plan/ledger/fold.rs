//! Names that some file systems take for one: those that differ in capitals or in how accents are composed only.

use super::{Write, one_place};
use minlen::{Error, Result};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Finds outputs in one place as they are entered.
#[derive(Debug, Default)]
pub struct Clashes {
    exact: HashMap<PathBuf, usize>,
    folded: HashMap<PathBuf, usize>,
}

impl Clashes {
    /// Takes the last of the outputs and compares it with those before.
    pub(super) fn check(&mut self, writes: &[Write]) -> Result<()> {
        let Some((last, before)) = writes.split_last() else { return Ok(()) };
        // What is written through is not replaced, and may be written to again.
        if super::is_special(&last.place.path) {
            return Ok(());
        }
        let real = &last.place.real;
        if let Some(&first) = self.exact.get(real) {
            return Err(one_place(&before[first], last));
        }
        self.exact.insert(real.clone(), before.len());
        let folded = fold(real);
        if let Some(&first) = self.folded.get(&folded)
            && takes_for_one(&before[first].place.real, real)
        {
            return Err(one_place(&before[first], last));
        }
        self.folded.entry(folded).or_insert(before.len());
        Ok(())
    }
}

/// The same for names that may be taken for one.
pub fn fold(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    if text.is_ascii() {
        return text.to_ascii_lowercase().into();
    }
    text.nfkd().flat_map(char::to_lowercase).collect::<String>().nfkd().collect::<String>().into()
}

/// A hash of a folded name: enough to find those that may clash, in little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folded(u64);

impl Folded {
    /// Of a path.
    pub fn of(path: &Path) -> Self {
        Self(minlen::container::hash64(fold(path).as_os_str().as_encoded_bytes()))
    }
}

/// Two of the names that the file system of `folder` takes for one, if there are any; `name` gives that of a number.
pub fn clash_in<'n>(
    folder: &Path,
    mut names: Vec<(Folded, usize)>,
    name: impl Fn(usize) -> &'n Path,
) -> Option<(&'n Path, &'n Path)> {
    names.sort_unstable();
    let alike = names.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let mut pairs = alike.map(|pair| (name(pair[0].1), name(pair[1].1)));
    pairs.find(|(a, b)| a != b && fold(a) == fold(b) && takes_for_one(&folder.join(a), &folder.join(b)))
}

/// Asks the file system, where the two paths part. One that does not answer is taken to tell names apart: it will refuse the
/// second one itself.
fn takes_for_one(first: &Path, second: &Path) -> bool {
    let mut common = PathBuf::new();
    let differ = first.components().zip(second.components()).find(|(a, b)| {
        let same = a == b;
        if same {
            common.push(a);
        }
        !same
    });
    let Some((a, b)) = differ else { return true };
    let Some(folder) = common.ancestors().find(|folder| folder.is_dir()) else { return false };
    let Ok(scratch) = tempfile::Builder::new().prefix(".minlen-").tempdir_in(folder) else { return false };
    File::create(scratch.path().join(a)).is_ok() && fs::symlink_metadata(scratch.path().join(b)).is_ok()
}

/// The error for two members of an archive that have one place.
pub fn two_members(first: &Path, second: &Path) -> Error {
    let shown = crate::ui::human::safe(&first.to_string_lossy()).into_owned();
    Error::usage(format!("the file system here takes {shown} and {} for one name", second.display()))
        .remedy("extract them one by one, or to another file system")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_one_fold_to_one() {
        for (a, b) in [("README", "readme"), ("d/É", "D/e\u{301}"), ("ﬁ", "FI"), ("Å", "\u{212b}")] {
            assert_eq!(fold(Path::new(a)), fold(Path::new(b)), "{a} {b}");
        }
        assert_ne!(fold(Path::new("a/b")), fold(Path::new("a/c")));
    }

    #[test]
    fn a_file_system_that_tells_them_apart_may_have_both() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a", "A"].map(Path::new);
        let apart = fs::write(folder.path().join("a"), "").is_ok() && !folder.path().join("A").exists();
        let folded = names.iter().enumerate().map(|(i, name)| (Folded::of(name), i)).collect();
        assert_eq!(clash_in(folder.path(), folded, |i| names[i]).is_none(), apart);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
