//! `minlen score`: how odd each record is.

use super::insight;
use crate::args::{Score, ScoreFormat};
use crate::engine::sink::Sink;
use crate::plan::{Context, Source, Target};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::{Error, Result};
use minlen_train::insight::Model;
use minlen_train::insight::score::{self, Areas, Scores, Settings};
use minlen_train::insight::sheet::Look;
use minlen_train::records::Records;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Enters what is read and written into the plan.
pub fn enter(args: &Score, ctx: &Context) -> Result<()> {
    insight::enter(&args.model, &args.inputs, &args.records, ctx)?;
    args.reference.iter().try_for_each(|path| ctx.will_read_source(&Source::new(path)))?;
    args.pictures.iter().try_for_each(|path| ctx.will_write(path, "the records"))
}

/// What was found, to be told in any form.
struct Found<'a> {
    args: &'a Score,
    model: &'a Model,
    records: &'a Records,
    scores: &'a Scores,
    order: Vec<usize>,
    areas: Option<Areas>,
}

/// Scores, and prints the ends of the list or all of it.
pub fn run(args: &Score, ctx: &Context) -> Result<()> {
    let first = args.inputs.first().cloned().unwrap_or_default();
    ctx.report.begin(&first);
    let pictures =
        args.pictures.as_ref().map(|path| Sink::create(&Target::new(path), args.force, ctx, "the records"));
    let pictures = pictures.transpose()?;
    let model = insight::open(&args.model, ctx)?;
    let look = Look::of(&model.shape);
    if pictures.is_some() && look.is_none() {
        return Err(Error::usage("--pictures: these records are no pictures")
            .remedy("`minlen eval autoencoder --report` draws windows"));
    }
    let records = insight::read(&args.inputs, &args.records, args.seed, &model, ctx)?;
    let reference = match args.neighbours {
        Some(count) => Some((count, reference(args, &model, ctx)?)),
        None => None,
    };
    let settings = Settings {
        rate: args.rate,
        member: args.member.as_deref().map(|name| minlen_train::insight::member(&model, name)).transpose()?,
        neighbours: reference.as_ref().map(|(count, records)| (*count, records)),
        threads: ctx.threads(),
    };
    let scores = score::all(&model, &records, &settings, &ctx.reading())?;
    let areas = areas(args, &records, &scores)?;
    let order = scores.order();
    let found = Found { args, model: &model, records: &records, scores: &scores, order, areas };
    if let (Some(out), Some(look)) = (pictures, look) {
        out.write(&found.sheet(&look)?)?;
        out.commit(None)?;
    }
    ctx.report.done(found.json());
    match args.format {
        ScoreFormat::Json => Ok(()),
        ScoreFormat::Csv => ui::print(&found.csv()),
        ScoreFormat::Table => ui::print(&found.text()),
    }
}

fn reference(args: &Score, model: &Model, ctx: &Context) -> Result<Records> {
    // Labels are those of the records that are scored.
    let own = crate::args::RecordArgs { labels: "none".into(), ..args.records.clone() };
    insight::read(&args.reference, &own, args.seed, model, ctx)
}

/// How well each view finds the records whose labels are not among those of usual ones.
fn areas(args: &Score, records: &Records, scores: &Scores) -> Result<Option<Areas>> {
    if args.normal.is_empty() {
        return Ok(None);
    }
    let Some(labels) = &records.labels else {
        return Err(
            Error::usage("--normal: these records have no labels").remedy("name them with --labels FILE")
        );
    };
    let is_odd: Vec<bool> = labels.iter().map(|label| !args.normal.contains(label)).collect();
    match scores.areas(&is_odd) {
        Some(areas) => Ok(Some(areas)),
        None => {
            let which = if is_odd.iter().all(|odd| *odd) { "none" } else { "all" };
            Err(Error::usage(format!("--normal: {which} of the records have one of these labels"))
                .remedy("name some of the labels that there are"))
        }
    }
}

impl Found<'_> {
    /// The numbers of the records at both ends.
    fn ends(&self) -> [Vec<usize>; 2] {
        let count = self.args.top;
        let most = self.order.iter().take(count).copied().collect();
        [most, self.order.iter().rev().take(count).copied().collect()]
    }

    fn flag(&self, number: usize) -> &'static str {
        let percentile = self.scores.each[number].percentile();
        if percentile >= self.args.above {
            "high"
        } else if percentile <= 100.0 - self.args.above {
            "low"
        } else {
            ""
        }
    }

    fn member(&self, number: usize) -> &str {
        let member = self.scores.each[number].member.and_then(|m| self.model.members.get(usize::from(m)));
        member.map_or("none", |member| member.name.as_str())
    }

    fn label(&self, number: usize) -> Option<i64> {
        self.records.labels.as_ref().and_then(|labels| labels.get(number)).copied()
    }

    fn sheet(&self, look: &Look) -> Result<Vec<u8>> {
        let ends = self.ends();
        let all: Vec<&[u8]> = ends.iter().flatten().map(|&number| self.records.record(number)).collect();
        look.sheet(&all, &self.model.scaling, ends[0].len())
    }

    fn one(&self, number: usize) -> Value {
        let score = &self.scores.each[number];
        json!({
            "record": number,
            "name": self.records.name(number),
            "label": self.label(number),
            "member": self.member(number),
            "bits": score.bits,
            "error": score.error.is_finite().then_some(score.error),
            "distance": score.distance,
            "bits_percentile": score.percentiles[0],
            "error_percentile": score.percentiles[1],
            "distance_percentile": score.distance.map(|_| score.percentiles[2]),
            "percentile": score.percentile(),
            "flag": self.flag(number),
        })
    }

    fn json(&self) -> Value {
        let [most, least] = self.ends().map(|end| end.into_iter().map(|n| self.one(n)).collect::<Vec<_>>());
        let count = |flag| (0..self.records.len()).filter(|&n| self.flag(n) == flag).count();
        let auc = self.areas.map(|areas| {
            json!({"bits": areas.bits, "error": areas.error, "distance": areas.distance, "percentile": areas.rank})
        });
        json!({
            "records": self.records.len(),
            "rate": self.scores.rate,
            "against": if self.scores.by_held_out { "held_out" } else { "data" },
            "above": self.args.above,
            "flagged_high": count("high"),
            "flagged_low": count("low"),
            "auc": auc,
            "most": most,
            "least": least,
        })
    }

    fn csv(&self) -> String {
        let mut out = String::from(
            "record,name,label,member,bits,error,distance,bits_percentile,error_percentile,distance_percentile,percentile,flag\n",
        );
        for (number, score) in self.scores.each.iter().enumerate() {
            let name = self.records.name(number).replace('"', "\"\"");
            let label = self.label(number).map(|label| label.to_string()).unwrap_or_default();
            let [bits, error, distance] = score.percentiles;
            let away = score.distance.map(|d| format!("{d:.5}")).unwrap_or_default();
            let distance = score.distance.map(|_| format!("{distance:.2}")).unwrap_or_default();
            let off = if score.error.is_finite() { format!("{:.6e}", score.error) } else { String::new() };
            let _ = writeln!(
                out,
                "{number},\"{name}\",{label},{},{:.2},{off},{away},{bits:.2},{error:.2},{distance},{:.2},{}",
                self.member(number),
                score.bits,
                score.percentile(),
                self.flag(number)
            );
        }
        out
    }

    fn rows(&self, numbers: &[usize]) -> String {
        let right = |name| (name, Side::Right);
        let mut columns = vec![right("percentile"), right("bits"), right("%"), right("error"), right("%")];
        let has_distance = self.args.neighbours.is_some();
        if has_distance {
            columns.extend([right("distance"), right("%")]);
        }
        columns.extend([("flag", Side::Left), ("member", Side::Left)]);
        let has_labels = self.records.labels.is_some();
        if has_labels {
            columns.push(right("label"));
        }
        columns.push(("record", Side::Left));
        let mut table = Table::new(&columns);
        for &number in numbers {
            let score = &self.scores.each[number];
            let [bits, error, distance] = score.percentiles.map(|p| format!("{p:.1}"));
            let mut row = vec![
                format!("{:.1}", score.percentile()),
                format!("{:.1}", score.bits),
                bits,
                if score.error.is_finite() { format!("{:.4}", score.error) } else { "-".into() },
                error,
            ];
            if has_distance {
                row.extend([format!("{:.3}", score.distance.unwrap_or(f64::NAN)), distance]);
            }
            row.extend([self.flag(number).to_string(), self.member(number).to_string()]);
            row.extend(has_labels.then(|| self.label(number).unwrap_or(0).to_string()));
            row.push(human::safe(&self.records.name(number)).into_owned());
            table.row(row);
        }
        table.render()
    }

    fn text(&self) -> String {
        let against = match self.scores.by_held_out {
            true => "records that were held out in training",
            false => "these records themselves, since the codec file does not say what is usual here",
        };
        let mut out = format!(
            "{} records at rate {}; percentiles among {against}\n",
            self.records.len(),
            self.scores.rate
        );
        let [most, least] = self.ends();
        let _ = write!(out, "\nThe most suspicious:\n{}", self.rows(&most));
        let _ = write!(out, "\nThe least, which may be simpler than usual:\n{}", self.rows(&least));
        let count = |flag| (0..self.records.len()).filter(|&n| self.flag(n) == flag).count();
        let _ = writeln!(
            out,
            "\n{} flagged as high (percentile {} and above), {} as low ({} and below)",
            count("high"),
            self.args.above,
            count("low"),
            100.0 - self.args.above
        );
        if let Some(areas) = self.areas {
            let distance = areas.distance.map(|area| format!(", distance {area:.3}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "AUC of what is not normal: bits {:.3}, error {:.3}{distance}, larger percentile {:.3}",
                areas.bits, areas.error, areas.rank
            );
        }
        out
    }
}
