//! `--rm`: an input goes only when what was made of it has been read back and compared.

use super::decode::{self, Content};
use crate::plan::{Context, Source};
use minlen::archive::{Archive, Member, MemberKind};
use minlen::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 256 << 10;

/// Reads a compressed file and compares it with the plain one.
pub fn stream(made: &Path, plain: &Path, ctx: &Context) -> Result<()> {
    let mut against = Against::open(plain)?;
    match decode::open(&Source::Path(made.to_path_buf()), ctx, &ctx.writing())?.content {
        Content::Stream(mut reader) => super::sink::pump(&mut reader, &mut against)?,
        Content::Tree(_) => return Err(differs(plain)),
    };
    against.end()
}

/// Something in a tree that was compared.
pub struct Checked {
    /// Where it is on disk.
    pub path: PathBuf,
    /// What the file system said of it at that time.
    pub meta: Metadata,
}

/// Decodes the whole archive once, checking every hash in it, then compares what is on disk with those hashes.
/// `locate` says where a member is. Folders come before what is in them.
pub fn tree(archive: &mut Archive, locate: impl Fn(&[u8]) -> Option<PathBuf>) -> Result<Vec<Checked>> {
    archive.test()?;
    let members = archive.members()?;
    let files: BTreeMap<&[u8], &Member> =
        members.iter().filter(|m| m.is_file()).map(|m| (&*m.path, m)).collect();
    let check = |member: &Member| {
        let path = locate(&member.path).ok_or_else(|| differs(Path::new("the archive")))?;
        let meta =
            std::fs::symlink_metadata(&path).map_err(|e| Error::io("cannot look at", e).in_file(&path))?;
        match &member.kind {
            MemberKind::Dir if meta.is_dir() => {}
            MemberKind::Symlink(target) if meta.is_symlink() && link_target(&path)? == *target => {}
            MemberKind::Hardlink(to) if meta.is_file() => match files.get(&**to) {
                Some(file) => same_content(file, &path)?,
                None => return Err(differs(&path)),
            },
            MemberKind::File if meta.is_file() => same_content(member, &path)?,
            _ => return Err(differs(&path)),
        }
        Ok(Checked { path, meta })
    };
    members.iter().map(check).collect()
}

/// Compares a file on disk with the hash of a member.
fn same_content(member: &Member, path: &Path) -> Result<()> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    // Archives keep the first half of the hash.
    let found = hasher.finalize();
    if member.hash.is_some_and(|hash| found.as_bytes().starts_with(&hash)) {
        Ok(())
    } else {
        Err(differs(path))
    }
}

fn link_target(path: &Path) -> Result<Vec<u8>> {
    let target = std::fs::read_link(path).map_err(|e| Error::io("cannot read the link", e).in_file(path))?;
    Ok(target.into_os_string().into_encoded_bytes())
}

/// Refuses a file that was written to since `before`.
pub fn unchanged(path: &Path, before: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let now = std::fs::symlink_metadata(path).map_err(|e| Error::io("cannot look at", e).in_file(path))?;
    let state =
        |m: &Metadata| (m.dev(), m.ino(), m.len(), m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec());
    if state(&now) == state(before) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Verify, "was changed meanwhile; kept").in_file(path))
}

/// True where two names lead to one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

fn differs(path: &Path) -> Error {
    Error::new(ErrorKind::Verify, "what was written does not read back as this; kept").in_file(path)
}

/// Takes bytes as a writer and compares them with a file.
struct Against {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Against {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("cannot open", e).in_file(path))?;
        Ok(Self { file, path: path.to_path_buf(), buffer: vec![0; BUFFER] })
    }

    /// The file must end here too.
    fn end(mut self) -> Result<()> {
        match self.file.read(&mut self.buffer[..1]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(differs(&self.path)),
            Err(e) => Err(Error::io("cannot read", e).in_file(&self.path)),
        }
    }
}

impl Write for Against {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let piece = &data[..data.len().min(BUFFER)];
        let expected = &mut self.buffer[..piece.len()];
        match self.file.read_exact(expected) {
            Ok(()) if expected == piece => Ok(piece.len()),
            Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => Err(e),
            _ => Err(differs(&self.path).into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"hello").unwrap();
        let check = |data: &[u8]| -> Result<()> {
            let mut against = Against::open(&path)?;
            against.write_all(data)?;
            against.end()
        };
        assert!(check(b"hello").is_ok());
        for other in [&b"hell"[..], b"hello!", b"hellO", b""] {
            assert_eq!(check(other).unwrap_err().kind(), ErrorKind::Verify, "{other:?}");
        }
    }

    #[test]
    fn a_touched_file_counts_as_changed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let before = file.path().symlink_metadata().unwrap();
        assert!(unchanged(file.path(), &before).is_ok());
        std::fs::write(file.path(), b"x").unwrap();
        assert_eq!(unchanged(file.path(), &before).unwrap_err().kind(), ErrorKind::Verify);
    }
}
