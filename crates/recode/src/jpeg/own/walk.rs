//! The order of a scan's blocks.

use super::markers::{Frame, Scan};
use minlen_core::Result;

/// What comes next in a scan.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The restart marker of this number.
    Restart(u8),
    /// Of the scan's part (its place in [`Scan::parts`]), the block of this index.
    Block(usize, usize),
}

/// Calls `visit` for every step of a scan (T.81, A.2.2 and A.2.3).
pub(super) fn walk(
    frame: &Frame,
    scan: &Scan,
    interval: usize,
    mut visit: impl FnMut(Step) -> Result<()>,
) -> Result<()> {
    let components: Vec<_> = scan.parts.iter().filter_map(|p| frame.components.get(p.component)).collect();
    let alone = components.first().filter(|_| components.len() == 1);
    let (wide, high) = alone.map_or((frame.units_wide, frame.units_high), |c| (c.own_wide, c.own_high));
    let mut unit = 0;
    for y in 0..high {
        for x in 0..wide {
            if interval > 0 && unit > 0 && unit % interval == 0 {
                visit(Step::Restart((unit / interval - 1) as u8 & 7))?;
            }
            unit += 1;
            for (part, c) in components.iter().enumerate() {
                if alone.is_some() {
                    visit(Step::Block(part, y * c.wide + x))?;
                    continue;
                }
                for i in 0..c.across * c.down {
                    let (row, column) = (y * c.down + i / c.across, x * c.across + i % c.across);
                    visit(Step::Block(part, row * c.wide + column))?;
                }
            }
        }
    }
    Ok(())
}
