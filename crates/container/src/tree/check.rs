//! The rules that every tree keeps, whoever wrote it.

use super::order::{self, Order};
use super::{Body, Entry, Extent, Tree, show_path};
use crate::limits::{MAX_COMPONENT, MAX_DEPTH, MAX_LINK, MAX_PATH, MODE_BITS};
use minlen_core::{Budget, Error, Limits, Result};

impl Tree {
    /// Checks every rule that does not need the content; [`Tree::decode`] has done it.
    ///
    /// # Errors
    /// Corrupt, naming the entry; limit for more entries or deeper folders than allowed.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        self.check_within(limits, &Budget::new(limits.memory))
    }

    pub(super) fn check_within(&self, limits: &Limits, budget: &Budget) -> Result<()> {
        if self.entries.len() as u64 > limits.entries.min(u64::from(u32::MAX)) {
            return Err(Error::limit(format!(
                "{} entries, {} are allowed",
                self.entries.len(),
                limits.entries
            )));
        }
        for (i, entry) in self.entries.iter().enumerate() {
            check_path(&entry.path)
                .and_then(|()| self.check_body(i, entry))
                .map_err(|e| Error::new(e.kind(), format!("{}: {e}", show_path(&entry.path))))?;
        }
        self.check_parents(&Order::new(self, budget)?)?;
        self.check_sums()
    }

    fn check_body(&self, i: usize, entry: &Entry) -> Result<()> {
        if entry.mode & !MODE_BITS != 0 || entry.mtime.is_some_and(|(_, nanos)| nanos >= 1_000_000_000) {
            return Err(Error::corrupt("impossible mode or time"));
        }
        if let Some(meta) = &entry.meta {
            meta.check()?;
        }
        match &entry.body {
            Body::Dir => Ok(()),
            Body::File { len, extents, .. } => check_extents(*len, extents),
            Body::Symlink(target) => {
                if target.is_empty() || target.len() > MAX_LINK || target.contains(&0) {
                    return Err(Error::corrupt("an impossible link target"));
                }
                Ok(())
            }
            Body::Hardlink(target) => {
                let target = *target as usize;
                if target >= i || !matches!(self.entries[target].body, Body::File { .. }) {
                    return Err(Error::corrupt("a hard link to something other than an earlier file"));
                }
                Ok(())
            }
        }
    }

    /// No two entries of one path, and nothing below something that is not a folder. Folders may be left out.
    fn check_parents(&self, order: &Order) -> Result<()> {
        // In order, the first of what lies below an entry follows it, and so does another entry of its path.
        for place in 1..self.entries.len() {
            let above = &self.entries[order.number(place - 1)];
            let entry = &self.entries[order.number(place)];
            if entry.path == above.path {
                return Err(Error::corrupt(format!("{} is there twice", show_path(&entry.path))));
            }
            if above.body != Body::Dir && order::is_within(&entry.path, &above.path) {
                let path = show_path(&entry.path);
                return Err(Error::corrupt(format!("{path} lies below something that is not a folder")));
            }
        }
        Ok(())
    }

    fn check_sums(&self) -> Result<()> {
        let mut lens = self.extents().map(Extent::len);
        lens.try_fold(0, u64::checked_add)
            .map(|_| ())
            .ok_or_else(|| Error::corrupt("the files come to over 2^64 bytes"))
    }
}

pub(super) fn check_path(path: &[u8]) -> Result<()> {
    if path.len() > MAX_PATH || path.contains(&0) {
        return Err(Error::corrupt("a path that is too long or contains a NUL"));
    }
    let mut depth = 0;
    for component in path.split(|&b| b == b'/') {
        if matches!(component, b"" | b"." | b"..") {
            return Err(Error::corrupt("a path that is absolute or has an empty, '.' or '..' component"));
        }
        if component.len() > MAX_COMPONENT {
            return Err(Error::corrupt(format!("a name of over {MAX_COMPONENT} bytes")));
        }
        depth += 1;
    }
    if depth > MAX_DEPTH {
        return Err(Error::limit(format!("over {MAX_DEPTH} folders deep")));
    }
    Ok(())
}

fn check_extents(len: u64, extents: &[Extent]) -> Result<()> {
    let mut sum = 0u64;
    for extent in extents {
        let beyond = extent.is_empty() || extent.len() > u64::MAX >> 1 || extent.end().is_none();
        sum = match sum.checked_add(extent.len()) {
            Some(sum) if !beyond => sum,
            _ => return Err(Error::corrupt("an impossible extent")),
        };
    }
    if sum != len {
        return Err(Error::corrupt(format!("{len} bytes in extents of {sum}")));
    }
    Ok(())
}
