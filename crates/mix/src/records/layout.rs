//! How records lie in bytes, and what their values are like.

/// Values of a row at most.
const MAX_ROW: u64 = 1 << 18;

/// Values of a record, and of the one before it, at most: both are kept.
const MAX_KEPT: u64 = 1 << 25;

/// Planes of a record at most.
const MAX_PLANES: u64 = 1 << 12;

/// A value is common if so many percent of all have it.
const COMMON_PERCENT: u64 = 25;

/// How the values of records lie in bytes, and which of them are frequent.
///
/// ```
/// use minlen_mix::records::Layout;
/// // Two pictures of 4 by 2 grey pixels, half of which are black.
/// let pixels = [0, 0, 9, 200, 0, 0, 80, 250, 0, 0, 7, 210, 0, 0, 90, 240];
/// let layout = Layout { width: 4, rows: 2, ..Layout::default() }.seen_in(&pixels);
/// assert!(layout.is_sane());
/// assert_eq!((layout.common, layout.low, layout.high), (Some(0), 81, 211));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Pixels of a row.
    pub width: u32,
    /// Values of a pixel that lie side by side.
    pub channels: u8,
    /// Rows of a plane, 0 where rows go on without end.
    pub rows: u32,
    /// Planes of a record: pictures of the same place, one behind the other.
    pub planes: u16,
    /// A value that very many have; it is coded apart.
    pub common: Option<u8>,
    /// A third of the other values are below this, counted from the common one's end of the scale.
    pub low: u8,
    /// Two thirds of the others are below this.
    pub high: u8,
}

impl Default for Layout {
    fn default() -> Self {
        Self { width: 1, channels: 1, rows: 0, planes: 1, common: None, low: 85, high: 170 }
    }
}

impl Layout {
    /// The same for values such as these.
    #[must_use]
    pub fn seen_in(self, data: &[u8]) -> Self {
        let mut counts = [0u64; 256];
        data.iter().for_each(|&value| counts[usize::from(value)] += 1);
        let total = data.len() as u64;
        // Of equals the first one.
        let most = (0..=255u8).rev().max_by_key(|&value| counts[usize::from(value)]).unwrap_or(0);
        let count = counts[usize::from(most)];
        let common = (count > 0 && count * 100 >= total * COMMON_PERCENT).then_some(most);
        let layout = Self { common, ..self };
        let rest = total - if common.is_some() { count } else { 0 };
        let others = (0..=255u8).filter(|&value| common.is_none_or(|common| value != common ^ layout.flip()));
        let (mut seen, mut thirds) = (0, [255; 2]);
        for value in others.rev() {
            seen += counts[usize::from(value ^ layout.flip())];
            // From above, so that what is left over counts as high.
            for (third, above) in thirds.iter_mut().zip([2, 1]) {
                if seen * 3 <= rest * above {
                    *third = value;
                }
            }
        }
        Self { low: thirds[0], high: thirds[1], ..layout }
    }

    /// What is combined with every value so that the common one is in the lower half.
    #[must_use]
    pub fn flip(&self) -> u8 {
        if self.common.is_some_and(|common| common > 127) { 255 } else { 0 }
    }

    /// Values of a row.
    #[must_use]
    pub fn row(&self) -> usize {
        self.width as usize * usize::from(self.channels)
    }

    /// Values of a plane, 0 where rows go on without end.
    #[must_use]
    pub fn plane(&self) -> usize {
        self.row() * self.rows as usize
    }

    /// Whether a model can be made.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let row = u64::from(self.width) * u64::from(self.channels);
        let planes = u64::from(self.planes);
        let plane = row.checked_mul(self.rows.into());
        let kept = plane.and_then(|plane| plane.checked_mul(planes + 1));
        (1..=MAX_ROW).contains(&row)
            && (1..=MAX_PLANES).contains(&planes)
            && (planes == 1 || self.rows > 0)
            && kept.is_some_and(|kept| kept <= MAX_KEPT)
    }

    /// Values that are kept: those of a record and a few rows, a power of two.
    pub(super) fn kept(&self) -> usize {
        (self.plane() * (usize::from(self.planes) + 1) + self.row() * 5 + 16).next_power_of_two()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_overflow_or_are_nothing_are_refused() {
        let good = Layout { width: 28, rows: 28, ..Layout::default() };
        assert!(good.is_sane());
        let bad = [
            Layout { width: 0, ..good },
            Layout { channels: 0, ..good },
            Layout { planes: 0, ..good },
            Layout { planes: 2, rows: 0, ..good },
            Layout { planes: 4097, ..good },
            Layout { width: u32::MAX, channels: 255, ..good },
            Layout { rows: u32::MAX, ..good },
            Layout { rows: u32::MAX, planes: u16::MAX, width: 1 << 18, ..good },
        ];
        for layout in bad {
            assert!(!layout.is_sane(), "{layout:?}");
        }
    }

    #[test]
    fn a_bright_ground_is_turned_over() {
        let values: Vec<u8> = (0..90).map(|i| if i % 3 == 0 { i } else { 255 }).collect();
        let layout = Layout::default().seen_in(&values);
        assert_eq!((layout.common, layout.flip()), (Some(255), 255));
        assert_eq!(Layout::default().seen_in(&[]), Layout { low: 0, high: 0, ..Layout::default() });
    }
}
