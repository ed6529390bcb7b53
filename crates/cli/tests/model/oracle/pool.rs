//! What is left on disk, and what it gives back.

use crate::model::decode::{Archives, Item, Outcome};
use crate::model::disk::{Blob, Disk, Thing};
use std::path::Path;

/// Things that can be had, each of which stands for one thing that was there.
#[derive(Default)]
pub struct Pool {
    items: Vec<(Item, bool)>,
}

impl Pool {
    pub fn new(items: Vec<Item>) -> Self {
        Self { items: items.into_iter().map(|item| (item, false)).collect() }
    }

    /// What all archives on this disk give by the default command, with helpers that are there or come out of others.
    pub fn of_disk(disk: &Disk, archives: &mut Archives) -> Self {
        let mut pool = Self::default();
        loop {
            // Archives within archives, too.
            let on_disk = disk.files().map(|(_, blob)| blob);
            let within = pool.items.iter().filter_map(|(item, _)| match &item.thing {
                Thing::File(blob) => Some(blob),
                _ => None,
            });
            let blobs: Vec<&Blob> = on_disk.chain(within).filter(|blob| blob.is_archive()).collect();
            let outcomes: Vec<_> = blobs
                .iter()
                .map(|blob| {
                    let known =
                        |helper: &Blob| disk.files().any(|(_, file)| file == helper) || pool.holds(helper);
                    archives.decode(blob, &known)
                })
                .collect();
            let items: Vec<Item> = outcomes
                .iter()
                .filter_map(|outcome| match &**outcome {
                    Outcome::Whole(items) => Some(items.clone()),
                    _ => None,
                })
                .flatten()
                .collect();
            let more = items.len() > pool.items.len();
            pool = Self::new(items);
            if !more {
                return pool;
            }
        }
    }

    /// Whether this content is among them, under whatever name.
    pub fn holds(&self, blob: &Blob) -> bool {
        self.items.iter().any(|(item, _)| matches!(&item.thing, Thing::File(own) if own == blob))
    }

    /// Takes what stands for `thing` at `path`: a stream with its content, or a member whose name is the end of the path.
    pub fn take(&mut self, path: &Path, alike: impl Fn(&Thing) -> bool) -> bool {
        let fits = |(item, taken): &&mut (Item, bool)| match &item.path {
            Some(own) => !*taken && path.ends_with(own) && alike(&item.thing),
            None => alike(&item.thing),
        };
        // The longest name first: a shorter one may be that of another path.
        let length =
            |(item, _): &&mut (Item, bool)| item.path.as_ref().map_or(0, |own| own.components().count());
        match self.items.iter_mut().filter(fits).max_by_key(length) {
            Some((_, taken)) => {
                *taken = true;
                true
            }
            None => false,
        }
    }

    /// What nothing stood for.
    pub fn rest(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|(item, taken)| !taken && item.path.is_some()).map(|(item, _)| item)
    }
}
