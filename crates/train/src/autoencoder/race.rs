//! Which network is worth the time: each candidate trains a little, and the best one goes on, unless even that is far from what transforms do.

use super::codec_file::{BATCH, Kind, Lessons, NetworkRecipe};
use super::measure::{Figures, Scale, bytes_for, curves};
use super::run::{Event, Told};
use crate::records::Records;
use minlen_core::{Env, Result};
use minlen_learn::Length;
use std::time::Duration;

/// The part of a training that a candidate gets to show what it can.
const TENTH: u32 = 10;
/// A network that takes this many times the bytes of a transform after its part, wherever it is compared, will hardly beat it after the whole.
const HOPELESS: f64 = 1.5;

/// What candidates are compared on, and with.
pub(super) struct Race<'a> {
    pub(super) lessons: &'a Lessons<'a>,
    pub(super) compared: &'a Records,
    pub(super) scale: Scale,
    /// Curves of the transforms.
    pub(super) transforms: &'a [Vec<Figures>],
    /// How long a whole training takes.
    pub(super) time: Duration,
    pub(super) epochs: Option<u32>,
    pub(super) env: &'a Env,
}

/// What a candidate came to.
struct Shown {
    place: usize,
    name: &'static str,
    loss: f64,
    /// The least that it takes of the bytes of the transforms, for the same errors.
    share: f64,
}

impl Race<'_> {
    /// The place of the network that goes on, if any does, and what was seen, in words. Pictures have one candidate, which is known to pay.
    ///
    /// # Errors
    /// Those of training, and of `told`.
    pub(super) fn winner(
        &self,
        networks: &[&NetworkRecipe],
        told: &mut Told<'_>,
    ) -> Result<(Option<usize>, Vec<String>)> {
        if let [one] = networks
            && one.layers.is_square()
        {
            return Ok((Some(0), Vec::new()));
        }
        let mut shown = Vec::new();
        for (place, own) in networks.iter().enumerate() {
            shown.push(self.tried(place, own, told)?);
        }
        let Some(best) = shown.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)) else {
            return Ok((None, Vec::new()));
        };
        let behind = shown.iter().filter(|other| other.place != best.place).map(|other| {
            format!(
                "{} was not trained on: after a tenth of the time its loss was {:.3}, that of {} {:.3}",
                other.name, other.loss, best.name, best.loss
            )
        });
        let mut notes: Vec<String> = behind.collect();
        if best.share < HOPELESS {
            return Ok((Some(best.place), notes));
        }
        notes.push(format!(
            "transforms are better than networks on these records: {} took {:.1} times their bytes and more after a tenth of the time, and was not trained on",
            best.name, best.share
        ));
        Ok((None, notes))
    }

    fn tried(&self, place: usize, own: &NetworkRecipe, told: &mut Told<'_>) -> Result<Shown> {
        let name = Kind::Network(own.clone()).name();
        told(Event::Line(format!("trying {name}")))?;
        let length = match self.epochs {
            Some(epochs) => Length::Epochs(epochs.div_ceil(TENTH)),
            None => Length::Time(self.time / TENTH),
        };
        let own = NetworkRecipe { length, residual: 0, ..own.clone() };
        let (mut loss, size) = (f64::INFINITY, self.compared.record_bytes() as u64);
        let member = self.lessons.network(&own, None, |_, progress| {
            if let Some(means) = &progress.held_out {
                loss = loss.min(means.loss);
            }
            told(Event::Work(BATCH as u64 * size))?;
            self.env.check()
        })?;
        let model = self.lessons.finish(vec![member], self.env)?;
        let points = curves(&[&model], &self.compared.bytes, f64::MAX, self.env)?.remove(0);
        let figures: Vec<Figures> = points.iter().map(|point| point.figures(&self.scale)).collect();
        Ok(Shown { place, name, loss, share: share(&figures, self.transforms) })
    }
}

/// The least share of the bytes of the best transform that a network takes, over all that it can do; 0 where transforms never get so near, and without any.
fn share(network: &[Figures], transforms: &[Vec<Figures>]) -> f64 {
    let of = |point: &Figures| {
        let needed = transforms.iter().filter_map(|curve| bytes_for(curve, point.overall));
        point.bytes / needed.min_by(f64::total_cmp).unwrap_or(f64::INFINITY).max(1e-9)
    };
    network.iter().map(of).min_by(f64::total_cmp).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_counts_by_where_it_does_best() {
        let at = |bytes: f64, overall: f64| Figures { bytes, overall, ..Figures::default() };
        let transforms = [vec![at(4.0, 10.0), at(8.0, 20.0)], vec![at(4.0, 8.0), at(16.0, 24.0)]];
        assert_eq!(share(&[at(9.0, 15.0), at(9.0, 20.0)], &transforms), 9.0 / 8.0);
        assert_eq!(share(&[at(9.0, 15.0), at(30.0, 25.0)], &transforms), 0.0);
        assert_eq!(share(&[at(9.0, 15.0)], &[]), 0.0);
    }
}
