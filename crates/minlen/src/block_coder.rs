//! Blocks on their way: planned and coded on several threads, written in order.

use crate::block_progress::Ahead;
use crate::blocks::decode_memory;
use crate::budget::Spending;
use crate::embedding::{Coded, Coding, Embedding};
use crate::options::Options;
use crate::pipeline::Ordered;
use crate::planner::{Planned, Request};
use minlen_container::{DirectoryPart, RawBlock, StreamWriter, Tree};
use minlen_core::{Advice, Detection, Env, Event, Limits, Result, Span};
use std::io::Write;
use std::sync::Arc;

/// Nanoseconds from which on the only block is coded on a thread of its own, so that the caller hears when to stop.
const WORTH_A_THREAD: usize = 100_000_000;

/// Plans and codes blocks on several threads and writes them in order.
pub(crate) struct BlockCoder<W: Write> {
    pub(crate) options: Options,
    pool: Ordered<Job>,
    pub(crate) writer: StreamWriter<W>,
    pub(crate) env: Env,
    /// True once a block was handed in.
    pub(crate) begun: bool,
    /// Which level each block gets.
    spending: Spending,
    /// True once it was said that a block takes more memory than readers have by default.
    reported: bool,
    /// Whether it was said that something did not fit into the memory.
    short: bool,
    /// Bytes of the copies of parts of the directory that were written.
    copies: u64,
    /// The codec file that may go before the blocks.
    embedding: Option<Embedding>,
    /// Bytes of the next block that were told as done before it is coded.
    pub(crate) ahead: u64,
}

/// What a thread made.
pub(crate) enum Job {
    /// A block, coded.
    Parts(Coded),
    /// A block that was coded before.
    Block(Box<RawBlock>),
    /// A copy of a part of the directory.
    Directory(DirectoryPart),
}

/// The highest level for copies of the directory.
const COPY_LEVEL: u8 = 5;
/// Copies of the directory take at most such a share of the archive.
const COPIES_SHARE: u64 = 1000;

impl<W: Write> BlockCoder<W> {
    pub(crate) fn new(writer: StreamWriter<W>, options: &Options, spending: Spending, env: &Env) -> Self {
        let pool = Ordered::new(options.effective_threads(), env);
        if options.bases.is_too_large() {
            let message =
                "the base is too large for the memory allowed: only arrays are stored as differences from it"
                    .into();
            env.progress.event(Event::Advised { message, advice: Advice::MoreMemory });
        }
        let (options, mut env) = (options.clone(), options.informed(env));
        // What the surroundings have is there to be read with; that something needs a base, whoever writes it must have asked for.
        env.resources.bases = options.bases.bases();
        Self {
            options,
            pool,
            writer,
            env,
            begun: false,
            spending,
            reported: false,
            short: false,
            copies: 0,
            embedding: None,
            ahead: 0,
        }
    }

    /// The same for a stream of its own, before whose blocks the codec file goes if that was asked for.
    pub(crate) fn embedding(mut self) -> Self {
        self.embedding = Embedding::new(&self.options);
        self
    }

    /// Hands in a block; waits for the oldest one in flight when there are enough.
    pub(crate) fn submit(
        &mut self,
        block: Vec<u8>,
        known: Option<Detection>,
        spans: Arc<[Span]>,
    ) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        let coding = self.coding(block.len(), known, spans);
        self.pool.submit(move || coding.code(&block).map(Job::Parts));
        Ok(())
    }

    /// How the next block is coded, which has so many bytes.
    fn coding(&mut self, len: usize, known: Option<Detection>, spans: Arc<[Span]>) -> Coding {
        let planner = Arc::clone(&self.options.planner);
        let request = self.request(len, known);
        let mut env = self.env.clone().with_layout(spans);
        let mut trial = None;
        if let Some(embedding) = &self.embedding {
            env = embedding.surroundings(env);
            trial = embedding.trial(&env);
        }
        let mut ahead = None;
        if self.ahead > 0 {
            let (told, inner) = Ahead::new(&env, std::mem::take(&mut self.ahead));
            (ahead, env) = (Some(told), inner);
        }
        Coding { planner, request, env, trial, ahead }
    }

    /// Hands in a block that is coded, which goes behind those handed in before.
    pub(crate) fn put_block(&mut self, block: RawBlock) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        self.pool.submit(move || Ok(Job::Block(Box::new(block))));
        Ok(())
    }

    /// Hands in a copy of a part of the directory, which goes behind the blocks handed in before. Where all copies would be more than a
    /// thousandth of the archive, it is left out.
    pub(crate) fn put_directory(&mut self, part: Tree) -> Result<()> {
        self.env.check()?;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        let planner = Arc::clone(&self.options.planner);
        let memory = self.options.memory;
        // Names and numbers are small; what is slow would hold up the blocks.
        let request = Request {
            level: self.options.level.min(COPY_LEVEL),
            chain: None,
            memory,
            known: None,
            decode_ns: u32::MAX,
        };
        let env = self.env.clone();
        self.pool.submit(move || {
            DirectoryPart::new(&part, |bytes| planner.code_whole(bytes, &request, &env)).map(Job::Directory)
        });
        Ok(())
    }

    /// Codes a block on this thread. Nothing may be in flight.
    pub(crate) fn code_now(
        &mut self,
        block: &[u8],
        known: Option<Detection>,
        spans: Arc<[Span]>,
    ) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        let coding = self.coding(block.len(), known, spans);
        self.take(Job::Parts(coding.code(block)?))
    }

    /// Codes all of the content at once: in the compact form where it is one part, else in the full one.
    pub(crate) fn finish_small(
        mut self,
        content: Vec<u8>,
        known: Option<Detection>,
        spans: Arc<[Span]>,
        hash: [u8; 32],
    ) -> Result<W> {
        self.env = self.env.clone().with_threads(self.options.effective_threads());
        let len = content.len();
        let coding = self.coding(len, known, spans);
        let ns = crate::levels::levels()[usize::from(self.options.level) - 1].encode_ns as usize;
        let coded = if len.saturating_mul(ns) < WORTH_A_THREAD {
            coding.code(&content)?
        } else {
            self.pool.submit(move || coding.code(&content).map(Job::Parts));
            match self.pool.next().transpose()? {
                Some(Job::Parts(coded)) => coded,
                _ => Coded::default(),
            }
        };
        let parts = self.only(coded)?;
        if parts.len() <= 1 {
            match self.writer.finish_compact(parts.first().map(|part| &part.block))? {
                Ok(out) => {
                    warn_if_short(&parts, &self.env);
                    parts.iter().for_each(|part| tell(part, &self.env));
                    return Ok(out);
                }
                Err(writer) => self.writer = writer,
            }
        }
        self.write(parts)?;
        let mut out = self.writer.finish(hash)?;
        out.flush()?;
        Ok(out)
    }

    fn request(&mut self, len: usize, known: Option<Detection>) -> Request {
        let (level, decode_ns) = (self.spending.next(len as u64), self.options.decode_ns);
        let (chain, memory) = (self.options.chain.clone(), self.options.memory);
        Request { level, chain, memory, known, decode_ns }
    }

    fn write_oldest(&mut self) -> Result<()> {
        match self.pool.next() {
            Some(job) => self.take(job?),
            None => Ok(()),
        }
    }

    /// Writes what comes next, or keeps it until it is known whether the codec file goes before it.
    fn take(&mut self, job: Job) -> Result<()> {
        let Some(embedding) = self.embedding.as_mut().filter(|embedding| embedding.is_open()) else {
            return self.write_job(job);
        };
        match embedding.hold(job) {
            Some(inside) => self.settle(inside),
            None => Ok(()),
        }
    }

    /// Writes what was kept, behind the codec file or without it.
    fn settle(&mut self, inside: bool) -> Result<()> {
        self.settled(inside)?.into_iter().try_for_each(|job| self.write_job(job))
    }

    /// Writes the codec file, if it goes inside, and gives what was kept.
    fn settled(&mut self, inside: bool) -> Result<Vec<Job>> {
        let Some(embedding) = self.embedding.as_mut().filter(|embedding| embedding.is_open()) else {
            return Ok(Vec::new());
        };
        let held = embedding.settle(inside, &self.env);
        if inside {
            self.writer.write_learned(embedding.file())?;
        }
        Ok(held)
    }

    /// What is written of the only block.
    fn only(&mut self, coded: Coded) -> Result<Vec<Planned>> {
        let Some(embedding) = self.embedding.as_mut() else { return Ok(coded.chosen(true)) };
        let inside = embedding.hold(Job::Parts(coded)).unwrap_or(false);
        let parts = |job| match job {
            Job::Parts(coded) => coded.chosen(inside),
            Job::Block(_) | Job::Directory(_) => Vec::new(),
        };
        Ok(self.settled(inside)?.into_iter().flat_map(parts).collect())
    }

    fn write_job(&mut self, job: Job) -> Result<()> {
        match job {
            Job::Parts(coded) => {
                let inside = self.embedding.as_ref().is_none_or(Embedding::is_inside);
                self.write(coded.chosen(inside))
            }
            Job::Block(block) => self.writer.write_block(&block),
            Job::Directory(part) => self.write_directory(&part),
        }
    }

    fn write_directory(&mut self, part: &DirectoryPart) -> Result<()> {
        let copies = self.copies.saturating_add(part.stored_len());
        if copies > self.writer.stored_len() / COPIES_SHARE {
            return Ok(());
        }
        self.copies = copies;
        self.writer.write_directory(part)
    }

    fn write(&mut self, parts: Vec<Planned>) -> Result<()> {
        self.short = self.short || warn_if_short(&parts, &self.env);
        for part in parts {
            self.writer.write_block(&part.block)?;
            tell(&part, &self.env);
            self.tell_memory(&part);
        }
        Ok(())
    }

    /// Says once what a reader has to ask for. The planner avoids such blocks; a codec that was named may make them.
    fn tell_memory(&mut self, part: &Planned) {
        let need = decode_memory(&part.block.header, self.options.registry());
        if need > Limits::default().memory && !self.reported {
            self.reported = true;
            let mib = need.div_ceil(1 << 20);
            let message = format!("blocks of this size and codec take {mib} MiB to decode");
            let advice = Advice::ReadWithMemory { bytes: need };
            self.env.progress.event(Event::Advised { message, advice });
        }
    }

    /// Writes everything in flight, and flushes the output.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.write_all()?;
        // Nobody who waits hears what is kept.
        if let Some(inside) = self.embedding.as_ref().and_then(Embedding::at_once) {
            self.settle(inside)?;
        }
        self.writer.flush()
    }

    fn write_all(&mut self) -> Result<()> {
        while !self.pool.is_empty() {
            self.write_oldest()?;
        }
        Ok(())
    }

    /// Writes everything in flight; the stream is still without its end.
    pub(crate) fn finish(mut self) -> Result<StreamWriter<W>> {
        self.write_all()?;
        self.settle(false)?;
        Ok(self.writer)
    }
}

/// Says so if codecs were passed over because of the memory.
fn warn_if_short(parts: &[Planned], env: &Env) -> bool {
    let short = parts.iter().any(|part| part.short);
    if short {
        let message =
            "some data is coded more weakly than asked for, or stored: the memory allowed is too little for more".into();
        env.progress.event(Event::Warning { message });
    }
    short
}

/// What was made of a part.
fn tell(part: &Planned, env: &Env) {
    let header = &part.block.header;
    env.progress.event(Event::Explain { line: part.explain() });
    env.progress.event(Event::Advance { input: header.raw_len - part.reported, output: header.stored_len });
}
