//! Sizes of tensors and of the windows that convolutions see.

use super::{SIDE_MAX, TENSOR_MAX};
use minlen_core::{Error, Result};

/// The size of a tensor: `height * width * channels` integers, channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Integers of a place.
    pub channels: usize,
}

impl Shape {
    /// `n` channels of one place: what dense layers give.
    #[must_use]
    pub const fn flat(n: usize) -> Self {
        Self { height: 1, width: 1, channels: n }
    }

    /// Integers of the tensor.
    ///
    /// # Errors
    /// Usage if a side is 0 or over [`SIDE_MAX`], or all are over [`TENSOR_MAX`].
    pub fn count(&self) -> Result<usize> {
        let Self { height, width, channels } = *self;
        let sides = [height, width, channels].iter().all(|side| (1..=SIDE_MAX).contains(side));
        let count = height.checked_mul(width).and_then(|n| n.checked_mul(channels));
        count.filter(|&n| sides && n <= TENSOR_MAX).ok_or_else(|| {
            Error::usage(format!("a tensor of {height} by {width} by {channels} is empty or too large"))
        })
    }

    /// Height and width.
    pub(super) fn sides(self) -> [usize; 2] {
        [self.height, self.width]
    }
}

/// What part of a picture an output of a convolution sees. Pairs are vertical, horizontal; a picture of height 1 with a kernel of height 1
/// makes it a convolution of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Size of the kernel.
    pub kernel: [usize; 2],
    /// Distance of windows (of outputs, where transposed), at least 1.
    pub stride: [usize; 2],
    /// Zeros before the first row and column; less than the kernel's size.
    pub before: [usize; 2],
    /// Zeros after the last; less than the kernel's size plus the stride. (Transposed: `before` and `after` outputs are cut off; the usual
    /// "output padding" is the same as that much less of `after`.)
    pub after: [usize; 2],
}

impl Window {
    /// A window of `kernel` by `kernel` with as many zeros around as keep the size at stride 1.
    ///
    /// ```
    /// use minlen_nn::integer::{Shape, Window};
    /// let picture = Shape { height: 14, width: 9, channels: 3 };
    /// assert_eq!(Window::same(3, 1).outputs(picture)?, [14, 9]);
    /// assert_eq!(Window::same(3, 2).outputs(picture)?, [7, 5]);
    /// assert_eq!(Window::same(4, 2).transposed_outputs(picture)?, [27, 17]);
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    #[must_use]
    pub fn same(kernel: usize, stride: usize) -> Self {
        let before = kernel.saturating_sub(1) / 2;
        let after = kernel.saturating_sub(1) - before;
        Self { kernel: [kernel; 2], stride: [stride; 2], before: [before; 2], after: [after; 2] }
    }

    /// Places of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    pub(super) fn check(&self) -> Result<()> {
        let side = |k: usize| {
            let (kernel, stride) = (self.kernel[k], self.stride[k]);
            (1..=255).contains(&kernel)
                && (1..=255).contains(&stride)
                && self.before[k] < kernel
                && self.after[k] < kernel + stride
        };
        if side(0) && side(1) {
            Ok(())
        } else {
            Err(Error::usage("a window's kernel, stride or padding is out of range"))
        }
    }

    /// Height and width of the outputs.
    ///
    /// # Errors
    /// Usage if the window does not fit the picture.
    pub fn outputs(&self, input: Shape) -> Result<[usize; 2]> {
        self.check()?;
        let side = |k: usize| {
            let all = input.sides()[k] + self.before[k] + self.after[k];
            let rest = all.checked_sub(self.kernel[k]);
            rest.map(|rest| rest / self.stride[k] + 1)
                .ok_or_else(|| Error::usage("a kernel is larger than its picture"))
        };
        Ok([side(0)?, side(1)?])
    }

    /// Height and width of the outputs of a transposed convolution.
    ///
    /// # Errors
    /// Usage if nothing is left of the picture.
    pub fn transposed_outputs(&self, input: Shape) -> Result<[usize; 2]> {
        self.check()?;
        let side = |k: usize| {
            let all = (input.sides()[k] - 1) * self.stride[k] + self.kernel[k];
            let left = all.checked_sub(self.before[k] + self.after[k]).filter(|&n| n > 0);
            left.ok_or_else(|| Error::usage("the padding of a transposed convolution leaves nothing"))
        };
        Ok([side(0)?, side(1)?])
    }
}
