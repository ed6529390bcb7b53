//! From data to a recipe and streams.

use crate::deflate::{Deflate, Found};
use crate::expression::fixed;
use crate::recipe::{Chunks, Item, MAX_DEPTH, Node, Tail};
use crate::scan::{Find, Scanner, Shape, What};
use crate::text::Detail;
use crate::{Effort, Expression, Report, Stream, jpeg, tar};
use minlen_core::{Class, Detection, Env, Kind, Result};

/// Layers that are looked into. More are allowed when decoding, for encoders to come.
const LAYERS: usize = 6;
const _: () = assert!(LAYERS < MAX_DEPTH);
/// A part of numbers, pixels or code of at least so many bytes gets a stream of its own; smaller ones share.
pub(crate) const ALONE: usize = 16 << 10;
/// Most streams; what comes later shares.
const MAX_STREAMS: usize = 200;

/// What decides how parts are sorted.
///
/// The three functions decide about sizes only: whatever they say, the original comes back. They must be functions of their input alone,
/// since the same data shall give the same bytes on every machine.
///
/// * `classify` is asked about every part that was found; parts of one kind share a stream.
/// * `price` is asked often and should be fast: the size after zstd will do.
/// * `trial` is asked where a part has two forms, and should be what really codes it afterwards.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// Tells what a part is.
    pub classify: &'a dyn Fn(&[u8]) -> Detection,
    /// The size that a fast codec gives some bytes: tells whether parts have much in common.
    pub price: &'a dyn Fn(&[u8]) -> usize,
    /// The size that the codecs of the level give some bytes of a kind: tells which of two forms is better.
    pub trial: &'a dyn Fn(&[u8], Kind) -> usize,
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}

pub(crate) struct Builder<'a> {
    pub(crate) judge: Judge<'a>,
    pub(crate) env: &'a Env,
    deflate: Deflate,
    pub(crate) streams: Vec<Stream>,
    pub(crate) report: Report,
    /// Bytes of text that may still be expanded.
    left: usize,
    effort: Effort,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(judge: Judge<'a>, left: usize, effort: Effort, env: &'a Env) -> Self {
        let streams = fixed::ALL
            .map(|kind| Stream { data: Vec::new(), kind, detail: String::new(), raster: None })
            .into();
        Self { judge, env, deflate: Deflate::new(), streams, report: Report::default(), left, effort }
    }

    pub(crate) fn finish(mut self, data: &[u8]) -> Result<Expression> {
        let node = self.part(data, 0)?;
        let mut recipe = Vec::new();
        node.write(&mut recipe);
        Ok(Expression { recipe, streams: self.streams, report: self.report })
    }

    /// A part whose kind is to be found.
    fn part(&mut self, data: &[u8], depth: usize) -> Result<Node> {
        if data.is_empty() {
            return self.node(data, fixed::OTHER, depth);
        }
        let what = (self.judge.classify)(data);
        let stream = self.stream_for(what.clone(), data.len());
        if depth < LAYERS
            && let Some(node) = self.turned(data, &what, stream, depth)?
        {
            return Ok(node);
        }
        self.node(data, stream, depth)
    }

    /// The part in another form, if its kind has one that is smaller.
    pub(crate) fn turned(
        &mut self,
        data: &[u8],
        what: &Detection,
        stream: usize,
        depth: usize,
    ) -> Result<Option<Node>> {
        let table = self.table(data, what, stream, depth)?;
        if table.is_some() { Ok(table) } else { self.arm64(data, what, depth) }
    }

    fn stream_for(&mut self, what: Detection, len: usize) -> usize {
        let (kind, alone) = match what.kind.class() {
            Class::Dense => return fixed::OTHER,
            Class::Text => (if what.kind == Kind::Html { Kind::Xml } else { what.kind }, false),
            Class::Code | Class::Numeric | Class::Binary if len < ALONE => return fixed::OTHER,
            Class::Code => (what.kind, false),
            Class::Numeric | Class::Binary => (what.kind, true),
        };
        self.stream(kind, what.detail, alone)
    }

    /// The stream for this kind of data, where there is enough of it.
    pub(crate) fn own_stream(&mut self, what: &Detection) -> usize {
        let kind = if what.kind == Kind::Html { Kind::Xml } else { what.kind };
        let alone = !matches!(kind.class(), Class::Text | Class::Code);
        self.stream(kind, what.detail.clone(), alone)
    }

    /// A new stream, or the one of this kind where it need not be alone.
    pub(crate) fn stream(&mut self, kind: Kind, detail: String, alone: bool) -> usize {
        let same = |s: &Stream| s.kind == kind && (!alone || s.detail == detail);
        let known = self.streams.iter().skip(fixed::ALL.len()).position(same);
        match known {
            Some(at) if !alone => at + fixed::ALL.len(),
            _ if self.streams.len() >= MAX_STREAMS => fixed::OTHER,
            _ => {
                self.streams.push(Stream { data: Vec::new(), kind, detail, raster: None });
                self.streams.len() - 1
            }
        }
    }

    /// A part with its own bytes in `stream`.
    pub(crate) fn node(&mut self, data: &[u8], stream: usize, depth: usize) -> Result<Node> {
        let (mut items, mut at) = (Vec::new(), 0);
        if depth < LAYERS {
            let archive = tar::members(data);
            if !archive.places.is_empty()
                && let Some(node) = self.tar(data, &archive, depth)?
            {
                return Ok(node);
            }
            let mut scanner = Scanner::new(data, self.left);
            while let Some(find) = scanner.next() {
                self.env.check()?;
                let (start, end) = (find.start, find.end);
                let gap = &data[at..start];
                if let Some(item) = self.item(find, data, (stream, gap), depth)? {
                    items.push((gap.len(), item));
                    at = end;
                }
                scanner.limit = self.left;
            }
        }
        self.streams[stream].data.extend_from_slice(&data[at..]);
        Ok(Node { len: data.len(), stream, items })
    }

    /// Expresses a find. The bytes before it go to their stream first, if it works out.
    fn item(
        &mut self,
        find: Find,
        data: &[u8],
        (stream, gap): (usize, &[u8]),
        depth: usize,
    ) -> Result<Option<Item>> {
        let bytes = &data[find.start..find.end];
        match find.what {
            What::Deflate { found, tail, name } => {
                let Some((plain, corrections)) = self.expand(found, bytes, name) else { return Ok(None) };
                self.streams[stream].data.extend_from_slice(gap);
                self.streams[fixed::CORRECTIONS].data.extend_from_slice(&corrections);
                let used = bytes.len() - tail.len();
                let node = self.part(&plain, depth + 1)?;
                Ok(Some(Item::Deflate { used, corrections: corrections.len(), tail, node }))
            }
            What::Idat { found, head, chunks, joined, shape } => {
                let Some((plain, corrections)) = self.expand(found, &joined[2..], "png") else {
                    return Ok(None);
                };
                self.streams[stream].data.extend_from_slice(gap);
                self.streams[fixed::CORRECTIONS].data.extend_from_slice(&corrections);
                let used = joined.len() - 2 - Tail::Adler.len();
                let node = self.picture(&plain, shape);
                Ok(Some(Item::Idat {
                    head,
                    chunks: Chunks::new(chunks),
                    used,
                    corrections: corrections.len(),
                    node,
                }))
            }
            What::Jpeg => self.jpeg(bytes, (stream, gap), depth),
            What::Stored => {
                self.streams[stream].data.extend_from_slice(gap);
                self.report.add("stored in zip", bytes.len(), bytes.len());
                Ok(Some(Item::Moved { node: self.part(bytes, depth + 1)? }))
            }
            What::Text(found) => {
                self.streams[stream].data.extend_from_slice(gap);
                let node = self.part(&found.bytes, depth + 1)?;
                let lines = found.lines;
                let (item, name) = match found.detail {
                    Detail::Base64 { pad } => (Item::Base64 { lines, pad, node }, "base64"),
                    Detail::Hex { upper } => (Item::Hex { lines, upper, node }, "hex"),
                };
                self.report.add(name, bytes.len(), found.bytes.len());
                Ok(Some(item))
            }
        }
    }

    fn expand(&mut self, found: Found, bytes: &[u8], name: &'static str) -> Option<(Vec<u8>, Vec<u8>)> {
        let Some(expanded) = self.deflate.expand(found, bytes) else {
            self.report.kept(name, bytes.len());
            return None;
        };
        // A stream that no setting resembles costs more than its text gains.
        if expanded.corrections.len() * 4 > expanded.used {
            self.report.kept(name, expanded.used);
            return None;
        }
        self.left -= expanded.plain.len().min(self.left);
        self.report.add(name, expanded.used, expanded.plain.len());
        self.report.corrections += expanded.corrections.len();
        Some((expanded.plain, expanded.corrections))
    }

    /// The pixels of a PNG, filters and all: their geometry is told to whoever codes them.
    fn picture(&mut self, plain: &[u8], shape: Option<Shape>) -> Node {
        let detail = shape.filter(|s| !s.interlaced).map_or_else(
            || "png rows".into(),
            |s| {
                format!(
                    "png rows {}x{} channels {} depth {} stride {}",
                    s.width,
                    s.height,
                    s.channels,
                    s.depth,
                    s.stride()
                )
            },
        );
        let stream = self.stream(Kind::ImageRaw, detail.clone(), plain.len() >= ALONE);
        if self.streams[stream].data.is_empty() && self.streams[stream].detail == detail {
            self.streams[stream].raster = shape.filter(|s| !s.interlaced).and_then(Shape::raster);
        }
        self.streams[stream].data.extend_from_slice(plain);
        Node { len: plain.len(), stream, items: Vec::new() }
    }

    /// A JPEG by Lepton or by our own model, as the effort allows; nothing if neither knows it or makes it smaller.
    fn jpeg(&mut self, bytes: &[u8], (stream, gap): (usize, &[u8]), depth: usize) -> Result<Option<Item>> {
        let cost = |c: &jpeg::Coded| c.body.len() + c.header.len() / 2;
        let smaller = |c: &jpeg::Coded, than: usize| cost(c) < than;
        let lepton = jpeg::encode(bytes, self.env).filter(|c| smaller(c, bytes.len()));
        let most = lepton.as_ref().map_or(bytes.len(), cost);
        let own = match self.effort {
            Effort::Low => None,
            Effort::Medium if lepton.is_some() => None,
            _ => jpeg::own_encode(bytes, self.env).filter(|c| smaller(c, most)),
        };
        let Some(coded) = own.as_ref().or(lepton.as_ref()) else {
            self.report.kept("jpeg", bytes.len());
            return Ok(None);
        };
        self.report.add("jpeg", bytes.len(), coded.header.len() + coded.body.len());
        self.streams[stream].data.extend_from_slice(gap);
        self.streams[fixed::JPEG_BODIES].data.extend_from_slice(&coded.body);
        let (len, body) = (bytes.len(), coded.body.len());
        if own.is_none() {
            self.streams[fixed::JPEG_HEADERS].data.extend_from_slice(&coded.header);
            return Ok(Some(Item::Jpeg { len, header: coded.header.len(), body }));
        }
        // A camera's header holds a small picture, which is a JPEG again.
        let node = self.node(&coded.header, fixed::JPEG_HEADERS, depth + 1)?;
        Ok(Some(Item::Coefficients { len, body, node }))
    }
}
