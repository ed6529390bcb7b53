//! Parameters as data: what a codec can be told, and what it was told.

use crate::{Error, Result};

/// The values a parameter can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A whole number in a closed range.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// One of these names; the value is its position.
    Choice(&'static [&'static str]),
}

/// One parameter of a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamSpec {
    /// The key in `--codec name:key=value`.
    pub key: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// What it can be.
    pub kind: ParamKind,
    /// What it is when not given (for a choice, the position).
    pub default: i64,
}

impl ParamSpec {
    /// Reads a value: a number with an optional `k` or `m` (binary) suffix, or a choice by name.
    ///
    /// # Errors
    /// Usage, naming the key and what is allowed.
    pub fn parse(&self, text: &str) -> Result<i64> {
        let value = match self.kind {
            ParamKind::Int { min, max } => parse_int(text).filter(|v| (min..=max).contains(v)),
            ParamKind::Choice(names) => names.iter().position(|n| *n == text).map(|p| p as i64),
        };
        value.ok_or_else(|| Error::usage(format!("{}={text}: expected {}", self.key, self.allowed())))
    }

    /// The allowed values, for people.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self.kind {
            ParamKind::Int { min, max } => format!("{min}..{max}"),
            ParamKind::Choice(names) => names.join("|"),
        }
    }

    /// `value` as it would be written on the command line.
    #[must_use]
    pub fn show(&self, value: i64) -> String {
        match self.kind {
            ParamKind::Int { .. } => value.to_string(),
            ParamKind::Choice(names) => usize::try_from(value)
                .ok()
                .and_then(|v| names.get(v))
                .map_or_else(|| "?".into(), ToString::to_string),
        }
    }
}

fn parse_int(text: &str) -> Option<i64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        _ => (text, 0),
    };
    digits.parse::<i64>().ok()?.checked_mul(1 << shift)
}

/// A full set of values for a codec's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    specs: &'static [ParamSpec],
    values: Vec<i64>,
}

impl Params {
    /// The defaults.
    #[must_use]
    pub fn new(specs: &'static [ParamSpec]) -> Self {
        Self { specs, values: specs.iter().map(|s| s.default).collect() }
    }

    /// The value for `key`; the position of the name for a choice. 0 for a key that the codec does not have.
    #[must_use]
    pub fn get(&self, key: &str) -> i64 {
        self.position(key).map_or(0, |i| self.values[i])
    }

    /// The same with one value set. Out-of-range values are clamped to the range.
    #[must_use]
    pub fn with(mut self, key: &str, value: i64) -> Self {
        if let Some(i) = self.position(key) {
            self.values[i] = match self.specs[i].kind {
                ParamKind::Int { min, max } => value.clamp(min, max),
                ParamKind::Choice(names) => value.clamp(0, names.len() as i64 - 1),
            };
        }
        self
    }

    /// The same with one value set from text.
    ///
    /// # Errors
    /// Usage for an unknown key or a value that is not allowed.
    pub fn with_text(mut self, key: &str, text: &str) -> Result<Self> {
        let Some(i) = self.position(key) else {
            let keys: Vec<_> = self.specs.iter().map(|s| s.key).collect();
            return Err(Error::usage(format!("unknown parameter '{key}'; there are: {}", keys.join(", "))));
        };
        self.values[i] = self.specs[i].parse(text)?;
        Ok(self)
    }

    /// `key=value` pairs that differ from the default, joined by commas.
    #[must_use]
    pub fn show(&self) -> String {
        let changed = self.specs.iter().zip(&self.values).filter(|(spec, value)| spec.default != **value);
        changed
            .map(|(spec, &value)| format!("{}={}", spec.key, spec.show(value)))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.specs.iter().position(|s| s.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[ParamSpec] = &[
        ParamSpec { key: "level", doc: "", kind: ParamKind::Int { min: 1, max: 4096 }, default: 3 },
        ParamSpec { key: "coder", doc: "", kind: ParamKind::Choice(&["huffman", "rans"]), default: 0 },
    ];

    #[test]
    fn reads_shows_and_refuses() {
        let params = Params::new(SPECS).with_text("level", "2k").unwrap().with_text("coder", "rans").unwrap();
        assert_eq!((params.get("level"), params.get("coder")), (2048, 1));
        assert_eq!(params.show(), "level=2048,coder=rans");
        assert!(Params::new(SPECS).with_text("level", "0").is_err());
        assert!(Params::new(SPECS).with_text("speed", "1").is_err());
        assert_eq!(Params::new(SPECS).show(), "");
    }
}
