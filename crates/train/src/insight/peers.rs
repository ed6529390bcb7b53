//! What others make of single records: picture codecs for pictures, FLAC for windows. Installed programs are run on temporary files; those that
//! are not there, or refuse what they are asked for, are named.

use super::eval::{Errors, errors, peak};
use super::sheet::{Look, png};
use crate::records::Records;
use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::Model;
use std::path::Path;
use std::process::{Command, Stdio};

/// Records that each of them gets, at most.
const SAMPLED: usize = 64;

/// What one of them gives at one quality.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peer {
    /// Name and quality.
    pub name: String,
    /// Bytes of a file, with all that it needs to be one.
    pub per_record: f64,
    /// How far off the records are; none where they are exact.
    pub errors: Option<Errors>,
    /// Records that were looked at.
    pub records: usize,
}

/// A program: how it codes `IN` to `OUT` at a quality, and how another one gives a picture back.
struct Program {
    name: &'static str,
    encode: &'static str,
    decode: &'static str,
    /// The ends of the files that go in, lie between, and come out.
    ends: [&'static str; 3],
    qualities: &'static [&'static str],
}

const PICTURES: [Program; 3] = [
    Program {
        name: "jpeg",
        encode: "cjpeg -quality Q -baseline -optimize -outfile OUT IN",
        decode: "djpeg -pnm -outfile OUT IN",
        ends: ["pnm", "jpg", "pnm"],
        qualities: &["1", "10", "30", "60", "90"],
    },
    Program {
        name: "webp",
        encode: "cwebp -quiet -m 6 -q Q IN -o OUT",
        decode: "dwebp -quiet -ppm IN -o OUT",
        ends: ["png", "webp", "pnm"],
        qualities: &["0", "10", "30", "60", "90"],
    },
    Program {
        name: "avif",
        encode: "avifenc -s 4 -q Q IN OUT",
        decode: "avifdec IN OUT",
        ends: ["png", "avif", "png"],
        qualities: &["5", "20", "40", "60", "80"],
    },
];

const SOUND: [Program; 1] = [Program {
    name: "flac",
    encode: "flac --silent --best --force -o OUT IN",
    decode: "",
    ends: ["wav", "flac", ""],
    qualities: &[""],
}];

/// What others make of the first records, each in a file of its own, and the names of programs that are not there.
///
/// # Errors
/// Cancelled; io where no temporary file can be made.
pub fn measure(model: &Model, records: &Records, env: &Env) -> Result<(Vec<Peer>, Vec<&'static str>)> {
    let count = records.len().min(SAMPLED);
    let numbers: Vec<u32> = (0..count as u32).collect();
    let some = records.select(&numbers);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let look = Look::of(&some.shape).filter(|_| some.dtype == Dtype::U8);
    let is_sound = some.dtype == Dtype::I16 && look.is_none();
    if let Some(look) = look {
        found.push(png_each(model, &look, &some)?);
    }
    let programs: &[Program] = match (look.is_some(), is_sound) {
        (true, _) => &PICTURES,
        (_, true) => &SOUND,
        _ => &[],
    };
    let folder = tempfile::tempdir().map_err(|e| Error::io("cannot make a temporary folder", e))?;
    for program in programs {
        let first = program.encode.split(' ').next().unwrap_or_default();
        if !is_there(first) {
            missing.push(first);
            continue;
        }
        for quality in program.qualities {
            env.check()?;
            // A program of another version that refuses its options is left out, as one that is not there.
            match one(program, quality, model, look.as_ref(), &some, folder.path()) {
                Ok(peer) => found.push(peer),
                Err(_) => {
                    missing.push(first);
                    break;
                }
            }
        }
    }
    Ok((found, missing))
}

fn png_each(model: &Model, look: &Look, records: &Records) -> Result<Peer> {
    let mut sum = 0;
    for number in 0..records.len() {
        sum += picture(model, look, records.record(number), true)?.len();
    }
    let per_record = sum as f64 / records.len().max(1) as f64;
    Ok(Peer { name: "png".into(), per_record, errors: None, records: records.len() })
}

/// A record as a PNG or PNM file.
fn picture(model: &Model, look: &Look, record: &[u8], is_png: bool) -> Result<Vec<u8>> {
    let mut numbers = Vec::new();
    model.scaling.numbers(record, &mut numbers);
    let pixels = look.pixels(&numbers, (0.0, 255.0));
    let [rows, columns] = look.size();
    let channels = pixels.len() / (rows * columns).max(1);
    if is_png {
        return png(&pixels, columns, rows, channels);
    }
    let kind = if channels == 3 { "P6" } else { "P5" };
    let mut out = format!("{kind}\n{columns} {rows}\n255\n").into_bytes();
    out.extend(pixels);
    Ok(out)
}

/// A window as a WAV file of one channel.
fn wave(record: &[u8]) -> Vec<u8> {
    let len = record.len() as u32;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + len).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend([1, 0, 1, 0]);
    out.extend(16_000u32.to_le_bytes());
    out.extend(32_000u32.to_le_bytes());
    out.extend([2, 0, 16, 0]);
    out.extend(b"data");
    out.extend(len.to_le_bytes());
    out.extend(record);
    out
}

fn is_there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

fn run(words: &str, quality: &str, from: &Path, to: &Path) -> Result<()> {
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    for word in words {
        match word {
            "IN" => command.arg(from),
            "OUT" => command.arg(to),
            "Q" => command.arg(quality),
            word => command.arg(word),
        };
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status.map_err(|e| Error::io("cannot run a program", e))?.success() {
        true => Ok(()),
        false => Err(Error::usage("a program ended with an error")),
    }
}

fn one(
    program: &Program,
    quality: &str,
    model: &Model,
    look: Option<&Look>,
    records: &Records,
    folder: &Path,
) -> Result<Peer> {
    let [from, packed, back] = program.ends.map(|end| folder.join(format!("record.{end}")));
    let back = back.with_file_name(format!("back.{}", program.ends[2]));
    let failed = |e| Error::io("cannot use a temporary file", e);
    let decoder = program.decode.split(' ').next().unwrap_or_default();
    let returns = !decoder.is_empty() && is_there(decoder);
    let (mut sum, mut made) = (0, Vec::new());
    for number in 0..records.len() {
        let record = records.record(number);
        let input = match look {
            Some(look) => picture(model, look, record, program.ends[0] == "png")?,
            None => wave(record),
        };
        std::fs::write(&from, input).map_err(failed)?;
        run(program.encode, quality, &from, &packed)?;
        sum += std::fs::metadata(&packed).map_err(failed)?.len();
        if returns {
            run(program.decode, "", &packed, &back)?;
            made.extend(pixels_of(&back, records, look)?);
        }
    }
    let per_record = sum as f64 / records.len().max(1) as f64;
    let errors = returns.then(|| errors(model, &records.bytes, &made, peak(model, &records.bytes)));
    let name = if quality.is_empty() { program.name.into() } else { format!("{} {quality}", program.name) };
    Ok(Peer { name, per_record, errors, records: records.len() })
}

/// The bytes of the record in a picture that came back.
fn pixels_of(path: &Path, records: &Records, look: Option<&Look>) -> Result<Vec<u8>> {
    let read = crate::records::Source::new([path]).read(&Env::default())?;
    let channels = records.numbers() / look.map_or(1, |look| look.size().iter().product::<usize>()).max(1);
    let found = read.record(0);
    let own = read.numbers() * channels / records.numbers().max(1);
    // Grey pictures may come back with three equal channels.
    let step = if own > channels { own / channels.max(1) } else { 1 };
    Ok(found.iter().copied().step_by(step).collect())
}
