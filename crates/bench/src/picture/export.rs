//! Curves in the form of other people's tools.

use super::rows::{Metric, Row, Rows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The curve of a codec as CompressAI's tools write and plot theirs (`results` with a list for each figure, all of the same length, by
/// rate): means over the pictures.
#[must_use]
pub fn compress_ai(rows: &Rows, codec: &str, description: &str) -> Value {
    let mut qualities: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    rows.0
        .iter()
        .filter(|row| row.codec == codec)
        .for_each(|row| qualities.entry(&row.quality).or_default().push(row));
    let most = qualities.values().map(Vec::len).max().unwrap_or(0);
    let mut points: Vec<Vec<&Row>> = qualities.into_values().filter(|rows| rows.len() == most).collect();
    let mean = |rows: &[&Row], value: &dyn Fn(&Row) -> f64| {
        rows.iter().map(|row| value(row)).sum::<f64>() / rows.len() as f64
    };
    points.sort_by(|a, b| mean(a, &|row| row.bpp).total_cmp(&mean(b, &|row| row.bpp)));
    let list =
        |value: &dyn Fn(&Row) -> f64| points.iter().map(|rows| mean(rows, value)).collect::<Vec<f64>>();
    json!({
        "name": codec,
        "description": description,
        "results": {
            "bpp": list(&|row| row.bpp),
            "psnr-rgb": list(&|row| row.psnr),
            "ms-ssim-rgb": list(&|row| row.ms_ssim),
            "ssimulacra2": list(&|row| Metric::Ssimulacra2.of(row)),
            "encoding_time": list(&|row| row.encode_s),
            "decoding_time": list(&|row| row.decode_s),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_by_rate() {
        let row = |quality: &str, bpp, psnr| Row {
            codec: "x".into(),
            quality: quality.into(),
            bpp,
            psnr,
            ..Row::default()
        };
        let rows = Rows(vec![
            row("10", 0.5, 34.0),
            row("9", 0.25, 30.0),
            row("9", 0.35, 32.0),
            row("10", 0.7, 36.0),
        ]);
        let results = &compress_ai(&rows, "x", "")["results"];
        assert_eq!(results["bpp"], json!([0.3, 0.6]));
        assert_eq!(results["psnr-rgb"], json!([31.0, 35.0]));
    }
}
