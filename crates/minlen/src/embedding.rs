//! Whether the codec file goes into what is written: only where something names it, and where records are exact only where it saves more
//! than it takes.
//!
//! It stands before all blocks, so these are kept until that is known. Until then those that name it are coded without it, too, unless
//! records were replaced by others near them, which cannot be had without it. What is decided depends on the blocks in their order only,
//! and so not on threads.

use crate::block_coder::Job;
use crate::block_progress::Ahead;
use crate::options::Options;
use crate::planner::{Planned, Planner, Request};
use crate::streams::needs_of;
use minlen_core::{Env, Event, Learned, Need, NoProgress, Result};
use std::sync::Arc;

/// Bytes of coded blocks that are kept at most: behind so much, a codec file that was not worth it so far stays out.
const MOST: u64 = 16 << 20;

/// What it takes besides its bytes: the head of its section, and the full form of a stream in place of the compact one.
const AROUND: u64 = 256;

/// A block as it was coded, and without the codec file where that is to be compared.
#[derive(Default)]
pub(crate) struct Coded {
    parts: Vec<Planned>,
    /// Whether the codec file is named.
    named: bool,
    without: Option<Vec<Planned>>,
    /// What was told of the block before it was coded.
    ahead: Option<Arc<Ahead>>,
}

/// What blocks are tried with as long as nothing is decided.
pub(crate) struct Trial {
    name: [u8; 8],
    /// Surroundings without the codec file; none where blocks cannot do without it.
    without: Option<Env>,
}

/// How a block is coded.
pub(crate) struct Coding {
    pub(crate) planner: Arc<Planner>,
    pub(crate) request: Request,
    pub(crate) env: Env,
    pub(crate) trial: Option<Trial>,
    /// What was told of the block before.
    pub(crate) ahead: Option<Arc<Ahead>>,
}

impl Coding {
    pub(crate) fn code(&self, block: &[u8]) -> Result<Coded> {
        let Self { planner, request, env, trial, ahead } = self;
        let (parts, ahead) = (planner.code(block, request, env)?, ahead.clone());
        let Some(trial) = trial else { return Ok(Coded { parts, ahead, ..Coded::default() }) };
        let named = is_named(&parts, trial.name, planner, env)?;
        let without = match &trial.without {
            Some(env) if named => Some(planner.code(block, request, env)?),
            _ => None,
        };
        Ok(Coded { parts, named, without, ahead })
    }
}

impl Coded {
    /// What is written where the codec file is inside, or where it is not. What was told of it before does not count as still to be told.
    pub(crate) fn chosen(self, inside: bool) -> Vec<Planned> {
        let mut parts = match self.without {
            Some(without) if !inside => without,
            _ => self.parts,
        };
        for part in &mut parts {
            let left = part.block.header.raw_len - part.reported;
            let told = self.ahead.as_ref().map_or(0, |ahead| left - ahead.rest(left));
            part.reported += told;
        }
        parts
    }
}

fn is_named(parts: &[Planned], name: [u8; 8], planner: &Planner, env: &Env) -> Result<bool> {
    for Planned { block, .. } in parts {
        let header = &block.header;
        let needs = needs_of(&header.ids, &block.payload, header.raw_len, planner.registry(), env)?;
        if needs.contains(&Need::Model(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn stored(parts: &[Planned]) -> u64 {
    parts.iter().map(|part| part.block.header.stored_len).sum()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Inside,
    Out,
}

/// A codec file that may go before the blocks.
pub(crate) struct Embedding {
    file: Learned,
    /// Whether records may be others near them.
    near: bool,
    state: State,
    /// What was kept, and about how many bytes that are.
    held: Vec<Job>,
    bytes: u64,
    /// Bytes that the codec file saved so far; whether a block named it; whether one cannot do without it.
    saved: i64,
    named: bool,
    needed: bool,
}

impl Embedding {
    /// The codec file of these options, if it was asked to go inside.
    pub(crate) fn new(options: &Options) -> Option<Self> {
        let file = options.model.as_ref().filter(|_| options.embed)?.clone();
        let near = options.goal.is_some();
        let (held, state) = (Vec::new(), State::Open);
        Some(Self { file, near, state, held, bytes: 0, saved: 0, named: false, needed: false })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.state == State::Inside
    }

    pub(crate) fn file(&self) -> &[u8] {
        self.file.bytes()
    }

    /// What the next block is coded with.
    pub(crate) fn surroundings(&self, env: Env) -> Env {
        if self.state == State::Out { self.without(&env) } else { env }
    }

    fn without(&self, env: &Env) -> Env {
        let own = self.file.hash();
        let others = env.resources.learned.iter().filter(|part| part.hash() != own);
        let learned = others.cloned().collect();
        let mut env = env.clone();
        env.resources.learned = learned;
        env
    }

    /// What it is tried with.
    pub(crate) fn trial(&self, env: &Env) -> Option<Trial> {
        let without = || self.without(env).with_progress(Arc::new(NoProgress));
        let name = std::array::from_fn(|i| self.file.hash()[i]);
        self.is_open().then(|| Trial { name, without: (!self.near).then(without) })
    }

    /// Keeps what comes next. Where that decides it, says whether the codec file goes inside.
    pub(crate) fn hold(&mut self, job: Job) -> Option<bool> {
        self.bytes += match &job {
            Job::Parts(coded) => {
                let (with, without) = (stored(&coded.parts), coded.without.as_deref().map(stored));
                self.named |= coded.named;
                self.needed |= coded.named && without.is_none();
                self.saved += without.map_or(0, |without| without as i64 - with as i64);
                with + without.unwrap_or(0)
            }
            Job::Block(block) => block.payload.len() as u64,
            Job::Directory(part) => part.stored_len(),
        };
        self.held.push(job);
        let takes = self.file.bytes().len() as u64 + AROUND;
        if self.needed || self.saved >= takes as i64 {
            return Some(true);
        }
        (self.bytes > MOST).then_some(self.near)
    }

    /// The decision where what is kept cannot wait.
    pub(crate) fn at_once(&self) -> Option<bool> {
        (self.is_open() && !self.held.is_empty()).then_some(self.near)
    }

    /// Takes the decision, gives what was kept, and says so where the codec file stays out.
    pub(crate) fn settle(&mut self, inside: bool, env: &Env) -> Vec<Job> {
        self.state = if inside { State::Inside } else { State::Out };
        if !inside {
            let why = if self.named { "it would take more than it saves" } else { "nothing here needs it" };
            env.progress.event(Event::Notice { message: format!("the codec file is not put inside: {why}") });
        }
        std::mem::take(&mut self.held)
    }
}
