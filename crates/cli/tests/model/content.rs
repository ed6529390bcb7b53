//! What files hold.

use super::arrays;
use super::random::Random;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

/// A key pair made for these tests and used for nothing else.
pub const SECRET: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
pub const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
pub const PASSPHRASE: &str = "open sesame";

/// So many zeros, which take no space, and then these bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    pub zeros: u64,
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{} bytes", self.zeros, self.bytes.len())
    }
}

impl Content {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { zeros: 0, bytes: Arc::from(bytes.into()) }
    }
}

/// What a file is about: the generator gives names and relations by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Empty,
    Tiny,
    Text,
    Noise,
    Holes,
    Events,
    Npy,
    Raw,
    Base,
    Tuned,
    Prior,
    Key,
    Passphrase,
}

/// Content of a kind. Seeds are few, so that equal files occur.
pub fn content(kind: Kind, random: &mut Random) -> Content {
    let seed = random.below(6) as u64;
    match kind {
        Kind::Empty => Content::new([]),
        Kind::Tiny => Content::new(format!("tiny {seed}\n")),
        Kind::Text => Content::new(text(200 + random.below(6000), seed)),
        Kind::Noise => Content::new(noise(1 + random.below(5000), seed)),
        Kind::Holes => holes(random),
        Kind::Events => Content::new(events(20 + random.below(60), seed)),
        Kind::Npy => Content::new(arrays::any_npy(random)),
        Kind::Raw => Content::new(arrays::raw_field(random)),
        Kind::Base => Content::new(arrays::model(1, None)),
        Kind::Tuned => Content::new(arrays::model(1, Some(2 + seed))),
        Kind::Prior => Content { zeros: 0, bytes: prior() },
        Kind::Key => Content::new(format!("# a comment\n{SECRET}\n")),
        Kind::Passphrase => Content::new(format!("{PASSPHRASE}\n")),
    }
}

/// Mostly small; now and then so many zeros that limits on the ratio matter.
fn holes(random: &mut Random) -> Content {
    let zeros = *random.weighted(&[(6, 10_000), (3, 300_000), (2, 72 << 20)]);
    let tail = if random.chance(50) { text(random.below(300), 3) } else { Vec::new() };
    Content { zeros: zeros + random.below(5000) as u64, bytes: Arc::from(tail) }
}

/// Text with some repetition in it.
pub fn text(len: usize, seed: u64) -> Vec<u8> {
    const WORDS: [&str; 10] =
        ["to ", "compress ", "is ", "predict ", "what ", "comes ", "next\n", "a ", "model ", "it, "];
    let mut random = Random::new(seed);
    let mut text = Vec::with_capacity(len + 16);
    while text.len() < len {
        let word = random.pick(&WORDS).as_bytes();
        text.extend(word);
        if random.chance(12) {
            text.extend(random.below(1_000_000).to_string().bytes());
        }
    }
    text.truncate(len);
    text
}

/// Bytes that do not compress.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0x55);
    (0..len).map(|_| (random.next() >> 32) as u8).collect()
}

/// Lines of JSON, for which the prior below is made.
pub fn events(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0xaa);
    let mut all = String::new();
    for id in 0..count {
        let (user, ok) = (random.below(101), random.chance(90));
        let _ = writeln!(all, r#"{{"id":{id},"kind":"login","user":"u{user}","session":"open","ok":{ok}}}"#);
    }
    all.into_bytes()
}

static PRIOR: OnceLock<Arc<[u8]>> = OnceLock::new();

/// The file of a prior for such lines; made once by the library.
fn prior() -> Arc<[u8]> {
    let make = || {
        let data = [events(150, 90), events(150, 91)];
        let made = minlen::prior::train(minlen::prior::PriorKind::Json, "events", &data);
        Arc::from(made.unwrap_or_default())
    };
    Arc::clone(PRIOR.get_or_init(make))
}

/// A gzip file that stores its content as it is.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    let mut pieces = content.chunks(0xffff).peekable();
    while let Some(piece) = pieces.next() {
        out.push(u8::from(pieces.peek().is_none()));
        let len = piece.len() as u16;
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(piece);
    }
    out.extend(crc32(content).to_le_bytes());
    out.extend((content.len() as u32).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

/// The four files of a tiny set of digits, named as the trainer wants them.
pub fn digits() -> Vec<(&'static str, Vec<u8>)> {
    let images = |count: usize, seed: u64| {
        let head = [2051u32, count as u32, 28, 28].map(u32::to_be_bytes).concat();
        gzip(&[head, noise(count * 784, seed)].concat())
    };
    let labels = |count: usize| {
        let head = [2049u32, count as u32].map(u32::to_be_bytes).concat();
        gzip(&[head, (0..count).map(|i| (i % 10) as u8).collect()].concat())
    };
    vec![
        ("train-images-idx3-ubyte.gz", images(20, 1)),
        ("train-labels-idx1-ubyte.gz", labels(20)),
        ("t10k-images-idx3-ubyte.gz", images(10, 2)),
        ("t10k-labels-idx1-ubyte.gz", labels(10)),
    ]
}
