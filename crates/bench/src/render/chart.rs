//! Lines and points over two axes, as SVG written by hand.

use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const BELOW: f64 = 48.0;
const ABOVE: f64 = 34.0;
/// Room for the names of the series.
const RIGHT: f64 = 140.0;
/// Colours that tell series apart, also for most who see few (Okabe and Ito 2008).
const COLOURS: [&str; 10] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933", "#882255",
    "#44aa99",
];

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// A line through its points, with a dot at each.
    #[default]
    Line,
    /// Dots alone.
    Dots,
}

/// Points that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What stands beside them.
    pub name: String,
    /// Where they are; those that are no numbers are left out.
    pub points: Vec<(f64, f64)>,
    /// How they are drawn.
    pub mark: Mark,
}

/// A chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What stands above it.
    pub title: String,
    /// What runs along the bottom, and up the side.
    pub x: String,
    /// See `x`.
    pub y: String,
    /// Whether the bottom is logarithmic.
    pub log: bool,
    /// What is shown.
    pub series: Vec<Series>,
}

/// One axis: what is at both of its ends, and where its lines are.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    ticks: Vec<f64>,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let sound = values.filter(|x| x.is_finite() && (!log || *x > 0.0));
        let (low, high) = sound.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low > high { (1.0, 2.0) } else { (low, high) };
        if log {
            return Self::logarithmic(low, high);
        }
        let room = if high > low { (high - low) * 0.04 } else { low.abs().max(1.0) * 0.1 };
        let (low, high) = (low - room, high + room);
        let rough = (high - low) / 6.0;
        let size = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|x| x * size).into_iter().find(|&x| x >= rough).unwrap_or(rough);
        let first = (low / step).ceil() as i64;
        let ticks = (0..12).map(|i| (first + i) as f64 * step).take_while(|&x| x <= high).collect();
        Self { low, high, log, ticks }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        let (low, high) = (low / 1.1, high * 1.1);
        let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let all = decades.flat_map(|power| [1.0, 2.0, 5.0].map(|x| x * 10f64.powi(power)));
        let ticks = all.filter(|&x| x >= low && x <= high).collect();
        Self { low, high, log: true, ticks }
    }

    /// 0 at the low end, 1 at the high one.
    fn share(&self, x: f64) -> f64 {
        match self.log {
            true => (x.max(1e-300) / self.low).ln() / (self.high / self.low).ln().max(1e-12),
            false => (x - self.low) / (self.high - self.low).max(1e-300),
        }
    }
}

fn number(x: f64) -> String {
    if x != 0.0 && (x.abs() < 1e-3 || x.abs() >= 1e6) {
        return format!("{x:.0e}");
    }
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

impl Chart {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Axis::of(points().map(|point| point.0), self.log);
        let y = Axis::of(points().map(|point| point.1), false);
        let at_x = |value: f64| LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
        let at_y = |value: f64| HEIGHT - BELOW - y.share(value) * (HEIGHT - BELOW - ABOVE);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>{}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{}</text>\n",
            escape(&self.title),
            escape(&self.title)
        );
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BELOW);
        for &tick in &x.ticks {
            let place = at_x(tick);
            let _ = writeln!(
                out,
                "<line x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{ABOVE}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{place:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                number(tick)
            );
        }
        for &tick in &y.ticks {
            let place = at_y(tick);
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{place:.1}\" y2=\"{place:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                place + 4.0,
                number(tick)
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (LEFT + right) / 2.0,
            HEIGHT - 10.0,
            escape(&self.x),
            (ABOVE + bottom) / 2.0,
            escape(&self.y)
        );
        for (place, series) in self.series.iter().enumerate() {
            series.draw(&mut out, place, &at_x, &at_y, self.log);
        }
        out.push_str("</svg>\n");
        out
    }
}

impl Series {
    fn draw(
        &self,
        out: &mut String,
        place: usize,
        at_x: &dyn Fn(f64) -> f64,
        at_y: &dyn Fn(f64) -> f64,
        log: bool,
    ) {
        let colour = COLOURS[place % COLOURS.len()];
        let sound =
            |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite() && (!log || point.0 > 0.0);
        let places: Vec<(f64, f64)> =
            self.points.iter().filter(sound).map(|p| (at_x(p.0), at_y(p.1))).collect();
        if self.mark == Mark::Line && places.len() > 1 {
            let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let line = line.join(" ");
            let _ = writeln!(
                out,
                "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
            );
        }
        let size = if self.mark == Mark::Line { 3.0 } else { 2.2 };
        for (x, y) in places {
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size}\" fill=\"{colour}\" fill-opacity=\"0.8\"/>"
            );
        }
        let (x, y) = (WIDTH - RIGHT + 12.0, ABOVE + 8.0 + 18.0 * place as f64);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{}\" y=\"{y}\">{}</text>",
            y - 9.0,
            x + 16.0,
            escape(&self.name)
        );
    }
}

/// A curve of numbers one after the other, small and without axes.
#[must_use]
pub fn spark(lines: &[(&str, Vec<f64>)], width: f64, height: f64) -> String {
    let all = lines.iter().flat_map(|(_, values)| values).filter(|x| x.is_finite());
    let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let range = (high - low).max(1e-300);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#f7f7f7\"/>"
    );
    for (colour, values) in lines {
        let step = (width - 4.0) / (values.len().max(2) - 1) as f64;
        let mut line = String::new();
        for (i, &x) in values.iter().enumerate().filter(|(_, x)| x.is_finite()) {
            let y = height - 3.0 - (x - low) / range * (height - 6.0);
            let _ = write!(line, "{:.1},{y:.1} ", 2.0 + i as f64 * step);
        }
        let line = line.trim_end();
        let _ = write!(out, "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\"/>");
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_left_out_and_names_break_nothing() {
        let points = vec![(1.0, 2.0), (f64::NAN, 1.0), (10.0, 3.0), (-4.0, 2.5)];
        let series = Series { name: "a<b & c".into(), points, mark: Mark::Line };
        let mut chart = Chart { title: "t".into(), log: true, series: vec![series], ..Chart::default() };
        let svg = chart.svg();
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("a&lt;b &amp; c") && !svg.contains("NaN") && svg.contains(">5</text>"), "{svg}");
        chart.log = false;
        assert_eq!(chart.svg().matches("<circle").count(), 3);
        let empty = Chart::default().svg();
        assert!(empty.ends_with("</svg>\n") && !empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        for (low, high) in [(0.0, 1.0), (-3.0, 1234.0), (5.0, 5.0), (0.001, 0.0012)] {
            let axis = Axis::of([low, high].into_iter(), false);
            assert!((2..=12).contains(&axis.ticks.len()), "{low} {high}: {:?}", axis.ticks);
            assert!(axis.ticks.iter().all(|&tick| (axis.low..=axis.high).contains(&tick)));
        }
        assert!(spark(&[("red", vec![1.0, f64::NAN, 2.0])], 60.0, 20.0).contains("polyline"));
    }
}
