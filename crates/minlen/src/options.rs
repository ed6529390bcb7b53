//! What a caller can ask for.

mod model;

use crate::cuts::Sizes;
use crate::layout::{BaseSet, Parsers};
use crate::levels::{LevelInfo, MAX_LEVEL, MIB, levels};
use crate::nearby::Goal;
use crate::planner::Planner;
use crate::prior::PriorUse;
use minlen_core::{
    Approximator, Chain, Dtype, Env, Error, Learned, MaxError, Registry, Resources, Result, Target,
};
use std::sync::Arc;
use std::time::Duration;

/// Every codec of this build.
///
/// Codecs of features that were left out of the build are noted as missing, so that a file that needs one is refused with the name of
/// the feature. To add a codec of your own, register it in this registry and hand that to [`Options::with_registry`].
///
/// ```
/// let registry = minlen::registry();
/// let names: Vec<_> = registry.iter().map(|codec| codec.spec().name).collect();
/// assert!(["zstd", "lzma", "bwt", "cm"].iter().all(|name| names.contains(name)));
/// ```
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    let simple = minlen_bytes::codecs().into_iter().chain(minlen_recode::filter::codecs());
    for codec in simple.chain(minlen_mix::codecs()) {
        registry.register(codec);
    }
    minlen_bytes::missing().into_iter().for_each(|codec| registry.note_missing(codec));
    register_tensors(&mut registry);
    register_latent(&mut registry);
    register_pictures(&mut registry);
    // What is new beside a base may be compressed, and what comes out of that be in the base again; and what comes out where the data is
    // compressed may be a difference. So the two hold each other, to a depth that is enough.
    let with = |codec| {
        let mut all = registry.clone();
        all.register(codec);
        all
    };
    let copied = with(crate::diff::codec(registry.clone()));
    let undone = with(crate::recode::codec(copied));
    let mut all = with(crate::diff::codec(undone));
    // Last: it codes its streams with all the others.
    all.register(crate::recode::codec(all.clone()));
    all
}

/// The codecs of arrays; the one for whole files codes what is around the arrays with all the others.
#[cfg(feature = "tensors")]
fn register_tensors(registry: &mut Registry) {
    registry.register(crate::tensors::quantized_codec());
    let inner = registry.clone();
    registry.register(crate::tensors::codec(inner));
}

#[cfg(not(feature = "tensors"))]
fn register_tensors(registry: &mut Registry) {
    use minlen_core::{MissingCodec, ids};
    for (id, name) in [(ids::TENSORS, "tensors"), (ids::QUANTIZED, "quantized")] {
        registry.note_missing(MissingCodec { id, name, feature: "tensors" });
    }
}

/// The codec of records, which codes what is around them with all the others.
#[cfg(feature = "latent")]
fn register_latent(registry: &mut Registry) {
    let inner = registry.clone();
    registry.register(crate::latent::codec(inner));
}

#[cfg(not(feature = "latent"))]
fn register_latent(registry: &mut Registry) {
    use minlen_core::{MissingCodec, ids};
    registry.note_missing(MissingCodec { id: ids::LATENT, name: "latent", feature: "latent" });
}

/// The codec of pictures, which codes what belongs to them with all the others.
#[cfg(feature = "pictures")]
fn register_pictures(registry: &mut Registry) {
    let inner = registry.clone();
    registry.register(crate::picture::codec(inner));
}

#[cfg(not(feature = "pictures"))]
fn register_pictures(registry: &mut Registry) {
    use minlen_core::{MissingCodec, ids};
    registry.note_missing(MissingCodec { id: ids::PICTURE, name: "picture", feature: "pictures" });
}

/// Numbers of one type and shape that a file without a header holds.
#[derive(Clone, Debug)]
pub(crate) struct RawShape {
    pub(crate) dtype: Dtype,
    /// Outermost dimension first.
    pub(crate) shape: Arc<[u64]>,
}

/// Which files of an archive share a block. What shares a block helps one another, and a file in it costs the decoding of what stands
/// before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solid {
    /// Up to a fifth of the content, or what decodes in a moment: nearly as small as one block, and a file costs a tenth of the
    /// whole in the mean.
    #[default]
    Auto,
    /// As many as the level's block, or that of [`Options::with_block_size`], holds.
    All,
    /// None: every file has blocks of its own.
    None,
    /// Files of so many bytes together; blocks may be as large as that, up to 256 MiB, unless a block size is given, too.
    Size(u64),
}

/// Largest block that can be asked for.
const MAX_BLOCK: usize = 256 * MIB;

/// What an archive keeps of files beside their contents, modes and times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Owners and groups, by number and name.
    pub owners: bool,
    /// Extended attributes.
    pub xattrs: bool,
    /// POSIX ACLs.
    pub acls: bool,
}

/// How to compress. Cheap to clone.
///
/// ```
/// let options = minlen::Options::new(3)?.with_threads(2).with_codec("lzma:level=9")?;
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// | You want | Use |
/// |---|---|
/// | smaller or faster | [`Options::new`] with another level |
/// | to be done in a given time | [`Options::with_time_budget`] |
/// | a bound on memory | [`Options::with_memory`] (writing), [`crate::Limits::memory`] (reading) |
/// | fast decompression | [`Options::with_decode_speed`] |
/// | one certain codec | [`Options::with_codec`] |
/// | fine random access | [`Options::with_block_size`] |
/// | pictures or floats that need not be exact | [`Options::with_target`], [`Options::with_max_error`] |
/// | differences from a file that the reader has | [`Options::with_bases`] |
/// | records near those of the input, by a codec file | [`Options::with_model`] |
/// | to start from typical data | [`Options::with_learned`], [`Options::with_prior`] |
///
/// Reading takes options too: threads, codecs, bases and priors count there, the level does not.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) level: u8,
    pub(crate) chain: Option<Chain>,
    pub(crate) threads: usize,
    pub(crate) memory: Option<u64>,
    /// Nanoseconds on the reference machine.
    pub(crate) time: Option<u64>,
    /// Nanoseconds a byte on the reference machine.
    pub(crate) decode_ns: u32,
    pub(crate) block: Option<usize>,
    pub(crate) solid: Solid,
    pub(crate) dedup: bool,
    /// Blocks end where the content says so.
    pub(crate) rsyncable: bool,
    /// What spans may be differences from, and how near they must stay.
    pub(crate) bases: BaseSet,
    pub(crate) goal: Option<Goal>,
    /// Learned parts at hand, the one for coding last.
    pub(crate) learned: Vec<Learned>,
    /// The codec file that records may be described by.
    pub(crate) model: Option<Learned>,
    pub(crate) embed: bool,
    /// What a file of no known container holds.
    pub(crate) raw: Option<RawShape>,
    pub(crate) times: bool,
    pub(crate) keep: Keep,
    pub(crate) compact: bool,
    pub(crate) planner: Arc<Planner>,
}

impl Default for Options {
    /// Level 5, the strongest of this version that any machine can afford.
    fn default() -> Self {
        Self {
            level: 5,
            chain: None,
            threads: 1,
            memory: None,
            time: None,
            decode_ns: u32::MAX,
            block: None,
            solid: Solid::Auto,
            dedup: true,
            rsyncable: false,
            times: true,
            keep: Keep::default(),
            compact: true,
            bases: BaseSet::default(),
            goal: None,
            learned: Vec::new(),
            model: None,
            embed: false,
            raw: None,
            planner: Arc::new(Planner::new(registry())),
        }
    }
}

impl Options {
    /// Options for a level, 1..=9, or [`MAX_LEVEL`] for what the command calls `--max`.
    ///
    /// # Errors
    /// Usage for another number; unsupported for a level that is still to come.
    ///
    /// ```
    /// use minlen::{ErrorKind, Options};
    /// assert_eq!(Options::new(6)?.level(), 6);
    /// assert_eq!(Options::new(0).unwrap_err().kind(), ErrorKind::Usage);
    /// assert!(Options::top_level() < minlen::MAX_LEVEL);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    pub fn new(level: u8) -> Result<Self> {
        let info = levels()
            .get(usize::from(level).wrapping_sub(1))
            .ok_or_else(|| Error::usage(format!("there is no level {level}")).remedy("levels are 1 to 9"))?;
        if !info.available {
            let top = Self::top_level();
            return Err(Error::unsupported(format!("{}: {}", info.name(), info.engine))
                .remedy(format!("use level {top} or lower")));
        }
        Ok(Self { level, ..Self::default() })
    }

    /// The strongest level of this build that has a number.
    #[must_use]
    pub fn top_level() -> u8 {
        levels()
            .iter()
            .filter(|info| info.available && info.level < MAX_LEVEL)
            .map(|info| info.level)
            .max()
            .unwrap_or(1)
    }

    /// Codes every part with this chain (`name[:key=value,...][+name...]`) instead of planning.
    ///
    /// The chain is `name[:key=value,...]`, and several are joined by `+`: the output of the first is the input of the next. Names and keys
    /// are those of [`registry`]; a parameter that is not named has its default.
    ///
    /// ```
    /// use minlen::{ErrorKind, Limits, Options, compress, decompress};
    /// // Numbers of two bytes that grow slowly: differences first, then LZMA.
    /// let data: Vec<u8> = (0..3000u16).flat_map(u16::to_le_bytes).collect();
    /// let small = compress(&data, &Options::new(5)?.with_codec("delta:stride=2+lzma")?)?;
    /// assert!(small.len() < 200 && decompress(&small, &Limits::default())? == data);
    /// assert_eq!(Options::new(5)?.with_codec("no-such-codec").unwrap_err().kind(), ErrorKind::Usage);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage for an unknown codec, key or value.
    pub fn with_codec(mut self, chain: &str) -> Result<Self> {
        self.chain = Some(Chain::parse(chain, self.planner.registry())?);
        Ok(self)
    }

    /// How many threads to use; 0 for all cores. The output is the same for every number.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Keeps the working memory under this many bytes by running fewer threads, smaller blocks and, where the level does not fit, the
    /// strongest that does (with [`minlen_core::Event::Warning`]).
    ///
    /// ```
    /// // Level 5 states 640 MiB a thread, so that three fit into 2 GiB.
    /// let options = minlen::Options::new(5)?.with_threads(8).with_memory(2 << 30);
    /// assert_eq!(options.effective_threads(), 3);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Spends about this long: every block gets the strongest level, of those up to the one asked for, that the rest of
    /// the time allows for the rest of the input. The time is counted by a table of what each level costs on one core of
    /// the reference machine ([`LevelInfo::encode_ns`]) and never by a clock, so the same options give the same bytes
    /// everywhere; a machine twice as fast takes half as long. The length of the input must be known.
    ///
    /// ```
    /// use minlen::{Encoder, Env, ErrorKind, Options};
    /// use std::time::Duration;
    /// let options = Options::new(5)?.with_time_budget(Duration::from_millis(1));
    /// // A millisecond is enough for a megabyte at no level above 1.
    /// assert_eq!(options.estimate(b"what to expect", 1 << 20).level, 1);
    /// // A stream of unknown length cannot be planned for.
    /// let refused = Encoder::new(Vec::new(), &options, &Env::default()).err().map(|error| error.kind());
    /// assert_eq!(refused, Some(ErrorKind::Usage));
    /// assert!(Encoder::with_length(Vec::new(), &options, 1 << 20, &Env::default()).is_ok());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_time_budget(mut self, time: Duration) -> Self {
        self.time = Some(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self
    }

    /// Uses only what decodes at this many bytes a second or faster on one core of the reference machine.
    ///
    /// ```
    /// // 100 MB a second and core: of the levels up to 5, the third is the strongest that is as fast as that.
    /// let options = minlen::Options::new(5)?.with_decode_speed(100_000_000);
    /// assert_eq!(options.estimate(b"what to expect", 1 << 20).level, 3);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_decode_speed(mut self, bytes_per_second: u64) -> Self {
        let ns = 1_000_000_000 / bytes_per_second.max(1);
        self.decode_ns = u32::try_from(ns).unwrap_or(u32::MAX - 1);
        self
    }

    /// Largest block in bytes, instead of the level's: smaller means finer random access and less memory.
    ///
    /// Values below 4 KiB or above 256 MiB are taken as those. Each block stands alone, so that smaller ones cost size.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// let options = Options::new(1)?.with_block_size(16 << 10);
    /// let small = compress(&b"one line of a log\n".repeat(4000), &options)?;
    /// let mut file = Archive::from_reader(std::io::Cursor::new(&small), &Keys::default(), &options, &Env::default())?;
    /// assert!(file.blocks()?.iter().all(|block| block.raw_len <= 16 << 10));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_block_size(mut self, bytes: usize) -> Self {
        self.block = Some(bytes.clamp(4096, MAX_BLOCK));
        self
    }

    /// How many files of an archive share a block: see [`Solid`].
    ///
    /// ```
    /// use minlen::archive::{Builder, Entry};
    /// use minlen::{Env, Options, Solid};
    /// let mut builder = Builder::new();
    /// builder.add_all([Entry::file("a", b"predict, then code"), Entry::file("b", b"predict, and code")])?;
    /// let size = |solid| -> minlen::Result<usize> {
    ///     let options = Options::new(6)?.with_solid(solid);
    ///     Ok(builder.write(Vec::new(), &options, &Env::default())?.0.len())
    /// };
    /// assert!(size(Solid::All)? < size(Solid::None)?);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_solid(mut self, solid: Solid) -> Self {
        self.solid = solid;
        self
    }

    /// Whether an archive stores equal files and equal chunks once (default: yes).
    ///
    /// ```
    /// use minlen::archive::{Builder, Entry};
    /// use minlen::{Env, Options};
    /// let mut builder = Builder::new();
    /// builder.add_all([Entry::file("a", vec![b'x'; 5000]), Entry::file("b", vec![b'x'; 5000])])?;
    /// let write = |options: Options| builder.write(Vec::new(), &options, &Env::default());
    /// let (_, once) = write(Options::new(1)?)?;
    /// let (_, twice) = write(Options::new(1)?.with_dedup(false))?;
    /// assert_eq!((once.raw_bytes, once.unique_bytes), (10_000, 5000));
    /// assert_eq!((twice.raw_bytes, twice.unique_bytes), (10_000, 10_000));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_dedup(mut self, dedup: bool) -> Self {
        self.dedup = dedup;
        self
    }

    /// Ends blocks where the content says so and not where they are full, so that a change in the middle of the input leaves most bytes of
    /// the output as they were: for what is copied with rsync, or kept by a backup that looks for equal parts. Blocks have
    /// some megabytes at most, which costs size.
    ///
    /// ```
    /// use minlen::{Limits, Options, compress, decompress};
    /// let options = Options::new(1)?.with_rsyncable(true).with_block_size(64 << 10);
    /// let numbers: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_le_bytes()).collect();
    /// let (old, new) = (compress(&numbers, &options)?, compress(&[&b"one more"[..], &numbers].concat(), &options)?);
    /// let (end, middle) = (new.len() * 9 / 10, new.len() / 2);
    /// assert!(old.windows(1000).any(|part| part == &new[middle..middle + 1000] || part == &new[end - 1000..end]));
    /// assert_eq!(decompress(&new, &Limits::default())?[8..], numbers);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_rsyncable(mut self, rsyncable: bool) -> Self {
        self.rsyncable = rsyncable;
        self
    }

    /// The sizes of blocks that are cut by content, of up to `block` bytes; nothing where they are not.
    pub(crate) fn cuts(&self, block: usize) -> Option<Sizes> {
        self.rsyncable.then(|| Sizes::within(block))
    }

    /// What an archive keeps beside modes and times (default: nothing).
    ///
    /// ```
    /// use minlen::{Keep, Options};
    /// let options = Options::new(3)?.with_keep(Keep { owners: true, ..Keep::default() });
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Whether an archive records modification times (default: yes).
    #[must_use]
    pub fn with_times(mut self, times: bool) -> Self {
        self.times = times;
        self
    }

    /// Whether small single streams are written in the compact form, which has a dozen bytes around the coded content
    /// instead of some eighty, and no BLAKE3 (default: yes). Archives never are.
    ///
    /// ```
    /// use minlen::{Limits, Options, compress, decompress};
    /// let text = b"a short message";
    /// let (compact, framed) = (compress(text, &Options::new(1)?)?, compress(text, &Options::new(1)?.with_compact(false))?);
    /// assert!(compact.len() + 50 < framed.len());
    /// assert_eq!(decompress(&compact, &Limits::default())?, decompress(&framed, &Limits::default())?);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_compact(mut self, compact: bool) -> Self {
        self.compact = compact;
        self
    }

    /// Codes arrays as differences from those of the same name in these files, where that is smaller. Decoding needs the same
    /// files: see [`crate::Env::resources`].
    #[must_use]
    pub fn with_bases(mut self, bases: BaseSet) -> Self {
        self.bases = bases;
        self
    }

    /// Stores a nearby content: see [`crate::nearby`]. The default is exact. Only what the file declares and holds no checksum of is touched
    /// (or what [`Options::with_shape`] says is there). [`crate::compress`] decodes and compares what it wrote; after an
    /// [`crate::Encoder`], [`crate::nearby::verify`] does.
    ///
    /// ```
    /// use minlen::layout::Dtype;
    /// use minlen::nearby::{MaxError, Target};
    /// use minlen::{Limits, Options, compress, decompress};
    /// let waves: Vec<f32> = (0..2048).map(|i| (i as f32 / 100.0).sin()).collect();
    /// let bytes: Vec<u8> = waves.iter().flat_map(|value| value.to_le_bytes()).collect();
    ///
    /// let exact = Options::new(3)?.with_shape(Dtype::F32, &[2048]);
    /// let near = exact.clone().with_target(Target::MaxError(MaxError::Absolute(0.01)))?;
    /// let small = compress(&bytes, &near)?;
    /// assert!(small.len() * 2 < compress(&bytes, &exact)?.len());
    ///
    /// let copy = decompress(&small, &Limits::default())?;
    /// let values = copy.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    /// assert!(values.zip(&waves).all(|(new, old)| (new - old).abs() <= 0.01));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage for a target that cannot be meant, as a bound that is no positive number.
    pub fn with_target(mut self, target: Target) -> Result<Self> {
        let (number, remedy) = match target {
            Target::MaxError(MaxError::Absolute(size) | MaxError::Relative(size)) => (size, "such as 0.001"),
            Target::Psnr(decibels) => (decibels, "such as 60"),
            Target::BitsPerSample(bits) => (bits, "such as 4"),
            Target::BytesPerRecord(bytes) => (bytes, "such as 16"),
            Target::MaxSize(bytes) => (bytes as f64, "such as 100000"),
            Target::Ssimulacra2(score) => (100.0 - score, "such as 70"),
            Target::Quality(quality) => (101.0 - f64::from(quality), "0 to 100"),
            _ => (1.0, ""),
        };
        if !number.is_finite() || number <= 0.0 {
            return Err(Error::usage(format!("{number} is no bound for an error")).remedy(remedy));
        }
        self.goal = Some(Goal::new(target));
        Ok(self.aimed())
    }

    /// Stores floats so that none is off by more than this: [`Options::with_target`].
    ///
    /// # Errors
    /// Usage for a bound that is not a positive number.
    pub fn with_max_error(self, bound: MaxError) -> Result<Self> {
        self.with_target(bound.into())
    }

    /// One more approximator, which is asked before all others. A target must be set before.
    #[must_use]
    pub fn with_approximator(mut self, approximator: Arc<dyn Approximator>) -> Self {
        if let Some(goal) = &mut self.goal {
            let others = goal.approximators.iter().cloned();
            goal.approximators = std::iter::once(approximator).chain(others).collect();
        }
        self
    }

    /// What a file without a header holds: numbers of one type in this shape, outermost dimension first.
    ///
    /// A file that is not as long as that is refused when it is compressed ([`crate::ErrorKind::Usage`]); of an archive, the shape is for
    /// the files that have that length.
    ///
    /// ```
    /// use minlen::{ErrorKind, Options, compress, layout::Dtype};
    /// let options = Options::new(1)?.with_shape(Dtype::F64, &[3, 4]);
    /// assert!(compress(&[0; 96], &options).is_ok());
    /// assert_eq!(compress(&[0; 95], &options).unwrap_err().kind(), ErrorKind::Usage);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_shape(mut self, dtype: Dtype, shape: &[u64]) -> Self {
        self.raw = Some(RawShape { dtype, shape: shape.into() });
        self
    }

    /// How near the stored content must be; nothing where all is exact.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.goal.as_ref().map(|goal| goal.target)
    }

    /// What a file without a header holds, where that was said.
    #[must_use]
    pub fn shape(&self) -> Option<(Dtype, &[u64])> {
        self.raw.as_ref().map(|raw| (raw.dtype, &raw.shape[..]))
    }

    /// The surroundings with what the options have at hand.
    pub(crate) fn informed(&self, env: &Env) -> Env {
        let resources = self.learned.iter().cloned().fold(self.bases.resources(), Resources::with_learned);
        env.clone().with_resources(resources)
    }

    /// Looks for what files are made of with these parsers instead of the built-in ones.
    ///
    /// ```
    /// use minlen::{Options, layout::Parsers};
    /// let options = Options::new(3)?.with_parsers(Parsers::none());
    /// assert_eq!(options.parsers().iter().count(), 0);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_parsers(mut self, parsers: Parsers) -> Self {
        let planner = Planner::new(self.planner.registry().clone()).with_prior(self.planner.prior());
        self.planner = Arc::new(planner.with_parsers(parsers));
        self
    }

    /// Has a learned part at hand, for coding and decoding: a prior ([`crate::prior::open`]). Of several of one kind the last is the one
    /// to be used for coding.
    #[must_use]
    pub fn with_learned(mut self, part: Learned) -> Self {
        self.learned.push(part);
        self
    }

    /// Which priors strong levels may start from.
    #[must_use]
    pub fn with_prior(mut self, prior: PriorUse) -> Self {
        let parsers = self.planner.parsers().clone();
        let planner = Planner::new(self.planner.registry().clone()).with_prior(prior);
        self.planner = Arc::new(planner.with_parsers(parsers));
        self
    }

    /// Uses these codecs instead of the built-in ones, and the priors that suit them.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.planner = Arc::new(Planner::new(registry).with_parsers(self.planner.parsers().clone()));
        self
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The table entry of the level.
    #[must_use]
    pub fn info(&self) -> &'static LevelInfo {
        &levels()[usize::from(self.level) - 1]
    }

    /// Whether small single streams are written in the compact form.
    #[must_use]
    pub fn compact(&self) -> bool {
        self.compact
    }

    /// The parsers in use.
    #[must_use]
    pub fn parsers(&self) -> &Parsers {
        self.planner.parsers()
    }

    /// The codecs in use.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.planner.registry()
    }

    /// Threads that will really run: the number asked for, bounded by the cores (for 0) and by the memory.
    #[must_use]
    pub fn effective_threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if self.threads == 0 { cores } else { self.threads };
        let fit = self.memory.map_or(usize::MAX, |m| (m / self.info().encode_memory.max(1)) as usize);
        wanted.min(fit).max(1)
    }

    /// The block size in force. Depends on the level, the asked-for size and the memory bound only, never on the
    /// number of threads, so that the output does not either.
    pub(crate) fn block_size(&self) -> usize {
        let block = self.block.unwrap_or(self.info().block);
        match self.memory {
            Some(memory) => block.min((memory / 24).try_into().unwrap_or(usize::MAX)).max(4096),
            None => block,
        }
    }

    /// The size up to which small files may share a block.
    pub(crate) fn solid_size(&self) -> usize {
        self.info().solid.min(self.block_size())
    }

    /// How files share blocks.
    pub(crate) fn solid(&self) -> Solid {
        self.solid
    }

    /// The largest block of an archive whose files share blocks of up to `bound` bytes.
    pub(crate) fn block_of_groups(&self, bound: u64) -> usize {
        let asked = matches!(self.solid, Solid::Size(_)) && self.block.is_none() && self.memory.is_none();
        let bound = usize::try_from(bound).unwrap_or(MAX_BLOCK).min(MAX_BLOCK);
        if asked { self.block_size().max(bound) } else { self.block_size() }
    }
}
