//! What is looked at in prose beside the words: sentences, the words that followed, links.

use super::combine;

/// Follows the text byte by byte.
#[derive(Clone, Debug)]
pub(super) struct Prose {
    /// The last two bytes that followed three bytes (hashed), and the place of the last three.
    three: Vec<u16>,
    at: usize,
    /// The word (upper half of its hash) that followed a word the last time, and the place of the last word.
    follow: Vec<u32>,
    slot: usize,
    /// First word of the sentence, 0 before it ends.
    pub sentence: u64,
    /// Letters of the current word.
    pub len: u64,
    /// Whether the last words began with a capital (bit 0 of 2) and went on with one (bit 1).
    pub capitals: u64,
    /// What a bracket, bar, or equals sign opened, and its text since; 0 for nothing.
    pub link: u64,
}

impl Default for Prose {
    fn default() -> Self {
        Self {
            three: vec![0; 1 << 18],
            at: 0,
            follow: vec![0; 1 << 16],
            slot: 0,
            sentence: 0,
            len: 0,
            capitals: 0,
            link: 0,
        }
    }
}

impl Prose {
    /// Takes in the newest byte of `c8`; `word` is the hash of the word that it belongs to, `ended` of the one that it ended
    /// (0 for none).
    #[inline(always)]
    pub fn push(&mut self, c8: u64, word: u64, ended: u64) {
        let c = c8 as u8;
        if let Some(three) = self.three.get_mut(self.at) {
            *three = *three << 8 | u16::from(c);
        }
        self.at = ((c8 & 0xff_ffff).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 46) as usize;
        if word != 0 {
            let upper = u64::from(c.is_ascii_uppercase());
            self.capitals =
                if self.len == 0 { self.capitals << 2 | upper } else { self.capitals | upper << 1 };
            self.len += 1;
        }
        if ended != 0 {
            self.end(ended);
        }
        if matches!(c, b'.' | b'!' | b'?' | b'\n') {
            self.sentence = 0;
        }
        self.link = match c {
            b'[' | b'{' | b'|' | b'<' | b'=' => u64::from(c),
            b']' | b'}' | b'>' | b'\n' => 0,
            _ if self.link == 0 => 0,
            _ => combine(self.link, u64::from(c)),
        };
    }

    fn end(&mut self, word: u64) {
        if let Some(follow) = self.follow.get_mut(self.slot) {
            *follow = (word >> 20) as u32;
        }
        self.slot = (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize;
        self.len = 0;
        if self.sentence == 0 {
            self.sentence = word;
        }
    }

    /// What followed the last three bytes.
    #[inline(always)]
    pub fn three(&self) -> u64 {
        self.three.get(self.at).map_or(0, |&three| u64::from(three))
    }

    /// The word that followed the last word.
    #[inline(always)]
    pub fn guess(&self) -> u64 {
        self.follow.get(self.slot).map_or(0, |&follow| u64::from(follow))
    }

    /// Weights by the place in the word, links, capitals: below 32.
    #[inline(always)]
    pub fn select(&self) -> u16 {
        (self.len.min(7) << 2 | u64::from(self.link != 0) << 1 | self.capitals & 1) as u16
    }
}
