//! How a tar archive is put together: an item of the recipe.

use crate::recipe::{Node, length, number};
use minlen_core::varint::Reader;
use minlen_core::{Error, Result};

/// A tar archive: blocks of headers from one stream, and members from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tar {
    /// Bytes of the archive.
    pub(crate) len: usize,
    /// Where the headers come from.
    pub(crate) stream: usize,
    /// Blocks before each member, and its size.
    pub(crate) places: Vec<(usize, Size)>,
    /// The members; how long each is only the headers tell.
    pub(crate) nodes: Vec<Node>,
}

/// How a reader learns the length of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// From the header before it.
    Header,
    /// The recipe says it.
    Given(usize),
}

/// Bytes of a recipe that a member takes at least.
const LEAST: usize = 4;

impl Tar {
    /// Appends everything, the length included.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        number(out, self.len);
        number(out, self.stream);
        number(out, self.places.len());
        self.places.iter().for_each(|&(gap, _)| number(out, gap));
        for &(_, size) in &self.places {
            number(out, if let Size::Given(size) = size { size + 1 } else { 0 });
        }
        self.nodes.iter().for_each(|node| node.write(out));
    }

    /// Reads what [`Tar::write`] wrote.
    ///
    /// # Errors
    /// Corrupt or truncated; limit for too many nodes within nodes.
    pub(crate) fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Self> {
        let (len, stream, count) = (length(reader)?, length(reader)?, length(reader)?);
        if count > reader.rest().len() / LEAST {
            return Err(Error::truncated("recode: the recipe ends too early"));
        }
        let gaps = (0..count).map(|_| length(reader)).collect::<Result<Vec<_>>>()?;
        let size = |size: usize| size.checked_sub(1).map_or(Size::Header, Size::Given);
        let places = gaps.into_iter().map(|gap| Ok((gap, size(length(reader)?)))).collect::<Result<_>>()?;
        let nodes = (0..count).map(|_| Node::read(reader, 0, depth + 1)).collect::<Result<_>>()?;
        Ok(Self { len, stream, places, nodes })
    }
}
