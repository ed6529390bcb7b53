//! What a member knows of records beside how to code them: where they lie, what lies at a place, and which ones are likely.

use crate::linear::{Analysis, Room};
use crate::model::{Body, Model};
use crate::steps;
use crate::stream::{Coded, Record, Stream, numbers};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::BitCoder;

/// A member that looks at records. A *place* is where a record lies: the latents of a network at a rate, before they are rounded, in steps; or the
/// coordinates of a transform, in values.
pub struct View<'m> {
    model: &'m Model,
    member: usize,
    stream: Stream<'m>,
    analysis: Option<Analysis<'m>>,
    found: Vec<i16>,
    exact: Vec<f64>,
    values: Vec<f32>,
    restored: Vec<i32>,
    room: Room,
    made: Vec<f64>,
}

/// Bits that are drawn: ones as often as they are likely.
struct Draw<F>(F);

impl<F: FnMut() -> u16> BitCoder for Draw<F> {
    fn code(&mut self, _: u32, p1: u32) -> u32 {
        u32::from(u32::from((self.0)()) < p1)
    }
}

impl<'m> View<'m> {
    /// For a member of a checked model.
    ///
    /// # Errors
    /// Usage for a member that is not there; limit.
    pub fn new(model: &'m Model, member: usize, env: &Env) -> Result<Self> {
        let analysis = match model.members.get(member).map(|member| &member.body) {
            None => return Err(Error::usage("a member that the codec file does not have")),
            Some(Body::Linear { linear, .. }) => Some(Analysis::new(linear)),
            Some(Body::Network(_)) => None,
        };
        Ok(Self {
            model,
            member,
            stream: Stream::new(model, env)?,
            analysis,
            found: Vec::new(),
            exact: Vec::new(),
            values: Vec::new(),
            restored: Vec::new(),
            room: Room::default(),
            made: Vec::new(),
        })
    }

    /// Numbers of a place.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        match &self.model.members[self.member].body {
            Body::Linear { linear, .. } => linear.coordinates(),
            Body::Network(latents) => latents.count(),
        }
    }

    /// Where a record lies at a rate of the member; none where a number of it is none.
    ///
    /// # Errors
    /// Usage for bytes that are no record, and for a codec file that can only decode.
    pub fn place(&mut self, bytes: &[u8], rate: u8) -> Result<Option<Vec<f32>>> {
        if bytes.len() != self.model.record_bytes() {
            return Err(Error::usage("records: the last one is not whole"));
        }
        self.model.scaling.numbers(bytes, &mut self.exact);
        if !self.model.scaling.values(&self.exact, &mut self.values) {
            return Ok(None);
        }
        if let Some(analysis) = &self.analysis {
            return Ok(Some(analysis.place(&self.values)));
        }
        let Some(ready) = self.stream.network(self.member) else { return Ok(None) };
        ready.look(&self.values, &mut self.found)?;
        Ok(Some(ready.unrounded(&self.found, rate)))
    }

    /// Appends the record that lies at a place.
    ///
    /// # Errors
    /// Those of the network.
    pub fn record_at(&mut self, place: &[f32], rate: u8, out: &mut Vec<u8>) -> Result<()> {
        match &self.model.members[self.member].body {
            Body::Linear { linear, .. } => {
                let sixteenths: Vec<i32> = place.iter().map(|x| (x * 16.0).round() as i32).collect();
                linear.restore_place(&sixteenths, &mut self.room);
                let values = std::mem::take(&mut self.room.values);
                self.write(&values, out);
                self.room.values = values;
                Ok(())
            }
            Body::Network(latents) => {
                let most = f32::from(latents.most);
                let integers = place.iter().map(|x| x.round().clamp(-most, most) as i32).collect::<Vec<_>>();
                self.record_of(rate, 0, &integers, out)
            }
        }
    }

    /// Appends the record of a class that integers stand for.
    ///
    /// # Errors
    /// Those of the network.
    pub fn record_of(&mut self, rate: u8, class: u8, integers: &[i32], out: &mut Vec<u8>) -> Result<()> {
        let coded = Coded { member: self.member as u8, rate, class, integers: integers.to_vec(), rest: None };
        let mut values = std::mem::take(&mut self.restored);
        let done = self.stream.restore(&[Record::Coded(coded)], &mut self.room, &mut values);
        self.write(&values, out);
        self.restored = values;
        done
    }

    /// The class and the integers of a record as likely as the member says; `random` gives bits.
    ///
    /// # Errors
    /// Corrupt for a prior that knows no records.
    pub fn draw(&mut self, rate: u8, random: impl FnMut() -> u16) -> Result<(u8, Vec<i32>)> {
        let mut coder = Draw(random);
        // Numbers of classes that there are not are drawn again.
        for _ in 0..64 {
            if let Some(found) = self.stream.describe(&mut coder, self.member, rate) {
                return Ok(found);
            }
        }
        Err(Error::corrupt("codec file: no record is likely"))
    }

    /// Which of the integers of a class vary by a step or more at a rate.
    #[must_use]
    pub fn lively(&self, rate: u8, class: u8) -> Vec<bool> {
        match &self.model.members[self.member].body {
            Body::Linear { linear, .. } => {
                let (step, class) = (self.model.step(rate), usize::from(class));
                let of = linear.classes.get(class).map_or(&[][..], |class| &class.deviations);
                of[..linear.coded(class, step)].iter().map(|&d| steps::coarseness(d, step) >= 16).collect()
            }
            Body::Network(latents) => vec![true; latents.count()],
        }
    }

    fn write(&mut self, values: &[i32], out: &mut Vec<u8>) {
        numbers(self.model, values, None, &mut self.made);
        self.made.iter().for_each(|&number| self.model.scaling.write(number, out));
    }
}
