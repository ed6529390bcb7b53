//! Tables that are kept between runs.

use crate::plan::Context;
use minlen::Result;
use minlen_bench::results::{self, Key, Size, SizeTable};
use minlen_bench::speeds::SpeedTable;
use minlen_bench::{Input, Report};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes the sizes into a table that is kept (see docs/benchmarks.md), and says what changed there. The corpus has the
/// name of the table.
pub fn sizes(path: &Path, report: &Report, inputs: &[Input], ctx: &Context) -> Result<()> {
    let corpus = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut hashes = BTreeMap::new();
    for input in inputs {
        let hash = blake3::hash(&input.read()?).to_hex();
        hashes.insert(input.name.as_str(), hash[..16].to_string());
    }
    let mut new = SizeTable::default();
    for row in &report.rows {
        let Some(hash) = hashes.get(row.file.as_str()).cloned() else { continue };
        let key = Key { corpus: corpus.clone(), file: row.file.clone(), method: row.method.clone() };
        new.sizes.insert(key, Size { raw: row.raw, hash, packed: row.packed });
    }
    let mut table = SizeTable::read(path)?;
    let methods: Vec<String> = new.sizes.keys().map(|key| key.method.clone()).collect();
    for change in results::compare(&table.only(&corpus, &methods), &new, results::TOLERANCE) {
        ctx.ui.detail(&change.to_string());
    }
    table.update(new);
    table.write(path)
}

/// Writes the sums of times and memory into the table of speeds.
pub fn speeds(path: &Path, set: &str, report: &Report) -> Result<()> {
    let mut table = SpeedTable::read(path)?;
    table.update(set, report);
    table.write(path)
}
