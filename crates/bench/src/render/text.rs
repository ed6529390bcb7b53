//! The forms for people.

use super::{Detail, Grid, Style};
use crate::machine;
use crate::report::{Measure, Report, Row, YARDSTICK};
use std::time::Duration;

const HEADER: [&str; 13] = [
    "method",
    "bytes",
    "ratio",
    "bits/B",
    "comp MB/s",
    "decomp MB/s",
    "comp CPU s",
    "decomp CPU s",
    "comp/xz",
    "decomp/xz",
    "comp mem",
    "decomp mem",
    "files",
];

/// For a terminal.
pub(super) fn plain(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    for (title, rows) in blocks(report, style.detail) {
        out.push_str(&format!("{title}\n\n{}\n", grid(&rows).plain()));
    }
    for line in notes(report, style) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// For a page.
pub(super) fn markdown(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    for (title, rows) in blocks(report, style.detail) {
        out.push_str(&format!("**{title}**\n\n{}\n", grid(&rows).markdown()));
    }
    for line in notes(report, style) {
        out.push_str(&format!("- {line}\n"));
    }
    out
}

/// Titles and rows of the tables to print, the totals last.
fn blocks(report: &Report, detail: Detail) -> Vec<(String, Vec<Row>)> {
    let rows = match detail {
        Detail::Total => Vec::new(),
        Detail::Classes => report.classes(),
        Detail::Files => report.rows.clone(),
    };
    let mut blocks: Vec<(String, Vec<Row>)> = Vec::new();
    for row in rows.into_iter().chain(report.totals()) {
        match blocks.last_mut() {
            Some((_, block)) if block.first().is_some_and(|first| first.file == row.file) => block.push(row),
            _ => blocks.push((String::new(), vec![row])),
        }
    }
    for (title, block) in &mut blocks {
        if let Some(row) = block.iter().max_by_key(|row| row.files) {
            let files = if row.files == 1 { String::new() } else { format!(" in {} files", row.files) };
            *title = format!("{}: {} bytes{files}", row.file, thousands(row.raw));
        }
    }
    blocks
}

fn grid(rows: &[Row]) -> Grid {
    let mut grid = Grid::new(&HEADER, 1);
    for row in rows {
        grid.row(vec![
            row.method.clone(),
            thousands(row.packed),
            format!("{:.3}", row.ratio()),
            format!("{:.3}", row.bits_per_byte()),
            speed(row, row.compress.min),
            speed(row, row.decompress.min),
            seconds(row.compress.cpu),
            seconds(row.decompress.cpu),
            relative(rows, row, &row.compress),
            relative(rows, row, &row.decompress),
            memory(row.compress.peak),
            memory(row.decompress.peak),
            row.files.to_string(),
        ]);
    }
    grid
}

fn notes(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = vec![
        format!("machine: {}", report.machine.line()),
        format!("method: {}", report.settings),
        format!("compiler: {}", machine::compiler()),
    ];
    let stamps = [("minlen", &style.version), ("commit", &style.commit), ("date", &style.date)];
    lines.extend(stamps.iter().filter_map(|(key, value)| value.as_ref().map(|v| format!("{key}: {v}"))));
    if report.rows.iter().any(|row| row.method == YARDSTICK) {
        lines.push(format!(
            "comp/xz, decomp/xz: speed as a multiple of the compression speed of {YARDSTICK}, by CPU time"
        ));
    }
    let mut versions: Vec<String> = Vec::new();
    for rival in &report.rivals {
        let name = rival.name.split([':', ',']).next().unwrap_or_default();
        let line = rival.version.as_ref().map(|v| format!("{name} {v} ({})", rival.kind.label()));
        versions.extend(line.filter(|line| !versions.contains(line)));
    }
    if !versions.is_empty() {
        lines.push(format!("versions: {}", versions.join(", ")));
    }
    for skip in &report.skipped {
        let file = skip.file.as_ref().map(|f| format!(" on {f}")).unwrap_or_default();
        lines.push(format!("left out: {}{file}: {}", skip.method, skip.why));
    }
    lines
}

/// Digits in groups of three.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Three significant digits are what a timing is worth.
fn speed(row: &Row, time: Duration) -> String {
    let speed = row.speed(time);
    match speed {
        _ if !speed.is_finite() || row.raw == 0 => "n/a".to_owned(),
        _ if speed >= 100.0 => format!("{speed:.0}"),
        _ if speed >= 10.0 => format!("{speed:.1}"),
        _ if speed >= 1.0 => format!("{speed:.2}"),
        _ => format!("{speed:.4}"),
    }
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "n/a".to_owned(), |time| format!("{:.3}", time.as_secs_f64()))
}

/// Against the yardstick's compression in the same block; a dash where that did not run.
fn relative(rows: &[Row], row: &Row, measure: &Measure) -> String {
    let share = Report::yardstick(rows, row).map(|yardstick| row.relative(measure, yardstick));
    match share {
        Some(share) if share.is_finite() && share >= 10.0 => format!("{share:.0}"),
        Some(share) if share.is_finite() => format!("{share:.3}"),
        _ => "-".to_owned(),
    }
}

fn memory(peak: Option<u64>) -> String {
    peak.map_or_else(|| "n/a".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / 1_048_576.0))
}
