//! What coding may need besides the data: other files, and learned parts.
//!
//! All of it is named by hash in what is written, and a value that the caller passes in ([`crate::Env::resources`]): two calls of one
//! process may have different ones.

use crate::{Advice, Error, Result};
use std::any::{Any, TypeId};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The files that differences are taken from.
pub trait Bases: Send + Sync {
    /// Reads some bytes of the content with this BLAKE3 hash.
    ///
    /// # Errors
    /// Usage, with a remedy, where that content is not at hand; I/O; corrupt.
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>>;

    /// The content that any data may be a difference from, if there is one: the last that was given.
    fn whole(&self) -> Option<WholeBase<'_>> {
        None
    }
}

/// A content that any data may be a difference from.
#[derive(Clone, Copy, Debug)]
pub struct WholeBase<'b> {
    /// Its BLAKE3 hash.
    pub hash: [u8; 32],
    /// Its length.
    pub len: u64,
    /// Bytes of memory that what is made of it may take.
    pub room: u64,
    /// What was made of it, in up to two ways: kept where the content is.
    pub kept: &'b [Prepared; 2],
}

/// Room for what a codec makes of a base, once for all data.
#[derive(Default)]
pub struct Prepared(OnceLock<Option<Arc<dyn Any + Send + Sync>>>);

impl Prepared {
    /// What `make` makes, when first asked; `None` where it could not, or something else was made before.
    pub fn get<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let made = self.0.get_or_init(|| make().map(|made| Arc::new(made) as Arc<dyn Any + Send + Sync>));
        made.clone()?.downcast().ok()
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("made", &self.0.get().is_some()).finish()
    }
}

/// A learned part: a prior, a network, a codebook, as the bytes of its file. Cheap to clone.
#[derive(Clone)]
pub struct Learned(Arc<Inner>);

struct Inner {
    hash: [u8; 32],
    bytes: Vec<u8>,
    /// What the codecs that use it made of its bytes, each a thing of another type; none where it was refused.
    opened: Mutex<Vec<(TypeId, Opened)>>,
}

/// Something made of the bytes of a file, unless they were refused.
type Opened = Option<Arc<dyn Any + Send + Sync>>;

impl Learned {
    /// The part in these bytes, whose name is their `hash` (BLAKE3).
    #[must_use]
    pub fn new(bytes: Vec<u8>, hash: [u8; 32]) -> Self {
        Self(Arc::new(Inner { hash, bytes, opened: Mutex::default() }))
    }

    /// The BLAKE3 hash of its file: its name.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.0.hash
    }

    /// Its file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// What `open` makes of its bytes, made once of each type for all that share this part; `None` where `open` refuses them.
    pub fn opened<T: Send + Sync + 'static>(&self, open: impl FnOnce(&[u8]) -> Result<T>) -> Option<Arc<T>> {
        let mut opened = self.0.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, made)) = opened.iter().find(|(id, _)| *id == TypeId::of::<T>()) {
            return made.clone()?.downcast().ok();
        }
        let made = open(&self.0.bytes).ok().map(Arc::new);
        opened.push((TypeId::of::<T>(), made.clone().map(|made| made as Arc<dyn Any + Send + Sync>)));
        made
    }
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learned").field("hash", &self.0.hash).finish_non_exhaustive()
    }
}

/// What is at hand of other files and of learned parts. Cheap to clone.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Resources {
    /// Where data may be differences from; decoding needs what encoding had.
    pub bases: Option<Arc<dyn Bases>>,
    /// The learned parts, the one to be used for coding last.
    pub learned: Arc<[Learned]>,
}

impl Resources {
    /// The same with these bases.
    #[must_use]
    pub fn with_bases(mut self, bases: Arc<dyn Bases>) -> Self {
        self.bases = Some(bases);
        self
    }

    /// The same with one more learned part, which is the one to be used for coding.
    #[must_use]
    pub fn with_learned(mut self, part: Learned) -> Self {
        let others = self.learned.iter().filter(|other| other.hash() != part.hash()).cloned();
        self.learned = others.chain(std::iter::once(part.clone())).collect();
        self
    }

    /// These, and of the others what is missing here.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        self.bases = self.bases.or_else(|| others.bases.clone());
        let missing: Vec<&Learned> =
            others.learned.iter().filter(|part| self.learned(part.hash()).is_none()).collect();
        if !missing.is_empty() {
            self.learned = missing.into_iter().chain(self.learned.iter()).cloned().collect();
        }
        self
    }

    /// The learned part whose name begins with these bytes.
    #[must_use]
    pub fn learned(&self, name: &[u8]) -> Option<&Learned> {
        self.learned.iter().find(|part| part.hash().starts_with(name))
    }

    /// The content that any data may be a difference from, if there is one.
    #[must_use]
    pub fn whole_base(&self) -> Option<WholeBase<'_>> {
        self.bases.as_deref().and_then(Bases::whole)
    }

    /// The files that differences are taken from.
    ///
    /// # Errors
    /// Usage where there are none, naming the one that is missing.
    pub fn base(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        match &self.bases {
            Some(bases) => bases.read(file, range),
            None => Err(missing_base(file)),
        }
    }
}

impl std::fmt::Debug for Resources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bases = self.bases.is_some();
        f.debug_struct("Resources").field("bases", &bases).field("learned", &self.learned).finish()
    }
}

/// The base with this hash is not at hand.
#[must_use]
pub fn missing_base(file: &[u8; 32]) -> Error {
    let start = start_of(file);
    Error::usage(format!("stored as a difference from the file whose BLAKE3 begins with {start}"))
        .advise(Advice::Base)
}

/// The base with this hash is not at hand, but another one is.
#[must_use]
pub fn wrong_base(file: &[u8; 32], given: &[u8; 32]) -> Error {
    let (start, other) = (start_of(file), start_of(given));
    Error::usage(format!(
        "stored as a difference from the file whose BLAKE3 begins with {start}; that of the base given begins with {other}"
    ))
    .advise(Advice::Base)
}

/// The codec file whose hash begins like this is not at hand.
#[must_use]
pub fn missing_model(name: &[u8; 8]) -> Error {
    let start = hex(name);
    Error::unsupported(format!("needs the codec file whose BLAKE3 begins with {start}")).advise(Advice::Model)
}

fn start_of(hash: &[u8; 32]) -> String {
    hex(&hash[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
