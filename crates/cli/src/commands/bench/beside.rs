//! File by file: what was measured now beside the peers that were measured elsewhere.

use crate::args::Bench;
use minlen::Result;
use minlen_bench::Report;
use minlen_bench::corpus::sets;
use minlen_bench::peers::{Peers, SideBySide};
use std::path::PathBuf;

/// What small files are compared with.
pub const SMALL_RIVAL: &str = "brotli:11";

/// Sizes of a named set: a line per file (or per class of many small files), the total, and the peers of the table that
/// lies beside the bundle or that `--peers` names.
pub fn table(set: &str, args: &Bench, report: &Report, markdown: bool) -> Result<String> {
    let mut side = SideBySide::default();
    side.add_rows(&report.rows);
    let first = side.columns().first().cloned().unwrap_or_default();
    if let (Some(of), Some(path)) = (sets::peers_set(set), peers_file(args)) {
        side.add_peers(&Peers::read(&path, of)?, &[]);
        side.only_files_of(&first);
    }
    if sets::peers_set(set).is_some() {
        return Ok(side.table(&side.files(), markdown));
    }
    let classes = side.classes();
    let mut text = side.table(&classes, markdown);
    if side.columns().iter().any(|column| column == SMALL_RIVAL) {
        let mut lines = classes;
        lines.push(side.total());
        text.push_str(&format!("\n{}", side.savings(&lines, SMALL_RIVAL, markdown)));
    }
    Ok(text)
}

fn peers_file(args: &Bench) -> Option<PathBuf> {
    let beside = || args.corpus.parent()?.parent().map(|p| p.join("peers/lossless_measurements.csv"));
    args.peers.clone().or_else(|| beside().filter(|path| path.exists()))
}
