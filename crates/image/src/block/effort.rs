//! How much the encoder tries.

use super::canvas::Node;
use super::transform::KEPT;

/// What a search does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Whether levels depend on those before.
    pub dependent: bool,
    /// How often a node may be halved.
    pub halvings: u8,
    /// Halves are not tried where splitting into four brought the cost below this share.
    pub halves_below: f32,
    /// Blocks of this side and less are not split if they need no levels.
    pub trust_empty: usize,
    /// Every which direction is looked at first.
    pub directions: u8,
    /// Modes that are tried in full, and how much worse than the best guess they may look.
    pub modes: usize,
    pub near: f32,
    /// Likely modes that are tried in any case.
    pub likely: usize,
    kinds: &'static [u8],
    pub chroma: &'static [u8],
    /// How often the picture is searched, with costs from the time before.
    pub passes: usize,
}

impl Effort {
    pub fn new(effort: u8) -> Self {
        let base = Self {
            dependent: true,
            halvings: 0,
            halves_below: 0.0,
            trust_empty: 64,
            directions: 4,
            modes: 1,
            near: 1.1,
            likely: 0,
            kinds: &[0, 3],
            chroma: &[0, 1],
            passes: 1,
        };
        match effort {
            0 => Self { dependent: false, kinds: &[0], ..base },
            1 => Self { modes: 1, ..base },
            2 => Self { halvings: 1, halves_below: 0.9, modes: 2, chroma: &[0, 1, 2], ..base },
            3 => Self {
                halvings: 1,
                halves_below: 0.8,
                modes: 3,
                near: 1.2,
                chroma: &[0, 1, 2, 3],
                kinds: &[0, 3, 1, 2],
                ..base
            },
            4 => Self {
                halvings: 2,
                halves_below: 0.7,
                modes: 4,
                near: 1.3,
                trust_empty: 32,
                chroma: &[0, 1, 2, 3],
                kinds: &[0, 3, 1, 2],
                directions: 2,
                ..base
            },
            _ => Self {
                halvings: 2,
                halves_below: 0.0,
                modes: 5,
                near: 1.4,
                trust_empty: 16,
                likely: 2,
                chroma: &[0, 1, 2, 3],
                kinds: &[0, 3, 1, 2],
                directions: 2,
                ..base
            },
        }
    }

    /// The transforms to be tried.
    pub fn kinds(&self, node: Node) -> &'static [u8] {
        if node.w > KEPT || node.h > KEPT { &[0] } else { self.kinds }
    }
}
