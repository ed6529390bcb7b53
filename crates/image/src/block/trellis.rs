//! The encoder's choice of levels: the cheapest way through the states of dependent quantization (Viterbi's algorithm), by squared
//! error and bits together.

#![allow(clippy::needless_range_loop)] // one index into several arrays at once

use super::canvas::Node;
use super::levels::{Magnitudes, Nearby, STRIDE, scan};
use super::quantizer::Quantizer;
use super::rate::{Flag, Rate, level_context};
use super::transform::KEPT;

const STATES: usize = 4;

/// Where a way is.
#[derive(Clone, Copy, Debug)]
struct Way {
    cost: f32,
    /// Which of the magnitude buffers it wrote.
    buffer: usize,
}

/// A step of a way.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    level: i32,
    /// The state before, or [`STATES`] at the start.
    from: u8,
}

/// What the choice is made in.
#[derive(Clone, Debug)]
pub(super) struct Trellis {
    buffers: Vec<Magnitudes>,
    steps: Vec<[Step; STATES]>,
}

impl Default for Trellis {
    fn default() -> Self {
        Self {
            buffers: vec![[0; STRIDE * STRIDE]; 2 * STATES],
            steps: vec![[Step::default(); STATES]; KEPT * KEPT],
        }
    }
}

/// Costs and levels of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    /// Squared error plus lambda times bits, without the flag that says whether there are levels.
    pub cost: f32,
    /// Squared error if all were 0.
    pub energy: f32,
    /// Columns and rows in use, both 0 if all are 0.
    pub used: (usize, usize),
}

/// What a choice depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub quantizer: Quantizer,
    pub rate: &'a Rate,
    pub lambda: f32,
}

struct Column {
    cost: [f32; STATES],
    step: [Step; STATES],
}

impl Trellis {
    /// Chooses levels for `coefficients` (packed as by the transform) and writes them and the coefficients they mean. The levels are all
    /// 0 only if no way with others is better than `energy` plus `nothing`.
    pub fn choose(
        &mut self,
        terms: Terms<'_>,
        (plane, node): (usize, Node),
        nothing: f32,
        coefficients: &mut [i32],
        levels: &mut [i32],
    ) -> Chosen {
        let (w, h) = (node.w.min(KEPT), node.h.min(KEPT));
        let scan = scan(w, h);
        let step = terms.quantizer.step() * if terms.quantizer.dependent { 2.0 } else { 1.0 };
        let energy_of = |c: i32| c as f32 * c as f32;
        let total: f32 = coefficients[..w * h].iter().map(|&c| energy_of(c)).sum();
        levels[..w * h].fill(0);
        // Nothing before the first that may become a level.
        let least = 0.3 * step;
        let may = |&(x, y): &(u8, u8)| {
            coefficients[usize::from(y) * w + usize::from(x)].unsigned_abs() as f32 > least
        };
        let mut chosen = Chosen { cost: total + nothing, energy: total, used: (0, 0) };
        let Some(first) = scan.iter().rposition(may) else {
            coefficients[..w * h].fill(0);
            return chosen;
        };
        let tail: f32 = scan[first + 1..]
            .iter()
            .map(|&(x, y)| energy_of(coefficients[usize::from(y) * w + usize::from(x)]))
            .sum();
        let best = self.walk(terms, (plane, node), (first, tail), coefficients, (w, scan));
        let Some((mut state, cost)) = best.filter(|&(_, cost)| cost < chosen.cost) else {
            coefficients[..w * h].fill(0);
            return chosen;
        };
        chosen.cost = cost;
        // Back from the lowest frequency to where the way began.
        let mut number = 0;
        let mut states = [0u8; KEPT * KEPT];
        loop {
            let taken = self.steps[number][state];
            let (x, y) = scan[number];
            levels[usize::from(y) * w + usize::from(x)] = taken.level;
            states[number] = taken.from;
            number += 1;
            if usize::from(taken.from) == STATES {
                states[number - 1] = 0;
                break;
            }
            state = usize::from(taken.from);
        }
        coefficients[..w * h].fill(0);
        for (&(x, y), &state) in scan.iter().zip(&states).take(number) {
            let (x, y) = (usize::from(x), usize::from(y));
            let level = levels[y * w + x];
            if level != 0 {
                coefficients[y * w + x] = terms.quantizer.value(level, usize::from(state));
                chosen.used = (chosen.used.0.max(x + 1), chosen.used.1.max(y + 1));
            }
        }
        chosen
    }

    /// The last state of the best way and its cost.
    fn walk(
        &mut self,
        terms: Terms<'_>,
        (plane, node): (usize, Node),
        (first, tail): (usize, f32),
        coefficients: &[i32],
        (w, scan): (usize, &[(u8, u8)]),
    ) -> Option<(usize, f32)> {
        let Terms { quantizer, rate, lambda } = terms;
        let states = if quantizer.dependent { STATES } else { 1 };
        let rows = STRIDE * (node.h.min(KEPT) + 3);
        let ends = end_costs(rate, plane, node, scan.len());
        let mut ways = [Way { cost: f32::INFINITY, buffer: 0 }; STATES];
        (0..STATES).for_each(|s| ways[s].buffer = s);
        let mut side = 0;
        // Squared error if the way begins further on.
        let mut before = tail;
        for number in (0..=first).rev() {
            let (x, y) = (usize::from(scan[number].0), usize::from(scan[number].1));
            let (at, value) = (y * STRIDE + x, coefficients[y * w + x]);
            let mut column = Column { cost: [f32::INFINITY; STATES], step: [Step::default(); STATES] };
            let energy = value as f32 * value as f32;
            for state in 0..states {
                let way = ways[state];
                if way.cost == f32::INFINITY {
                    continue;
                }
                let near = Nearby::new(&self.buffers[way.buffer], at);
                let context = level_context(plane, x + y, near.sum());
                let second = usize::from(state > 1);
                let zero = way.cost + energy + lambda * rate.level(context, second, 0);
                column.offer(quantizer.next(state, 0), zero, 0, state);
                for level in candidates(quantizer, value, state) {
                    let d = (value - quantizer.value(level, state)) as f32;
                    let bits = rate.level(context, second, level.unsigned_abs());
                    column.offer(
                        quantizer.next(state, level),
                        way.cost + d * d + lambda * bits,
                        level,
                        state,
                    );
                }
            }
            // A way that begins here.
            let context = level_context(plane, x + y, 0);
            for level in candidates(quantizer, value, 0) {
                let d = (value - quantizer.value(level, 0)) as f32;
                let bits = rate.level_beyond_zero(context, level.unsigned_abs())
                    + ends[(number + 1).ilog2() as usize];
                column.offer(quantizer.next(0, level), before + d * d + lambda * bits, level, STATES);
            }
            before += energy;
            side = STATES - side;
            self.advance(&mut ways, &column, side, at, rows);
            self.steps[number] = column.step;
        }
        (0..states)
            .map(|s| (s, ways[s].cost))
            .filter(|way| way.1 < f32::INFINITY)
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Makes the ways those of a column, with their magnitudes in the other half of the buffers.
    fn advance(&mut self, ways: &mut [Way; STATES], column: &Column, side: usize, at: usize, rows: usize) {
        let (low, high) = self.buffers.split_at_mut(STATES);
        let (from, to) = if side == 0 { (&*high, low) } else { (&*low, high) };
        for (state, to) in to.iter_mut().enumerate() {
            if column.cost[state] == f32::INFINITY {
                continue;
            }
            let step = column.step[state];
            match from.get(usize::from(step.from)) {
                Some(from) => to[..rows].copy_from_slice(&from[..rows]),
                None => to[..rows].fill(0),
            }
            to[at] = step.level.unsigned_abs().min(255) as u8;
        }
        for (state, way) in ways.iter_mut().enumerate() {
            *way = Way { cost: column.cost[state], buffer: side + state };
        }
    }
}

impl Column {
    #[inline(always)]
    fn offer(&mut self, state: usize, cost: f32, level: i32, from: usize) {
        if cost < self.cost[state] {
            self.cost[state] = cost;
            self.step[state] = Step { level, from: from as u8 };
        }
    }
}

/// The two levels around a coefficient that are not 0.
#[inline(always)]
fn candidates(quantizer: Quantizer, value: i32, state: usize) -> impl Iterator<Item = i32> {
    let step = quantizer.step();
    let size = value.unsigned_abs() as f32 / step;
    let lower = match (quantizer.dependent, state > 1) {
        (false, _) => size as i32,
        (true, false) => (size * 0.5) as i32,
        (true, true) => ((size + 1.0) * 0.5) as i32,
    };
    let sign = if value < 0 { -1 } else { 1 };
    [lower, lower + 1].into_iter().filter(|&level| level > 0).map(move |level| sign * level)
}

/// Bits of the number of the last level, by its logarithm.
fn end_costs(rate: &Rate, plane: usize, node: Node, count: usize) -> [f32; 11] {
    let (lw, lh) = node.logs();
    let context = (usize::from(plane > 0) * 9 + lw + lh) * 12;
    let (mut costs, mut so_far) = ([0.0; 11], 0.0);
    let most = count.ilog2() as usize;
    for (length, cost) in costs.iter_mut().enumerate().take(most + 1) {
        *cost = so_far + length as f32;
        if length < most {
            *cost += rate.flag(Flag::End, context + length, false);
            so_far += rate.flag(Flag::End, context + length, true);
        }
    }
    costs
}
