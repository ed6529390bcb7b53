//! From a payload to its picture.

use super::canvas::{ABSENT, Around, CELL, Canvas, Done, Node, References};
use super::colour::{self, Rotation, Scale};
use super::header::Header;
use super::levels::scan;
use super::predict::{Block, DC, Line, PLANAR, Predictor};
use super::quantizer::Quantizer;
use super::search::chroma_kinds;
use super::syntax::{Leaf, Split, State};
use super::transform::{KEPT, Pair, SIDE, Scratch};
use super::{Grid, Shape, finish, priors};
use crate::Planes;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Decoder;

/// See [`super::decode`].
pub(super) fn decode(payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    shape.check()?;
    let planes = shape.colours;
    let grid = Grid::new(shape.width, shape.height);
    let _held = env.budget.reserve(grid.memory(planes))?;
    let (header, rest) = Header::read(payload, planes)?;
    let rotation =
        Rotation::new(header.quaternion).ok_or_else(|| Error::corrupt("a rotation that does not exist"))?;
    let quantizer = Quantizer::new(header.quantizer, Scale::new(shape.depth).bits, header.dependent);
    let mut state = State::new(grid.cell_columns(), grid.cell_rows(), planes, quantizer);
    priors::warm(&mut state);
    let mut reader =
        Reader { state, coder: Decoder::new(rest), painter: Painter::new(planes, quantizer), origin: (0, 0) };
    let mut roots: Vec<Done> = Vec::new();
    for index in 0..grid.columns * grid.rows {
        let (column, row) = (index % grid.columns, index / grid.columns);
        let get = |there: bool, back: usize| if there { roots.get(index.wrapping_sub(back)) } else { None };
        let around = Around {
            left: get(column > 0, 1),
            corner: get(column > 0 && row > 0, grid.columns + 1),
            above: get(row > 0, grid.columns),
            right: get(row > 0 && column + 1 < grid.columns, grid.columns.wrapping_sub(1)),
        };
        reader.painter.canvas.begin(grid.room(column, row), around);
        reader.origin = (column * SIDE / CELL, row * SIDE / CELL);
        reader.node(Node::ROOT)?;
        if reader.coder.overrun() {
            return Err(Error::truncated("the picture ends before its last block"));
        }
        roots.push(reader.painter.canvas.finish());
        env.work((SIDE * SIDE * planes) as u64)?;
    }
    let mut strengths = Vec::new();
    finish::code(&mut reader.state, &mut reader.coder, &grid, planes, &mut strengths);
    if reader.coder.overrun() {
        return Err(Error::truncated("the picture ends before its filter"));
    }
    if reader.coder.consumed() < rest.len() {
        return Err(Error::corrupt("bytes after the end of a picture"));
    }
    let mut planes = grid.assemble(&roots, planes);
    finish::with_filter(&reader.state, &grid, &planes.clone(), |filter| {
        finish::apply(filter, &grid, &mut planes, &strengths);
    });
    colour::inverse(&planes, (shape.width, shape.height, shape.depth), &rotation)
}

struct Reader<'a> {
    state: State,
    coder: Decoder<'a>,
    painter: Painter,
    origin: (usize, usize),
}

impl Reader<'_> {
    fn node(&mut self, node: Node) -> Result<()> {
        let room = self.painter.canvas.room;
        if node.x >= room.0 || node.y >= room.1 {
            return Ok(());
        }
        let at = (self.origin.0 + node.x / CELL, self.origin.1 + node.y / CELL);
        let split = if node.x + node.w > room.0 || node.y + node.h > room.1 {
            Split::Quad
        } else {
            self.state.split(&mut self.coder, at, node, Split::None)
        };
        if split != Split::None {
            return split.parts(node).try_for_each(|part| self.node(part));
        }
        let mut leaf = Leaf::default();
        self.state.leaf(&mut self.coder, at, node, &mut leaf)?;
        self.painter.leaf(node, &mut leaf);
        Ok(())
    }
}

/// Makes samples of leaves.
struct Painter {
    canvas: Canvas,
    predictor: Predictor,
    references: References,
    scratch: Scratch,
    prediction: Box<Block>,
    residual: Vec<i32>,
    /// The first plane's samples of the leaf.
    luma: Vec<i16>,
    planes: usize,
    quantizer: Quantizer,
}

impl Painter {
    fn new(planes: usize, quantizer: Quantizer) -> Self {
        Self {
            canvas: Canvas::new(planes),
            predictor: Predictor::default(),
            references: References::default(),
            scratch: Scratch::default(),
            prediction: Box::new([0; SIDE * SIDE]),
            residual: vec![0; SIDE * SIDE],
            luma: Vec::new(),
            planes,
            quantizer,
        }
    }

    fn leaf(&mut self, node: Node, leaf: &mut Leaf) {
        for plane in 0..self.planes {
            self.predict(plane, node, leaf);
            let levels = &leaf.levels[plane];
            if !levels.is_empty() {
                let used = self.coefficients(node, levels);
                let kinds = if plane == 0 { leaf.kinds } else { chroma_kinds(leaf, leaf.chroma) };
                self.scratch.inverse(Pair::new(kinds), (node.w, node.h), used, &mut self.residual);
                let samples = self.prediction[..node.area()].iter_mut().zip(&self.residual);
                samples.for_each(|(p, &r)| *p = i32::from(*p).wrapping_add(r).clamp(-32_768, 32_767) as i16);
            }
            for (row, from) in self.canvas.rows_mut(plane, node).zip(self.prediction.chunks_exact(node.w)) {
                row.copy_from_slice(from);
            }
            if plane == 0 {
                self.luma.clear();
                self.luma.extend_from_slice(&self.prediction[..node.area()]);
            }
        }
        debug_assert_ne!(leaf.mode, ABSENT);
        self.canvas.set_mode(node, leaf.mode);
    }

    fn predict(&mut self, plane: usize, node: Node, leaf: &Leaf) {
        let size = (node.w, node.h);
        self.canvas.references(plane, node, &mut self.predictor.refs);
        if plane == 0 {
            self.references.clone_from(&self.predictor.refs);
        }
        let mode = match leaf.chroma {
            _ if plane == 0 => leaf.mode,
            0 => leaf.mode,
            1 => {
                let line =
                    Line::fit(&self.references, &self.predictor.refs, super::line_noise(self.quantizer));
                for (out, &from) in self.prediction.iter_mut().zip(&self.luma) {
                    *out = line.at(from);
                }
                return;
            }
            2 => PLANAR,
            _ => DC,
        };
        self.predictor.prepare(size);
        self.predictor.predict(mode, size, &mut self.prediction);
    }

    /// Sets the coefficients, and gives the columns and rows in use.
    fn coefficients(&mut self, node: Node, levels: &[i32]) -> (usize, usize) {
        let w = node.w.min(KEPT);
        self.residual[..levels.len()].fill(0);
        let (mut state, mut used) = (0, (0, 0));
        let scan = scan(node.w, node.h);
        let nonzero = |&(x, y): &(u8, u8)| levels[usize::from(y) * w + usize::from(x)] != 0;
        let end = scan.iter().rposition(nonzero).map_or(0, |last| last + 1);
        for &(x, y) in scan[..end].iter().rev() {
            let (x, y) = (usize::from(x), usize::from(y));
            let level = levels[y * w + x];
            if level != 0 {
                self.residual[y * w + x] = self.quantizer.value(level, state);
                used = (used.0.max(x + 1), used.1.max(y + 1));
            }
            state = self.quantizer.next(state, level);
        }
        used
    }
}
