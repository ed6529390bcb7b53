//! The planner: what is this part, which codecs offer to code it, and which of them does it best.
//!
//! Codecs make offers ([`minlen_core::Codec::propose`]); the planner knows none of them by name, so a codec that is
//! registered takes part without a change here. Levels 1 to 3 take the only offer. From level 4 on, all offers
//! are tried on a sample, the best few on the whole part, and the smallest result stays. Decisions depend on sizes
//! only, never on clocks, so the same input gives the same bytes on every machine.
//!
//! [`crate::Encoder`] and [`crate::archive`] use this for you. Use it directly to see what would be chosen, and why.
//!
//! ```
//! use minlen::planner::{Planner, Request};
//! use minlen::{Env, registry};
//! let request = Request { level: 3, chain: None, memory: None, known: None, decode_ns: u32::MAX };
//! let text = b"what is predicted need not be stored, ".repeat(50);
//! let parts = Planner::new(registry()).code(&text, &request, &Env::default())?;
//! assert_eq!(parts.iter().map(|part| part.block.header.raw_len).sum::<u64>(), text.len() as u64);
//! assert!(!parts[0].chain.is_empty() && !parts[0].why.is_empty());
//! # Ok::<(), minlen::Error>(())
//! ```

mod choose;
mod sample;
mod split;

use crate::detect;
use crate::prior::{self, PriorUse};
pub(crate) use choose::STRONG;
use minlen_container::{RawBlock, seal};
use minlen_core::{
    Chain, CodecId, Coded, Detection, Detector, Env, Limits, Part, Proposal, Registry, Result, Stage, ids,
};
use minlen_structure::Parsers;
use std::ops::Range;
use std::sync::Arc;

/// Decides how each part of the data is coded.
pub struct Planner {
    registry: Registry,
    detectors: Vec<Arc<dyn Detector>>,
    parsers: Parsers,
    prior: PriorUse,
}

/// What the planner is told besides the data.
#[derive(Clone, Debug)]
pub struct Request {
    /// 1..=9.
    pub level: u8,
    /// Use this chain instead of planning.
    pub chain: Option<Chain>,
    /// Offers that need more working memory than this are passed over.
    pub memory: Option<u64>,
    /// What the data is, where the caller knows (from the head of a file); found from the content otherwise.
    pub known: Option<Detection>,
    /// What decoding may cost, in nanoseconds a byte: see [`Part::decode_ns`].
    pub decode_ns: u32,
}

/// One coded part and how it came about.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The block, ready to be written.
    pub block: RawBlock,
    /// What the data is.
    pub detection: Detection,
    /// The chain that was used, as text.
    pub chain: String,
    /// Why.
    pub why: &'static str,
    /// Offers that were coded in full, with their sizes.
    pub tried: Vec<(String, usize)>,
    /// Raw bytes that were told as progress while coding; the rest is to be told now.
    pub reported: u64,
    /// True if something stronger was passed over because it needs more memory than it may use.
    pub short: bool,
}

impl Planned {
    /// The line that `--explain` prints.
    ///
    /// ```
    /// use minlen::planner::{Planner, Request};
    /// use minlen::{Env, registry};
    /// let request = Request { level: 1, chain: None, memory: None, known: None, decode_ns: u32::MAX };
    /// let parts = Planner::new(registry()).code(&[b'x'; 1000], &request, &Env::default())?;
    /// assert!(parts[0].explain().starts_with("1000 -> "));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> String {
        let raw = self.block.header.raw_len;
        let stored = self.block.header.stored_len;
        let saved = 100.0 - 100.0 * stored as f64 / raw.max(1) as f64;
        let what = &self.detection;
        let detail = if what.detail.is_empty() { String::new() } else { format!(" ({})", what.detail) };
        let mut line = format!(
            "{raw} -> {stored} ({saved:.1} % saved)  {}{detail}  {}: {}",
            what.kind, self.chain, self.why
        );
        if self.tried.len() > 1 {
            let tried: Vec<_> = self.tried.iter().map(|(chain, size)| format!("{chain} {size}")).collect();
            line.push_str(&format!("  [tried {}]", tried.join(", ")));
        }
        line
    }
}

impl Planner {
    /// A planner over these codecs with the built-in detectors.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let (detectors, parsers) = (detect::detectors(), Parsers::default());
        Self { registry, detectors, parsers, prior: PriorUse::Auto }
    }

    /// The same with another use of priors.
    #[must_use]
    pub fn with_prior(mut self, prior: PriorUse) -> Self {
        self.prior = prior;
        self
    }

    /// The use of priors.
    pub(crate) fn prior(&self) -> PriorUse {
        self.prior
    }

    /// The same with other parsers of what data is made of.
    #[must_use]
    pub fn with_parsers(mut self, parsers: Parsers) -> Self {
        self.parsers = parsers;
        self
    }

    /// The parsers of what data is made of.
    #[must_use]
    pub fn parsers(&self) -> &Parsers {
        &self.parsers
    }

    /// The codecs.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the data is.
    #[must_use]
    pub fn detect(&self, head: &[u8], total: u64) -> Detection {
        detect::detect(head, total, &self.detectors)
    }

    /// About what the data is, at a small part of the cost of [`Planner::detect`]: by its header, or text as such. Fast levels code all text
    /// alike, and looking closer takes them longer than coding.
    #[must_use]
    pub(crate) fn glance(&self, head: &[u8], total: u64) -> Detection {
        detect::glance(head, total, &self.detectors).unwrap_or_else(|| self.detect(head, total))
    }

    /// Splits a block where its content changes its nature, and codes every part.
    ///
    /// # Errors
    /// Cancelled; limit; whatever a codec named by the user says.
    pub fn code(&self, data: &[u8], request: &Request, env: &Env) -> Result<Vec<Planned>> {
        if data.is_empty() {
            return Ok(Vec::new());
        }
        let detection = self.detection(data, request);
        let informed = self.informed(data, &detection, request, env);
        let parts = if request.chain.is_some() { whole(data) } else { self.split(data, request, &informed) };
        if parts.len() == 1 {
            return Ok(vec![self.code_part(data, detection, request, &informed)?]);
        }
        // Where spans are is known for the whole only.
        let env = &env.clone().without_layout();
        let part = |range: Range<usize>| {
            env.check()?;
            let data = &data[range];
            let detection = self.detect(data, data.len() as u64);
            let informed = self.informed(data, &detection, request, env);
            self.code_part(data, detection, request, &informed)
        };
        parts.into_iter().filter(|range| !range.is_empty()).map(part).collect()
    }

    fn detection(&self, data: &[u8], request: &Request) -> Detection {
        request.known.clone().unwrap_or_else(|| self.detect(data, data.len() as u64))
    }

    /// The environment with all that `data` may be read as, beside what is known of it.
    fn informed(&self, data: &[u8], detection: &Detection, request: &Request, env: &Env) -> Env {
        if request.chain.is_some() {
            return env.clone();
        }
        let mut found = self.parsers.readings(data, detection.kind, request.level, &env.layout);
        if found.is_empty() {
            return env.clone();
        }
        found.extend(env.layout.iter().cloned());
        env.clone().with_layout(found.into())
    }

    /// Codes `data` as one part.
    ///
    /// # Errors
    /// As [`Planner::code`].
    pub fn code_whole(&self, data: &[u8], request: &Request, env: &Env) -> Result<Coded> {
        let detection = self.detection(data, request);
        let informed = self.informed(data, &detection, request, env);
        Ok(self.choose(data, &detection, request, &informed)?.coded)
    }

    fn code_part(&self, data: &[u8], detection: Detection, request: &Request, env: &Env) -> Result<Planned> {
        let best = self.choose(data, &detection, request, env)?;
        let (block, chain) = (seal(data, best.coded), best.chain);
        Ok(Planned {
            block,
            detection,
            chain,
            why: best.why,
            tried: best.tried,
            reported: best.reported,
            short: best.short,
        })
    }

    fn choose(
        &self,
        data: &[u8],
        detection: &Detection,
        request: &Request,
        env: &Env,
    ) -> Result<choose::Outcome> {
        let stats = detect::stats(data);
        let part = Part::new(data, detection.kind, &stats)
            .with_detail(&detection.detail)
            .with_decode_ns(request.decode_ns)
            .with_layout(&env.layout)
            .with_resources(&env.resources);
        let best = match &request.chain {
            Some(chain) => choose::Outcome::named(chain, data, &self.registry, env)?,
            None => {
                let (offers, level, short) = self.offers(&part, request, env)?;
                let best = choose::best(&offers, level, data, &self.registry, env)?;
                choose::Outcome { short: best.short || short, ..best }
            }
        };
        Ok(best.or_stored(data))
    }

    /// What codecs offer, at which level, and whether others were passed over for their memory: where nothing fits that a level has, the
    /// next lower one is asked.
    fn offers(&self, part: &Part<'_>, request: &Request, env: &Env) -> Result<(Vec<Proposal>, u8, bool)> {
        let mut short = false;
        let mut level = request.level;
        loop {
            let all = self.offers_at(part, level);
            let any = !all.is_empty();
            let fitting: Vec<Proposal> =
                all.into_iter().filter(|offer| self.fits(offer, part.data.len(), request)).collect();
            if !fitting.is_empty() {
                let strong = level >= STRONG;
                let offers = if strong {
                    prior::apply(self.prior, fitting, &self.registry, &env.resources)?
                } else {
                    fitting
                };
                return Ok((offers, level, short));
            }
            short |= any;
            level = match level {
                _ if any => level - 1,
                // Where the strong codecs have nothing to offer, the others have.
                STRONG.. => STRONG - 1,
                _ => 0,
            };
            if level == 0 {
                return Ok((Vec::new(), request.level, short));
            }
        }
    }

    fn offers_at(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let settling =
            self.registry.iter().find(|codec| codec.whole().is_some_and(|whole| whole.settles(part, level)));
        match settling.map(|codec| codec.propose(part, level)).filter(|offers| !offers.is_empty()) {
            Some(offers) => offers,
            None => self.registry.iter().flat_map(|codec| codec.propose(part, level)).collect(),
        }
    }

    fn fits(&self, offer: &Proposal, len: usize, request: &Request) -> bool {
        let need = |stage: &Stage| {
            self.registry.codec(stage.id).map_or(u64::MAX, |c| c.memory(&stage.params, len).encode)
        };
        let most = offer.chain.stages().iter().map(need).max().unwrap_or(0);
        request.memory.is_none_or(|bound| most <= bound) && self.is_readable(offer, len)
    }

    /// True where decoding an offer for `len` bytes stays within the memory that readers have by default: only blocks far
    /// larger than those of the levels need more.
    fn is_readable(&self, offer: &Proposal, len: usize) -> bool {
        let need = |stage: &Stage| {
            self.registry.codec(stage.id).map_or(u64::MAX, |codec| codec.memory(&stage.params, len).decode)
        };
        let codecs = offer.chain.stages().iter().map(need).max().unwrap_or(0);
        codecs.saturating_add(2 * len as u64) <= Limits::default().memory
    }
}

impl std::fmt::Debug for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planner").field("registry", &self.registry).finish_non_exhaustive()
    }
}

/// Raw bytes as a chain's result.
fn stored(data: &[u8]) -> Coded {
    Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: data.to_vec() }
}

fn whole(data: &[u8]) -> Vec<Range<usize>> {
    std::iter::once(0..data.len()).collect()
}

/// The chain of a coded block as text, by the names in the registry.
///
/// A codec that the registry lacks is shown by its number.
///
/// ```
/// use minlen::{CodecId, ids, planner::chain_text, registry};
/// let chain = [ids::DELTA, ids::LZMA, CodecId(60_000)];
/// assert_eq!(chain_text(&chain, &registry()), "delta+lzma+#60000");
/// ```
#[must_use]
pub fn chain_text(ids: &[CodecId], registry: &Registry) -> String {
    let name = |id: &CodecId| {
        registry.codec(*id).map_or_else(|_| format!("#{}", id.0), |c| c.spec().name.to_string())
    };
    ids.iter().map(name).collect::<Vec<_>>().join("+")
}
