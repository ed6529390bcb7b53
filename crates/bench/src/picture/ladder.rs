//! Codecs of pictures as programs, and the qualities at which they are measured.

use crate::rival::program::run::{Call, on_path, run};
use crate::rival::{Outcome, spec::Spec};
use minlen_core::{Error, Result};
use std::path::{Path, PathBuf};

/// A setting that an option has, and the arguments that it becomes.
type Setting = (&'static str, &'static [&'static str]);

/// How a program codes pictures.
struct Program {
    name: &'static str,
    encoder: &'static str,
    decoder: &'static str,
    /// Options that stand behind its name here, with what they become; the first is the default of each key.
    options: &'static [(&'static str, &'static [Setting])],
    /// Arguments; `{q}` is a quality, `{options}` those of the options.
    encode: &'static [&'static str],
    decode: &'static [&'static str],
    extension: &'static str,
    /// What goes into the encoder: png or ppm.
    source: &'static str,
    /// What comes out of the decoder.
    decoded: &'static str,
    /// Qualities from the smallest files to the largest.
    qualities: &'static [&'static str],
}

/// The rivals, called as for the curves of the design study: one thread, tuned for PSNR where there is a choice.
const PROGRAMS: [Program; 5] = [
    Program {
        name: "jpeg",
        encoder: "cjpeg",
        decoder: "djpeg",
        options: &[("sampling", &[("420", &[]), ("444", &["-sample", "1x1"])])],
        encode: &["-quality", "{q}", "-optimize", "-progressive", "{options}", "-outfile", "{out}", "{in}"],
        decode: &["-pnm", "-outfile", "{out}", "{in}"],
        extension: "jpg",
        source: "ppm",
        decoded: "ppm",
        qualities: &["10", "20", "35", "50", "65", "80", "90", "95"],
    },
    Program {
        name: "webp",
        encoder: "cwebp",
        decoder: "dwebp",
        options: &[("method", &[("6", &["-m", "6"]), ("4", &["-m", "4"]), ("0", &["-m", "0"])])],
        encode: &["-quiet", "{options}", "-q", "{q}", "{in}", "-o", "{out}"],
        decode: &["-quiet", "-ppm", "{in}", "-o", "{out}"],
        extension: "webp",
        source: "png",
        decoded: "ppm",
        qualities: &["5", "20", "40", "60", "80", "92", "98"],
    },
    Program {
        name: "avif",
        encoder: "avifenc",
        decoder: "avifdec",
        options: &[
            ("sampling", &[("444", &["-y", "444"]), ("420", &["-y", "420"])]),
            ("speed", &[("3", &["-s", "3"]), ("6", &["-s", "6"]), ("0", &["-s", "0"])]),
        ],
        encode: &[
            "-j",
            "1",
            "{options}",
            "--min",
            "0",
            "--max",
            "63",
            "-a",
            "end-usage=q",
            "-a",
            "cq-level={q}",
            "-a",
            "tune=psnr",
            "{in}",
            "{out}",
        ],
        decode: &["-j", "1", "{in}", "{out}"],
        extension: "avif",
        source: "png",
        decoded: "png",
        qualities: &["58", "50", "42", "34", "26", "18", "10"],
    },
    Program {
        name: "jxl",
        encoder: "cjxl",
        decoder: "djxl",
        options: &[("effort", &[("7", &["-e", "7"]), ("9", &["-e", "9"]), ("4", &["-e", "4"])])],
        encode: &["--num_threads=0", "{options}", "-d", "{q}", "{in}", "{out}"],
        decode: &["--num_threads=0", "{in}", "{out}"],
        extension: "jxl",
        source: "png",
        decoded: "ppm",
        qualities: &["12", "7", "4.5", "3", "2", "1.2", "0.6"],
    },
    Program {
        name: "minlen",
        encoder: "minlen",
        decoder: "minlen",
        options: &[(
            "effort",
            &[
                ("5", &["-5"]),
                ("1", &["-1"]),
                ("2", &["-2"]),
                ("3", &["-3"]),
                ("4", &["-4"]),
                ("6", &["-6"]),
                ("7", &["-7"]),
                ("8", &["-8"]),
                ("9", &["-9"]),
            ],
        )],
        encode: &["compress", "-q", "{options}", "-Q", "{q}", "{in}", "-o", "{out}"],
        decode: &["decompress", "-q", "{in}", "-o", "{out}"],
        extension: "mln",
        source: "png",
        decoded: "png",
        qualities: &["10", "25", "40", "55", "70", "82", "92"],
    },
];

/// A codec with its settings, found on this machine.
#[derive(Debug)]
pub struct Ladder {
    /// Its name with what is not usual about it, as `avif:speed=6`.
    pub name: String,
    program: usize,
    encoder: PathBuf,
    decoder: PathBuf,
    options: Vec<&'static str>,
}

/// A picture that was coded, and what came back.
#[derive(Clone, Debug)]
pub struct Coded {
    /// The coded file, and what it took.
    pub there: Outcome,
    /// The decoded picture as a file, and what that took.
    pub back: Outcome,
}

/// The codecs of a list as `minlen:effort=6,avif,webp`; with notes of those that are not installed. `own` is the program that counts as
/// minlen.
///
/// # Errors
/// Usage for a name or an option that there is not.
pub fn ladders(list: &str, own: &Path) -> Result<(Vec<Ladder>, Vec<String>)> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for text in crate::rival::split_list(list) {
        let spec = Spec::parse(&text)?;
        let at = PROGRAMS.iter().position(|program| program.name == spec.name);
        let known = || PROGRAMS.iter().map(|program| program.name).collect::<Vec<_>>().join(", ");
        let at = at.ok_or_else(|| {
            Error::usage(format!("no codec of pictures is called `{text}`"))
                .remedy(format!("known are {}", known()))
        })?;
        let program = &PROGRAMS[at];
        let options = chosen(program, &spec)?;
        let path = |name: &str| if name == "minlen" { Some(own.to_path_buf()) } else { on_path(name) };
        match (path(program.encoder), path(program.decoder)) {
            (Some(encoder), Some(decoder)) => {
                found.push(Ladder { name: text, program: at, encoder, decoder, options });
            }
            _ => missing.push(format!("{} or {} is not installed", program.encoder, program.decoder)),
        }
    }
    Ok((found, missing))
}

/// The arguments of the options that are named, and of the defaults of the others.
fn chosen(program: &Program, spec: &Spec) -> Result<Vec<&'static str>> {
    let mut given: Vec<(String, String)> = spec.options.clone();
    if let Some(level) = &spec.level {
        // `avif:6` is the last option, which is that of effort; `avif:speed=6` names it.
        let last = program.options.last().map_or("", |(key, _)| *key);
        let (key, value) = level.split_once('=').unwrap_or((last, level));
        given.push((key.to_owned(), value.to_owned()));
    }
    if let Some((key, _)) =
        given.iter().find(|(key, _)| program.options.iter().all(|(known, _)| known != key))
    {
        let known = program.options.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ");
        return Err(
            Error::usage(format!("{}: no option `{key}`", program.name)).remedy(format!("it has {known}"))
        );
    }
    let mut out = Vec::new();
    for (key, values) in program.options {
        let named = given.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let found = values.iter().find(|(value, _)| named.is_none_or(|named| named == *value));
        let (_, arguments) = found.ok_or_else(|| {
            let known = values.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(", ");
            Error::usage(format!("{}: no such {key}", program.name)).remedy(format!("there are {known}"))
        })?;
        out.extend_from_slice(arguments);
    }
    Ok(out)
}

impl Ladder {
    /// `count` qualities from the smallest files to the largest, spread over those that it has.
    #[must_use]
    pub fn qualities(&self, count: usize) -> Vec<&'static str> {
        let all = PROGRAMS[self.program].qualities;
        let count = count.clamp(1, all.len());
        match count {
            1 => vec![all[all.len() / 2]],
            _ => (0..count).map(|i| all[i * (all.len() - 1) / (count - 1)]).collect(),
        }
    }

    /// True if it takes its pictures as PNM files, where the others take PNG.
    #[must_use]
    pub fn takes_pnm(&self) -> bool {
        PROGRAMS[self.program].source == "ppm"
    }

    /// Codes a PNG file (a PNM file where [`Ladder::takes_pnm`] says so) at a quality, and decodes what came of it.
    ///
    /// # Errors
    /// Whatever the programs say.
    pub fn code(&self, picture: &[u8], quality: &str) -> Result<Coded> {
        let program = &PROGRAMS[self.program];
        let source = &format!("p.{}", program.source);
        let (coded, decoded) = (format!("c.{}", program.extension), format!("d.{}", program.decoded));
        let arguments = |template: &[&str], from: &str, to: &str| -> Vec<String> {
            let mut out = Vec::new();
            for &piece in template {
                match piece {
                    "{options}" => out.extend(self.options.iter().map(|&option| option.to_owned())),
                    _ => out.push(piece.replace("{q}", quality).replace("{in}", from).replace("{out}", to)),
                }
            }
            out
        };
        let args = arguments(program.encode, source, &coded);
        let call =
            Call { path: &self.encoder, args: &args, from: source, to: &coded, template: program.encode };
        let there = run(&call, picture, true)?;
        let args = arguments(program.decode, &coded, &decoded);
        let call =
            Call { path: &self.decoder, args: &args, from: &coded, to: &decoded, template: program.decode };
        let back = run(&call, &there.bytes, true)?;
        Ok(Coded { there, back })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_options_are_checked() {
        let own = Path::new("/bin/true");
        let (found, _) = ladders("minlen:effort=6,minlen", own).unwrap();
        assert_eq!((found[0].options[0], found[1].options[0]), ("-6", "-5"));
        assert_eq!(found[0].qualities(3), ["10", "55", "92"]);
        assert_eq!(found[0].qualities(100).len(), 7);
        for wrong in ["bmp", "minlen:effort=12", "minlen:speed=1", "avif:sampling=333"] {
            assert!(ladders(wrong, own).is_err(), "{wrong}");
        }
    }
}
