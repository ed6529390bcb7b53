//! `minlen generate`: man pages and completions from the one definition of the arguments.

use crate::args::{Cli, Generate, GenerateWhat};
use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use minlen::{Error, Result};
use std::path::Path;

/// Writes the files.
pub fn run(args: &Generate) -> Result<()> {
    let failed = |e| Error::io("cannot write", e).in_file(&args.dir);
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    match args.what {
        GenerateWhat::Man => man(&args.dir),
        GenerateWhat::Completions => completions(&args.dir),
    }
    .map_err(failed)
}

fn man(folder: &Path) -> std::io::Result<()> {
    let mut command = Cli::command();
    command.build();
    page(folder, &command, "minlen")?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        page(folder, verb, &format!("minlen-{}", verb.get_name()))?;
    }
    Ok(())
}

fn page(folder: &Path, command: &Command, name: &str) -> std::io::Result<()> {
    let command = command.clone().name(name.to_string()).display_name(name.to_string());
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    std::fs::write(folder.join(format!("{name}.1")), text)
}

fn completions(folder: &Path) -> std::io::Result<()> {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut Cli::command(), "minlen", folder)?;
    }
    Ok(())
}
