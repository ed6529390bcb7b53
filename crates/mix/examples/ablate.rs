//! What each family of contexts, the match models, the prior and the network are worth in the deep model: the sizes of files coded
//! without one of them at a time. `ablate FILE...`; a file's type is what most of its bytes are, or `-t 1|2|3` before it (text,
//! binary, x86), and `-n PRIOR` names its prior.

#![allow(clippy::print_stdout)]

use minlen_core::Result;
use minlen_mix::Predictor;
use minlen_mix::bcj;
use minlen_mix::cm::Depth;
use minlen_mix::contexts::{Binary, Contexts, Full, Text, View};
use minlen_mix::engine::Engine;
use minlen_mix::prior::Prior;
use std::ops::Range;
use std::time::Instant;

/// A set of contexts of which some have nothing to say.
struct Without<C, const MATCH: bool> {
    set: C,
    silent: Range<usize>,
}

impl<C: Contexts<N>, const N: usize, const MATCH: bool> Contexts<N> for Without<C, MATCH> {
    const DEEP: bool = C::DEEP;
    const RUNS: bool = C::RUNS;
    const ENGINE_SELECTORS: bool = C::ENGINE_SELECTORS;
    const LSTM: bool = C::LSTM;
    const ORDERS: usize = C::ORDERS;
    const MATCH_LENGTHS: &'static [usize] = if MATCH { C::MATCH_LENGTHS } else { &[] };
    const SELECTORS: &'static [usize] = C::SELECTORS;

    fn next(&mut self, view: &View, names: &mut [u64; N]) {
        self.set.next(view, names);
        // One context for all is an order 0 more: no news.
        names[self.silent.clone()].fill(0);
    }

    fn sse_context(&self) -> u64 {
        self.set.sse_context()
    }

    fn select(&self, view: &View, choose: impl FnMut(usize, usize)) {
        self.set.select(view, choose);
    }
}

/// What is left out: contexts by their number, match models, the prior; or what is added.
struct Variant {
    label: &'static str,
    text: Range<usize>,
    binary: Range<usize>,
    matches: bool,
    prior: bool,
    full: bool,
}

const ALL: Variant = Variant {
    label: "all of the deep model",
    text: 0..0,
    binary: 0..0,
    matches: true,
    prior: true,
    full: false,
};

const fn without(label: &'static str, text: Range<usize>, binary: Range<usize>) -> Variant {
    Variant { label, text, binary, ..ALL }
}

const VARIANTS: [Variant; 15] = [
    ALL,
    without("- orders 1 to 3", 0..3, 0..3),
    without("- orders 4 to 8", 3..8, 3..7),
    without("- orders 10 to 20 (text)", 8..11, 0..0),
    without("- words (text: 6, binary: 2)", 11..17, 33..35),
    without("- shapes of words (text), sparse (binary)", 17..21, 7..19),
    without("- the line above and columns (text), records (binary)", 21..24, 19..33),
    without("- fields of CSV and logs (text), of strings (binary)", 24..27, 38..42),
    without("- brackets, keys, XML (text), x86 or columns of 4 to 16 bytes (binary)", 27..33, 42..52),
    without("- indirect", 33..36, 35..38),
    without("- folded, masked, numbers, indent (text)", 36..40, 0..0),
    without("- sentences and links (text)", 40..45, 0..0),
    Variant { label: "- match models", matches: false, ..ALL },
    Variant { label: "- prior", prior: false, ..ALL },
    Variant { label: "+ runs and a recurrent network (level 9)", full: true, ..ALL },
];

/// One file and what the planner would take it for.
struct Case {
    data: Vec<u8>,
    kind: u8,
    prior: Option<std::sync::Arc<Prior>>,
}

/// 256 times the bits that the predictor leaves.
fn cost(mut predictor: impl Predictor, data: &[u8]) -> u64 {
    let mut bits = 0.0;
    for &byte in data {
        for shift in (0..8).rev() {
            let (bit, p) = (u32::from(byte >> shift & 1), f64::from(predictor.p()) / 65_536.0);
            bits -= if bit == 1 { p } else { 1.0 - p }.log2();
            predictor.update(bit);
        }
    }
    (bits / 8.0).ceil() as u64
}

fn engine<C: Contexts<N>, const N: usize, const M: usize, const S: usize>(
    set: C,
    case: &Case,
    prior: bool,
) -> Result<u64> {
    let window = case
        .prior
        .as_ref()
        .filter(|_| prior)
        .map_or(&[][..], |prior| prior.window_for(Depth::Deep, case.data.len()));
    let mut engine = Engine::<C, N, M, S, 3>::new(set, case.data.len() + window.len(), 26)?;
    engine.pretrain(window, 40_000);
    Ok(cost(engine, &case.data))
}

fn matched<C: Contexts<N>, const N: usize, const S: usize>(
    set: C,
    silent: Range<usize>,
    v: &Variant,
    case: &Case,
) -> Result<u64> {
    if v.matches {
        engine::<_, N, 128, S>(Without::<C, true> { set, silent }, case, v.prior)
    } else {
        engine::<_, N, 128, S>(Without::<C, false> { set, silent }, case, v.prior)
    }
}

fn size(case: &Case, v: &Variant) -> Result<u64> {
    let x86 = case.kind == 3;
    match (v.full, case.kind) {
        (true, 1) => engine::<_, 46, 224, 11>(Full(Text::default()), case, v.prior),
        (true, _) => engine::<_, 52, 224, 11>(Full(Binary::new(x86)), case, v.prior),
        (_, 1) => matched::<_, 46, 10>(Text::default(), v.text.clone(), v, case),
        _ => matched::<_, 52, 10>(Binary::new(x86), v.binary.clone(), v, case),
    }
}

fn cases() -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
    let (mut cases, mut kind, mut prior) = (Vec::new(), None, 0);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-t" => kind = Some(args.next().unwrap_or_default().parse()?),
            "-n" => prior = args.next().unwrap_or_default().parse()?,
            file => {
                let mut data = std::fs::read(file)?;
                let readable = data.iter().filter(|&&c| matches!(c, 9 | 10 | 13 | 32..=126)).count();
                let kind = kind.take().unwrap_or(if readable * 10 > data.len() * 9 { 1 } else { 2 });
                if kind == 3 {
                    bcj::absolute(&mut data);
                }
                cases.push(Case {
                    data,
                    kind,
                    prior: minlen_mix::prior::shipped(std::mem::take(&mut prior)),
                });
            }
        }
    }
    Ok(cases)
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let cases = cases()?;
    let mut first = None;
    println!("| variant | text | binary | x86 | all | more % | s |\n|---|---|---|---|---|---|---|");
    for v in &VARIANTS {
        let (mut sizes, start) = ([0; 4], Instant::now());
        for case in &cases {
            sizes[usize::from(case.kind) & 3] += size(case, v)?;
        }
        let all: u64 = sizes.iter().sum();
        let more = 100.0 * (all as f64 / *first.get_or_insert(all) as f64 - 1.0);
        let [_, text, binary, x86] = sizes;
        let seconds = start.elapsed().as_secs_f64();
        println!("| {} | {text} | {binary} | {x86} | {all} | {more:+.2} | {seconds:.1} |", v.label);
    }
    Ok(())
}
