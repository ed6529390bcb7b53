//! A small context mixer (orders 0-6, words, a match model, two weight sets, an adaptive map): the partner that
//! shows what a network is worth beside one. Floats and shortcuts: a measuring tool, no codec.

const SLOTS: usize = 1 << 22;
const CONTEXTS: usize = 9;
const INPUTS: usize = 2 * CONTEXTS + 2;

fn stretch(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

fn squash(x: f32) -> f32 {
    (1.0 / (1.0 + (-x).exp())).clamp(1.0 / 65536.0, 65535.0 / 65536.0)
}

/// One weight set per context, learning by gradient.
struct Mixer {
    weights: Vec<f32>,
    n: usize,
    at: usize,
    p: f32,
}

impl Mixer {
    fn new(n: usize, sets: usize) -> Self {
        Self { weights: vec![0.25; n * sets], n, at: 0, p: 0.5 }
    }

    fn mix(&mut self, x: &[f32], set: usize) -> f32 {
        self.at = set * self.n;
        let dot: f32 = self.weights[self.at..self.at + self.n].iter().zip(x).map(|(w, x)| w * x).sum();
        self.p = squash(dot.clamp(-12.0, 12.0));
        dot.clamp(-12.0, 12.0)
    }

    fn update(&mut self, x: &[f32], bit: f32, rate: f32) {
        let step = rate * (bit - self.p);
        self.weights[self.at..self.at + self.n].iter_mut().zip(x).for_each(|(w, x)| *w += step * x);
    }
}

/// The mixer, with room for `extra` inputs from outside.
pub struct Cm {
    tables: Vec<Vec<(f32, u8)>>,
    at: [usize; CONTEXTS],
    hashes: [u64; CONTEXTS],
    history: Vec<u8>,
    word: u64,
    last: Vec<u32>,
    pointer: usize,
    length: usize,
    match_table: Vec<(f32, f32)>,
    mixers: [Mixer; 3],
    last_mixer: Mixer,
    apm: Vec<[f32; 33]>,
    inputs: Vec<f32>,
    seen: f32,
}

impl Cm {
    pub fn new(extra: usize) -> Self {
        let n = INPUTS + extra;
        let row = std::array::from_fn(|k| squash((k as f32 - 16.0) * 0.75));
        Self {
            tables: vec![vec![(0.5, 0); SLOTS]; CONTEXTS],
            at: [0; CONTEXTS],
            hashes: [0; CONTEXTS],
            history: Vec::new(),
            word: 0,
            last: vec![0; 1 << 18],
            pointer: 0,
            length: 0,
            match_table: vec![(0.5, 0.0); 64 * 2],
            mixers: [Mixer::new(n, 256), Mixer::new(n, 64), Mixer::new(n, 256 * 3)],
            last_mixer: Mixer { weights: vec![0.33; 3 * 256], n: 3, at: 0, p: 0.5 },
            apm: vec![row; 65536],
            inputs: vec![0.0; n],
            seen: 0.0,
        }
    }

    /// The cost in bits of `byte`; `extra` gives the outside inputs as P(1) for each prefix; `hint`: a guess.
    pub fn code(&mut self, byte: u8, extra: &mut dyn FnMut(u32, &mut [f32]), hint: u8) -> f64 {
        let mut cost = 0.0;
        let mut known = 1u32;
        for k in (0..8).rev() {
            let bit = u32::from(byte >> k) & 1;
            extra(known, &mut self.inputs[INPUTS..]);
            self.inputs[INPUTS..].iter_mut().for_each(|p| *p = stretch(*p));
            let p = self.bit(known, bit as f32, hint);
            cost -= f64::from(if bit == 1 { p } else { 1.0 - p }).log2();
            known = 2 * known + bit;
        }
        self.next(byte);
        cost
    }

    fn bit(&mut self, known: u32, bit: f32, hint: u8) -> f32 {
        for k in 0..CONTEXTS {
            let h = (self.hashes[k] + u64::from(known)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.at[k] = (h >> 42) as usize;
            let (p, n) = self.tables[k][self.at[k]];
            let s = stretch(p);
            self.inputs[2 * k] = if n == 0 { 0.0 } else { s };
            self.inputs[2 * k + 1] = if n == 0 { 0.0 } else { (p - 0.5) * 2.0 };
        }
        let expected = self.history.get(self.pointer).copied().unwrap_or(0);
        let agrees =
            self.length > 0 && (u32::from(expected) | 256) >> (8 - (31 - known.leading_zeros())) == known;
        let expected_bit = expected >> (7 - (31 - known.leading_zeros())) & 1;
        let bucket = if agrees { self.length.min(15) + self.length.min(480) / 32 } else { 0 };
        let (mp, _) = self.match_table[bucket];
        let signed = if expected_bit == 1 { stretch(mp) } else { -stretch(mp) };
        self.inputs[2 * CONTEXTS] = if agrees { signed } else { 0.0 };
        self.inputs[2 * CONTEXTS + 1] = 0.3;
        let byte1 = self.history.last().copied().unwrap_or(0);
        let prefix = 31 - known.leading_zeros();
        let fits = (u32::from(hint) | 256) >> (8 - prefix) == known;
        let hint_bit = usize::from(hint >> (7 - prefix) & 1);
        let set2 = usize::from(byte1) * 3 + if fits { hint_bit + 1 } else { 0 };
        let sets = [known as usize, bucket, set2];
        let mut second = [0.0; 3];
        for m in 0..3 {
            second[m] = self.mixers[m].mix(&self.inputs, sets[m]);
        }
        let x = self.last_mixer.mix(&second, known as usize);
        let p1 = self.last_mixer.p;
        let row = usize::from(byte1) * 256 + known as usize;
        let place = ((x / 0.75) + 16.0).clamp(0.0, 31.99);
        let (low, w) = (place as usize, place - place.floor());
        let refined = self.apm[row][low] * (1.0 - w) + self.apm[row][low + 1] * w;
        let p = ((p1 + refined) * 0.5).clamp(1.0 / 65536.0, 65535.0 / 65536.0);
        // Learn.
        self.apm[row][low] += (bit - self.apm[row][low]) * 0.02 * (1.0 - w);
        self.apm[row][low + 1] += (bit - self.apm[row][low + 1]) * 0.02 * w;
        let rate = 0.002 + 0.02 / (1.0 + self.seen / 8000.0);
        self.last_mixer.update(&second, bit, rate * 0.3);
        for m in &mut self.mixers {
            m.update(&self.inputs, bit, rate);
        }
        for k in 0..CONTEXTS {
            let slot = &mut self.tables[k][self.at[k]];
            slot.0 += (bit - slot.0) / (f32::from(slot.1) + 1.5);
            slot.0 = slot.0.clamp(1.0 / 4096.0, 4095.0 / 4096.0);
            slot.1 = (slot.1 + 1).min(if k < 3 { 250 } else { 60 });
        }
        if agrees {
            let slot = &mut self.match_table[bucket];
            let hit = if f32::from(expected_bit) == bit { 1.0 } else { 0.0 };
            slot.1 = (slot.1 + 1.0).min(500.0);
            slot.0 = (slot.0 + (hit - slot.0) / (slot.1 + 1.0)).clamp(0.001, 0.9998);
            if hit == 0.0 {
                self.length = 0;
            }
        }
        p
    }

    fn next(&mut self, byte: u8) {
        self.seen += 1.0;
        if self.length > 0 && self.history.get(self.pointer) == Some(&byte) {
            self.pointer += 1;
            self.length += 1;
        } else {
            self.length = 0;
        }
        self.history.push(byte);
        let lower = byte.to_ascii_lowercase();
        self.word = if lower.is_ascii_alphabetic() || byte >= 128 {
            (self.word + u64::from(lower)).wrapping_mul(0x2f0b_4c47_ee1d_53a7)
        } else {
            0
        };
        let n = self.history.len();
        let mut h = 0u64;
        for order in 0..=6usize {
            self.hashes[order] = h.wrapping_add(order as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
            if order < n {
                h = (h + u64::from(self.history[n - 1 - order]) + 1).wrapping_mul(0xa076_1d64_78bd_642f);
            }
        }
        self.hashes[7] = self.word.wrapping_mul(0xe703_7ed1_a0b4_28db).wrapping_add(u64::from(byte) << 32);
        let (b2, b3) = (self.history[n.max(2) - 2], self.history[n.max(3) - 3]);
        self.hashes[8] = (u64::from(b2) << 8 | u64::from(b3) | 1 << 40).wrapping_mul(0x8ebc_6af0_9c88_c6e3);
        if n >= 5 {
            let tail = &self.history[n - 5..];
            let key =
                tail.iter().fold(0u64, |h, &b| (h + u64::from(b) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let slot = &mut self.last[(key >> 46) as usize];
            if self.length == 0 && *slot > 0 {
                self.pointer = *slot as usize;
                while self.length < 400
                    && self.length < self.pointer
                    && self.history[self.pointer - 1 - self.length] == self.history[n - 1 - self.length]
                {
                    self.length += 1;
                }
            }
            *slot = n as u32;
        }
    }
}
