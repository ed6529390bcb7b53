//! The files that spans are stored as differences from.

use super::file::FileLayout;
use crate::archive::{Archive, Keys, MemberKind};
use crate::options::Options;
use minlen_container::crypt;
use minlen_core::resources::missing_base;
use minlen_core::{Advice, Bases, Env, Error, ErrorKind, Layout, Resources, Result};
use minlen_structure::{FileSource, Parsers, Source};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// More bases than this are refused: each is a file without which nothing of the chain can be read.
pub const LONGEST_CHAIN: usize = 8;

/// From so many equal bytes on, of 32, one hash is a damaged copy of the other.
const ALIKE: usize = 12;

/// The first bytes of a `.mln` file, but for the case of the letter.
const MAGIC: [u8; 2] = [0x8d, b'm'];

/// Opened bases, the one that a base itself needs before it.
///
/// ```
/// use minlen::archive::Keys;
/// use minlen::layout::BaseSet;
/// use minlen::{Env, Limits, Options, compress, decompress, decompress_with};
/// // A model of 4,096 numbers, and another one that differs from it in few.
/// let model = |changed: usize| {
///     let header = br#"{"w":{"dtype":"F32","shape":[4096],"data_offsets":[0,16384]}}"#;
///     let mut rng = minlen::testing::Rng(1);
///     let mut file = [&(header.len() as u64).to_le_bytes()[..], header].concat();
///     file.extend((0..4096).flat_map(|_| (rng.below(1 << 20) as f32 / 1e6).to_le_bytes()));
///     let start = file.len() - 16384;
///     (0..changed).for_each(|i| file[start + 1000 * i] ^= 1);
///     file
/// };
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("base.safetensors");
/// std::fs::write(&path, model(0))?;
///
/// let plain = Options::new(3)?;
/// let bases = BaseSet::open(&[path], &Keys::default(), &plain, &Env::default())?;
/// let options = plain.clone().with_bases(bases);
/// let tuned = model(10);
/// let small = compress(&tuned, &options)?;
/// assert!(small.len() * 10 < compress(&tuned, &plain)?.len());
/// assert_eq!(decompress_with(&small, &options, &Env::default())?, tuned);
/// // Without the base, there is no way back.
/// assert!(decompress(&small, &Limits::default()).is_err());
/// # Ok::<(), minlen::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct BaseSet {
    files: Vec<Arc<BaseFile>>,
}

#[derive(Debug)]
struct BaseFile {
    hash: [u8; 32],
    layout: Layout,
    content: Mutex<File>,
}

impl BaseSet {
    /// Opens model files, or `.mln` files and archives of some, encrypted or not, which are unpacked to temporary files. A file may need those
    /// before it.
    ///
    /// # Errors
    /// Usage for too many of them or one without arrays; I/O; whatever decoding says; each naming the file.
    pub fn open(paths: &[PathBuf], keys: &Keys, options: &Options, env: &Env) -> Result<Self> {
        if paths.len() > LONGEST_CHAIN {
            let count = paths.len();
            return Err(Error::usage(format!("a chain of {count} bases, where at most {LONGEST_CHAIN} go"))
                .advise(Advice::Rebase));
        }
        let mut set = Self::default();
        for path in paths {
            let found = set.open_one(path, keys, options, env).map_err(|e| e.in_file(path))?;
            if found.is_empty() {
                return Err(Error::usage("no arrays that could be a base")
                    .remedy(
                        "a base is a safetensors, GGUF, ONNX, TFLite, npy or PyTorch file, or a .mln of one",
                    )
                    .in_file(path));
            }
            set.files.extend(found);
        }
        Ok(set)
    }

    fn open_one(&self, path: &Path, keys: &Keys, options: &Options, env: &Env) -> Result<Vec<Arc<BaseFile>>> {
        let mut file = File::open(path).map_err(|e| Error::io("cannot open", e))?;
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(crypt::HEAD as u64).read_to_end(&mut head)?;
        let packed = head.get(..2).is_some_and(|magic| magic.eq_ignore_ascii_case(&MAGIC));
        if !packed && !crypt::is_age(&head) {
            return Ok(base(file)?.into_iter().collect());
        }
        let mut archive = Archive::open(path, keys, options, &env.clone().with_resources(self.resources()))?;
        if !archive.is_tree() {
            return unpacked(|out| archive.read_content(0..u64::MAX, out))
                .map(|base| base.into_iter().collect());
        }
        let files: Vec<_> =
            archive.members()?.into_iter().filter(|m| matches!(m.kind, MemberKind::File)).collect();
        let unpack = files.iter().map(|m| unpacked(|out| archive.read_member(&m.path, None, out)));
        Ok(unpack.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What codecs read from; nothing if there are none.
    #[must_use]
    pub fn bases(&self) -> Option<Arc<dyn Bases>> {
        (!self.files.is_empty()).then(|| Arc::new(self.clone()) as Arc<dyn Bases>)
    }

    /// The same, as what coding and decoding take.
    #[must_use]
    pub fn resources(&self) -> Resources {
        match self.bases() {
            Some(bases) => Resources::default().with_bases(bases),
            None => Resources::default(),
        }
    }

    /// The spans with what they are differences from: those of the last base that has one of the same name, type and length.
    #[must_use]
    pub fn found_for(&self, layout: &FileLayout) -> FileLayout {
        self.files.iter().fold(layout.clone(), |layout, file| layout.with_base(&file.layout, file.hash))
    }
}

impl Bases for BaseSet {
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        let Some(base) = self.files.iter().find(|base| base.hash == *file) else {
            let same = |base: &BaseFile| base.hash.iter().zip(file).filter(|(a, b)| a == b).count();
            // Hashes of two files have nothing in common.
            if self.files.iter().any(|base| same(base) >= ALIKE) {
                return Err(Error::corrupt("tensors: the hash of the base is damaged"));
            }
            return Err(missing_base(file));
        };
        let mut content = base.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.seek(SeekFrom::End(0))? < range.end {
            return Err(Error::corrupt("the base is shorter than it was"));
        }
        content.seek(SeekFrom::Start(range.start))?;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
        content.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// What `write` gives, in a temporary file without a name, if it has arrays.
fn unpacked(write: impl FnOnce(&mut dyn Write) -> Result<u64>) -> Result<Option<Arc<BaseFile>>> {
    let mut file = tempfile::tempfile().map_err(|e| Error::io("cannot make a temporary file", e))?;
    write(&mut file)?;
    base(file)
}

/// A base, if the file has arrays.
fn base(mut file: File) -> Result<Option<Arc<BaseFile>>> {
    let source = FileSource::new(&file)?;
    if source.is_empty() {
        return Ok(None);
    }
    let broken = |error: Error| match error.kind() {
        ErrorKind::Io => error,
        _ => error.remedy("as a base it is of no use: fetch or export the model again"),
    };
    // Differences are taken of arrays only.
    let parsers = Parsers::arrays();
    let known = parsers.layout(&source).map_err(broken)?.filter(|layout| !layout.spans.is_empty());
    let known = known.map_or_else(|| parsers.guess(&source), |layout| Ok(Some(layout)))?;
    let Some(layout) = known else { return Ok(None) };
    file.seek(SeekFrom::Start(0))?;
    let hash = *blake3::Hasher::new().update_reader(&file)?.finalize().as_bytes();
    Ok(Some(Arc::new(BaseFile { hash, layout, content: Mutex::new(file) })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_base_hash_is_corrupt_and_another_base_is_a_matter_of_usage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.safetensors");
        let header = br#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
        std::fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header, &[7; 16]].concat()).unwrap();
        let set = BaseSet::open(&[path], &Keys::default(), &Options::default(), &Env::default()).unwrap();
        let hash = set.files[0].hash;
        assert!(set.read(&hash, 0..4).is_ok());
        for bit in 0..256 {
            let mut damaged = hash;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(set.read(&damaged, 0..4).unwrap_err().kind(), ErrorKind::Corrupt);
        }
        let other = *blake3::hash(b"another file").as_bytes();
        assert_eq!(set.read(&other, 0..4).unwrap_err().kind(), ErrorKind::Usage);
    }
}
