//! One name on the command line, taken apart.

use minlen_core::{Error, Result};

/// A name taken apart: `zstd:22,long=31` is name `zstd`, level `22`, option `long` = `31`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub name: String,
    pub level: Option<String>,
    pub options: Vec<(String, String)>,
}

impl Spec {
    /// Takes a name apart.
    pub fn parse(text: &str) -> Result<Self> {
        let mut pieces = text.split(',');
        let head = pieces.next().unwrap_or_default();
        let (name, level) = match head.split_once(':') {
            Some((name, level)) => (name, Some(level.to_owned())),
            None => (head, None),
        };
        let options = pieces.map(|piece| match piece.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(Error::usage(format!("{text}: `{piece}` is not of the form key=value"))),
        });
        Ok(Self { name: name.to_owned(), level, options: options.collect::<Result<_>>()? })
    }

    /// The level as a whole number within `range`, or `default` where none is given.
    pub fn level(&self, range: std::ops::RangeInclusive<i64>, default: i64) -> Result<i64> {
        self.level.as_deref().map_or(Ok(default), |text| number(&self.name, "level", text, range))
    }

    /// The one option `key`, or `default`; any other option is an error.
    pub fn option(&self, key: &str, range: std::ops::RangeInclusive<i64>, default: i64) -> Result<i64> {
        let mut value = default;
        for (k, text) in &self.options {
            if k != key {
                return Err(Error::usage(format!("{}: no option `{k}`", self.name)));
            }
            value = number(&self.name, key, text, range.clone())?;
        }
        Ok(value)
    }

    /// Complains about any option.
    pub fn no_options(&self) -> Result<()> {
        match self.options.first() {
            Some((key, _)) => Err(Error::usage(format!("{}: no option `{key}`", self.name))),
            None => Ok(()),
        }
    }
}

fn number(name: &str, what: &str, text: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
    text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        Error::usage(format!("{name}: {what} `{text}` is not from {} to {}", range.start(), range.end()))
    })
}
