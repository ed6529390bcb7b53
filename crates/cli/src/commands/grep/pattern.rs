//! From what was typed to a regular expression.

use crate::args::Grep;
use minlen::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};

/// One expression for all patterns. Each line of a pattern is one, as in grep.
pub fn regex(patterns: &[String], args: &Grep) -> Result<Regex> {
    let each = patterns.iter().flat_map(|pattern| pattern.split('\n'));
    let each: Vec<String> = each
        .map(|pattern| {
            let pattern = if args.fixed_strings { regex::escape(pattern) } else { pattern.to_owned() };
            let pattern =
                if args.word_regexp { format!(r"\b(?:{pattern})\b") } else { format!("(?:{pattern})") };
            if args.line_regexp { format!("^{pattern}$") } else { pattern }
        })
        .collect();
    let built = RegexBuilder::new(&each.join("|")).case_insensitive(args.ignore_case).build();
    built.map_err(|e| Error::usage(format!("the pattern is no regular expression: {}", plain(&e))))
}

/// The last line of what the library says has the reason; those before it draw arrows.
fn plain(error: &regex::Error) -> String {
    let said = error.to_string();
    let last = said.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
