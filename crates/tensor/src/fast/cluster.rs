//! Which histograms share a table: by what coding them really costs, tables included.

use super::simd::{self, Task, isa};
use super::table::{BITS, SLOTS, entropy_q8, log2_q8};

/// The choice of no table at all.
pub(crate) const RAW: usize = usize::MAX;
/// Passes of reassignment.
const PASSES: usize = 2;
/// About what a symbol takes in a table, bits times 256.
const SYMBOL_COST: u64 = 6 * 256;
/// Above so many tables pairs are not tried for merging.
const MERGED: usize = 40;

/// How often each symbol occurs.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    /// The counts from the first symbol that occurs to the last one.
    counts: Vec<u32>,
    first: usize,
    total: u64,
    /// True if it may go without a table.
    raw: bool,
}

impl Histogram {
    /// Of these counts; `raw` says whether it may go without a table.
    pub(crate) fn new(counts: &[u32; 256], raw: bool) -> Self {
        let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
        let end = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let counts = counts[first..end.max(first)].to_vec();
        Self { total: counts.iter().map(|count| u64::from(*count)).sum(), first, counts, raw }
    }

    /// How many symbols occur.
    fn kinds(&self) -> usize {
        self.counts.iter().filter(|count| **count > 0).count()
    }
}

#[derive(Clone, Debug)]
struct Cluster {
    counts: [u32; 256],
    /// What each symbol costs, bits times 256.
    costs: [u32; 256],
    /// What everything in it costs, the table included.
    total_cost: u64,
}

/// What a symbol costs, bits times 256: given the logarithm of the total.
fn symbol_cost(all: u32, count: u32) -> u32 {
    if count == 0 { BITS << 8 } else { all.saturating_sub(log2_q8(count)).min(BITS << 8) }
}

/// The logarithm of the total of counts.
fn log2_total(counts: impl Iterator<Item = u32>) -> u32 {
    log2_q8(counts.map(u64::from).sum::<u64>().min(u64::from(u32::MAX)) as u32)
}

impl Cluster {
    fn new() -> Self {
        Self { counts: [0; 256], costs: [0; 256], total_cost: 0 }
    }

    fn add(&mut self, histogram: &Histogram) {
        for (sum, count) in self.counts[histogram.first..].iter_mut().zip(&histogram.counts) {
            *sum = sum.saturating_add(*count);
        }
    }

    fn update(&mut self) {
        let all = log2_total(self.counts.iter().copied());
        let symbols = self.counts.iter().filter(|c| **c > 0).count() as u64;
        self.total_cost = (symbols + 2) * SYMBOL_COST;
        for (cost, &count) in self.costs.iter_mut().zip(&self.counts) {
            *cost = symbol_cost(all, count);
            self.total_cost += u64::from(count) * u64::from(*cost);
        }
    }

    /// What everything in both would cost together.
    fn cost_with(&self, other: &Self) -> u64 {
        let counts = || self.counts.iter().zip(&other.counts).map(|(a, b)| a.saturating_add(*b));
        let all = log2_total(counts());
        let costs = counts().filter(|count| *count > 0);
        let costs = costs.map(|count| SYMBOL_COST + u64::from(count) * u64::from(symbol_cost(all, count)));
        2 * SYMBOL_COST + costs.sum::<u64>()
    }

    fn cost(&self, histogram: &Histogram) -> u64 {
        let range = histogram.first..histogram.first + histogram.counts.len();
        let (known, costs) = (&self.counts[range.clone()], &self.costs[range]);
        simd::with(isa(), Cost { counts: &histogram.counts, known, costs })
    }
}

/// What symbols of these counts cost in a table, whose counts and costs are as many.
struct Cost<'a> {
    counts: &'a [u32],
    known: &'a [u32],
    costs: &'a [u32],
}

impl Task for Cost<'_> {
    type Out = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let (mut sum, mut new) = (0u64, 0u32);
        let count = self.counts.len();
        let (known, costs) = (&self.known[..count], &self.costs[..count]);
        for i in 0..count {
            sum += u64::from(self.counts[i]) * u64::from(costs[i]);
            new += u32::from(self.counts[i] != 0) & u32::from(known[i] == 0);
        }
        sum + u64::from(new) * SYMBOL_COST
    }
}

/// The table of each histogram ([`RAW`] for none), and the counts of each table; at most `most` of them.
pub(crate) fn cluster(histograms: &[Histogram], most: usize) -> (Vec<usize>, Vec<[u32; 256]>) {
    let mut order: Vec<usize> = (0..histograms.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(histograms[*i].total));
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut chosen = vec![RAW; histograms.len()];
    for &i in &order {
        chosen[i] = place(&histograms[i], &mut clusters, most);
    }
    for _ in 0..PASSES {
        clusters = gather(histograms, &mut chosen, clusters.len());
        merge_pairs(&mut clusters, &mut chosen);
        let before = chosen.clone();
        for (choice, histogram) in chosen.iter_mut().zip(histograms) {
            *choice = cheapest(histogram, &clusters).0;
        }
        if chosen == before {
            break;
        }
    }
    let clusters = gather(histograms, &mut chosen, clusters.len());
    (chosen, clusters.into_iter().map(|cluster| cluster.counts).collect())
}

/// The cheapest choice there is, and its cost.
fn cheapest(histogram: &Histogram, clusters: &[Cluster]) -> (usize, u64) {
    let mut best = (RAW, if histogram.raw { histogram.total * 8 * 256 } else { u64::MAX });
    for (i, cluster) in clusters.iter().enumerate() {
        let cost = cluster.cost(histogram);
        if cost < best.1 {
            best = (i, cost);
        }
    }
    best
}

/// Puts a histogram where it costs least, perhaps into a cluster of its own.
fn place(histogram: &Histogram, clusters: &mut Vec<Cluster>, most: usize) -> usize {
    let (best, cost) = cheapest(histogram, clusters);
    let mut own = Cluster::new();
    own.add(histogram);
    let alone = entropy_q8(&own.counts) + (histogram.kinds() as u64 + 2) * SYMBOL_COST;
    let chosen = if alone < cost && clusters.len() < most {
        clusters.push(own);
        clusters.len() - 1
    } else if best == RAW {
        return RAW;
    } else {
        clusters[best].add(histogram);
        best
    };
    clusters[chosen].update();
    chosen
}

/// The clusters that the choices make, empty ones left out.
fn gather(histograms: &[Histogram], chosen: &mut [usize], count: usize) -> Vec<Cluster> {
    let mut clusters = vec![Cluster::new(); count];
    let mut names = vec![RAW; count];
    for (&choice, histogram) in chosen.iter().zip(histograms).filter(|(choice, _)| **choice != RAW) {
        clusters[choice].add(histogram);
        names[choice] = 0;
    }
    let mut next = 0;
    for name in names.iter_mut().filter(|name| **name != RAW) {
        *name = next;
        next += 1;
    }
    for choice in chosen.iter_mut().filter(|choice| **choice != RAW) {
        *choice = names[*choice];
    }
    let mut kept = Vec::with_capacity(next);
    for (mut cluster, _) in clusters.into_iter().zip(names).filter(|(_, name)| *name != RAW) {
        cluster.update();
        kept.push(cluster);
    }
    kept
}

/// Merges clusters as long as that saves anything.
fn merge_pairs(clusters: &mut Vec<Cluster>, chosen: &mut [usize]) {
    if clusters.len() > MERGED {
        return;
    }
    let mut a = 0;
    while a < clusters.len() {
        let mut b = a + 1;
        while b < clusters.len() {
            if clusters[a].cost_with(&clusters[b]) < clusters[a].total_cost + clusters[b].total_cost {
                let other = clusters.remove(b);
                let both = &mut clusters[a];
                both.counts.iter_mut().zip(&other.counts).for_each(|(x, y)| *x = x.saturating_add(*y));
                both.update();
                for choice in chosen.iter_mut().filter(|choice| **choice != RAW && **choice >= b) {
                    *choice = if *choice == b { a } else { *choice - 1 };
                }
            } else {
                b += 1;
            }
        }
        a += 1;
    }
}

const _: () = assert!(SLOTS == 1 << BITS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_share_and_different_do_not() {
        let counts = |centre: usize, scale: u32| -> [u32; 256] {
            std::array::from_fn(|i| scale >> (i.abs_diff(centre) * 2).min(31))
        };
        let histograms: Vec<_> = (0..20)
            .map(|i| Histogram::new(&counts(if i % 2 == 0 { 100 } else { 120 }, 4000 + i), true))
            .collect();
        let (chosen, tables) = cluster(&histograms, 64);
        assert_eq!(tables.len(), 2);
        assert!(chosen.iter().enumerate().all(|(i, c)| *c == chosen[i % 2]));
        let (chosen, tables) = cluster(&[Histogram::new(&[1000; 256], true)], 64);
        assert_eq!((chosen[0], tables.len()), (RAW, 0));
    }
}
