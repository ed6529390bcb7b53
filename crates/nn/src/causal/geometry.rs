//! How records lie, and what is looked at.

/// Values of a row at most.
pub(super) const ROW_MAX: u64 = 1 << 18;

/// How records lie in bytes, and which values around the next one are looked at.
///
/// Values are as `flip` leaves them: with a ground above 127 all are combined with 255, so that the ground is in the lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Pixels of a row.
    pub width: u32,
    /// Values of a pixel, 1 to 4.
    pub channels: u8,
    /// Rows of a record, 0 where a record is a row.
    pub rows: u32,
    /// The value that very many have, if there is one: what comes is coded as that or as another one.
    pub ground: Option<u8>,
    /// What differences are taken from where there is no ground: about the mean.
    pub middle: u8,
    /// Pixels to the left that are looked at.
    pub left: u8,
    /// Rows above.
    pub up: u8,
    /// Pixels to either side in them.
    pub side: u8,
}

/// Knots of a place along an axis.
pub(super) const KNOTS: usize = 8;
/// Cells along an axis of pictures, and of rows.
pub(super) const CELLS: [usize; 2] = [8, 16];
/// Steps of the values next to the one to come.
pub(super) const STEPS: [u8; 8] = [32, 64, 96, 128, 160, 192, 224, 250];
/// Values that have steps: left, above, and those beside that.
pub(super) const STEPPED: usize = 4;

impl Geometry {
    /// What suits records of this shape: (rows, columns), (rows, columns, channels) or (values); `None` for any other.
    #[must_use]
    pub fn new(shape: &[u32]) -> Option<Self> {
        let picture =
            Self { width: 1, channels: 1, rows: 1, ground: None, middle: 128, left: 6, up: 5, side: 5 };
        let made = match *shape {
            [width] => Self { width, rows: 0, left: 24, up: 2, side: 2, ..picture },
            [rows, width] => Self { width, rows, ..picture },
            [rows, width, channels] => {
                let channels = u8::try_from(channels).ok()?;
                let (left, up, side) = if channels > 1 { (3, 2, 2) } else { (6, 5, 5) };
                Self { width, rows, channels, left, up, side, ..picture }
            }
            _ => return None,
        };
        made.is_sane().then_some(made)
    }

    /// Whether anything can be made of it.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let row = u64::from(self.width) * u64::from(self.channels);
        (1..=4).contains(&self.channels)
            && (1..=ROW_MAX).contains(&row)
            && self.rows <= 1 << 20
            && (1..=64).contains(&self.left)
            && self.up <= 16
            && self.side <= 16
    }

    /// What is combined with every value so that the ground is in the lower half.
    #[must_use]
    pub fn flip(&self) -> u8 {
        if self.ground.is_some_and(|ground| ground > 127) { 255 } else { 0 }
    }

    /// What differences are taken from, and what lies outside of a record.
    #[must_use]
    pub fn zero(&self) -> u8 {
        self.ground.map_or(self.middle, |ground| ground ^ self.flip())
    }

    /// Values of a record.
    #[must_use]
    pub fn record(&self) -> usize {
        self.width as usize * usize::from(self.channels) * self.rows.max(1) as usize
    }

    /// Pixels that are looked at.
    pub(super) fn neighbours(&self) -> usize {
        usize::from(self.left) + usize::from(self.up) * (2 * usize::from(self.side) + 1)
    }

    /// Pairs of inputs: see [`Geometry::inputs`].
    pub(super) fn pairs(&self) -> usize {
        let channels = if self.channels > 1 { usize::from(self.channels) - 1 + 2 } else { 0 };
        let stepped = STEPPED * STEPS.len() / 2;
        let cells = if self.rows > 0 { CELLS[0] * CELLS[0] } else { CELLS[1] } / 2;
        let knots = if self.rows > 0 { KNOTS } else { KNOTS / 2 };
        self.neighbours() + channels + stepped + cells + knots
    }

    /// Inputs of a network.
    #[must_use]
    pub fn inputs(&self) -> usize {
        2 * self.pairs()
    }
}
