//! Reading a network.

use super::context::{Seen, Shape, Stat};
use super::encode::{Empty, State};
use super::model::{Model, Place};
use super::{
    LABEL_MAX, LAYERS_MAX, LEVELS_MAX, Layer, Levels, MAGIC, Network, SIDE_MAX, VERSION, WEIGHTS_MAX,
};
use crate::sealed;
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Reservation, Result};
use minlen_entropy::binary::Decoder;

/// The network of a file: what [`super::encode`] was given.
///
/// # Errors
/// Truncated or corrupt for anything that `encode` cannot have written, unsupported for a later version, limit where
/// the memory, the output or the ratio of `env` does not allow the layers.
pub fn decode(bytes: &[u8], env: &Env) -> Result<Network> {
    decode_body(sealed::open(bytes, MAGIC, VERSION, "a quantized network")?, env)
}

/// [`decode`] of what lies between version and checksum.
pub(super) fn decode_body(body: &[u8], env: &Env) -> Result<Network> {
    let mut reader = Reader::new(body);
    let label = reader.varint_max(LABEL_MAX, "the length of a label")? as usize;
    let label = reader.bytes(label)?.to_vec();
    let count = reader.varint_max(LAYERS_MAX, "the number of layers")?;
    let mut layers = Vec::new();
    let mut room = Room { held: Vec::new(), output: 0, compressed: body.len() as u64 };
    room.hold(Model::MEMORY, env)?;
    for _ in 0..count {
        layers.push(read_header(&mut reader, &mut room, env)?);
    }
    let mut decoder = Decoder::new(reader.rest());
    let mut state = State::default();
    for layer in &mut layers {
        let shape = Shape::of(layer);
        let side = Reserved::side(layer);
        room.hold(side, env)?;
        make_side(layer);
        let empty = Empty { rows: vec![false; shape.rows], columns: vec![false; shape.columns] };
        let empty = state.empty(&mut decoder, shape, empty);
        state.side(&mut decoder, layer, &empty);
        refuse_overrun(&decoder)?;
        read_matrix(&mut state, &mut decoder, layer, &empty, env)?;
        layer.check().map_err(|error| Error::corrupt(error.to_string()))?;
    }
    if decoder.overrun() || decoder.consumed() != reader.rest().len() {
        return Err(Error::corrupt("bytes are missing, or left over, after the last matrix"));
    }
    Ok(Network { label, layers })
}

/// What decoding may still take.
struct Room {
    held: Vec<Reservation>,
    output: u64,
    compressed: u64,
}

impl Room {
    fn hold(&mut self, bytes: u64, env: &Env) -> Result<()> {
        self.held.push(env.budget.reserve(bytes)?);
        Ok(())
    }
}

/// Sizes of what decoding allocates.
struct Reserved;

impl Reserved {
    /// Everything of a layer but its integers.
    fn side(layer: &Layer) -> u64 {
        Seen::memory(Shape::of(layer))
            + (layer.rows as u64) * (9 + 2 * size_of::<Stat>() as u64)
            + layer.columns as u64
    }
}

/// Reads rows, columns and kinds; steps and biases get one element that says that they are there.
fn read_header(reader: &mut Reader<'_>, room: &mut Room, env: &Env) -> Result<Layer> {
    let kind = reader.u8()?;
    if kind & 3 == 3 || kind >> 4 != 0 {
        return Err(Error::corrupt(format!("a layer of kind {kind}")));
    }
    let rows = reader.varint_max(SIDE_MAX, "the number of rows")?;
    let columns = reader.varint_max(SIDE_MAX, "the number of columns")?;
    let weights = rows * columns;
    if weights > WEIGHTS_MAX {
        return Err(Error::corrupt(format!("a layer of {rows} by {columns} is over {WEIGHTS_MAX} weights")));
    }
    room.output += 4 * (weights + rows + columns);
    env.limits.check_output(room.output, room.compressed)?;
    room.hold(4 * weights, env)?;
    let mut layer = Layer::new(rows as usize, columns as usize, Vec::new());
    if kind >> 3 & 1 != 0 {
        let height = reader.varint_max(columns.max(1), "a picture's height")?;
        let width = reader.varint_max(columns.max(1), "a picture's width")?;
        if height * width == 0 || columns % (height * width) != 0 || (height == 1 && width == columns) {
            return Err(Error::corrupt(format!("pictures of {height} by {width} in {columns} columns")));
        }
        (layer.height, layer.width) = (height as usize, width as usize);
    }
    if kind & 3 == 2 {
        layer.levels = read_codebook(reader)?;
    } else if kind & 3 == 1 {
        layer.levels = Levels::Uniform(Vec::new());
    }
    if kind >> 2 & 1 != 0 {
        if rows == 0 {
            return Err(Error::corrupt("biases without rows"));
        }
        layer.biases.push(0);
    }
    Ok(layer)
}

fn read_codebook(reader: &mut Reader<'_>) -> Result<Levels> {
    let [positive, negative] =
        [reader.varint_max(LEVELS_MAX, "levels")?, reader.varint_max(LEVELS_MAX, "levels")?];
    let mut side = |count: u64| -> Result<Vec<u16>> {
        let bytes = reader.bytes(2 * count as usize)?;
        Ok(bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect())
    };
    Ok(Levels::Codebook { positive: side(positive)?, negative: side(negative)? })
}

/// Makes room for steps and biases.
fn make_side(layer: &mut Layer) {
    if let Levels::Uniform(steps) = &mut layer.levels
        && steps.is_empty()
    {
        steps.resize(layer.rows, 0);
    }
    if !layer.biases.is_empty() {
        layer.biases.resize(layer.rows, 0);
    }
}

fn refuse_overrun(decoder: &Decoder<'_>) -> Result<()> {
    if decoder.overrun() {
        return Err(Error::truncated("the arithmetic-coded data of a quantized network ends too early"));
    }
    Ok(())
}

fn read_matrix(
    state: &mut State,
    decoder: &mut Decoder<'_>,
    layer: &mut Layer,
    empty: &Empty,
    env: &Env,
) -> Result<()> {
    let shape = Shape::of(layer);
    let mut seen = Seen::new(shape, &state.before);
    state.model.next_layer();
    state.before.clear();
    layer.integers = vec![0; shape.rows * shape.columns];
    for (r, row) in layer.integers.chunks_mut(shape.columns.max(1)).enumerate() {
        if !empty.rows[r] {
            for c in (0..row.len()).filter(|&c| !empty.columns[c]) {
                let place = Place::new(&seen, c);
                row[c] = state.model.code(decoder, &place, 0);
                seen.add(c, row[c]);
            }
            refuse_overrun(decoder)?;
            env.check()?;
        }
        state.before.push(seen.next_row());
    }
    state.before.resize(shape.rows, Stat::default());
    Ok(())
}
