//! What was measured, kept in a CSV file.

use crate::csv;
use minlen_core::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// One picture by one codec at one quality.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The codec with its settings.
    pub codec: String,
    /// Its quality, in its own words.
    pub quality: String,
    /// The picture's name.
    pub image: String,
    /// Bytes of the whole file.
    pub bytes: u64,
    /// The same in bits a pixel.
    pub bpp: f64,
    /// Peak signal-to-noise ratio over all samples of red, green and blue, in decibels.
    pub psnr: f64,
    /// MS-SSIM, the mean of red, green and blue.
    pub ms_ssim: f64,
    /// SSIMULACRA 2.
    pub ssimulacra2: f64,
    /// Seconds to encode and to decode, with the start of a process.
    pub encode_s: f64,
    /// See `encode_s`.
    pub decode_s: f64,
    /// Peak memory of encoding and decoding in MiB, where known.
    pub encode_mib: Option<f64>,
    /// See `encode_mib`.
    pub decode_mib: Option<f64>,
}

/// A figure of quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Decibels of [`Row::psnr`].
    Psnr,
    /// Decibels of 1 - MS-SSIM, as is usual in plots.
    MsSsim,
    /// [`Row::ssimulacra2`].
    Ssimulacra2,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Psnr, Self::MsSsim, Self::Ssimulacra2];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Psnr => "PSNR (dB)",
            Self::MsSsim => "MS-SSIM (dB)",
            Self::Ssimulacra2 => "SSIMULACRA 2",
        }
    }

    /// Its value in a row.
    #[must_use]
    pub fn of(self, row: &Row) -> f64 {
        match self {
            Self::Psnr => row.psnr,
            Self::MsSsim => -10.0 * (1.0 - row.ms_ssim).max(1e-9).log10(),
            Self::Ssimulacra2 => row.ssimulacra2,
        }
    }
}

const HEADER: [&str; 12] = [
    "codec",
    "quality",
    "image",
    "bytes",
    "bpp",
    "psnr_rgb",
    "msssim_rgb",
    "ssimulacra2",
    "encode_s",
    "decode_s",
    "encode_mib",
    "decode_mib",
];

/// All rows, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows(pub Vec<Row>);

impl Rows {
    /// Those that a file holds; none if there is no such file.
    ///
    /// # Errors
    /// Reading; corrupt for a file of another kind.
    pub fn read(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|e| e.in_file(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io("cannot read", error).in_file(path)),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let mut records = csv::parse(text).into_iter();
        let wrong = || Error::usage("this is no table of measured pictures").remedy("name another file");
        if records.next().is_none_or(|head| head != HEADER) {
            return Err(wrong());
        }
        records.map(|fields| row(&fields).ok_or_else(wrong)).collect::<Result<_>>().map(Self)
    }

    /// Writes all of them, in one step.
    ///
    /// # Errors
    /// Writing.
    pub fn write(&self, path: &Path) -> Result<()> {
        let lines = self.0.iter().map(|row| csv::line(&fields(row)));
        csv::replace(path, &std::iter::once(csv::line(&HEADER)).chain(lines).collect::<String>())
    }

    /// The row of a codec, a quality and a picture.
    #[must_use]
    pub fn find(&self, codec: &str, quality: &str, image: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.codec == codec && row.quality == quality && row.image == image)
    }

    /// The codecs, in the order in which they came.
    #[must_use]
    pub fn codecs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.0 {
            if !names.contains(&row.codec.as_str()) {
                names.push(&row.codec);
            }
        }
        names
    }

    /// Points of a codec on a picture, by rate: bits a pixel and what the metric says.
    #[must_use]
    pub fn curve(&self, codec: &str, image: &str, metric: Metric) -> Vec<(f64, f64)> {
        let own = self.0.iter().filter(|row| row.codec == codec && row.image == image);
        let mut points: Vec<(f64, f64)> = own.map(|row| (row.bpp, metric.of(row))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// The pictures.
    #[must_use]
    pub fn images(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|row| row.image.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The means of each quality of a codec over all pictures that have it: bits a pixel, and the metric.
#[must_use]
pub fn mean_curve(rows: &Rows, codec: &str, metric: Metric) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for row in rows.0.iter().filter(|row| row.codec == codec) {
        let sum = sums.entry(&row.quality).or_default();
        *sum = (sum.0 + 1.0, sum.1 + row.bpp, sum.2 + metric.of(row));
    }
    // A quality that some pictures lack would pull the curve to the others.
    let most = sums.values().map(|sum| sum.0).fold(0.0, f64::max);
    let whole = sums.values().filter(|sum| sum.0 == most);
    let mut points: Vec<(f64, f64)> = whole.map(|(count, bpp, sum)| (bpp / count, sum / count)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn fields(row: &Row) -> Vec<String> {
    let mib = |size: Option<f64>| size.map_or(String::new(), |size| format!("{size:.1}"));
    vec![
        row.codec.clone(),
        row.quality.clone(),
        row.image.clone(),
        row.bytes.to_string(),
        format!("{:.5}", row.bpp),
        format!("{:.4}", row.psnr),
        format!("{:.6}", row.ms_ssim),
        format!("{:.3}", row.ssimulacra2),
        format!("{:.3}", row.encode_s),
        format!("{:.3}", row.decode_s),
        mib(row.encode_mib),
        mib(row.decode_mib),
    ]
}

fn row(fields: &[String]) -> Option<Row> {
    let number = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some(Row {
        codec: fields.first()?.clone(),
        quality: fields.get(1)?.clone(),
        image: fields.get(2)?.clone(),
        bytes: fields.get(3)?.parse().ok()?,
        bpp: number(4)?,
        psnr: number(5)?,
        ms_ssim: number(6)?,
        ssimulacra2: number(7)?,
        encode_s: number(8)?,
        decode_s: number(9)?,
        encode_mib: number(10),
        decode_mib: number(11),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let row = Row {
            codec: "avif:3".into(),
            quality: "24".into(),
            image: "a, b".into(),
            bytes: 1000,
            bpp: 0.25,
            psnr: 31.5,
            ms_ssim: 0.96,
            ssimulacra2: -3.25,
            encode_s: 1.5,
            decode_s: 0.125,
            encode_mib: Some(40.0),
            decode_mib: None,
        };
        let rows = Rows(vec![row.clone(), Row { quality: "30".into(), bpp: 0.125, psnr: 29.0, ..row }]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        assert_eq!(Rows::read(&path).unwrap(), Rows::default());
        rows.write(&path).unwrap();
        let back = Rows::read(&path).unwrap();
        assert_eq!(back, rows);
        assert_eq!(back.curve("avif:3", "a, b", Metric::Psnr), [(0.125, 29.0), (0.25, 31.5)]);
        assert_eq!(mean_curve(&back, "avif:3", Metric::Psnr).len(), 2);
        std::fs::write(&path, "another,table\n1,2\n").unwrap();
        assert!(Rows::read(&path).is_err());
    }
}
