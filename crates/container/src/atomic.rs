//! Files that appear complete or not at all.
//!
//! The bytes go to `.NAME.minlen-XXXXXXXXXX.partial` in the same folder, readable by nobody else, locked while its process lives.
//! When complete it gets its mode, is synced and renamed. A process that is killed leaves the old state and at most that one
//! file, which the next [`AtomicFile::create`] for the same name removes. The last letters of a temporary name are a check of
//! those before them, so that no file of somebody else's is ever taken for one.
//!
//! Use [`AtomicFile`] for every output that has a name. What is written into a pipe or a device has no name to be given late: such
//! outputs are opened directly, by the same call.
//!
//! ```
//! use minlen_container::atomic::AtomicFile;
//! use std::io::Write;
//! # let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("out.mln");
//! let mut file = AtomicFile::create(&path, false)?;
//! file.write_all(b"all of it")?;
//! assert!(!path.exists());
//! file.commit()?;
//! assert_eq!(std::fs::read(&path)?, b"all of it");
//! // Without the leave to replace it, it stays.
//! assert!(AtomicFile::create(&path, false).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod names;

pub(crate) use names::{Unfinished, kept_part, partial_of};

use crate::live::Live;
use minlen_core::{Advice, Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, flock};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempPath};

const TRIES: usize = 8;
/// The mode while a file is being written.
const PRIVATE: u32 = 0o600;

/// A file under construction, beside its final place. Dropping it without [`AtomicFile::commit`] removes it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    target: Target,
    /// What it will have; none: what a new file usually has.
    mode: Cell<Option<u32>>,
}

#[derive(Debug)]
enum Target {
    /// The usual case.
    Temporary { file: NamedTempFile, overwrite: bool, _live: Live },
    /// A device or pipe that was there: nothing to be atomic about.
    Direct(File),
}

impl AtomicFile {
    /// Begins a file that will be at `path`. A character device or pipe that is there is written to directly.
    ///
    /// # Errors
    /// Exists if something is there and `overwrite` is false; usage for a path without a name, a folder, a block device or a
    /// socket; I/O.
    pub fn create(path: impl AsRef<Path>, overwrite: bool) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().ok_or_else(|| Error::usage("not a file name").in_file(path))?;
        let mode = Cell::new(None);
        if let Some(device) = check_target(path, overwrite)? {
            return Ok(Self { path: path.to_path_buf(), target: Target::Direct(device), mode });
        }
        let folder = folder_of(path);
        remove_stale(folder, name);
        let file = create_locked(folder, name).map_err(|e| Error::io("creating a file", e).in_file(path))?;
        let _live = Live::new(file.path());
        Ok(Self { path: path.to_path_buf(), target: Target::Temporary { file, overwrite, _live }, mode })
    }

    /// Sets the permission bits that the complete file will have, instead of those of any new file.
    pub fn set_mode(&self, mode: u32) {
        self.mode.set(Some(mode & 0o777));
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
                let mode = self.mode.get().unwrap_or_else(usual_mode);
                let opened = file.as_file().set_permissions(Permissions::from_mode(mode));
                opened.map_err(|e| Error::io("setting the mode", e).in_file(&path))?;
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

/// The permission bits that a new file has here: all but those that the process's mask takes away.
#[must_use]
pub fn usual_mode() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    let mask = line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or_else(|| {
        // The only other way to learn the mask is to set it.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.as_raw_mode()
    });
    0o666 & !mask
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
    Error::new(ErrorKind::Exists, "is there already").in_file(path).advise(Advice::Replace)
}

/// Refuses what may not be replaced; opens what is written to directly: a character device, a pipe, or an open file of the
/// process that a link of `/dev` or `/proc` stands for.
fn check_target(path: &Path, overwrite: bool) -> Result<Option<File>> {
    let Ok(there) = fs::metadata(path) else {
        // Nothing, or a link to nothing.
        let link = fs::symlink_metadata(path).is_ok();
        return if link && !overwrite { Err(exists(path)) } else { Ok(None) };
    };
    let kind = there.file_type();
    if kind.is_char_device() || kind.is_fifo() || (kind.is_file() && is_system_link(path)) {
        let file = OpenOptions::new().write(true).open(path);
        return file.map(Some).map_err(|e| Error::io("opening", e).in_file(path));
    }
    if kind.is_dir() {
        return Err(Error::usage("is a folder").in_file(path));
    }
    if kind.is_block_device() || kind.is_socket() {
        let what = if kind.is_socket() { "a socket" } else { "a block device" };
        return Err(Error::usage(format!("is {what} and is not replaced"))
            .in_file(path)
            .remedy("write to standard output with -c and send it there"));
    }
    if overwrite { Ok(None) } else { Err(exists(path)) }
}

/// True for a link that the system made, as `/dev/stdout`: replacing it would break the system.
fn is_system_link(path: &Path) -> bool {
    let folder = fs::canonicalize(folder_of(path)).unwrap_or_default();
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
        && ["/dev", "/proc", "/sys"].iter().any(|system| folder.starts_with(system))
        && !folder.starts_with("/dev/shm")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create_locked(folder: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES {
        let path = folder.join(Unfinished::fresh(name.as_bytes()));
        let mut options = OpenOptions::new();
        let file = match options.read(true).write(true).create_new(true).mode(PRIVATE).open(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other?,
        };
        let file = NamedTempFile::from_parts(file, TempPath::try_from_path(&path)?);
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
fn remove_stale(folder: &Path, name: &OsStr) {
    if may_have_leftovers(folder, name) {
        for path in stale(folder, name) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The final names (as far as temporary ones keep them) of which something unfinished was found, by folder. A folder is looked through
/// once: a process that makes a file of every file in it would else take time by the square of their number.
static FOUND: Mutex<BTreeMap<Folder, BTreeSet<Vec<u8>>>> = Mutex::new(BTreeMap::new());

/// Device and number of a folder, and when it was made: numbers are given again.
type Folder = (u64, u64, Option<SystemTime>);

fn may_have_leftovers(folder: &Path, name: &OsStr) -> bool {
    let (Ok(meta), Ok(mut found)) = (fs::metadata(folder), FOUND.lock()) else { return true };
    let names = found.entry((meta.dev(), meta.ino(), meta.created().ok())).or_insert_with(|| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| partial_of(entry.file_name().as_bytes()).map(<[u8]>::to_vec)).collect()
    });
    names.contains(kept_part(name.as_bytes()))
}

/// What processes that died left unfinished of the file `path`; nothing of living ones.
#[must_use]
pub fn left_over(path: &Path) -> Vec<PathBuf> {
    path.file_name().map_or_else(Vec::new, |name| stale(folder_of(path), name))
}

/// The files that dead processes left for `name`.
fn stale(folder: &Path, name: &OsStr) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let kept = kept_part(name.as_bytes());
    let ours = entries.flatten().filter(|entry| {
        partial_of(entry.file_name().as_bytes()) == Some(kept) && entry.file_type().is_ok_and(|t| t.is_file())
    });
    let dead = |path: &PathBuf| {
        File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
    };
    ours.map(|entry| entry.path()).filter(dead).collect()
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        // Some file systems cannot sync folders, and there is nothing to be done about it.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Errors say which file could not be written.
impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file().write(buf);
        written.map_err(|e| match e.kind() {
            io::ErrorKind::Interrupted => e,
            _ => Error::io("cannot write", e).in_file(&self.path).into(),
        })
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
    use std::ffi::OsString;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
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
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
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
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
    fn removes_what_a_dead_process_left_but_not_what_a_living_one_holds_or_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let dead = folder.path().join(Unfinished::fresh(b"a"));
        let other = folder.path().join(Unfinished::fresh(b"b"));
        let somebodys =
            [".a.minlen-dead00.partial", ".a.minlen-notes12345.partial"].map(|n| folder.path().join(n));
        for left in somebodys.iter().chain([&dead, &other]) {
            fs::write(left, "left").unwrap();
        }
        let living = AtomicFile::create(&path, false).unwrap();
        let second = AtomicFile::create(&path, false).unwrap();
        assert!(living.temporary_path().exists() && second.temporary_path().exists());
        assert!(!dead.exists() && other.exists());
        assert!(somebodys.iter().all(|file| file.exists()), "a file of somebody else was removed");
    }

    #[test]
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
    fn nobody_else_reads_along_and_the_mode_comes_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let usual = AtomicFile::create(folder.path().join("usual"), false).unwrap();
        assert_eq!(mode(usual.temporary_path()), 0o600);
        usual.commit().unwrap();
        fs::write(folder.path().join("plain"), "").unwrap();
        assert_eq!(mode(&folder.path().join("usual")), mode(&folder.path().join("plain")));
        let private = AtomicFile::create(folder.path().join("private"), false).unwrap();
        private.set_mode(0o640);
        private.commit().unwrap();
        assert_eq!(mode(&folder.path().join("private")), 0o640);
    }

    #[test]
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
    fn sockets_are_refused_and_links_of_the_system_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        for force in [false, true] {
            assert_eq!(AtomicFile::create(&path, force).unwrap_err().kind(), ErrorKind::Usage);
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let mut through = AtomicFile::create(&link, true).unwrap();
        through.write_all(b"gone").unwrap();
        through.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let open = File::create(folder.path().join("open")).unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&open);
        let mut through = AtomicFile::create(format!("/proc/self/fd/{fd}"), true).unwrap();
        through.write_all(b"through").unwrap();
        through.commit().unwrap();
        assert_eq!(fs::read(folder.path().join("open")).unwrap(), b"through");
    }

    #[test]
    #[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
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
