//! How far a picture is from the one that was given, by what the two files themselves say.

use crate::nearby::Distance;
use minlen_core::{Env, Error, ErrorKind, Result, Target};
use minlen_image::metric::ssimulacra2;
use minlen_image::read::picture;
use minlen_image::{Picture, Planes};

/// Compares the picture in `decoded` with the one in `original`: both must have the same sides, opacity and chunks, and be as near as
/// `target` says.
///
/// # Errors
/// Verify for another picture or one that is not as near; whatever reading gives.
pub fn distance(original: &[u8], decoded: &[u8], target: &Target, env: &Env) -> Result<Distance> {
    let (old, new) = (picture(original, env)?, picture(decoded, env)?);
    // What comes out of three planes may be three equal ones, which are read as grey.
    let new = Picture { colours: like(new.colours, &old.colours)?, ..new };
    if old.colours.shape() != new.colours.shape() || !same_beside(&old, &new) {
        return Err(differs("sides, opacity or chunks"));
    }
    let psnr = old.colours.psnr(&new.colours);
    let is_near = match *target {
        Target::Psnr(decibels) => psnr >= decibels - 1e-9,
        Target::Ssimulacra2(score) => ssimulacra2(&old.colours, &new.colours, env.threads)? >= score - 1e-9,
        _ => true,
    };
    if !is_near {
        return Err(differs("how near it is"));
    }
    Ok(measured(&old.colours, &new.colours))
}

/// The planes, three times the one where `other` has three.
fn like(planes: Planes, other: &Planes) -> Result<Planes> {
    if (planes.planes().len(), other.planes().len()) != (1, 3) {
        return Ok(planes);
    }
    let plane = planes.planes()[0].clone();
    Planes::new(planes.width(), planes.height(), planes.depth(), vec![plane.clone(), plane.clone(), plane])
}

fn same_beside(old: &Picture, new: &Picture) -> bool {
    old.alpha == new.alpha && old.chunks == new.chunks
}

fn differs(what: &str) -> Error {
    Error::new(ErrorKind::Verify, format!("the decoded picture is not the one that was asked for: {what}"))
        .remedy("report this; the input was not touched")
}

fn measured(old: &Planes, new: &Planes) -> Distance {
    let pairs = || old.planes().iter().flatten().zip(new.planes().iter().flatten());
    Distance {
        arrays: old.planes().len(),
        values: pairs().count() as u64,
        changed: pairs().filter(|(a, b)| a != b).count() as u64,
        worst: f64::from(pairs().map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)),
        allowed: f64::from(old.peak()),
        name: String::new(),
    }
}
