//! From a recipe and streams back to the data.

use crate::checksum::crc32;
use crate::deflate::Deflate;
use crate::expression::fixed;
use crate::recipe::{Chunks, Item, Lines, Node, Tail};
use crate::{filter, jpeg, table, text};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Result};

/// Rebuilds with cursors into the streams.
pub(crate) struct Rebuilder<'a> {
    /// What is left of each stream.
    streams: Vec<&'a [u8]>,
    deflate: Deflate,
    pub(crate) env: &'a Env,
}

impl<'a> Rebuilder<'a> {
    pub(crate) fn new(streams: &[&'a [u8]], env: &'a Env) -> Self {
        Self { streams: streams.to_vec(), deflate: Deflate::new(), env }
    }

    /// Appends the `len` bytes of a recipe to `out`; everything must be used up.
    pub(crate) fn run(mut self, recipe: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut reader = Reader::new(recipe);
        let node = Node::read(&mut reader, len, 0)?;
        if !reader.is_empty() {
            return Err(Error::corrupt("recode: the recipe has bytes left over"));
        }
        self.node(&node, node.len, out)?;
        if self.streams.iter().any(|s| !s.is_empty()) {
            return Err(Error::corrupt("recode: a stream has bytes left over"));
        }
        Ok(())
    }

    pub(crate) fn take(&mut self, stream: usize, len: usize) -> Result<&'a [u8]> {
        let wrong = || Error::corrupt("recode: a stream is shorter than the recipe says");
        let left = self.streams.get_mut(stream).ok_or_else(wrong)?;
        let (taken, rest) = left.split_at_checked(len).ok_or_else(wrong)?;
        *left = rest;
        Ok(taken)
    }

    /// Appends a node's `len` bytes.
    pub(crate) fn node(&mut self, node: &Node, len: usize, out: &mut Vec<u8>) -> Result<()> {
        let end = out.len() + len;
        let too_long = || Error::corrupt("recode: a part is longer than the recipe says");
        for (gap, item) in &node.items {
            self.env.check()?;
            out.extend_from_slice(self.take(node.stream, *gap)?);
            // What an item gives is checked before it is made, as it may be much.
            if item.len() > end.checked_sub(out.len()).ok_or_else(too_long)? {
                return Err(too_long());
            }
            let before = out.len();
            self.item(item, out)?;
            if out.len() - before != item.len() {
                return Err(Error::corrupt("recode: a part is not as long as the recipe says"));
            }
        }
        let tail = end.checked_sub(out.len()).ok_or_else(too_long)?;
        out.extend_from_slice(self.take(node.stream, tail)?);
        Ok(())
    }

    /// A node's bytes on their own. The memory is the caller's to hold.
    fn apart(&mut self, node: &Node) -> Result<(Vec<u8>, minlen_core::Reservation)> {
        let held = self.env.budget.reserve(node.len as u64)?;
        let mut out = Vec::new();
        self.node(node, node.len, &mut out)?;
        Ok((out, held))
    }

    fn item(&mut self, item: &Item, out: &mut Vec<u8>) -> Result<()> {
        match item {
            Item::Deflate { used, corrections, tail, node } => {
                let corrections = self.take(fixed::CORRECTIONS, *corrections)?;
                let (plain, _held) = self.apart(node)?;
                let _tokens = self.env.budget.reserve(plain.len() as u64 * 4)?;
                self.deflate.rebuild(&plain, corrections, *used, out)?;
                tail.put(&plain, out);
            }
            Item::Idat { head, chunks, used, corrections, node } => {
                let corrections = self.take(fixed::CORRECTIONS, *corrections)?;
                let (plain, _held) = self.apart(node)?;
                let _joined = self.env.budget.reserve(*used as u64 + plain.len() as u64 * 4)?;
                let mut joined = head.to_vec();
                self.deflate.rebuild(&plain, corrections, *used, &mut joined)?;
                Tail::Adler.put(&plain, &mut joined);
                cut(&joined, chunks, out)?;
            }
            Item::Jpeg { len, header, body } => {
                let header = self.take(fixed::JPEG_HEADERS, *header)?;
                let body = self.take(fixed::JPEG_BODIES, *body)?;
                jpeg::decode(header, body, *len, self.env, out)?;
            }
            Item::Coefficients { len, body, node } => {
                let body = self.take(fixed::JPEG_BODIES, *body)?;
                let (header, _held) = self.apart(node)?;
                jpeg::own_decode(&header, body, *len, self.env, out)?;
            }
            Item::Base64 { lines, pad, node } => {
                let (plain, _held) = self.apart(node)?;
                text::put_base64(&plain, *lines, *pad, out);
            }
            Item::Hex { lines, upper, node } => {
                let (plain, _held) = self.apart(node)?;
                text::put_hex(&plain, *lines, *upper, out);
            }
            Item::Moved { node } => self.node(node, node.len, out)?,
            Item::Arm64 { node } => {
                let start = out.len();
                self.node(node, node.len, out)?;
                filter::turn_arm64(&mut out[start..], false);
            }
            Item::Tar(tar) => self.tar(tar, out)?,
            Item::Table { len, templates, lines, naming, node } => {
                let (bytes, _held) = self.apart(node)?;
                table::rebuild(&bytes, (*templates, *lines, *naming), *len, self.env, out)?;
            }
        }
        Ok(())
    }
}

/// Puts a zlib stream into the chunks of a PNG.
fn cut(joined: &[u8], chunks: &Chunks, out: &mut Vec<u8>) -> Result<()> {
    let mut rest = joined;
    for len in (0..chunks.count()).map(|i| chunks.get(i)) {
        let (piece, after) = rest
            .split_at_checked(len)
            .ok_or_else(|| Error::corrupt("recode: chunks longer than their picture"))?;
        rest = after;
        out.extend((len as u32).to_be_bytes());
        out.extend(b"IDAT");
        out.extend_from_slice(piece);
        out.extend(crc32(&[b"IDAT", piece]).to_be_bytes());
    }
    if rest.is_empty() { Ok(()) } else { Err(Error::corrupt("recode: chunks shorter than their picture")) }
}

impl Item {
    /// How many bytes of the original it stands for.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Deflate { used, tail, .. } => used + tail.len(),
            Self::Idat { chunks, used, .. } => used + 6 + 12 * chunks.count(),
            Self::Jpeg { len, .. } | Self::Coefficients { len, .. } => *len,
            Self::Base64 { lines, pad, node } => {
                broken(*lines, (node.len * 4).div_ceil(3) + usize::from(*pad))
            }
            Self::Hex { lines, node, .. } => broken(*lines, node.len * 2),
            Self::Moved { node } | Self::Arm64 { node } => node.len,
            Self::Tar(tar) => tar.len,
            Self::Table { len, .. } => *len,
        }
    }
}

/// Characters with the breaks between lines.
fn broken(lines: Lines, len: usize) -> usize {
    let breaks = len.saturating_sub(1).checked_div(lines.width).unwrap_or(0);
    len + breaks * lines.text().len()
}
