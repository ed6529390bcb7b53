//! What integers would cost: for whoever chooses them.

use super::context::{Seen, Shape, Stat};
use super::model::{Model, Place};
use super::numbers::Tally;
use super::{Layer, encode};
use minlen_core::Result;

/// Walks over the matrices of a network in the order of coding, with the coder's model, and tells what each integer
/// would cost at the present place.
///
/// Costs are those of the file but for rounding, if the layers come in the same order and the same rows and columns
/// are all zero as in `layer` when it began.
///
/// ```
/// use minlen_nn::quantized::{Layer, Pricer};
/// let layer = Layer::new(1, 100, vec![1; 100]);
/// let mut pricer = Pricer::new();
/// pricer.begin(&layer)?;
/// let first = pricer.cost(0);
/// for _ in 0..90 {
///     pricer.commit(0);
/// }
/// // After many zeros, one more of them is cheaper, and anything else dearer.
/// assert!(pricer.cost(0) < first && pricer.cost(0) < pricer.cost(1));
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Pricer {
    model: Model,
    /// Rows of the last finished layer.
    before: Vec<Stat>,
    now: Option<Walk>,
}

#[derive(Debug)]
struct Walk {
    seen: Seen,
    skip: encode::Empty,
    rows: Vec<Stat>,
    place: (usize, usize),
    contexts: Option<Place>,
}

impl Pricer {
    /// A pricer before the first layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a layer. Only its shape matters, and which of its rows and columns are all zero: those cost nothing and
    /// are to stay so.
    ///
    /// # Errors
    /// Usage if the layer's fields do not fit together.
    pub fn begin(&mut self, layer: &Layer) -> Result<()> {
        layer.check()?;
        self.end();
        self.model.next_layer();
        let seen = Seen::new(Shape::of(layer), &self.before);
        let mut walk =
            Walk { seen, skip: encode::Empty::of(layer), rows: Vec::new(), place: (0, 0), contexts: None };
        walk.look();
        self.now = Some(walk);
        Ok(())
    }

    /// Ends the present layer, if it was not done yet.
    fn end(&mut self) {
        if let Some(mut walk) = self.now.take() {
            walk.rows.resize(walk.seen.shape.rows, Stat::default());
            self.before = walk.rows;
        }
    }

    /// Bits that `q` would cost at the present place.
    #[must_use]
    pub fn cost(&self, q: i32) -> f32 {
        match self.now.as_ref().and_then(|walk| walk.contexts.as_ref()) {
            Some(place) => self.model.cost(place, q) as f32 / 65_536.0,
            None => 0.0,
        }
    }

    /// True where the present place is in a row or column of zeros, which is not coded.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.now.as_ref().is_none_or(|walk| walk.contexts.is_none())
    }

    /// Puts `q` at the present place, learns it, goes on to the next one (row by row), and gives its cost in bits.
    pub fn commit(&mut self, q: i32) -> f32 {
        let Some(walk) = &mut self.now else { return 0.0 };
        let mut tally = Tally::default();
        if let Some(place) = walk.contexts.take() {
            self.model.code(&mut tally, &place, q);
            walk.seen.add(walk.place.1, q);
        }
        walk.advance();
        tally.0 as f32 / 65_536.0
    }
}

impl Walk {
    fn advance(&mut self) {
        self.place.1 += 1;
        if self.place.1 == self.seen.shape.columns {
            self.rows.push(self.seen.next_row());
            self.place = (self.place.0 + 1, 0);
        }
        self.look();
    }

    fn look(&mut self) {
        let (r, c) = self.place;
        let coded = r < self.seen.shape.rows
            && c < self.seen.shape.columns
            && !self.skip.rows[r]
            && !self.skip.columns[c];
        self.contexts = coded.then(|| Place::new(&self.seen, c));
    }
}
