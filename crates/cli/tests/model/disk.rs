//! What is on disk: every path below a folder, with its content.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// Larger files are known by their hash only.
const KEPT: u64 = 4 << 20;

/// The content of a file.
#[derive(Clone, Debug)]
pub struct Blob {
    pub hash: blake3::Hash,
    pub len: u64,
    pub bytes: Option<Arc<[u8]>>,
}

impl Blob {
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { hash: blake3::hash(&bytes), len: bytes.len() as u64, bytes: Some(Arc::from(bytes)) }
    }

    /// The content, or nothing where it is too large to be kept.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// Whether minlen would take it for its own.
    pub fn is_archive(&self) -> bool {
        let bytes = self.bytes();
        bytes.starts_with(b"\x8dMLN") || bytes.starts_with(b"\x8dml") || self.is_age()
    }

    pub fn is_age(&self) -> bool {
        self.bytes().starts_with(b"age-encryption.org/v1\n")
    }

    fn read(path: &Path, meta: &Metadata) -> std::io::Result<Self> {
        if meta.len() <= KEPT {
            return Ok(Self::of(fs::read(path)?));
        }
        let mut hasher = blake3::Hasher::new();
        let mut file = fs::File::open(path)?;
        let mut buffer = vec![0; 1 << 20];
        let mut len = 0;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                return Ok(Self { hash: hasher.finalize(), len, bytes: None });
            }
            hasher.update(&buffer[..n]);
            len += n as u64;
        }
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    Dir,
    File(Blob),
    Link(OsString),
    Other,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub thing: Thing,
    pub mode: u32,
    /// Device and number of the file behind the name.
    pub inode: (u64, u64),
    pub links: u64,
}

impl Entry {
    pub fn blob(&self) -> Option<&Blob> {
        match &self.thing {
            Thing::File(blob) => Some(blob),
            _ => None,
        }
    }
}

/// Every path below a folder at one moment, relative to it.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub root: PathBuf,
    pub entries: BTreeMap<PathBuf, Entry>,
}

impl Disk {
    pub fn look(root: &Path) -> Self {
        let mut disk = Self { root: root.to_path_buf(), entries: BTreeMap::new() };
        disk.below(root);
        disk
    }

    fn below(&mut self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(meta) = path.symlink_metadata() else { continue };
            let thing = thing(&path, &meta);
            let entry = Entry {
                thing,
                mode: meta.mode() & 0o7777,
                inode: (meta.dev(), meta.ino()),
                links: meta.nlink(),
            };
            let own = path.strip_prefix(&self.root).unwrap_or(&path).to_path_buf();
            self.entries.insert(own, entry);
            if meta.is_dir() {
                self.below(&path);
            }
        }
    }

    pub fn get(&self, path: &Path) -> Option<&Entry> {
        self.entries.get(path)
    }

    pub fn file(&self, path: &Path) -> Option<&Blob> {
        self.get(path).and_then(Entry::blob)
    }

    /// Files with their content.
    pub fn files(&self) -> impl Iterator<Item = (&PathBuf, &Blob)> {
        self.entries.iter().filter_map(|(path, entry)| Some((path, entry.blob()?)))
    }

    /// Everything at or below a path.
    pub fn under<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a PathBuf, &'a Entry)> {
        self.entries.iter().filter(move |(own, _)| own.starts_with(path))
    }

    /// Where a path leads as the system would go: through links on the way, and, if `last`, at its end. Paths out of the
    /// tree are given as they are.
    pub fn resolve(&self, path: &Path, last: bool) -> PathBuf {
        self.follow(path, last, 0)
    }

    fn follow(&self, path: &Path, last: bool, depth: usize) -> PathBuf {
        let mut real = PathBuf::new();
        let mut rest = path.components().peekable();
        while let Some(part) = rest.next() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(real.pop()),
                Component::Normal(name) => real.push(name),
                other => real.push(other),
            }
            let end = rest.peek().is_none();
            if let Some(Thing::Link(target)) = self.get(&real).map(|e| &e.thing)
                && (last || !end)
                && depth < 8
            {
                let target = real.parent().unwrap_or(Path::new("")).join(target);
                real = self.follow(&target, true, depth + 1);
            }
        }
        real
    }
}

fn thing(path: &Path, meta: &Metadata) -> Thing {
    let kind = meta.file_type();
    if kind.is_dir() {
        Thing::Dir
    } else if kind.is_symlink() {
        Thing::Link(fs::read_link(path).unwrap_or_default().into_os_string())
    } else if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
        Thing::Other
    } else {
        cached(path, meta)
    }
}

/// What identifies a state of a file that was read already.
type State = (u64, u64, u64, i64, i64);

static SEEN: OnceLock<Mutex<HashMap<State, Blob>>> = OnceLock::new();

/// Large files are not read again while they are the same.
fn cached(path: &Path, meta: &Metadata) -> Thing {
    let read = || Blob::read(path, meta).map_or(Thing::Other, Thing::File);
    if meta.len() <= KEPT {
        return read();
    }
    let state = (meta.dev(), meta.ino(), meta.len(), meta.ctime(), meta.ctime_nsec());
    let seen = SEEN.get_or_init(Mutex::default);
    if let Some(blob) = seen.lock().ok().and_then(|seen| seen.get(&state).cloned()) {
        return Thing::File(blob);
    }
    let thing = read();
    if let (Thing::File(blob), Ok(mut seen)) = (&thing, seen.lock()) {
        seen.insert(state, blob.clone());
    }
    thing
}
