//! Machine code of 64-bit ARM with absolute targets, as a part of its own.

use crate::build::Builder;
use crate::filter;
use crate::recipe::{Item, Node};
use minlen_core::{Class, Detection, Kind, Result};

/// Less code is left as it is.
const LEAST: usize = 16 << 10;
/// Bytes from the middle that are coded both ways.
const TRIAL: usize = 64 << 10;

/// True for programs of 64-bit ARM.
pub(crate) fn is_arm64(kind: Kind, detail: &str) -> bool {
    kind.class() == Class::Code && detail.contains("ARM64")
}

impl Builder<'_> {
    /// A program with its targets absolute, as a node with one item; nothing where that is not smaller.
    pub(crate) fn arm64(&mut self, data: &[u8], what: &Detection, depth: usize) -> Result<Option<Node>> {
        if !is_arm64(what.kind, &what.detail) || data.len() < LEAST {
            return Ok(None);
        }
        let mut turned = data.to_vec();
        filter::turn_arm64(&mut turned, true);
        let start = (data.len() - data.len().min(TRIAL)) / 2;
        let size =
            |bytes: &[u8]| (self.judge.trial)(&bytes[start..bytes.len().min(start + TRIAL)], Kind::Binary);
        if size(&turned) >= size(data) {
            self.report.kept("arm64", data.len());
            return Ok(None);
        }
        self.report.add("arm64", data.len(), data.len());
        // The models of machine code are for x86.
        let stream = self.stream(Kind::Binary, "ARM64 code".into(), false);
        let node = self.node(&turned, stream, depth + 1)?;
        Ok(Some(Node { len: data.len(), stream, items: vec![(0, Item::Arm64 { node })] }))
    }
}
