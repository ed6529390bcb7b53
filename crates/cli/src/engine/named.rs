//! Outputs whose errors say which output it was: a full disk must not be blamed on the input.

use minlen::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A file that is written to, and what to call it.
#[derive(Debug)]
pub struct Named<'a> {
    file: &'a File,
    name: &'a Path,
}

impl<'a> Named<'a> {
    /// Over `file`, called `name` in errors.
    pub fn new(file: &'a File, name: &'a Path) -> Self {
        Self { file, name }
    }

    fn failed(&self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::Interrupted {
            return error;
        }
        let error = Error::io("cannot write", error).in_file(self.name);
        // Standard output that was closed before we began.
        if self.name == Path::new("standard output") && minlen_stdio::stdout_was_closed() {
            return error.remedy("it is closed: redirect it, or use -o FILE").into();
        }
        error.into()
    }
}

impl Write for Named<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write(data).map_err(|e| self.failed(e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|e| self.failed(e))
    }
}
