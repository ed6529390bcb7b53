//! Answers of the parsers as lines, and what is expected of them.

use crate::file::{Labels, value, words};
use minlen_core::layout::{Meaning, Origin, Span};
use minlen_core::{Kind, Layout, Result};
use minlen_structure::{Parsers, Source};

/// The answer to the question of a section (`--` and its words).
pub fn answer(question: &[&str], file: &[u8], labels: &Labels) -> Vec<String> {
    let parsers = Parsers::default();
    match question {
        [] => whole(parsers.layout(&file)),
        ["listing"] => match parsers.listing(&file) {
            Ok(Some((format, spans))) => lines(format.name, &spans),
            other => whole(other.map(|_| None)),
        },
        ["declared"] => whole(parsers.declared(&file)),
        ["looks"] => whole(parsers.guess(&file)),
        ["kind", kind] => whole(Ok(parsers.layout_of(&file, kind_of(kind)))),
        ["head", kind, len, total] => {
            let number = |text| value(text, labels, file.len() as u64, false);
            let head = &file[..number(len) as usize];
            whole(Ok(parsers.layout_of_head(head, number(total), kind_of(kind))))
        }
        other => panic!("no question: {other:?}"),
    }
}

fn kind_of(name: &str) -> Kind {
    match name {
        "tensors" => Kind::Tensors,
        "zip" => Kind::Zip,
        "image" => Kind::ImageRaw,
        "audio" => Kind::AudioRaw,
        _ => panic!("no kind of file: {name}"),
    }
}

/// The layout, or what is wrong with the file.
pub fn whole(found: Result<Option<Layout>>) -> Vec<String> {
    match found {
        Ok(Some(layout)) => lines(layout.format.name, &layout.spans),
        Ok(None) => vec!["nothing".into()],
        Err(error) if error.is_truncated() => vec!["error truncated".into()],
        Err(error) => vec![format!("error {}", format!("{:?}", error.kind()).to_lowercase())],
    }
}

fn lines(format: &str, spans: &[Span]) -> Vec<String> {
    std::iter::once(format!("format {format}")).chain(spans.iter().map(line)).collect()
}

/// A span: kind, name, type, shape, start and length; then whatever is unusual.
fn line(span: &Span) -> String {
    let shape = |shape: &[u64]| format!("{shape:?}").replace(' ', "");
    let Span { kind, name, dtype, start, len, stride, .. } = span;
    let mut line = format!("{} {name:?} {} {} {start} {len}", kind.name(), dtype.name(), shape(&span.shape));
    if *stride > 0 {
        line += &format!(" stride {stride}");
    }
    if let Some(declared) = &span.declaration {
        line += &format!(" as {:?} {}", declared.name(), shape(&declared.shape));
        if !declared.order.is_empty() {
            line += &format!(" order {:?}", declared.order).replace(", ", ",");
        }
    }
    match span.meaning {
        Meaning::Values => {}
        other => line += &format!(" {}", format!("{other:?}").to_lowercase()),
    }
    match span.origin {
        Origin::Declared => {}
        other => line += &format!(" {}", format!("{other:?}").to_lowercase()),
    }
    line
}

/// An expected line with its labels turned into numbers.
pub fn resolved(line: &str, labels: &Labels, len: u64) -> String {
    let number = |word: String| match word.strip_prefix('"') {
        Some(text) => format!("{text:?}"),
        None if word.contains('@') || word.contains("here") => value(&word, labels, len, false).to_string(),
        None => word,
    };
    words(line).into_iter().map(number).collect::<Vec<_>>().join(" ")
}

/// A file that is not in memory and gives no more than it is asked for.
pub struct Dripping<'a>(pub &'a [u8]);

impl Source for Dripping<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn read_some(&self, offset: u64, least: usize, buffer: &mut [u8]) -> Result<usize> {
        self.0.read_at(offset, &mut buffer[..least])?;
        Ok(least)
    }
}
