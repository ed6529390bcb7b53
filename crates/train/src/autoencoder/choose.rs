//! Which members stay in a codec file: those whose bytes pay on records that nothing was learned from, and what is said of them.

use super::measure::{self, Figures, Point, Scale, at_bytes, bytes_for};
use minlen_latent::{Body, Model};

/// Bytes a record at which members are compared.
pub const BYTES: [f64; 8] = [4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0];
/// A member that saves less than this share of the bytes serves nobody.
const LEAST: f64 = 0.005;

/// What a codec file is for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Goal {
    /// Any number of bytes a record.
    #[default]
    Spread,
    /// So many bytes a record.
    Bytes(f64),
    /// Every record has this many decibels at least.
    Psnr(f64),
    /// No number is off by more than this.
    MaxError(f64),
}

/// Members measured alone.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The codec file that has all of them.
    pub model: &'a Model,
    /// What records take with each alone, at each rate.
    pub alone: &'a [Vec<Point>],
    /// The same to keep the promise, where there is one.
    pub promised: Option<&'a [Vec<Point>]>,
    /// Bytes of each in the file.
    pub sizes: &'a [usize],
    /// Records that the file is for.
    pub records: usize,
    /// What errors are measured against.
    pub scale: Scale,
    /// What it is for.
    pub goal: Goal,
}

/// A member that is left out, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// What people call it.
    pub name: String,
    /// Bytes that it would take in the file.
    pub size: usize,
    /// Bytes a record that it would save.
    pub saves: f64,
}

impl Trial<'_> {
    /// Figures of some members together, at each rate.
    #[must_use]
    pub fn curve(&self, chosen: &[usize]) -> Vec<Figures> {
        let points = measure::together(self.model, self.alone, chosen, false);
        points.iter().map(|point| point.figures(&self.scale)).collect()
    }

    /// Bytes a record that leaving out `member` costs, absolutely and as a share.
    fn loss(&self, chosen: &[usize], member: usize) -> (f64, f64) {
        let rest: Vec<usize> = chosen.iter().copied().filter(|&other| other != member).collect();
        if let Some(promised) = self.promised {
            let bytes = |set: &[usize]| {
                measure::together(self.model, promised, set, true).first().map_or(0.0, Point::bytes)
            };
            let (with, without) = (bytes(chosen), bytes(&rest));
            return (without - with, without / with.max(1e-9) - 1.0);
        }
        let (with, without) = (self.curve(chosen), self.curve(&rest));
        let wanted: Vec<f64> = match self.goal {
            Goal::Bytes(bytes) => vec![bytes],
            _ => BYTES.to_vec(),
        };
        let last = with.last().map_or(0.0, |figures| figures.bytes);
        let (mut sum, mut share, mut count) = (0.0, 0.0, 0.0f64);
        for bytes in wanted.into_iter().filter(|&bytes| bytes <= last) {
            let Some(figures) = at_bytes(&with, bytes) else { continue };
            // What is never reached without it is taken to cost twice as much.
            let needed = bytes_for(&without, figures.overall).unwrap_or(2.0 * bytes).min(2.0 * bytes);
            (sum, share, count) = (sum + needed - bytes, share + needed / bytes - 1.0, count + 1.0);
        }
        (sum / count.max(1.0), share / count.max(1.0))
    }

    /// The members that stay, in order, and those that do not.
    #[must_use]
    pub fn choose(&self) -> (Vec<usize>, Vec<Dropped>) {
        let mut chosen: Vec<usize> = (0..self.alone.len()).collect();
        let mut dropped = Vec::new();
        while chosen.len() > 1 {
            let gain = |&member: &usize| {
                let (bytes, share) = self.loss(&chosen, member);
                let spread = self.sizes[member] as f64 / self.records.max(1) as f64;
                (member, bytes, bytes < spread || share < LEAST, bytes - spread)
            };
            let serves_nobody = chosen.iter().map(gain).filter(|found| found.2);
            let Some((member, saves, ..)) = serves_nobody.min_by(|a, b| a.3.total_cmp(&b.3)) else { break };
            chosen.retain(|&other| other != member);
            let name = self.model.members[member].name.clone();
            dropped.push(Dropped { name, size: self.sizes[member], saves: saves.max(0.0) });
        }
        (chosen, dropped)
    }

    /// Who does best at how many bytes, in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let curves: Vec<Vec<Figures>> = (0..self.alone.len()).map(|member| self.curve(&[member])).collect();
        let name = |member: usize| self.model.members[member].name.as_str();
        let is_network = |member: usize| matches!(self.model.members[member].body, Body::Network(_));
        let mut best: Vec<(f64, usize)> = Vec::new();
        for bytes in BYTES {
            let at = |member: usize| at_bytes(&curves[member], bytes).map(|found| (found.overall, member));
            let found = (0..curves.len()).filter_map(at).max_by(|a, b| a.0.total_cmp(&b.0));
            let beyond = curves.iter().filter_map(|curve| curve.last()).all(|last| last.bytes < bytes);
            best.extend(found.filter(|_| !beyond).map(|(_, member)| (bytes, member)));
        }
        let mut lines = Vec::new();
        for run in best.chunk_by(|a, b| a.1 == b.1) {
            let [(first, member), .., (last, _)] = run else {
                let [(bytes, member)] = run else { continue };
                lines.push(format!("{} is best at {bytes} bytes a record", name(*member)));
                continue;
            };
            lines.push(format!("{} is best from {first} to {last} bytes a record", name(*member)));
        }
        let any_network = (0..self.alone.len()).any(is_network);
        if any_network && !best.iter().any(|&(_, member)| is_network(member)) {
            lines.push("on these records no network beats the transforms".into());
        }
        lines
    }
}

impl Dropped {
    /// Why, in words.
    #[must_use]
    pub fn words(&self, records: usize) -> String {
        let spread = self.size as f64 / records.max(1) as f64;
        format!(
            "{} is left out: it would save {:.2} bytes a record, and takes {} bytes in the file ({spread:.2} for each of {records} records)",
            self.name, self.saves, self.size
        )
    }
}
