//! What the symbols so far tell about the next one.

/// Newest symbols in the window that local frequencies are counted in.
const WINDOW: usize = 64;

/// The state that contexts are made of.
pub(super) struct History {
    /// The four newest different symbols, newest first.
    pub recent: [u8; 4],
    /// Length of the current run, minus one.
    pub run: u32,
    /// Lengths of the runs before it, newest first, as buckets.
    pub runs: [usize; 3],
    /// Two bits per symbol: its place among the recent, 3 for none of the first three.
    pub ranks: usize,
    /// One bit per symbol: whether it repeated the one before.
    pub repeats: usize,
    /// Moving average of that, 16 bits.
    local: u32,
    window: [u8; WINDOW],
    at: usize,
    counts: [u8; 256],
    /// For each state, how often the symbol repeats there (16 bits).
    odds: [u16; 256],
}

/// States in which a repetition is likelier than this are asked for it first.
const LIKELY: u16 = 3 << 14;

impl History {
    pub(super) fn new() -> Self {
        let mut counts = [0; 256];
        counts[0] = WINDOW as u8;
        Self {
            recent: [0, 1, 2, 3],
            run: 0,
            runs: [0; 3],
            ranks: 0,
            repeats: 0,
            local: 1 << 15,
            window: [0; WINDOW],
            at: 0,
            counts,
            odds: [1 << 15; 256],
        }
    }

    /// How much repeats lately, 0..=15.
    #[inline(always)]
    pub(super) fn steadiness(&self) -> usize {
        (self.local >> 12) as usize & 15
    }

    /// How often `symbol` is in the window, at most 63.
    #[inline(always)]
    pub(super) fn count(&self, symbol: usize) -> usize {
        usize::from(self.counts[symbol & 255]).min(WINDOW - 1)
    }

    /// Whether the next symbol is likely the same as the one before.
    #[inline(always)]
    pub(super) fn expects_repeat(&self) -> bool {
        self.odds[self.state()] > LIKELY
    }

    #[inline(always)]
    fn state(&self) -> usize {
        self.steadiness() << 4 | bucket(self.run)
    }

    /// Takes the next symbol.
    #[inline(always)]
    pub(super) fn push(&mut self, symbol: u8) {
        let rank = self.recent.iter().position(|&r| r == symbol).unwrap_or(4);
        let repeated = rank == 0;
        let odds = &mut self.odds[self.steadiness() << 4 | bucket(self.run)];
        *odds = if repeated { *odds + ((65_535 - *odds) >> 6) } else { *odds - (*odds >> 6) };
        self.ranks = self.ranks << 2 | rank.min(3);
        self.repeats = self.repeats << 1 | usize::from(repeated);
        self.local = self.local - (self.local >> 4) + if repeated { 4095 } else { 0 };
        self.count_in(symbol);
        if repeated {
            self.run = self.run.saturating_add(1);
            return;
        }
        self.runs = [bucket(self.run), self.runs[0], self.runs[1]];
        self.run = 0;
        self.recent.copy_within(0..rank.min(3), 1);
        self.recent[0] = symbol;
    }

    #[inline(always)]
    fn count_in(&mut self, symbol: u8) {
        let old = std::mem::replace(&mut self.window[self.at % WINDOW], symbol);
        self.at = self.at.wrapping_add(1);
        let old = &mut self.counts[usize::from(old)];
        *old = old.wrapping_sub(1);
        let new = &mut self.counts[usize::from(symbol)];
        *new = new.wrapping_add(1);
    }
}

/// 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, 16-23, ... as 0..=15.
#[inline(always)]
pub(super) fn bucket(n: u32) -> usize {
    if n < 4 {
        return n as usize;
    }
    let log = 31 - n.leading_zeros();
    ((log * 2 + ((n >> (log - 1)) & 1)) as usize).min(15)
}
