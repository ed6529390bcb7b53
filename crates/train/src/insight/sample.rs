//! Records that nobody has seen: drawn from what a member takes to be likely, between two others, and near given ones.
//!
//! Everything random comes from a seed and the number of the record, so that the same call gives the same records on every machine, and the
//! first of them do not depend on how many there are.

use super::transforms::Transform;
use super::{check, each};
use crate::records::Records;
use minlen_core::{Env, Error, Result};
use minlen_latent::{Model, View};
use minlen_learn::Random;

/// Which member makes records, at which rate of the codec file.
#[derive(Clone, Copy, Debug)]
pub struct Maker<'m> {
    /// The codec file.
    pub model: &'m Model,
    /// The member.
    pub member: usize,
    /// The rate.
    pub rate: u8,
    /// Seed of everything random.
    pub seed: u64,
}

impl Maker<'_> {
    fn view(&self, env: &Env) -> Result<View<'_>> {
        View::new(self.model, self.member, env)
    }

    fn own_rate(&self) -> u8 {
        self.model.rate_of(self.member, self.rate)
    }

    fn random(&self, record: usize) -> Random {
        Random::new(self.seed).stream(record as u64)
    }

    /// So many new records.
    ///
    /// # Errors
    /// Corrupt for a member that takes no record to be likely; cancelled; limit.
    pub fn draw(&self, count: usize, env: &Env) -> Result<Vec<u8>> {
        let size = count.saturating_mul(self.model.record_bytes());
        let _held = env.budget.reserve(size as u64)?;
        let (mut view, mut out) = (self.view(env)?, Vec::with_capacity(size));
        for record in 0..count {
            env.check()?;
            let mut random = self.random(record);
            let (class, integers) = view.draw(self.own_rate(), || (random.next_u64() >> 48) as u16)?;
            view.record_of(self.own_rate(), class, &integers, &mut out)?;
        }
        Ok(out)
    }

    /// So many records on the way from one to another, both among them as the member describes them.
    ///
    /// # Errors
    /// Usage for records that are none, and for a codec file that can only decode.
    pub fn between(&self, ends: [&[u8]; 2], count: usize, env: &Env) -> Result<Vec<u8>> {
        let mut view = self.view(env)?;
        let rate = self.own_rate();
        let mut place = |record: &[u8]| {
            view.place(record, rate)?.ok_or_else(|| Error::usage("a record with numbers that are none"))
        };
        let [from, to] = [place(ends[0])?, place(ends[1])?];
        let mut out = Vec::new();
        for step in 0..count.max(2) {
            env.check()?;
            let share = step as f32 / (count.max(2) - 1) as f32;
            let at: Vec<f32> = from.iter().zip(&to).map(|(a, b)| a + share * (b - a)).collect();
            view.record_at(&at, rate, &mut out)?;
        }
        Ok(out)
    }

    /// So many copies of each of the records, each with its integers moved by a step or not at all, then changed by transforms.
    ///
    /// # Errors
    /// Usage for records of another kind, and for a codec file that can only decode; cancelled; limit.
    pub fn perturbed(
        &self,
        records: &Records,
        copies: usize,
        transforms: &[Transform],
        env: &Env,
    ) -> Result<Vec<u8>> {
        check(self.model, records)?;
        let alone = self.model.only(self.member).unwrap_or_else(|| self.model.clone());
        let _held = env.budget.reserve((records.bytes.len() as u64).saturating_mul(copies as u64 + 4))?;
        let found = each(&alone, &records.bytes, self.rate, 1, env, |found| found)?;
        let (mut view, mut out) = (self.view(env)?, Vec::new());
        for (number, found) in found.iter().enumerate() {
            for copy in 0..copies {
                env.check()?;
                let mut random = self.random(number * copies + copy);
                let start = out.len();
                match found.member {
                    None => out.extend_from_slice(records.record(number)),
                    Some(_) => {
                        let lively = view.lively(found.rate, found.class);
                        let moved = found.integers.iter().zip(lively.iter().chain(std::iter::repeat(&false)));
                        let moved: Vec<i32> = moved
                            .map(|(&q, &lively)| if lively { q + step(&mut random) } else { q })
                            .collect();
                        view.record_of(found.rate, found.class, &moved, &mut out)?;
                    }
                }
                self.change(&mut out, start, transforms, &mut random);
            }
        }
        Ok(out)
    }

    /// Changes the record from `start` on.
    fn change(&self, out: &mut Vec<u8>, start: usize, transforms: &[Transform], random: &mut Random) {
        if transforms.is_empty() {
            return;
        }
        let (scaling, mut numbers) = (&self.model.scaling, Vec::new());
        scaling.numbers(&out[start..], &mut numbers);
        transforms.iter().for_each(|transform| transform.apply(&mut numbers, &self.model.shape, random));
        out.truncate(start);
        let (low, high) = scaling.range();
        for number in numbers {
            let number = if scaling.is_whole() { (number + 0.5).floor() } else { number };
            scaling.write(number.clamp(low, high), out);
        }
    }
}

/// One step up or down for every second integer.
fn step(random: &mut Random) -> i32 {
    match random.next_u64() >> 62 {
        0 => -1,
        1 => 1,
        _ => 0,
    }
}
