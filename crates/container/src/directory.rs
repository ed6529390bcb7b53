//! Copies of parts of the directory (docs/format/tree.md): what a large archive says of its files before its TREE comes,
//! so that neither a cut nor damage to TREE costs their names.

use crate::block::{BlockHeader, RawBlock, seal_tree};
use crate::tree::Tree;
use minlen_core::{Coded, Error, Limits, Result};

/// A part of a directory, coded.
#[derive(Clone, Debug)]
pub struct DirectoryPart {
    pub(crate) payload: Vec<u8>,
    /// Where the content of its files ends.
    pub(crate) reach: u64,
}

impl DirectoryPart {
    /// Codes the entries of `tree`, which by itself keeps every rule of trees.
    ///
    /// # Errors
    /// Usage for a tree that nobody could read; whatever `code` says.
    pub fn new(tree: &Tree, code: impl FnOnce(&[u8]) -> Result<Coded>) -> Result<Self> {
        tree.check(&Limits::none())
            .map_err(|e| Error::usage(format!("a part of a tree that nobody could read: {e}")))?;
        let ends = tree.entries.iter().flat_map(crate::Entry::extents).filter_map(crate::Extent::end);
        let reach = ends.max().unwrap_or(0);
        let block = seal_tree(&tree.encoded(), code)?;
        let fields = block.header.fields(block.raw_start)?;
        let len = u8::try_from(fields.len()).map_err(|_| Error::usage("a block header of over 255 bytes"))?;
        let mut payload = Vec::with_capacity(fields.len() + 1 + block.payload.len());
        payload.push(len);
        payload.extend(fields);
        payload.extend(block.payload);
        Ok(Self { payload, reach })
    }

    /// Bytes that it takes in a file, about.
    #[must_use]
    pub fn stored_len(&self) -> u64 {
        self.payload.len() as u64 + 24
    }
}

/// The block in the payload of a section at `at`.
pub(crate) fn parse(payload: &[u8], at: u64) -> Result<RawBlock> {
    let wrong = || Error::corrupt("a part of the tree with an impossible header").at(at);
    let (&len, rest) = payload.split_first().ok_or_else(wrong)?;
    let (fields, coded) = rest.split_at_checked(usize::from(len)).ok_or_else(wrong)?;
    let (header, raw_start) = BlockHeader::parse(fields).map_err(|e| e.at(at))?;
    if header.stored_len != coded.len() as u64 {
        return Err(wrong());
    }
    Ok(RawBlock { header, payload: coded.to_vec(), offset: at, raw_start })
}
