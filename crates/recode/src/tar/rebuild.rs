//! From headers and members back to a tar archive.

use super::checksums::restore;
use super::{Size, Tar};
use crate::rebuild::Rebuilder;
use minlen_core::{Error, Result};
use minlen_structure::tar::{BLOCK, stated_size};

impl Rebuilder<'_> {
    /// Appends an archive.
    pub(crate) fn tar(&mut self, tar: &Tar, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        let places = self.headers(tar, out)?;
        for (node, (at, len)) in tar.nodes.iter().zip(places) {
            self.env.check()?;
            let _held = self.env.budget.reserve(len as u64)?;
            let mut member = Vec::new();
            self.node(node, len, &mut member)?;
            out[start + at..start + at + len].copy_from_slice(&member);
        }
        Ok(())
    }

    /// Appends the headers, with zeros where the members are to be: at which offsets, and how long.
    fn headers(&mut self, tar: &Tar, out: &mut Vec<u8>) -> Result<Vec<(usize, usize)>> {
        let mut places = Vec::with_capacity(tar.places.len());
        let too_long = || Error::corrupt("recode: a tar is longer than the recipe says");
        let start = out.len();
        let mut at = 0;
        for &(gap, size) in &tar.places {
            // Lengths of the recipe are far below what could overflow.
            let gap = gap as u64 * BLOCK as u64;
            let gap = usize::try_from(gap).ok().filter(|gap| *gap <= tar.len - at).ok_or_else(too_long)?;
            self.blocks(tar.stream, gap, out)?;
            at += gap;
            let header = at.checked_sub(BLOCK).filter(|_| gap > 0);
            let len = match size {
                Size::Given(len) => Some(len),
                Size::Header => header.and_then(|h| stated_size(&out[start + h..])),
            };
            let len = len.ok_or_else(|| Error::corrupt("recode: no size in a tar's header"))?;
            if len > tar.len - at {
                return Err(too_long());
            }
            places.push((at, len));
            at = (at + len).next_multiple_of(BLOCK).min(tar.len);
            out.resize(start + at, 0);
        }
        self.blocks(tar.stream, tar.len - at, out)?;
        Ok(places)
    }

    /// Appends blocks of headers.
    fn blocks(&mut self, stream: usize, len: usize, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(self.take(stream, len)?);
        restore(&mut out[start..]);
        Ok(())
    }
}
