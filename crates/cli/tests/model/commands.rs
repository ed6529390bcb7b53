//! Command lines, as data that can be run, taken apart and written down.

use super::content::Content;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// One run of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub verb: Vec<String>,
    pub options: Vec<Given>,
    pub operands: Vec<OsString>,
    pub passphrase: Option<String>,
    pub stdin: Option<Vec<u8>>,
}

/// An option as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub id: String,
    pub spelling: String,
    pub value: Option<OsString>,
}

/// What happens in one step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Run(Command),
    /// The user writes a file.
    Write(PathBuf, Content),
    Remove(PathBuf),
    /// One bit of the file turns.
    Damage(PathBuf, u64),
}

impl Command {
    pub fn new(verb: &[String]) -> Self {
        Self { verb: verb.to_vec(), options: Vec::new(), operands: Vec::new(), passphrase: None, stdin: None }
    }

    pub fn has(&self, id: &str) -> bool {
        self.options.iter().any(|option| option.id == id)
    }

    pub fn values<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a OsStr> + use<'a> {
        let id = id.to_string();
        self.options.iter().filter(move |option| option.id == id).filter_map(|option| option.value.as_deref())
    }

    /// The last value counts, as everywhere.
    pub fn value(&self, id: &str) -> Option<&OsStr> {
        self.values(id).last()
    }

    pub fn text(&self, id: &str) -> Option<&str> {
        self.value(id).and_then(OsStr::to_str)
    }

    /// What the bare command's flags stand for, and the verb otherwise.
    pub fn meaning(&self) -> String {
        match self.verb.is_empty() {
            true if self.has("decompress") => "decompress".into(),
            true if self.has("test") => "test".into(),
            true if self.has("list") => "list".into(),
            true => "compress".into(),
            false => self.verb.join(" "),
        }
    }

    pub fn is(&self, meanings: &[&str]) -> bool {
        meanings.contains(&self.meaning().as_str())
    }

    /// Standard output by `-c`, `-o -` or for want of anything else.
    pub fn to_stdout(&self) -> bool {
        self.has("stdout") || self.value("output").is_some_and(|out| out == "-")
    }

    pub fn args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = self.verb.iter().map(OsString::from).collect();
        for option in &self.options {
            match &option.value {
                // A value that begins with a dash is one only if it is written so.
                Some(value) if option.spelling.starts_with("--") && value.as_bytes().starts_with(b"-") => {
                    args.push([option.spelling.as_ref(), OsStr::new("="), value].into_iter().collect());
                }
                Some(value) => args.extend([option.spelling.clone().into(), value.clone()]),
                None => args.push(option.spelling.clone().into()),
            }
        }
        if self.operands.iter().any(|operand| operand.as_bytes().starts_with(b"-") && operand != "-") {
            args.push("--".into());
        }
        args.extend(self.operands.iter().cloned());
        args
    }

    /// As a shell would take it.
    pub fn script(&self) -> String {
        let mut line = String::new();
        if let Some(stdin) = &self.stdin {
            line += &format!("printf '{}' | ", printf(stdin));
        }
        if let Some(passphrase) = &self.passphrase {
            line += &format!("MINLEN_PASSPHRASE={} ", quote(passphrase.as_ref()));
        }
        line += "\"$M\"";
        for arg in self.args() {
            line += " ";
            line += &quote(&arg);
        }
        line
    }
}

/// A word for bash.
pub fn quote(word: &OsStr) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-=:,@%+".contains(b);
    let bytes = word.as_bytes();
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    if bytes.iter().all(|b| (32..127).contains(b) && *b != b'\'') {
        return format!("'{}'", String::from_utf8_lossy(bytes));
    }
    format!("$'{}'", bytes.iter().map(|b| escaped(*b, b"'\\")).collect::<String>())
}

/// For the format of `printf`.
pub fn printf(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if *b == b'%' { "%%".into() } else { escaped(*b, b"'\\") }).collect()
}

fn escaped(byte: u8, special: &[u8]) -> String {
    match byte {
        b'\n' => "\\n".into(),
        32..127 if !special.contains(&byte) => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    }
}

/// A path of these bytes.
pub fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}
