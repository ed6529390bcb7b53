//! The page of an evaluation: curves, tables, and pictures side by side.

use super::bd::bd_rate;
use super::rows::{Metric, Rows, mean_curve};
use crate::html::Page;
use crate::render::chart::{Chart, Mark, Series};

/// A part of a picture as it was and as a codec gave it back, both as PNG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crop {
    /// Codec, quality, bits a pixel.
    pub below: String,
    /// As it was.
    pub before: Vec<u8>,
    /// As it came back.
    pub after: Vec<u8>,
    /// Pixels of a row.
    pub width: u32,
}

/// The page of all rows, with differences from the codec `base`.
#[must_use]
pub fn page(rows: &Rows, base: &str, crops: &[Crop]) -> String {
    let mut page = Page::new("Codecs of pictures");
    page.text(&format!(
        "{} pictures. Bits are those of whole files; times are those of whole processes on one machine, for orientation.",
        rows.images().len()
    ));
    for metric in Metric::ALL {
        let line = |codec: &&str| Series {
            name: (*codec).to_owned(),
            points: mean_curve(rows, codec, metric),
            mark: Mark::Line,
        };
        page.chart(&Chart {
            title: format!("{}, means over the pictures", metric.name()),
            x: "bits a pixel".into(),
            y: metric.name().into(),
            log: true,
            series: rows.codecs().iter().map(line).collect(),
        });
    }
    page.heading(&format!("Bits for the same quality, against {base}"));
    page.table(&["codec", "PSNR", "MS-SSIM", "SSIMULACRA 2"], &differences(rows, base));
    page.heading("Points");
    let heading = [
        "codec",
        "quality",
        "bits a pixel",
        "PSNR",
        "MS-SSIM",
        "SSIMULACRA 2",
        "encode s",
        "decode s",
        "MiB there",
        "MiB back",
    ];
    page.table(&heading, &points(rows));
    if !crops.is_empty() {
        page.heading("Before and after");
        page.text(
            "Drag the corner at the lower right of the left picture: what lies under it is what came back.",
        );
    }
    for crop in crops {
        page.compare(&crop.before, &crop.after, crop.width, &crop.below);
    }
    page.finish()
}

/// The mean over the pictures of the difference from the base; empty where there is none.
#[must_use]
pub fn mean_difference(rows: &Rows, base: &str, codec: &str, metric: Metric) -> Option<f64> {
    let of = |image: &str| bd_rate(&rows.curve(base, image, metric), &rows.curve(codec, image, metric));
    let found: Vec<f64> = rows.images().into_iter().filter_map(of).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

fn differences(rows: &Rows, base: &str) -> Vec<Vec<String>> {
    let cell = |codec: &str, metric| {
        mean_difference(rows, base, codec, metric).map_or("-".into(), |percent| format!("{percent:+.1} %"))
    };
    let line = |codec: &str| {
        std::iter::once(codec.to_owned()).chain(Metric::ALL.map(|metric| cell(codec, metric))).collect()
    };
    rows.codecs().into_iter().map(line).collect()
}

/// The means of each codec at each quality.
#[must_use]
pub fn points(rows: &Rows) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for codec in rows.codecs() {
        let mut qualities: Vec<&str> = Vec::new();
        for row in rows.0.iter().filter(|row| row.codec == codec) {
            if !qualities.contains(&row.quality.as_str()) {
                qualities.push(&row.quality);
            }
        }
        for quality in qualities {
            let own: Vec<_> =
                rows.0.iter().filter(|row| row.codec == codec && row.quality == quality).collect();
            let mean = |value: &dyn Fn(&super::Row) -> f64| {
                own.iter().map(|row| value(row)).sum::<f64>() / own.len() as f64
            };
            let most = |value: &dyn Fn(&super::Row) -> Option<f64>| {
                let found = own.iter().filter_map(|row| value(row)).fold(0.0, f64::max);
                if found > 0.0 { format!("{found:.0}") } else { "-".into() }
            };
            out.push(vec![
                codec.to_owned(),
                quality.to_owned(),
                format!("{:.4}", mean(&|row| row.bpp)),
                format!("{:.2}", mean(&|row| row.psnr)),
                format!("{:.4}", mean(&|row| row.ms_ssim)),
                format!("{:.1}", mean(&|row| row.ssimulacra2)),
                format!("{:.2}", mean(&|row| row.encode_s)),
                format!("{:.2}", mean(&|row| row.decode_s)),
                most(&|row| row.encode_mib),
                most(&|row| row.decode_mib),
            ]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Row;

    #[test]
    fn the_page_has_curves_tables_and_pictures() {
        let row = |codec: &str, quality: &str, bpp, psnr| Row {
            codec: codec.into(),
            quality: quality.into(),
            image: "one".into(),
            bpp,
            psnr,
            ms_ssim: psnr / 50.0,
            ssimulacra2: psnr * 2.0,
            ..Row::default()
        };
        let rows = Rows(vec![
            row("a", "1", 0.2, 30.0),
            row("a", "2", 0.4, 34.0),
            row("b", "1", 0.1, 30.0),
            row("b", "2", 0.2, 34.0),
        ]);
        let crop = Crop { below: "b <1>".into(), before: vec![1], after: vec![2], width: 100 };
        let page = page(&rows, "a", &[crop]);
        assert!(page.contains("-50.0 %") && page.contains("+0.0 %") && page.contains("b &lt;1&gt;"));
        assert_eq!(page.matches("<svg").count(), 3);
    }
}
