//! Members by name: what users write, and what suits records of which nothing is said.

use super::codec_file::{Kind, NetworkRecipe};
use super::network::Body as Layers;
use crate::records::Records;
use minlen_core::{Error, Result};
use minlen_latent::MEMBERS_MAX;
use minlen_learn::Length;

/// Coordinates of a transform, and coefficients of a class, where nothing is said.
const COORDINATES: [usize; 3] = [256, 200, 110];
/// Coefficients of what a network leaves.
const COEFFICIENTS: usize = 128;
/// Records from which on several classes are worth a try, and those of a class.
const CLASSIFIED: usize = 2_000;
/// Records from which on a network is worth a try.
pub const ENOUGH_FOR_NETWORKS: usize = 10_000;

/// What forms there are, for messages.
const FORMS: &str = "klt:COORDINATES, cklt:CLASSES:COORDINATES:COEFFICIENTS, dense:LATENTS:UNITS..., conv1d:LATENTS:CHANNELS:CHANNELS, \
                     conv2d:LATENTS:CHANNELS:CHANNELS and tutorial, numbers may be left out";

/// The members in a list such as `klt:256,conv2d:48:24:32`; none for `auto`.
///
/// # Errors
/// Usage for what is none.
pub fn parse(list: &str) -> Result<Option<Vec<Kind>>> {
    if list == "auto" {
        return Ok(None);
    }
    let members: Vec<Kind> = list.split(',').map(|word| one(word.trim())).collect::<Result<_>>()?;
    if members.len() > MEMBERS_MAX {
        return Err(Error::usage(format!("{} members: there are {MEMBERS_MAX} at most", members.len())));
    }
    Ok(Some(members))
}

fn one(word: &str) -> Result<Kind> {
    let bad = || Error::usage(format!("{word:?} is no member")).remedy(format!("there are {FORMS}"));
    let mut parts = word.split(':');
    let name = parts.next().unwrap_or_default();
    let number = |part: &str| part.parse().ok().filter(|n| (1..=4096).contains(n)).ok_or_else(bad);
    let numbers: Vec<usize> = parts.map(number).collect::<Result<_>>()?;
    let at = |place: usize, usual: usize| numbers.get(place).copied().unwrap_or(usual);
    let fits = |most: usize| if numbers.len() <= most { Ok(()) } else { Err(bad()) };
    Ok(match name {
        "klt" => fits(1).map(|()| Kind::Klt { coordinates: at(0, COORDINATES[0]) })?,
        "cklt" => fits(3).map(|()| Kind::Cklt {
            classes: at(0, 16).clamp(2, 64),
            coordinates: at(1, COORDINATES[1]),
            coefficients: at(2, COORDINATES[2]),
        })?,
        "tutorial" => fits(0).map(|()| network(16, Layers::Dense(vec![128, 64])))?,
        "dense" => {
            let units = if numbers.len() > 1 { numbers[1..].to_vec() } else { vec![512, 256] };
            fits(9).map(|()| network(at(0, 48), Layers::Dense(units)))?
        }
        "conv2d" | "conv1d" => {
            fits(5)?;
            if name == "conv2d" && numbers.is_empty() {
                return Ok(of_pictures(64));
            }
            let (channels, blocks) = ([at(1, 24), at(2, 32)], [at(3, 1), at(4, 1)]);
            let layers = if name == "conv2d" {
                Layers::Conv { channels, blocks }
            } else {
                Layers::Line { channels, blocks }
            };
            network(at(0, 48), layers)
        }
        _ => return Err(bad()),
    })
}

fn network(latents: usize, layers: Layers) -> Kind {
    let length = Length::Epochs(10);
    Kind::Network(NetworkRecipe {
        latents,
        layers,
        prior: 192,
        prices: (2.0, 200.0),
        length,
        rate: 5e-3,
        residual: 0,
    })
}

/// The network that did best on pictures in a few minutes, and a transform of what it leaves, which takes over at many bytes: prices beyond those at which
/// that serves better would only take time from the lower ones.
fn of_pictures(latents: usize) -> Kind {
    let layers = Layers::Conv { channels: [16, 32], blocks: [1, 1] };
    match network(latents, layers) {
        Kind::Network(own) => {
            Kind::Network(NetworkRecipe { prices: (3.0, 80.0), residual: COEFFICIENTS, ..own })
        }
        other => other,
    }
}

/// A network for windows and rows, with a transform of what it leaves: prices beyond those at which that serves better would only take time from the lower ones.
fn of_windows(latents: usize, layers: Layers, residual: usize) -> Kind {
    match network(latents, layers) {
        Kind::Network(own) => Kind::Network(NetworkRecipe { prices: (2.0, 100.0), residual, ..own }),
        other => other,
    }
}

impl Kind {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Klt { .. } => "klt",
            Self::Cklt { .. } => "cklt",
            Self::Network(own) => match own.layers {
                Layers::Dense(_) => "dense",
                Layers::Conv { .. } => "conv2d",
                Layers::Line { .. } => "conv1d",
            },
        }
    }

    /// Refuses a member that cannot be learned from so many records of this shape.
    ///
    /// # Errors
    /// Usage, with what to do.
    pub fn check(&self, records: usize, shape: &[u32]) -> Result<()> {
        let sides = sides(shape);
        let wanted = match self {
            Self::Klt { coordinates } => (*coordinates).min(numbers(shape)),
            Self::Cklt { classes, .. } => classes * 32,
            Self::Network(own) => own.latents,
        };
        if records < wanted {
            let (name, what) = (
                self.name(),
                if matches!(self, Self::Cklt { .. }) { "its classes" } else { "what it keeps" },
            );
            return Err(Error::usage(format!(
                "{records} records are too few for {name}: {what} takes {wanted}"
            ))
            .remedy("give more records, or name smaller members with --members"));
        }
        let fits = |side: usize| side.is_multiple_of(4) && side >= 8;
        match self {
            Self::Network(NetworkRecipe { layers: Layers::Conv { .. }, .. })
                if !(fits(sides[0]) && fits(sides[1])) =>
            {
                Err(Error::usage(format!(
                    "conv2d takes records with rows and columns that 4 divides, not {}",
                    kind(shape)
                ))
                .remedy("name dense, or crop the records"))
            }
            Self::Network(NetworkRecipe { layers: Layers::Line { .. }, .. })
                if sides[0] != 1 || !fits(sides[1]) =>
            {
                Err(Error::usage(format!(
                    "conv1d takes records of one side that 4 divides, not {}",
                    kind(shape)
                ))
                .remedy("name dense, or cut windows of another length"))
            }
            _ => Ok(()),
        }
    }
}

fn kind(shape: &[u32]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

fn numbers(shape: &[u32]) -> usize {
    shape.iter().map(|&side| side as usize).product()
}

/// Rows, columns and channels of a record as networks see it: sides of 1 do not count, and what has one side is a row.
#[must_use]
pub fn sides(shape: &[u32]) -> [usize; 3] {
    let long: Vec<usize> = shape.iter().map(|&side| side as usize).filter(|&side| side > 1).collect();
    match long[..] {
        [] => [1, 1, 1],
        [columns] => [1, columns, 1],
        [rows, columns, ref rest @ ..] => [rows, columns, rest.iter().product()],
    }
}

/// What is worth a try for so many records to learn from.
#[must_use]
pub fn candidates(records: &Records, count: usize) -> Vec<Kind> {
    let numbers = records.numbers();
    let of = |most: usize| most.min(numbers).min(count.max(1));
    let mut all = vec![Kind::Klt { coordinates: of(COORDINATES[0]) }];
    if count >= CLASSIFIED {
        let classes = match count {
            40_000.. => 32,
            15_000.. => 16,
            _ => 8,
        };
        all.push(Kind::Cklt { classes, coordinates: of(COORDINATES[1]), coefficients: of(COORDINATES[2]) });
    }
    if count >= ENOUGH_FOR_NETWORKS && numbers >= 8 {
        let residual = COEFFICIENTS.min(numbers / 2);
        let forms = [
            // Small pictures are tables that a transform describes as well.
            if numbers >= 256 {
                of_pictures(64)
            } else {
                network(48.min(numbers / 2), Layers::Conv { channels: [24, 32], blocks: [1, 1] })
            },
            of_windows(32, Layers::Line { channels: [16, 32], blocks: [1, 1] }, residual),
            of_windows(
                48.min(numbers / 2),
                Layers::Dense(vec![384.min(numbers * 4), 192.min(numbers * 2)]),
                residual,
            ),
        ];
        // Short rows are no more than tables.
        let suits = |kind: &Kind| {
            let is_short = kind.name() == "conv1d" && sides(&records.shape)[1] < 64;
            !is_short && kind.check(count, &records.shape).is_ok()
        };
        // Of windows it is not known which one is best: they are raced.
        let mut found = forms.into_iter().filter(suits);
        let first = found.next();
        let is_raced = first.as_ref().is_some_and(|kind| kind.name() == "conv1d");
        all.extend(first.into_iter().chain(found.filter(|_| is_raced)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::Dtype;

    #[test]
    fn members_are_read_as_they_are_written() {
        assert_eq!(parse("auto").unwrap(), None);
        let two = parse("klt, cklt:32:100:64").unwrap().unwrap();
        assert_eq!(two[0], Kind::Klt { coordinates: 256 });
        assert_eq!(two[1], Kind::Cklt { classes: 32, coordinates: 100, coefficients: 64 });
        let layers = |text| match parse(text).unwrap().unwrap().remove(0) {
            Kind::Network(own) => (own.latents, own.layers),
            other => panic!("{other:?}"),
        };
        assert_eq!(layers("tutorial"), layers("dense:16:128:64"));
        assert_eq!(layers("conv2d:40:8"), (40, Layers::Conv { channels: [8, 32], blocks: [1, 1] }));
        for bad in ["", "klt:0", "klt:1:2", "cklt:a", "conv3d", "tutorial:3", "dense:9999999", "klt,,klt"] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(error.contains("is no member") && error.contains("conv2d:"), "{bad}: {error}");
        }
        assert!(parse(&vec!["klt"; 16].join(",")).is_err());
    }

    #[test]
    fn what_is_tried_depends_on_number_and_shape_of_records() {
        let names = |shape: &[u32], count: usize| {
            let numbers: usize = shape.iter().map(|&side| side as usize).product();
            let records = Records::new(shape.to_vec(), Dtype::U8, vec![0; numbers]).unwrap();
            candidates(&records, count).iter().map(Kind::name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[28, 28], 200), "klt");
        assert_eq!(names(&[28, 28], 5000), "klt cklt");
        assert_eq!(names(&[28, 28], 60_000), "klt cklt conv2d");
        assert_eq!(names(&[1, 28, 28], 60_000), "klt cklt conv2d");
        assert_eq!(names(&[32, 32, 3], 60_000), "klt cklt conv2d");
        assert_eq!(names(&[27, 28], 60_000), "klt cklt dense");
        assert_eq!(names(&[256], 20_000), "klt cklt conv1d dense");
        assert_eq!(names(&[30], 20_000), "klt cklt dense");
        assert_eq!(names(&[4], 20_000), "klt cklt");
    }

    #[test]
    fn too_few_records_and_shapes_that_do_not_fit_are_said() {
        let check = |text: &str, records: usize, shape: &[u32]| {
            parse(text).unwrap().unwrap().remove(0).check(records, shape).map_err(|e| e.to_string())
        };
        assert!(check("klt:40", 39, &[100]).unwrap_err().contains("39 records are too few for klt"));
        assert!(check("klt:40", 39, &[20]).is_ok());
        assert!(check("cklt:16", 300, &[20]).unwrap_err().contains("512"));
        assert!(check("conv2d", 300, &[27, 28]).unwrap_err().contains("27x28"));
        assert!(check("conv1d", 300, &[28, 28]).unwrap_err().contains("one side"));
        assert!(check("conv1d", 300, &[1, 256]).is_ok());
    }
}
