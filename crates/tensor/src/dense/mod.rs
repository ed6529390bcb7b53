//! As [`crate::fast`], with a table for every scale of row and column, and tables of the mantissa for every exponent.

mod scales;
mod survey;

pub(crate) use survey::survey;

use crate::fast::shape::Shape;
use crate::fast::side::{Side, Tree, check};
use minlen_core::Result;

/// The models that scales travel with.
pub(crate) struct ScaleModels {
    row: Vec<Tree>,
    column: Vec<Tree>,
}

impl ScaleModels {
    pub(crate) fn new() -> Self {
        Self { row: vec![Tree::new(5); 33], column: vec![Tree::new(5); 33] }
    }
}

/// Scales of rows and columns, 0 to 31; their sum is the context.
#[derive(Clone, Debug)]
pub(crate) struct Scales {
    pub(crate) rows: Vec<u8>,
    pub(crate) columns: Vec<u8>,
}

impl Scales {
    /// See [`crate::fast::scheme::Model::code`].
    pub(crate) fn code(
        known: Option<&Self>,
        side: &mut impl Side,
        models: &mut ScaleModels,
        shape: &Shape,
    ) -> Result<Self> {
        let mut code = |known: Option<&Vec<u8>>, len: usize, trees: &mut [Tree]| -> Result<Vec<u8>> {
            let (mut result, mut before) = (Vec::with_capacity(len), 32);
            for i in 0..len {
                if i % 4096 == 0 {
                    check(side)?;
                }
                let value = known.and_then(|v| v.get(i)).copied().unwrap_or(0);
                let value = trees[before].code(side, u32::from(value)) as u8;
                before = usize::from(value);
                result.push(value);
            }
            Ok(result)
        };
        let rows = code(known.map(|k| &k.rows), shape.rows(), &mut models.row)?;
        let width = shape.columns.min(shape.len / shape.dtype.unit());
        let columns = code(known.map(|k| &k.columns), width, &mut models.column)?;
        Ok(Self { rows, columns })
    }

    /// Appends the contexts of these units of the array.
    pub(crate) fn contexts(&self, columns: usize, units: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let (mut unit, end) = (units.start, units.end);
        while unit < end {
            let (row, column) = (unit / columns, unit % columns);
            let count = (columns - column).min(end - unit);
            let base = self.rows[row];
            out.extend(self.columns[column..column + count].iter().map(|scale| base + scale));
            unit += count;
        }
    }
}
