//! `--rm`: an input goes only when what was made of it has been read back and compared.

use super::decode::{self, Content};
use crate::plan::{Context, Source};
use minlen::archive::{Archive, Member, MemberKind};
use minlen::container::walk::{self, State};
use minlen::{Env, Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 256 << 10;

/// Reads a compressed file, within the limits of `env`, and compares it with the plain one.
pub fn stream(packed: &Path, plain: &Path, ctx: &Context, env: &Env) -> Result<()> {
    let mut against = Against::open(plain)?;
    match decode::open(&Source::Path(packed.to_path_buf()), ctx, env)?.content {
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
    /// True if it is what the archive says it is.
    pub same: bool,
}

/// Decodes the whole archive once, checking every hash in it, then compares what is on disk with those hashes.
/// `locate` says where a member is. Folders come before what is in them.
pub fn tree(
    archive: &mut Archive<'_>,
    ctx: &Context,
    locate: impl Fn(&[u8]) -> Option<PathBuf>,
) -> Result<Vec<Checked>> {
    let hashes = archive.test_and_hash()?;
    let members = archive.members()?;
    let numbered = members.iter().enumerate().filter(|(_, m)| m.is_file());
    let files: BTreeMap<&[u8], &[u8; 32]> =
        numbered.filter_map(|(i, m)| Some((&*m.path, hashes.get(&i)?))).collect();
    let check = |member: &Member| {
        let path = locate(&member.path).ok_or_else(|| differs(Path::new("the archive")))?;
        let meta = match std::fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("cannot look at", e).in_file(&path)),
        };
        let same_content = |member: &[u8]| match files.get(member) {
            Some(hash) => same_content(hash, &path, ctx),
            None => Ok(false),
        };
        let same = match &member.kind {
            MemberKind::Dir => meta.is_dir(),
            MemberKind::Symlink(target) => meta.is_symlink() && link_target(&path)? == *target,
            MemberKind::Hardlink(to) => same_content(to)?,
            _ => same_content(&member.path)?,
        };
        Ok(Some(Checked { path, meta, same }))
    };
    members.iter().filter_map(|member| check(member).transpose()).collect()
}

/// Compares a file on disk with the whole hash of a member: what the archive itself keeps of it may be short.
fn same_content(hash: &[u8; 32], path: &Path, ctx: &Context) -> Result<bool> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    // What is no regular file any more is not waited for.
    let Ok(mut file) = walk::open_plain(path) else { return Ok(false) };
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return Ok(false);
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        ctx.check()?;
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(failed(e)),
        };
    }
    Ok(hasher.finalize().as_bytes() == hash)
}

fn link_target(path: &Path) -> Result<Vec<u8>> {
    let target = std::fs::read_link(path).map_err(|e| Error::io("cannot read the link", e).in_file(path))?;
    Ok(target.into_os_string().into_encoded_bytes())
}

/// True for a file that is still there and was not written to since `before`.
pub fn is_unchanged(path: &Path, before: &Metadata) -> bool {
    let now = std::fs::symlink_metadata(path);
    now.is_ok_and(|now| State::of(before).is_still(&State::of(&now)))
}

/// The error of an output that is not what went in.
pub fn differs(path: &Path) -> Error {
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
        assert!(is_unchanged(file.path(), &before));
        std::fs::write(file.path(), b"x").unwrap();
        assert!(!is_unchanged(file.path(), &before));
    }
}
