//! Distances to the nearest of records that are known to be usual.

use super::pieces;
use minlen_core::Result;

/// Places that are compared with all others to say what is usual, at most.
const SAMPLED: usize = 2000;
/// Sums that go on beside each other.
const LANES: usize = 8;

/// Places of usual records.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    places: Vec<Vec<f32>>,
    count: usize,
}

fn square(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for i in 0..LANES {
            lanes[i] += (x[i] - y[i]) * (x[i] - y[i]);
        }
    }
    a_rest.iter().zip(b_rest).zip(&mut lanes).for_each(|((x, y), lane)| *lane += (x - y) * (x - y));
    lanes.iter().sum()
}

impl Neighbours {
    /// Of which the `count` nearest count.
    #[must_use]
    pub fn new(places: Vec<Vec<f32>>, count: usize) -> Self {
        Self { places, count: count.max(1) }
    }

    /// The mean distance from the nearest ones, without the one of this number.
    fn distance(&self, place: &[f32], without: Option<usize>) -> f64 {
        let mut nearest: Vec<f32> = Vec::with_capacity(self.count + 1);
        for (number, other) in self.places.iter().enumerate() {
            if Some(number) == without {
                continue;
            }
            let found = square(place, other);
            if nearest.len() < self.count || nearest.last().is_some_and(|last| found < *last) {
                let at = nearest.partition_point(|x| *x <= found);
                nearest.insert(at, found);
                nearest.truncate(self.count);
            }
        }
        let sum: f64 = nearest.iter().map(|&x| f64::from(x).sqrt()).sum();
        sum / nearest.len().max(1) as f64
    }

    /// The mean distance of each place from the nearest ones.
    ///
    /// # Errors
    /// None but those of threads.
    pub fn distances(&self, places: &[Vec<f32>], threads: usize) -> Result<Vec<f64>> {
        let chunks: Vec<&[Vec<f32>]> = places.chunks(64).collect();
        pieces(&chunks, threads, |piece| Ok(piece.iter().map(|place| self.distance(place, None)).collect()))
    }

    /// The same for the places themselves, each without itself: what is usual.
    ///
    /// # Errors
    /// As for [`Neighbours::distances`].
    pub fn usual(&self, threads: usize) -> Result<Vec<f64>> {
        let apart = self.places.len().div_ceil(SAMPLED).max(1);
        let numbers: Vec<usize> = (0..self.places.len()).step_by(apart).collect();
        let chunks: Vec<&[usize]> = numbers.chunks(64).collect();
        let one = |&number: &usize| self.distance(&self.places[number], Some(number));
        pieces(&chunks, threads, |piece| Ok(piece.iter().map(one).collect()))
    }
}
