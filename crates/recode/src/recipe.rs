//! The recipe: how the original is put together from streams of alike bytes.
//!
//! The original is a [`Node`]: bytes of one stream, with items in between. Most items have a node of their own, which is what
//! they expand to. Everything is used in the order of the walk, so that the recipe holds lengths and no offsets.

use crate::table::Naming;
use crate::tar::Tar;
use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Result};

/// Nodes within nodes, on both sides.
pub(crate) const MAX_DEPTH: usize = 12;

/// Bytes of one stream, with items between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// How many bytes it stands for.
    pub(crate) len: usize,
    /// The stream that its own bytes come from.
    pub(crate) stream: usize,
    /// How many own bytes come before each item, and the item.
    pub(crate) items: Vec<(usize, Item)>,
}

/// What follows a deflate stream and can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    None,
    /// Adler-32, as in zlib.
    Adler,
    /// CRC-32 and length, as in gzip.
    Crc,
}

/// How text that stands for bytes is broken into lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Characters in a line; 0 for no lines.
    pub(crate) width: usize,
    /// Which of [`Lines::BREAKS`] is between them.
    pub(crate) ending: u8,
}

impl Lines {
    /// What ends a line. The last is as in a string of a programming language or JSON.
    pub(crate) const BREAKS: [&'static [u8]; 4] = [b"\n", b"\r\n", b"\\n", b"\r"];

    /// What ends a line here.
    pub(crate) fn text(self) -> &'static [u8] {
        Self::BREAKS[usize::from(self.ending & 3)]
    }
}

/// A part that is expressed differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A deflate stream of `used` bytes and what follows it.
    Deflate { used: usize, corrections: usize, tail: Tail, node: Node },
    /// The chunks of a PNG's picture: a zlib stream cut into pieces with checksums.
    Idat { head: [u8; 2], chunks: Chunks, used: usize, corrections: usize, node: Node },
    /// A JPEG of `len` bytes, as header and body.
    Jpeg { len: usize, header: usize, body: usize },
    /// A JPEG of `len` bytes by our own model, as coded coefficients and everything else, which may hold a JPEG again.
    Coefficients { len: usize, body: usize, node: Node },
    /// Base64 with standard alphabet; `pad` characters '=' at the end.
    Base64 { lines: Lines, pad: u8, node: Node },
    /// Hexadecimal digits, upper or lower case.
    Hex { lines: Lines, upper: bool, node: Node },
    /// The same bytes, but from another stream.
    Moved { node: Node },
    /// A tar archive.
    Tar(Tar),
    /// So many lines of so many templates, with values by columns.
    Table { len: usize, templates: usize, lines: usize, naming: Naming, node: Node },
    /// Code of 64-bit ARM with absolute targets.
    Arm64 { node: Node },
}

impl Node {
    /// Appends the recipe without the node's length, which the reader knows.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        number(out, self.stream);
        number(out, self.items.len());
        for (gap, item) in &self.items {
            number(out, *gap);
            item.write(out);
        }
    }

    fn write_sized(&self, out: &mut Vec<u8>) {
        number(out, self.len);
        self.write(out);
    }

    /// Reads what [`Node::write`] wrote for `len` bytes.
    ///
    /// # Errors
    /// Corrupt or truncated; limit for too many nodes within nodes.
    pub(crate) fn read(reader: &mut Reader<'_>, len: usize, depth: usize) -> Result<Self> {
        if depth > MAX_DEPTH {
            return Err(Error::limit("recode: too many layers"));
        }
        let stream = length(reader)?;
        let count = length(reader)?;
        // Each item takes at least four bytes.
        if count > reader.rest().len() / 4 {
            return Err(Error::truncated("recode: the recipe ends too early"));
        }
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push((length(reader)?, Item::read(reader, depth)?));
        }
        Ok(Self { len, stream, items })
    }

    fn read_sized(reader: &mut Reader<'_>, depth: usize) -> Result<Self> {
        let len = length(reader)?;
        Self::read(reader, len, depth + 1)
    }
}

impl Item {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Deflate { used, corrections, tail, node } => {
                out.push(*tail as u8);
                numbers(out, &[*used, *corrections]);
                node.write_sized(out);
            }
            Self::Idat { head, chunks, used, corrections, node } => {
                out.push(3);
                out.extend(head);
                chunks.write(out);
                numbers(out, &[*used, *corrections]);
                node.write_sized(out);
            }
            Self::Jpeg { len, header, body } => {
                out.push(4);
                numbers(out, &[*len, *header, *body]);
            }
            Self::Coefficients { len, body, node } => {
                out.push(8);
                numbers(out, &[*len, *body]);
                node.write_sized(out);
            }
            Self::Base64 { lines, pad, node } => {
                out.extend([5, lines.ending << 2 | pad]);
                number(out, lines.width);
                node.write_sized(out);
            }
            Self::Hex { lines, upper, node } => {
                out.extend([6, lines.ending << 2 | u8::from(*upper)]);
                number(out, lines.width);
                node.write_sized(out);
            }
            Self::Moved { node } => {
                out.push(7);
                node.write_sized(out);
            }
            Self::Tar(tar) => {
                out.push(9);
                tar.write(out);
            }
            Self::Arm64 { node } => {
                out.push(11);
                node.write_sized(out);
            }
            Self::Table { len, templates, lines, naming, node } => {
                out.extend([10, *naming as u8]);
                numbers(out, &[*len, *templates, *lines]);
                node.write_sized(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Self> {
        let kind = reader.u8()?;
        Ok(match kind {
            0..=2 => {
                let tail = [Tail::None, Tail::Adler, Tail::Crc][usize::from(kind)];
                let (used, corrections) = (length(reader)?, length(reader)?);
                Self::Deflate { used, corrections, tail, node: Node::read_sized(reader, depth)? }
            }
            3 => {
                let (head, chunks) = (reader.array()?, Chunks::read(reader)?);
                let (used, corrections) = (length(reader)?, length(reader)?);
                Self::Idat { head, chunks, used, corrections, node: Node::read_sized(reader, depth)? }
            }
            4 => Self::Jpeg { len: length(reader)?, header: length(reader)?, body: length(reader)? },
            5 | 6 => {
                let flags = reader.u8()?;
                let lines = Lines { width: length(reader)?, ending: flags >> 2 };
                if flags > 15 || lines.width == 1 {
                    return Err(Error::corrupt("recode: unknown flags"));
                }
                let (pad, node) = (flags & 3, Node::read_sized(reader, depth)?);
                match kind {
                    5 => Self::Base64 { lines, pad, node },
                    _ => Self::Hex { lines, upper: pad & 1 == 1, node },
                }
            }
            7 => Self::Moved { node: Node::read_sized(reader, depth)? },
            8 => {
                let (len, body) = (length(reader)?, length(reader)?);
                Self::Coefficients { len, body, node: Node::read_sized(reader, depth)? }
            }
            9 => Self::Tar(Tar::read(reader, depth)?),
            11 => Self::Arm64 { node: Node::read_sized(reader, depth)? },
            10 => {
                let naming = match reader.u8()? {
                    0 => Naming::Number,
                    1 => Naming::Before,
                    _ => return Err(Error::corrupt("recode: unknown flags")),
                };
                let (len, templates, lines) = (length(reader)?, length(reader)?, length(reader)?);
                Self::Table { len, templates, lines, naming, node: Node::read_sized(reader, depth)? }
            }
            _ => return Err(Error::unsupported(format!("recode: item of kind {kind}"))),
        })
    }
}

/// The lengths of the chunks of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// All alike but for the last.
    Alike {
        count: usize,
        each: usize,
        last: usize,
    },
    Listed(Vec<usize>),
}

impl Chunks {
    pub(crate) fn new(chunks: Vec<usize>) -> Self {
        match chunks[..] {
            [each, .., last] if chunks[..chunks.len() - 1].iter().all(|&c| c == each) => {
                Self::Alike { count: chunks.len(), each, last }
            }
            _ => Self::Listed(chunks),
        }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Alike { count, .. } => *count,
            Self::Listed(chunks) => chunks.len(),
        }
    }

    /// The length of chunk `i`.
    pub(crate) fn get(&self, i: usize) -> usize {
        match self {
            Self::Alike { count, each, last } => {
                if i + 1 < *count {
                    *each
                } else {
                    *last
                }
            }
            Self::Listed(chunks) => chunks.get(i).copied().unwrap_or(0),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Alike { count, each, last } => numbers(out, &[count << 1, *each, *last]),
            Self::Listed(chunks) => {
                number(out, chunks.len() << 1 | 1);
                numbers(out, chunks);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let count = length(reader)?;
        if count & 1 == 0 {
            return Ok(Self::Alike { count: count >> 1, each: length(reader)?, last: length(reader)? });
        }
        if count >> 1 > reader.rest().len() {
            return Err(Error::corrupt("recode: too many chunks"));
        }
        Ok(Self::Listed((0..count >> 1).map(|_| length(reader)).collect::<Result<_>>()?))
    }
}

fn numbers(out: &mut Vec<u8>, values: &[usize]) {
    values.iter().for_each(|&value| number(out, value));
}

pub(crate) fn number(out: &mut Vec<u8>, value: usize) {
    put(out, value as u64);
}

/// A length, of at most 512 MiB, so that sums of a few do not overflow on any machine.
pub(crate) fn length(reader: &mut Reader<'_>) -> Result<usize> {
    Ok(reader.varint_max(1 << 29, "a length")? as usize)
}
