//! Files into records: what each holds, and all of them joined.

use super::gather::{self, Input};
use super::join::Joined;
use super::numbers::{self, Numbers};
use super::{Labels, Records, Source, arrays, idx, labels, pictures, sound, table};
use flate2::read::MultiGzDecoder;
use minlen_core::{Dtype, Env, Error, Reservation, Result};
use minlen_latent::NUMBERS_MAX;
use std::io::Read;
use std::path::Path;

/// Bytes that are asked for at a time.
const PIECE: u64 = 4 << 20;

/// What one file holds.
pub(super) struct Part {
    /// The shape of a record.
    pub(super) shape: Vec<u64>,
    pub(super) numbers: Numbers,
    pub(super) labels: Option<Vec<i64>>,
    /// Where labels were found that nobody named.
    pub(super) labels_from: Option<String>,
    /// Numbers that are no whole record.
    pub(super) left: usize,
}

impl Part {
    fn new(shape: Vec<u64>, numbers: Numbers) -> Self {
        Self { shape, numbers, labels: None, labels_from: None, left: 0 }
    }
}

/// The bytes of a file, unpacked where they are gzip; charged before they are in memory.
pub(super) fn load(path: &Path, env: &Env) -> Result<(Vec<u8>, Vec<Reservation>)> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut magic = Vec::new();
    (&mut file).take(2).read_to_end(&mut magic).map_err(failed)?;
    let whole = std::io::Cursor::new(magic.clone()).chain(file);
    let mut held = Vec::new();
    let bytes = if magic == [0x1f, 0x8b] {
        let bad = |_| {
            Error::corrupt("a gzip file is damaged, or cut off").in_file(path).remedy("get the file again")
        };
        pull(&mut MultiGzDecoder::new(whole), env, &mut held, bad)
    } else {
        pull(&mut { whole }, env, &mut held, failed)
    };
    bytes.map(|bytes| (bytes, held)).map_err(|e| if e.file().is_some() { e } else { e.in_file(path) })
}

fn pull(
    reader: &mut dyn Read,
    env: &Env,
    held: &mut Vec<Reservation>,
    failed: impl Fn(std::io::Error) -> Error,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        env.check()?;
        held.push(env.budget.reserve(PIECE)?);
        let read = reader.take(PIECE).read_to_end(&mut bytes).map_err(&failed)?;
        if (read as u64) < PIECE {
            return Ok(bytes);
        }
    }
}

/// The records of all inputs.
pub(super) fn all(source: &Source, env: &Env) -> Result<Records> {
    let files = gather::files(&source.inputs, env)?;
    let mut joined = Joined::default();
    let mut passed: Vec<&Input> = Vec::new();
    for input in &files {
        env.check()?;
        let (bytes, _held) = load(&input.path, env)?;
        let part =
            one(source, input, bytes, env).and_then(|part| part.map(|part| shaped(source, part)).transpose());
        match part.map_err(|e| if e.file().is_some() { e } else { e.in_file(&input.path) })? {
            Some(part) => joined.take(&input.path, part, env)?,
            None => passed.push(input),
        }
    }
    let note_of_labels = joined.note_of_labels();
    let mut records = joined.finish(source, env)?;
    if let [first, ..] = passed[..] {
        let (count, path) = (passed.len(), first.path.display());
        let what = if count == 1 { "1 file holds".to_owned() } else { format!("{count} files hold") };
        records.notes.push(format!("{what} no records and is left out (the first: {path})"));
    }
    if let Labels::File(path) = &source.labels {
        let found = labels::read(path, env)?;
        if found.len() != records.len() {
            let (labels, records) = (found.len(), records.len());
            return Err(Error::usage(format!("{labels} labels for {records} records"))
                .in_file(path)
                .remedy("give the labels of these very records"));
        }
        records.labels = Some(found);
    }
    records.notes.extend(note_of_labels);
    Ok(match source.most {
        Some(most) => records.sample(most.max(1), source.seed),
        None => records,
    })
}

/// What a file holds; nothing where it was found in a folder and holds no records.
fn one(source: &Source, input: &Input, bytes: Vec<u8>, env: &Env) -> Result<Option<Part>> {
    let path = &input.path;
    if let Some(raw) = &source.raw {
        let shape = source.shape.as_ref().or(source.like.as_ref().map(|(shape, _)| shape));
        let shape = shape.ok_or_else(|| {
            Error::usage("numbers without a header have no shape")
                .remedy("say the shape of a record, as --shape 28x28")
        })?;
        let from = usize::try_from(raw.skip).unwrap_or(usize::MAX).min(bytes.len());
        let numbers = numbers::of(raw.dtype, bytes[from..].to_vec())?;
        return Ok(Some(Part::new(shape.iter().map(|&side| u64::from(side)).collect(), numbers)));
    }
    if let Some((dtype, rank)) = idx::head(&bytes) {
        let idx = idx::parse(&bytes, dtype, rank)?;
        let Some(mut part) = of_array(source, input, idx.sizes, idx.numbers)? else { return Ok(None) };
        if source.labels == Labels::Auto
            && let Some((labels, from)) = beside(path, &part, env)?
        {
            (part.labels, part.labels_from) = (Some(labels), Some(from));
        }
        return Ok(Some(part));
    }
    if let Some((numbers, left)) = sound::find(&bytes, window_of(source))? {
        let window = window_of(source).unwrap_or(1) as u64;
        return Ok(Some(Part { left, ..Part::new(vec![window], numbers) }));
    }
    if let Some(picture) = pictures::find(&bytes, env)? {
        return Ok(Some(Part::new(picture.shape, picture.numbers)));
    }
    if let Some(array) = arrays::find(&bytes, source.array.as_deref(), env)? {
        return of_array(source, input, array.sizes, array.numbers);
    }
    let ends = ["csv", "tsv", "txt", "dat"];
    let bare = path.with_extension("");
    let is_packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    let end = if is_packed { bare.extension() } else { path.extension() };
    let is_table = end.is_some_and(|end| ends.iter().any(|table| end.eq_ignore_ascii_case(table)));
    if table::is_text(&bytes) && (is_table || !input.found) {
        return of_table(source, input, &bytes, env);
    }
    if input.found {
        return Ok(None);
    }
    Err(Error::usage("cannot tell what records are in this file").remedy(
        "give IDX, npy, npz, PNG, PNM, CSV or WAV, or say how raw numbers lie, as --shape 28x28 --type u8",
    ))
}

/// Numbers of a window: as asked for, or as the codec file has them.
fn window_of(source: &Source) -> Option<usize> {
    let like = || match source.like.as_ref().map(|(shape, _)| &shape[..]) {
        Some([window]) => Some(*window as usize),
        _ => None,
    };
    source.window.or_else(like).map(|window| window.max(1))
}

/// An array, whose first dimension counts records.
fn of_array(source: &Source, input: &Input, mut sizes: Vec<u64>, numbers: Numbers) -> Result<Option<Part>> {
    if sizes.len() > 1 {
        sizes.remove(0);
        return Ok(Some(Part::new(sizes, numbers)));
    }
    let is_whole = numbers.loose || !numbers.dtype.is_float();
    series(source, input, numbers, is_whole)
}

/// Numbers in one dimension: a series to be cut into windows. In a folder they are labels that lie beside their records.
fn series(source: &Source, input: &Input, numbers: Numbers, may_be_labels: bool) -> Result<Option<Part>> {
    if let Some(window) = source.window {
        let (numbers, left) = sound::windows(numbers, window.max(1));
        return Ok(Some(Part { left, ..Part::new(vec![window.max(1) as u64], numbers) }));
    }
    if input.found {
        return Ok(None);
    }
    if may_be_labels {
        return Err(Error::usage("these look like labels: one whole number for each record")
            .remedy("give the records themselves here, and labels with --labels"));
    }
    Err(Error::usage("an array of one dimension is one series, and no records")
        .remedy("say how many numbers a record has, as --window 256"))
}

fn of_table(source: &Source, input: &Input, bytes: &[u8], env: &Env) -> Result<Option<Part>> {
    let table = table::parse(bytes, source, env)?;
    if table.columns == 1 {
        return series(source, input, table.numbers, table.whole);
    }
    let part = Part::new(vec![table.columns as u64], table.numbers);
    let labels_from = table.label.map(|column| format!("{column} of {}", input.path.display()));
    Ok(Some(Part { labels: table.labels, labels_from, ..part }))
}

/// The labels that lie beside pictures, and in which file.
fn beside(path: &Path, part: &Part, env: &Env) -> Result<Option<(Vec<i64>, String)>> {
    let Some(other) = labels::beside(path) else { return Ok(None) };
    let found = labels::read(&other, env)?;
    let size: u64 = part.shape.iter().product::<u64>() * part.numbers.dtype.unit() as u64;
    let count = part.numbers.bytes.len() as u64 / size.max(1);
    if found.len() as u64 != count {
        return Err(Error::corrupt(format!("{} labels for {count} records", found.len()))
            .in_file(&other)
            .remedy("say --labels none, or name the right file"));
    }
    Ok(Some((found, other.display().to_string())))
}

/// With the shape that was asked for, where it has as many numbers.
fn shaped(source: &Source, mut part: Part) -> Result<Part> {
    let count = |shape: &[u64]| shape.iter().try_fold(1u64, |all, &side| all.checked_mul(side));
    let numbers = count(&part.shape).filter(|numbers| (1..=NUMBERS_MAX).contains(numbers));
    let Some(numbers) = numbers else {
        let sides: Vec<String> = part.shape.iter().map(ToString::to_string).collect();
        return Err(Error::usage(format!(
            "a record of {} numbers is none that a codec file can hold: there are 1 to {NUMBERS_MAX}",
            sides.join("x")
        ))
        .remedy("cut records into smaller ones"));
    };
    let wide = |shape: &[u32]| -> Vec<u64> { shape.iter().map(|&side| u64::from(side)).collect() };
    if let Some(shape) = &source.shape {
        if count(&wide(shape)) != Some(numbers) {
            return Err(Error::usage(format!(
                "a record has {numbers} numbers, and not as many as --shape says"
            )));
        }
        part.shape = wide(shape);
    } else if let Some((shape, _)) =
        source.like.as_ref().filter(|(shape, _)| count(&wide(shape)) == Some(numbers))
    {
        part.shape = wide(shape);
    }
    if part.shape.len() > 4 {
        return Err(Error::usage(format!(
            "a record of {} dimensions: there are 4 at most",
            part.shape.len()
        ))
        .remedy("say another shape with as many numbers, as --shape 28x28"));
    }
    Ok(part)
}

/// The type of that name among those that records may have, or are turned into one.
///
/// # Errors
/// Usage for other names.
pub fn dtype(name: &str) -> Result<Dtype> {
    const TYPES: [Dtype; 12] = [
        Dtype::U8,
        Dtype::I8,
        Dtype::U16,
        Dtype::I16,
        Dtype::F32,
        Dtype::F64,
        Dtype::F16,
        Dtype::Bf16,
        Dtype::I32,
        Dtype::U32,
        Dtype::I64,
        Dtype::U64,
    ];
    TYPES.into_iter().find(|dtype| dtype.name() == name).ok_or_else(|| {
        let names: Vec<&str> = TYPES.iter().map(|dtype| dtype.name()).collect();
        Error::usage(format!("there is no type {name:?}")).remedy(format!("there are {}", names.join(", ")))
    })
}
