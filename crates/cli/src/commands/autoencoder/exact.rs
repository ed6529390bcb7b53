//! `minlen train autoencoder --exact`: a predictor, and what it saves.

use super::{Keeping, Made, request};
use crate::args::TrainAutoencoder;
use crate::commands::insight::say;
use crate::plan::Context;
use crate::ui::human;
use minlen::layout::Dtype;
use minlen::{Options, Result, compress, latent};
use minlen_train::autoencoder::exact;
use minlen_train::autoencoder::run::HELD_OUT;
use minlen_train::records::Records;
use serde_json::json;

/// Records that are compressed with and without it, at most, and the level.
const COMPARED: usize = 500;
const LEVEL: u8 = 8;

/// Learns a predictor, adds it to a codec file or makes one of it alone, and says what it saves on records that it was not learned from.
pub(super) fn train(
    args: &TrainAutoencoder,
    ctx: &Context,
    (records, test): (&Records, Option<&Records>),
    file: Option<&[u8]>,
    keeping: &mut Keeping<'_>,
) -> Result<Made> {
    let env = ctx.reading();
    let mut request = request(args, ctx, records);
    if file.is_none() {
        request.time = args.time_budget;
    }
    let split = records.split(HELD_OUT, args.seed);
    let (learning, held_out) = (records.select(&split.train), records.select(&split.held_out));
    let learned = keeping.run(|keeping, before| {
        exact::predictor(&learning, records, &request, before, &env, &mut |event| keeping.told(event))
    })?;
    let mut model = match file {
        Some(file) => latent::Model::read(file, &env)?,
        None => exact::file_of(&learned, records, &request)?,
    };
    model.predictor = Some(learned.predictor.clone());
    let bytes = model.write(&env)?;
    let compared = test.unwrap_or(&held_out).clone().sample(COMPARED, args.seed);
    let [without, with] = sizes(&compared, &bytes)?;
    let per_value = |size: usize| size as f64 * 8.0 / compared.bytes.len().max(1) as f64;
    let count = compared.len();
    let saved = (without.saturating_sub(with)) as f64 / count.max(1) as f64;
    let figures = json!({"predictor": {
        "alone_bits": learned.bits[1],
        "compared_records": count,
        "without_bytes": without,
        "with_bytes": with,
        "file_bytes": bytes.len(),
    }});
    if saved <= 0.0 {
        say("the predictor saves nothing on these records: leave out --exact", ctx);
    }
    let pays = match saved > 0.0 {
        true => format!("{:.0} records pay for the file", (bytes.len() as f64 / saved).ceil()),
        false => "it does not pay".into(),
    };
    let words = format!(
        "  predictor    {}; alone {:.4} bits a value\n\n{count} records at -{LEVEL}: {without} bytes without it ({:.4} bits a value), \
         {with} with it ({:.4}); {pays}\n",
        human::bytes(bytes.len() as u64),
        learned.bits[1],
        per_value(without),
        per_value(with),
    );
    Ok(Made { file: bytes, figures, words })
}

/// Bytes of records at the level of comparison, without the codec file and with it.
fn sizes(records: &Records, file: &[u8]) -> Result<[usize; 2]> {
    let shape: Vec<u64> = std::iter::once(records.len() as u64)
        .chain(records.shape.iter().map(|&side| u64::from(side)))
        .collect();
    let plain = Options::new(LEVEL)?.with_shape(Dtype::U8, &shape);
    let with = plain.clone().with_model(latent::open(file)?)?;
    Ok([compress(&records.bytes, &plain)?.len(), compress(&records.bytes, &with)?.len()])
}
