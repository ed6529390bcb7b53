//! `minlen eval image`: codecs of pictures beside each other.

use crate::args::EvalImage;
use crate::engine::sink::Sink;
use crate::plan::{Context, Source, Target};
use crate::ui;
use crate::ui::table::{Side, Table};
use minlen::picture::{self, Planes};
use minlen::{Error, Result};
use minlen_bench::picture::{Crop, Ladder, Metric, Row, Rows, compress_ai, ladders, mean_difference, points};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Sides of the parts of pictures that a page shows.
const SHOWN: usize = 360;
/// Bytes of a file's head that tell a picture.
const HEAD: usize = 16;

/// Enters what is read and written into the plan.
pub fn enter(args: &EvalImage, ctx: &Context) -> Result<()> {
    args.inputs.iter().try_for_each(|path| ctx.will_read_source(&Source::new(path)))?;
    args.report.iter().chain(&args.save).try_for_each(|path| ctx.will_write(path, "the pictures"))
}

/// Measures what is not measured yet, and prints the figures.
pub fn run(args: &EvalImage, ctx: &Context) -> Result<()> {
    let first = args.inputs.first().cloned().unwrap_or_default();
    ctx.report.begin(&first);
    let own = std::env::current_exe().map_err(|e| Error::io("cannot find this program", e))?;
    let (codecs, missing) = ladders(&args.codecs, &own)?;
    missing.iter().for_each(|note| ctx.ui.note(note));
    let Some(default) = codecs.iter().find(|codec| codec.name == "avif").or(codecs.first()) else {
        return Err(Error::usage("none of these codecs is installed"));
    };
    let base = args.base.clone().unwrap_or_else(|| default.name.clone());
    let page =
        args.report.as_ref().map(|path| Sink::create(&Target::new(path), args.force, ctx, "the pictures"));
    let page = page.transpose()?;
    let files = pictures(&args.inputs)?;
    let mut work = Work {
        args,
        ctx,
        rows: args.save.as_deref().map_or(Ok(Rows::default()), Rows::read)?,
        crops: Vec::new(),
    };
    ctx.ui.meter.start("pictures", (files.len() * codecs.len() * args.points) as u64);
    let done = files.iter().enumerate().try_for_each(|(number, file)| work.measure(number, file, &codecs));
    ctx.ui.meter.stop();
    done?;
    let Work { rows, crops, .. } = work;
    let rows = asked(rows, &codecs, args.points, &files);
    if let Some(sink) = page {
        sink.write(minlen_bench::picture::page(&rows, &base, &crops).as_bytes())?;
        sink.commit(None)?;
    }
    if let Some(folder) = &args.results {
        write_results(folder, &rows)?;
    }
    ctx.report.done(document(&rows, &base));
    if ctx.ui.json() { Ok(()) } else { ui::print(&text(&rows, &base)) }
}

/// The files with pictures among some paths and below folders, by name.
fn pictures(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let failed = |e| Error::io("cannot read", e).in_file(input);
            let mut names = Vec::new();
            for entry in fs::read_dir(input).map_err(failed)? {
                names.push(entry.map_err(failed)?.path());
            }
            names.sort();
            for name in names.into_iter().filter(|name| name.is_file()) {
                if picture::is_picture(&head(&name)?) {
                    found.push(name);
                }
            }
        } else {
            found.push(input.clone());
        }
    }
    match found.is_empty() {
        true => Err(Error::usage("there is no picture").in_file(inputs.first().cloned().unwrap_or_default())),
        false => Ok(found),
    }
}

fn head(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let mut head = Vec::new();
    fs::File::open(path).map_err(failed)?.take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    Ok(head)
}

/// What was measured so far.
struct Work<'a> {
    args: &'a EvalImage,
    ctx: &'a Context,
    rows: Rows,
    crops: Vec<Crop>,
}

impl Work<'_> {
    /// Measures a picture with every codec at every quality.
    fn measure(&mut self, number: usize, file: &Path, codecs: &[Ladder]) -> Result<()> {
        let env = self.ctx.reading();
        let bytes = fs::read(file).map_err(|e| Error::io("cannot read", e).in_file(file))?;
        let original = picture::picture(&bytes, &env).map_err(|e| e.in_file(file))?;
        // All codecs get the same: colours of 8 bits, nothing beside them.
        let colours = original.colours.to_rgb8();
        let bare = picture::Picture { colours, alpha: None, chunks: Vec::new() };
        let (png, pnm) = (picture::to_png(&bare, &env)?, picture::pnm(&bare.colours));
        let name = name_of(file);
        for codec in codecs {
            let qualities = codec.qualities(self.args.points);
            for (i, quality) in qualities.iter().enumerate() {
                self.ctx.check()?;
                let shows =
                    self.args.report.is_some() && number < self.args.shown && i == qualities.len() / 2;
                if shows || self.rows.find(&codec.name, quality, &name).is_none() {
                    let input = if codec.takes_pnm() { &pnm } else { &png };
                    let (row, near) = one(codec, quality, &name, input, &bare.colours, self.ctx)?;
                    if shows {
                        self.crops.push(crop(&row, &bare.colours, &near, self.ctx)?);
                    }
                    self.keep(row)?;
                }
                self.ctx.ui.meter.event(minlen::Event::Advance { input: 1, output: 0 });
            }
        }
        Ok(())
    }

    /// Takes a row in, and writes all of them where they are kept.
    fn keep(&mut self, row: Row) -> Result<()> {
        self.rows
            .0
            .retain(|old| (&old.codec, &old.quality, &old.image) != (&row.codec, &row.quality, &row.image));
        self.rows.0.push(row);
        self.args.save.as_deref().map_or(Ok(()), |path| self.rows.write(path))
    }
}

use minlen::Progress as _;

fn name_of(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Codes and decodes one picture, and measures what came back.
fn one(
    codec: &Ladder,
    quality: &str,
    image: &str,
    input: &[u8],
    colours: &Planes,
    ctx: &Context,
) -> Result<(Row, Planes)> {
    let coded = codec
        .code(input, quality)
        .map_err(|e| e.remedy(format!("{} of {image} at {quality}", codec.name)))?;
    let near = picture::picture(&coded.back.bytes, &ctx.reading())?.colours.to_rgb8();
    if near.shape() != colours.shape() {
        return Err(Error::new(
            minlen::ErrorKind::Verify,
            format!("{} gave a picture of another size", codec.name),
        ));
    }
    let mib = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
    let bytes = coded.there.bytes.len() as u64;
    let row = Row {
        codec: codec.name.clone(),
        quality: quality.to_owned(),
        image: image.to_owned(),
        bytes,
        bpp: bytes as f64 * 8.0 / (colours.width() * colours.height()) as f64,
        psnr: colours.psnr(&near).min(100.0),
        ms_ssim: picture::ms_ssim(colours, &near),
        ssimulacra2: picture::ssimulacra2(colours, &near, ctx.threads())?,
        encode_s: coded.there.elapsed.as_secs_f64(),
        decode_s: coded.back.elapsed.as_secs_f64(),
        encode_mib: mib(coded.there.peak),
        decode_mib: mib(coded.back.peak),
    };
    Ok((row, near))
}

/// The middle of a picture before and after.
fn crop(row: &Row, before: &Planes, after: &Planes, ctx: &Context) -> Result<Crop> {
    let (width, height) = (before.width().min(SHOWN), before.height().min(SHOWN));
    let at = ((before.width() - width) / 2, (before.height() - height) / 2);
    let part = |planes: &Planes| {
        let colours = planes.part(at, (width, height))?;
        picture::to_png(&picture::Picture { colours, alpha: None, chunks: Vec::new() }, &ctx.reading())
    };
    let below = format!(
        "{}: {} at {}, {:.3} bits a pixel, {:.2} dB, SSIMULACRA 2 {:.1}",
        row.image, row.codec, row.quality, row.bpp, row.psnr, row.ssimulacra2
    );
    Ok(Crop { below, before: part(before)?, after: part(after)?, width: width as u32 })
}

/// The rows that were asked for, of all that are kept.
fn asked(rows: Rows, codecs: &[Ladder], count: usize, files: &[PathBuf]) -> Rows {
    let mut out = Rows::default();
    let names: Vec<String> = files.iter().map(|file| name_of(file)).collect();
    for codec in codecs {
        for quality in codec.qualities(count) {
            out.0.extend(names.iter().filter_map(|name| rows.find(&codec.name, quality, name).cloned()));
        }
    }
    out
}

fn write_results(folder: &Path, rows: &Rows) -> Result<()> {
    let failed = |e| Error::io("cannot write", e).in_file(folder);
    fs::create_dir_all(folder).map_err(failed)?;
    let about = format!("{} pictures, bits of whole files", rows.images().len());
    for codec in rows.codecs() {
        let plain: String = codec.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let text = serde_json::to_string_pretty(&compress_ai(rows, codec, &about)).unwrap_or_default() + "\n";
        fs::write(folder.join(format!("{plain}.json")), text).map_err(failed)?;
    }
    Ok(())
}

fn document(rows: &Rows, base: &str) -> Value {
    let codec = |name: &&str| {
        let differences = Metric::ALL.map(|metric| mean_difference(rows, base, name, metric));
        json!({
            "codec": name,
            "bd_rate_psnr": differences[0],
            "bd_rate_ms_ssim": differences[1],
            "bd_rate_ssimulacra2": differences[2],
            "curve": compress_ai(rows, name, "")["results"],
        })
    };
    json!({
        "pictures": rows.images().len(),
        "base": base,
        "codecs": rows.codecs().iter().map(codec).collect::<Vec<_>>(),
    })
}

fn text(rows: &Rows, base: &str) -> String {
    let mut table = Table::new(&[
        ("codec", Side::Left),
        ("quality", Side::Right),
        ("bpp", Side::Right),
        ("PSNR", Side::Right),
        ("MS-SSIM", Side::Right),
        ("SSIMULACRA 2", Side::Right),
        ("encode s", Side::Right),
        ("decode s", Side::Right),
        ("MiB there", Side::Right),
        ("MiB back", Side::Right),
    ]);
    points(rows).into_iter().for_each(|row| table.row(row));
    let mut out = format!(
        "{}\nBits for the same quality, against {base} (PSNR, MS-SSIM, SSIMULACRA 2):\n",
        table.render()
    );
    for codec in rows.codecs() {
        let cells = Metric::ALL.map(|metric| match mean_difference(rows, base, codec, metric) {
            Some(percent) => format!("{percent:+.1} %"),
            None => "-".into(),
        });
        out += &format!("  {codec}: {}\n", cells.join(", "));
    }
    out
}
