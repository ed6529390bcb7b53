//! Where the output goes.

use super::Source;
use minlen::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

const SUFFIX: &str = ".mln";
const AGE: &str = ".age";

/// Where one output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that appears once it is complete.
    File(PathBuf),
}

impl Target {
    /// Refuses a file that is there, and binary data on a terminal.
    ///
    /// On a terminal (and not with `--quiet`), a person is asked about a file that is there.
    pub fn check(&self, force: bool, binary: bool) -> Result<()> {
        match self {
            _ if force => Ok(()),
            Self::Stdout if binary && std::io::stdout().is_terminal() => {
                Err(Error::usage("compressed data is not written to a terminal")
                    .remedy("use -o FILE, redirect the output, or -f to insist"))
            }
            Self::Stdout => Ok(()),
            Self::File(path) => refuse_existing(path),
        }
    }

    /// Standard output, under whichever of its names, or a file.
    pub fn new(path: &Path) -> Self {
        let standard =
            ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name));
        if standard { Self::Stdout } else { Self::File(path.to_path_buf()) }
    }

    /// The file, unless it is standard output.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout => None,
            Self::File(path) => Some(path),
        }
    }

    /// Refuses to remove inputs whose output could not be read back from here.
    pub fn can_be_read_back(&self) -> Result<()> {
        let what = match self {
            Self::File(path) if !super::ledger::is_special(path) => return Ok(()),
            Self::File(path) => path.display().to_string(),
            Self::Stdout => "standard output".into(),
        };
        Err(Error::usage(format!("--rm cannot read back from {what} what it writes there"))
            .remedy("leave out --rm, or write to a file"))
    }

    /// The name for messages.
    pub fn label(&self) -> &Path {
        match self {
            Self::Stdout => Path::new("standard output"),
            Self::File(path) => path,
        }
    }
}

fn refuse_existing(path: &Path) -> Result<()> {
    let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let is_thing = there.is_file() || there.is_dir() || there.is_symlink();
    // Devices and pipes are written to, not replaced.
    if !is_thing || ask_overwrite(path) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Exists, "is there already").in_file(path).remedy("use -f to overwrite it"))
}

fn ask_overwrite(path: &Path) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() || path.is_dir() {
        return false;
    }
    eprint!("minlen: {} is there already; overwrite it (y/N)? ", path.display());
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}

/// True for names that we give: nothing with them needs compressing again.
pub fn is_ours(path: &Path) -> bool {
    let name = path.as_os_str().to_string_lossy();
    name.ends_with(SUFFIX) || name.ends_with(".mln.age")
}

/// The target for compressing `input` alone. `output` is `-o`; one that is a folder, or ends in `/`, takes the
/// usual name inside it.
pub fn compressed(input: &Source, output: Option<&Path>, encrypted: bool) -> Result<Target> {
    let Some(path) = input.path() else {
        return Ok(output.map_or(Target::Stdout, Target::new));
    };
    match output {
        Some(out) if !is_folder(out) => Ok(Target::new(out)),
        folder => {
            let mut name = own_name(path)?;
            name.push(SUFFIX);
            if encrypted {
                name.push(AGE);
            }
            Ok(Target::File(beside(path, folder).join(name)))
        }
    }
}

/// The target for decompressing the single stream in `input`; `None` if its name has no suffix to take off.
pub fn restored(input: &Source, output: Option<&Path>) -> Result<Option<Target>> {
    let Some(path) = input.path() else {
        return Ok(Some(output.map_or(Target::Stdout, Target::new)));
    };
    match output {
        Some(out) if !is_folder(out) => Ok(Some(Target::new(out))),
        folder => Ok(stripped(&own_name(path)?).map(|name| Target::File(beside(path, folder).join(name)))),
    }
}

/// True for names of pictures that are no PNG.
pub fn is_other_picture(name: &Path) -> bool {
    const OTHERS: [&str; 9] = ["jpg", "jpeg", "webp", "tif", "tiff", "pbm", "pgm", "ppm", "pnm"];
    let extension = name.extension().and_then(OsStr::to_str).unwrap_or_default();
    OTHERS.iter().any(|other| other.eq_ignore_ascii_case(extension))
}

/// The name that `repair` gives what it mended: `a.mln` becomes `a.repaired.mln`.
pub fn repaired(path: &Path) -> Result<PathBuf> {
    let name = own_name(path)?;
    let mut new = stripped(&name).unwrap_or_else(|| name.clone());
    let tail = name.to_string_lossy();
    new.push(".repaired");
    new.push(if tail.ends_with(".mln.age") { ".mln.age" } else { SUFFIX });
    Ok(path.with_file_name(new))
}

/// True for a path that names a folder, whether it is there or not.
pub fn is_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

/// The folder for the output: the one asked for, else that of the input. For `.` and `..` the last part of the
/// path is not its name, so the output goes into the current folder.
fn beside(input: &Path, folder: Option<&Path>) -> PathBuf {
    match folder {
        Some(folder) => folder.to_path_buf(),
        None if input.file_name().is_none() => PathBuf::new(),
        None => input.parent().unwrap_or(Path::new("")).to_path_buf(),
    }
}

/// The last part of a path; for `.` and `..` the real name of the folder.
pub fn own_name(path: &Path) -> Result<OsString> {
    if let Some(name) = path.file_name() {
        return Ok(name.to_os_string());
    }
    let real = path.canonicalize().map_err(|e| Error::io("cannot resolve", e).in_file(path))?;
    real.file_name()
        .map(OsStr::to_os_string)
        .ok_or_else(|| Error::usage("has no name of its own").in_file(path).remedy("name the output with -o"))
}

fn stripped(name: &OsStr) -> Option<OsString> {
    let strip = |name: &OsStr, suffix: &str| {
        let path = Path::new(name);
        (path.extension()? == &suffix[1..]).then(|| path.file_stem().map(OsStr::to_os_string)).flatten()
    };
    let without_age = strip(name, AGE);
    strip(without_age.as_deref().unwrap_or(name), SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Target {
        Target::File(path.into())
    }

    fn source(path: &str) -> Source {
        Source::Path(path.into())
    }

    #[test]
    fn compressing_adds_the_suffix_beside_the_input() {
        assert_eq!(compressed(&source("d/a"), None, false).unwrap(), file("d/a.mln"));
        assert_eq!(compressed(&source("d/a"), None, true).unwrap(), file("d/a.mln.age"));
        assert_eq!(compressed(&source("d/a"), Some(Path::new("x")), true).unwrap(), file("x"));
        assert_eq!(compressed(&source("d/a"), Some(Path::new("x/")), false).unwrap(), file("x/a.mln"));
        assert_eq!(compressed(&source("d/"), None, false).unwrap(), file("d.mln"));
        assert_eq!(compressed(&Source::Stdin, None, false).unwrap(), Target::Stdout);
    }

    #[test]
    fn decompressing_takes_the_suffix_off() {
        assert_eq!(restored(&source("d/a.txt.mln"), None).unwrap(), Some(file("d/a.txt")));
        assert_eq!(restored(&source("a.mln.age"), None).unwrap(), Some(file("a")));
        assert_eq!(restored(&source("a.txt"), None).unwrap(), None);
        assert_eq!(restored(&source(".mln"), None).unwrap(), None);
        assert_eq!(restored(&source("a.age"), None).unwrap(), None);
        assert_eq!(restored(&source("a.txt"), Some(Path::new("y"))).unwrap(), Some(file("y")));
    }

    #[test]
    fn repaired_files_keep_their_suffix() {
        assert_eq!(repaired(Path::new("d/a.mln")).unwrap(), Path::new("d/a.repaired.mln"));
        assert_eq!(repaired(Path::new("a.mln.age")).unwrap(), Path::new("a.repaired.mln.age"));
        assert_eq!(repaired(Path::new("a")).unwrap(), Path::new("a.repaired.mln"));
    }
}
