//! The files that spans are stored as differences from.

use super::file::FileLayout;
use crate::archive::{Archive, Keys, MemberKind};
use crate::options::Options;
use minlen_container::crypt;
use minlen_core::resources::{missing_base, wrong_base};
use minlen_core::{Advice, Bases, Env, Error, ErrorKind, Layout, Prepared, Resources, Result, WholeBase};
use minlen_structure::{FileSource, Parsers, Source};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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
/// Of model files, arrays are stored as differences from those of the same name in the last base that has them. All other data may be a
/// difference from the last base as a whole, whatever that is.
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
    /// The memory in which the last one may be searched.
    room: u64,
}

#[derive(Debug)]
struct BaseFile {
    hash: [u8; 32],
    len: u64,
    /// Its arrays, if it has any.
    layout: Option<Layout>,
    content: Mutex<File>,
    prepared: [Prepared; 2],
}

impl BaseSet {
    /// Opens files of any kind, or `.mln` files and archives of some, encrypted or not, which are unpacked to temporary files. A file may need
    /// those before it. An archive stands for the contents of its files, one after the other in its order; those of models count by
    /// themselves, too.
    ///
    /// # Errors
    /// Usage for too many of them, or a folder; I/O; whatever decoding says; each naming the file.
    pub fn open(paths: &[PathBuf], keys: &Keys, options: &Options, env: &Env) -> Result<Self> {
        if paths.len() > LONGEST_CHAIN {
            let count = paths.len();
            return Err(Error::usage(format!("a chain of {count} bases, where at most {LONGEST_CHAIN} go"))
                .advise(Advice::Rebase));
        }
        let mut set = Self::default();
        for path in paths {
            let found = set.open_one(path, keys, options, env).map_err(|e| e.in_file(path))?;
            set.files.extend(found);
        }
        // Room for the data itself and for coding it must be left.
        set.room = options.memory.map_or(env.budget.limit(), |memory| memory.min(env.budget.limit())) / 2;
        Ok(set)
    }

    fn open_one(&self, path: &Path, keys: &Keys, options: &Options, env: &Env) -> Result<Vec<Arc<BaseFile>>> {
        let mut file = File::open(path).map_err(|e| Error::io("cannot open", e))?;
        if file.metadata()?.is_dir() {
            return Err(Error::usage("is a folder, and a base is one file")
                .remedy("give an archive of the folder, as `minlen compress` makes it, or a tar"));
        }
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(crypt::HEAD as u64).read_to_end(&mut head)?;
        let packed = head.get(..2).is_some_and(|magic| magic.eq_ignore_ascii_case(&MAGIC));
        if !packed && !crypt::is_age(&head) {
            return Ok(vec![base(file)?]);
        }
        let mut archive = Archive::open(path, keys, options, &env.clone().with_resources(self.resources()))?;
        if !archive.is_tree() {
            let mut file = temporary()?;
            archive.read_content(0..u64::MAX, &mut file)?;
            return Ok(vec![base(file)?]);
        }
        let files: Vec<_> =
            archive.members()?.into_iter().filter(|m| matches!(m.kind, MemberKind::File)).collect();
        let (mut all, mut found) = (temporary()?, Vec::new());
        for member in &files {
            let mut file = temporary()?;
            archive.read_member(&member.path, None, &mut file)?;
            file.seek(SeekFrom::Start(0))?;
            std::io::copy(&mut file, &mut all)?;
            found.extend(Some(base(file)?).filter(|file| file.layout.is_some()));
        }
        found.push(base(all)?);
        Ok(found)
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// True if any of them has arrays.
    pub(crate) fn has_arrays(&self) -> bool {
        self.files.iter().any(|file| file.layout.is_some())
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
        self.files.iter().fold(layout.clone(), |layout, file| match &file.layout {
            Some(arrays) => layout.with_base(arrays, file.hash),
            None => layout,
        })
    }

    /// True where the last base takes more memory to be searched than there is: only arrays are stored as differences from it.
    pub(crate) fn is_too_large(&self) -> bool {
        self.files.last().is_some_and(|last| crate::diff::memory_of_base(last.len) > self.room)
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
            return Err(match self.files.last() {
                Some(given) => wrong_base(file, &given.hash),
                None => missing_base(file),
            });
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

    fn whole(&self) -> Option<WholeBase<'_>> {
        let last = self.files.last().filter(|last| last.len > 0 && !self.is_too_large())?;
        Some(WholeBase { hash: last.hash, len: last.len, room: self.room, kept: &last.prepared })
    }
}

fn temporary() -> Result<File> {
    tempfile::tempfile().map_err(|e| Error::io("cannot make a temporary file", e))
}

/// A base, with its arrays if it has any. A broken model file is a base as any other bytes are.
fn base(mut file: File) -> Result<Arc<BaseFile>> {
    let source = FileSource::new(&file)?;
    let len = source.len();
    // Differences of numbers are taken of arrays only.
    let parsers = Parsers::arrays();
    let known = match parsers.layout(&source) {
        Ok(Some(layout)) if !layout.spans.is_empty() => Some(layout),
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        Err(_) => None,
        Ok(_) => parsers.guess(&source)?,
    };
    file.seek(SeekFrom::Start(0))?;
    let hash = *blake3::Hasher::new().update_reader(&file)?.finalize().as_bytes();
    Ok(Arc::new(BaseFile {
        hash,
        len,
        layout: known,
        content: Mutex::new(file),
        prepared: Default::default(),
    }))
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
