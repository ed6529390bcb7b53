//! What is looked at: the contexts of each kind of data.
//!
//! | Data | Depth | Set |
//! |---|---|---|
//! | text | fast, normal, deep | [`FastText`], [`NormalText`], [`Text`] |
//! | records and programs | fast, normal, deep | [`FastBinary`], [`NormalBinary`], [`Binary`] |
//! | text or binary | full | [`Full`] around a deep one |
//! | both at once | max | [`Both`] |
//!
//! A set names its contexts as 64-bit numbers before each byte ([`Contexts::next`]); [`crate::engine`] hashes them, looks them up, and mixes
//! what was seen in them.

mod binary;
mod both;
mod fast;
mod full;
mod normal;
mod prose;
mod text;

pub use binary::Binary;
pub use both::Both;
pub use fast::{FastBinary, FastText};
pub use full::Full;
pub use normal::{NormalBinary, NormalText};
pub use text::Text;

/// Where the coding stands.
///
/// ```
/// use minlen_mix::contexts::View;
/// let mut view = View::default();
/// b"abc".iter().for_each(|&byte| view.push(byte));
/// assert_eq!((view.last(2), view.back(1), view.back(4)), (0x6263, b'c', 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct View {
    /// All bytes so far.
    pub data: Vec<u8>,
    /// The last eight, the newest lowest.
    pub c8: u64,
    /// The bits of the current byte behind a leading one.
    pub c0: u32,
    /// How many they are.
    pub bit: u32,
    /// The bits of the current half byte behind a leading one.
    pub node: usize,
}

impl View {
    /// Appends a byte.
    #[inline(always)]
    pub fn push(&mut self, c: u8) {
        self.data.push(c);
        self.c8 = self.c8 << 8 | u64::from(c);
    }

    /// The last `n` (up to 8) bytes as a number.
    #[inline(always)]
    #[must_use]
    pub fn last(&self, n: u32) -> u64 {
        if n >= 8 { self.c8 } else { self.c8 & ((1 << (8 * n)) - 1) }
    }

    /// The `i`th byte from the end, 1 for the last; 0 before the start.
    #[inline(always)]
    #[must_use]
    pub fn back(&self, i: usize) -> u8 {
        self.data.len().checked_sub(i).and_then(|at| self.data.get(at)).copied().unwrap_or(0)
    }
}

/// A set of contexts.
pub trait Contexts<const N: usize> {
    /// Whether order 0 to 2 come without hashing too, and more corrections at the end.
    const DEEP: bool;
    /// Whether every context also keeps the last bytes that followed it.
    const RUNS: bool;
    /// Whether the engine adds two selectors of weights of its own.
    const ENGINE_SELECTORS: bool = true;
    /// Whether a recurrent network predicts as well, trained along the way.
    const LSTM: bool = false;
    /// How many contexts, from the first, are orders: how many of them were seen before chooses weights. At most 11.
    const ORDERS: usize;
    /// Shortest repetitions that the match models look for.
    const MATCH_LENGTHS: &'static [usize];
    /// Number of contexts of each weight selector beyond the engine's own.
    const SELECTORS: &'static [usize];

    /// Whether [`Contexts::peek`] is there: contexts so cheap that both bytes that a last bit can make may have theirs named
    /// before it is known, so that their memory is on its way.
    const PEEKS: bool = false;

    /// What [`Contexts::next`] would name if `byte` came after `view.data`.
    fn peek(&self, _view: &View, _byte: u8) -> [u64; N] {
        [0; N]
    }

    /// Names the contexts of the next byte after `view.data`.
    fn next(&mut self, view: &View, names: &mut [u64; N]);

    /// The word, or what else names the place, that a correction at the end of the deeper models looks at.
    fn sse_context(&self) -> u64 {
        0
    }

    /// Chooses the weights of each selector for the next bit.
    fn select(&self, view: &View, choose: impl FnMut(usize, usize));
}

/// Mixes two numbers into one.
#[inline(always)]
#[must_use]
pub fn combine(a: u64, b: u64) -> u64 {
    (a ^ b.rotate_left(29)).wrapping_mul(0xA24B_AED4_963E_E407).rotate_left(23) ^ b
}

mod code;

/// What followed when the last bytes were seen before.
///
/// ```
/// use minlen_mix::contexts::Indirect;
/// let mut seen = Indirect::default();
/// let mut c8 = 0u64;
/// for &byte in b"abacab" {
///     c8 = c8 << 8 | u64::from(byte);
///     seen.push(c8);
/// }
/// // After the last 'b' came an 'a' before; before it, nothing.
/// assert_eq!(seen.one(), u64::from(b'a') << 8 | u64::from(b'b'));
/// ```
#[derive(Clone, Debug)]
pub struct Indirect {
    /// The last two bytes that followed each byte, and each pair (hashed).
    one: Vec<u16>,
    two: Vec<u16>,
    c8: u64,
}

impl Default for Indirect {
    fn default() -> Self {
        Self { one: vec![0; 256], two: vec![0; 65_536], c8: 0 }
    }
}

impl Indirect {
    /// Takes in the newest byte of `c8`.
    #[inline(always)]
    pub fn push(&mut self, c8: u64) {
        let c = c8 as u16 & 255;
        let one = &mut self.one[(c8 >> 8 & 255) as usize];
        *one = *one << 8 | c;
        let two = &mut self.two[(c8 >> 8 & 0xffff) as usize];
        *two = *two << 8 | c;
        self.c8 = c8;
    }

    /// The last byte and what followed it twice.
    #[must_use]
    pub fn one(&self) -> u64 {
        u64::from(self.one[(self.c8 & 255) as usize]) << 8 | self.c8 & 255
    }

    /// The last byte and what followed the last two.
    #[must_use]
    pub fn two(&self) -> u64 {
        u64::from(self.two[(self.c8 & 0xffff) as usize]) << 8 | self.c8 & 255
    }

    /// What followed the last two, and what followed that.
    #[must_use]
    pub fn three(&self) -> u64 {
        let guess = self.two[(self.c8 & 0xffff) as usize];
        u64::from(guess) << 16 | u64::from(self.one[usize::from(guess & 255)])
    }
}
