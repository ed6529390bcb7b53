//! What a tree takes in memory: charged before it is allocated.

use super::{Body, Entry, Extent, Tree};
use minlen_core::{Budget, Reservation, Result};
use std::collections::HashSet;
use std::sync::Arc;

/// Charges are taken from the budget in steps of at least this size, since there are many small ones.
const STEP: u64 = 64 << 10;

/// Memory of many small allocations, charged as they are made.
#[derive(Debug)]
pub(crate) struct Charge {
    held: Reservation,
    used: u64,
}

impl Charge {
    pub(crate) fn new(budget: &Budget) -> Result<Self> {
        Ok(Self { held: budget.reserve(0)?, used: 0 })
    }

    /// Takes `bytes`, to be allocated in one piece.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<()> {
        let used = self.used.saturating_add(bytes);
        if used > self.held.bytes() {
            let missing = used - self.held.bytes();
            self.held.grow(missing.max(STEP)).or_else(|_| self.held.grow(missing))?;
        }
        self.used = used;
        Ok(())
    }

    pub(crate) fn into_held(self) -> Reservation {
        self.held
    }
}

/// What an allocation of `len` bytes takes, with what the allocator adds.
pub(crate) fn allocated(len: usize) -> u64 {
    if len == 0 { 0 } else { (len as u64 + 23) & !15 }
}

impl Entry {
    /// Bytes of memory behind the entry: its path, extents, target; not what it shares with others.
    pub(crate) fn memory(&self) -> u64 {
        let body = match &self.body {
            Body::File { extents, .. } => allocated(extents.len() * size_of::<Extent>()),
            Body::Symlink(target) => allocated(target.len()),
            Body::Dir | Body::Hardlink(_) => 0,
        };
        allocated(self.path.len()) + body
    }
}

impl Tree {
    /// Bytes of memory that the tree takes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let entries = (self.entries.len() * size_of::<Entry>()) as u64;
        let mut seen = HashSet::new();
        let shared = self.entries.iter().filter_map(|entry| entry.meta.as_ref());
        let shared = shared.filter(|meta| seen.insert(Arc::as_ptr(meta))).map(|meta| meta.memory());
        let each = self.entries.iter().map(Entry::memory).chain(shared);
        each.fold(entries, u64::saturating_add)
    }
}
