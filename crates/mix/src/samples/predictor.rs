//! Predictors of codec files that are at hand.

use crate::records::Layout;
use minlen_core::{Env, Learned, Resources, Result, missing_model};
use minlen_nn::causal::Causal;
use minlen_nn::model_file::ModelFile;
use std::sync::Arc;

/// The first bytes of the hash of a codec file: what payloads name it by.
pub(super) type Name = [u8; 8];

/// The predictor of a learned part, if that is a codec file with one. It is made ready once for all who share it.
fn opened(part: &Learned) -> Option<Arc<Causal>> {
    let is_file = ModelFile::begins(part.bytes());
    is_file.then(|| part.opened(|bytes| Causal::of_file(bytes, &Env::default())))?
}

/// All predictors at hand with the names of their files, the one to be used first.
pub(super) fn predictors(resources: &Resources) -> impl Iterator<Item = (Name, Arc<Causal>)> + '_ {
    let name = |part: &Learned| std::array::from_fn(|i| part.hash()[i]);
    resources.learned.iter().rev().filter_map(move |part| Some((name(part), opened(part)?)))
}

/// The predictor of the codec file of that name.
///
/// # Errors
/// Unsupported where it is not at hand.
pub(super) fn named(resources: &Resources, name: &Name) -> Result<Arc<Causal>> {
    resources.learned(name).and_then(opened).ok_or_else(|| missing_model(name))
}

/// Whether it is for records that lie like this.
pub(super) fn fits(causal: &Causal, layout: &Layout) -> bool {
    let geometry = causal.geometry();
    layout.planes == 1
        && (layout.width, layout.channels, layout.rows) == (geometry.width, geometry.channels, geometry.rows)
}

/// How records lie that it is for.
pub(super) fn layout_of(causal: &Causal) -> Layout {
    let geometry = causal.geometry();
    let (width, channels, rows, common) = (geometry.width, geometry.channels, geometry.rows, geometry.ground);
    Layout { width, channels, rows, common, ..Layout::default() }
}
