//! Convolutions and transposed ones, by products of matrices (im2col) over tiles that fit the cache.
//!
//! Pictures are records by rows by columns by channels, so that what a filter sees is a few long runs of memory, and one
//! product gives the channels of many places. Both directions share their geometry: the *large* side is what a convolution
//! reads and a transposed one writes, the *small* side the other.

mod depthwise;
mod geometry;
mod window;

pub use geometry::Conv;
pub(crate) use window::Window;

use super::Op;
use crate::tape::{Tape, Var};
use crate::{Param, Shape};

impl Tape<'_> {
    /// A convolution of `x` (records, height, width, channels) with `weights` (filters, height, width, channels of a group).
    pub fn conv2d(&mut self, x: Var, weights: Var, bias: Option<Var>, conv: Conv) -> Var {
        let (shape, filters) = (self.shape(x), self.shape(weights).sizes()[0]);
        let [records, height, width, channels] = picture(shape);
        let plain = Conv { groups: 1, ..Conv::square(1) };
        if conv == plain && self.shape(weights).len() == filters * channels {
            let flat = self.reshape(weights, [filters, channels]);
            return self.dense(x, flat, bias);
        }
        let (h, w) = conv.smaller(height, width);
        let (large, small) = ((height, width, channels), (h, w, filters));
        self.window(
            x,
            weights,
            bias,
            Window { conv, transposed: false, bias: bias.is_some(), records, large, small },
        )
    }

    /// The transpose of a convolution, which makes pictures larger: `weights` are (channels of `x`, height, width, channels
    /// of a group of the result).
    pub fn conv2d_transposed(&mut self, x: Var, weights: Var, bias: Option<Var>, conv: Conv) -> Var {
        let shape = self.shape(x);
        let [records, h, w, channels] = picture(shape);
        let (height, width) = conv.larger(h, w);
        let large = (height, width, self.shape(weights).last() * conv.groups);
        let small = (h, w, channels);
        self.window(
            x,
            weights,
            bias,
            Window { conv, transposed: true, bias: bias.is_some(), records, large, small },
        )
    }

    /// [`Self::conv2d`] of sequences: `x` is (records, length, channels), and `conv` a [`Conv::line`].
    pub fn conv1d(&mut self, x: Var, weights: Var, bias: Option<Var>, conv: Conv) -> Var {
        let x = self.flat_picture(x);
        let y = self.conv2d(x, weights, bias, conv);
        self.flat_sequence(y)
    }

    /// [`Self::conv2d_transposed`] of sequences.
    pub fn conv1d_transposed(&mut self, x: Var, weights: Var, bias: Option<Var>, conv: Conv) -> Var {
        let x = self.flat_picture(x);
        let y = self.conv2d_transposed(x, weights, bias, conv);
        self.flat_sequence(y)
    }

    fn flat_picture(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let s = shape.sizes();
        assert_eq!(s.len(), 3, "sequences are records by length by channels");
        self.reshape(x, [s[0], 1, s[1], s[2]])
    }

    fn flat_sequence(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let s = shape.sizes();
        self.reshape(x, [s[0], s[1] * s[2], s[3]])
    }

    /// The bias parameter of convolutions and dense layers, where there is one.
    pub fn optional(&mut self, param: Option<Param>) -> Option<Var> {
        param.map(|p| self.param(p))
    }

    fn window(&mut self, x: Var, weights: Var, bias: Option<Var>, op: Window) -> Var {
        let (groups, large, small) = (op.conv.groups, op.large.2, op.small.2);
        assert!(
            groups > 0 && large.is_multiple_of(groups) && small.is_multiple_of(groups),
            "{large} and {small} channels in {groups} groups"
        );
        assert_eq!(
            self.shape(weights).len(),
            op.conv.weights(large, small).len(),
            "weights of a convolution"
        );
        let side = if op.transposed { op.large } else { op.small };
        assert!(bias.is_none_or(|b| self.shape(b).len() == side.2), "a bias for each of {} channels", side.2);
        let shape = Shape::new(&[op.records, side.0, side.1, side.2]);
        let vars = [x, weights, bias.unwrap_or(x)];
        let n = 2 + usize::from(bias.is_some());
        self.push(Op::Conv(op), &vars[..n], shape, |values, out| {
            match bias {
                Some(bias) => {
                    let bias = values.of(bias.0);
                    out.value.chunks_exact_mut(bias.len()).for_each(|place| place.copy_from_slice(bias));
                }
                None => out.value.fill(0.0),
            }
            let (x, w) = (values.of(x.0), values.of(weights.0));
            if op.is_depthwise() {
                let side = op.by_place(w, &mut out.scratch.b);
                match op.transposed {
                    true => op.spread(x, side, out.value),
                    false => op.gather(x, side, out.value),
                }
                return;
            }
            if op.transposed {
                op.widen(x, w, out.value, &mut out.scratch.a);
            } else {
                op.shrink(x, w, 1.0, out.value, &mut out.scratch.a);
            }
        })
    }
}

/// The sizes of a stack of pictures.
fn picture(shape: Shape) -> [usize; 4] {
    assert_eq!(shape.rank(), 4, "pictures are records by height by width by channels, not {shape:?}");
    std::array::from_fn(|d| shape.sizes()[d])
}
