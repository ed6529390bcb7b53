//! `minlen info` of a codec file: what records it is for, its members, and what it came to when it was made.

use crate::plan::{Context, Source};
use crate::ui::{self, human};
use minlen::Result;
use minlen::latent::{Body, Member, Model};
use minlen_train::autoencoder::run::what;
use minlen_train::insight;
use serde_json::{Value, json};

/// The bytes of an input that is a codec file.
pub fn file(input: &Source) -> Result<Option<Vec<u8>>> {
    input.path().filter(|path| path.is_file()).map_or(Ok(None), insight::file)
}

/// A member of the file.
struct Part<'m> {
    member: &'m Member,
    size: usize,
    weights: usize,
    layers: usize,
    rates: u8,
}

/// Shows one.
pub fn run(bytes: &[u8], input: &Source, ctx: &Context) -> Result<()> {
    let model = Model::read(bytes, &ctx.reading())?;
    let parts = (0..model.members.len()).filter_map(|number| part(&model, number, ctx).transpose());
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let report: Option<Value> = serde_json::from_str(&model.report).ok();
    if ctx.ui.json() {
        ctx.report.done(object(bytes, &model, &parts, report));
        return Ok(());
    }
    ui::print(&text(input, bytes, &model, &parts, report.as_ref()))
}

fn part<'m>(model: &'m Model, number: usize, ctx: &Context) -> Result<Option<Part<'m>>> {
    let (Some(member), Some(mut alone)) = (model.members.get(number), model.only(number)) else {
        return Ok(None);
    };
    (alone.licence, alone.provenance) = (String::new(), String::new());
    let size = alone.write(&ctx.reading())?.len();
    let (weights, layers) = match &member.body {
        Body::Linear { linear, .. } => {
            let classes = linear.classes.iter().filter_map(|class| class.basis.as_ref());
            let rows: Vec<usize> =
                [&linear.basis].into_iter().chain(classes).map(|basis| basis.rows.len()).collect();
            (rows.iter().sum(), rows.len())
        }
        Body::Network(latents) => {
            let graphs = [Some(&latents.prior), Some(&latents.decoder), latents.encoder.as_ref()];
            let all = || graphs.iter().flatten();
            (all().map(|graph| graph.weights()).sum(), all().map(|graph| graph.layers()).sum())
        }
    };
    Ok(Some(Part { member, size, weights, layers, rates: member.rates(model) }))
}

/// True if records can be encoded, too.
fn encodes(model: &Model) -> bool {
    model.members.iter().all(|member| match &member.body {
        Body::Network(latents) => latents.encoder.is_some(),
        Body::Linear { .. } => true,
    })
}

fn sides(model: &Model) -> String {
    model.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

fn text(input: &Source, bytes: &[u8], model: &Model, parts: &[Part<'_>], report: Option<&Value>) -> String {
    let line = |name: &str, value: String| format!("  {name:<13}{value}\n");
    let mut out = format!("{}\n", human::safe(&input.to_string()));
    out += &line("kind", "codec file (minlen train autoencoder)".into());
    out += &line("size", format!("{} bytes ({})", bytes.len(), human::bytes(bytes.len() as u64)));
    out += &line("records", format!("{} {}", sides(model), model.scaling.dtype().name()));
    for part in parts {
        let Part { member, size, weights, layers, rates } = part;
        let built = format!("{weights} weights in {layers} layers, {rates} rates, {size} bytes");
        out += &line("member", format!("{}: {}; {built}", human::safe(&member.name), what(member)));
    }
    if let Some(predictor) = &model.predictor {
        let (weights, layers) = (predictor.graph.weights(), predictor.graph.layers());
        out += &line("predictor", format!("of bytes, exactly; {weights} weights in {layers} layers"));
    }
    out += &line("encoder", if encodes(model) { "inside" } else { "left out: it only decodes" }.into());
    let said = |text: &str| if text.is_empty() { "not said".into() } else { human::safe(text).into_owned() };
    out += &line("licence", said(&model.licence));
    out += &line("from", said(&model.provenance));
    out += &line("BLAKE3", human::hex(blake3::hash(bytes).as_bytes()));
    out + &report.map(curve).unwrap_or_default()
}

/// How near records came when the file was made, at some bytes a record.
fn curve(report: &Value) -> String {
    let Some(points) = report["curve"].as_array() else { return String::new() };
    let point = |point: &Value| {
        let at = |i: usize| point[i].as_f64().unwrap_or_default();
        format!("  {:>8.2} bytes a record: {:>6.2} dB overall, worst {:>6.2}\n", at(0), at(1), at(4))
    };
    format!("\n{}", points.iter().map(point).collect::<String>())
}

fn object(bytes: &[u8], model: &Model, parts: &[Part<'_>], report: Option<Value>) -> Value {
    let member = |part: &Part<'_>| {
        json!({
            "name": part.member.name,
            "what": what(part.member),
            "bytes": part.size,
            "weights": part.weights,
            "layers": part.layers,
            "rates": part.rates,
        })
    };
    json!({
        "kind": "model",
        "file_bytes": bytes.len(),
        "encrypted": false,
        "lock": null,
        "level": null,
        "recovery": null,
        "blake3": human::hex(blake3::hash(bytes).as_bytes()),
        "shape": model.shape,
        "type": model.scaling.dtype().name(),
        "rates": model.rates,
        "members": parts.iter().map(member).collect::<Vec<_>>(),
        "predictor": model.predictor.is_some(),
        "encoder": encodes(model),
        "licence": model.licence,
        "provenance": model.provenance,
        "report": report,
    })
}
