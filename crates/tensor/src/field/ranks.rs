//! A sorted set that knows ranks.

/// Values in a part before it is split.
const PART: usize = 512;

/// Distinct numbers in order, in parts of a few hundred: inserting and ranking take the square root of their number.
#[derive(Default)]
pub(super) struct Ranks {
    parts: Vec<Vec<i64>>,
    len: usize,
}

impl Ranks {
    /// Numbers in the set.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The part where a number is or would be.
    fn part(&self, number: i64) -> usize {
        self.parts
            .partition_point(|part| part.last().is_some_and(|&last| last < number))
            .min(self.parts.len().saturating_sub(1))
    }

    /// How many numbers are below this one.
    pub fn rank(&self, number: i64) -> usize {
        let part = self.part(number);
        let before: usize = self.parts[..part].iter().map(Vec::len).sum();
        before + self.parts.get(part).map_or(0, |part| part.partition_point(|&x| x < number))
    }

    /// The number of this rank.
    pub fn at(&self, mut rank: usize) -> Option<i64> {
        for part in &self.parts {
            if rank < part.len() {
                return Some(part[rank]);
            }
            rank -= part.len();
        }
        None
    }

    /// Adds a number; false if it is there already.
    pub fn insert(&mut self, number: i64) -> bool {
        if self.parts.is_empty() {
            self.parts.push(Vec::new());
        }
        let at = self.part(number);
        let part = &mut self.parts[at];
        let Err(place) = part.binary_search(&number) else { return false };
        part.insert(place, number);
        self.len += 1;
        if part.len() > PART {
            let upper = part.split_off(PART / 2);
            self.parts.insert(at + 1, upper);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_plain_set() {
        let (mut ranks, mut plain) = (Ranks::default(), std::collections::BTreeSet::new());
        assert_eq!((ranks.rank(5), ranks.at(0)), (0, None));
        let mut rng = minlen_core::testing::Rng(1);
        for _ in 0..5000 {
            let number = rng.below(3000) as i64 - 1500;
            assert_eq!(ranks.insert(number), plain.insert(number));
        }
        assert_eq!(ranks.len(), plain.len());
        for (i, &number) in plain.iter().enumerate() {
            assert_eq!((ranks.rank(number), ranks.at(i)), (i, Some(number)));
        }
        assert_eq!((ranks.rank(9999), ranks.at(plain.len())), (plain.len(), None));
    }
}
