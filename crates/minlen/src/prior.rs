//! What a model knows before it has seen anything: typical data of one kind, given along.
//!
//! Context mixing (levels 6 and up) starts from one of the priors of this build where a trial says that it helps. For many
//! small records of your own, a prior trained on some of them is worth far more: [`train`] makes one, [`open`] checks it,
//! [`crate::Options::with_learned`] has it at hand for coding and decoding, and [`crate::Options::with_prior`] says to use it. The
//! compressed file names the prior by its hash and cannot be read without it.
//!
//! ```
//! # fn main() -> minlen::Result<()> {
//! use minlen::prior::{self, PriorKind, PriorUse};
//! let records: Vec<Vec<u8>> = (0..200).map(|i| format!("{{\"user\":{i},\"city\":\"Oslo\"}}").into_bytes()).collect();
//! let file = prior::train(PriorKind::Json, "my records", &records)?;
//! let options = minlen::Options::new(6)?.with_learned(prior::open(&file)?).with_prior(PriorUse::Own);
//! let small = minlen::compress(b"{\"user\":7000,\"city\":\"Oslo\"}", &options)?;
//! assert!(small.len() < 40);
//! # Ok(())
//! # }
//! ```
//!
//! | You have | Use |
//! |---|---|
//! | ordinary files | nothing: levels 6 and up try the priors of this build by themselves ([`PriorUse::Auto`]) |
//! | many small records of one kind, compressed one by one | [`train`] on some hundreds, then [`PriorUse::Own`] |
//! | a measurement of what a prior brings | [`PriorUse::None`] beside it |
//!
//! [`train`] keeps at most [`MOST`] bytes of typical data. Models replay the end of it when they start, which costs about a tenth of
//! coding as much. Keep the file as long as anything that names it: without it, those files are [`crate::ErrorKind::Unsupported`].

use minlen_core::{Advice, Chain, Error, Learned, Proposal, Registry, Resources, Result, Stage};
use minlen_mix::cm::Type;
use minlen_mix::prior::{self, Prior};

/// Which priors may be used for coding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriorUse {
    /// One of this build's, or none, as a trial on each part says.
    #[default]
    Auto,
    /// None.
    None,
    /// The user's own that is last among those at hand, for every part where it does better than the others.
    Own,
}

/// What a prior is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorKind {
    /// Prose.
    Text,
    /// Programs to be read.
    Source,
    /// JSON.
    Json,
    /// XML and HTML.
    Xml,
    /// Logs.
    Log,
    /// Records, tables of numbers, databases.
    Records,
    /// x86 machine code.
    Exe,
    /// Whatever it looks like.
    Generic,
}

impl PriorKind {
    /// Every kind with the name it has on the command line.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::Text, "text"),
        (Self::Source, "source"),
        (Self::Json, "json"),
        (Self::Xml, "xml"),
        (Self::Log, "log"),
        (Self::Records, "records"),
        (Self::Exe, "exe"),
        (Self::Generic, "generic"),
    ];

    /// Which models it is for.
    fn models(self, sample: &[u8]) -> Type {
        match self {
            Self::Text | Self::Source | Self::Json | Self::Xml | Self::Log => Type::Text,
            Self::Exe => Type::X86,
            Self::Records => Type::Binary,
            Self::Generic => {
                let control = sample.iter().filter(|&&b| b < 9 || (14..32).contains(&b)).count();
                if control * 100 < sample.len() { Type::Text } else { Type::Binary }
            }
        }
    }
}

/// More typical data than this is not kept: models look at less than a megabyte of it.
pub const MOST: usize = 1 << 20;

/// The file of a prior made from typical data, which all get their share of it; the most typical should come last.
///
/// # Errors
/// Usage for too little data.
pub fn train(kind: PriorKind, name: &str, data: &[Vec<u8>]) -> Result<Vec<u8>> {
    let total: usize = data.iter().map(Vec::len).sum();
    let mut window = Vec::with_capacity(total.min(MOST));
    // Beginnings of all rather than all of some; from the last ones where there are too many for that.
    let count = data.len().clamp(1, MOST / 256);
    let kept = &data[data.len() - count.min(data.len())..];
    let mut room = MOST;
    for (i, piece) in kept.iter().enumerate() {
        let share = room / (kept.len() - i);
        let taken = if total <= MOST { piece.len() } else { piece.len().min(share) };
        window.extend_from_slice(&piece[..taken]);
        room = room.saturating_sub(taken);
    }
    let models = kind.models(&window);
    Prior::new(name, models, window)?.to_bytes()
}

/// A prior to be had at hand, named by the hash of its file.
///
/// ```
/// use minlen::prior::{self, PriorKind};
/// let file = prior::train(PriorKind::Log, "my logs", &[b"GET /index.html 200\n".repeat(20)])?;
/// let part = prior::open(&file)?;
/// // The hash by which compressed files name it.
/// assert_eq!(part.bytes(), file);
/// assert!(prior::open(&file[1..]).is_err());
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Corrupt for what is no prior, limit for one that is too large.
pub fn open(file: &[u8]) -> Result<Learned> {
    Prior::from_bytes(file)?;
    Ok(Learned::new(file.to_vec(), *blake3::hash(file).as_bytes()))
}

/// The offers with what the user said of priors: none, or their own beside the others.
pub(crate) fn apply(
    wanted: PriorUse,
    offers: Vec<Proposal>,
    registry: &Registry,
    resources: &Resources,
) -> Result<Vec<Proposal>> {
    let number = match wanted {
        PriorUse::Auto => return Ok(offers),
        PriorUse::None => 0,
        PriorUse::Own if prior::latest(resources).is_none() => {
            return Err(Error::usage("no prior is at hand").advise(Advice::Prior));
        }
        PriorUse::Own => prior::OWN_NUMBER.into(),
    };
    let mut all = Vec::new();
    for offer in offers {
        let stages =
            offer.chain.stages().iter().map(|stage| with_prior(stage, number, registry)).collect::<Vec<_>>();
        let changed = Proposal { chain: Chain::new(stages)?, ..offer.clone() };
        let keep = wanted == PriorUse::Own && changed.chain != offer.chain;
        all.push(changed);
        all.extend(keep.then_some(offer));
    }
    Ok(all)
}

fn with_prior(stage: &Stage, number: i64, registry: &Registry) -> Stage {
    let knows = registry.codec(stage.id).is_ok_and(|c| c.spec().params.iter().any(|p| p.key == "prior"));
    let params = if knows { stage.params.clone().with("prior", number) } else { stage.params.clone() };
    Stage { params, ..stage.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Env, ErrorKind, Limits, Options, compress, decompress, decompress_with};

    fn records(from: usize, count: usize) -> Vec<Vec<u8>> {
        (from..from + count)
            .map(|i| {
                format!(
                    "{{\"id\":{i},\"city\":\"Trondheim\",\"state\":\"open\",\"sum\":{}}}",
                    i * 7919 % 1000
                )
                .into_bytes()
            })
            .collect()
    }

    #[test]
    fn an_own_prior_helps_its_records_and_is_named_by_hash() {
        let file = train(PriorKind::Json, "orders", &records(0, 400)).unwrap();
        assert_eq!(file, train(PriorKind::Json, "orders", &records(0, 400)).unwrap());
        let part = open(&file).unwrap();
        assert_eq!(part.hash(), blake3::hash(&file).as_bytes());
        let record = &records(5000, 1)[0];
        let with = Options::new(6).unwrap().with_learned(part);
        let size = |choice| compress(record, &with.clone().with_prior(choice)).unwrap();
        let (own, none) = (size(PriorUse::Own), size(PriorUse::None));
        assert!(own.len() + 20 < none.len(), "{} {}", own.len(), none.len());
        for small in [own, none, size(PriorUse::Auto)] {
            assert_eq!(&decompress_with(&small, &with, &Env::default()).unwrap(), record);
        }
        // Another call knows nothing of it.
        let missed = decompress(&size(PriorUse::Own), &Limits::default()).unwrap_err();
        assert_eq!(missed.kind(), ErrorKind::Unsupported);
        let none = compress(record, &Options::new(6).unwrap().with_prior(PriorUse::Own)).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Usage);
        assert!(open(b"nonsense").is_err() && train(PriorKind::Text, "", &[]).is_err());
    }

    #[test]
    fn much_data_is_cut_so_that_every_file_has_its_share() {
        let many: Vec<Vec<u8>> = (0..50u8).map(|i| vec![b'a' + i % 20; 100_000]).collect();
        let file = train(PriorKind::Generic, "many", &many).unwrap();
        let prior = Prior::from_bytes(&file).unwrap();
        assert!(prior.window.len() <= MOST && prior.window.len() > MOST / 2);
        assert_eq!(prior.kind, Type::Text);
    }
}
