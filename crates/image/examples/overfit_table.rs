//! Trains the networks that fitting begins with.
//!
//! `overfit_table LAMBDA ROUNDS OUT PICTURE.ppm ..`: each round fits networks and latents to a piece of a picture for some steps, beginning
//! with the present table, and moves the table towards what they ended with (Nichol et al. 2018, Reptile). Pieces are drawn from a fixed
//! row of numbers. OUT gets one number a weight, 16 bits each, the low byte first.

#![allow(clippy::print_stdout)]

use minlen_core::Env;
use minlen_core::testing::Rng;
use minlen_image::Planes;
use minlen_image::overfit::{self, Schedule};
use std::error::Error;

const SIDE: usize = 160;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [lambda, rounds, out, files @ ..] = &words[..] else {
        return Err("see the first lines of the source".into());
    };
    let (lambda, rounds): (f32, u32) = (lambda.parse()?, rounds.parse()?);
    let mut rng = Rng(1);
    let mut table: Vec<f32> = Vec::new();
    let mut mean = 0.0;
    for round in 0..rounds {
        let picture = piece(&files[rng.below(files.len())], &mut rng)?;
        let mut schedule = Schedule::effort(3);
        (schedule.steps, schedule.weights_share, schedule.rise) = (60, 0.0, if round < 10 { 40 } else { 10 });
        (schedule.temperature, schedule.noise) = ((0.3, 0.2), (0.2, 0.18));
        let mut weights = table.clone();
        let around = lambda * [0.6, 0.8, 1.0, 1.25, 1.6][rng.below(5)];
        let cost = overfit::adapt(&picture, around, &schedule, &mut weights, &Env::default())?;
        let along = round as f32 / rounds as f32;
        let rate = if round < 10 { 0.8 } else { 0.4 - 0.35 * along };
        if table.is_empty() {
            table = weights;
        } else {
            table.iter_mut().zip(&weights).for_each(|(t, w)| *t += rate * (w - *t));
        }
        mean += (cost / f64::from(around).powf(0.6) - mean) * if round < 20 { 0.2 } else { 0.05 };
        if round % 20 == 19 {
            println!("{round}: {mean:.4}");
        }
        let bytes: Vec<u8> = overfit::table_bytes(&table);
        std::fs::write(out, bytes)?;
    }
    Ok(())
}

/// A square out of a binary PPM.
fn piece(file: &str, rng: &mut Rng) -> Result<Planes, Box<dyn Error>> {
    let data = std::fs::read(file)?;
    let mut numbers = data[2..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut number = || -> Option<usize> { std::str::from_utf8(numbers.next()?).ok()?.parse().ok() };
    let (width, height) = (number().ok_or("no width")?, number().ok_or("no height")?);
    let pixels = &data[data.len() - 3 * width * height..];
    let (left, top) = (rng.below(width - SIDE + 1), rng.below(height - SIDE + 1));
    let sample = |c: usize, i: usize| u16::from(pixels[3 * ((top + i / SIDE) * width + left + i % SIDE) + c]);
    let plane = |c| (0..SIDE * SIDE).map(|i| sample(c, i)).collect();
    Ok(Planes::new(SIDE, SIDE, 8, (0..3).map(plane).collect())?)
}
