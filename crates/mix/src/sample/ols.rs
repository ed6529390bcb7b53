//! Least squares: the weights that would have predicted the samples so far best.
//!
//! A system holds the sums of products of its inputs with each other and with the sample to predict; older products
//! fade. Solving it (LDLᵀ factorisation with a ridge) gives the weights. `f32` throughout: only `+ - * /` in a fixed
//! order, no fused operations, so every machine computes the same bits.

/// `f32` or `f64`.
pub trait Real:
    Copy
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
{
    /// A constant, exactly or rounded to the nearest.
    fn of(x: f32) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f32) -> Self {
        x
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f32) -> Self {
        Self::from(x)
    }
}

/// Length of a packed upper triangle: row `i` holds the products of input `i` with the inputs `i..n` and with the target.
///
/// ```
/// // Two inputs: the products of the first with both and the target, of the second with itself and the target.
/// assert_eq!(minlen_mix::sample::ols::packed(2), 5);
/// ```
#[must_use]
pub fn packed(n: usize) -> usize {
    n * (n + 1) / 2 + n
}

/// `sums = sums * keep + weight * v vᵀ` for `v` = inputs and, last, the target.
#[inline(always)]
pub fn add_products<R: Real>(sums: &mut [R], keep: R, weight: R, v: &[R]) {
    let n = v.len().saturating_sub(1);
    let mut rest = sums;
    for i in 0..n {
        let tail = &v[i..];
        if rest.len() < tail.len() {
            return;
        }
        let (row, next) = rest.split_at_mut(tail.len());
        let scale = tail[0] * weight;
        for (s, &x) in row.iter_mut().zip(tail) {
            *s = *s * keep + scale * x;
        }
        rest = next;
    }
}

/// Solves the system whose products are the sum of `a` and `b`, with `ridge` added to the diagonal.
///
/// The system is given as a packed triangle of products ([`packed`], [`add_products`]) and solved by the decomposition L D Lᵀ without
/// square roots. A system without a sound solution leaves the weights as they were.
///
/// ```
/// use minlen_mix::sample::ols::{Solver, add_products, packed};
/// // What came is always 2 a + 3 b.
/// let mut sums = vec![0.0f64; packed(2)];
/// for (a, b) in [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0)] {
///     add_products(&mut sums, 1.0, 1.0, &[a, b, 2.0 * a + 3.0 * b]);
/// }
/// let mut weights = [0.0; 2];
/// Solver::new(2).solve(&sums, &[], 1e-9, &mut weights);
/// assert!((weights[0] - 2.0).abs() < 1e-6 && (weights[1] - 3.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Solver<R> {
    n: usize,
    work: Vec<R>,
}

impl<R: Real> Solver<R> {
    /// For `n` inputs.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { n, work: vec![R::of(0.0); packed(n)] }
    }

    /// Gives the weights; leaves `weights` as they were if the system has no sound solution.
    pub fn solve(&mut self, a: &[R], b: &[R], ridge: R, weights: &mut [R]) {
        if b.is_empty() {
            self.work.iter_mut().zip(a).for_each(|(w, &x)| *w = x);
        }
        for ((w, &x), &y) in self.work.iter_mut().zip(a).zip(b) {
            *w = x + y;
        }
        if self.eliminate(ridge) {
            self.substitute(weights);
        }
    }

    /// Turns the triangle into `D` and `Lᵀ D`, the targets along with it.
    #[inline(always)]
    fn eliminate(&mut self, ridge: R) -> bool {
        let mut rest = &mut self.work[..];
        for k in 0..self.n {
            let len = self.n - k + 1;
            let (row, below) = rest.split_at_mut(len);
            row[0] = row[0] + ridge;
            let pivot = row[0];
            if !(pivot > ridge * R::of(0.25) && pivot < R::of(1e30)) {
                return false;
            }
            let inverse = R::of(1.0) / pivot;
            let mut under = &mut below[..];
            for i in 1..len - 1 {
                let tail = &row[i..];
                let (target, next) = under.split_at_mut(tail.len());
                let factor = row[i] * inverse;
                for (t, &x) in target.iter_mut().zip(tail) {
                    *t = *t - factor * x;
                }
                under = next;
            }
            rest = below;
        }
        true
    }

    #[inline(always)]
    fn substitute(&mut self, weights: &mut [R]) {
        let n = self.n;
        if weights.len() < n {
            return;
        }
        let mut end = self.work.len();
        for i in (0..n).rev() {
            let start = end - (n - i + 1);
            let row = &self.work[start..end];
            let sum = row[n - i] - dot(&row[1..n - i], &weights[i + 1..n]);
            let w = sum / row[0];
            weights[i] = if w < R::of(1e6) && w > R::of(-1e6) { w } else { R::of(0.0) };
            end = start;
        }
    }
}

/// A product of vectors, summed in eight lanes and those in order.
#[inline(always)]
#[must_use]
pub fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let (a8, a1) = a.as_chunks::<8>();
    let (b8, b1) = b.as_chunks::<8>();
    let mut lanes = [R::of(0.0); 8];
    for (x, y) in a8.iter().zip(b8) {
        for i in 0..8 {
            lanes[i] = lanes[i] + x[i] * y[i];
        }
    }
    let mut sum = R::of(0.0);
    for lane in lanes {
        sum = sum + lane;
    }
    for (&x, &y) in a1.iter().zip(b1) {
        sum = sum + x * y;
    }
    sum
}

/// Least squares over the plane: what is near in both directions counts most (Meyer and Tischer, "Glicbawls", 2001).
///
/// The products of the rows above are kept for blocks of columns, those of the row so far exactly.
#[derive(Clone, Debug)]
pub struct PlaneOls {
    n: usize,
    /// log2 of the columns of a block.
    block: u32,
    blocks: usize,
    keep: f32,
    /// Rows above, one system for each block.
    above: Vec<f32>,
    /// This row, one system for each block.
    row: Vec<f32>,
    /// This row so far, fading.
    left: Vec<f32>,
    solver: Solver<f32>,
    weights: Vec<f32>,
    ridge: f32,
}

impl PlaneOls {
    /// A system of `n` inputs for rows of `width` samples; products fade by `keep` each step, in blocks of `2^block`.
    #[must_use]
    pub fn new(n: usize, width: usize, block: u32, keep: f32, ridge: f32) -> Self {
        let len = packed(n);
        // Wide rows share systems: the memory stays at 2 MiB.
        let limit = ((1 << 18) / len.max(1)).max(1);
        let mut block = block;
        while (width >> block) + 1 > limit && block < 30 {
            block += 1;
        }
        let blocks = (width >> block) + 1;
        Self {
            n,
            block,
            blocks,
            keep,
            above: vec![0.0; len * blocks],
            row: vec![0.0; len * blocks],
            left: vec![0.0; len],
            solver: Solver::new(n),
            weights: vec![0.0; n],
            ridge,
        }
    }

    /// The prediction for `v` (whose first `n` values are inputs) at column `x`.
    pub fn predict(&mut self, x: usize, v: &[f32]) -> f32 {
        let len = packed(self.n);
        let at = (x >> self.block).min(self.blocks - 1) * len;
        if let Some(above) = self.above.get(at..at + len) {
            self.solver.solve(above, &self.left, self.ridge, &mut self.weights);
        }
        dot(&self.weights, &v[..self.n.min(v.len())])
    }

    /// Takes in `v`: inputs and, last, what came.
    pub fn update(&mut self, x: usize, v: &[f32], weight: f32) {
        let len = packed(self.n);
        let at = (x >> self.block).min(self.blocks - 1) * len;
        add_products(&mut self.left, self.keep, weight, v);
        if let Some(row) = self.row.get_mut(at..at + len) {
            add_products(row, 1.0, weight, v);
        }
    }

    /// Ends a row: its products spread to both sides and join those above.
    pub fn end_row(&mut self) {
        let len = packed(self.n);
        let mut fade = 1.0f32;
        for _ in 0..1u32 << self.block.min(12) {
            fade *= self.keep;
        }
        // From the left into `above`, with what the block itself had; from the right without it.
        let mut carry = vec![0.0f32; len];
        for (row, above) in self.row.chunks_exact(len).zip(self.above.chunks_exact_mut(len)) {
            for ((c, a), &r) in carry.iter_mut().zip(above).zip(row) {
                *c = *c * fade + r;
                *a = (*a + *c) * self.keep;
            }
        }
        carry.fill(0.0);
        for (row, above) in self.row.chunks_exact_mut(len).zip(self.above.chunks_exact_mut(len)).rev() {
            for ((c, a), r) in carry.iter_mut().zip(above).zip(row) {
                let spread = *c * fade;
                *a += spread * self.keep;
                *c = spread + *r;
                *r = 0.0;
            }
        }
        self.left.fill(0.0);
    }
}

/// Least squares over time: what came last counts most.
///
/// ```
/// use minlen_mix::sample::ols::SeriesOls;
/// // Each number is twice the last less the one before: a straight line.
/// let mut ols = SeriesOls::new(2, 0.998, 1e-6, 1);
/// let line = |i: i32| f64::from(3 * i + 1);
/// (2..60).for_each(|i| ols.update(&[line(i - 1), line(i - 2), line(i)]));
/// assert!((ols.predict(&[line(59), line(58)]) - line(60)).abs() < 0.5);
/// ```
#[derive(Clone, Debug)]
pub struct SeriesOls {
    sums: Vec<f64>,
    keep: f64,
    ridge: f64,
    solver: Solver<f64>,
    weights: Vec<f64>,
    /// Samples from one solution to the next, and until the next.
    every: u32,
    wait: u32,
}

impl SeriesOls {
    /// A system of `n` inputs that fades by `keep` each sample and is solved `every` so many.
    #[must_use]
    pub fn new(n: usize, keep: f64, ridge: f64, every: u32) -> Self {
        Self {
            sums: vec![0.0; packed(n)],
            keep,
            ridge,
            solver: Solver::new(n),
            weights: vec![0.0; n],
            every: every.max(1),
            wait: every.max(1),
        }
    }

    /// The weights so far.
    pub fn weights_mut(&mut self) -> &mut [f64] {
        &mut self.weights
    }

    /// The prediction for inputs `v` (more values are ignored).
    #[must_use]
    pub fn predict(&self, v: &[f64]) -> f64 {
        dot(&self.weights, &v[..self.weights.len().min(v.len())])
    }

    /// Takes in inputs and, last, what came.
    pub fn update(&mut self, v: &[f64]) {
        add_products(&mut self.sums, self.keep, 1.0 - self.keep, v);
        self.wait -= 1;
        if self.wait == 0 {
            self.wait = self.every;
            self.solver.solve(&self.sums, &[], self.ridge, &mut self.weights);
        }
    }
}
