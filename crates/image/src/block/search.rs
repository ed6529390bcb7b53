//! How the encoder finds the blocks of a root block, their modes and levels.

use super::canvas::{Canvas, Done, Node, References};
use super::effort::Effort;
use super::hadamard::Hadamard;
use super::predict::{Block, DC, Line, MODES, PLANAR, Predictor};
use super::rate::Flag;
use super::syntax::{LIKELY, Leaf, Split, likely};
use super::transform::{KEPT, Pair, SIDE, Scratch};
use super::trellis::{Terms, Trellis};

/// What was found for a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub cost: f32,
    /// In the order of coding, but for those that follow from the picture's size.
    pub splits: Vec<Split>,
    pub leaves: Vec<Leaf>,
}

/// One plane of a leaf.
#[derive(Clone, Debug, Default)]
struct Attempt {
    cost: f32,
    kinds: u8,
    levels: Vec<i32>,
    samples: Vec<i16>,
}

/// What does not change while a picture is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    pub terms: Terms<'a>,
    pub effort: Effort,
    /// For [`Line::fit`].
    pub noise: i64,
}

/// One thread's room.
#[derive(Clone, Debug)]
pub(super) struct Searcher {
    canvas: Canvas,
    /// The samples to be coded, [`SIDE`] to a row.
    source: Vec<Vec<i16>>,
    predictor: Predictor,
    references: References,
    scratch: Scratch,
    trellis: Trellis,
    hadamard: Hadamard,
    residual: Vec<i32>,
    levels: Vec<i32>,
    prediction: Box<Block>,
}

impl Searcher {
    pub fn new(planes: usize) -> Self {
        Self {
            canvas: Canvas::new(planes),
            source: vec![vec![0; SIDE * SIDE]; planes],
            predictor: Predictor::default(),
            references: References::default(),
            scratch: Scratch::default(),
            trellis: Trellis::default(),
            hadamard: Hadamard::default(),
            residual: vec![0; SIDE * SIDE],
            levels: vec![0; KEPT * KEPT],
            prediction: Box::new([0; SIDE * SIDE]),
        }
    }

    /// Searches a root block; `room` is how much of the picture there is from its first sample on.
    pub fn root(
        &mut self,
        plan: &Plan<'_>,
        room: (usize, usize),
        around: super::canvas::Around<'_>,
        source: impl Fn(&mut [Vec<i16>]),
    ) -> (Found, Done) {
        self.canvas.begin(room, around);
        source(&mut self.source);
        let found = self.node(plan, Node::ROOT, plan.effort.halvings, f32::INFINITY);
        (found, self.canvas.finish())
    }

    /// The best way to code a node, which is then what the canvas has; gives up once the cost is over `limit`.
    fn node(&mut self, plan: &Plan<'_>, node: Node, halvings: u8, limit: f32) -> Found {
        let room = self.canvas.room;
        if node.x >= room.0 || node.y >= room.1 {
            return Found::default();
        }
        if node.x + node.w > room.0 || node.y + node.h > room.1 {
            return self.parts(plan, node, Split::Quad, halvings, limit);
        }
        let rate = plan.terms.rate;
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let fits = [Split::Quad, Split::Level, Split::Upright].map(|split| split.fits(node));
        let lambda = plan.terms.lambda;
        let may = fits != [false; 3];
        let mut best = self.leaf(plan, node);
        if !may {
            return best;
        }
        best.cost += lambda * rate.flag(Flag::Split, shape, false);
        best.splits.push(Split::None);
        let empty = best.leaves.iter().all(|leaf| leaf.levels.iter().all(Vec::is_empty));
        if empty && node.w.max(node.h) <= plan.effort.trust_empty {
            return best;
        }
        let leaf_cost = best.cost;
        let mut saved = self.canvas.save(node);
        for (split, fits) in [Split::Quad, Split::Level, Split::Upright].into_iter().zip(fits) {
            let halves = split != Split::Quad;
            if !fits
                || halves && (halvings == 0 || best.cost < leaf_cost * plan.effort.halves_below)
                || !halves && halvings < plan.effort.halvings
            {
                continue;
            }
            let mut bits = rate.flag(Flag::Split, shape, true);
            if fits_all(node) {
                bits += rate.flag(Flag::Quad, shape, !halves);
            }
            if halves && Split::Level.fits(node) && Split::Upright.fits(node) {
                bits += rate.flag(Flag::Upright, shape, split == Split::Upright);
            }
            let left = if halves { halvings - 1 } else { halvings };
            self.canvas.set_mode(node, super::canvas::ABSENT);
            let spent = lambda * bits;
            let mut found = self.parts(plan, node, split, left, best.cost.min(limit) - spent);
            found.cost += spent;
            if found.cost < best.cost {
                found.splits.insert(0, split);
                best = found;
                saved = self.canvas.save(node);
            }
        }
        self.canvas.restore(node, &saved);
        best
    }

    fn parts(&mut self, plan: &Plan<'_>, node: Node, split: Split, halvings: u8, limit: f32) -> Found {
        let mut all = Found::default();
        for part in split.parts(node) {
            let found = self.node(plan, part, halvings, limit - all.cost);
            all.cost += found.cost;
            all.splits.extend(found.splits);
            all.leaves.extend(found.leaves);
            if all.cost > limit {
                all.cost = f32::INFINITY;
                break;
            }
        }
        all
    }

    /// Codes the node as a leaf.
    fn leaf(&mut self, plan: &Plan<'_>, node: Node) -> Found {
        let lambda = plan.terms.lambda;
        let beside = self.canvas.modes_beside(node);
        let likely = likely(beside.0, beside.1);
        self.canvas.references(0, node, &mut self.predictor.refs);
        self.predictor.prepare((node.w, node.h));
        let modes = self.modes(plan, node, &likely);
        let mut best: Option<(u8, Attempt)> = None;
        for &(mode, bits) in &modes {
            self.predictor.predict(mode, (node.w, node.h), &mut self.prediction);
            for &kinds in plan.effort.kinds(node) {
                let mut attempt = self.attempt(plan, 0, node, kinds, 0);
                attempt.cost += lambda * bits;
                if best.as_ref().is_none_or(|(_, other)| attempt.cost < other.cost) {
                    best = Some((mode, attempt));
                }
            }
        }
        let (mode, luma) = best.unwrap_or_default();
        let mut found = Found { cost: luma.cost, ..Found::default() };
        let mut leaf = Leaf { mode, kinds: luma.kinds, ..Leaf::default() };
        self.put(0, node, &luma.samples);
        self.canvas.set_mode(node, super::canvas::ABSENT);
        if self.source.len() > 1 {
            self.chroma(plan, node, &luma, &mut leaf, &mut found);
        }
        leaf.levels[0] = luma.levels;
        self.canvas.set_mode(node, mode);
        found.leaves.push(leaf);
        found
    }

    fn chroma(&mut self, plan: &Plan<'_>, node: Node, luma: &Attempt, leaf: &mut Leaf, found: &mut Found) {
        let lambda = plan.terms.lambda;
        let mut best: Option<(f32, u8, [Attempt; 2])> = None;
        self.canvas.references(0, node, &mut self.references);
        let luma_references = self.references.clone();
        for &chroma in plan.effort.chroma {
            if chroma == 2 && leaf.mode == PLANAR || chroma == 3 && leaf.mode == DC {
                continue;
            }
            let rate = plan.terms.rate;
            let mut cost: f32 = (0..chroma).map(|n| lambda * rate.flag(Flag::Chroma, n.into(), false)).sum();
            if chroma < 3 {
                cost += lambda * rate.flag(Flag::Chroma, chroma.into(), true);
            }
            let mut planes = [Attempt::default(), Attempt::default()];
            let mut coded = !luma.levels.is_empty();
            for plane in 1..3 {
                self.canvas.references(plane, node, &mut self.predictor.refs);
                if chroma == 1 {
                    let line = Line::fit(&luma_references, &self.predictor.refs, plan.noise);
                    for (out, &from) in self.prediction.iter_mut().zip(&luma.samples) {
                        *out = line.at(from);
                    }
                } else {
                    self.predictor.prepare((node.w, node.h));
                    let mode = [leaf.mode, 0, PLANAR, DC][usize::from(chroma)];
                    self.predictor.predict(mode, (node.w, node.h), &mut self.prediction);
                }
                let kinds = chroma_kinds(leaf, chroma);
                let attempt = self.attempt(plan, plane, node, kinds, usize::from(coded));
                cost += attempt.cost;
                coded = !attempt.levels.is_empty();
                planes[plane - 1] = attempt;
            }
            if best.as_ref().is_none_or(|other| cost < other.0) {
                best = Some((cost, chroma, planes));
            }
        }
        let Some((cost, chroma, [one, two])) = best else { return };
        found.cost += cost;
        leaf.chroma = chroma;
        self.put(1, node, &one.samples);
        self.put(2, node, &two.samples);
        leaf.levels[1] = one.levels;
        leaf.levels[2] = two.levels;
    }

    /// The modes worth trying, with the bits of each.
    fn modes(&mut self, plan: &Plan<'_>, node: Node, likely: &[u8; LIKELY]) -> Vec<(u8, f32)> {
        let rate = plan.terms.rate;
        let mut ranks = [0.0; LIKELY + 1];
        let mut so_far = 0.0;
        for (rank, bits) in ranks.iter_mut().enumerate().take(LIKELY) {
            *bits = so_far + rate.flag(Flag::Rank, rank, true);
            so_far += rate.flag(Flag::Rank, rank, false);
        }
        ranks[LIKELY] = so_far + 5.5;
        let bits = |mode: u8| ranks[likely.iter().position(|&m| m == mode).unwrap_or(LIKELY)];
        let root = plan.terms.lambda.sqrt();
        let mut tried: Vec<(f32, u8)> = Vec::new();
        let stride = plan.effort.directions;
        let first = (0..MODES).filter(|&m| m < 2 || (m - 2) % stride == 0);
        let mut wanted: Vec<u8> = first.chain(likely.iter().copied()).collect();
        let mut reach = stride / 2;
        loop {
            for mode in std::mem::take(&mut wanted) {
                if tried.iter().any(|t| t.1 == mode) {
                    continue;
                }
                self.predictor.predict(mode, (node.w, node.h), &mut self.prediction);
                let satd = self.hadamard.of(&self.source[0], &self.prediction[..], node);
                tried.push((satd + root * bits(mode), mode));
            }
            tried.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if reach == 0 {
                break;
            }
            for &(_, mode) in tried.iter().filter(|t| t.1 > DC).take(2) {
                wanted.extend([mode.saturating_sub(reach).max(2), (mode + reach).min(MODES - 1)]);
            }
            reach /= 2;
        }
        let most = tried[0].0 * plan.effort.near;
        let mut kept: Vec<u8> =
            tried.iter().filter(|t| t.0 <= most).take(plan.effort.modes).map(|t| t.1).collect();
        for &mode in &likely[..plan.effort.likely] {
            if !kept.contains(&mode) {
                kept.push(mode);
            }
        }
        kept.into_iter().map(|mode| (mode, bits(mode))).collect()
    }

    /// Transforms and quantizes what the prediction leaves of a plane.
    fn attempt(&mut self, plan: &Plan<'_>, plane: usize, node: Node, kinds: u8, coded: usize) -> Attempt {
        let Terms { rate, lambda, .. } = plan.terms;
        let (w, h) = (node.w, node.h);
        let source = self.source[plane].chunks_exact(SIDE).skip(node.y).map(|row| &row[node.x..node.x + w]);
        let mut energy = 0.0f32;
        let rows = self.residual.chunks_exact_mut(w).zip(self.prediction.chunks_exact(w)).take(h);
        for ((to, prediction), source) in rows.zip(source) {
            let mut sum = 0i64;
            for ((to, &p), &s) in to.iter_mut().zip(prediction).zip(source) {
                *to = i32::from(s) - i32::from(p);
                sum += i64::from(*to) * i64::from(*to);
            }
            energy += sum as f32;
        }
        self.scratch.forward(Pair::new(kinds), w, h, &mut self.residual);
        let (lw, lh) = node.logs();
        let context = (plane * 2 + coded) * 9 + lw + lh;
        let mut bits = rate.flag(Flag::Coded, context, true);
        if plane == 0 && w <= KEPT && h <= KEPT {
            let (down, along) = (kinds & 1, kinds >> 1);
            bits += rate.flag(Flag::Kinds, lw + lh, down == 1);
            bits += rate.flag(Flag::Kinds, (1 + usize::from(down)) * 9 + lw + lh, along == 1);
        }
        let nothing = lambda * (rate.flag(Flag::Coded, context, false) - bits);
        let chosen =
            self.trellis.choose(plan.terms, (plane, node), nothing, &mut self.residual, &mut self.levels);
        let lost = if w > KEPT || h > KEPT { (energy - chosen.energy).max(0.0) } else { 0.0 };
        let mut attempt =
            Attempt { cost: chosen.cost + lost + lambda * bits, kinds: 0, ..Attempt::default() };
        if chosen.used == (0, 0) {
            attempt.samples = self.prediction[..w * h].to_vec();
            return attempt;
        }
        attempt.kinds = kinds;
        attempt.levels = self.levels[..w.min(KEPT) * h.min(KEPT)].to_vec();
        self.scratch.inverse(Pair::new(kinds), (w, h), chosen.used, &mut self.residual);
        let add = |(&p, &r): (&i16, &i32)| (i32::from(p) + r).clamp(-32_768, 32_767) as i16;
        attempt.samples = self.prediction[..w * h].iter().zip(&self.residual).map(add).collect();
        attempt
    }

    fn put(&mut self, plane: usize, node: Node, samples: &[i16]) {
        for (row, from) in self.canvas.rows_mut(plane, node).zip(samples.chunks_exact(node.w)) {
            row.copy_from_slice(from);
        }
    }
}

/// The transforms of the second and third plane: those of the first where they are predicted alike.
pub(super) fn chroma_kinds(leaf: &Leaf, chroma: u8) -> u8 {
    if chroma == 0 { leaf.kinds } else { 0 }
}

fn fits_all(node: Node) -> bool {
    Split::Quad.fits(node) && (Split::Level.fits(node) || Split::Upright.fits(node))
}
