//! Codecs in a row: each takes what the one before it gave.

use crate::{CodecId, Env, Error, Params, Registry, Result};
use std::fmt;

/// One codec with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which codec.
    pub id: CodecId,
    /// Its name, for people.
    pub name: &'static str,
    /// What it is told.
    pub params: Params,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.params.show();
        write!(f, "{}{}{params}", self.name, if params.is_empty() { "" } else { ":" })
    }
}

/// A row of one to [`Chain::MAX_STAGES`] codecs, first applied first when encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<Stage>);

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, stage) in self.0.iter().enumerate() {
            write!(f, "{}{stage}", if i == 0 { "" } else { "+" })?;
        }
        Ok(())
    }
}

/// What a chain gave: the payload and what is needed to undo it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coded {
    /// The codecs, in encoding order.
    pub ids: Vec<CodecId>,
    /// The lengths *between* the stages: one fewer than ids. (The length before the first is the original one.)
    pub inner: Vec<u64>,
    /// The bytes after the last stage.
    pub payload: Vec<u8>,
}

impl Chain {
    /// More stages than this are refused, on both sides.
    pub const MAX_STAGES: usize = 4;

    /// A chain of these stages.
    ///
    /// # Errors
    /// Usage for none or more than [`Chain::MAX_STAGES`].
    pub fn new(stages: Vec<Stage>) -> Result<Self> {
        if stages.is_empty() || stages.len() > Self::MAX_STAGES {
            return Err(Error::usage(format!("a chain has 1 to {} codecs", Self::MAX_STAGES)));
        }
        Ok(Self(stages))
    }

    /// A chain of one codec.
    #[must_use]
    pub fn single(codec: &dyn crate::Codec, params: Params) -> Self {
        Self(vec![Stage::of(codec, params)])
    }

    /// Reads `name[:key=value,...][+name...]`.
    ///
    /// # Errors
    /// Usage for an unknown name, key or value.
    pub fn parse(text: &str, registry: &Registry) -> Result<Self> {
        text.split('+')
            .map(|stage| parse_stage(stage, registry))
            .collect::<Result<Vec<_>>>()
            .and_then(Self::new)
    }

    /// The stages in encoding order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.0
    }

    /// Runs every stage on `input`.
    ///
    /// # Errors
    /// Whatever a stage says; unsupported for a codec that is not in the registry.
    pub fn encode(&self, input: &[u8], registry: &Registry, env: &Env) -> Result<Coded> {
        let mut coded = Coded::default();
        for (i, stage) in self.0.iter().enumerate() {
            env.check()?;
            let codec = registry.codec(stage.id)?;
            let mut out = Vec::new();
            if i == 0 {
                codec.encode(input, &stage.params, env, &mut out)?;
            } else {
                coded.inner.push(coded.payload.len() as u64);
                codec.encode(&coded.payload, &stage.params, env, &mut out)?;
            }
            coded.ids.push(stage.id);
            coded.payload = out;
        }
        Ok(coded)
    }

    /// Undoes a chain: `ids` and `inner` as in [`Coded`], `output_len` the original length. Reserves the memory of
    /// the stages in between from the budget; the caller has reserved the output.
    ///
    /// # Errors
    /// Whatever a stage says; unsupported for an unknown codec.
    pub fn decode(
        ids: &[CodecId],
        inner: &[u64],
        payload: &[u8],
        output_len: usize,
        registry: &Registry,
        env: &Env,
    ) -> Result<Vec<u8>> {
        if ids.is_empty() || ids.len() > Self::MAX_STAGES || inner.len() + 1 != ids.len() {
            return Err(Error::corrupt("a codec chain of impossible length"));
        }
        let mut held = Vec::new();
        let mut current: Option<Vec<u8>> = None;
        for (i, &id) in ids.iter().enumerate().rev() {
            env.check()?;
            let len = if i == 0 { output_len } else { to_usize(inner[i - 1])? };
            held.push(env.budget.reserve(if i == 0 { 0 } else { len as u64 })?);
            let mut out = Vec::new();
            registry.codec(id)?.decode(current.as_deref().unwrap_or(payload), len, env, &mut out)?;
            if out.len() != len {
                return Err(Error::corrupt(format!("{} bytes decoded where {len} were promised", out.len())));
            }
            current = Some(out);
        }
        Ok(current.unwrap_or_default())
    }
}

impl Stage {
    /// A stage of this codec.
    #[must_use]
    pub fn of(codec: &dyn crate::Codec, params: Params) -> Self {
        Self { id: codec.spec().id, name: codec.spec().name, params }
    }
}

fn to_usize(len: u64) -> Result<usize> {
    usize::try_from(len).map_err(|_| Error::limit(format!("{len} bytes do not fit this machine's memory")))
}

fn parse_stage(text: &str, registry: &Registry) -> Result<Stage> {
    let (name, pairs) = text.split_once(':').unwrap_or((text, ""));
    let codec = registry.by_name(name.trim())?;
    let mut params = codec.params();
    for pair in pairs.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::usage(format!("'{pair}' in codec '{name}': expected key=value")))?;
        params = params.with_text(key.trim(), value.trim())?;
    }
    Ok(Stage::of(codec, params))
}
