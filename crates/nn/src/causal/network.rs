//! The network of a causal predictor.

use super::sight::{Input, Sight};
use super::{FULL, Geometry, NODES};
use crate::integer::{Activation, Dyadic, Function, Graph, Linear, Op, Shape};
use crate::simd::Isa;
use crate::simd::integer::{PANEL, Packed, Path, gather, requantise};
use minlen_core::{Env, Error, Reservation, Result};
use minlen_entropy::mixing::STRETCH_MAX;

/// Units of a hidden layer at most: a file from a stranger must not ask for hours.
const UNITS_MAX: usize = 1024;

/// A hidden layer.
#[derive(Debug)]
struct Layer {
    packed: Packed,
    bias: Vec<[i32; PANEL]>,
    /// Fraction bits that ReLU adds.
    finer: u8,
}

/// A predictor that was checked and made ready. It can be shared by threads; each needs a [`Look`] of its own.
#[derive(Debug)]
pub struct Causal {
    geometry: Geometry,
    layers: [Layer; 2],
    /// The weights of each node, as many as there are units in the last hidden layer's panels.
    weights: Vec<i16>,
    width: usize,
    bias: Vec<i32>,
    scales: Vec<Dyadic>,
    path: Path,
    _held: Reservation,
}

/// Where a reader or writer of records has got to.
#[derive(Clone, Debug)]
pub struct Look {
    sight: Sight,
    seen: Vec<Input>,
    sums: Vec<[i32; PANEL]>,
    hidden: [Vec<i16>; 2],
}

impl Look {
    /// Takes in the next value.
    #[inline(always)]
    pub fn push(&mut self, value: u8) {
        self.sight.push(value);
    }
}

impl Causal {
    /// Checks and prepares a graph.
    ///
    /// # Errors
    /// Usage if it is not the graph of a predictor of these records, or a sum could overflow; limit where memory does not allow it.
    pub fn new(geometry: Geometry, graph: &Graph, env: &Env) -> Result<Self> {
        Self::with_isa(geometry, graph, env, Isa::detect())
    }

    /// The same on a given instruction set: the results are the same.
    ///
    /// # Errors
    /// As [`Causal::new`].
    pub fn with_isa(geometry: Geometry, graph: &Graph, env: &Env, isa: Isa) -> Result<Self> {
        let bad = |what: &str| Error::usage(format!("not a predictor of values: {what}"));
        if !geometry.is_sane() {
            return Err(bad("no records lie like this"));
        }
        let (layers, finer) = layers(graph).ok_or_else(|| bad("its layers are others"))?;
        let [first, second, last] = layers;
        let fits = graph.input == Shape::flat(geometry.inputs())
            && graph.input_limit == FULL
            && [first.columns, second.columns, last.columns] == [geometry.inputs(), first.rows, second.rows]
            && last.rows == NODES
            && [first, second].iter().all(|layer| (1..=UNITS_MAX).contains(&layer.rows));
        if !fits {
            return Err(bad("its layers have other sizes"));
        }
        let units = (first.rows + second.rows + NODES) as u64;
        let held =
            first.memory() + second.memory() + 2 * (NODES * second.rows.next_multiple_of(PANEL)) as u64;
        let held = env.budget.reserve(held + 32 * units + Sight::memory(&geometry) + (1 << 16))?;
        let bound = finer_by(first.check(graph.input_limit)?, finer[0]);
        let bound = finer_by(second.check(bound)?, finer[1]);
        last.check(bound)?;
        let width = second.rows.next_multiple_of(PANEL);
        let mut weights = vec![0; NODES * width];
        for (to, from) in weights.chunks_exact_mut(width).zip(last.weights.chunks_exact(last.columns)) {
            to[..from.len()].copy_from_slice(from);
        }
        Ok(Self {
            geometry,
            layers: [layer(first, finer[0]), layer(second, finer[1])],
            weights,
            width,
            bias: last.bias.clone(),
            scales: last.scales.clone(),
            path: Path::of(isa),
            _held: held,
        })
    }

    /// How the records lie.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Before the first value.
    #[must_use]
    pub fn start(&self) -> Look {
        let hidden = [0, 1].map(|i| vec![0; self.layers[i].bias.len() * PANEL]);
        Look { sight: Sight::new(self.geometry), seen: Vec::new(), sums: Vec::new(), hidden }
    }

    /// Looks at what is there: to be called once before each value.
    #[inline(always)]
    pub fn look(&self, look: &mut Look) {
        let Look { sight, seen, sums, hidden: [first, second] } = look;
        sight.look(seen);
        self.run(0, seen, sums, first);
        seen.clear();
        for (place, &pair) in (0..).zip(first.as_chunks::<2>().0) {
            if pair != [0; 2] {
                seen.push(Input { place, pair });
            }
        }
        self.run(1, seen, sums, second);
    }

    /// A hidden layer, without what is below 0.
    #[inline(always)]
    fn run(&self, layer: usize, seen: &[Input], sums: &mut Vec<[i32; PANEL]>, out: &mut [i16]) {
        let Layer { packed, bias, finer } = &self.layers[layer];
        sums.clear();
        sums.extend_from_slice(bias);
        gather(self.path, packed, seen, sums);
        requantise(self.path, &packed.channels, packed.limit, sums.as_flattened(), out);
        out.iter_mut().for_each(|x| *x = finer_by((*x).max(0), *finer));
    }

    /// How likely a one is at a node, in the logistic domain: within plus and minus [`STRETCH_MAX`].
    #[inline(always)]
    #[must_use]
    pub fn stretch(&self, look: &Look, node: usize) -> i32 {
        let node = node & (NODES - 1);
        let weights = &self.weights[node * self.width..][..self.width];
        let products = weights.iter().zip(&look.hidden[1]).map(|(&w, &x)| i32::from(w) * i32::from(x));
        let sum = products.fold(self.bias[node], i32::wrapping_add);
        self.scales[node].apply(sum).clamp(-STRETCH_MAX, STRETCH_MAX)
    }
}

/// A number of 0 or more with so many fraction bits more, as far as there is room.
#[inline(always)]
fn finer_by(x: i16, bits: u8) -> i16 {
    (i32::from(x) << bits).min(i32::from(i16::MAX)) as i16
}

fn layer(linear: &Linear, finer: u8) -> Layer {
    let mut packed = linear.pack(&(0..linear.columns).map(Some).collect::<Vec<_>>());
    let bias = packed.channels.iter().map(|channels| channels.bias).collect();
    // The sums begin with the bias.
    packed.rows = linear.rows;
    Layer { packed, bias, finer }
}

/// The matrices of dense layers with ReLU between them, and how many fraction bits those add.
fn layers(graph: &Graph) -> Option<([&Linear; 3], [u8; 2])> {
    let chain = graph.nodes.iter().enumerate().all(|(k, node)| node.from == k);
    let ops: Vec<&Op> = graph.nodes.iter().map(|node| &node.op).collect();
    let finer = |a: &Activation| {
        let added = a.output_bits.checked_sub(a.input_bits)?;
        (a.function == Function::Relu && added <= 15).then_some(added)
    };
    match ops[..] {
        [Op::Dense(first), Op::Activation(a), Op::Dense(second), Op::Activation(b), Op::Dense(last)]
            if chain =>
        {
            Some(([first, second, last], [finer(a)?, finer(b)?]))
        }
        _ => None,
    }
}
