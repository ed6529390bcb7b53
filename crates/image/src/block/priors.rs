//! What pictures have in common: where coding starts.
//!
//! The files beside this one are made by `cargo run --release -p minlen-image --features lab --example block_train --
//! crates/image/src/block 2 PICTURE.ppm...`, from the middle 256 by 256 pixels of 136 pictures. `priors.bin` has the probabilities and
//! weights of all models after those pictures, and the counts that costs are made of; `filters.bin` the weights of the filter.

use super::filter::{CLASSES, FEATURES, OCTAVES, Weights};
use super::mix::Mix;
use super::rate::Tally;
use super::syntax::State;
use minlen_entropy::binary::{BitCoder, BitTree, Decoder, Encoder};
use minlen_entropy::mixing::{AdaptiveProb, squash, stretch};
use std::sync::LazyLock;

static FILE: &[u8] = include_bytes!("priors.bin");

/// Steps of the logistic domain that probabilities are kept in.
const FINE: i32 = 16;
/// As many observations probabilities count for at most when coding starts.
const COUNT_MAX: u32 = 100;

/// Models as they are kept.
#[derive(Clone, Debug)]
struct Priors {
    flags: Mix<7, 16>,
    levels: Mix<15, 32>,
    tally: Tally,
}

static PRIORS: LazyLock<Option<Priors>> = LazyLock::new(|| (!FILE.is_empty()).then(|| parse(FILE)));

/// Models of a file.
#[cfg(feature = "lab")]
pub(super) fn read(file: &[u8]) -> (Mix<7, 16>, Mix<15, 32>) {
    let priors = parse(file);
    (priors.flags, priors.levels)
}

fn parse(file: &[u8]) -> Priors {
    let mut priors = Priors {
        flags: super::syntax::flag_model(),
        levels: super::levels::model(),
        tally: Tally::default(),
    };
    let mut file = File { coder: Decoder::new(file), symbols: Symbols::default() };
    file.models(&mut priors.flags, &mut priors.levels, &mut priors.tally);
    priors
}

static FILTER_FILE: &[u8] = include_bytes!("filters.bin");

static FILTERS: LazyLock<Weights> = LazyLock::new(|| {
    let mut weights = vec![[0; FEATURES]; 3 * OCTAVES * CLASSES];
    if !FILTER_FILE.is_empty() {
        File { coder: Decoder::new(FILTER_FILE), symbols: Symbols::default() }.filters(&mut weights);
    }
    weights
});

/// The weights of the filter.
pub(super) fn filters() -> &'static Weights {
    &FILTERS
}

/// The file of filters.
#[cfg_attr(not(feature = "lab"), allow(dead_code))]
pub(super) fn filter_file(weights: &Weights) -> Vec<u8> {
    let mut file = File { coder: Encoder::new(), symbols: Symbols::default() };
    file.filters(&mut weights.clone());
    file.coder.finish()
}

/// Counts to begin with.
pub(super) fn tally() -> Tally {
    PRIORS.as_ref().map(|priors| priors.tally.clone()).unwrap_or_default()
}

/// Sets what is learned of the models.
pub(super) fn warm(state: &mut State) {
    if let Some(priors) = PRIORS.as_ref() {
        state.flags.clone_from(&priors.flags);
        state.levels.clone_from(&priors.levels);
    }
}

/// The file of these models.
#[cfg_attr(not(feature = "lab"), allow(dead_code))]
pub(super) fn file(flags: &Mix<7, 16>, levels: &Mix<15, 32>, tally: &Tally) -> Vec<u8> {
    let mut file = File { coder: Encoder::new(), symbols: Symbols::default() };
    file.models(&mut flags.clone(), &mut levels.clone(), &mut tally.clone());
    file.coder.finish()
}

/// Adaptive codes of the file's numbers: a class of the number of observations, a byte, the high byte of a weight and its low one.
#[derive(Debug)]
struct Symbols {
    class: Vec<BitTree>,
    value: Vec<BitTree>,
    weight: Vec<BitTree>,
}

impl Default for Symbols {
    fn default() -> Self {
        let trees = |n, bits| vec![BitTree::new(bits, 5); n];
        Self { class: trees(8, 3), value: trees(16, 8), weight: trees(2, 8) }
    }
}

/// Both directions of a file.
struct File<C> {
    coder: C,
    symbols: Symbols,
}

/// What both directions have in common.
trait TreeCoder: BitCoder {
    fn tree(&mut self, tree: &mut BitTree, symbol: u32) -> u32;
}

impl TreeCoder for Encoder {
    fn tree(&mut self, tree: &mut BitTree, symbol: u32) -> u32 {
        tree.encode(self, symbol);
        symbol
    }
}

impl TreeCoder for Decoder<'_> {
    fn tree(&mut self, tree: &mut BitTree, _: u32) -> u32 {
        tree.decode(self)
    }
}

impl<C: TreeCoder> File<C> {
    fn models(&mut self, flags: &mut Mix<7, 16>, levels: &mut Mix<15, 32>, tally: &mut Tally) {
        self.mix(flags);
        self.mix(levels);
        let mut last = (0, 128);
        for counts in tally.counts_mut() {
            let total = counts[0] + counts[1];
            let p = (u64::from(counts[1]) * 65_536 / u64::from(total.max(1))).clamp(1, 65_535) as u32;
            let (p, total) = self.probability(p, total, &mut last);
            let ones = (u64::from(p) * u64::from(total)) >> 16;
            *counts = [total - ones as u32, ones as u32];
        }
    }

    /// Weights of the filter, each by a byte in a tree for its feature.
    fn filters(&mut self, weights: &mut Weights) {
        let mut trees = vec![BitTree::new(9, 5); FEATURES];
        for class in weights {
            for (weight, tree) in class.iter_mut().zip(&mut trees) {
                let symbol = (i32::from(*weight) + 256).clamp(0, 511) as u32;
                *weight = self.coder.tree(tree, symbol) as i16 - 256;
            }
        }
    }

    fn mix<const N: usize, const M: usize>(&mut self, mix: &mut Mix<N, M>) {
        let mut last = (0, 128);
        for prob in &mut mix.probs {
            let (p, n) = self.probability(prob.p16(), prob.observations(), &mut last);
            *prob = AdaptiveProb((p << 16) | n.min(COUNT_MAX));
        }
        for weight in mix.weights.as_flattened_mut() {
            *weight = self.weight(i32::from(*weight) >> 4) as i16 * 16;
        }
        for weight in mix.last.as_flattened_mut() {
            *weight = self.weight(*weight >> 4) * 16;
        }
    }

    /// A probability with the number of its observations, to a power of 2.
    fn probability(&mut self, p: u32, n: u32, last: &mut (usize, u32)) -> (u32, u32) {
        let class = if n == 0 { 0 } else { (1 + n.ilog2() / 2).min(7) };
        let class = self.coder.tree(&mut self.symbols.class[last.0], class);
        last.0 = class as usize;
        if class == 0 {
            return (32_768, 0);
        }
        let value = ((stretch(p.max(1)) + FINE / 2).div_euclid(FINE) + 128).clamp(0, 255) as u32;
        let value = self.coder.tree(&mut self.symbols.value[(last.1 >> 4) as usize], value);
        last.1 = value;
        (squash((value as i32 - 128) * FINE), 1 << (2 * (class - 1)))
    }

    fn weight(&mut self, weight: i32) -> i32 {
        let weight = (weight + (1 << 15)) as u32;
        let high = self.coder.tree(&mut self.symbols.weight[0], weight >> 8 & 255);
        let low = self.coder.tree(&mut self.symbols.weight[1], weight & 255);
        (high << 8 | low) as i32 - (1 << 15)
    }
}
