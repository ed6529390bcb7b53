//! What a tree says that amends those before it: which paths go out, and which content its files may have besides that of its own
//! stream (docs/format/tree.md, form 3).

use super::check::check_path;
use super::decode::{Layout, decode_entries};
use super::encode::Encoded;
use super::memory::{Charge, allocated};
use super::order::{compare, is_within};
use super::spec::{FORM_2, FORM_3};
use super::{Tree, show_path};
use crate::limits::MAX_PATH;
use minlen_core::varint::{self, Reader};
use minlen_core::{Budget, Error, Limits, Reservation, Result};

/// How a tree amends those before it in its file.
///
/// ```
/// use minlen_container::Amendment;
/// use minlen_core::Limits;
/// let amendment = Amendment { before: 0, removed: vec![b"a/b".to_vec(), b"c".to_vec()] };
/// assert!(amendment.check(&Limits::default()).is_ok());
/// // In order, each once, and none below another.
/// let twice = Amendment { before: 0, removed: vec![b"a".to_vec(), b"a/b".to_vec()] };
/// assert!(twice.check(&Limits::default()).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// So many bytes of content right before that of the stream belong to it as well: extents count from where they begin.
    pub before: u64,
    /// What goes out of the trees before, with everything below, in the order of paths by their components. Nothing happens where
    /// nothing is there.
    pub removed: Vec<Vec<u8>>,
}

impl Amendment {
    /// Checks the rules for what is removed.
    ///
    /// # Errors
    /// Corrupt, naming the path; limit for more than [`Limits::entries`].
    pub fn check(&self, limits: &Limits) -> Result<()> {
        if self.removed.len() as u64 > limits.entries.min(u64::from(u32::MAX)) {
            return Err(too_many(self.removed.len() as u64, limits));
        }
        let mut last: Option<&[u8]> = None;
        for path in &self.removed {
            check_path(path).map_err(|e| Error::new(e.kind(), format!("{}: {e}", show_path(path))))?;
            if last.is_some_and(|last| compare(last, path).is_ge() || is_within(path, last)) {
                return Err(Error::corrupt(format!("{} is removed out of order", show_path(path))));
            }
            last = Some(path);
        }
        Ok(())
    }

    /// The serialised form of a tree with this.
    #[must_use]
    pub fn encode(&self, tree: &Tree) -> Vec<u8> {
        self.encoded(tree).bytes
    }

    pub(crate) fn encoded(&self, tree: &Tree) -> Encoded {
        let Encoded { bytes: inner, tail } = tree.encoded_after(self.before);
        let mut bytes = FORM_3.to_vec();
        varint::put(&mut bytes, self.before);
        varint::put(&mut bytes, self.removed.len() as u64);
        for path in &self.removed {
            bytes.extend_from_slice(path);
            bytes.push(0);
        }
        bytes.extend_from_slice(&inner[FORM_2.len()..]);
        Encoded { bytes, tail }
    }

    /// Reads the serialised form, as [`Tree::decode`] does that of a tree that amends nothing.
    ///
    /// # Errors
    /// As [`Tree::decode`]; corrupt for such a tree.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<(Self, Tree)> {
        Self::decode_within(bytes, limits, &Budget::new(limits.memory))
            .map(|(amendment, tree, _)| (amendment, tree))
    }

    /// The same with the memory taken from `budget` before it is allocated.
    pub(crate) fn decode_within(
        bytes: &[u8],
        limits: &Limits,
        budget: &Budget,
    ) -> Result<(Self, Tree, Reservation)> {
        let rest = bytes
            .strip_prefix(&FORM_3)
            .ok_or_else(|| Error::corrupt("the tree of a stream that amends others is of another form"))?;
        let mut r = Reader::new(rest);
        let mut charge = Charge::new(budget)?;
        let before = r.varint()?;
        let count = r.varint()?;
        if count > limits.entries {
            return Err(too_many(count, limits));
        }
        if count > r.rest().len() as u64 / 2 {
            return Err(Error::truncated("the list of what is removed"));
        }
        charge.take(count.saturating_mul(size_of::<Vec<u8>>() as u64))?;
        let mut removed = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let end = r.rest().iter().take(MAX_PATH + 1).position(|&byte| byte == 0);
            let end =
                end.ok_or_else(|| Error::corrupt("a path that is removed is too long or has no end"))?;
            charge.take(allocated(end))?;
            removed.push(r.bytes(end)?.to_vec());
            r.u8()?;
        }
        let amendment = Self { before, removed };
        amendment.check(limits)?;
        let (tree, held) = decode_entries(Layout::Second { start: before }, r, limits, budget, charge)?;
        Ok((amendment, tree, held))
    }
}

fn too_many(count: u64, limits: &Limits) -> Error {
    Error::limit(format!("{count} paths are removed, {} are allowed", limits.entries))
}

/// True for the serialised form of a tree that amends others.
pub(crate) fn amends(bytes: &[u8]) -> bool {
    bytes.starts_with(&FORM_3)
}
