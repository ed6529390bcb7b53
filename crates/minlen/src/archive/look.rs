//! What an archive tells of itself without decoding its content, and where its entries are.

use super::member::{BlockInfo, Info, Member, describe};
use super::read::{Archive, no_entry};
use super::shares::Shares;
use crate::planner::chain_text;
use minlen_container::Tree;
use minlen_container::tree::Order;
use minlen_core::{Budget, Error, Result};
use std::sync::Arc;

/// What a [`BlockInfo`] takes in memory, and what showing it takes.
const BLOCK_COST: usize = size_of::<BlockInfo>() + 64;

impl Archive<'_> {
    /// Everything about the archive that can be said without decoding its content.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// let bytes = compress(&b"one line of a log\n".repeat(500), &Options::new(1)?.with_compact(false))?;
    /// let reader = std::io::Cursor::new(&bytes);
    /// let info = Archive::from_reader(reader, &Keys::default(), &Options::default(), &Env::default())?.info()?;
    /// assert_eq!((info.content_len, info.stored_len, info.is_tree), (9000, bytes.len() as u64, false));
    /// assert_eq!(info.blocks.iter().map(|block| block.raw_len).sum::<u64>(), 9000);
    /// assert_eq!(info.blocks[0].codec, "zstd");
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// I/O or corrupt block headers.
    pub fn info(&mut self) -> Result<Info> {
        Ok(Info {
            is_tree: self.is_tree(),
            encrypted: self.encrypted,
            stored_len: self.stored_len,
            content_len: self.content_len(),
            output_len: self.output_len(),
            content_hash: self.container.content_hash(),
            streams: self.container.streams().len() as u64,
            entries: self.entries().entries.len() as u64,
            blocks: self.blocks()?,
        })
    }

    /// Bytes that come out when everything is unpacked, holes not counted.
    #[must_use]
    pub fn output_len(&self) -> u64 {
        self.container.tree().map_or_else(|| self.content_len(), Tree::output_len)
    }

    /// The blocks of the content.
    ///
    /// # Errors
    /// I/O or corrupt block headers; limit where the memory does not do.
    pub fn blocks(&mut self) -> Result<Vec<BlockInfo>> {
        let count = self.container.blocks().len();
        self.list((count * BLOCK_COST) as u64)?;
        (0..count).map(|i| self.block_info(i)).collect()
    }

    /// Takes memory for a list, in place of that of the list before.
    pub(super) fn list(&mut self, bytes: u64) -> Result<()> {
        self.listed = None;
        self.listed = Some(self.env.budget.reserve(bytes)?);
        Ok(())
    }

    fn block_info(&mut self, i: usize) -> Result<BlockInfo> {
        let ids = self.container.block_header(i)?.ids;
        let entry = &self.container.blocks()[i];
        Ok(BlockInfo {
            raw_start: entry.raw_start,
            raw_len: entry.raw_len,
            stored_len: entry.stored_len,
            file_offset: entry.file_offset,
            codec: chain_text(&ids, self.options.registry()),
        })
    }

    /// The entries of the tree with their share of the blocks; empty for a single stream. Decodes nothing. Where there may be
    /// millions, [`Archive::each_member`] needs less memory.
    ///
    /// # Errors
    /// I/O or corrupt block headers; limit where the memory does not do.
    pub fn members(&mut self) -> Result<Vec<Member>> {
        let count = self.entries().entries.len();
        self.listed = None;
        let mut held = self.env.budget.reserve((count * size_of::<Member>()) as u64)?;
        let mut members = Vec::with_capacity(count);
        self.each_member(&mut |member| {
            held.grow(member.memory())?;
            members.push(member);
            Ok(())
        })?;
        self.listed = Some(held);
        Ok(members)
    }

    /// Hands out the entries of the tree one after another, as [`Archive::members`] does all at once.
    ///
    /// # Errors
    /// I/O or corrupt block headers; limit where the memory does not do; whatever `each` says.
    pub fn each_member(&mut self, each: &mut dyn FnMut(Member) -> Result<()>) -> Result<()> {
        let tree = self.entries();
        (0..tree.entries.len()).try_for_each(|number| each(self.member(number)?))
    }

    /// The entry with this number, as [`Archive::members`] has it.
    ///
    /// # Errors
    /// Usage for a number that is too high; I/O or corrupt block headers; limit where the memory does not do.
    pub fn member(&mut self, number: usize) -> Result<Member> {
        let tree = self.entries();
        let entry = tree.entries.get(number).ok_or_else(|| no_entry(number))?;
        let shares = match self.shares.take() {
            Some(shares) => shares,
            None => {
                let (count, budget) = (self.container.blocks().len(), self.env.budget.clone());
                Shares::new((0..count).map(|i| self.block_info(i)), count, &budget)?
            }
        };
        let mut member = describe(entry, &tree.entries);
        shares.add(entry, &mut member);
        self.shares = Some(shares);
        Ok(member)
    }

    /// The number of the entry with this path, if there is one.
    ///
    /// # Errors
    /// Limit where the memory does not do.
    pub fn find(&mut self, path: &[u8]) -> Result<Option<usize>> {
        let tree = self.entries();
        Ok(self.order(&tree)?.find(&tree, path))
    }

    /// Calls `each` with the number of the entry of this path, and of all below it if it is a folder.
    ///
    /// # Errors
    /// Limit where the memory does not do.
    pub fn each_below(&mut self, path: &[u8], each: &mut dyn FnMut(usize)) -> Result<()> {
        let tree = self.entries();
        let order = self.order(&tree)?;
        order.below(&tree, path).for_each(|place| each(order.number(place)));
        Ok(())
    }

    /// The numbers of the entries by path.
    pub(super) fn in_order(&mut self, tree: &Tree) -> Result<Vec<usize>> {
        let order = self.order(tree)?;
        Ok((0..tree.entries.len()).map(|place| order.number(place)).collect())
    }

    fn order(&mut self, tree: &Tree) -> Result<&Order> {
        if self.order.is_none() {
            self.order = Some(Order::new(tree, &self.env.budget)?);
        }
        self.order.as_ref().ok_or_else(|| Error::usage("no order"))
    }

    /// The memory that everything about this archive is taken from.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.env.budget
    }

    /// The directory; without entries for a single stream.
    #[must_use]
    pub fn entries(&self) -> Arc<Tree> {
        self.container.shared_tree().unwrap_or_default()
    }
}
