//! How filters move over pictures.

use crate::Shape;

/// How a filter moves over a picture.
///
/// ```
/// use minlen_learn::Conv;
/// let conv = Conv::square(5).stride(2).padding(2);
/// assert_eq!((conv.smaller(28, 28), conv.extra(1).larger(14, 14)), ((14, 14), (28, 28)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    pub(super) kernel: (usize, usize),
    pub(super) stride: (usize, usize),
    pub(super) padding: (usize, usize),
    pub(super) extra: (usize, usize),
    pub(super) groups: usize,
}

impl Conv {
    /// A filter of `side` by `side`, at every place, without padding.
    #[must_use]
    pub fn square(side: usize) -> Self {
        Self::rectangle(side, side)
    }

    /// A filter of `height` by `width`.
    #[must_use]
    pub fn rectangle(height: usize, width: usize) -> Self {
        Self { kernel: (height, width), stride: (1, 1), padding: (0, 0), extra: (0, 0), groups: 1 }
    }

    /// Vertical and horizontal steps from one place of the filter to the next.
    #[must_use]
    pub fn strides(&self) -> [usize; 2] {
        self.stride.into()
    }

    /// Zeros above and to the left, and as many below and to the right.
    #[must_use]
    pub fn zeros(&self) -> [usize; 2] {
        self.padding.into()
    }

    /// A filter over `length` neighbours of a sequence.
    #[must_use]
    pub fn line(length: usize) -> Self {
        Self::rectangle(1, length)
    }

    fn spread(&self, n: usize, least: usize) -> (usize, usize) {
        (if self.kernel.0 == 1 { least } else { n }, n)
    }

    /// At every `n`-th place only; in one direction for filters of height 1.
    #[must_use]
    pub fn stride(self, n: usize) -> Self {
        Self { stride: self.spread(n, 1), ..self }
    }

    /// With `n` zeros around the large side; not above and below for filters of height 1.
    #[must_use]
    pub fn padding(self, n: usize) -> Self {
        Self { padding: self.spread(n, 0), ..self }
    }

    /// With the large side of a transposed convolution this much larger than the least that gives the small one.
    #[must_use]
    pub fn extra(self, n: usize) -> Self {
        Self { extra: self.spread(n, 0), ..self }
    }

    /// Channels in `n` groups of their own; as many groups as channels is a depthwise convolution.
    #[must_use]
    pub fn groups(self, n: usize) -> Self {
        Self { groups: n, ..self }
    }

    /// Height and width after a convolution.
    #[must_use]
    pub fn smaller(&self, height: usize, width: usize) -> (usize, usize) {
        let side = |size: usize, kernel: usize, stride: usize, padding: usize| {
            assert!(
                size + 2 * padding >= kernel,
                "a picture of side {size} is too small for a filter of {kernel}"
            );
            (size + 2 * padding - kernel) / stride + 1
        };
        (
            side(height, self.kernel.0, self.stride.0, self.padding.0),
            side(width, self.kernel.1, self.stride.1, self.padding.1),
        )
    }

    /// Height and width after a transposed convolution.
    #[must_use]
    pub fn larger(&self, height: usize, width: usize) -> (usize, usize) {
        let side = |size: usize, kernel: usize, stride: usize, padding: usize, extra: usize| {
            let full = size.max(1) * stride - stride + kernel + extra;
            assert!(full > 2 * padding, "nothing is left of a side of {full} between the padding");
            full - 2 * padding
        };
        (
            side(height, self.kernel.0, self.stride.0, self.padding.0, self.extra.0),
            side(width, self.kernel.1, self.stride.1, self.padding.1, self.extra.1),
        )
    }

    /// Places of the large side for each of the small one.
    pub(crate) fn apart(&self) -> usize {
        self.stride.0 * self.stride.1
    }

    /// The shape of the weights between a large side of `large` channels and a small one of `small`.
    #[must_use]
    pub fn weights(&self, large: usize, small: usize) -> Shape {
        Shape::new(&[small, self.kernel.0, self.kernel.1, large / self.groups])
    }
}
