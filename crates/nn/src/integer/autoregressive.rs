//! A masked network of one hidden layer, one latent after the other.

use super::{Activation, Graph, Linear, Op, Shape};
use crate::simd::Isa;
use crate::simd::integer::{Channels, PANEL, Path, ROW, add_column, dots, look_up, requantise};
use minlen_core::{Env, Error, Reservation, Result};
use std::ops::Range;

/// A network whose outputs for latent `k` depend on the context and the latents before `k` alone, computed step by step: each value that
/// becomes known is added to the hidden sums, and only the outputs of one latent are computed.
///
/// The graph is a dense layer, an activation and a dense layer. Its inputs are the context (any number, known beforehand), then the latents;
/// its outputs are `per` numbers of each latent, in order. It gives exactly what [`super::Network`] gives for the whole.
///
/// ```
/// use minlen_core::Env;
/// use minlen_nn::integer::*;
/// let linear = |rows, columns, weights| Linear {
///     rows, columns, weights, bias: vec![0; rows], scales: vec![Dyadic::ONE; rows], limit: 1000,
/// };
/// let relu = Activation { function: Function::Relu, input_bits: 0, output_bits: 0 };
/// // Two latents; the one hidden unit sees the first, and only the second's output sees it.
/// let nodes = vec![
///     Node { from: 0, op: Op::Dense(linear(1, 2, vec![3, 0])) },
///     Node { from: 1, op: Op::Activation(relu) },
///     Node { from: 2, op: Op::Dense(linear(2, 1, vec![0, 2])) },
/// ];
/// let graph = Graph { input: Shape::flat(2), input_limit: 50, nodes };
/// let prior = Autoregressive::new(&graph, 0, 1, &Env::default())?;
/// let mut state = prior.start(&[])?;
/// let mut out = [0];
/// prior.outputs(&mut state, 0, &mut out)?;
/// prior.push(&mut state, 7)?;
/// prior.outputs(&mut state, 1, &mut out)?;
/// assert_eq!(out, [42]);
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Autoregressive {
    /// The weights of each input, context first: a column each.
    columns: Vec<i16>,
    bias: Vec<i32>,
    channels: Vec<Channels>,
    limit: i16,
    table: Vec<i16>,
    outputs: Vec<Output>,
    context: usize,
    per: usize,
    input_limit: u16,
    path: Path,
    _held: Reservation,
}

/// What a latent's outputs are computed from.
#[derive(Debug)]
struct Output {
    /// Hidden units that are known from here on, and were not before: from a multiple of sixteen on.
    fresh: Range<usize>,
    /// The first hidden unit with weights, or one before.
    first: usize,
    /// Weights, a row for each output, with zeros up to a multiple of [`ROW`].
    rows: Vec<i16>,
    channels: Vec<Channels>,
    limit: i16,
}

/// Where a record has got to: see [`Autoregressive::start`].
#[derive(Clone, Debug)]
pub struct Progress {
    /// Of hidden units.
    sums: Vec<i32>,
    /// Of outputs.
    found: Vec<i32>,
    pushed: usize,
    /// Latents whose fresh hidden units are done.
    done: usize,
    scaled: Vec<i16>,
    /// What hidden units that are known give, with zeros behind them.
    hidden: Vec<i16>,
}

impl Progress {
    /// Latents known so far.
    #[must_use]
    pub fn pushed(&self) -> usize {
        self.pushed
    }
}

impl Autoregressive {
    /// Checks and prepares a graph of which the first `context` inputs are known beforehand, with `per` outputs a latent.
    ///
    /// # Errors
    /// Usage if the graph is not of this kind, a sum could overflow, or an output sees its own latent or a later one; limit where memory
    /// does not allow it.
    pub fn new(graph: &Graph, context: usize, per: usize, env: &Env) -> Result<Self> {
        Self::with_path(graph, context, per, env, Path::of(Isa::detect()))
    }

    pub(super) fn with_path(
        graph: &Graph,
        context: usize,
        per: usize,
        env: &Env,
        path: Path,
    ) -> Result<Self> {
        let (first, activation, last) = layers(graph)?;
        let inputs = graph.input.count()?;
        let latents = inputs.checked_sub(context).filter(|&n| n > 0 && per > 0);
        let latents = latents.filter(|n| n.checked_mul(per) == Some(last.rows));
        let fits =
            graph.input == Shape::flat(inputs) && first.columns == inputs && last.columns == first.rows;
        let Some(latents) = latents.filter(|_| fits) else {
            return Err(Error::usage(format!(
                "{inputs} inputs, {context} of context, and {} outputs are no {per} numbers a latent",
                last.rows
            )));
        };
        let bound = first.check(graph.input_limit.max(1))?;
        let held = env.budget.reserve(
            first.memory()
                + 2 * Activation::ENTRIES as u64
                + latents as u64 * Linear::memory_of(per, 2)
                + 2 * last.rows as u64 * (last.columns + ROW) as u64,
        )?;
        let table = match activation {
            Some(activation) => activation.table()?,
            None => (i16::MIN..=i16::MAX).collect(),
        };
        // What the first layer can give is all that the second one sees the function of.
        let (middle, bound) = (Activation::ENTRIES / 2, usize::from(bound.unsigned_abs()));
        let seen = table.get(middle - bound..=middle + bound).unwrap_or(&table);
        last.check(seen.iter().map(|x| x.saturating_abs()).max().unwrap_or(i16::MAX).max(1))?;
        let columns =
            (0..inputs).flat_map(|c| first.weights.chunks_exact(inputs).map(move |row| row[c])).collect();
        let fresh = fresh(first, context, latents);
        let outputs = (fresh.into_iter().enumerate())
            .map(|(k, fresh)| output(first, last, context + k, k * per..(k + 1) * per, fresh))
            .collect::<Result<_>>()?;
        Ok(Self {
            columns,
            bias: first.bias.clone(),
            channels: first.channels(),
            limit: first.limit,
            table,
            outputs,
            context,
            per,
            input_limit: graph.input_limit.unsigned_abs(),
            path,
            _held: held,
        })
    }

    /// Latents of a record.
    #[must_use]
    pub fn latents(&self) -> usize {
        self.outputs.len()
    }

    /// A record of which only the context is known.
    ///
    /// # Errors
    /// Usage if the context is of another length or over the limit.
    pub fn start(&self, context: &[i16]) -> Result<Progress> {
        if context.len() != self.context {
            return Err(Error::usage(format!(
                "{} numbers of context in place of {}",
                context.len(),
                self.context
            )));
        }
        let hidden = vec![0; self.bias.len() + PANEL + ROW];
        let mut state = Progress {
            sums: self.bias.clone(),
            found: Vec::new(),
            pushed: 0,
            done: 0,
            scaled: Vec::new(),
            hidden,
        };
        for (k, &value) in context.iter().enumerate() {
            self.add(&mut state.sums, k, value)?;
        }
        Ok(state)
    }

    fn add(&self, sums: &mut [i32], input: usize, value: i16) -> Result<()> {
        if value.unsigned_abs() > self.input_limit {
            return Err(Error::usage(format!("{value} is over the network's limit of {}", self.input_limit)));
        }
        if value != 0 {
            let hidden = sums.len();
            add_column(self.path, sums, &self.columns[input * hidden..(input + 1) * hidden], value);
        }
        Ok(())
    }

    /// The next latent is known.
    ///
    /// # Errors
    /// Usage if it is over the limit, or all were known.
    pub fn push(&self, state: &mut Progress, value: i16) -> Result<()> {
        if state.pushed == self.latents() {
            return Err(Error::usage("all latents of the record are known"));
        }
        self.add(&mut state.sums, self.context + state.pushed, value)?;
        state.pushed += 1;
        Ok(())
    }

    /// The outputs of latent `k`, once all before it are known.
    ///
    /// # Errors
    /// Usage if they are not, or `out` is of another length.
    pub fn outputs(&self, state: &mut Progress, k: usize, out: &mut [i16]) -> Result<()> {
        let output = self.outputs.get(k).filter(|_| k <= state.pushed && out.len() == self.per);
        let Some(Output { first, rows, channels, limit, .. }) = output else {
            return Err(Error::usage(format!("outputs of latent {k} where {} are known", state.pushed)));
        };
        while state.done <= k {
            self.finish_hidden(state);
        }
        // An output without weights has its bias alone.
        state.found.clear();
        state.found.resize(self.per, 0);
        let row = rows.len() / self.per;
        dots(self.path, rows, &state.hidden[*first..first + row], &mut state.found);
        let biases = channels.iter().flat_map(|channels| channels.bias);
        state.found.iter_mut().zip(biases).for_each(|(sum, bias)| *sum = sum.wrapping_add(bias));
        requantise(self.path, channels, *limit, &state.found, out);
        Ok(())
    }

    /// What the hidden units give that the next latents say nothing new about.
    fn finish_hidden(&self, state: &mut Progress) {
        let fresh = self.outputs.get(state.done).map_or(0..0, |output| output.fresh.clone());
        if fresh.start < fresh.end {
            state.scaled.resize(fresh.len(), 0);
            let (sums, channels) = (&state.sums[fresh.clone()], &self.channels[fresh.start / PANEL..]);
            requantise(self.path, channels, self.limit, sums, &mut state.scaled);
            look_up(self.path, &self.table, &state.scaled, &mut state.hidden[fresh]);
        }
        state.done += 1;
    }
}

/// The parts of the graph.
fn layers(graph: &Graph) -> Result<(&Linear, Option<&Activation>, &Linear)> {
    let chain = graph.nodes.iter().enumerate().all(|(k, node)| node.from == k);
    let ops: Vec<&Op> = graph.nodes.iter().map(|node| &node.op).collect();
    match ops[..] {
        [Op::Dense(first), Op::Activation(activation), Op::Dense(last)] if chain => {
            Ok((first, Some(activation), last))
        }
        [Op::Dense(first), Op::Dense(last)] if chain => Ok((first, None, last)),
        _ => Err(Error::usage("not a dense layer, an activation and a dense layer")),
    }
}

/// The hidden units that depend on nothing from each latent on, but did before the latent before it was known.
fn fresh(first: &Linear, context: usize, latents: usize) -> Vec<Range<usize>> {
    let mut all = vec![0..0; latents];
    for (unit, weights) in first.weights.chunks_exact(first.columns).enumerate() {
        let last = weights.iter().rposition(|&w| w != 0);
        let known = last.map_or(0, |last| (last + 1).saturating_sub(context));
        if let Some(range) = all.get_mut(known) {
            *range =
                if range.start == range.end { unit / PANEL * PANEL..unit + 1 } else { range.start..unit + 1 };
        }
    }
    all
}

/// What the outputs `rows` are computed from; they may depend on inputs before `input` alone.
fn output(
    first: &Linear,
    last: &Linear,
    input: usize,
    rows: Range<usize>,
    fresh: Range<usize>,
) -> Result<Output> {
    let weights = &last.weights[rows.start * last.columns..rows.end * last.columns];
    let used = |hidden: usize| weights.iter().skip(hidden).step_by(last.columns).any(|&w| w != 0);
    let (mut low, mut high) = (last.columns, 0);
    for hidden in (0..last.columns).filter(|&hidden| used(hidden)) {
        let sees = &first.weights[hidden * first.columns..(hidden + 1) * first.columns];
        if sees[input..].iter().any(|&w| w != 0) {
            return Err(Error::usage(format!(
                "an output of input {input} depends on that input or a later one"
            )));
        }
        (low, high) = (low.min(hidden), hidden + 1);
    }
    let low = low.min(high) / PANEL * PANEL;
    let row = (high - low).next_multiple_of(ROW);
    let mut all = vec![0; rows.len() * row];
    for (to, from) in all.chunks_exact_mut(row.max(1)).zip(weights.chunks_exact(last.columns.max(1))) {
        to[..high - low].copy_from_slice(&from[low..high]);
    }
    let part = Linear {
        rows: rows.len(),
        columns: 0,
        weights: Vec::new(),
        bias: last.bias[rows.clone()].to_vec(),
        scales: last.scales[rows].to_vec(),
        limit: last.limit,
    };
    Ok(Output { fresh, first: low, rows: all, channels: part.channels(), limit: last.limit })
}
