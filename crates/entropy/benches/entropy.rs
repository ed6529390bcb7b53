//! Our coders beside those of the crate `constriction`, on the same data in the same process.
//!
//! `cargo bench -p minlen-entropy` prints, per source and coder, nanoseconds per byte (best of several runs, tables
//! made again in each) and the size over the order-0 entropy of the source. After `--`: files to add, and `only=NAME` to
//! run the coders with NAME in their name.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use constriction::UnwrapInfallible;
use constriction::stream::model::{ContiguousCategoricalEntropyModel, ContiguousLookupDecoderModel};
use constriction::stream::queue::DefaultRangeEncoder;
use constriction::stream::stack::DefaultAnsCoder;
use constriction::stream::{Decode, Encode};
use constriction::symbol::huffman::{DecoderHuffmanTree, EncoderHuffmanTree};
use constriction::symbol::{DefaultQueueEncoder, ReadBitStream, WriteBitStream};
use minlen_core::testing::{Rng, random_case};
use minlen_entropy::range::{AdaptiveCdf, Decoder, Encoder, StaticCdf};
use minlen_entropy::rans::normalize;
use minlen_entropy::{histogram, huffman, models, rans};
use std::hint::black_box;
use std::time::Instant;

/// Short and many, so that on a busy machine the best run is one without interruption.
const RUNS: usize = 40;
const LEN: usize = 1 << 18;
const BITS: u32 = 12;
const PRECISION: usize = BITS as usize;

fn main() {
    println!("{:<10} {:<26} {:>10} {:>10} {:>9}", "source", "coder", "enc ns/B", "dec ns/B", "size/H0");
    for (name, data) in sources() {
        let data = dense(&data);
        ours(&name, &data);
        theirs(&name, &data);
        println!();
    }
}

fn sources() -> Vec<(String, Vec<u8>)> {
    let mut rng = Rng(1);
    let geometric = |rng: &mut Rng| {
        let mut value = rng.below(5);
        while rng.below(7) != 0 && value < 250 {
            value += 1 + rng.below(3);
        }
        value as u8
    };
    let skewed = (0..LEN).map(|_| geometric(&mut rng)).collect();
    let sparse = (0..LEN).map(|_| if rng.below(20) == 0 { rng.below(16) as u8 } else { 99 }).collect();
    let words = (0..).map(|i| random_case(8 * i + 3, LEN)).find(|w| w.len() > LEN / 8 * 7).unwrap();
    let mut all = vec![("skewed".into(), skewed), ("sparse".into(), sparse), ("words".into(), words)];
    for path in std::env::args().skip(1).filter(|a| !a.starts_with('-') && !a.contains('=')) {
        let mut data = std::fs::read(&path).unwrap();
        data.truncate(LEN);
        all.push((path.rsplit('/').next().unwrap_or("file").chars().take(10).collect(), data));
    }
    all
}

/// The same data with symbols renumbered from 0: constriction's fixed-point tables know no absent symbols.
fn dense(data: &[u8]) -> Vec<u8> {
    let counts = histogram(data);
    let mut rank = [0u8; 256];
    let mut next = 0u8;
    for (rank, _) in rank.iter_mut().zip(counts).filter(|(_, c)| *c > 0) {
        *rank = next;
        next = next.wrapping_add(1);
    }
    data.iter().map(|&b| rank[usize::from(b)]).collect()
}

fn entropy_bytes(data: &[u8]) -> f64 {
    let n = data.len() as f64;
    let used = histogram(data).into_iter().filter(|&c| c > 0).map(f64::from);
    used.map(|c| c * (n / c).log2()).sum::<f64>() / 8.0
}

fn best<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut result = None;
    let mut least = f64::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let value = black_box(work());
        least = least.min(start.elapsed().as_secs_f64());
        result = Some(value);
    }
    (least, result.unwrap())
}

/// Times both directions, checks the round trip and prints a line. `E` is what the encoder makes, with its size.
fn line<E>(
    source: &str,
    coder: &str,
    data: &[u8],
    encode: impl Fn() -> (usize, E),
    decode: impl Fn(&E) -> Vec<u8>,
) {
    if std::env::args()
        .filter_map(|a| a.strip_prefix("only=").map(str::to_owned))
        .any(|only| !coder.contains(&only))
    {
        return;
    }
    let (enc, (size, packed)) = best(encode);
    let (dec, back) = best(|| decode(&packed));
    assert!(back == data, "{coder} on {source}");
    let per_byte = 1e9 / data.len() as f64;
    let ratio = size as f64 / entropy_bytes(data);
    println!("{source:<10} {coder:<26} {:>10.2} {:>10.2} {ratio:>9.4}", enc * per_byte, dec * per_byte);
}

fn appended(write: impl Fn(&mut Vec<u8>)) -> (usize, Vec<u8>) {
    let mut out = Vec::new();
    write(&mut out);
    (out.len(), out)
}

fn ours(source: &str, data: &[u8]) {
    let n = data.len();
    let decoded = |read: &dyn Fn(&mut Vec<u8>) -> minlen_core::Result<()>| {
        let mut out = Vec::with_capacity(n);
        read(&mut out).unwrap();
        out
    };
    line(
        source,
        "huffman",
        data,
        || appended(|out| huffman::encode_bytes(data, out)),
        |p| decoded(&|out| huffman::decode_bytes(p, n, out)),
    );
    line(
        source,
        "rans",
        data,
        || appended(|out| rans::encode_bytes(data, out)),
        |p| decoded(&|out| rans::decode_bytes(p, n, out)),
    );
    let counts = histogram(data);
    line(
        source,
        "range, static 12 bits",
        data,
        || {
            let cdf = StaticCdf::from_counts(&counts, BITS).unwrap();
            let mut encoder = Encoder::new();
            data.iter().for_each(|&b| cdf.encode(&mut encoder, usize::from(b)));
            let out = encoder.finish();
            (out.len(), out)
        },
        |p| {
            let cdf = StaticCdf::from_counts(&counts, BITS).unwrap();
            let mut decoder = Decoder::new(p);
            (0..n).map(|_| cdf.decode(&mut decoder) as u8).collect()
        },
    );
    line(
        source,
        "range, adaptive",
        data,
        || {
            let (mut cdf, mut encoder) = (AdaptiveCdf::new(256, 24), Encoder::new());
            data.iter().for_each(|&b| cdf.encode(&mut encoder, usize::from(b)));
            let out = encoder.finish();
            (out.len(), out)
        },
        |p| {
            let (mut cdf, mut decoder) = (AdaptiveCdf::new(256, 24), Decoder::new(p));
            (0..n).map(|_| cdf.decode(&mut decoder) as u8).collect()
        },
    );
    for order in 0..3 {
        let name = format!("binary, model of order {order}");
        line(
            source,
            &name,
            data,
            || {
                let out = models::encode_bytes(data, order);
                (out.len(), out)
            },
            |p| decoded(&|out| models::decode_bytes(p, order, n, out)),
        );
    }
}

type Model = ContiguousCategoricalEntropyModel<u16, Vec<u16>, PRECISION>;
type LookupModel = ContiguousLookupDecoderModel<u16, Vec<u16>, Box<[u16]>, PRECISION>;

fn theirs(source: &str, data: &[u8]) {
    let n = data.len();
    let mut counts = histogram(data).to_vec();
    while counts.last() == Some(&0) {
        counts.pop();
    }
    let freqs = || normalize(&counts, BITS).unwrap().into_iter().map(|f| f as u16).collect::<Vec<u16>>();
    let model = || Model::from_nonzero_fixed_point_probabilities(freqs(), false).unwrap();
    let lookup = || LookupModel::from_nonzero_fixed_point_probabilities(freqs(), false).unwrap();
    line(
        source,
        "constriction ANS 12 bits",
        data,
        || {
            let (model, mut coder) = (model(), DefaultAnsCoder::new());
            coder.encode_iid_symbols_reverse(data.iter().map(|&b| usize::from(b)), &model).unwrap();
            (coder.num_bits() / 8, coder)
        },
        |coder| {
            let (model, mut coder) = (lookup(), coder.clone());
            coder.decode_iid_symbols(n, &model).map(|s| s.unwrap_infallible() as u8).collect()
        },
    );
    line(
        source,
        "constriction range 12 bits",
        data,
        || {
            let (model, mut coder) = (model(), DefaultRangeEncoder::new());
            coder.encode_iid_symbols(data.iter().map(|&b| usize::from(b)), &model).unwrap();
            (coder.num_bits() / 8, coder)
        },
        |coder| {
            let (model, mut decoder) = (lookup(), coder.clone().into_decoder().unwrap_infallible());
            decoder.decode_iid_symbols(n, &model).map(|s| s.unwrap() as u8).collect()
        },
    );
    line(
        source,
        "constriction Huffman",
        data,
        || {
            let (book, mut coder) =
                (EncoderHuffmanTree::from_probabilities::<u32, _>(&counts), DefaultQueueEncoder::new());
            coder.encode_iid_symbols(data.iter().map(|&b| usize::from(b)), &book).unwrap();
            let words = coder.into_compressed().unwrap_infallible();
            (words.len() * 4, words)
        },
        |words| {
            let book = DecoderHuffmanTree::from_probabilities::<u32, _>(&counts);
            let encoder = DefaultQueueEncoder::from_compressed(words.clone());
            let mut decoder = encoder.into_decoder().unwrap_infallible();
            decoder.decode_iid_symbols(n, &book).map(|s| s.unwrap() as u8).collect()
        },
    );
}
