//! Where matching lines go, and what stands in front of them.

use crate::args::Grep;
use crate::engine::sink::write_failed;
use crate::engine::source::dup;
use crate::plan::Context;
use crate::ui::human;
use minlen::{Error, Result};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Standard output, and the rules of what is written.
pub struct Output {
    out: RefCell<BufWriter<File>>,
    /// Nothing is written: of interest is only whether there is a line, or everything goes into the document.
    silent: bool,
    quiet: bool,
    /// Whether names stand in front: as typed, or else where there are several files.
    names: Option<bool>,
    several: bool,
}

impl Output {
    pub fn new(args: &Grep, ctx: &Context, several: bool) -> Result<Self> {
        let out = dup(&io::stdout()).map_err(|e| Error::io("cannot write", e).in_file("standard output"))?;
        let names = match (args.with_filename, args.no_filename) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let quiet = args.common.quiet > 0 && !ctx.ui.json();
        Ok(Self {
            out: RefCell::new(BufWriter::new(out)),
            silent: quiet || ctx.ui.json(),
            quiet,
            names,
            several,
        })
    }

    /// True where one line that is found settles everything.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The output of one file. `path` is the input and, in an archive, the member.
    pub fn of(&self, path: &[&str]) -> Place<'_> {
        let all: Vec<String> = path.iter().map(|part| human::safe(part).into_owned()).collect();
        // Members are named always; the archive they are in, where there are others beside it.
        let shown = match (self.names, path.len()) {
            (Some(false), _) => String::new(),
            (Some(true), _) => all.join(":"),
            (None, 1) if !self.several => String::new(),
            (None, _) if self.several => all.join(":"),
            (None, _) => all[1..].join(":"),
        };
        Place { output: self, shown, name: all.join(":") }
    }

    pub fn flush(&self) -> Result<()> {
        self.out.borrow_mut().flush().map_err(write_failed).map_err(|e| e.in_file("standard output"))
    }
}

/// The output of one file.
pub struct Place<'a> {
    output: &'a Output,
    /// What stands in front of its lines.
    shown: String,
    /// What it is called where nothing else tells.
    name: String,
}

impl Place<'_> {
    /// True where lines need not be kept for the document.
    pub fn is_quiet(&self) -> bool {
        self.output.quiet
    }

    /// Writes a matching line, with its number if that is asked for.
    pub fn line(&self, number: Option<u64>, line: &[u8]) -> io::Result<()> {
        self.write(|out| {
            if !self.shown.is_empty() {
                write!(out, "{}:", self.shown)?;
            }
            if let Some(number) = number {
                write!(out, "{number}:")?;
            }
            out.write_all(line)?;
            out.write_all(b"\n")
        })
    }

    /// Writes how many lines there were.
    pub fn count(&self, count: u64) -> io::Result<()> {
        self.line(None, count.to_string().as_bytes())
    }

    /// Writes the name alone.
    pub fn name(&self) -> io::Result<()> {
        let name = if self.shown.is_empty() { &self.name } else { &self.shown };
        self.write(|out| writeln!(out, "{name}"))
    }

    /// Says that there is something in a file that is no text.
    pub fn binary(&self, ctx: &Context) -> io::Result<()> {
        if !self.output.silent {
            self.output.out.borrow_mut().flush()?;
            ctx.ui.meter.say(&format!("minlen: {}: binary file matches", self.name), Some("notice"));
        }
        Ok(())
    }

    fn write(&self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        if self.output.silent {
            return Ok(());
        }
        let named = |e| io::Error::from(Error::io("cannot write", e).in_file("standard output"));
        write(&mut self.output.out.borrow_mut()).map_err(named)
    }
}
