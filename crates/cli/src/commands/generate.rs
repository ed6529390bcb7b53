//! `minlen generate`: man pages and completions from the one definition of the arguments; records to try things out with.

use crate::args::{Cli, Generate, GenerateWhat};
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell, generate};
use minlen::{Error, Result};
use minlen_train::waves::Wave;
use serde_json::json;
use std::path::Path;

/// Writes the files.
pub fn run(args: &Generate, ctx: &Context) -> Result<()> {
    std::fs::create_dir_all(&args.dir).map_err(|e| Error::io("cannot write", e).in_file(&args.dir))?;
    let files = match args.what {
        GenerateWhat::Man => man().map_err(|e| Error::io("cannot make a man page", e))?,
        GenerateWhat::Completions => completions(),
        GenerateWhat::Ecg => vec![("ecg.npy".into(), windows(Wave::Heart, args)?)],
        GenerateWhat::Vibration => vec![("vibration.npy".into(), windows(Wave::Machine, args)?)],
    };
    // A file of somebody else's that has one of the names is not replaced unasked, and before it is known nothing is written.
    let changed = |(name, text): &(String, Vec<u8>)| {
        std::fs::read(args.dir.join(name)).map_or(true, |there| there != *text)
    };
    let (files, same): (Vec<_>, Vec<_>) = files.into_iter().partition(changed);
    let target = |name: &str| Target::new(&args.dir.join(name));
    files.iter().try_for_each(|(name, _)| target(name).check(args.force, false))?;
    for (name, text) in &files {
        ctx.report.begin(&args.dir.join(name));
        let sink = Sink::create(&target(name), args.force, ctx, name)?;
        sink.write(text)?;
        sink.commit(None)?;
        ctx.report.done(json!({"written": true}));
    }
    for (name, _) in &same {
        ctx.report.begin(&args.dir.join(name));
        ctx.report.done(json!({"written": false}));
    }
    Ok(())
}

fn windows(wave: Wave, args: &Generate) -> Result<Vec<u8>> {
    minlen_train::waves::npy(wave, args.count, args.samples, args.number_type, args.seed)
}

fn man() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = Cli::command();
    command.build();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs = verbs.map(|verb| page(verb, &format!("minlen-{}", verb.get_name())));
    std::iter::once(page(&command, "minlen")).chain(verbs).collect()
}

fn page(command: &Command, name: &str) -> std::io::Result<(String, Vec<u8>)> {
    let command = command.clone().name(name.to_string()).display_name(name.to_string());
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok((Path::new(name).with_extension("1").to_string_lossy().into_owned(), text))
}

fn completions() -> Vec<(String, Vec<u8>)> {
    let shells = [Shell::Bash, Shell::Zsh, Shell::Fish];
    let made = shells.map(|shell| {
        let mut text = Vec::new();
        generate(shell, &mut Cli::command(), "minlen", &mut text);
        (shell.file_name("minlen"), text)
    });
    made.into()
}
