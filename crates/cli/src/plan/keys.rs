//! Passphrases and identities: from a file, standard input, the environment, or a prompt; asked for only when needed, and once.

use crate::args::KeyArgs;
use crate::engine::decode::Lock;
use minlen::archive::Keys;
use minlen::container::crypt::{self, SecretString};
use minlen::{Env, Error, Result};
use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// The environment variable with a passphrase.
pub const VARIABLE: &str = "MINLEN_PASSPHRASE";
/// No sane passphrase, and no file of keys, is longer; what is longer is the wrong file.
const LONGEST: u64 = 64 << 10;

/// What a passphrase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose<'a> {
    /// To lock something up with: asked for twice, so that a slip of the finger does not lock it up for good.
    New,
    /// To open what is locked.
    Open,
    /// To open this identity file.
    Identity(&'a Path),
}

/// What opens encrypted files.
#[derive(Default)]
pub struct KeyRing {
    file: Option<PathBuf>,
    identities: Vec<PathBuf>,
    passphrase: OnceCell<String>,
    secret_keys: OnceCell<Vec<SecretString>>,
    /// Whether the passphrase and the identities had something to open.
    opened: [Cell<bool>; 2],
}

impl KeyRing {
    /// From the options; nothing is read yet.
    pub fn new(args: &KeyArgs) -> Self {
        Self { file: args.passphrase_file.clone(), identities: args.identity.clone(), ..Self::default() }
    }

    /// The files with age identities.
    pub fn identities(&self) -> &[PathBuf] {
        &self.identities
    }

    /// The passphrase to encrypt with.
    pub fn new_passphrase(&self) -> Result<&str> {
        self.passphrase(Purpose::New)
    }

    /// What opens a file that begins with `head`; a person is asked for a passphrase only if there is one to give.
    pub fn keys_for(&self, head: &[u8], env: &Env) -> Result<Keys> {
        if !crypt::is_age(head) {
            return Ok(Keys::default());
        }
        if crypt::asks_for_passphrase(head) {
            self.opened[0].set(true);
            return Ok(Keys::default().with_passphrase(self.passphrase(Purpose::Open)?));
        }
        self.opened[1].set(true);
        let keys = self.secret_keys(env)?.iter().cloned();
        Ok(keys.fold(Keys::default(), Keys::with_secret_key))
    }

    /// True where there is something to try on such a lock, or somebody to ask.
    pub fn can_open(&self, lock: Lock) -> bool {
        let given = || self.file.is_some() || std::env::var_os(VARIABLE).is_some();
        let terminal = || File::options().read(true).write(true).open("/dev/tty").is_ok();
        match lock {
            Lock::None => true,
            Lock::Passphrase => self.passphrase.get().is_some() || given() || terminal(),
            Lock::Keys => !self.identities.is_empty(),
        }
    }

    /// The flag or variable with a passphrase that so far had nothing to open.
    pub fn idle_passphrase(&self) -> Option<&'static str> {
        let variable = || std::env::var_os(VARIABLE).filter(|text| !text.is_empty()).map(|_| VARIABLE);
        let given = self.file.as_ref().map(|_| "--passphrase-file").or_else(variable);
        given.filter(|_| !self.opened[0].get())
    }

    /// True where identities were given and had nothing to open so far.
    pub fn idle_identities(&self) -> bool {
        !self.identities.is_empty() && !self.opened[1].get()
    }

    /// The secret keys in the identity files.
    fn secret_keys(&self, env: &Env) -> Result<&[SecretString]> {
        if let Some(known) = self.secret_keys.get() {
            return Ok(known);
        }
        let mut keys = Vec::new();
        for path in &self.identities {
            let file = read_some(path, "cannot read the identity")?;
            let passphrase = || {
                self.opened[0].set(true);
                self.passphrase(Purpose::Identity(path)).map(crypt::secret)
            };
            keys.extend(crypt::read_identities(&file, passphrase, env).map_err(|e| e.in_file(path))?);
        }
        Ok(self.secret_keys.get_or_init(|| keys))
    }

    fn passphrase(&self, purpose: Purpose<'_>) -> Result<&str> {
        if let Some(known) = self.passphrase.get() {
            return Ok(known);
        }
        let read = match (&self.file, std::env::var(VARIABLE)) {
            (Some(file), _) if is_dash(file) && std::io::stdin().is_terminal() => prompt(purpose)?,
            (Some(file), _) => first_line(file)?,
            (None, Ok(text)) => text,
            (None, Err(std::env::VarError::NotUnicode(_))) => {
                return Err(Error::usage(format!("{VARIABLE} is not text in UTF-8")));
            }
            (None, Err(std::env::VarError::NotPresent)) => prompt(purpose)?,
        };
        if read.is_empty() {
            return Err(Error::usage("the passphrase is empty"));
        }
        Ok(self.passphrase.get_or_init(|| read))
    }
}

/// True for the name that stands for standard input.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A small file, or standard input for `-`.
fn read_some(path: &Path, doing: &str) -> Result<Vec<u8>> {
    let label = if is_dash(path) { Path::new("standard input") } else { path };
    let failed = |e| {
        let error = Error::io(doing, e).in_file(label);
        let is_key =
            path.to_str().is_some_and(|text| text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-"));
        if is_key { error.remedy("write the key to a file, and name that") } else { error }
    };
    let mut bytes = Vec::new();
    let read = match is_dash(path) {
        true => std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::usage("is too long to be a passphrase or a key").in_file(label));
    }
    Ok(bytes)
}

/// The first line of a text file.
fn first_line(path: &Path) -> Result<String> {
    let bytes = read_some(path, "cannot read the passphrase")?;
    let text = crypt::plain_text(&bytes).map_err(|e| e.in_file(path))?;
    Ok(text.lines().next().unwrap_or_default().trim_end_matches('\r').to_owned())
}

fn prompt(purpose: Purpose<'_>) -> Result<String> {
    let tty = File::options().read(true).write(true).open("/dev/tty").map_err(|e| {
        Error::io("a passphrase is needed, and there is no terminal to ask at", e)
            .remedy("use --passphrase-file FILE or MINLEN_PASSPHRASE")
    })?;
    let question = match purpose {
        Purpose::Identity(path) => {
            format!("Passphrase of the identity {}: ", crate::ui::human::safe(&path.display().to_string()))
        }
        _ => "Passphrase: ".to_owned(),
    };
    let first = ask(&tty, &question)?;
    if purpose == Purpose::New && ask(&tty, "The same again: ")? != first {
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
