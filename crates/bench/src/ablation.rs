//! What each part of a codec is worth: the same data coded with one thing left out at a time.
//!
//! A list is text with one variant a line, `LABEL: CHAIN`; empty lines and those that start with `#` are passed over. The
//! first variant is the one that all others are compared with.

use crate::render::Grid;
use crate::report::{Report, Row};
use minlen_core::{Error, Result};

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// What is special about it.
    pub label: String,
    /// The codec chain.
    pub chain: String,
}

/// Reads a list.
///
/// # Errors
/// A line without a colon, or no line at all.
pub fn parse(text: &str) -> Result<Vec<Variant>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let variants = lines.map(|line| {
        let (label, chain) = line
            .split_once(": ")
            .ok_or_else(|| Error::usage(format!("`{line}` is not of the form LABEL: CHAIN")))?;
        Ok(Variant { label: label.trim().to_owned(), chain: chain.trim().to_owned() })
    });
    let variants = variants.collect::<Result<Vec<_>>>()?;
    if variants.is_empty() {
        return Err(Error::usage("the list has no variant"));
    }
    Ok(variants)
}

/// The table: bytes and processor time of each variant, and how both differ from the first. `name` tells the rival of a
/// chain, as the report has it.
#[must_use]
pub fn table(report: &Report, variants: &[Variant], name: impl Fn(&str) -> String, markdown: bool) -> String {
    let totals = report.totals();
    let of = |variant: &Variant| totals.iter().find(|row| row.method == name(&variant.chain));
    let header =
        ["variant", "bytes", "more bytes", "more %", "comp s", "decomp s", "comp s saved", "comp s saved %"];
    let mut grid = Grid::new(&header, 1);
    let base = variants.first().and_then(of);
    for variant in variants {
        let cells = of(variant).map_or_else(|| vec!["failed".to_owned()], |row| cells(row, base));
        grid.row(std::iter::once(variant.label.clone()).chain(cells).collect());
    }
    if markdown { grid.markdown() } else { grid.plain() }
}

fn cells(row: &Row, base: Option<&Row>) -> Vec<String> {
    let (there, back) = (row.compress.cost().as_secs_f64(), row.decompress.cost().as_secs_f64());
    let mut cells =
        vec![row.packed.to_string(), "-".into(), "-".into(), format!("{there:.2}"), format!("{back:.2}")];
    if let Some(base) = base.filter(|base| base.method != row.method && base.files == row.files) {
        let more = i128::from(row.packed) - i128::from(base.packed);
        let full = base.compress.cost().as_secs_f64();
        cells[1] = format!("{more:+}");
        cells[2] = format!("{:+.2}", more as f64 * 100.0 / base.packed.max(1) as f64);
        cells.push(format!("{:.2}", full - there));
        cells.push(format!("{:.1}", (1.0 - there / full) * 100.0));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FnRival, Input, Options, Runner};
    use minlen_core::Env;

    #[test]
    fn lists_are_read() {
        let list =
            parse("# a comment\n\nall: cm:model=deep\nwithout words: cm:model=deep,without=word\n").unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[1].label, "without words");
        assert_eq!(list[1].chain, "cm:model=deep,without=word");
        assert!(parse("nonsense").is_err());
        assert!(parse("# nothing\n").is_err());
    }

    #[test]
    fn differences_are_from_the_first() {
        let list = parse("all: a\nless: b\nmissing: c\n").unwrap();
        let padded = |extra: usize| {
            move |data: &[u8]| {
                let mut out = data.to_vec();
                out.resize(data.len() + extra, 0);
                Ok(out)
            }
        };
        let cut = |packed: &[u8], len: usize| Ok(packed[..len].to_vec());
        let rivals =
            vec![FnRival::new("a", padded(0), cut).boxed(), FnRival::new("b", padded(50), cut).boxed()];
        let inputs = [Input::bytes("x", vec![7; 1000])];
        let report = Runner::new(Options { memory: false, ..Options::default() })
            .run(&inputs, &rivals, &Env::default())
            .unwrap();
        let text = table(&report, &list, str::to_owned, false);
        assert!(text.contains("+50") && text.contains("+5.00") && text.contains("failed"), "{text}");
    }
}
