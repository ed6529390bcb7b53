//! The renderers on fixed data.

use super::*;
use crate::machine::Machine;
use crate::report::{Measure, RivalInfo, Row, Skipped};
use crate::rival::RivalKind;
use std::time::Duration;

fn measure(ms: u64, peak: Option<u64>) -> Measure {
    Measure {
        min: Duration::from_millis(ms),
        median: Duration::from_millis(2 * ms),
        runs: 3,
        peak,
        cpu: Some(Duration::from_millis(ms)),
    }
}

fn row(file: &str, method: &str, kind: RivalKind, packed: u64) -> Row {
    let compress = measure(100, Some(3 << 20));
    Row {
        file: file.into(),
        method: method.into(),
        kind,
        files: 1,
        raw: 1_000_000,
        packed,
        compress,
        decompress: measure(4, None),
    }
}

fn report() -> Report {
    let info = |name: &str, kind, version: Option<&str>| RivalInfo {
        name: name.into(),
        kind,
        version: version.map(String::from),
    };
    Report {
        machine: Machine { cpu: "Chip".into(), cores: 2, memory: 4 << 30, system: "linux 6.1 x86_64".into() },
        settings: "as usual".into(),
        rivals: vec![
            info("minlen:5", RivalKind::Minlen, None),
            info("zstd:3", RivalKind::InProcess, Some("1.5.7")),
        ],
        rows: vec![
            row("text/a, b", "minlen:5", RivalKind::Minlen, 250_000),
            row("text/a, b", "zstd:3", RivalKind::InProcess, 400_000),
            row("exe/c", "minlen:5", RivalKind::Minlen, 150_000),
            row("exe/c", "zstd:3", RivalKind::InProcess, 200_000),
        ],
        skipped: vec![Skipped {
            method: "bsc".into(),
            file: None,
            why: "bsc is not installed".into(),
            error: None,
        }],
    }
}

#[test]
fn table_of_totals() {
    let style = Style { commit: Some("abc123".into()), ..Style::default() };
    let text = render(&report(), Format::Table, &style);
    let expected = "\
TOTAL: 2,000,000 bytes in 2 files

method      bytes  ratio  bits/B  comp MB/s  decomp MB/s  comp CPU s  decomp CPU s  comp/xz  decomp/xz  comp mem  decomp mem  files
--------  -------  -----  ------  ---------  -----------  ----------  ------------  -------  ---------  --------  ----------  -----
minlen:5  400,000  5.000   1.600       10.0          250       0.200         0.008        -          -   3.0 MiB         n/a      2
zstd:3    600,000  3.333   2.400       10.0          250       0.200         0.008        -          -   3.0 MiB         n/a      2

machine: Chip, 2 cores, 4 GiB, linux 6.1 x86_64
method: as usual
compiler: ";
    assert!(text.starts_with(expected), "{text}");
    let rest = "\ncommit: abc123\nversions: zstd 1.5.7 (in-process)\nleft out: bsc: bsc is not installed\n";
    assert!(text.ends_with(rest), "{text}");
}

#[test]
fn markdown_by_class_and_file() {
    let by_class =
        render(&report(), Format::Markdown, &Style { detail: Detail::Classes, ..Style::default() });
    let titles: Vec<&str> = by_class.lines().filter(|l| l.starts_with("**")).collect();
    let expected = [
        "**exe/*: 1,000,000 bytes**",
        "**text/*: 1,000,000 bytes**",
        "**TOTAL: 2,000,000 bytes in 2 files**",
    ];
    assert_eq!(titles, expected);
    assert!(by_class.contains("\n| -------- | ------: |"), "{by_class}");
    let by_file = render(&report(), Format::Markdown, &Style { detail: Detail::Files, ..Style::default() });
    assert!(by_file.starts_with("**text/a, b: 1,000,000 bytes**\n\n| method "), "{by_file}");
}

#[test]
fn csv_has_every_row_and_the_totals() {
    let text = render(&report(), Format::Csv, &Style { date: Some("2026-11-20".into()), ..Style::default() });
    let records = crate::csv::parse(&text);
    assert_eq!(records.len(), 1 + 4 + 2);
    assert!(records.iter().all(|r| r.len() == records[0].len()));
    let first = [
        "text/a, b",
        "minlen:5",
        "minlen",
        "1",
        "1000000",
        "250000",
        "4.0000",
        "2.0000",
        "100000000",
        "200000000",
        "4000000",
        "8000000",
        "3",
        "3145728",
        "",
    ];
    assert_eq!(records[1][..first.len()], first);
    assert_eq!(records[1].last().unwrap(), "2026-11-20");
    assert_eq!((records[5][0].as_str(), records[5][5].as_str()), ("TOTAL", "400000"));
}

#[test]
fn json_reads_back() {
    let text = render(&report(), Format::Json, &Style { version: Some("0.1.0".into()), ..Style::default() });
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["totals"][0]["compressed_bytes"], 400_000);
    assert_eq!(value["rows"].as_array().unwrap().len(), 4);
    assert_eq!(value["rows"][1]["decompress"]["peak_bytes"], serde_json::Value::Null);
    assert_eq!(value["skipped"][0]["method"], "bsc");
    assert_eq!(value["version"], "0.1.0");
    assert_eq!(value["machine"]["cores"], 2);
}

#[test]
fn plot_names_every_rival_and_survives_an_empty_report() {
    let text = pareto(&report(), Axis::Compress);
    assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"));
    assert!(text.contains(">minlen:5</text>") && text.contains(">zstd:3</text>"));
    assert!(!pareto(&Report::default(), Axis::Decompress).contains("NaN"));
}

#[test]
fn formats_by_name() {
    assert_eq!("md".parse::<Format>().unwrap(), Format::Markdown);
    assert!("xml".parse::<Format>().is_err());
}
