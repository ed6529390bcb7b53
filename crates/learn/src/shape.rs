//! Shapes of tensors.

use std::fmt;

/// The most dimensions a tensor may have.
pub const MAX_RANK: usize = 6;

/// Sizes of the dimensions, the slowest first: values lie row by row. A shape without dimensions is that of one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    sizes: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// A shape of these sizes.
    ///
    /// # Panics
    /// If there are over [`MAX_RANK`]: a mistake of the caller.
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        assert!(sizes.len() <= MAX_RANK, "a shape has at most {MAX_RANK} dimensions");
        let mut shape = Self { sizes: [1; MAX_RANK], rank: sizes.len() };
        shape.sizes[..sizes.len()].copy_from_slice(sizes);
        shape
    }

    /// Values in a tensor of this shape.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// True if a dimension is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The sizes.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank]
    }

    /// Size of the last dimension, 1 if there is none.
    #[must_use]
    pub fn last(&self) -> usize {
        self.sizes().last().copied().unwrap_or(1)
    }

    /// Product of all sizes but the last.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.sizes().split_last().map_or(1, |(_, rest)| rest.iter().product())
    }

    /// The same with another last size.
    #[must_use]
    pub fn with_last(&self, size: usize) -> Self {
        let mut shape = *self;
        shape.rank = shape.rank.max(1);
        shape.sizes[shape.rank - 1] = size;
        shape
    }

    /// Distance in values between neighbours of each dimension.
    pub(crate) fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut next = 1;
        for d in (0..self.rank).rev() {
            strides[d] = next;
            next *= self.sizes[d];
        }
        strides
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sizes().fmt(f)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Self {
        Self::new(&sizes)
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        Self::new(sizes)
    }
}
