//! The pages of `minlen eval autoencoder --report` and `minlen train autoencoder --report`.

use super::Figures;
use crate::plan::Context;
use minlen::Result;
use minlen_bench::html::{Cell, Page};
use minlen_bench::render::chart::{Chart, Mark, Series, spark};
use minlen_train::insight::eval::{self, Point};
use minlen_train::insight::sheet::{Look, range_of};
use minlen_train::insight::{self, embed};
use serde_json::Value;

/// Records that are shown.
const SHOWN: usize = 12;
/// Records on the map.
const ON_MAP: usize = 2000;
/// Labels that have colours of their own on the map.
const LABELS: usize = 10;
/// Width and height of a window's curve.
const CURVE: (f64, f64) = (220.0, 60.0);
/// Colours of a window, of what came back, and of latents.
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#555"];

/// The page of figures on records.
pub fn evaluation(figures: &Figures<'_>, ctx: &Context) -> Result<String> {
    let mut page = Page::new("A codec file on records");
    page.text(&format!(
        "{} records of {}, {} bytes each; the codec file has {} bytes. 0 dB is an error of {}.",
        figures.records.len(),
        figures.records.kind(),
        figures.records.record_bytes(),
        figures.file,
        figures.peak
    ));
    tables(&mut page, figures);
    if let Some(training) = &figures.training {
        losses(&mut page, training.get("autoencoder").unwrap_or(training));
    }
    records(&mut page, figures, ctx)?;
    map(&mut page, figures, ctx)?;
    Ok(page.finish())
}

fn line(name: &str, curve: &[Point]) -> Series {
    let points = curve.iter().map(|point| (point.per_record, point.errors.psnr)).collect();
    Series { name: name.into(), points, mark: Mark::Line }
}

fn tables(page: &mut Page, figures: &Figures<'_>) {
    page.heading("Bytes and errors");
    let mut series = vec![line("together", &figures.curve)];
    series.extend(figures.alone.iter().map(|(name, curve)| line(name, curve)));
    let kinds = ["jpeg", "webp", "avif"];
    for kind in kinds {
        let of = figures.peers.iter().filter(|peer| peer.name.starts_with(kind));
        let points =
            of.filter_map(|peer| Some((peer.per_record, peer.errors.as_ref()?.psnr))).collect::<Vec<_>>();
        if !points.is_empty() {
            series.push(Series { name: format!("{kind}, files"), points, mark: Mark::Line });
        }
    }
    let (x, y) = ("bytes a record, without the codec file".into(), "PSNR of all records, dB".into());
    page.chart(&Chart { title: "Rate and distortion".into(), x, y, log: true, series });
    let one = |name: &str, of: fn(&Point) -> f64| Series {
        name: name.into(),
        points: figures.curve.iter().map(|point| (point.per_record, of(point))).collect(),
        mark: Mark::Line,
    };
    let series = vec![
        one("mean", |point| point.errors.psnr_mean),
        one("all", |point| point.errors.psnr),
        one("5 %", |point| point.errors.psnr_low),
        one("worst", |point| point.errors.psnr_worst),
    ];
    let (x, y) = ("bytes a record".into(), "PSNR of records, dB".into());
    page.chart(&Chart { title: "From record to record".into(), x, y, log: true, series });
    let (heading, rows) = figures.rates();
    page.table(&heading, &rows);
    page.text("psnr: of the mean square of all records; mean, 5 %, worst: of records; encode/s and decode/s: records a second on one thread.");
    let (heading, rows) = figures.others();
    if !rows.is_empty() {
        page.heading("Beside others");
        page.table(&heading, &rows);
    }
    if !figures.missing.is_empty() {
        page.text(&format!(
            "Not there, or of another version, and left out: {}.",
            figures.missing.join(", ")
        ));
    }
}

/// Loss curves, as the report of a training has them.
fn losses(page: &mut Page, training: &Value) {
    let members = training.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let series: Vec<Series> = members
        .iter()
        .filter_map(|member| {
            let pair = |pair: &Value| Some((pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?));
            let points: Vec<(f64, f64)> =
                member.get("history")?.as_array()?.iter().filter_map(pair).collect();
            let name = member.get("name")?.as_str()?.to_owned();
            (!points.is_empty()).then_some(Series { name, points, mark: Mark::Line })
        })
        .collect();
    if series.is_empty() {
        return;
    }
    page.heading("Training");
    let (x, y) = ("steps".into(), "loss on held-out records".into());
    page.chart(&Chart { title: "Loss".into(), x, y, log: false, series });
}

/// What is needed to draw a record.
struct Drawing {
    look: Option<Look>,
    range: (f64, f64),
}

impl Drawing {
    fn cell(&self, figures: &Figures<'_>, record: &[u8], beside: Option<&[u8]>) -> Result<Cell> {
        let mut numbers = Vec::new();
        figures.model.scaling.numbers(record, &mut numbers);
        if let Some(look) = &self.look {
            return Ok(Cell::Png(look.png_of(&[look.pixels(&numbers, self.range)], 1)?));
        }
        let mut other = Vec::new();
        figures.model.scaling.numbers(beside.unwrap_or_default(), &mut other);
        let lines = match beside {
            Some(_) => vec![(COLOURS[0], other), (COLOURS[1], numbers)],
            None => vec![(COLOURS[0], numbers)],
        };
        Ok(Cell::Svg(spark(&lines, CURVE.0, CURVE.1)))
    }
}

/// Records, their latents, and what comes back: some from everywhere, then the worst.
fn records(page: &mut Page, figures: &Figures<'_>, ctx: &Context) -> Result<()> {
    let (model, all) = (figures.model, figures.records);
    let count = figures.curve.len();
    let mut rates: Vec<u8> = [count / 4, count / 2, count.saturating_sub(1)]
        .iter()
        .filter_map(|&i| figures.curve.get(i))
        .map(|p| p.rate)
        .collect();
    rates.dedup();
    let env = ctx.reading();
    let mut made = Vec::new();
    for &rate in &rates {
        made.push(eval::at(model, all, rate, figures.peak, &env)?);
    }
    let mut numbers = Vec::new();
    model.scaling.numbers(&all.bytes, &mut numbers);
    let drawing = Drawing { look: Look::of(&all.shape), range: range_of(&model.scaling, &[numbers]) };
    let member = embed::usual_member(model)?;
    let middle = rates.get(rates.len() / 2).copied().unwrap_or(0);
    let places = embed::places(model, member, middle, all, ctx.threads(), &env)?;
    let names: Vec<String> =
        made.iter().map(|(point, _)| format!("{:.1} bytes a record", point.per_record)).collect();
    let latents = format!("latents of {}", model.members[member].name);
    let mut heading = vec!["record", "original", latents.as_str()];
    heading.extend(names.iter().map(String::as_str));
    let mut show = |title: &str, chosen: &[usize]| -> Result<()> {
        page.heading(title);
        let mut rows = Vec::new();
        for &number in chosen {
            let label = all.labels.as_ref().and_then(|labels| labels.get(number));
            let label = label.map(|label| format!(" (label {label})")).unwrap_or_default();
            let decibels = made.get(made.len() / 2).map(|(point, _)| {
                eval::decibels(figures.peak, point.errors.each.get(number).copied().unwrap_or(0.0))
            });
            let below = decibels.map(|db| format!(", {db:.1} dB")).unwrap_or_default();
            let values = places[number].iter().map(|&x| f64::from(x)).collect();
            let mut row = vec![
                Cell::Text(format!("{number}{label}{below}")),
                drawing.cell(figures, all.record(number), None)?,
                Cell::Svg(spark(&[(COLOURS[2], values)], CURVE.0, CURVE.1)),
            ];
            let size = all.record_bytes();
            for (_, bytes) in &made {
                let record = bytes.get(number * size..(number + 1) * size).unwrap_or_default();
                row.push(drawing.cell(figures, record, Some(all.record(number)))?);
            }
            rows.push(row);
        }
        page.cells(&heading, &rows);
        Ok(())
    };
    let apart = (all.len() / SHOWN).max(1);
    show(
        "Original, latents, and what comes back",
        &(0..all.len()).step_by(apart).take(SHOWN).collect::<Vec<_>>(),
    )?;
    let Some((point, _)) = made.get(made.len() / 2) else { return Ok(()) };
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| point.errors.each[b].total_cmp(&point.errors.each[a]).then(a.cmp(&b)));
    order.truncate(SHOWN);
    show("The worst", &order)
}

/// Where records lie.
fn map(page: &mut Page, figures: &Figures<'_>, ctx: &Context) -> Result<()> {
    let model = figures.model;
    let some = figures.records.clone().sample(ON_MAP, 1);
    let (member, rate) = (embed::usual_member(model)?, insight::Held::usual_rate(model));
    let places = embed::places(model, member, rate, &some, ctx.threads(), &ctx.reading())?;
    let known: Vec<usize> = (0..places.len()).filter(|&i| places[i].iter().all(|x| x.is_finite())).collect();
    let places: Vec<Vec<f32>> = known.iter().map(|&i| places[i].clone()).collect();
    let plane = insight::plane(&places);
    let label = |i: usize| some.labels.as_ref().and_then(|labels| labels.get(known[i])).copied();
    let mut labels: Vec<i64> = some.labels.clone().unwrap_or_default();
    labels.sort_unstable();
    labels.dedup();
    labels.truncate(LABELS);
    let mut series: Vec<Series> = labels
        .iter()
        .map(|&wanted| {
            let of = (0..plane.len()).filter(|&i| label(i) == Some(wanted));
            let points = of.map(|i| (plane[i][0], plane[i][1])).collect();
            Series { name: wanted.to_string(), points, mark: Mark::Dots }
        })
        .collect();
    let rest: Vec<(f64, f64)> = (0..plane.len())
        .filter(|&i| label(i).is_none_or(|label| !labels.contains(&label)))
        .map(|i| (plane[i][0], plane[i][1]))
        .collect();
    if !rest.is_empty() {
        series.push(Series { name: "records".into(), points: rest, mark: Mark::Dots });
    }
    page.heading("Map of latents");
    let (x, y) = ("first principal component".into(), "second".into());
    let title = format!("Latents of {} at rate {rate}, {} records", model.members[member].name, plane.len());
    page.chart(&Chart { title, x, y, log: false, series });
    Ok(())
}

/// The page of a training, from the figures that its report has.
pub fn training(figures: &Value) -> String {
    let mut page = Page::new("Training of a codec file");
    let text = |name: &str| {
        figures.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), Into::into)).unwrap_or_default()
    };
    page.text(&format!(
        "{} records of {}: {} to learn from, {} held out. The codec file has {} bytes; 0 dB is an error of {}.",
        text("records"),
        text("kind"),
        text("learned_from"),
        text("held_out"),
        text("stored_bytes"),
        text("peak")
    ));
    let list = |name: &str| figures.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for note in list("notes") {
        page.text(note.as_str().unwrap_or_default());
    }
    page.heading("Bytes and errors");
    let curve = |name: &str, points: &[Value]| {
        let pair =
            |point: &Value| Some((point.get("bytes_per_record")?.as_f64()?, point.get("psnr")?.as_f64()?));
        Series { name: name.into(), points: points.iter().filter_map(pair).collect(), mark: Mark::Line }
    };
    let mut series = vec![curve("together", &list("curve"))];
    let members = list("members");
    for member in &members {
        let name = member.get("name").and_then(Value::as_str).unwrap_or_default();
        let alone = member.get("alone").and_then(Value::as_array).cloned().unwrap_or_default();
        series.push(curve(name, &alone));
    }
    let (x, y) = ("bytes a record, without the codec file".into(), "PSNR of all records, dB".into());
    page.chart(&Chart { title: "Rate and distortion".into(), x, y, log: true, series });
    let cell = |of: &Value, name: &str| {
        of.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), Into::into)).unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = members
        .iter()
        .map(|member| ["name", "what", "bytes"].map(|name| cell(member, name)).to_vec())
        .collect();
    page.table(&["member", "made of", "bytes in the file"], &rows);
    let names = ["bytes_per_record", "psnr", "snr", "psnr_mean", "psnr_5_percent", "psnr_worst"];
    let rows: Vec<Vec<String>> =
        list("curve").iter().map(|point| names.map(|name| cell(point, name)).to_vec()).collect();
    page.table(&["bytes a record", "psnr", "snr", "mean", "5 %", "worst"], &rows);
    losses(&mut page, figures);
    page.finish()
}
