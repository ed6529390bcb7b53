//! Which files, where they go, and what is kept of them: for the verbs that pack and unpack trees.

use clap::{Args, ValueHint};
use minlen::archive::{Existing, ExtractOptions};
use minlen::container::walk::Patterns;
use minlen::{Error, Keep, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What is left out.
#[derive(Args, Clone, Debug, Default)]
pub struct PickArgs {
    /// Leave out what this pattern matches, as a line of a .gitignore does: '*.o', 'target/', '/top'; can be repeated
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true, help_heading = "Input")]
    pub exclude: Vec<OsString>,
    /// Leave out what version control systems keep: .git, .gitignore, .hg, .svn, CVS and the like
    #[arg(long, help_heading = "Input")]
    pub exclude_vcs: bool,
    /// Leave out what the patterns in this file match, which is written as a .gitignore; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub ignore_file: Vec<PathBuf>,
}

impl PickArgs {
    /// All patterns: those of files first, so that those that were typed decide.
    pub fn patterns(&self) -> Result<Patterns> {
        let mut patterns = Patterns::default();
        if self.exclude_vcs {
            patterns.add_vcs();
        }
        for file in &self.ignore_file {
            let failed = |e| Error::io("cannot read the patterns", e).in_file(file);
            patterns.add_lines(&std::fs::read(file).map_err(failed)?);
        }
        self.exclude.iter().for_each(|pattern| patterns.add(pattern.as_bytes()));
        Ok(patterns)
    }
}

/// Where members go, and what happens to what is there.
#[derive(Args, Clone, Debug, Default)]
pub struct PlaceArgs {
    /// Replace files that are there (the same as -f); folders are merged in any case
    #[arg(long, conflicts_with_all = ["skip_existing", "keep_newer"], help_heading = "Output")]
    pub overwrite: bool,
    /// Leave files that are there as they are, and extract the others
    #[arg(long, conflicts_with_all = ["keep_newer", "force"], help_heading = "Output")]
    pub skip_existing: bool,
    /// Replace files that are there and older; leave the others as they are
    #[arg(long, conflicts_with = "force", help_heading = "Output")]
    pub keep_newer: bool,
    /// Leave out so many names at the front of every path
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = "Output")]
    pub strip_components: usize,
}

impl PlaceArgs {
    /// What to do about what is there.
    pub fn existing(&self, force: bool) -> Existing {
        match (force || self.overwrite, self.skip_existing, self.keep_newer) {
            (true, ..) => Existing::Replace,
            (_, true, _) => Existing::Skip,
            (.., true) => Existing::KeepNewer,
            _ => Existing::Refuse,
        }
    }

    /// How to extract.
    pub fn options(&self, force: bool, kept: &KeepArgs) -> ExtractOptions {
        let options =
            ExtractOptions::default().with_existing(self.existing(force)).with_strip(self.strip_components);
        let usual = Keep { owners: is_root(), ..options.keep };
        options
            .with_keep(kept.of(usual))
            .with_numeric_owners(kept.numeric_owner)
            .with_system_xattrs(kept.xattrs || kept.metadata)
    }
}

/// What is kept beside contents, modes and times, when packing and when unpacking.
#[derive(Args, Clone, Debug, Default)]
pub struct KeepArgs {
    /// Keep owners, extended attributes and ACLs
    #[arg(long, help_heading = "Metadata")]
    pub metadata: bool,
    /// Keep owners and groups (the default for root)
    #[arg(long, overrides_with = "no_owner", help_heading = "Metadata")]
    pub owner: bool,
    /// Keep no owners: the same archive whoever makes it
    #[arg(long, overrides_with = "owner", help_heading = "Metadata")]
    pub no_owner: bool,
    /// Take owners by their numbers, whatever they are called
    #[arg(long, hide_short_help = true, help_heading = "Metadata")]
    pub numeric_owner: bool,
    /// Keep extended attributes (unpacking sets those of users, user.*, in any case)
    #[arg(long, overrides_with = "no_xattrs", help_heading = "Metadata")]
    pub xattrs: bool,
    /// Keep no extended attributes
    #[arg(long, overrides_with = "xattrs", hide_short_help = true, help_heading = "Metadata")]
    pub no_xattrs: bool,
    /// Keep POSIX ACLs (unpacking sets them in any case)
    #[arg(long, overrides_with = "no_acls", help_heading = "Metadata")]
    pub acls: bool,
    /// Keep no POSIX ACLs
    #[arg(long, overrides_with = "acls", hide_short_help = true, help_heading = "Metadata")]
    pub no_acls: bool,
}

impl KeepArgs {
    /// What was asked for; where nothing was said, `usual`.
    fn of(&self, usual: Keep) -> Keep {
        let choose = |yes: bool, no: bool, usual: bool| yes || (!no && (self.metadata || usual));
        Keep {
            owners: choose(self.owner, self.no_owner, usual.owners),
            xattrs: choose(self.xattrs, self.no_xattrs, usual.xattrs),
            acls: choose(self.acls, self.no_acls, usual.acls),
        }
    }

    /// What an archive keeps.
    pub fn packing(&self) -> Keep {
        self.of(Keep { owners: is_root(), ..Keep::default() })
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder for the outputs of many inputs.
#[derive(Args, Clone, Debug, Default)]
pub struct FolderArgs {
    /// Write into this folder (created if need be)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["output", "stdout"], help_heading = "Output")]
    pub output_dir: Option<PathBuf>,
    /// With --output-dir: each input in a folder of the path that it has, so that a/b.mln becomes DIR/a/b
    #[arg(long, requires = "output_dir", help_heading = "Output")]
    pub output_dir_mirror: bool,
}

impl FolderArgs {
    /// Where the output of `input` goes if `output` is what -o says: one that ends in a slash is a folder.
    pub fn output(&self, output: Option<&Path>, input: Option<&Path>) -> Option<PathBuf> {
        let Some(folder) = &self.output_dir else { return output.map(Path::to_path_buf) };
        let above = input.filter(|_| self.output_dir_mirror).and_then(Path::parent);
        let named = above.into_iter().flat_map(Path::components).filter_map(|component| match component {
            Component::Normal(name) => Some(name),
            // What would lead out of the folder.
            _ => None,
        });
        Some(named.fold(folder.clone(), |path, name| path.join(name)).join(""))
    }

    /// Makes the folder that an output goes into.
    pub fn make(&self, output: &Path) -> Result<()> {
        match output.parent().filter(|_| self.output_dir.is_some()) {
            Some(folder) => std::fs::create_dir_all(folder)
                .map_err(|e| Error::io("cannot make the folder", e).in_file(folder)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_mirror_the_paths_of_their_inputs_and_stay_within() {
        let dirs = FolderArgs { output_dir: Some("x".into()), output_dir_mirror: true };
        let of = |dirs: &FolderArgs, input: &str| dirs.output(Some(Path::new("o")), Some(Path::new(input)));
        for (input, output) in
            [("a/b.mln", "x/a/"), ("b.mln", "x/"), ("/a/b.mln", "x/a/"), ("../../a/./b.mln", "x/a/")]
        {
            assert_eq!(of(&dirs, input).unwrap().as_os_str(), output, "{input}");
        }
        assert_eq!(of(&FolderArgs { output_dir_mirror: false, ..dirs }, "a/b").unwrap().as_os_str(), "x/");
        assert_eq!(of(&FolderArgs::default(), "a/b"), Some("o".into()));
    }

    #[test]
    fn what_is_said_last_or_more_precisely_counts() {
        let usual = Keep { owners: true, ..Keep::default() };
        let all = Keep { owners: true, xattrs: true, acls: true };
        let of = |args: KeepArgs| args.of(usual);
        assert_eq!(of(KeepArgs::default()), usual);
        assert_eq!(of(KeepArgs { no_owner: true, ..KeepArgs::default() }), Keep::default());
        assert_eq!(of(KeepArgs { metadata: true, ..KeepArgs::default() }), all);
        let without = KeepArgs { metadata: true, no_acls: true, ..KeepArgs::default() };
        assert_eq!(of(without), Keep { acls: false, ..all });
    }
}
