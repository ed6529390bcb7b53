//! Which of the shipped priors are likely to help, by the kind of the data and by what it has in common with their windows.

use crate::model_type::Type;
use crate::prior::{self, Prior};
use crate::shipped::{C, DB, DOC, EXE32, EXE64, GRIDS, JSON, LOG, RECORDS, RUST, SCRIPT, TEXT, XML};
use crate::similarity::Shingles;
use minlen_core::Kind;
use std::sync::Arc;

/// The priors worth a trial for a kind of data, the likeliest first.
fn candidates(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Text | Kind::TextLatin => &[TEXT, DOC, LOG, XML, RECORDS],
        Kind::Source => &[C, RUST, SCRIPT],
        Kind::Json | Kind::Ndjson => &[JSON, GRIDS],
        Kind::Csv => &[RECORDS],
        Kind::Xml => &[XML, TEXT],
        Kind::Html => &[DOC, XML],
        Kind::Log => &[LOG],
        Kind::Elf => &[EXE64, EXE32],
        Kind::Pe | Kind::MachineCode => &[EXE32, EXE64],
        Kind::Tar => &[C, RUST, SCRIPT, TEXT],
        Kind::Database | Kind::Binary | Kind::Records => &[DB],
        _ => &[],
    }
}

/// Fewer of the data's pieces in a window, in thousandths, and the window is of no use.
pub(crate) const UNLIKE: u32 = 60;

/// A prior, its number, and how many thousandths of a sample's pieces its window has.
pub(crate) struct Likely {
    pub share: u32,
    pub number: u8,
    pub prior: Arc<Prior>,
}

/// The priors for data of this `kind` that are for the models of type `of`, in the order of the table.
pub(crate) fn fitting(kind: Kind, of: Type) -> Vec<(u8, Arc<Prior>)> {
    let shipped = |&number: &u8| prior::shipped(number).map(|prior| (number, prior));
    candidates(kind).iter().filter_map(shipped).filter(|(_, prior)| prior.kind == of).collect()
}

/// Those priors by how much of `sample` occurs in what is replayed of them, the most alike first.
pub(crate) fn by_likeness(
    priors: Vec<(u8, Arc<Prior>)>,
    sample: &[u8],
    window: impl Fn(&Prior) -> &[u8],
) -> Vec<Likely> {
    let pieces = Shingles::new(sample);
    let alike =
        |(number, prior): (u8, Arc<Prior>)| Likely { share: pieces.share_in(window(&prior)), number, prior };
    let mut likely: Vec<_> = priors.into_iter().map(alike).collect();
    likely.sort_by_key(|likely| std::cmp::Reverse(likely.share));
    likely
}
