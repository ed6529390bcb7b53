//! What is looked at before a coefficient is coded.

use super::super::planes::Block;
use super::edges::Edges;
use super::neighbours::{NOTHING, Neighbours};
use super::predictor::{CHOSEN, Predictor};
use super::sizes::{fine, hash, signed, small};

pub(super) const VALUE_CONTEXTS: usize = 31;
pub(super) const DC_CONTEXTS: usize = 12;
pub(super) const VALUE_SETS: [usize; CHOSEN] = [128, 24 * 8, 16 * 4 * 2, 10 * 10, 8 * 8 * 2];
pub(super) const DC_SETS: [usize; CHOSEN] = [4, 16, 16, 16, 16];

/// A block that is being coded.
pub(super) struct Around<'a> {
    near: &'a Neighbours<'a>,
    steps: &'a [u16; 64],
    left_block: &'a Block,
    above_block: &'a Block,
    pub(super) block: Block,
    edges: Edges,
    /// Coefficients that are not zero and still to come, and how many there were.
    pub(super) left: u32,
    count: u32,
    /// The last sizes.
    last: [u32; 3],
    sum: u32,
}

impl<'a> Around<'a> {
    pub(super) fn new(near: &'a Neighbours<'a>, count: u32, steps: &'a [u16; 64]) -> Self {
        Self {
            near,
            steps,
            left_block: near.left.unwrap_or(&NOTHING),
            above_block: near.above.unwrap_or(&NOTHING),
            block: NOTHING,
            edges: Edges::new(near.left, near.above, steps),
            left: count,
            count,
            last: [0; 3],
            sum: 0,
        }
    }

    /// The coefficient at `at` is `value`.
    pub(super) fn know(&mut self, at: usize, value: i16) {
        let size = u32::from(value.unsigned_abs());
        self.last = [size, self.last[0], self.last[1]];
        if value != 0 {
            self.block[at] = value;
            self.edges.know(at, value, self.steps[at]);
            self.left -= 1;
            self.sum += size.min(255);
        }
    }

    /// Sizes of the coefficients next to `at` in the block.
    fn inner(&self, at: usize) -> [usize; 4] {
        let (row, column) = (at >> 3, at & 7);
        let size = |dr: usize, dc: usize| match (row.checked_sub(dr), column.checked_sub(dc)) {
            (Some(r), Some(c)) => usize::from(self.block[r * 8 + c].unsigned_abs()),
            _ => 0,
        };
        let down_left =
            if row < 7 && column > 0 { usize::from(self.block[at + 7].unsigned_abs()) } else { 0 };
        let up_right = if row > 0 && column < 7 { usize::from(self.block[at - 7].unsigned_abs()) } else { 0 };
        [size(1, 0), size(0, 1), size(1, 1), size(2, 0) + size(0, 2) + down_left + up_right]
    }

    /// Sizes of the coefficients of the left and upper block that are next to `at`.
    fn outer(&self, at: usize) -> usize {
        let (row, column) = (at >> 3, at & 7);
        let mut sum = 0;
        for block in [self.left_block, self.above_block] {
            let size = |at: usize| usize::from(block[at & 63].unsigned_abs());
            let near = [
                (row < 7, at + 8),
                (row > 0, at.wrapping_sub(8)),
                (column < 7, at + 1),
                (column > 0, at.wrapping_sub(1)),
            ];
            sum += near.iter().filter(|(there, _)| *there).map(|&(_, at)| size(at)).sum::<usize>();
        }
        sum
    }

    pub(super) fn set_contexts(&self, predictor: &mut Predictor, k: usize, at: usize) {
        let near = self.near;
        let (row, column) = (at >> 3, at & 7);
        let size = |b: &Block| usize::from(b[at].unsigned_abs());
        let (l, a) = (size(self.left_block), size(self.above_block));
        let (corner, right) = (size(near.corner), size(near.right));
        let mean = 2 * (l + a) + corner + right;
        let far = size(near.far_left) + size(near.far_above);
        let [up, before, diagonal, others] = self.inner(at);
        let inner = 2 * (up + before) + diagonal + others;
        // Next to the first two is the DC, which says nothing about them.
        let outer = if row + column == 1 { 0 } else { self.outer(at) };
        let step = self.steps[at];
        let predict = |way: usize| {
            let [from_left, from_above] = self.edges.predict(at, step, way);
            // The DC is not known yet, so the equations that it is in say nothing.
            (from_left.filter(|_| row > 0).unwrap_or(0), from_above.filter(|_| column > 0).unwrap_or(0))
        };
        let both = |(x, y): (i32, i32)| {
            if row == 0 {
                y
            } else if column == 0 {
                x
            } else {
                (x + y) / 2
            }
        };
        let (pixel, line) = (predict(0), predict(1));
        let (by_pixel, by_line) = (both(pixel), both(line));
        let (first, other) = (near.first[at], near.other[at]);
        let n = self.left.min(20);
        let [x1, x2, x3] = self.last;
        let sign = |v: i16| (v.signum() + 1) as u32;
        let lb = self.left_block[at];
        let ab = self.above_block[at];
        let coarse = |v: i32| signed(v, |s| fine(s) / 3);
        let mid = |v: i32| signed(v, |s| fine(s) / 2);
        let full = |v: i32| signed(v, fine);
        let s = |v: usize| small(v) as u32;
        let tag = (at | near.class << 6) as u32;
        let values: [[u32; 3]; VALUE_CONTEXTS] = [
            [n, s(mean), 0],
            [fine(mean * 4) as u32, s(inner), 0],
            [s(l), s(a), 1],
            [s(inner), n, 2],
            [full(line.0), s(mean), 3],
            [full(line.1), s(mean), 4],
            [coarse(line.0), coarse(line.1), s(mean)],
            [full(by_line), n / 2, 5],
            [full(by_pixel), s(mean), 6],
            [mid(pixel.0), mid(pixel.1), 7],
            [s(x1 as usize), s(x2 as usize), n],
            [n, self.sum.min(60), 8],
            [signed(i32::from(first), small), signed(i32::from(other), small), coarse(by_line)],
            [s(first.unsigned_abs().into()), s(other.unsigned_abs().into()), s(mean)],
            [n, s(mean), s(inner)],
            [near.counts[0] as u32 / 4, near.counts[1] as u32 / 4, n / 2],
            [s(up), s(before), s(diagonal)],
            [s(corner), s(right), s(l + a)],
            [s(far), s(mean), mid(by_line)],
            [signed(i32::from(lb), small), signed(i32::from(ab), small), 9],
            [sign(lb) * 3 + sign(ab), coarse(by_pixel), s(mean)],
            [self.count, n, 10],
            [s(x1 as usize) + 9 * s(x2 as usize), s(x3 as usize), s(mean)],
            [mid(by_line), s(inner), s(mean)],
            [full(by_line), full(by_pixel), 11],
            [fine((mean + inner) * 4) as u32, n, 12],
            [mid(by_line), signed(i32::from(other), small), s(inner)],
            [mid(line.0), mid(line.1), 13],
            [s(outer), s(mean), n],
            [full(by_line), s(outer), s(mean)],
            [fine(outer * 2) as u32, s(inner), s(l + a)],
        ];
        for (i, (context, [x, y, z])) in predictor.contexts.iter_mut().zip(values).enumerate() {
            *context = hash(&[tag, i as u32, x, y, z]);
        }
        let strength = |v: i32| fine(v.unsigned_abs() as usize) / 2;
        let differ = small(line.0.abs_diff(line.1) as usize / 8).min(7) / 2;
        let band = (k / 8).min(7);
        predictor.sets = [
            tag as usize,
            n as usize * 8 + small(mean / 2).min(7),
            (strength(by_line).min(15) * 4 + differ.min(3)) * 2 + near.class,
            small(inner) * 10 + small(mean),
            (small(first.unsigned_abs().into()).min(7) * 8 + band) * 2 + near.component.min(1),
        ];
        predictor.apm_contexts = [tag as usize, (by_line / 4 + 128).clamp(0, 255) as usize];
    }

    /// Sets the contexts of the DC; gives its prediction.
    pub(super) fn set_dc_contexts(&self, predictor: &mut Predictor) -> i32 {
        let near = self.near;
        let (mut all, count) = self.edges.dc(self.steps[0]);
        let all = &mut all[..count];
        let ours = |b: Option<&Block>| b.map_or(0, |b| i32::from(b[0]));
        let middle = |v: &[i32]| v.iter().sum::<i32>() / v.len().max(1) as i32;
        let (one, two) = (middle(&all[..count / 2]), middle(&all[count / 2..]));
        all.sort_unstable();
        let inner = middle(&all[count / 4..count - count / 4]);
        let median = middle(&all[count / 2 - usize::from(count > 0)..(count / 2 + 1).min(count)]);
        let spread = if count > 0 { (all[count - 1 - count / 8] - all[count / 8]) as usize } else { 0 };
        let predicted = (inner + 8) >> 4;
        let predicted = predicted.clamp(-8192, 8192);
        let rest = |v: i32| signed(v - predicted * 16, |s| fine(s) / 2);
        let tag = near.class as u32;
        let s = |v: usize| small(v) as u32;
        let part = (inner - predicted * 16 + 8) as u32;
        let width = fine(spread) as u32;
        let plain = (ours(near.left) + ours(near.above)) * 8;
        let first = i32::from(near.first[0]);
        let values: [[u32; 3]; DC_CONTEXTS] = [
            [width, 0, 0],
            [width, part, 1],
            [rest(one), rest(two), 2],
            [rest(median), width / 2, 3],
            [rest(plain), width / 2, 4],
            [self.count, width / 2, 5],
            [near.counts[0] as u32, near.counts[1] as u32, 6],
            [rest(one), width, 7],
            [rest(two), width, 8],
            [s(near.alike[0]), width, near.component as u32],
            [signed(first, |s| fine(s) / 2), rest(plain), 9],
            [rest(ours(near.left) * 16), rest(ours(near.above) * 16), 10],
        ];
        for (i, (context, [x, y, z])) in predictor.contexts.iter_mut().zip(values).enumerate() {
            *context = hash(&[tag, i as u32, x, y, z]);
        }
        predictor.sets = [
            near.component.min(3),
            (width as usize / 2).min(15),
            small(self.count as usize),
            (part as usize & 15),
            small(near.alike[0]) + near.at_right,
        ];
        predictor.apm_contexts = [(width as usize / 2).min(15), small(self.count as usize)];
        predicted
    }
}
