//! Looks at the arrays of a block and decides how each is coded.

use super::scales::{self, Placed};
use crate::Array;
use crate::fast::chunk::Piece;
use crate::fast::cluster::{Histogram, RAW, cluster};
use crate::fast::form::Values;
use crate::fast::scheme::{CONTEXTS, Mode, Model, Scheme, TABLES};
use crate::fast::shape::Shape;
use crate::fast::simd::isa;
use crate::fast::survey::{Counts, Seen, look, simple};
use crate::fast::table::{entropy_q8, normalise};
use minlen_core::{Env, Result};

/// Where the table of a histogram goes.
struct Place {
    array: usize,
    stream: usize,
    /// Context, where there are several.
    context: Option<usize>,
}

#[derive(Default)]
struct Survey {
    histograms: Vec<Histogram>,
    places: Vec<Place>,
}

/// Decides for all arrays of a block; `pieces` are what is coded of each.
///
/// # Errors
/// Cancelled on request; limit.
pub(crate) fn survey(
    arrays: &[Array<'_>],
    shapes: &[Shape],
    pieces: &[Vec<Piece>],
    env: &Env,
) -> Result<Model> {
    let (mut survey, mut schemes) = (Survey::default(), Vec::new());
    for (i, array) in arrays.iter().enumerate() {
        env.check()?;
        schemes.push(match shapes[i].literal {
            0 => None,
            literal => {
                let _held = env.budget.reserve(2 * literal as u64)?;
                Some(survey.array(i, array, &shapes[i], &pieces[i]))
            }
        });
    }
    let (chosen, tables) = cluster(&survey.histograms, TABLES);
    for (&choice, place) in chosen.iter().zip(&survey.places) {
        let Some(scheme) = &mut schemes[place.array] else { continue };
        if choice == RAW {
            scheme.modes[place.stream] = Mode::Raw;
        } else {
            set(&mut scheme.modes[place.stream], place.context, choice as u8);
        }
    }
    for scheme in schemes.iter_mut().flatten() {
        let first = scheme.form.first();
        if let ([Mode::Raw, above @ Mode::Above(_), ..], 0) = (scheme.modes.as_mut_slice(), first) {
            *above = Mode::Raw;
        }
    }
    Ok(Model { tables: tables.iter().map(normalise).collect(), schemes, _held: Vec::new() })
}

/// Names a table for a stream or one of its contexts; contexts that do not occur take that of the one before.
fn set(mode: &mut Mode, context: Option<usize>, table: u8) {
    match (mode, context) {
        (Mode::Position(map) | Mode::Above(map), Some(context)) => {
            // Contexts come in order: all from here on, until the next one.
            map[context..].fill(table);
            if map[..context].iter().all(|t| *t == u8::MAX) {
                map[..context].fill(table);
            }
        }
        (mode, _) => *mode = Mode::Table(table),
    }
}

impl Survey {
    fn push(&mut self, counts: &Counts, array: usize, stream: usize, context: Option<usize>) {
        if counts.iter().any(|count| *count > 0) {
            self.histograms.push(Histogram::new(counts, context.is_none()));
            self.places.push(Place { array, stream, context });
        }
    }

    fn array(&mut self, number: usize, array: &Array<'_>, shape: &Shape, pieces: &[Piece]) -> Scheme {
        let seen = look(array, pieces, true);
        let first = seen.form.first();
        let mut scheme = Scheme { form: seen.form.clone(), modes: Vec::new(), scales: None };
        let streams = if first == 0 { streams(array, pieces, &seen) } else { Vec::new() };
        for (stream, counts) in seen.counts.iter().enumerate() {
            let mode = simple(&seen.form, stream, counts);
            let mode = match mode {
                Some(mode @ Mode::Constant(_)) => mode,
                _ if stream == first
                    && self.position(number, stream, &seen, shape, pieces, &streams, &mut scheme) =>
                {
                    Mode::Position(vec![u8::MAX; CONTEXTS])
                }
                _ if stream == first + 1
                    && !matches!(scheme.modes[first], Mode::Raw | Mode::Constant(_))
                    && self.above(number, stream, &seen, &streams) =>
                {
                    Mode::Above(vec![u8::MAX; 256])
                }
                Some(mode) => mode,
                None => {
                    self.push(counts, number, stream, None);
                    // Until the tables are known; not stored, so that contexts may refer to it.
                    Mode::Table(0)
                }
            };
            scheme.modes.push(mode);
        }
        scheme
    }

    /// Scales for a stream, if they save anything.
    fn position(
        &mut self,
        number: usize,
        stream: usize,
        seen: &Seen,
        shape: &Shape,
        pieces: &[Piece],
        streams: &[Vec<u8>],
        scheme: &mut Scheme,
    ) -> bool {
        let Some(symbols) = streams.get(stream) else { return false };
        let Some(sizes) = scales::sizes(shape.dtype, &seen.form.values, &seen.counts[stream]) else {
            return false;
        };
        let (mut runs, mut done, unit) = (Vec::new(), 0, shape.dtype.unit());
        for piece in pieces {
            runs.push((piece.start / unit, &symbols[done..done + piece.len / unit]));
            done += piece.len / unit;
        }
        let placed = Placed { runs, columns: shape.columns };
        let Some(found) = scales::find(&placed, shape, &sizes, &seen.counts[stream]) else { return false };
        for (context, counts) in found.counts.iter().enumerate() {
            self.push(counts, number, stream, Some(context));
        }
        scheme.scales = Some(found.scales);
        true
    }

    /// Tables for a stream by the byte of the one before, if they save anything.
    fn above(&mut self, number: usize, stream: usize, seen: &Seen, streams: &[Vec<u8>]) -> bool {
        let (Values::Plain | Values::List(_), Some([upper, lower])) =
            (&seen.form.values, streams.get(stream - 1..=stream))
        else {
            return false;
        };
        if upper.len() != lower.len() {
            return false;
        }
        let mut counts = vec![[0u32; 256]; 256];
        upper.iter().zip(lower).for_each(|(u, l)| counts[usize::from(*u)][usize::from(*l)] += 1);
        // What a table of 256 symbols costs only pays off for many values alike, so the estimate is of what sharing leaves.
        let alone = entropy_q8(&seen.counts[stream]).min(lower.len() as u64 * 8 * 256);
        let cost = |counts: &Counts| {
            let symbols = counts.iter().filter(|c| **c > 0).count() as u64;
            let total: u64 = counts.iter().map(|c| u64::from(*c)).sum();
            (entropy_q8(counts) + symbols * 6 * 256).min(total * 8 * 256)
        };
        if counts.iter().map(cost).sum::<u64>() + 200 * 256 >= alone {
            return false;
        }
        for (context, counts) in counts.iter().enumerate() {
            self.push(counts, number, stream, Some(context));
        }
        true
    }
}

/// The streams of a whole array.
fn streams(array: &Array<'_>, pieces: &[Piece], seen: &Seen) -> Vec<Vec<u8>> {
    let mut streams = vec![Vec::new(); seen.counts.len()];
    for piece in pieces {
        seen.form.split(array.dtype, &array.bytes[piece.start..piece.start + piece.len], &mut streams, isa());
    }
    streams
}
