//! Sizes, errors and seconds of pictures that networks are fitted to.
//!
//! `overfit_rd [--steps N] [--lambda L,..] [--crop S] [--threads T] [key=value ..] PICTURE.ppm ..` prints a line for each picture and lambda.
//! `--crop` takes S by S pixels out of the middle. Keys are the numbers of a schedule: `latents_rate`, `weights_rate`, `weights_share`,
//! `threshold`, `hidden`, `chroma`, `step`, `slope`, `t0`, `t1`, `n0`, `n1`.

#![allow(clippy::print_stdout)]

use minlen_core::Env;
use minlen_image::Planes;
use minlen_image::overfit::{self, Goal, Schedule, Shape};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut schedule = Schedule::effort(6);
    let (mut lambdas, mut crop, mut threads, mut files) = (vec![1e-3], 0, 1, Vec::new());
    let mut goal = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut next = || words.next().ok_or("a number is missing");
        match word.as_str() {
            "--steps" => schedule.steps = next()?.parse()?,
            "--lambda" => lambdas = next()?.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "--crop" => crop = next()?.parse()?,
            "--threads" => threads = next()?.parse()?,
            "--bytes" => goal = Some(Goal::Bytes(next()?.parse()?)),
            "--mean-square" => goal = Some(Goal::MeanSquare(next()?.parse()?)),
            _ => match word.split_once('=') {
                Some((key, value)) => set(&mut schedule, key, value)?,
                None => files.push(word),
            },
        }
    }
    for file in files {
        let picture = cropped(&read(&file)?, crop)?;
        for &lambda in &lambdas {
            measure(&file, &picture, lambda, goal, &schedule, threads)?;
        }
    }
    Ok(())
}

fn measure(
    file: &str,
    picture: &Planes,
    lambda: f32,
    goal: Option<Goal>,
    schedule: &Schedule,
    threads: usize,
) -> Result<(), Box<dyn Error>> {
    let env = Env::default().with_threads(threads);
    let start = Instant::now();
    let made = overfit::encode(picture, goal.unwrap_or(Goal::Lambda(lambda)), schedule, &env)?;
    let seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let back = overfit::decode(&made.bytes, &Shape::of(picture), &env)?;
    let decoding = start.elapsed().as_secs_f64();
    if back != made.picture {
        return Err("decoding gives another picture".into());
    }
    let pixels = (picture.width() * picture.height()) as f64;
    let bits = 8.0 * made.bytes.len() as f64 / pixels;
    let peak = f64::from(picture.peak());
    let cost = 1000.0 * (picture.mean_square(&back) / (peak * peak) + f64::from(lambda) * bits);
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".ppm");
    println!(
        "{name},{lambda},{},{bits:.4},{:.3},{cost:.4},{seconds:.1},{decoding:.3}",
        made.bytes.len(),
        picture.psnr(&back)
    );
    Ok(())
}

fn set(schedule: &mut Schedule, key: &str, value: &str) -> Result<(), Box<dyn Error>> {
    match key {
        "latents_rate" => schedule.latents_rate = value.parse()?,
        "weights_rate" => schedule.weights_rate = value.parse()?,
        "weights_share" => schedule.weights_share = value.parse()?,
        "hw" => schedule.hard_weights = value.parse()?,
        "threshold" => schedule.threshold = value.parse()?,
        "hidden" => schedule.hidden = value.parse()?,
        "chroma" => schedule.chroma = value.parse()?,
        "step" => schedule.step = value.parse()?,
        "slope" => schedule.slope = value.parse()?,
        "t0" => schedule.temperature.0 = value.parse()?,
        "t1" => schedule.temperature.1 = value.parse()?,
        "n0" => schedule.noise.0 = value.parse()?,
        "n1" => schedule.noise.1 = value.parse()?,
        _ => return Err(format!("no {key}").into()),
    }
    Ok(())
}

/// A binary PPM or PGM with samples of one byte.
fn read(file: &str) -> Result<Planes, Box<dyn Error>> {
    let data = std::fs::read(file)?;
    let (mut numbers, mut at) = (Vec::new(), 2);
    while numbers.len() < 3 {
        let word: String =
            data[at..].iter().take_while(|b| !b.is_ascii_whitespace()).map(|&b| char::from(b)).collect();
        at += word.len() + 1;
        if !word.is_empty() {
            numbers.push(word.parse::<usize>()?);
        }
    }
    let colours = if data.starts_with(b"P6") { 3 } else { 1 };
    let plane = |c: usize| data[at..].iter().skip(c).step_by(colours).map(|&b| u16::from(b)).collect();
    Ok(Planes::new(numbers[0], numbers[1], 8, (0..colours).map(plane).collect())?)
}

/// So many pixels each way out of the middle; all for 0.
fn cropped(picture: &Planes, side: usize) -> Result<Planes, Box<dyn Error>> {
    let (width, height) = (picture.width(), picture.height());
    if side == 0 || side > width.min(height) {
        return Ok(picture.clone());
    }
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    let rows = |plane: &Vec<u16>| {
        (top..top + side).flat_map(|y| plane[y * width + left..][..side].to_vec()).collect()
    };
    Ok(Planes::new(side, side, picture.depth(), picture.planes().iter().map(rows).collect())?)
}
