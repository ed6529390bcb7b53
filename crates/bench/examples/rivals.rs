//! Measures rivals without the minlen command: `rivals LIST PATH...`. With `--save CORPUS FILE` in front, writes
//! their sizes into a committed table instead; without a path, the generated corpus is taken.

use minlen_bench::probe::{self, Probe};
use minlen_bench::render::{Detail, Format, Style, render};
use minlen_bench::{Input, Options, Resolved, Runner, corpus, load, resolve, results};
use minlen_core::{Env, Error, Result};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let text = match args.first().and_then(|a| a.to_str()) {
        Some("--probe") => probe::serve(&args[1..], &|name| {
            resolve(name, &|_| None)?.rivals.pop().ok_or_else(|| Error::usage("no such rival"))
        }),
        Some("--save") => save(&args[1..]),
        _ => measure(&args),
    };
    let written = match &text {
        Ok(text) => writeln!(std::io::stdout(), "{}", text.trim_end()),
        Err(error) => writeln!(std::io::stderr(), "{error}"),
    };
    if text.is_ok() && written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(args: &[OsString]) -> Result<(Resolved, Vec<Input>)> {
    let usage = || Error::usage("rivals [--save CORPUS FILE] LIST PATH...");
    let (list, paths) = args.split_first().ok_or_else(usage)?;
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let inputs = match paths.as_slice() {
        [] => corpus::generate(),
        [root] if root.join("SHA256SUMS").exists() => corpus::bundle(root)?,
        _ => load(&paths, false)?,
    };
    Ok((resolve(list.to_str().ok_or_else(usage)?, &|_| None)?, inputs))
}

fn measure(args: &[OsString]) -> Result<String> {
    let (resolved, inputs) = read(args)?;
    let program = std::env::current_exe().map_err(|e| Error::io("cannot find this program", e))?;
    let probe = Some(Probe { program, args: vec!["--probe".into()] });
    let mut report = Runner::new(Options { probe, ..Options::default() }).run(
        &inputs,
        &resolved.rivals,
        &Env::default(),
    )?;
    report.skipped.splice(0..0, resolved.skipped);
    Ok(render(&report, Format::Table, &Style { detail: Detail::Classes, ..Style::default() }))
}

fn save(args: &[OsString]) -> Result<String> {
    let [name, path, rest @ ..] = args else {
        return Err(Error::usage("--save needs the name of the corpus and the file"));
    };
    let (resolved, inputs) = read(rest)?;
    let env = Env::default();
    let name = name.to_string_lossy();
    let changes = results::save(&name, &inputs, &resolved.rivals, Path::new(path), &env)?;
    Ok(changes.iter().map(|change| format!("{change}\n")).collect())
}
