//! The END section and the trailer that finds it from the end of the file (docs/format/stream.md).

use crate::section::{Section, kind};
use minlen_core::varint::{self, Reader};
use minlen_core::{Error, Result};

/// Bytes of a trailer: the size of what precedes it, and three letters.
pub(crate) const TRAILER_LEN: usize = 4;
/// The letters of an END trailer.
pub(crate) const END_LETTERS: [u8; 3] = *b"MLE";

/// What END says about its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Bytes of content.
    pub(crate) content_len: u64,
    /// Bytes from the stream's first to END's first.
    pub(crate) stream_len: u64,
    /// Bytes from INDEX's first to END's first; 0 without an index.
    pub(crate) index_back: u64,
    /// Bytes from TREE's first to END's first; present in archives only.
    pub(crate) tree_back: Option<u64>,
    /// BLAKE3 of the content.
    pub(crate) content_hash: [u8; 32],
}

impl End {
    /// Section and trailer.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let mut fields = Vec::with_capacity(64);
        varint::put(&mut fields, self.content_len);
        varint::put(&mut fields, self.stream_len);
        varint::put(&mut fields, self.index_back);
        if let Some(back) = self.tree_back {
            varint::put(&mut fields, back);
        }
        fields.extend(self.content_hash);
        let mut out = Section::bytes(kind::END, &fields)?;
        let size = u8::try_from(out.len()).map_err(|_| Error::usage("an END of over 255 bytes"))?;
        out.push(size);
        out.extend(END_LETTERS);
        Ok(out)
    }

    /// Reads the fields of an END header.
    pub(crate) fn parse(fields: &[u8], archive: bool) -> Result<Self> {
        let mut r = Reader::new(fields);
        let content_len = r.varint()?;
        let stream_len = r.varint()?;
        let index_back = r.varint_max(stream_len, "the index's place")?;
        let tree_back = if archive { Some(r.varint_max(stream_len, "the tree's place")?) } else { None };
        let end = Self { content_len, stream_len, index_back, tree_back, content_hash: r.array()? };
        if !r.is_empty() {
            return Err(Error::corrupt("END has bytes left over"));
        }
        Ok(end)
    }
}
