//! Finding places by name and by number, so that a run of many files takes time by their number.

use super::{Folded, Place};
use std::collections::HashMap;
use std::path::PathBuf;

/// Where which places are, by their position in a list.
#[derive(Debug, Default)]
pub struct Index {
    names: HashMap<PathBuf, usize>,
    numbers: HashMap<(u64, u64), usize>,
    folders: HashMap<PathBuf, usize>,
    /// By a hash of the folded name, for those that a file system may take for one.
    pub folded: HashMap<Folded, usize>,
}

impl Index {
    /// Adds a place.
    pub fn add(&mut self, place: &Place, position: usize) {
        self.names.entry(place.real.clone()).or_insert(position);
        for &number in place.numbers() {
            self.numbers.entry(number).or_insert(position);
        }
        if place.is_folder() {
            self.folders.entry(place.whole.clone()).or_insert(position);
        }
        for path in place.paths() {
            self.folded.entry(Folded::of(path)).or_insert(position);
        }
    }

    /// Those that may be this place, by whatever link.
    pub fn like(&self, place: &Place) -> Vec<usize> {
        let numbers = place.numbers().iter().filter_map(|number| self.numbers.get(number));
        self.names.get(&place.real).into_iter().chain(numbers).copied().collect()
    }

    /// The folders that a place is in.
    pub fn above(&self, place: &Place) -> Vec<usize> {
        place.real.ancestors().filter_map(|folder| self.folders.get(folder)).copied().collect()
    }
}
