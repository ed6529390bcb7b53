//! Rivals as installed programs, run on temporary files with one thread.
//!
//! Which programs, and how each is called, is the table in `table.rs`. Times contain the start of the process and
//! its reading and writing of files, so they mean little below about a megabyte.

pub(crate) mod run;
mod table;

use super::spec::Spec;
use super::{Job, Op, Outcome, Rival, RivalKind};
use minlen_core::{Error, Result};
use std::path::PathBuf;
use table::{Program, TABLE};

/// An installed program at a level.
struct Installed {
    program: &'static Program,
    path: PathBuf,
    name: String,
    level_args: Vec<String>,
}

/// Finds the program that `name` asks for, as `7z:9` or, where a library of that name exists too, `program=xz:9e`.
/// The inner error is a note that it is not installed.
///
/// # Errors
/// A usage error for a name not in the table, or a level or option that the program does not have.
pub fn find(name: &str) -> Result<std::result::Result<Box<dyn Rival>, String>> {
    let spec = Spec::parse(name.strip_prefix("program=").unwrap_or(name))?;
    let Some(program) = TABLE.iter().find(|p| p.name == spec.name) else {
        return Err(Error::usage(format!("no rival is called `{name}`")).remedy(known()));
    };
    let level = spec.level.clone().unwrap_or_else(|| program.default.to_owned());
    let level_args = level_args(program, &spec, &level)?;
    let Some(path) = program.binaries.iter().find_map(|binary| run::on_path(binary)) else {
        return Ok(Err(format!("{} is not installed", program.binaries.join(" or "))));
    };
    let prefix = if program.has_library { "program=" } else { "" };
    let level = if level.is_empty() { level } else { format!(":{level}") };
    let options: String = spec.options.iter().map(|(k, v)| format!(",{k}={v}")).collect();
    let name = format!("{prefix}{}{level}{options}", program.name);
    Ok(Ok(Box::new(Installed { program, path, name, level_args })))
}

/// The names in the table, for help texts, with whether each is installed here.
#[must_use]
pub fn list() -> Vec<(&'static str, bool)> {
    TABLE.iter().map(|p| (p.name, p.binaries.iter().any(|b| run::on_path(b).is_some()))).collect()
}

fn known() -> String {
    let libraries =
        super::IN_PROCESS.iter().map(|(usage, _)| usage.split(['[', ':']).next().unwrap_or(usage));
    let names: Vec<&str> = libraries.chain(TABLE.iter().map(|p| p.name)).collect();
    format!("known are {}", names.join(", "))
}

fn level_args(program: &Program, spec: &Spec, level: &str) -> Result<Vec<String>> {
    let mut args: Vec<String> = match program.named.iter().find(|(name, _)| *name == level) {
        Some((_, args)) => args.iter().map(|&a| a.to_owned()).collect(),
        None => {
            if !level.is_empty() || !program.levels.is_empty() {
                spec.level(program.levels.clone(), 0)?;
            }
            program.level_args.iter().map(|a| a.replace("{level}", level)).collect()
        }
    };
    for (key, value) in &spec.options {
        let Some((_, template)) = program.options.iter().find(|(k, _)| k == key) else {
            return Err(Error::usage(format!("{}: no option `{key}`", program.name)));
        };
        if value.parse::<u32>().is_err() {
            return Err(Error::usage(format!("{}: {key} is not a whole number", program.name)));
        }
        args.push(template.replace("{value}", value));
    }
    Ok(args)
}

impl Installed {
    fn job(&self, op: Op, input: &[u8], memory: bool) -> Result<Outcome> {
        let ext = self.program.extension;
        let (template, from, to) = match op {
            Op::Compress => (self.program.compress, "r".to_owned(), format!("p.{ext}")),
            Op::Decompress => (self.program.decompress, format!("p.{ext}"), "r".to_owned()),
        };
        let mut args = Vec::new();
        for &piece in template {
            match piece {
                "{level}" => args.extend(self.level_args.iter().cloned()),
                _ => args.push(piece.replace("{in}", &from).replace("{out}", &to)),
            }
        }
        let call = run::Call { path: &self.path, args: &args, from: &from, to: &to, template };
        run::run(&call, input, memory).map_err(|e| e.remedy(format!("called as {}", self.name)))
    }
}

impl Rival for Installed {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn kind(&self) -> RivalKind {
        RivalKind::Program
    }

    fn version(&self) -> Option<String> {
        run::version(&self.path, self.program.version)
    }

    fn compress(&self, input: &[u8]) -> Result<Vec<u8>> {
        Ok(self.job(Op::Compress, input, false)?.bytes)
    }

    fn decompress(&self, packed: &[u8], _raw_len: usize) -> Result<Vec<u8>> {
        Ok(self.job(Op::Decompress, packed, false)?.bytes)
    }

    fn run(&self, job: Job<'_>) -> Result<Outcome> {
        self.job(job.op, job.input, job.memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_a_note() {
        for (name, installed) in list() {
            match find(name).unwrap() {
                Ok(rival) => assert!(installed, "{}", rival.name()),
                Err(why) => assert!(!installed && why.ends_with("is not installed"), "{why}"),
            }
        }
    }

    #[test]
    fn every_installed_program_restores_what_it_was_given() {
        let data = minlen_core::testing::random_case(15, 60_000);
        for (name, _) in list() {
            let Ok(rival) = find(&format!("program={name}")).unwrap() else { continue };
            let packed = rival.compress(&data).unwrap();
            assert_eq!(rival.decompress(&packed, data.len()).unwrap(), data, "{name}");
            assert!(rival.decompress(b"this is not an archive at all", 10).is_err(), "{name}");
        }
    }

    #[test]
    fn levels_are_checked_against_the_table() {
        assert!(find("7z:ppmd").is_ok());
        assert!(find("program=xz:9e").is_ok());
        assert!(find("program=zstd:19,long=27").is_ok());
        for bad in ["7z:12", "zpaq:9", "zpaq:5,x=1", "program=zstd:19,long=many", "program=bzip2:0"] {
            assert!(find(bad).is_err(), "{bad}");
        }
    }
}
