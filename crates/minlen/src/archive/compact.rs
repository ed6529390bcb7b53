//! Giving back the room of what an archive has no more.
//!
//! Blocks of which every byte belongs to a file are taken over as they are. Of others, what is left is coded again, next to what is left of
//! their neighbours; and blocks of which nothing is left go. So nothing of a file that was deleted or replaced is in the new archive.

use super::create::{Counted, code_tree};
use super::read::Archive;
use super::update::refuse_single;
use crate::block_coder::BlockCoder;
use crate::blocks::BlockDecoder;
use crate::budget::Spending;
use crate::options::Options;
use minlen_container::{Body, Entry, Extent, RawBlock, StreamWriter, Tree};
use minlen_core::{Env, Event, Kind, Reservation, Result};
use std::collections::VecDeque;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

/// Archives of less content have no copies of the directory.
const COPIES_FROM: u64 = 16 << 20;

/// What [`Archive::compact`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Blocks that were taken over as they are.
    pub kept: u64,
    /// Blocks of which the rest was coded again.
    pub recoded: u64,
    /// Blocks that are left out.
    pub dropped: u64,
    /// Bytes of content before.
    pub content_before: u64,
    /// Bytes of content now.
    pub content: u64,
    /// Bytes that were written.
    pub stored: u64,
}

impl Archive<'_> {
    /// Bytes of content that no file has: those of entries that were deleted or replaced.
    ///
    /// # Errors
    /// Limit where the memory does not do.
    pub fn unused_len(&self) -> Result<u64> {
        let (live, _held) = live(&self.entries(), self)?;
        let used: u64 = live.iter().map(|range| range.end - range.start).sum();
        Ok(self.content_len().saturating_sub(used))
    }

    /// True if compacting would give room back, or make one stream of several.
    ///
    /// # Errors
    /// Limit where the memory does not do.
    pub fn is_compactable(&self) -> Result<bool> {
        Ok(self.is_tree() && (self.container.streams().len() > 1 || self.unused_len()? > 0))
    }

    /// Writes an archive of the same entries to `out`, in one stream and without content that no file has, and gives `out` back.
    /// Everything that is kept is decoded and checked; only what shared a block with something that goes is coded again, by
    /// `options`.
    ///
    /// # Errors
    /// Usage for a single stream; corrupt; limit; I/O of `out`; what reading needs that is not at hand; cancelled.
    pub fn compact<W: Write>(&mut self, out: W, options: &Options, env: &Env) -> Result<(W, Compacted)> {
        refuse_single(self)?;
        let tree = self.entries();
        let (live, _held) = live(&tree, self)?;
        let output = self.output_len().max(self.content_len());
        self.env.limits.check_output(output, self.stored_len)?;
        let mut moving = Moving::new(self, &live, out, options, env)?;
        moving.blocks(self)?;
        let Moving { coder, moved, content, done, .. } = moving;
        let tree = placed(&tree, &moved, env)?;
        let mut coder = coder;
        if content.len >= COPIES_FROM {
            coder.put_directory(tree.clone())?;
        }
        let mut writer = coder.finish()?;
        writer.write_tree(&tree, |bytes| code_tree(bytes, options, env))?;
        let counted = writer.finish(*content.hasher.finalize().as_bytes())?;
        Ok((counted.out, Compacted { content: content.len, stored: counted.bytes, ..done }))
    }
}

/// The ranges of content that files have, in order, none next to another.
fn live(tree: &Tree, archive: &Archive<'_>) -> Result<(Vec<Range<u64>>, Reservation)> {
    let count: usize = tree.entries.iter().map(|entry| entry.extents().len()).sum();
    let held = archive.env.budget.reserve((count * size_of::<Range<u64>>()) as u64)?;
    let mut ranges = Vec::with_capacity(count);
    for extent in tree.entries.iter().flat_map(Entry::extents) {
        if let Extent::Data { offset, len } = *extent {
            ranges.push(offset..offset.saturating_add(len));
        }
    }
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        if joined {
            last.end = last.end.max(next.end);
        }
        joined
    });
    Ok((ranges, held))
}

/// The new content as far as it is known.
#[derive(Default)]
struct NewContent {
    len: u64,
    hasher: blake3::Hasher,
}

impl NewContent {
    fn add(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.hasher.update(bytes);
    }
}

/// What is left of blocks, to be coded again.
#[derive(Default)]
struct Rest {
    bytes: Vec<u8>,
    kind: Option<Kind>,
    /// Where each piece was in the content, and how long it is.
    pieces: Vec<(u64, u64)>,
}

/// Content on its way from the old archive to the new one.
struct Moving<'l, W: Write> {
    live: &'l [Range<u64>],
    coder: BlockCoder<Counted<W>>,
    options: Options,
    env: Env,
    rest: Rest,
    /// Where pieces of the old content begin, how long they are, and where they begin now.
    moved: Vec<(u64, u64, u64)>,
    content: NewContent,
    done: Compacted,
}

impl<'l, W: Write> Moving<'l, W> {
    fn new(
        archive: &Archive<'_>,
        live: &'l [Range<u64>],
        out: W,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        let total = live.iter().map(|range| range.end - range.start).sum();
        let settled = options.settled(Some(total))?;
        env.progress.event(Event::Total { bytes: archive.stored_len });
        let mut writer = StreamWriter::archive(Counted { out, bytes: 0 })?;
        // Blocks that are taken over may name them.
        archive.own.iter().try_for_each(|part| writer.write_learned(part.bytes()))?;
        let coder = BlockCoder::new(writer, &settled, Spending::new(options, total), env);
        let done = Compacted { content_before: archive.content_len(), ..Compacted::default() };
        let (moved, content) = (Vec::new(), NewContent::default());
        Ok(Self {
            live,
            coder,
            options: settled,
            env: env.clone(),
            rest: Rest::default(),
            moved,
            content,
            done,
        })
    }

    /// Moves every block that something is left of.
    fn blocks(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let count = archive.container.blocks().len();
        let mut pool = BlockDecoder::new(&archive.options, &archive.env, count);
        let mut flying = VecDeque::new();
        for index in 0..count {
            let entry = archive.container.blocks()[index];
            let range = entry.raw_start..entry.raw_end();
            let left: u64 = self.within(&range).map(|piece| piece.end - piece.start).sum();
            if left == 0 {
                self.done.dropped += 1;
                continue;
            }
            let held = loop {
                match pool.reserve(entry.raw_len, entry.stored_len.saturating_mul(2))? {
                    Some(held) => break held,
                    None => self.take(&mut pool, &mut flying)?,
                }
            };
            let block = archive.container.read_block(index)?;
            flying.push_back((range, (left == entry.raw_len).then(|| block.clone())));
            pool.submit(block, held);
        }
        while !pool.is_empty() {
            self.take(&mut pool, &mut flying)?;
        }
        self.flush()
    }

    /// The pieces of a range that files have.
    fn within(&self, range: &Range<u64>) -> impl Iterator<Item = Range<u64>> + use<'l, W> {
        let live = self.live;
        let (start, end) = (range.start, range.end);
        let first = live.partition_point(|piece| piece.end <= start);
        let some = live[first..].iter().take_while(move |piece| piece.start < end);
        some.map(move |piece| piece.start.max(start)..piece.end.min(end))
    }

    /// Takes the oldest block that is decoded.
    fn take(
        &mut self,
        pool: &mut BlockDecoder,
        flying: &mut VecDeque<(Range<u64>, Option<RawBlock>)>,
    ) -> Result<()> {
        let (Some(opened), Some((range, whole))) = (pool.next(), flying.pop_front()) else { return Ok(()) };
        let opened = opened?;
        self.env.check()?;
        let (input, output) = (opened.stored - opened.reported, 0);
        self.env.progress.event(Event::Advance { input, output });
        match whole {
            Some(block) => self.keep(block, range.start, &opened.bytes),
            None => self.recode(&range, &opened.bytes),
        }
    }

    fn keep(&mut self, block: RawBlock, start: u64, bytes: &[u8]) -> Result<()> {
        self.done.kept += 1;
        self.moved.push((start, bytes.len() as u64, self.content.len));
        self.content.add(bytes);
        self.coder.put_block(block)
    }

    /// Takes what is left of a block, together with what is left of those before where all of it is no more than one of them was.
    fn recode(&mut self, range: &Range<u64>, bytes: &[u8]) -> Result<()> {
        self.done.recoded += 1;
        let kind = self.options.planner.detect(bytes, bytes.len() as u64).kind;
        let left: u64 = self.within(range).map(|piece| piece.end - piece.start).sum();
        let together = self.rest.bytes.len() as u64 + left;
        if self.rest.kind != Some(kind) || together > range.end - range.start {
            self.flush()?;
        }
        self.rest.kind = Some(kind);
        for piece in self.within(range) {
            let (from, to) = ((piece.start - range.start) as usize, (piece.end - range.start) as usize);
            self.rest.bytes.extend_from_slice(&bytes[from..to]);
            self.rest.pieces.push((piece.start, piece.end - piece.start));
        }
        Ok(())
    }

    /// Has what is left of the last blocks coded.
    fn flush(&mut self) -> Result<()> {
        let Rest { bytes, pieces, .. } = std::mem::take(&mut self.rest);
        if bytes.is_empty() {
            return Ok(());
        }
        let mut at = self.content.len;
        for (start, len) in pieces {
            self.moved.push((start, len, at));
            at += len;
        }
        self.content.add(&bytes);
        self.coder.submit(bytes, None, Arc::default())
    }
}

/// The tree with its extents where their content is now.
fn placed(tree: &Tree, moved: &[(u64, u64, u64)], env: &Env) -> Result<Tree> {
    let mut order: Vec<(u64, u64, u64)> = moved.to_vec();
    order.sort_unstable();
    let mut new = tree.clone();
    for entry in &mut new.entries {
        env.check()?;
        if let Body::File { extents, .. } = &mut entry.body {
            *extents = extents.iter().fold(Vec::new(), |mut all, extent| {
                match *extent {
                    Extent::Hole { .. } => all.push(*extent),
                    Extent::Data { offset, len } => place(offset, len, &order, &mut all),
                }
                all
            });
        }
    }
    Ok(new)
}

/// Appends where a range of content is now, in as many pieces as it takes.
fn place(mut offset: u64, len: u64, order: &[(u64, u64, u64)], extents: &mut Vec<Extent>) {
    let end = offset + len;
    let first = order.partition_point(|(start, len, _)| start + len <= offset);
    for &(start, len, now) in order[first..].iter().take_while(|(start, ..)| *start < end) {
        let piece = (start + len).min(end) - offset;
        super::content::append_extent(extents, now + (offset - start), piece);
        offset += piece;
    }
}
