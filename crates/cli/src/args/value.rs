//! Values of options: sizes, ranges, percentages, choices.

use clap::ValueEnum;
use minlen::Solid;
use minlen::prior::PriorKind;

/// How what is printed looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A bar if standard error is a terminal.
    #[default]
    Auto,
    /// A bar.
    Bar,
    /// One JSON object per line and second.
    Json,
    /// Nothing.
    None,
}

/// Bytes `start..end` of a file; no end: to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: Option<u64>,
}

/// Reads `A..B`, `A..` or `..B`, each a size.
pub fn range(text: &str) -> Result<Range, String> {
    let (start, end) = text.split_once("..").ok_or("expected A..B, A.. or ..B")?;
    let start = if start.is_empty() { 0 } else { size(start)? };
    let end = if end.is_empty() { None } else { Some(size(end)?) };
    if end.is_some_and(|end| end < start) {
        return Err("the end is before the start".into());
    }
    Ok(Range { start, end })
}

/// Reads 1/2, 1/4, ... 1/64: the power of two.
pub fn preview(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix("1/").and_then(|number| number.parse::<u8>().ok());
    let number = number.filter(|number| number.is_power_of_two() && (2..=64).contains(number));
    number
        .map(|number| number.ilog2() as u8)
        .ok_or_else(|| "expected 1/2, 1/4, 1/8, 1/16, 1/32 or 1/64".into())
}

/// Reads a score of SSIMULACRA 2, below 100.
pub fn seen_score(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if score.is_finite() && score < 100.0 => Ok(score),
        _ => Err("expected a score below 100".into()),
    }
}

/// Reads `all`, `none`, or a size.
pub fn solid(text: &str) -> Result<Solid, String> {
    match text {
        "all" => Ok(Solid::All),
        "none" => Ok(Solid::None),
        size if size.starts_with(|c: char| c.is_ascii_digit()) => self::size(size).map(Solid::Size),
        _ => Err("expected a size, all or none".into()),
    }
}

/// Reads a number of bytes with an optional binary suffix: `4096`, `64k`, `512MiB`, `2G`.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, suffix) = text.split_at(digits);
    let shift = match suffix.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(format!("unknown suffix '{suffix}': there are k, M, G and T")),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number of bytes such as 512M".to_string())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_string())
}

/// Reads a time: `90`, `90s`, `1.5m`, `2h`.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("unknown unit '{unit}': there are s, m and h")),
    };
    let seconds = digits.parse::<f64>().ok().filter(|s| *s > 0.0 && *s <= 1e9);
    let seconds = seconds.ok_or("expected a time such as 90s, 5m or 1h")?;
    std::time::Duration::try_from_secs_f64(seconds * scale).map_err(|e| e.to_string())
}

/// Reads a speed in bytes a second: `5MB/s`, `5M`.
pub fn speed(text: &str) -> Result<u64, String> {
    match size(text.strip_suffix("/s").unwrap_or(text))? {
        0 => Err("expected a speed such as 5MB/s".into()),
        speed => Ok(speed),
    }
}

/// The numbers that a file without a header holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Their type.
    pub dtype: minlen::layout::Dtype,
    /// Outermost dimension first.
    pub sizes: Vec<u64>,
}

/// Reads `f32:240x37x49`.
pub fn shape(text: &str) -> Result<Shape, String> {
    use minlen::layout::Dtype;
    let (dtype, sizes) = text.split_once(':').ok_or("expected TYPE:SIZES such as f32:240x37x49")?;
    let known = Dtype::ALL.into_iter().find(|known| known.name() == dtype);
    let dtype = known.ok_or_else(|| {
        format!("there is no type '{dtype}': there are {}", Dtype::ALL.map(Dtype::name).join(", "))
    })?;
    let sizes: Result<Vec<u64>, _> = sizes.split('x').map(str::parse).collect();
    let sizes = sizes.map_err(|_| "expected sizes such as 240x37x49".to_string())?;
    Ok(Shape { dtype, sizes })
}

/// Reads `0.001`, or `0.1%` for a share of the range.
pub fn max_error(text: &str) -> Result<minlen::MaxError, String> {
    use minlen::MaxError;
    let (number, share) = text.strip_suffix('%').map_or((text, false), |number| (number, true));
    let number = number.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
    let number = number.ok_or("expected a bound such as 0.001, or 0.1% of the range")?;
    Ok(if share { MaxError::Relative(number / 100.0) } else { MaxError::Absolute(number) })
}

/// Reads a number over 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
    number.ok_or_else(|| "expected a number over 0".to_string())
}

/// Epochs of three phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs(pub [usize; 3]);

/// Reads `20,30,20`.
pub fn epochs(text: &str) -> Result<Epochs, String> {
    let numbers: Result<Vec<usize>, _> = text.split(',').map(str::parse).collect();
    let numbers = numbers.ok().and_then(|numbers| <[usize; 3]>::try_from(numbers).ok());
    numbers.map(Epochs).ok_or_else(|| "expected three numbers such as 20,30,20".to_string())
}

/// Units of hidden layers.
#[derive(Clone, Debug)]
pub struct Units(pub Vec<usize>);

/// Reads `12-24-100`.
pub fn units(text: &str) -> Result<Units, String> {
    let numbers: Result<Vec<usize>, _> = text.split('-').map(str::parse).collect();
    numbers.map(Units).map_err(|_| "expected numbers such as 12-24-100".to_string())
}

/// Reads a number over 0 of things.
pub fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=1 << 31).contains(n));
    number.ok_or_else(|| "expected a whole number over 0".to_string())
}

/// The sides of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides(pub Vec<u32>);

/// Reads `28x28`.
pub fn sides(text: &str) -> Result<Sides, String> {
    let sides: Option<Vec<u32>> = text.split('x').map(|side| side.parse().ok().filter(|n| *n > 0)).collect();
    sides
        .filter(|sides| sides.len() <= 4)
        .map(Sides)
        .ok_or_else(|| "expected up to 4 sizes such as 28x28".into())
}

/// Reads the type of raw numbers.
pub fn number_type(text: &str) -> Result<minlen::layout::Dtype, String> {
    minlen_train::records::dtype(text).map_err(|error| error.to_string())
}

/// Members of a codec file; none for what pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Members(pub Option<Vec<minlen_train::autoencoder::codec_file::Kind>>);

/// Reads `klt:256,conv2d:48:24:32`.
pub fn members(text: &str) -> Result<Members, String> {
    minlen_train::autoencoder::members::parse(text).map(Members).map_err(|error| error.to_string())
}

/// Reads how networks are trained.
pub fn variant(text: &str) -> Result<minlen_train::autoencoder::network::Variant, String> {
    use minlen_train::autoencoder::network::Variant;
    let beta = |text: &str| text.parse().ok().filter(|b: &f32| *b > 0.0 && *b < 1e6).map(Variant::Beta);
    match text {
        "plain" => Ok(Variant::Plain),
        "denoising" => Ok(Variant::Denoising),
        _ => text
            .strip_prefix("beta=")
            .and_then(beta)
            .ok_or_else(|| "there are plain, denoising and beta=B".into()),
    }
}

/// Two numbers of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub usize, pub usize);

/// Reads `3,17`.
pub fn pair(text: &str) -> Result<Pair, String> {
    let two =
        text.split_once(',').and_then(|(a, b)| Some(Pair(a.trim().parse().ok()?, b.trim().parse().ok()?)));
    two.ok_or_else(|| "expected two numbers of records, from 0, such as 3,17".into())
}

/// Random changes of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transforms(pub Vec<minlen_train::insight::transforms::Transform>);

/// Reads `shift,noise`.
pub fn transforms(text: &str) -> Result<Transforms, String> {
    minlen_train::insight::transforms::parse(text).map(Transforms).map_err(|error| error.to_string())
}

/// Reads how weights are ranked.
pub fn score(text: &str) -> Result<minlen_train::mnist::Score, String> {
    use minlen_train::mnist::Score;
    match text {
        "magnitude" => Ok(Score::Magnitude),
        "fisher" => Ok(Score::Fisher),
        "both" => Ok(Score::Both),
        _ => Err("there are magnitude, fisher and both".into()),
    }
}

/// Reads a type of GGUF blocks that can be written.
pub fn gguf_type(text: &str) -> Result<minlen::layout::Dtype, String> {
    use minlen::layout::Dtype;
    let known = [Dtype::Q8_0, Dtype::Q5_0, Dtype::Q4_0];
    known.into_iter().find(|dtype| dtype.name() == text).ok_or_else(|| "there are q8_0, q5_0 and q4_0".into())
}

/// Reads the kind of a prior.
pub fn prior_kind(text: &str) -> Result<PriorKind, String> {
    let found = PriorKind::NAMES.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind);
    found.ok_or_else(|| {
        let names: Vec<_> = PriorKind::NAMES.iter().map(|(_, name)| *name).collect();
        format!("there are {}", names.join(", "))
    })
}

/// Reads `5%` or `5`: 1 to 100.
pub fn percent(text: &str) -> Result<u16, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse() {
        Ok(percent @ 1..=100) => Ok(percent),
        _ => Err("expected 1% to 100%".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_binary_suffixes() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64k"), Ok(65536));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("1MB"), Ok(1 << 20));
        for bad in ["", "k", "1x", "-1", "99999999T", "5iii", "5bb", "5kii", "5i"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_and_speeds_have_units() {
        use std::time::Duration;
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(speed("5MB/s"), Ok(5 << 20));
        for bad in ["", "0s", "-1s", "1d", "x", "1e99"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(speed("0").is_err() && speed("5MB/m").is_err());
    }

    #[test]
    fn ranges_may_be_open() {
        assert_eq!(range("1k..2k"), Ok(Range { start: 1024, end: Some(2048) }));
        assert_eq!(range("5.."), Ok(Range { start: 5, end: None }));
        assert_eq!(range("..5"), Ok(Range { start: 0, end: Some(5) }));
        for bad in ["5", "6..5", "a..b", "-1..2"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages_are_whole() {
        assert_eq!(percent("5%"), Ok(5));
        assert_eq!(percent("100"), Ok(100));
        for bad in ["0", "101%", "x", ""] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
