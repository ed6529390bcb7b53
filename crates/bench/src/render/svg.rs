//! A plot of ratio against speed, written by hand: the upper right is where one wants to be.

use crate::report::Report;
use crate::rival::RivalKind;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 520.0;
const MARGIN: f64 = 64.0;
/// Height of a line of text.
const LINE: f64 = 13.0;

/// Whose speed runs along the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Compression speed.
    Compress,
    /// Decompression speed.
    Decompress,
}

/// One compressor on the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What stands beside it.
    pub name: String,
    /// One of ours.
    pub ours: bool,
    /// Along the bottom, in the unit of its title.
    pub speed: f64,
    /// Raw size over compressed size.
    pub ratio: f64,
}

/// The totals as an SVG picture; the line joins those that no other beats in both. `memcpy` is left out.
#[must_use]
pub fn pareto(report: &Report, axis: Axis) -> String {
    let point = |row: &crate::report::Row| {
        let time = if axis == Axis::Compress { row.compress.min } else { row.decompress.min };
        let ours = row.kind == RivalKind::Minlen;
        Point { name: row.method.clone(), ours, speed: row.speed(time), ratio: row.ratio() }
    };
    let points: Vec<Point> = report.totals().iter().filter(|row| row.method != "memcpy").map(point).collect();
    let what = if axis == Axis::Compress { "compression" } else { "decompression" };
    plot(&points, "", &format!("{what} speed, MB/s (one thread)"))
}

/// Points as an SVG picture with a title above and the name of the speed below; the line joins those that no other beats
/// in both.
#[must_use]
pub fn plot(points: &[Point], title: &str, below: &str) -> String {
    let sound = |p: &&Point| p.speed.is_finite() && p.speed > 0.0 && p.ratio > 0.0;
    let points: Vec<&Point> = points.iter().filter(sound).collect();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let scale = Scale::of(&points);
    scale.axes(&mut out, title, below);
    front(&mut out, &points, &scale);
    let mut places = Places::default();
    for p in &points {
        let colour = if p.ours { "#c0392b" } else { "#2c5f8a" };
        let weight = if p.ours { " font-weight=\"bold\"" } else { "" };
        let (x, y) = (scale.x(p.speed), scale.y(p.ratio));
        let (at_x, at_y) = places.label(x, y, &p.name);
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
             <text x=\"{at_x:.1}\" y=\"{at_y:.1}\" fill=\"{colour}\"{weight}>{}</text>",
            escape(&p.name)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Where labels are, so that no two cover each other.
#[derive(Default)]
struct Places(Vec<(f64, f64, f64)>);

impl Places {
    /// Beside the point at (x, y): above it, or the nearest free place further up or down.
    fn label(&mut self, x: f64, y: f64, name: &str) -> (f64, f64) {
        let width = name.chars().count() as f64 * 6.5;
        let x = if x + width + 6.0 > WIDTH { x - width - 6.0 } else { x + 6.0 };
        let free = |y: f64| {
            self.0.iter().all(|&(x0, y0, w0)| (y - y0).abs() >= LINE || x + width < x0 || x0 + w0 < x)
        };
        let steps = (0..12).flat_map(|step| [-6.0 - LINE * f64::from(step), 10.0 + LINE * f64::from(step)]);
        let y = steps.map(|by| y + by).find(|&y| free(y)).unwrap_or(y - 6.0);
        self.0.push((x, y, width));
        (x, y)
    }
}

/// The line through the points that no other beats in both.
fn front(out: &mut String, points: &[&Point], scale: &Scale) {
    let mut sorted = points.to_vec();
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
    fn of(points: &[&Point]) -> Self {
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

    fn axes(&self, out: &mut String, title: &str, below: &str) {
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
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{MARGIN}\" y=\"{:.1}\">ratio</text>\
             <text x=\"{:.1}\" y=\"24\" text-anchor=\"middle\" font-size=\"15\">{}</text>",
            WIDTH / 2.0,
            HEIGHT - 16.0,
            escape(below),
            MARGIN - 16.0,
            WIDTH / 2.0,
            escape(title)
        );
    }
}
