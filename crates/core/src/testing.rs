//! Inputs that every codec must survive: edge cases and seeded random data of several shapes.
//!
//! Used by the tests of all codec crates, so that a new codec gets them without further work.

pub mod cases;

/// A small deterministic generator (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n` (0 for 0).
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next_u64() % n as u64) as usize }
    }
}

/// Edge cases: empty, one byte, all values, long runs, periods, ramps, and near-limit lengths.
#[must_use]
pub fn edge_cases() -> Vec<Vec<u8>> {
    let all: Vec<u8> = (0..=255).collect();
    let mut cases =
        vec![vec![], vec![0], vec![255], b"a".to_vec(), b"aa".to_vec(), b"ab".to_vec(), all.clone()];
    cases.extend([255, 256, 257, 65_535, 65_536, 65_537].map(|n| vec![7u8; n]));
    cases.extend([2, 3, 4, 5, 7, 255, 256].map(|p: usize| (0..4096).map(|i| (i % p) as u8).collect()));
    cases.push(all.iter().rev().copied().cycle().take(10_000).collect());
    cases.push(b"the quick brown fox jumps over the lazy dog. ".repeat(200));
    cases.push((0..20_000u32).flat_map(|i| (i * i).to_le_bytes()).collect());
    cases.push([vec![0; 5000], all, vec![255; 5000]].concat());
    cases
}

/// Pseudo-random data of shape `seed % 8`: noise, skewed bytes, runs, words, records, copies of itself, sparse
/// bits, or a mixture; up to `max_len` bytes.
#[must_use]
pub fn random_case(seed: u64, max_len: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    let len = rng.below(max_len + 1);
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        let shape = if seed % 8 == 7 { rng.below(7) } else { (seed % 8) as usize };
        let piece = if seed % 8 == 7 { 1 + rng.below(len / 3 + 1) } else { len - out.len() };
        let room = len - out.len();
        fill(&mut out, shape, piece.min(room), &mut rng);
    }
    out
}

fn fill(out: &mut Vec<u8>, shape: usize, n: usize, rng: &mut Rng) {
    let end = out.len() + n;
    match shape {
        0 => out.extend((0..n).map(|_| rng.next_u64() as u8)),
        1 => out
            .extend((0..n).map(|_| (rng.next_u64() as u8) & (rng.next_u64() as u8) & (rng.next_u64() as u8))),
        2 => {
            while out.len() < end {
                let (byte, run) = (rng.next_u64() as u8, 1 + rng.below(400));
                out.extend(std::iter::repeat_n(byte, run.min(end - out.len())));
            }
        }
        3 => {
            const WORDS: [&[u8]; 8] =
                [b"the ", b"of ", b"model ", b"entropy ", b"\n", b"code, ", b"predicts ", b"is "];
            while out.len() < end {
                let word = WORDS[rng.below(8).min(rng.below(8))];
                out.extend(word.iter().take(end - out.len()));
            }
        }
        4 => out.extend((0..n).map(|i| if i % 4 == 3 { 0 } else { ((i / 4) >> (8 * (i % 4))) as u8 })),
        5 => {
            for _ in 0..n {
                let back = 1 + rng.below(out.len().min(3000));
                let copy = rng.below(50) != 0 && back <= out.len();
                out.push(if copy {
                    out[out.len() - back.min(97).min(out.len())]
                } else {
                    rng.next_u64() as u8
                });
            }
        }
        _ => out.extend((0..n).map(|_| if rng.below(100) == 0 { rng.next_u64() as u8 } else { 0 })),
    }
}

/// Round trips, truncations, bit flips and absurd lengths through one codec; panics where a promise is broken.
///
/// # Panics
/// If the codec does not give the bytes back, or accepts a wrong length silently.
#[allow(clippy::panic, clippy::expect_used)]
pub fn check_codec(codec: &dyn crate::Codec, params: &crate::Params, input: &[u8]) -> Vec<u8> {
    let env = crate::Env::default();
    let name = codec.spec().name;
    let mut payload = Vec::new();
    codec.encode(input, params, &env, &mut payload).unwrap_or_else(|e| panic!("{name}: encode: {e}"));
    let mut again = Vec::new();
    codec.encode(input, params, &env, &mut again).expect("encoding twice");
    assert_eq!(payload, again, "{name} is not deterministic");
    let mut out = b"kept".to_vec();
    codec.decode(&payload, input.len(), &env, &mut out).unwrap_or_else(|e| panic!("{name}: decode: {e}"));
    assert!(out[..4] == *b"kept" && out[4..] == *input, "{name}: round trip of {} bytes", input.len());
    if let Some(codec) = codec.sequential() {
        let (wanted, mut first) = (input.len() / 3, Vec::new());
        let done = codec.decode_first(&payload, input.len(), wanted, &env, &mut first);
        done.unwrap_or_else(|e| panic!("{name}: decoding the beginning: {e}"));
        assert!(first.len() >= wanted && input.starts_with(&first), "{name}: the first {wanted} bytes");
    }
    payload
}

/// Decodes every truncation and a sample of bit flips of `payload`: any answer but a panic or wild memory is fine.
///
/// # Panics
/// If an accepted decode has the wrong length.
pub fn check_hostile(codec: &dyn crate::Codec, payload: &[u8], len: usize, flips: usize) {
    let env = crate::Env::new(crate::Limits::default().with_memory(256 << 20));
    let try_decode = |bytes: &[u8], n: usize| {
        let mut out = Vec::new();
        if codec.decode(bytes, n, &env, &mut out).is_ok() {
            assert_eq!(out.len(), n, "{} accepted a wrong length", codec.spec().name);
        }
    };
    for cut in (0..payload.len()).step_by(1 + payload.len() / 300) {
        try_decode(&payload[..cut], len);
    }
    let mut rng = Rng(payload.len() as u64);
    for _ in 0..flips.min(payload.len() * 8) {
        let mut bytes = payload.to_vec();
        let bit = rng.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        try_decode(&bytes, len);
    }
    for n in [0, 1, len.saturating_sub(1), len + 1, len * 2 + 17] {
        try_decode(payload, n);
    }
}
