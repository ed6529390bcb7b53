//! The forms for programs: everything that was measured, in nanoseconds and bytes.

use super::Style;
use crate::csv;
use crate::machine;
use crate::report::{Measure, Report, Row};
use serde_json::{Value, json};

const HEADER: [&str; 23] = [
    "file",
    "method",
    "kind",
    "files",
    "raw_bytes",
    "compressed_bytes",
    "ratio",
    "bits_per_byte",
    "compress_ns_min",
    "compress_ns_median",
    "decompress_ns_min",
    "decompress_ns_median",
    "repeats",
    "compress_peak_bytes",
    "decompress_peak_bytes",
    "compress_cpu_ns",
    "decompress_cpu_ns",
    "machine",
    "settings",
    "compiler",
    "version",
    "commit",
    "date",
];

/// One line per file and rival, then the totals under the name `TOTAL`. An unknown value is an empty field.
pub(super) fn csv(report: &Report, style: &Style) -> String {
    let mut out = csv::line(&HEADER);
    for row in report.rows.iter().chain(&report.totals()) {
        let peak = |m: &Measure| m.peak.map(|p| p.to_string()).unwrap_or_default();
        let cpu = |m: &Measure| m.cpu.map(|c| c.as_nanos().to_string()).unwrap_or_default();
        out.push_str(&csv::line(&[
            row.file.clone(),
            row.method.clone(),
            row.kind.label().to_owned(),
            row.files.to_string(),
            row.raw.to_string(),
            row.packed.to_string(),
            format!("{:.4}", row.ratio()),
            format!("{:.4}", row.bits_per_byte()),
            row.compress.min.as_nanos().to_string(),
            row.compress.median.as_nanos().to_string(),
            row.decompress.min.as_nanos().to_string(),
            row.decompress.median.as_nanos().to_string(),
            row.compress.runs.to_string(),
            peak(&row.compress),
            peak(&row.decompress),
            cpu(&row.compress),
            cpu(&row.decompress),
            report.machine.line(),
            report.settings.clone(),
            machine::compiler().to_owned(),
            style.version.clone().unwrap_or_default(),
            style.commit.clone().unwrap_or_default(),
            style.date.clone().unwrap_or_default(),
        ]));
    }
    out
}

/// One object, indented. Unknown values are `null`.
pub(super) fn json(report: &Report, style: &Style) -> String {
    let skipped = report.skipped.iter().map(|s| {
        let code = s.error.map(|kind| kind as u16);
        json!({ "method": s.method, "file": s.file, "why": s.why, "error_code": code })
    });
    let rivals =
        report.rivals.iter().map(|r| json!({ "name": r.name, "kind": r.kind.label(), "version": r.version }));
    let value = json!({
        "machine": {
            "cpu": report.machine.cpu,
            "cores": report.machine.cores,
            "memory_bytes": report.machine.memory,
            "system": report.machine.system,
        },
        "settings": report.settings,
        "compiler": machine::compiler(),
        "version": style.version,
        "commit": style.commit,
        "date": style.date,
        "rivals": rivals.collect::<Vec<_>>(),
        "rows": report.rows.iter().map(object).collect::<Vec<_>>(),
        "classes": report.classes().iter().map(object).collect::<Vec<_>>(),
        "totals": report.totals().iter().map(object).collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn object(row: &Row) -> Value {
    json!({
        "file": row.file,
        "method": row.method,
        "kind": row.kind.label(),
        "files": row.files,
        "raw_bytes": row.raw,
        "compressed_bytes": row.packed,
        "ratio": row.ratio(),
        "bits_per_byte": row.bits_per_byte(),
        "compress": measure(row, &row.compress),
        "decompress": measure(row, &row.decompress),
    })
}

fn measure(row: &Row, m: &Measure) -> Value {
    // An infinite speed is no JSON number and becomes null.
    json!({
        "ns_min": u64::try_from(m.min.as_nanos()).ok(),
        "ns_median": u64::try_from(m.median.as_nanos()).ok(),
        "mb_per_s_best": row.speed(m.min),
        "mb_per_s_median": row.speed(m.median),
        "repeats": m.runs,
        "peak_bytes": m.peak,
        "cpu_ns": m.cpu.and_then(|cpu| u64::try_from(cpu.as_nanos()).ok()),
    })
}
