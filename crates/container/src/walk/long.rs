//! Paths that are longer than the system takes at once.

use rustix::fs::{Mode, OFlags, open, openat};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of path that every system takes, with something to spare for a name behind them.
const AT_ONCE: usize = 3000;

/// A short path to something with a long one, good for as long as this is there.
#[derive(Debug)]
pub(super) struct Reached<'p> {
    path: Cow<'p, Path>,
    _folder: Option<OwnedFd>,
}

impl AsRef<Path> for Reached<'_> {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Goes along a long path in steps, from folder to folder; a short one stays as it is.
pub(super) fn reach(path: &Path) -> io::Result<Reached<'_>> {
    let mut rest = path.as_os_str().as_bytes();
    if rest.len() <= AT_ONCE {
        return Ok(Reached { path: Cow::Borrowed(path), _folder: None });
    }
    let mut folder: Option<OwnedFd> = None;
    while rest.len() > AT_ONCE {
        let too_long = || io::Error::from(rustix::io::Errno::NAMETOOLONG);
        let end = rest[..AT_ONCE].iter().rposition(|&byte| byte == b'/').filter(|&end| end > 0);
        let (step, behind) = rest.split_at(end.ok_or_else(too_long)?);
        let (step, flags) = (OsStr::from_bytes(step), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC);
        folder = Some(match &folder {
            None => open(step, flags, Mode::empty())?,
            Some(folder) => openat(folder, step, flags, Mode::empty())?,
        });
        rest = &behind[behind.iter().take_while(|&&byte| byte == b'/').count()..];
    }
    let number = folder.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    let path = Path::new("/proc/self/fd").join(number.to_string()).join(OsStr::from_bytes(rest));
    Ok(Reached { path: Cow::Owned(path), _folder: folder })
}
