//! The page of results and its plots, made from the tables that are kept: sizes, speeds, and the peers measured elsewhere.
//!
//! Speeds are multiples of the compression speed of [`crate::YARDSTICK`], by processor time: ours against the yardstick of the same
//! run, those of the peers' table against the `xz-9e` of that table.

use crate::peers::{Line, Peers, RoundTrip, SideBySide};
use crate::render::{Axis, Grid, Point, plot};
use crate::results::SizeTable;
use crate::speeds::SpeedTable;
use std::fmt::Write;

/// What a page is made from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Sizes by corpus, file and method.
    pub sizes: SizeTable,
    /// Times and memory by set and method.
    pub speeds: SpeedTable,
    /// The text of the peers' table; empty where it is not at hand.
    pub peers: String,
}

/// A part of the page: a corpus of the sizes, and what goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The corpus in the table of sizes.
    pub corpus: &'a str,
    /// The set in the table of speeds.
    pub set: &'a str,
    /// The selection of the peers' table.
    pub peers: Option<&'a str>,
    /// The heading.
    pub title: &'a str,
    /// Classes whose files are left out.
    pub without: &'a [&'a str],
    /// Sums by class instead of files.
    pub classes: bool,
    /// Whether there is a plot of it.
    pub plotted: bool,
}

const fn part(
    corpus: &'static str,
    set: &'static str,
    peers: Option<&'static str>,
    title: &'static str,
) -> Part<'static> {
    Part { corpus, set, peers, title, without: &[], classes: false, plotted: false }
}

/// The parts of the page.
pub const PARTS: [Part<'static>; 5] = [
    Part {
        classes: true,
        ..part("lossless", "bundle", Some("bundle"), "The development bundle: 41 files, by class")
    },
    Part {
        without: &["media", "deflated"],
        plotted: true,
        ..part("lossless", "core", Some("bundle"), "The bundle without media and deflated files")
    },
    Part { plotted: true, ..part("mini", "mini", Some("mini"), "Mini: 14 slices of 150 to 200 KB") },
    part("micro", "micro", Some("micro"), "Micro: 60,000 bytes of nine of them"),
    Part { classes: true, ..part("small", "small", None, "Small files, each alone, by class") },
];

impl Sources {
    /// The whole page.
    #[must_use]
    pub fn page(&self) -> String {
        let mut out = String::from(
            "# Results\n\nMade by `scripts/results.sh`; [benchmarks.md](benchmarks.md) says how to read and repeat them. \
             Sizes in bytes, exact. `minlen:5` is `minlen -5`; names with a colon were measured here, those with a hyphen \
             are the peers measured elsewhere (a dash where one lacks a file or failed to restore it). Speeds are multiples \
             of the *compression* speed of xz -9e on the same data and machine, by processor time on one core.\n",
        );
        for part in &PARTS {
            let _ = write!(out, "\n{}", self.section(part));
        }
        out
    }

    /// Our methods and the libraries of the table, then the peers, side by side.
    fn side(&self, part: &Part<'_>) -> SideBySide {
        let mut side = SideBySide::default();
        side.add_table(&self.sizes, part.corpus);
        if let Some(peers) = self.peers_of(part) {
            side.add_peers(&peers, &[]);
        }
        side.without(part.without);
        side
    }

    fn peers_of(&self, part: &Part<'_>) -> Option<Peers> {
        Peers::parse(&self.peers, part.peers?).ok()
    }

    /// Sizes and speeds of a part as Markdown.
    #[must_use]
    pub fn section(&self, part: &Part<'_>) -> String {
        let side = self.side(part);
        let lines = if part.classes { side.classes() } else { side.files() };
        let mut out = format!("## {}\n\n{}", part.title, transposed(&side, &lines));
        let speeds = self.speeds(part);
        if !speeds.is_empty() {
            let _ = write!(out, "\n{speeds}");
        }
        if part.plotted {
            for direction in ["compress", "decompress"] {
                let _ = write!(out, "\n![{}](pareto-{}-{direction}.svg)\n", part.title, part.set);
            }
        }
        out
    }

    fn speeds(&self, part: &Part<'_>) -> String {
        let header = [
            "method",
            "bytes",
            "compress, CPU s",
            "decompress, CPU s",
            "compress/xz",
            "decompress/xz",
            "memory, MiB (both ways)",
        ];
        let mut grid = Grid::new(&header, 1);
        let mut any = false;
        for (method, s) in self.speeds.of(part.set) {
            any = true;
            let seconds = |ns: u64| format!("{:.2}", ns as f64 / 1e9);
            let share = s
                .relative()
                .map_or(("-".to_owned(), "-".to_owned()), |(c, d)| (format!("{c:.3}"), format!("{d:.3}")));
            let memory = format!("{} / {}", s.compress_peak >> 20, s.decompress_peak >> 20);
            grid.row(vec![
                method.to_owned(),
                s.packed.to_string(),
                seconds(s.compress),
                seconds(s.decompress),
                share.0,
                share.1,
                memory,
            ]);
        }
        if any { grid.markdown() } else { String::new() }
    }

    /// The plot of a part.
    #[must_use]
    pub fn pareto(&self, part: &Part<'_>, axis: Axis) -> String {
        let mut points: Vec<Point> = Vec::new();
        for (method, s) in self.speeds.of(part.set) {
            if let Some((there, back)) = s.relative() {
                let speed = if axis == Axis::Compress { there } else { back };
                let ours = method.starts_with("minlen:") || method.starts_with("codec=");
                let name = method.replace("minlen:", "minlen -");
                points.push(Point { name, ours, speed, ratio: s.raw as f64 / s.packed.max(1) as f64 });
            }
        }
        points.extend(self.peer_points(part, axis));
        let what = if axis == Axis::Compress { "compression" } else { "decompression" };
        plot(&points, part.title, &format!("{what} speed on one core (1 = compression by xz -9e)"))
    }

    /// Peers that restored every file of the part and were timed on it. Those that ran here, too, are left out.
    fn peer_points(&self, part: &Part<'_>, axis: Axis) -> Vec<Point> {
        let Some(peers) = self.peers_of(part) else { return Vec::new() };
        let files: Vec<String> = peers
            .files()
            .into_keys()
            .filter(|f| !part.without.contains(&crate::input::class(f)))
            .map(str::to_owned)
            .collect();
        let sum = |peer: &str, axis: Axis| -> Option<(u64, u64, f64)> {
            let mut sum = (0, 0, 0.0);
            for file in &files {
                let size = peers.size(peer, file).filter(|size| size.round_trip != RoundTrip::Doubtful)?;
                let time = if axis == Axis::Compress { size.seconds.0? } else { size.seconds.1? };
                sum = (sum.0 + size.raw, sum.1 + size.packed, sum.2 + time);
            }
            Some(sum)
        };
        let Some((_, _, xz)) = sum("xz-9e", Axis::Compress) else { return Vec::new() };
        let here = |peer: &str| self.speeds.of(part.set).any(|(method, _)| method.replace(':', "-") == peer);
        let names = peers.names().filter(|peer| !here(peer));
        names
            .filter_map(|peer| {
                let (raw, packed, time) = sum(peer, axis)?;
                let (name, ratio) = (peer.to_owned(), raw as f64 / packed.max(1) as f64);
                Some(Point { name, ours: false, speed: xz / time, ratio })
            })
            .collect()
    }
}

/// A row per method, since there are more of them than fit beside each other; a column per line.
fn transposed(side: &SideBySide, lines: &[Line]) -> String {
    let total = side.total();
    let names: Vec<&str> =
        std::iter::once("method").chain(lines.iter().map(|l| l.name.as_str())).chain(["total"]).collect();
    let mut grid = Grid::new(&names, 1);
    let size = |n: &Option<u64>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let raw = lines.iter().chain([&total]).map(|line| line.raw.to_string());
    grid.row(std::iter::once("raw".to_owned()).chain(raw).collect());
    for (at, column) in side.columns().iter().enumerate() {
        let sizes =
            lines.iter().chain([&total]).map(|line| line.sizes.get(at).map_or_else(|| "-".to_owned(), size));
        grid.row(std::iter::once(column.clone()).chain(sizes).collect());
    }
    grid.markdown()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEERS: &str = "\
set,peer,file,raw_bytes,compressed_bytes,comp_cpu_s,decomp_cpu_s,roundtrip_checked
mini,xz-9e,a,1000,400,2.0,0.1,yes
mini,paq8px-6,a,1000,200,400.0,400.0,no
mini,mcm-h7,a,1000,300,1.0,1.0,failed
";

    fn sources() -> Sources {
        let sizes = SizeTable::parse(
            "corpus,file,raw_bytes,blake3,method,compressed_bytes\nmini,a,1000,0,minlen:8,250\n",
        );
        let speeds = SpeedTable::parse(
            "set,method,files,raw_bytes,compressed_bytes,compress_ns,decompress_ns,xz_ns,compress_peak_bytes,\
             decompress_peak_bytes,machine\nmini,minlen:8,1,1000,250,20000000,21000000,2000000,1048576,0,m\n",
        );
        Sources { sizes: sizes.unwrap(), speeds: speeds.unwrap(), peers: PEERS.to_owned() }
    }

    #[test]
    fn ours_and_peers_stand_on_one_page_and_one_plot() {
        let page = sources().page();
        let ours = page.lines().find(|line| line.starts_with("| minlen:8"));
        assert!(ours.is_some_and(|line| line.contains(" 250 ")) && page.contains("| paq8px-6"), "{page}");
        assert!(page.contains("0.100"), "{page}");
        let part = PARTS.iter().find(|part| part.set == "mini").unwrap();
        let plot = sources().pareto(part, Axis::Compress);
        assert!(plot.contains(">minlen -8</text>") && plot.contains(">paq8px-6</text>"), "{plot}");
        assert!(!plot.contains("mcm-h7"), "what does not restore its input is not plotted");
    }
}
