//! Files that appear complete or not at all.
//!
//! The bytes go to `.NAME.minlen-XXXXXX.partial` in the same folder, locked while its process lives. When complete
//! it is synced and renamed. A process that is killed leaves the old state and at most that one file, which the
//! next [`AtomicFile::create`] for the same name removes.

use crate::live::Live;
use minlen_core::{Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, flock};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How every temporary name ends.
pub(crate) const SUFFIX: &str = ".partial";
/// Bytes of the final name that the temporary one repeats: names may have 255 bytes in all.
const NAME_KEPT: usize = 200;
const TRIES: usize = 8;

/// A file under construction, beside its final place. Dropping it without [`AtomicFile::commit`] removes it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    /// The usual case.
    Temporary { file: NamedTempFile, overwrite: bool, _live: Live },
    /// A device or pipe that was there: nothing to be atomic about.
    Direct(File),
}

impl AtomicFile {
    /// Begins a file that will be at `path`. A device or pipe that is there is written to directly.
    ///
    /// # Errors
    /// Exists if something is there and `overwrite` is false; usage for a path without a name; I/O.
    pub fn create(path: impl AsRef<Path>, overwrite: bool) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().ok_or_else(|| Error::usage("not a file name").in_file(path))?;
        if let Some(device) = check_target(path, overwrite)? {
            return Ok(Self { path: path.to_path_buf(), target: Target::Direct(device) });
        }
        let folder = folder_of(path);
        let prefix = prefix_for(name);
        remove_stale(folder, &prefix);
        let file =
            create_locked(folder, &prefix).map_err(|e| Error::io("creating a file", e).in_file(path))?;
        let _live = Live::new(file.path());
        Ok(Self { path: path.to_path_buf(), target: Target::Temporary { file, overwrite, _live } })
    }

    /// Puts the complete file in its place, on disk when this returns.
    ///
    /// # Errors
    /// Exists if something came to be there meanwhile and overwriting was not asked for; I/O.
    pub fn commit(self) -> Result<()> {
        let path = self.path;
        match self.target {
            Target::Direct(mut file) => Ok(file.flush()?),
            Target::Temporary { file, overwrite, _live } => {
                file.as_file().sync_all().map_err(|e| Error::io("syncing", e).in_file(&path))?;
                let placed = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
                placed.map_err(|e| place_error(e.error, &path))?;
                sync_folder(folder_of(&path)).map_err(|e| Error::io("syncing a folder", e).in_file(&path))
            }
        }
    }

    /// The open file, for its metadata or for positioned writes.
    #[must_use]
    pub fn file(&self) -> &File {
        match &self.target {
            Target::Temporary { file, .. } => file.as_file(),
            Target::Direct(file) => file,
        }
    }

    /// Where the bytes are before [`AtomicFile::commit`].
    #[must_use]
    pub fn temporary_path(&self) -> &Path {
        match &self.target {
            Target::Temporary { file, .. } => file.path(),
            Target::Direct(_) => &self.path,
        }
    }
}

fn place_error(error: io::Error, path: &Path) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        exists(path)
    } else {
        Error::io("renaming", error).in_file(path)
    }
}

/// The error for something in the way.
pub(crate) fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, "is there already").in_file(path).remedy("pass --force to replace it")
}

/// Refuses what may not be replaced; opens a device or pipe.
fn check_target(path: &Path, overwrite: bool) -> Result<Option<File>> {
    let Ok(there) = fs::metadata(path) else {
        // Nothing, or a link to nothing.
        let link = fs::symlink_metadata(path).is_ok();
        return if link && !overwrite { Err(exists(path)) } else { Ok(None) };
    };
    let kind = there.file_type();
    if kind.is_char_device() || kind.is_fifo() {
        let file = OpenOptions::new().write(true).open(path);
        return file.map(Some).map_err(|e| Error::io("opening", e).in_file(path));
    }
    if kind.is_dir() {
        return Err(Error::usage("is a folder").in_file(path));
    }
    if overwrite { Ok(None) } else { Err(exists(path)) }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn prefix_for(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let mut prefix = OsString::from(".");
    prefix.push(OsStr::from_bytes(&bytes[..bytes.len().min(NAME_KEPT)]));
    prefix.push(".minlen-");
    prefix
}

fn create_locked(folder: &Path, prefix: &OsStr) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES {
        let file = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        // A cleaner may have come between creating and locking: then the name is gone, and we try another. A file
        // system without locks is fine too: then nobody can clean up.
        let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
        if file.as_file().metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
    Err(io::Error::other("a temporary file keeps vanishing"))
}

/// Removes what dead processes left for the same name. Nothing that goes wrong here matters.
fn remove_stale(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours =
            name.as_bytes().starts_with(prefix.as_bytes()) && name.as_bytes().ends_with(SUFFIX.as_bytes());
        if !ours || !entry.file_type().is_ok_and(|t| t.is_file()) {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        // Some file systems cannot sync folders, and there is nothing to be done about it.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file().write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Read for AtomicFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file().read(buf)
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.file().seek(pos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn appears_on_commit_only_and_vanishes_on_drop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mln");
        let mut file = AtomicFile::create(&path, false).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists() && names(folder.path()).len() == 1);
        drop(AtomicFile::create(folder.path().join("b"), false).unwrap());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["a.mln"]);
    }

    #[test]
    fn refuses_what_is_there_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let late = AtomicFile::create(&path, false).unwrap();
        fs::write(&path, "old").unwrap();
        assert_eq!(late.commit().unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!(AtomicFile::create(&path, false).unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!(AtomicFile::create(folder.path(), true).unwrap_err().kind(), ErrorKind::Usage);
        let mut over = AtomicFile::create(&path, true).unwrap();
        over.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        over.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn removes_what_a_dead_process_left_but_not_what_a_living_one_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(folder.path().join(".a.minlen-dead00.partial"), "left").unwrap();
        fs::write(folder.path().join(".b.minlen-dead00.partial"), "of another").unwrap();
        let living = AtomicFile::create(&path, false).unwrap();
        let second = AtomicFile::create(&path, false).unwrap();
        assert!(living.temporary_path().exists() && second.temporary_path().exists());
        assert!(!folder.path().join(".a.minlen-dead00.partial").exists());
        assert!(folder.path().join(".b.minlen-dead00.partial").exists());
    }

    #[test]
    fn devices_are_written_directly_and_long_names_work() {
        let mut null = AtomicFile::create("/dev/null", false).unwrap();
        null.write_all(b"gone").unwrap();
        null.commit().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n".repeat(255));
        AtomicFile::create(&path, false).unwrap().commit().unwrap();
        assert!(path.exists());
    }
}
