//! What both sides of LZW share: constants, parameters, the two layouts and the rule for code widths.

use minlen_core::{CodecSpec, Error, ParamKind, ParamSpec, Params, Result, ids};

/// Narrowest code.
pub const MIN_BITS: u32 = 9;
/// Widest code.
pub const MAX_BITS: u32 = 16;
/// The code that empties the dictionary, in block mode.
pub const CLEAR: u32 = 256;
/// The first bytes of a `.Z` file.
pub const MAGIC: [u8; 2] = [0x1f, 0x9d];
/// Set in the third byte of a `.Z` file whose code 256 is [`CLEAR`].
pub const BLOCK_MODE: u8 = 0x80;
/// Bits of the third byte that nobody has given a meaning.
pub const RESERVED: u8 = 0x60;
/// How many input bytes lie between two looks at the ratio once the dictionary is full.
pub const CHECK_GAP: usize = 10_000;
/// Position of `z` among the values of `format`.
pub const FORMAT_Z: i64 = 1;

/// What the codec is.
pub static SPEC: CodecSpec = CodecSpec {
    id: ids::LZW,
    name: "lzw",
    summary: "LZW with growing codes; writes and reads Unix .Z files",
    source: "Welch 1984; compress(1) 4.0",
    limits: "larger than any LZ77 on nearly everything",
    params: &[
        ParamSpec {
            key: "bits",
            doc: "widest code in bits",
            kind: ParamKind::Int { min: MIN_BITS as i64, max: MAX_BITS as i64 },
            default: MAX_BITS as i64,
        },
        ParamSpec {
            key: "format",
            doc: "z: the payload is a whole .Z file",
            kind: ParamKind::Choice(&["minlen", "z"]),
            default: 0,
        },
    ],
    max_input: 1 << 40,
};

/// How codes are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Widest code in bits.
    pub bits: u32,
    /// Whether code 256 empties the dictionary; without it, 256 is an ordinary string.
    pub block_mode: bool,
    /// Whether codes are padded to groups of eight wherever the width changes, as `.Z` has it.
    pub grouped: bool,
}

impl Layout {
    /// The layout of our own payloads.
    pub fn own(bits: u32) -> Self {
        Self { bits, block_mode: true, grouped: false }
    }

    /// The layout of the `.Z` files that we write.
    pub fn z(bits: u32) -> Self {
        Self { bits, block_mode: true, grouped: true }
    }

    /// The code of the first string that is put into an empty dictionary.
    pub fn first_free(self) -> u32 {
        if self.block_mode { CLEAR + 1 } else { CLEAR }
    }
}

/// Follows, on both sides alike, how many strings the decoder knows and how wide the next code is.
#[derive(Clone, Copy, Debug)]
pub struct Widths {
    layout: Layout,
    free: u32,
    width: u32,
    any: bool,
}

impl Widths {
    /// An empty dictionary.
    pub fn new(layout: Layout) -> Self {
        Self { layout, free: layout.first_free(), width: MIN_BITS, any: false }
    }

    /// The code of the string that is put into the dictionary next; 2^bits when it is full.
    #[inline]
    pub fn free(&self) -> u32 {
        self.free
    }

    /// The width of the next code, before [`Widths::grows`] has been asked.
    #[inline]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// True when no more strings fit.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.free >> self.layout.bits != 0
    }

    /// Whether a code has come since the dictionary was empty.
    #[inline]
    pub fn any(&self) -> bool {
        self.any
    }

    /// To be asked before each code: widens it by a bit if the strings need it, and says whether it did.
    #[inline]
    pub fn grows(&mut self) -> bool {
        let grows = self.free >> self.width != 0 && self.width < self.layout.bits;
        self.width += u32::from(grows);
        grows
    }

    /// Counts a code. The first after a reset adds no string.
    #[inline]
    pub fn step(&mut self) {
        if self.any && !self.is_full() {
            self.free += 1;
        }
        self.any = true;
    }

    /// Empties the dictionary.
    pub fn reset(&mut self) {
        *self = Self::new(self.layout);
    }
}

/// The `bits` parameter.
pub fn bits_of(params: &Params) -> u32 {
    u32::try_from(params.get("bits")).unwrap_or(MAX_BITS).clamp(MIN_BITS, MAX_BITS)
}

/// Refuses widths that the format does not have.
pub fn check_bits(bits: u32) -> Result<u32> {
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(Error::corrupt(format!(
            "lzw: codes of {bits} bits; {MIN_BITS} to {MAX_BITS} are allowed"
        )));
    }
    Ok(bits)
}

/// Reads the three bytes at the front of a `.Z` file; gives the layout and the rest.
pub fn read_header(file: &[u8]) -> Result<(Layout, &[u8])> {
    let Some((head, body)) = file.split_first_chunk::<3>() else {
        return Err(Error::truncated(".Z: the header is 3 bytes"));
    };
    if head[..2] != MAGIC {
        return Err(Error::corrupt("not a .Z file: the first bytes are not 1f 9d"));
    }
    if head[2] & RESERVED != 0 {
        return Err(Error::unsupported(".Z: reserved flags are set").at(2));
    }
    let bits = check_bits(u32::from(head[2] & 0x1f))?;
    Ok((Layout { bits, block_mode: head[2] & BLOCK_MODE != 0, grouped: true }, body))
}
