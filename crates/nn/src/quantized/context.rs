//! What is known about a place of a matrix from the integers before it: densities, sums and neighbours.

use super::Layer;
use std::ops::AddAssign;

/// Larger magnitudes count as this one.
const CAP: i32 = 15;

/// What was seen of a group of places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stat {
    /// Places.
    pub n: u32,
    /// Integers that are not 0.
    pub nz: u32,
    /// Sum of magnitudes, each at most 15.
    pub sum: u32,
    /// Integers over 0.
    pub positive: u32,
}

impl Stat {
    fn of(q: i32) -> Self {
        Self {
            n: 1,
            nz: u32::from(q != 0),
            sum: q.unsigned_abs().min(CAP as u32),
            positive: u32::from(q > 0),
        }
    }

    /// Takes one more place in; of very many the half is forgotten, which also keeps every sum within 32 bits.
    fn take(&mut self, one: Self) {
        if self.n >> 20 != 0 {
            *self = Self { n: self.n / 2, nz: self.nz / 2, sum: self.sum / 2, positive: self.positive / 2 };
        }
        *self += one;
    }

    pub(super) fn times(self, k: u32) -> Self {
        Self { n: self.n * k, nz: self.nz * k, sum: self.sum * k, positive: self.positive * k }
    }

    /// Share of integers that are not 0, in 1..=65535, as if `weight` places of share `prior` had been seen too.
    pub(super) fn density(self, weight: u32, prior: u32) -> u32 {
        share(self.nz, self.n, weight, prior)
    }

    /// Chance that a magnitude is over k when it is at least k, were magnitudes geometric.
    pub(super) fn growth(self, weight: u32, prior: u32) -> u32 {
        share(self.sum - self.nz, self.sum, weight, prior)
    }

    /// Share of positive integers among those that are not 0.
    pub(super) fn sign(self, weight: u32, prior: u32) -> u32 {
        share(self.positive, self.nz, weight, prior)
    }

    /// Mean magnitude in sixteenths, on a scale of four steps a factor of two, below 32.
    pub(super) fn mean_class(self) -> usize {
        if self.n == 0 {
            return 31;
        }
        let mean = (u64::from(self.sum) * 64 + 32) / u64::from(self.n) + 1;
        let whole = 63 - mean.leading_zeros();
        let part = if whole >= 2 { mean >> (whole - 2) & 3 } else { mean << (2 - whole) & 3 };
        (whole as usize * 4 + part as usize).saturating_sub(8).min(30)
    }

    /// The balance of signs on a scale of 0..=6, 3 where they balance.
    pub(super) fn sign_class(self) -> usize {
        let balance = 2 * self.positive as i32 - self.nz as i32;
        (3 + balance.signum() * (32 - (balance.unsigned_abs()).leading_zeros()).min(3) as i32) as usize
    }
}

impl AddAssign for Stat {
    fn add_assign(&mut self, other: Self) {
        self.n += other.n;
        self.nz += other.nz;
        self.sum += other.sum;
        self.positive += other.positive;
    }
}

fn share(part: u32, all: u32, weight: u32, prior: u32) -> u32 {
    let above = (u64::from(part) << 16) + u64::from(weight) * u64::from(prior);
    let below = u64::from(all) + u64::from(weight);
    above.checked_div(below).map_or(32_768, |share| share.clamp(1, 65_535) as u32)
}

/// The shape of a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub rows: usize,
    pub columns: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    pub(super) fn of(layer: &Layer) -> Self {
        Self { rows: layer.rows, columns: layer.columns, height: layer.height, width: layer.width }
    }

    pub(super) fn plane(&self) -> usize {
        (self.height * self.width).max(1)
    }

    pub(super) fn planes(&self) -> usize {
        self.columns / self.plane()
    }
}

/// Everything seen of a matrix, and the place reached.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub shape: Shape,
    /// The whole matrix, one column, one plane (all rows).
    pub all: Stat,
    columns: Vec<Stat>,
    planes: Vec<Stat>,
    /// The present row, and its planes.
    pub row: Stat,
    /// The row before.
    pub last_row: Stat,
    row_planes: Vec<Stat>,
    /// The present row and the two before, with two zeros before each row of a plane: see `line`.
    lines: [Vec<i32>; 3],
    /// What is known of the inputs from the layer before: the rows that make the planes.
    before: Vec<Stat>,
}

/// The neighbours of a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Near {
    pub left: i32,
    pub left2: i32,
    pub up: i32,
    pub up_left: i32,
    pub up_right: i32,
    /// The same place of the row before, and of the one before that.
    pub before: i32,
    pub before2: i32,
    /// The twelve places before this one in a square of five by five, the inner ones three times.
    pub local: Stat,
    /// This column.
    pub column: Stat,
    /// This column four times, its neighbours beside it twice and at the corners once, from the rows before.
    pub around: Stat,
    /// As `around`, over five by five columns, with weights that fall from nine to one.
    pub region: Stat,
    /// The places of this row at most four rows and columns away in the picture, the near ones more than once.
    pub wide: Stat,
    /// The plane in all rows before, and in this one.
    pub plane: Stat,
    pub row_plane: Stat,
    /// The row of the layer before that makes this plane.
    pub source: Stat,
}

impl Seen {
    /// Nothing seen of a matrix of this shape; `before` are the rows of the layer before.
    pub(super) fn new(shape: Shape, before: &[Stat]) -> Self {
        let before = if before.len() == shape.planes() { before.to_vec() } else { Vec::new() };
        Self {
            shape,
            all: Stat::default(),
            columns: vec![Stat::default(); shape.columns],
            planes: vec![Stat::default(); shape.planes()],
            row: Stat::default(),
            last_row: Stat::default(),
            row_planes: vec![Stat::default(); shape.planes()],
            lines: [vec![0; shape.columns], vec![0; shape.columns], vec![0; shape.columns]],
            before,
        }
    }

    /// Bytes that [`Seen::new`] takes.
    pub(super) fn memory(shape: Shape) -> u64 {
        (size_of::<Stat>() * (shape.columns + 3 * shape.planes()) + 12 * shape.columns) as u64
    }

    /// Goes to the next row, and gives what the row before came to.
    pub(super) fn next_row(&mut self) -> Stat {
        self.row_planes.fill(Stat::default());
        self.lines.rotate_right(1);
        self.lines[0].fill(0);
        self.last_row = std::mem::take(&mut self.row);
        self.last_row
    }

    /// Takes in the integer of column `c` in the present row.
    pub(super) fn add(&mut self, c: usize, q: i32) {
        let stat = Stat::of(q);
        let plane = c / self.shape.plane();
        for sum in [&mut self.all, &mut self.columns[c], &mut self.planes[plane], &mut self.row] {
            sum.take(stat);
        }
        self.row_planes[plane].take(stat);
        self.lines[0][c] = q;
    }

    /// The neighbours of column `c` of the present row.
    pub(super) fn near(&self, c: usize) -> Near {
        let Shape { height, width, .. } = self.shape;
        let plane = c / self.shape.plane();
        let base = plane * self.shape.plane();
        let (y, x) = ((c - base) / width, (c - base) % width);
        let line = &self.lines[0];
        let at = |dy: usize, dx: i32| {
            let x = x as i32 + dx;
            if dy > y || x < 0 || x >= width as i32 { 0 } else { line[base + (y - dy) * width + x as usize] }
        };
        let mut near = Near {
            left: at(0, -1),
            left2: at(0, -2),
            up: at(1, 0),
            up_left: at(1, -1),
            up_right: at(1, 1),
            before: self.lines[1][c],
            before2: self.lines[2][c],
            column: self.columns[c],
            plane: self.planes[plane],
            row_plane: self.row_planes[plane],
            source: self.before.get(plane).copied().unwrap_or_default(),
            ..Near::default()
        };
        near.local = local(&near, &at);
        near.around = self.around(base, (y, x), (height, width), 2);
        near.region = self.around(base, (y, x), (height, width), 3);
        near.wide = wide((y, x), (height, width), line, base);
        near
    }

    fn around(
        &self,
        base: usize,
        (y, x): (usize, usize),
        (height, width): (usize, usize),
        reach: usize,
    ) -> Stat {
        let mut sum = Stat::default();
        for v in (y + 1).saturating_sub(reach)..(y + reach).min(height) {
            for u in (x + 1).saturating_sub(reach)..(x + reach).min(width) {
                let weight = ((reach - v.abs_diff(y)) * (reach - u.abs_diff(x))) as u32;
                sum += self.columns[base + v * width + u].times(weight);
            }
        }
        sum
    }
}

fn wide((y, x): (usize, usize), (height, width): (usize, usize), line: &[i32], base: usize) -> Stat {
    let mut sum = Stat::default();
    if height == 1 {
        return sum;
    }
    for v in y.saturating_sub(4)..=y {
        let end = if v == y { x } else { (x + 5).min(width) };
        for u in x.saturating_sub(4)..end {
            let weight = 5 - v.abs_diff(y).max(u.abs_diff(x)) as u32;
            sum += Stat::of(line[base + v * width + u]).times(weight);
        }
    }
    sum
}

fn local(near: &Near, at: &impl Fn(usize, i32) -> i32) -> Stat {
    let mut sum = Stat::default();
    for q in [near.left, near.up, near.up_left, near.up_right] {
        sum += Stat::of(q).times(3);
    }
    sum += Stat::of(near.left2);
    for dx in -2..3 {
        sum += Stat::of(at(2, dx));
    }
    sum += Stat::of(at(1, -2));
    sum += Stat::of(at(1, 2));
    sum
}
