//! The blocks around a block, and how many of their coefficients are not zero.

use super::super::markers::Frame;
use super::super::planes::{Block, Planes};
use super::predictor::Predictor;
use super::sizes::{hash, small};

pub(super) const COUNT_CONTEXTS: usize = 12;
/// What stands where no block is.
pub(super) static NOTHING: Block = [0; 64];

/// A block's surroundings.
pub(super) struct Neighbours<'a> {
    /// 0 for the first component, 1 for all others.
    pub(super) class: usize,
    pub(super) component: usize,
    pub(super) left: Option<&'a Block>,
    pub(super) above: Option<&'a Block>,
    pub(super) corner: &'a Block,
    pub(super) right: &'a Block,
    pub(super) far_left: &'a Block,
    pub(super) far_above: &'a Block,
    /// Of the components before, at the same place: the first, and the last.
    pub(super) first: &'a Block,
    pub(super) other: &'a Block,
    /// How many coefficients of theirs are not zero.
    pub(super) counts: [usize; 6],
    pub(super) alike: [usize; 2],
    pub(super) at_right: usize,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(
        frame: &Frame,
        planes: &'a Planes,
        counts: &[Vec<u8>],
        (c, x, y): (usize, usize, usize),
    ) -> Self {
        let get = |c: usize, x: usize, y: usize| -> Option<(&'a Block, usize)> {
            let wide = frame.components.get(c).map_or(0, |c| c.wide);
            let at = y.checked_mul(wide)?.checked_add(x)?;
            let block = planes.get(c)?.get(at).filter(|_| x < wide)?;
            Some((block, usize::from(*counts.get(c)?.get(at)?)))
        };
        let back = |dx: usize, dy: usize| get(c, x.checked_sub(dx)?, y.checked_sub(dy)?);
        let (left, above, corner) = (back(1, 0), back(0, 1), back(1, 1));
        let right = y.checked_sub(1).and_then(|y| get(c, x + 1, y));
        let (far_left, far_above) = (back(2, 0), back(0, 2));
        let alike = |other: usize| {
            let (here, there) =
                (frame.components.get(c)?, frame.components.get(other).filter(|_| other < c)?);
            get(other, x * there.across / here.across, y * there.down / here.down)
        };
        let (first, other) = (alike(0), c.checked_sub(1).and_then(alike));
        let block = |b: Option<(&'a Block, usize)>| b.map_or(&NOTHING, |b| b.0);
        let count = |b: Option<(&'a Block, usize)>| b.map_or(0, |b| b.1);
        Self {
            class: c.min(1),
            component: c,
            left: left.map(|b| b.0),
            above: above.map(|b| b.0),
            corner: block(corner),
            right: block(right),
            far_left: block(far_left),
            far_above: block(far_above),
            first: block(first),
            other: block(other),
            counts: [left.or(above), above.or(left), corner, right, far_left, far_above].map(count),
            alike: [count(first), count(other)],
            at_right: usize::from(right.is_none()),
        }
    }

    pub(super) fn set_count_contexts(&self, predictor: &mut Predictor) {
        let [l, a, corner, right, ll, aa] = self.counts;
        let [first, other] = self.alike;
        let mean = (l + a).div_ceil(2);
        let all = (2 * l + 2 * a + corner + right + 3) / 6;
        let seed = self.class as u32;
        let values = [
            [mean, 0, 0],
            [l, a, 0],
            [l, 99, 0],
            [a, 98, 0],
            [all, first, 1],
            [all, 2, 0],
            [mean / 2, first, other],
            [all / 2, other, 3],
            [(l + ll) / 2, (a + aa) / 2, 4],
            [all / 3, corner / 3, right / 3],
            [first, other, 5],
            [all / 2, a.abs_diff(l) / 2, 6],
        ];
        for (n, (context, [x, y, z])) in predictor.contexts.iter_mut().zip(values).enumerate() {
            *context = hash(&[seed, n as u32, x as u32, y as u32, z as u32]);
        }
        predictor.sets = [mean / 4, small(first) * 2 + self.class, small(a.abs_diff(l)), all / 4, self.class];
        predictor.apm_contexts = [mean / 4, first / 4];
    }
}
