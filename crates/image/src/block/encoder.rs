//! From a picture to its payload.

use super::canvas::{Around, CELL, Done, Node};
use super::colour::{self, Rotation, Scale};
use super::effort::Effort;
use super::header::Header;
use super::quantizer::Quantizer;
use super::rate::{Rate, Tally};
use super::search::{Found, Plan, Searcher};
use super::syntax::{Leaf, Split, State};
use super::transform::SIDE;
use super::trellis::Terms;
use super::{Encoded, Grid, finish, priors};
use crate::Planes;
use minlen_core::{Env, Error, Result, threads};
use minlen_entropy::binary::Encoder;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Lambda over the square of the step, for plain and for dependent quantization.
const LAMBDA: [f32; 2] = [0.10, 0.30];

/// See [`super::encode`].
pub(super) fn encode(picture: &Planes, quantizer: u16, effort: u8, env: &Env) -> Result<(Encoded, Tally)> {
    let grid = Grid::new(picture.width(), picture.height());
    let _held = env.budget.reserve(grid.memory(picture.planes().len()) * 3)?;
    let rotation = Rotation::of(picture);
    let planes = colour::forward(picture, &rotation);
    let effort = Effort::new(effort);
    let bits = Scale::new(picture.depth()).bits;
    let header = Header { quantizer, dependent: effort.dependent, quaternion: rotation.quaternion };
    let quantizer = Quantizer::new(quantizer, bits, effort.dependent);
    let mut tally = priors::tally();
    let mut coded = Coded::default();
    for pass in 0..effort.passes {
        let rate = Rate::new(&tally);
        let plan = plan(quantizer, &rate, effort);
        let roots = search(&plan, &grid, &planes, env)?;
        let payload =
            write(&header, &grid, &roots, &planes, quantizer, plan.terms.lambda, env, priors::warm)?.0;
        if pass + 1 < effort.passes {
            tally = priors::tally();
            tally.add(&payload.tally, 16);
        }
        coded = payload;
    }
    let shape = (picture.width(), picture.height(), picture.depth());
    let decoded = colour::inverse(&coded.planes, shape, &rotation)?;
    Ok((Encoded { bytes: coded.bytes, picture: decoded }, coded.tally))
}

/// A picture that is searched, to be coded again and again.
#[cfg(feature = "lab")]
#[derive(Debug)]
pub(super) struct Searched {
    header: Header,
    planes: Vec<Vec<i16>>,
    grid: Grid,
    roots: Vec<(Found, Done)>,
    quantizer: Quantizer,
}

#[cfg(feature = "lab")]
impl Searched {
    pub fn write(&self, env: &Env, start: impl FnOnce(&mut State)) -> Result<(Vec<u8>, State, Tally)> {
        let (coded, state) =
            write(&self.header, &self.grid, &self.roots, &self.planes, self.quantizer, 1.0, env, start)?;
        Ok((coded.bytes, state, coded.tally))
    }

    /// Appends what was found, without samples.
    pub fn dump(&self, out: &mut Vec<u8>) {
        let mut put = |value: usize| out.extend((value as u32).to_le_bytes());
        put(usize::from(self.header.quantizer));
        put(usize::from(self.header.dependent));
        put(self.grid.width);
        put(self.grid.height);
        for (found, _) in &self.roots {
            put(found.splits.len());
            found.splits.iter().for_each(|&split| put(split as usize));
            put(found.leaves.len());
            for leaf in &found.leaves {
                put(usize::from(leaf.mode) << 16 | usize::from(leaf.chroma) << 8 | usize::from(leaf.kinds));
                for levels in &leaf.levels {
                    put(levels.len());
                    let nonzero = || levels.iter().enumerate().filter(|(_, l)| **l != 0);
                    put(nonzero().count());
                    for (i, &level) in nonzero() {
                        put(i);
                        put(level as u32 as usize);
                    }
                }
            }
        }
    }

    /// What [`Searched::dump`] appended, taken off the front.
    pub fn load(bytes: &mut &[u8]) -> Self {
        let mut get = || {
            let (first, rest) = bytes.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
            *bytes = rest;
            u32::from_le_bytes(*first) as usize
        };
        let (number, dependent) = (get() as u16, get() == 1);
        let grid = Grid::new(get(), get());
        let mut roots = Vec::new();
        for _ in 0..grid.columns * grid.rows {
            let mut found = Found::default();
            let of = [Split::None, Split::Quad, Split::Level, Split::Upright];
            found.splits = (0..get()).map(|_| of[get() & 3]).collect();
            for _ in 0..get() {
                let word = get();
                let mut leaf = Leaf {
                    mode: (word >> 16) as u8,
                    chroma: (word >> 8) as u8,
                    kinds: word as u8,
                    ..Leaf::default()
                };
                for levels in &mut leaf.levels {
                    levels.resize(get(), 0);
                    for _ in 0..get() {
                        let at = get();
                        levels[at] = get() as u32 as i32;
                    }
                }
                found.leaves.push(leaf);
            }
            let done = Done { planes: vec![vec![0; SIDE * SIDE]; 3], modes: Vec::new() };
            roots.push((found, done));
        }
        let header = Header { quantizer: number, dependent, quaternion: [1, 0, 0, 0] };
        let planes = vec![vec![0; grid.width * grid.height]; 3];
        Self { header, planes, grid, roots, quantizer: Quantizer::new(number, 12, dependent) }
    }

    /// Calls with the filter and what it is to bring near to the source.
    pub fn filtering(
        &self,
        env: &Env,
        call: impl FnOnce(&super::filter::Filter<'_>, &[Vec<i16>], &[Vec<i16>], &Grid),
    ) -> Result<()> {
        let state = self.write(env, priors::warm)?.1;
        let roots: Vec<Done> = self.roots.iter().map(|(_, done)| done.clone()).collect();
        let planes = self.grid.assemble(&roots, self.planes.len());
        finish::with_filter(&state, &self.grid, &planes, |filter| {
            call(filter, &planes, &self.planes, &self.grid);
        });
        Ok(())
    }
}

/// Searches a picture.
#[cfg(feature = "lab")]
pub(super) fn searched(picture: &Planes, number: u16, effort: u8, env: &Env) -> Result<Searched> {
    let grid = Grid::new(picture.width(), picture.height());
    let rotation = Rotation::of(picture);
    let planes = colour::forward(picture, &rotation);
    let effort = Effort::new(effort);
    let header = Header { quantizer: number, dependent: effort.dependent, quaternion: rotation.quaternion };
    let quantizer = Quantizer::new(number, Scale::new(picture.depth()).bits, effort.dependent);
    let rate = Rate::new(&priors::tally());
    let plan = plan(quantizer, &rate, effort);
    let roots = search(&plan, &grid, &planes, env)?;
    Ok(Searched { header, planes, grid, roots, quantizer })
}

fn plan(quantizer: Quantizer, rate: &Rate, effort: Effort) -> Plan<'_> {
    let step = quantizer.step();
    let lambda = LAMBDA[usize::from(effort.dependent)] * step * step;
    Plan { terms: Terms { quantizer, rate, lambda }, effort, noise: super::line_noise(quantizer) }
}

/// A payload and what it is of.
#[derive(Debug, Default)]
struct Coded {
    bytes: Vec<u8>,
    tally: Tally,
    planes: Vec<Vec<i16>>,
}

/// Roots that are searched, for threads that wait for them.
struct Front {
    done: Vec<OnceLock<(Found, Done)>>,
    stopped: AtomicBool,
    lock: Mutex<()>,
    more: Condvar,
}

impl Front {
    fn wait(&self, index: usize, env: &Env) -> Result<&Done> {
        loop {
            if let Some((_, done)) = self.done[index].get() {
                return Ok(done);
            }
            if self.stopped.load(Ordering::Relaxed) {
                env.check()?;
                return Err(Error::usage("another thread has stopped"));
            }
            let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            if self.done[index].get().is_none() {
                let _ = self.more.wait_timeout(guard, Duration::from_millis(2));
            }
        }
    }

    fn put(&self, index: usize, found: (Found, Done)) {
        let _ = self.done[index].set(found);
        drop(self.lock.lock());
        self.more.notify_all();
    }
}

/// Searches all roots: each once those left and above are done, whoever has time.
fn search(plan: &Plan<'_>, grid: &Grid, planes: &[Vec<i16>], env: &Env) -> Result<Vec<(Found, Done)>> {
    let count = grid.columns * grid.rows;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|i| (i % grid.columns + 2 * (i / grid.columns), *i));
    let front = Front {
        done: (0..count).map(|_| OnceLock::new()).collect(),
        stopped: AtomicBool::new(false),
        lock: Mutex::new(()),
        more: Condvar::new(),
    };
    let most = env.threads.min(grid.rows).max(1);
    let mut workers: Vec<Searcher> = (0..most).map(|_| Searcher::new(planes.len())).collect();
    threads::each(&mut workers, count, |searcher, job| {
        let index = order[job];
        let one = root(plan, grid, planes, &front, (index, env), searcher).and_then(|found| {
            env.work((SIDE * SIDE * planes.len()) as u64)?;
            Ok(found)
        });
        match one {
            Ok(found) => front.put(index, found),
            Err(error) => {
                front.stopped.store(true, Ordering::Relaxed);
                front.more.notify_all();
                return Err(error);
            }
        }
        Ok(())
    })?;
    let all: Option<Vec<_>> = front.done.into_iter().map(OnceLock::into_inner).collect();
    all.ok_or_else(|| Error::usage("a block was not searched"))
}

fn root(
    plan: &Plan<'_>,
    grid: &Grid,
    planes: &[Vec<i16>],
    front: &Front,
    (index, env): (usize, &Env),
    searcher: &mut Searcher,
) -> Result<(Found, Done)> {
    let (column, row) = (index % grid.columns, index / grid.columns);
    let get = |there: bool, index: usize| if there { front.wait(index, env).map(Some) } else { Ok(None) };
    let above = index.wrapping_sub(grid.columns);
    let around = Around {
        left: get(column > 0, index.wrapping_sub(1))?,
        corner: get(column > 0 && row > 0, above.wrapping_sub(1))?,
        above: get(row > 0, above)?,
        right: get(row > 0 && column + 1 < grid.columns, above.wrapping_add(1))?,
    };
    let source = |to: &mut [Vec<i16>]| {
        for (to, plane) in to.iter_mut().zip(planes) {
            for (y, to) in to.chunks_exact_mut(SIDE).enumerate() {
                let y = (row * SIDE + y).min(grid.height - 1);
                let line = &plane[y * grid.width..(y + 1) * grid.width];
                for (x, to) in to.iter_mut().enumerate() {
                    *to = line[(column * SIDE + x).min(grid.width - 1)];
                }
            }
        }
    };
    Ok(searcher.root(plan, grid.room(column, row), around, source))
}

fn write(
    header: &Header,
    grid: &Grid,
    found: &[(Found, Done)],
    source: &[Vec<i16>],
    quantizer: Quantizer,
    price: f32,
    env: &Env,
    start: impl FnOnce(&mut State),
) -> Result<(Coded, State)> {
    let mut state = State::new(grid.cell_columns(), grid.cell_rows(), source.len(), quantizer);
    start(&mut state);
    state.tally = Some(Box::default());
    let mut coder = Encoder::append_to(header.write(source.len()));
    for (index, (found, _)) in found.iter().enumerate() {
        let (column, row) = (index % grid.columns, index / grid.columns);
        let mut walk = Walk {
            state: &mut state,
            coder: &mut coder,
            splits: found.splits.iter(),
            leaves: found.leaves.iter(),
            room: grid.room(column, row),
            origin: (column * SIDE / CELL, row * SIDE / CELL),
        };
        walk.node(Node::ROOT)?;
        env.check()?;
    }
    let roots: Vec<Done> = found.iter().map(|(_, done)| done.clone()).collect();
    let mut planes = grid.assemble(&roots, source.len());
    let mut strengths = finish::with_filter(&state, grid, &planes, |filter| {
        finish::strengths(filter, grid, &planes, source, price)
    });
    finish::code(&mut state, &mut coder, grid, source.len(), &mut strengths);
    finish::with_filter(&state, grid, &planes.clone(), |filter| {
        finish::apply(filter, grid, &mut planes, &strengths);
    });
    let tally = state.tally.take().map(|tally| *tally).unwrap_or_default();
    Ok((Coded { bytes: coder.finish(), tally, planes }, state))
}

/// What was found for a root, on its way to the coder.
struct Walk<'a> {
    state: &'a mut State,
    coder: &'a mut Encoder,
    splits: std::slice::Iter<'a, Split>,
    leaves: std::slice::Iter<'a, Leaf>,
    room: (usize, usize),
    origin: (usize, usize),
}

impl Walk<'_> {
    fn node(&mut self, node: Node) -> Result<()> {
        if node.x >= self.room.0 || node.y >= self.room.1 {
            return Ok(());
        }
        let at = (self.origin.0 + node.x / CELL, self.origin.1 + node.y / CELL);
        let split = if node.x + node.w > self.room.0 || node.y + node.h > self.room.1 {
            Split::Quad
        } else if node.w.max(node.h) == CELL {
            Split::None
        } else {
            let wanted = self.splits.next().copied().unwrap_or(Split::None);
            self.state.split(self.coder, at, node, wanted)
        };
        if split != Split::None {
            return split.parts(node).try_for_each(|part| self.node(part));
        }
        let Some(leaf) = self.leaves.next() else { return Err(Error::usage("a block without content")) };
        self.state.leaf(self.coder, at, node, &mut leaf.clone())
    }
}
