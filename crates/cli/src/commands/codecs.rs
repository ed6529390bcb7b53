//! `minlen codecs`: what there is, what each is for, and what it can be told.

use crate::args::Codecs;
use crate::plan::Context;
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::{CodecSpec, ParamKind, ParamSpec, Result};
use serde_json::{Value, json};

/// Lists the codecs.
pub fn run(args: &Codecs, ctx: &Context) -> Result<()> {
    let registry = minlen::registry();
    let chosen: Vec<&CodecSpec> = if args.names.is_empty() {
        registry.iter().map(minlen::Codec::spec).collect()
    } else {
        args.names
            .iter()
            .map(|name| registry.by_name(name).map(minlen::Codec::spec))
            .collect::<Result<_>>()?
    };
    if ctx.ui.json() {
        ctx.report.is_written();
        let objects: Vec<Value> = chosen.iter().map(|spec| object(spec)).collect();
        return ui::print_json(&ui::report::document("codecs", json!({"codecs": objects})));
    }
    if args.names.is_empty() && !ctx.ui.verbose() {
        return ui::print(&short(&chosen));
    }
    ui::print(&chosen.iter().map(|spec| long(spec)).collect::<Vec<_>>().join("\n"))
}

fn short(specs: &[&CodecSpec]) -> String {
    let mut table = Table::new(&[("codec", Side::Left), ("for", Side::Left)]);
    for spec in specs {
        table.row(vec![spec.name.into(), spec.summary.into()]);
    }
    format!(
        "{}\n`minlen codecs NAME` shows what it can be told; chains are written NAME+NAME.\n",
        table.render()
    )
}

fn long(spec: &CodecSpec) -> String {
    let mut text = format!(
        "{} (id {})\n  {}\n  Limits: {}\n  Largest input: {}\n  Source: {}\n",
        spec.name,
        spec.id.0,
        spec.summary,
        spec.limits,
        human::bytes(spec.max_input),
        spec.source
    );
    for param in spec.params {
        let default = param.show(param.default);
        text.push_str(&format!("  {}={} (default {default}): {}\n", param.key, param.allowed(), param.doc));
    }
    text
}

fn object(spec: &CodecSpec) -> Value {
    json!({
        "id": spec.id.0,
        "name": spec.name,
        "summary": spec.summary,
        "limits": spec.limits,
        "source": spec.source,
        "max_input": spec.max_input,
        "params": spec.params.iter().map(param).collect::<Vec<_>>(),
    })
}

fn param(spec: &ParamSpec) -> Value {
    let mut object = json!({"key": spec.key, "doc": spec.doc, "default": spec.show(spec.default)});
    match spec.kind {
        ParamKind::Int { min, max } => {
            object["min"] = json!(min);
            object["max"] = json!(max);
        }
        ParamKind::Choice(names) => object["choices"] = json!(names),
    }
    object
}
