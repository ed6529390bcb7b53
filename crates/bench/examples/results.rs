//! Makes the page of results and its plots from the tables that are kept: `results RESULTS_FOLDER PEERS_CSV DOCS_FOLDER`.
//! See scripts/results.sh, which fills the tables first.

use minlen_bench::page::{PARTS, Sources};
use minlen_bench::render::Axis;
use minlen_bench::results::SizeTable;
use minlen_bench::speeds::SpeedTable;
use minlen_core::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match args.as_slice() {
        [results, peers, docs] if make(results, peers, docs).is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn make(results: &Path, peers: &Path, docs: &Path) -> Result<()> {
    let mut sources = Sources {
        speeds: SpeedTable::read(&results.join("speeds.csv"))?,
        peers: fs::read_to_string(peers).unwrap_or_default(),
        ..Sources::default()
    };
    for name in ["lossless", "mini", "micro", "small"] {
        sources.sizes.update(SizeTable::read(&results.join(format!("{name}.csv")))?);
    }
    let failed = |e| Error::io("cannot write", e).in_file(docs);
    fs::write(docs.join("results.md"), sources.page()).map_err(failed)?;
    for part in PARTS.iter().filter(|part| part.plotted) {
        for (axis, name) in [(Axis::Compress, "compress"), (Axis::Decompress, "decompress")] {
            let file = docs.join(format!("pareto-{}-{name}.svg", part.set));
            fs::write(file, sources.pareto(part, axis)).map_err(failed)?;
        }
    }
    Ok(())
}
