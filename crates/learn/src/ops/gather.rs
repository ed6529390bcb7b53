//! Rows of a table by number (embeddings).

use super::Op;
use crate::tape::{Back, Tape, Var};

impl Tape<'_> {
    /// The rows of `table` with these numbers.
    pub fn gather(&mut self, table: Var, rows: &[u32]) -> Var {
        let shape = self.shape(table);
        let width = shape.last();
        assert!(rows.iter().all(|&row| (row as usize) < shape.rows()), "rows under {}", shape.rows());
        self.push(Op::Gather, &[table], [rows.len(), width].into(), |values, out| {
            out.indices.clear();
            out.indices.extend(rows);
            let table = values.of(table.0);
            for (place, &row) in out.value.chunks_exact_mut(width.max(1)).zip(rows) {
                place.copy_from_slice(&table[row as usize * width..][..width]);
            }
        })
    }
}

pub(super) fn backward(mut back: Back<'_>) {
    let Some(mut slot) = back.open(0) else { return };
    let width = back.node.shape.last();
    let sums = slot.sums();
    for (g, &row) in back.grad.chunks_exact(width.max(1)).zip(back.indices) {
        sums[row as usize * width..][..width].iter_mut().zip(g).for_each(|(s, g)| *s += g);
    }
    back.close(0, slot);
}
