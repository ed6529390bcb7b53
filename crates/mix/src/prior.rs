//! Priors: what a model knows before it has seen anything.
//!
//! A prior is a *window*: typical data of its kind, the most typical last. To start from it, a model replays the end of the
//! window through its tables, without mixing, and the last part of that with mixing. The tables that come of it are not
//! shipped: they are twenty to forty times larger than the text that they come from, and replaying costs a tenth of coding
//! as much. Trained weights were tried as well (one row for each run of contexts): they gave nothing beside the replay.
//!
//! Format: docs/format/prior.md.
//!
//! | You have | Use |
//! |---|---|
//! | typical data | [`Prior::new`], then [`Prior::to_bytes`] for a file |
//! | a file | [`Prior::from_bytes`] |
//! | the number in a payload | [`shipped`]; [`OWN_NUMBER`] and [`own`] for the user's |
//!
//! ```
//! use minlen_core::ErrorKind;
//! use minlen_mix::cm::Type;
//! use minlen_mix::prior::Prior;
//! let prior = Prior::new("orders", Type::Text, b"{\"id\":1,\"state\":\"open\"}\n".repeat(50))?;
//! let file = prior.to_bytes()?;
//! assert_eq!(Prior::from_bytes(&file)?, prior);
//! assert_eq!(Prior::from_bytes(&file[1..]).unwrap_err().kind(), ErrorKind::Corrupt);
//! assert_eq!(Prior::new("little", Type::Text, vec![0; 10]).unwrap_err().kind(), ErrorKind::Usage);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::model_type::{Depth, Type};
use minlen_core::{Advice, Error, Learned, Params, Resources, Result};
use std::sync::{Arc, LazyLock, OnceLock};

/// A prior.
#[derive(Clone, PartialEq, Eq)]
pub struct Prior {
    /// What it is for, for people.
    pub name: String,
    /// The models it belongs to.
    pub kind: Type,
    /// Typical data, the most typical last; branch targets already absolute for [`Type::X86`].
    pub window: Vec<u8>,
}

impl std::fmt::Debug for Prior {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prior").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

const MAGIC: &[u8; 4] = b"MLP1";
/// No prior is larger, packed or unpacked.
const MAX: usize = 64 << 20;

/// The name of a prior by its content: the first eight bytes of the BLAKE3 hash of its file.
pub type Id = [u8; 8];

impl Prior {
    /// The file of the prior.
    ///
    /// # Errors
    /// Limit if the parts do not fit a file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut plain = vec![self.kind as u8, self.name.len().min(255) as u8];
        plain.extend(self.name.bytes().take(255));
        plain.extend(&self.window);
        if plain.len() > MAX {
            return Err(Error::limit("prior: too large").remedy("give it less than 64 MiB"));
        }
        let mut out = MAGIC.to_vec();
        out.extend((plain.len() as u32).to_le_bytes());
        out.extend(packing::pack(&plain)?);
        Ok(out)
    }

    /// Reads the file of a prior.
    ///
    /// # Errors
    /// Corrupt, truncated, or too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bad = || Error::corrupt("not a prior, or damaged");
        let (head, packed) = bytes.split_first_chunk::<8>().ok_or_else(bad)?;
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if &head[..4] != MAGIC {
            return Err(bad());
        }
        if len > MAX {
            return Err(Error::limit("prior: too large"));
        }
        let plain = packing::unpack(packed, len)?.ok_or_else(bad)?;
        if plain.len() != len {
            return Err(bad());
        }
        let [kind, name_len, rest @ ..] = plain.as_slice() else { return Err(bad()) };
        let kind = Type::from_number(*kind).ok_or_else(bad)?;
        let (name, window) = rest.split_at_checked(usize::from(*name_len)).ok_or_else(bad)?;
        Ok(Self { name: String::from_utf8_lossy(name).into_owned(), kind, window: window.to_vec() })
    }

    /// A prior from typical data, the most typical last.
    ///
    /// # Errors
    /// Usage for too little data.
    pub fn new(name: &str, kind: Type, mut window: Vec<u8>) -> Result<Self> {
        if window.len() < 64 {
            return Err(
                Error::usage("a prior needs more data").remedy("give it some 100 KB of typical files")
            );
        }
        if kind == Type::X86 {
            crate::bcj::absolute(&mut window);
        }
        Ok(Self { name: name.to_string(), kind, window })
    }

    /// How much of the window a model replays for an input of `len` bytes.
    #[must_use]
    pub fn window_for(&self, depth: Depth, len: usize) -> &[u8] {
        let most = depth.window(len);
        &self.window[self.window.len().saturating_sub(most)..]
    }
}

/// How files of priors are packed.
#[cfg(feature = "priors")]
mod packing {
    use minlen_core::{Error, Result};

    pub(super) fn pack(plain: &[u8]) -> Result<Vec<u8>> {
        zstd::bulk::compress(plain, 22).map_err(|e| Error::limit(format!("prior: {e}")))
    }

    /// `None` for what nobody packed.
    pub(super) fn unpack(packed: &[u8], len: usize) -> Result<Option<Vec<u8>>> {
        Ok(zstd::bulk::decompress(packed, len).ok())
    }
}

/// In builds without priors: what is missing.
#[cfg(not(feature = "priors"))]
mod packing {
    use minlen_core::{Error, Result};

    fn missing() -> Error {
        Error::unsupported("priors are not in this build").remedy("build with the Cargo feature `priors`")
    }

    pub(super) fn pack(_: &[u8]) -> Result<Vec<u8>> {
        Err(missing())
    }

    pub(super) fn unpack(_: &[u8], _: usize) -> Result<Option<Vec<u8>>> {
        Err(missing())
    }
}

/// Unpacked when it is first asked for.
type Shipped = OnceLock<Option<Arc<Prior>>>;

/// The priors of this build, with the numbers that payloads name them by. A number is never given to another prior.
static SHIPPED: LazyLock<Vec<(u8, Shipped)>> =
    LazyLock::new(|| crate::shipped::FILES.iter().map(|(number, _)| (*number, OnceLock::new())).collect());

/// What a payload calls the user's own priors.
pub const OWN_NUMBER: u8 = 255;

/// The shipped prior with this number; unpacked when it is first asked for.
///
/// ```
/// use minlen_mix::prior::shipped;
/// // 0 stands for none, and 200 was never given to one.
/// assert!(shipped(0).is_none() && shipped(200).is_none());
/// ```
#[must_use]
pub fn shipped(number: u8) -> Option<Arc<Prior>> {
    let (_, file) = crate::shipped::FILES.iter().find(|(n, _)| *n == number)?;
    let (_, slot) = SHIPPED.iter().find(|(n, _)| *n == number)?;
    slot.get_or_init(|| Prior::from_bytes(file).ok().map(Arc::new)).clone()
}

/// The content name of a prior's file.
#[must_use]
pub fn id(bytes: &[u8]) -> Id {
    let hash = blake3::hash(bytes);
    std::array::from_fn(|i| hash.as_bytes()[i])
}

/// The prior of the user's with this name, of those at hand.
#[must_use]
pub fn own(id: Id, resources: &Resources) -> Option<Arc<Prior>> {
    resources.learned(&id).and_then(opened)
}

/// The prior of the user's that coding starts from: the last one at hand.
///
/// ```
/// use minlen_core::{Learned, Resources};
/// use minlen_mix::cm::Type;
/// use minlen_mix::prior::{Prior, id, latest, own};
/// let file = Prior::new("mine", Type::Text, vec![b'x'; 100])?.to_bytes()?;
/// let name = id(&file);
/// let mut hash = [0; 32];
/// hash[..8].copy_from_slice(&name);
/// let resources = Resources::default().with_learned(Learned::new(file, hash));
/// assert_eq!(latest(&resources).map(|(id, prior)| (id, prior.name.clone())), Some((name, "mine".to_owned())));
/// assert!(own(name, &resources).is_some() && own([0; 8], &resources).is_none());
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[must_use]
pub fn latest(resources: &Resources) -> Option<(Id, Arc<Prior>)> {
    let name = |part: &Learned| std::array::from_fn(|i| part.hash()[i]);
    resources.learned.iter().rev().find_map(|part| Some((name(part), opened(part)?)))
}

/// The prior that a payload or parameters name, and how: none, one of this build, or one of the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// 0 for none, [`OWN_NUMBER`] for the user's.
    pub number: u8,
    /// The content name of the user's.
    pub id: Id,
    pub prior: Option<Arc<Prior>>,
}

impl Named {
    /// The one that the parameter `prior` of `codec` asks for.
    ///
    /// # Errors
    /// Usage for a prior that is not there.
    pub fn by_params(codec: &str, params: &Params, resources: &Resources) -> Result<Self> {
        let number = params.get("prior") as u8;
        let (id, prior) = match number {
            0 => return Ok(Self::default()),
            OWN_NUMBER => latest(resources)
                .ok_or_else(|| Error::usage(format!("{codec}: no prior was given")).advise(Advice::Prior))?,
            number => shipped(number)
                .map(|prior| (Id::default(), prior))
                .ok_or_else(|| Error::usage(format!("{codec}: there is no prior {number}")))?,
        };
        Ok(Self { number, id, prior: Some(prior) })
    }

    /// The one that a payload of `codec` names.
    ///
    /// # Errors
    /// Unsupported where it is not at hand.
    pub fn by_number(codec: &str, number: u8, id: Id, resources: &Resources) -> Result<Self> {
        let missing = |what: String| {
            let error = Error::unsupported(format!("{codec}: the prior {what} is not there"));
            match cfg!(feature = "priors") {
                true => error.advise(Advice::Prior),
                false => error.remedy("build with the Cargo feature `priors`"),
            }
        };
        let prior = match number {
            0 => return Ok(Self::default()),
            OWN_NUMBER => {
                own(id, resources).ok_or_else(|| missing(id.iter().map(|b| format!("{b:02x}")).collect()))?
            }
            number => shipped(number).ok_or_else(|| missing(number.to_string()))?,
        };
        Ok(Self { number, id, prior: Some(prior) })
    }
}

/// A learned part as a prior, if it is one. It is unpacked once for all who share it.
fn opened(part: &Learned) -> Option<Arc<Prior>> {
    part.bytes().starts_with(MAGIC).then(|| part.opened(Prior::from_bytes))?
}
