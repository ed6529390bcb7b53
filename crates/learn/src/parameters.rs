//! What is learned: named tensors that live outside of every tape.

use crate::Shape;

/// A parameter or constant of a [`Parameters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Param(pub(crate) u32);

impl Param {
    /// Its number, in the order in which parameters were added.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an optimiser may do to a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Learned; weight decay pulls it to 0.
    Weight,
    /// Learned without decay: biases, gains, tables.
    Free,
    /// Never changed: masks, frozen layers.
    Constant,
}

/// One tensor with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name, unique among the parameters.
    pub name: String,
    /// Shape.
    pub shape: Shape,
    /// What an optimiser may do.
    pub role: Role,
    /// Values, row by row.
    pub values: Vec<f32>,
}

/// All tensors of a model, in the order in which they were added.
///
/// ```
/// use minlen_learn::{Parameters, Role};
/// let mut params = Parameters::default();
/// let w = params.add("w", [2, 3], Role::Weight, vec![0.5; 6]);
/// assert_eq!((params.len(), params.values(w)[5]), (6, 0.5));
/// assert_eq!(params.find("w"), Some(w));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    entries: Vec<Entry>,
}

impl Parameters {
    /// Adds a tensor.
    ///
    /// # Panics
    /// If the name is taken, or the values do not fill the shape: a mistake of the caller.
    pub fn add(&mut self, name: &str, shape: impl Into<Shape>, role: Role, values: Vec<f32>) -> Param {
        let shape = shape.into();
        assert_eq!(values.len(), shape.len(), "values of the parameter {name}");
        assert!(self.find(name).is_none(), "two parameters are called {name}");
        self.entries.push(Entry { name: name.to_string(), shape, role, values });
        Param(self.entries.len() as u32 - 1)
    }

    /// The tensor of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Param> {
        self.entries.iter().position(|entry| entry.name == name).map(|i| Param(i as u32))
    }

    /// Values of a tensor.
    #[must_use]
    pub fn values(&self, param: Param) -> &[f32] {
        &self.entries[param.index()].values
    }

    /// Values of a tensor, to be changed.
    pub fn values_mut(&mut self, param: Param) -> &mut [f32] {
        &mut self.entries[param.index()].values
    }

    /// Shape of a tensor.
    #[must_use]
    pub fn shape(&self, param: Param) -> Shape {
        self.entries[param.index()].shape
    }

    /// Freezes a tensor, or lets it learn.
    pub fn set_role(&mut self, param: Param, role: Role) {
        self.entries[param.index()].role = role;
    }

    /// All tensors.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// Values in all tensors together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.values.len()).sum()
    }

    /// True without any values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn learns(&self, index: usize) -> bool {
        self.entries[index].role != Role::Constant
    }
}
