//! Parts of pictures to learn from.

use minlen_core::{Env, Error, Result};
use minlen_image::Planes;
use minlen_image::read::{is_picture, picture};
use minlen_learn::{Random, Records};
use std::path::{Path, PathBuf};

/// Pixels of a side of a part.
pub const SIDE: usize = 96;

/// What the network sees in place of a sample: 64 levels are 1, 0 is in the middle.
pub const FACTOR: f32 = 1.0 / 64.0;
/// See [`FACTOR`].
pub const SHIFT: f32 = -127.5 / 64.0;

/// The pictures in a folder, by name.
///
/// # Errors
/// Reading; usage where there is none.
pub fn pictures(folder: &Path, env: &Env) -> Result<Vec<Planes>> {
    let failed = |e| Error::io("cannot read", e).in_file(folder);
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.path());
    }
    names.sort();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| name.is_file()) {
        env.check()?;
        let bytes = std::fs::read(&name).map_err(|e| Error::io("cannot read", e).in_file(&name))?;
        if is_picture(&bytes) {
            found.push(picture(&bytes, env).map_err(|e| e.in_file(&name))?.colours.to_rgb8());
        }
    }
    match found.is_empty() {
        true => Err(Error::usage("there is no picture to learn from").in_file(folder)),
        false => Ok(found),
    }
}

/// `count` parts of [`SIDE`] by [`SIDE`] pixels at random places of the pictures, each as many as its pixels are worth, half of them at
/// half the size.
///
/// # Errors
/// Usage where no picture is large enough.
pub fn crops(pictures: &[Planes], count: usize, seed: u64) -> Result<Records> {
    let half: Vec<Planes> = pictures.iter().map(halved).collect::<Result<_>>()?;
    let large: Vec<&Planes> =
        pictures.iter().chain(&half).filter(|p| p.width() >= SIDE && p.height() >= SIDE).collect();
    if large.is_empty() {
        return Err(Error::usage(format!("no picture has {SIDE} by {SIDE} pixels")));
    }
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(count * SIDE * SIDE * 3);
    for _ in 0..count {
        let from = large[random.below(large.len())];
        let left = random.below(from.width() - SIDE + 1);
        let above = random.below(from.height() - SIDE + 1);
        bytes.extend(from.part((left, above), (SIDE, SIDE))?.interleaved(None));
    }
    Records::bytes([SIDE, SIDE, 3], bytes, FACTOR, SHIFT)
}

/// Means of four pixels.
fn halved(picture: &Planes) -> Result<Planes> {
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    let plane = |plane: &Vec<u16>| {
        let at = |x: usize, y: usize| u32::from(plane[y * picture.width() + x]);
        let mean =
            |x: usize, y: usize| ((at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) / 4) as u16;
        (0..height).flat_map(|y| (0..width).map(move |x| (2 * x, 2 * y))).map(|(x, y)| mean(x, y)).collect()
    };
    if width == 0 || height == 0 {
        return Ok(picture.clone());
    }
    Planes::new(width, height, picture.depth(), picture.planes().iter().map(plane).collect())
}
