//! What goes into an archive.

use crate::options::Options;
use minlen_container::walk::{self, Found, Item, Patterns};
use std::path::PathBuf;

/// Files and folders for [`super::create_from`].
///
/// ```
/// use minlen::archive::{Inputs, create_from};
/// use minlen::{Env, Options};
/// let dir = tempfile::tempdir()?;
/// let (data, link) = (dir.path().join("data"), dir.path().join("link"));
/// std::fs::write(&data, "the file itself")?;
/// std::os::unix::fs::symlink(&data, &link)?;
/// let count = |inputs: &Inputs| create_from(inputs, Vec::new(), &Options::new(1)?, &Env::default());
/// // A link is stored as a link, unless it shall be followed.
/// let (_, kept) = count(&Inputs::new(&[link.clone()]))?;
/// let (_, followed) = count(&Inputs::new(&[link]).with_follow(true))?;
/// assert_eq!(((kept.links, kept.files), (followed.links, followed.files)), ((1, 0), (0, 1)));
/// # Ok::<(), minlen::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// Where they are.
    pub paths: Vec<PathBuf>,
    /// Follow symbolic links among them; those below folders are stored as links in any case.
    pub follow: bool,
    /// Those of them whose links are kept all the same.
    pub kept_links: Vec<PathBuf>,
    /// Names that are left out wherever they are met, with what is being written for them: the outputs of the run.
    pub without: Vec<PathBuf>,
    /// Files that are left out by device and number: where standard output leads.
    pub without_files: Vec<(u64, u64)>,
    /// Those of them that are called by all of their paths, made relative.
    pub as_given: Vec<PathBuf>,
    /// What is left out.
    pub exclude: Patterns,
    /// Inputs may be missing: then there is nothing of them. For updates that take out what is gone.
    pub may_be_missing: bool,
}

impl Inputs {
    /// These paths.
    #[must_use]
    pub fn new(paths: &[PathBuf]) -> Self {
        Self { paths: paths.to_vec(), ..Self::default() }
    }

    /// Sets [`Inputs::follow`].
    #[must_use]
    pub fn with_follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Sets [`Inputs::kept_links`].
    #[must_use]
    pub fn with_kept_links(mut self, links: Vec<PathBuf>) -> Self {
        self.kept_links = links;
        self
    }

    /// Sets [`Inputs::without`].
    #[must_use]
    pub fn without(mut self, outputs: Vec<PathBuf>) -> Self {
        self.without = outputs;
        self
    }

    /// Sets [`Inputs::without_files`].
    #[must_use]
    pub fn without_files(mut self, files: Vec<(u64, u64)>) -> Self {
        self.without_files = files;
        self
    }

    /// Sets [`Inputs::as_given`].
    #[must_use]
    pub fn with_as_given(mut self, inputs: Vec<PathBuf>) -> Self {
        self.as_given = inputs;
        self
    }

    /// Sets [`Inputs::exclude`].
    #[must_use]
    pub fn with_exclude(mut self, patterns: Patterns) -> Self {
        self.exclude = patterns;
        self
    }

    /// Sets [`Inputs::may_be_missing`].
    #[must_use]
    pub fn with_may_be_missing(mut self, may_be_missing: bool) -> Self {
        self.may_be_missing = may_be_missing;
        self
    }

    pub(super) fn walking(&self, options: &Options) -> walk::Options {
        let mut walking = walk::Options::default();
        walking.no_times = !options.times;
        walking.follow_inputs = self.follow;
        walking.kept_links.clone_from(&self.kept_links);
        walking.without.clone_from(&self.without);
        walking.without_files.clone_from(&self.without_files);
        walking.as_given.clone_from(&self.as_given);
        walking.exclude.clone_from(&self.exclude);
        walking.may_be_missing = self.may_be_missing;
        (walking.owners, walking.xattrs) = (options.keep.owners, options.keep.xattrs);
        walking.acls = options.keep.acls;
        walking
    }
}

/// The permission bits that an archive of these may have, so that nobody can read in it what he could not read before.
pub(super) fn common_mode(items: &[Item]) -> u32 {
    let kept = items.iter().filter(|item| !matches!(item.body, Found::Symlink(_)));
    kept.fold(0o666, |mode, item| mode & readers(item.mode))
}

/// The permission bits of an output that is made of a file with this mode: all for those who may read it, none for the others; the
/// owner keeps his.
///
/// ```
/// use minlen::archive::readers;
/// assert_eq!(readers(0o755), 0o666);
/// assert_eq!(readers(0o640), 0o660);
/// assert_eq!(readers(0o600), 0o600);
/// ```
#[must_use]
pub fn readers(mode: u32) -> u32 {
    let group = if mode & 0o040 == 0 { 0 } else { 0o060 };
    let others = if mode & 0o004 == 0 { 0 } else { 0o006 };
    0o600 | group | others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_stays_private() {
        for (mode, expected) in
            [(0o644, 0o666), (0o600, 0o600), (0o640, 0o660), (0o604, 0o606), (0o000, 0o600)]
        {
            assert_eq!(readers(mode), expected, "{mode:o}");
        }
    }
}
