//! Passphrases and identities: from a file, the environment, or a prompt; asked for only when needed, and once.

use crate::args::KeyArgs;
use minlen::container::crypt::{SecretString, parse_identities};
use minlen::{Error, Result};
use std::cell::OnceCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

const VARIABLE: &str = "MINLEN_PASSPHRASE";
/// No sane passphrase is longer; what is longer is the wrong file.
const LONGEST: u64 = 64 << 10;

/// What opens encrypted files.
#[derive(Default)]
pub struct KeyRing {
    file: Option<PathBuf>,
    identities: Vec<PathBuf>,
    passphrase: OnceCell<String>,
}

impl KeyRing {
    /// From the options; nothing is read yet.
    pub fn new(args: &KeyArgs) -> Self {
        Self {
            file: args.passphrase_file.clone(),
            identities: args.identity.clone(),
            passphrase: OnceCell::new(),
        }
    }

    /// The files with age identities.
    pub fn identities(&self) -> &[PathBuf] {
        &self.identities
    }

    /// The secret keys in those files.
    pub fn secret_keys(&self) -> Result<Vec<SecretString>> {
        let mut keys = Vec::new();
        for file in &self.identities {
            let failed = |e| Error::io("cannot read the identity", e).in_file(file);
            let mut text = String::new();
            File::open(file).map_err(failed)?.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
            keys.extend(parse_identities(&text).map_err(|e| e.in_file(file))?);
        }
        Ok(keys)
    }

    /// The passphrase. A new one is asked for twice, so that a slip of the finger does not lock the data up.
    pub fn passphrase(&self, new: bool) -> Result<&str> {
        if let Some(known) = self.passphrase.get() {
            return Ok(known);
        }
        let read = match (&self.file, std::env::var(VARIABLE)) {
            (Some(file), _) => from_file(file)?,
            (None, Ok(text)) => text,
            (None, Err(_)) => prompt(new)?,
        };
        if read.is_empty() {
            return Err(Error::usage("the passphrase is empty"));
        }
        Ok(self.passphrase.get_or_init(|| read))
    }
}

fn from_file(path: &Path) -> Result<String> {
    let failed = |e| Error::io("cannot read the passphrase", e).in_file(path);
    let mut line = String::new();
    BufReader::new(File::open(path).map_err(failed)?.take(LONGEST)).read_line(&mut line).map_err(failed)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_string())
}

fn prompt(new: bool) -> Result<String> {
    let tty = File::options().read(true).write(true).open("/dev/tty").map_err(|e| {
        Error::io("a passphrase is needed, and there is no terminal to ask at", e)
            .remedy("use --passphrase-file FILE or MINLEN_PASSPHRASE")
    })?;
    let first = ask(&tty, "Passphrase: ")?;
    if new && ask(&tty, "The same again: ")? != first {
        return Err(Error::usage("the two passphrases differ"));
    }
    Ok(first)
}

/// The question comes after the echo is off: what is typed before that is not taken.
fn ask(tty: &File, question: &str) -> Result<String> {
    let read = || {
        let mut line = String::new();
        (&mut &*tty).write_all(question.as_bytes())?;
        BufReader::new(&*tty).read_line(&mut line)?;
        (&*tty).write_all(b"\n").map(|()| line)
    };
    let line = crate::signals::without_echo(tty, read)?;
    let line = line.map_err(|e| Error::io("cannot ask for the passphrase", e))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_string())
}
