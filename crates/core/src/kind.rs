//! What a piece of data is.

use crate::{Origin, Resources, Span, SpanKind};
use std::fmt;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $label:literal, $class:ident;)+) => {
        /// What a piece of data is, found from its content. The label is what people and JSON see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind { $($(#[doc = $doc])+ $name,)+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)+];

            /// The short lower-case name.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Kind::$name => $label,)+ }
            }

            /// The family, which decides what is worth trying.
            #[must_use]
            pub fn class(self) -> Class {
                match self { $(Kind::$name => Class::$class,)+ }
            }
        }
    };
}

/// Families of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// For reading: prose, source, markup, records in text form.
    Text,
    /// Machine code.
    Code,
    /// Fixed-width numbers, samples or pixels.
    Numeric,
    /// Other binary data.
    Binary,
    /// Compressed, encrypted or random: nothing to gain without unpacking it.
    Dense,
}

kinds! {
    /// Nothing at all.
    Empty = "empty", Binary;
    /// Only one byte value.
    Constant = "constant", Binary;
    /// Prose in ASCII or UTF-8.
    Text = "text", Text;
    /// Text in UTF-16.
    TextUtf16 = "text-utf16", Text;
    /// Text in an 8-bit encoding that is not UTF-8.
    TextLatin = "text-8bit", Text;
    /// Program source.
    Source = "source", Text;
    /// One JSON document.
    Json = "json", Text;
    /// JSON documents, one per line.
    Ndjson = "ndjson", Text;
    /// Comma-, tab- or semicolon-separated values.
    Csv = "csv", Text;
    /// XML.
    Xml = "xml", Text;
    /// HTML.
    Html = "html", Text;
    /// Log lines that begin with a time.
    Log = "log", Text;
    /// ELF program or library.
    Elf = "elf", Code;
    /// Windows PE program or library.
    Pe = "pe", Code;
    /// Mach-O program or library.
    MachO = "mach-o", Code;
    /// Machine code without a header.
    MachineCode = "machine-code", Code;
    /// WebAssembly or Java byte code.
    ByteCode = "byte-code", Code;
    /// Uncompressed picture (BMP, PNM, TIFF, DICOM).
    ImageRaw = "image-raw", Numeric;
    /// Compressed picture (JPEG, PNG, GIF, WebP, AVIF).
    ImageCoded = "image-coded", Dense;
    /// Uncompressed sound (WAV, AIFF).
    AudioRaw = "audio-raw", Numeric;
    /// Compressed sound (FLAC, MP3, Ogg, AAC).
    AudioCoded = "audio-coded", Dense;
    /// Video.
    Video = "video", Dense;
    /// Archive of uncompressed members (tar, cpio, ar).
    Tar = "tar", Binary;
    /// Compressed archive or document (ZIP, DOCX, 7z, RAR).
    Zip = "zip", Dense;
    /// One compressed stream (gzip, xz, zstd, bzip2, lz4, brotli).
    Compressed = "compressed", Dense;
    /// A minlen file.
    Minlen = "minlen", Dense;
    /// PDF.
    Pdf = "pdf", Dense;
    /// Database pages.
    Database = "database", Binary;
    /// Array of 32-bit floats.
    Float32 = "float32", Numeric;
    /// Array of 64-bit floats.
    Float64 = "float64", Numeric;
    /// Array of 16-bit floats.
    Float16 = "float16", Numeric;
    /// Records or integers of a fixed width.
    Records = "records", Numeric;
    /// Model weights (safetensors, GGUF, NumPy).
    Tensors = "tensors", Numeric;
    /// Encrypted by its header.
    Encrypted = "encrypted", Dense;
    /// No structure left: random, encrypted or compressed without a header.
    Random = "random", Dense;
    /// Anything else.
    Binary = "binary", Binary;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Cheap statistics of a piece of data, in integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Order-0 entropy in thousandths of a bit per byte (0..=8000).
    pub order0_millibits: u32,
    /// Bytes of printable ASCII and white space, per thousand.
    pub text_permille: u32,
    /// Zero bytes, per thousand.
    pub zero_permille: u32,
    /// The most likely record width in bytes; 0 or 1 where none stands out.
    pub stride: u32,
}

/// What a detector says of a piece of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// What it is.
    pub kind: Kind,
    /// 0..=100: a magic number with consistent header is 90 and up, a guess from statistics 50 or so.
    pub confidence: u8,
    /// More, for people: "English", "Rust", "x86-64", "16-bit stereo"; may be empty.
    pub detail: String,
}

/// Tells kinds from content, never from names.
pub trait Detector: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Looks at `data` (the first bytes, at least 64 KiB where there are so many) of a file of `total` bytes.
    fn detect(&self, data: &[u8], total: u64) -> Option<Detection>;

    /// No answer of this detector is more confident than this, so that it need not be asked once another was.
    fn ceiling(&self) -> u8 {
        100
    }
}

/// A piece of data with what is known of it, as codecs see it when asked for proposals.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Part<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// What they are.
    pub kind: Kind,
    /// More, for people.
    pub detail: &'a str,
    /// Their statistics.
    pub stats: &'a Stats,
    /// What decoding may cost, in nanoseconds a byte on a usual machine; `u32::MAX` where it does not matter. A codec with
    /// several speeds should offer the best that is fast enough.
    pub decode_ns: u32,
    /// What it is made of, as far as that is known: see [`crate::Env::layout`].
    pub layout: &'a [Span],
    /// What it may be a difference from: see [`crate::Env::resources`].
    pub resources: Option<&'a Resources>,
}

impl<'a> Part<'a> {
    /// Data of this kind, of which nothing more is known.
    #[must_use]
    pub fn new(data: &'a [u8], kind: Kind, stats: &'a Stats) -> Self {
        Self { data, kind, detail: "", stats, decode_ns: u32::MAX, layout: &[], resources: None }
    }

    /// The same with more said of it, for people.
    #[must_use]
    pub fn with_detail(mut self, detail: &'a str) -> Self {
        self.detail = detail;
        self
    }

    /// The same with what decoding may cost: see [`Part::decode_ns`].
    #[must_use]
    pub fn with_decode_ns(mut self, decode_ns: u32) -> Self {
        self.decode_ns = decode_ns;
        self
    }

    /// The same with what it is made of.
    #[must_use]
    pub fn with_layout(mut self, layout: &'a [Span]) -> Self {
        self.layout = layout;
        self
    }

    /// The same with what it may be a difference from.
    #[must_use]
    pub fn with_resources(mut self, resources: &'a Resources) -> Self {
        self.resources = Some(resources);
        self
    }

    /// Its spans of one kind.
    pub fn spans(&self, kind: SpanKind) -> impl Iterator<Item = &'a Span> + use<'a> {
        self.layout.iter().filter(move |span| span.kind == kind)
    }

    /// True if its spans of this kind are guesses.
    #[must_use]
    pub fn is_guess(&self, kind: SpanKind) -> bool {
        self.spans(kind).any(|span| span.origin == Origin::Guessed)
    }
}
