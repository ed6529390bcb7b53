//! Block headers without their payloads.

use super::{Archive, compact_at, parse_block, section_at};
use crate::block::BlockHeader;
use crate::section::kind;
use minlen_core::{Error, Result};
use std::io::{Read, Seek};

impl<R: Read + Seek> Archive<R> {
    /// Reads the header of block `i`: which codecs it needs, without reading its payload.
    ///
    /// # Errors
    /// Usage for a number that is too high; corrupt, truncated, I/O.
    pub fn block_header(&mut self, i: usize) -> Result<BlockHeader> {
        let entry = *self.blocks.get(i).ok_or_else(|| Error::usage(format!("there is no block {i}")))?;
        if let Some((head, _)) = compact_at(&mut self.inner, entry.file_offset)? {
            return Ok(head.into_header());
        }
        let (section, _) = section_at(&mut self.inner, entry.file_offset)?;
        Ok(parse_block(&section, kind::BLOCK, entry.file_offset)?.0)
    }
}
