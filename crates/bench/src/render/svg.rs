//! A plot of ratio against speed, written by hand: the upper right is where one wants to be.

use crate::report::{Report, Row};
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 520.0;
const MARGIN: f64 = 64.0;

/// Whose speed runs along the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Compression speed.
    Compress,
    /// Decompression speed.
    Decompress,
}

struct Point<'a> {
    row: &'a Row,
    speed: f64,
    ratio: f64,
}

/// The totals as an SVG picture; the line joins those that no other beats in both. `memcpy` is left out.
#[must_use]
pub fn pareto(report: &Report, axis: Axis) -> String {
    let totals = report.totals();
    let points: Vec<Point<'_>> = totals
        .iter()
        .filter(|row| row.method != "memcpy")
        .map(|row| {
            let time = if axis == Axis::Compress { row.compress.min } else { row.decompress.min };
            Point { row, speed: row.speed(time), ratio: row.ratio() }
        })
        .filter(|p| p.speed.is_finite() && p.speed > 0.0 && p.ratio > 0.0)
        .collect();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let scale = Scale::of(&points);
    scale.axes(&mut out, axis);
    front(&mut out, &points, &scale);
    for p in &points {
        let ours = p.row.kind == crate::rival::RivalKind::Minlen;
        let colour = if ours { "#c0392b" } else { "#2c5f8a" };
        let (x, y) = (scale.x(p.speed), scale.y(p.ratio));
        let name = p.row.method.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            x + 6.0,
            y - 6.0
        );
    }
    out.push_str("</svg>\n");
    out
}

/// The line through the points that no other beats in both.
fn front(out: &mut String, points: &[Point<'_>], scale: &Scale) {
    let mut sorted: Vec<&Point<'_>> = points.iter().collect();
    sorted.sort_by(|a, b| b.speed.total_cmp(&a.speed).then(b.ratio.total_cmp(&a.ratio)));
    let mut best = 0.0;
    let mut line = String::new();
    for p in sorted {
        if p.ratio > best {
            best = p.ratio;
            let _ = write!(line, "{:.1},{:.1} ", scale.x(p.speed), scale.y(p.ratio));
        }
    }
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#999\" stroke-dasharray=\"4 3\"/>",
        line.trim_end()
    );
}

/// Logarithmic to the right, linear upwards.
struct Scale {
    /// Powers of ten at both ends.
    decades: (i32, i32),
    ratio: (f64, f64),
}

impl Scale {
    fn of(points: &[Point<'_>]) -> Self {
        let ends = |values: &[f64]| {
            values.iter().fold((f64::MAX, f64::MIN), |(low, high), &v| (low.min(v), high.max(v)))
        };
        if points.is_empty() {
            return Self { decades: (0, 3), ratio: (1.0, 4.0) };
        }
        let speeds = ends(&points.iter().map(|p| p.speed.log10()).collect::<Vec<_>>());
        let ratios = ends(&points.iter().map(|p| p.ratio).collect::<Vec<_>>());
        let low = speeds.0.floor() as i32;
        let room = (ratios.1 - ratios.0).max(0.1) * 0.08;
        Self {
            decades: (low, (speeds.1.ceil() as i32).max(low + 1)),
            ratio: (ratios.0 - room, ratios.1 + room),
        }
    }

    fn x(&self, speed: f64) -> f64 {
        let (low, high) = (f64::from(self.decades.0), f64::from(self.decades.1));
        MARGIN + (speed.log10() - low) / (high - low) * (WIDTH - 2.0 * MARGIN)
    }

    fn y(&self, ratio: f64) -> f64 {
        let (low, high) = self.ratio;
        HEIGHT - MARGIN - (ratio - low) / (high - low) * (HEIGHT - 2.0 * MARGIN)
    }

    fn axes(&self, out: &mut String, axis: Axis) {
        let (bottom, right) = (HEIGHT - MARGIN, WIDTH - MARGIN);
        for decade in self.decades.0..=self.decades.1 {
            let speed = 10f64.powi(decade);
            let x = self.x(speed);
            let _ = writeln!(
                out,
                "<path d=\"M{x:.1} {MARGIN}V{bottom}\" stroke=\"#eee\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{speed}</text>",
                bottom + 18.0
            );
        }
        for step in 0..=5 {
            let ratio = self.ratio.0 + (self.ratio.1 - self.ratio.0) * f64::from(step) / 5.0;
            let y = self.y(ratio);
            let _ = writeln!(
                out,
                "<path d=\"M{MARGIN} {y:.1}H{right}\" stroke=\"#eee\"/>\
                 <text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{ratio:.2}</text>",
                MARGIN - 8.0
            );
        }
        let what = if axis == Axis::Compress { "compression" } else { "decompression" };
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{what} speed, MB/s (one thread)</text>\
             <text x=\"{MARGIN}\" y=\"{:.1}\">ratio</text>",
            WIDTH / 2.0,
            HEIGHT - 16.0,
            MARGIN - 16.0
        );
    }
}
