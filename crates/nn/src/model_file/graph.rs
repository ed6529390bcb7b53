//! A graph as bytes: the architecture as data, then all weights by the coder of quantized networks.

use crate::integer::{
    Activation, Dyadic, Function, Graph, Linear, NODES_MAX, Node, Op, SIDE_MAX, Shape, WEIGHTS_MAX, Window,
};
use crate::quantized::{self, Layer};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Reservation, Result};

/// Numbers of operations in files.
const DENSE: u8 = 0;
const CONV: u8 = 1;
const TRANSPOSED: u8 = 2;
const DEPTHWISE: u8 = 3;
const ACTIVATION: u8 = 4;
const ADD: u8 = 5;
const RESHAPE: u8 = 6;

/// The graph's bytes.
pub(super) fn write(graph: &Graph) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut layers = Vec::new();
    put_shape(&mut out, graph.input);
    put(&mut out, u64::from(graph.input_limit.unsigned_abs()));
    put(&mut out, graph.nodes.len() as u64);
    for node in &graph.nodes {
        put_node(&mut out, node, &mut layers);
    }
    let mut all = Vec::new();
    put(&mut all, out.len() as u64);
    all.extend(out);
    all.extend(quantized::encode(&quantized::Network { label: Vec::new(), layers })?);
    Ok(all)
}

fn put_node(out: &mut Vec<u8>, node: &Node, layers: &mut Vec<Layer>) {
    let (number, window, linear) = match &node.op {
        Op::Dense(linear) => (DENSE, None, Some(linear)),
        Op::Conv(window, linear) => (CONV, Some(window), Some(linear)),
        Op::TransposedConv(window, linear) => (TRANSPOSED, Some(window), Some(linear)),
        Op::Depthwise(window, linear) => (DEPTHWISE, Some(window), Some(linear)),
        Op::Activation(_) => (ACTIVATION, None, None),
        Op::Add { .. } => (ADD, None, None),
        Op::Reshape(_) => (RESHAPE, None, None),
    };
    out.push(number);
    put(out, node.from as u64);
    if let Some(window) = window {
        let Window { kernel, stride, before, after } = window;
        [kernel, stride, before, after].into_iter().flatten().for_each(|&n| put(out, n as u64));
    }
    if let Some(linear) = linear {
        put_linear(out, linear);
        layers.push(to_layer(linear, window.map_or([1, 1], |window| window.kernel)));
    }
    match &node.op {
        Op::Activation(Activation { function, input_bits, output_bits }) => {
            let number = Function::ALL.iter().position(|f| f == function).unwrap_or(0) as u8;
            out.extend([number, *input_bits, *output_bits]);
        }
        Op::Add { other, scales, limit } => {
            put(out, *other as u64);
            scales.iter().for_each(|&scale| put_scale(out, scale));
            put(out, u64::from(limit.unsigned_abs()));
        }
        Op::Reshape(shape) => put_shape(out, *shape),
        _ => {}
    }
}

fn put_shape(out: &mut Vec<u8>, shape: Shape) {
    [shape.height, shape.width, shape.channels].iter().for_each(|&side| put(out, side as u64));
}

fn put_scale(out: &mut Vec<u8>, scale: Dyadic) {
    put(out, u64::from(scale.multiplier.unsigned_abs()));
    out.push(scale.shift);
}

/// All of a matrix but its weights.
fn put_linear(out: &mut Vec<u8>, linear: &Linear) {
    put(out, linear.rows as u64);
    put(out, linear.columns as u64);
    put(out, u64::from(linear.limit.unsigned_abs()));
    linear.bias.iter().for_each(|&bias| put(out, zigzag(bias)));
    linear.scales.iter().for_each(|&scale| put_scale(out, scale));
}

/// 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
pub(super) fn zigzag(x: i32) -> u64 {
    u64::from(((x << 1) ^ (x >> 31)) as u32)
}

pub(super) fn get_zigzag(reader: &mut Reader<'_>) -> Result<i32> {
    let code = reader.varint_max(u64::from(u32::MAX), "an integer")? as u32;
    Ok((code >> 1) as i32 ^ -((code & 1) as i32))
}

/// Where column `c` of a matrix in a file is in the matrix in use: files have channel after channel, each with its kernel as a picture.
fn place(c: usize, taps: usize, channels: usize) -> usize {
    c % taps * channels + c / taps
}

fn to_layer(linear: &Linear, kernel: [usize; 2]) -> Layer {
    let (taps, channels) = planes(linear.columns, kernel);
    let row = |row: &[i16]| -> Vec<i32> {
        (0..row.len()).map(|c| i32::from(row[place(c, taps, channels)])).collect()
    };
    let integers = linear.weights.chunks(linear.columns.max(1)).flat_map(row).collect();
    let mut layer = Layer::new(linear.rows, linear.columns, integers);
    if is_picture(linear.columns, kernel) {
        (layer.height, layer.width) = (kernel[0], kernel[1]);
    }
    layer
}

/// Columns of a channel, and channels.
fn planes(columns: usize, kernel: [usize; 2]) -> (usize, usize) {
    let taps = kernel[0].saturating_mul(kernel[1]).max(1);
    if columns.is_multiple_of(taps) { (taps, columns / taps) } else { (1, columns) }
}

/// The coder knows kernels as pictures where they are some.
fn is_picture(columns: usize, kernel: [usize; 2]) -> bool {
    let (taps, channels) = planes(columns, kernel);
    taps > 1 && columns > 0 && !(kernel[0] == 1 && channels == 1)
}

/// The graph of bytes, with the memory of its weights.
pub(super) fn read(bytes: &[u8], env: &Env) -> Result<(Graph, Reservation)> {
    let mut reader = Reader::new(bytes);
    let len = reader.varint_max(bytes.len() as u64, "the length of a graph")? as usize;
    let mut head = Reader::new(reader.bytes(len)?);
    let input = get_shape(&mut head)?;
    let input_limit = head.varint_max(i16::MAX as u64, "a limit")? as i16;
    let count = head.varint_max(NODES_MAX as u64, "the number of nodes")?;
    let mut held = env.budget.reserve(bytes.len() as u64)?;
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(get_node(&mut head, &mut held)?);
    }
    if !head.is_empty() {
        return Err(Error::corrupt("bytes are left over after the last node of a network"));
    }
    let network = quantized::decode(reader.rest(), env)?;
    // The layers, and the one that is compared with.
    let weights: usize = network.layers.iter().map(|layer| layer.integers.len()).sum();
    let _work = env.budget.reserve(8 * weights as u64)?;
    let mut graph = Graph { input, input_limit, nodes };
    fill(&mut graph, &network)?;
    Ok((graph, held))
}

fn get_shape(reader: &mut Reader<'_>) -> Result<Shape> {
    let mut side = || reader.varint_max(SIDE_MAX as u64, "a side").map(|side| side as usize);
    Ok(Shape { height: side()?, width: side()?, channels: side()? })
}

fn get_scale(reader: &mut Reader<'_>) -> Result<Dyadic> {
    let multiplier = reader.varint_max(i32::MAX as u64, "a multiplier")? as i32;
    Ok(Dyadic { multiplier, shift: reader.u8()? })
}

fn get_node(reader: &mut Reader<'_>, held: &mut Reservation) -> Result<Node> {
    let number = reader.u8()?;
    let from = reader.varint_max(NODES_MAX as u64, "the number of a node")? as usize;
    let op = match number {
        DENSE => Op::Dense(get_linear(reader, held)?),
        CONV => Op::Conv(get_window(reader)?, get_linear(reader, held)?),
        TRANSPOSED => Op::TransposedConv(get_window(reader)?, get_linear(reader, held)?),
        DEPTHWISE => Op::Depthwise(get_window(reader)?, get_linear(reader, held)?),
        ACTIVATION => {
            let [function, input_bits, output_bits] = reader.array()?;
            let Some(&function) = Function::ALL.get(usize::from(function)) else {
                return Err(Error::unsupported(format!("function {function} of a network")));
            };
            Op::Activation(Activation { function, input_bits, output_bits })
        }
        ADD => {
            let other = reader.varint_max(NODES_MAX as u64, "the number of a node")? as usize;
            let scales = [get_scale(reader)?, get_scale(reader)?];
            Op::Add { other, scales, limit: reader.varint_max(i16::MAX as u64, "a limit")? as i16 }
        }
        RESHAPE => Op::Reshape(get_shape(reader)?),
        _ => return Err(Error::unsupported(format!("operation {number} of a network"))),
    };
    Ok(Node { from, op })
}

fn get_window(reader: &mut Reader<'_>) -> Result<Window> {
    let mut pair = || -> Result<[usize; 2]> {
        let mut side = || reader.varint_max(1 << 16, "a side of a window").map(|side| side as usize);
        Ok([side()?, side()?])
    };
    Ok(Window { kernel: pair()?, stride: pair()?, before: pair()?, after: pair()? })
}

/// A matrix without its weights, for which memory is taken.
fn get_linear(reader: &mut Reader<'_>, held: &mut Reservation) -> Result<Linear> {
    let rows = reader.varint_max(SIDE_MAX as u64, "the number of rows")? as usize;
    let columns = reader.varint_max(SIDE_MAX as u64, "the number of columns")? as usize;
    let limit = reader.varint_max(i16::MAX as u64, "a limit")? as i16;
    // A row has a bias and a scale of at least three bytes together: a false number cannot make us allocate out of proportion.
    if rows > reader.rest().len() / 3 || rows as u64 * columns as u64 > WEIGHTS_MAX as u64 {
        return Err(Error::corrupt(format!(
            "a matrix of {rows} by {columns} is too large for what is there"
        )));
    }
    held.grow(16 * rows as u64 + 2 * rows as u64 * columns as u64)?;
    let bias = (0..rows).map(|_| get_zigzag(reader)).collect::<Result<_>>()?;
    let scales = (0..rows).map(|_| get_scale(reader)).collect::<Result<_>>()?;
    Ok(Linear { rows, columns, weights: Vec::new(), bias, scales, limit })
}

/// Puts the weights into the matrices.
fn fill(graph: &mut Graph, network: &quantized::Network) -> Result<()> {
    let misfit = || Error::corrupt("the weights of a network do not fit its graph");
    let mut layers = network.layers.iter();
    for node in &mut graph.nodes {
        let (linear, kernel) = match &mut node.op {
            Op::Dense(linear) => (linear, [1, 1]),
            Op::Conv(window, linear) | Op::TransposedConv(window, linear) | Op::Depthwise(window, linear) => {
                (linear, window.kernel)
            }
            Op::Activation(_) | Op::Add { .. } | Op::Reshape(_) => continue,
        };
        let layer = layers.next().ok_or_else(misfit)?;
        let (taps, channels) = planes(linear.columns, kernel);
        linear.weights = vec![0; linear.rows * linear.columns];
        // One way to write a matrix: the layer must be the one that `to_layer` makes of it.
        if layer.integers.len() != linear.weights.len() {
            return Err(misfit());
        }
        for (to, from) in
            linear.weights.chunks_mut(linear.columns.max(1)).zip(layer.integers.chunks(linear.columns.max(1)))
        {
            for (c, &q) in from.iter().enumerate() {
                to[place(c, taps, channels)] = i16::try_from(q).map_err(|_| misfit())?;
            }
        }
        if *layer != to_layer(linear, kernel) {
            return Err(misfit());
        }
    }
    if layers.next().is_some() || !network.label.is_empty() { Err(misfit()) } else { Ok(()) }
}
