//! A new file of what is whole, without coding anything again.

use super::super::create::code_tree;
use super::Salvage;
use super::decode::each_block;
use super::survey::{State, Survey};
use minlen_container::{Body, Entry, Extent, StreamWriter, Tree, hash64};
use minlen_core::{Advice, Error, Result};
use std::collections::HashMap;
use std::io::Write;

impl Salvage<'_> {
    /// Writes a new `.mln` of every member of `survey` that is whole, or of the content of a single stream that is whole. `survey` must
    /// be of everything.
    ///
    /// # Errors
    /// Corrupt if nothing is whole; usage for an encrypted file, whose recipients are not known; I/O.
    pub fn rebuild<W: Write>(&mut self, survey: &Survey, out: W) -> Result<W> {
        if self.pieces.is_some() {
            return Err(Error::usage("an encrypted file cannot be written again without its recipients")
                .advise(Advice::Salvage));
        }
        let tree = if self.is_tree() { Some(self.whole_members(survey)?) } else { None };
        if tree.is_none() && (!survey.lost.is_empty() || !survey.content_whole) {
            return Err(Error::corrupt(
                "parts of the content are lost, and without a name for each there is nothing whole",
            )
            .advise(Advice::Salvage));
        }
        let kept = self.kept(tree.as_ref(), survey);
        let (content_hash, hashes) = self.hashes(&kept)?;
        let mut writer = if tree.is_some() { StreamWriter::archive(out)? } else { StreamWriter::new(out)? };
        self.archive.own.iter().try_for_each(|part| writer.write_learned(part.bytes()))?;
        let mut moved = Vec::with_capacity(kept.len());
        for (&index, &hash) in kept.iter().zip(&hashes) {
            self.archive.env.check()?;
            let mut block = self.archive.container.read_block(index)?;
            // The compact form knows only a part of it.
            (block.header.hash, block.header.hash_bytes) = (hash, 8);
            moved.push((block.raw_start, writer.content_len()));
            writer.write_block(&block)?;
        }
        if let Some(mut tree) = tree {
            tree.entries.iter_mut().for_each(|entry| shift(entry, &moved));
            let (options, env) = (self.archive.options.clone(), self.archive.env.clone());
            writer.write_tree(&tree, |bytes| code_tree(bytes, &options, &env))?;
        }
        writer.finish(content_hash)
    }

    /// The entries that are whole.
    fn whole_members(&self, survey: &Survey) -> Result<Tree> {
        let tree = self.archive.entries();
        let entries = &tree.entries[..];
        let mut tree = Tree::default();
        let mut placed: HashMap<u32, u32> = HashMap::new();
        for member in survey.members.iter().filter(|member| member.state == State::Whole) {
            let mut entry = entries[member.entry].clone();
            if let Body::Hardlink(to) = &mut entry.body {
                let Some(&now) = placed.get(to) else { continue };
                *to = now;
            }
            placed.insert(member.entry as u32, tree.entries.len() as u32);
            tree.entries.push(entry);
        }
        let files = tree.entries.iter().any(|entry| matches!(entry.body, Body::File { .. }));
        if !files && !survey.is_whole() {
            return Err(Error::corrupt("no member is whole").advise(Advice::Salvage));
        }
        Ok(tree)
    }

    /// The blocks that are needed.
    fn kept(&self, tree: Option<&Tree>, survey: &Survey) -> Vec<usize> {
        let container = &self.archive.container;
        let all = 0..container.blocks().len();
        let Some(tree) = tree else { return all.filter(|&i| survey.is_good(i)).collect() };
        // How many extents begin and end at each block.
        let mut changes = vec![0i64; container.blocks().len() + 1];
        for extent in tree.entries.iter().flat_map(Entry::extents) {
            if let Extent::Data { offset, len } = *extent {
                let blocks = container.blocks_for(offset..offset.saturating_add(len));
                changes[blocks.start] += 1;
                changes[blocks.end] -= 1;
            }
        }
        let mut over = 0;
        all.filter(|&i| {
            over += changes[i];
            over > 0
        })
        .collect()
    }

    /// The hash of the content of these blocks, and of each.
    fn hashes(&mut self, kept: &[usize]) -> Result<([u8; 32], Vec<u64>)> {
        let (options, env) = (self.archive.options.clone(), self.archive.env.clone());
        let mut hasher = blake3::Hasher::new();
        let mut hashes = Vec::with_capacity(kept.len());
        each_block(&mut self.archive.container, kept.iter().copied(), &options, &env, |_, bytes| {
            let bytes = bytes?;
            hasher.update(bytes);
            hashes.push(hash64(bytes));
            Ok(())
        })?;
        Ok((*hasher.finalize().as_bytes(), hashes))
    }
}

/// Moves extents with their blocks: `moved` has the old and the new start of each, in order. Blocks that followed one another still do.
fn shift(entry: &mut Entry, moved: &[(u64, u64)]) {
    let Body::File { extents, .. } = &mut entry.body else { return };
    for extent in extents {
        if let Extent::Data { offset, .. } = extent {
            let block = moved.partition_point(|(old, _)| *old <= *offset).saturating_sub(1);
            if let Some((old, new)) = moved.get(block) {
                *offset = *offset - old + new;
            }
        }
    }
}
