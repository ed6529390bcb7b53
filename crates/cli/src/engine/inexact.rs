//! Streams of a nearby content: nothing of one is given out before it was decoded and compared with its input.

use super::sink::{BUFFER, pump, write_failed};
use super::source::Opened;
use crate::plan::Context;
use crate::ui::human;
use minlen::layout::FileSource;
use minlen::nearby::{self, Distance, figure};
use minlen::{Decoder, Error, NoProgress, Options, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::Path;
use std::sync::Arc;

/// Has `encode` write a stream into a file without a name, decodes that, compares it with the input with the target of
/// `options`, and only then copies it to `out`. What cannot be read twice is kept in another such file first. The files are in
/// `folder`, or where temporary files go. Gives what `encode` gave.
///
/// # Errors
/// Verify where the stream does not decode to what the target allows; whatever reading, encoding and writing give.
pub fn stream(
    input: &mut Opened,
    out: &mut dyn Write,
    folder: Option<&Path>,
    options: &Options,
    ctx: &Context,
    encode: impl FnOnce(&mut Opened, &mut dyn Write) -> Result<u64>,
) -> Result<u64> {
    let mut kept;
    let input = if input.seekable() {
        input
    } else {
        let mut file = unnamed(folder)?;
        pump(input, &mut file)?;
        file.rewind()?;
        kept = input.as_file(file)?;
        &mut kept
    };
    let mut coded = unnamed(folder)?;
    let mut writer = BufWriter::with_capacity(BUFFER, &coded);
    let raw = encode(input, &mut writer)?;
    writer.flush().map_err(write_failed)?;
    drop(writer);
    coded.rewind()?;
    let decoded = unnamed(folder)?;
    let env = ctx.writing().with_progress(Arc::new(NoProgress));
    let mut decoder = Decoder::new(BufReader::new(&coded), &ctx.read_options(), &env)?;
    pump(&mut decoder, &mut &decoded)?;
    drop(decoder);
    let (original, decoded) = (FileSource::new(&input.file)?, FileSource::new(&decoded)?);
    let distance = nearby::verify(&original, &decoded, options, &env)?;
    ctx.ui.detail(&summary(&distance));
    coded.rewind()?;
    pump(&mut coded, out)?;
    Ok(raw)
}

/// What was found when original and copy were compared.
fn summary(distance: &Distance) -> String {
    let Distance { arrays, values, changed, worst, allowed, name } = distance;
    let place = if name.is_empty() { String::new() } else { format!(" (in {})", human::safe(name)) };
    match changed {
        0 => "decoded and compared: all is equal".into(),
        _ => format!(
            "decoded and compared: {changed} of {values} numbers in {arrays} arrays differ, by {} at most{place}, \
             {} allowed there; all else is equal",
            figure(*worst),
            figure(*allowed)
        ),
    }
}

/// A file without a name, in the folder of the output where there is room for one.
fn unnamed(folder: Option<&Path>) -> Result<File> {
    let made = match folder {
        Some(folder) if folder.as_os_str().is_empty() => tempfile::tempfile_in("."),
        Some(folder) => tempfile::tempfile_in(folder),
        None => tempfile::tempfile(),
    };
    made.map_err(|e| Error::io("cannot make a temporary file", e))
}
