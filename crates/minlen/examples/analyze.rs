//! Prints the analysis of files: `cargo run --release -p minlen --example analyze -- [--json] FILE...`

#![allow(clippy::print_stdout)]

use minlen::analyze::{AnalyzeOptions, analyze_with};
use minlen::{Env, Options, compress, registry};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut json = false;
    let trial = |level: u8, sample: &[u8]| Ok(compress(sample, &Options::new(level)?)?.len() as u64);
    let options = AnalyzeOptions { trial: Some(&trial), ..AnalyzeOptions::default() };
    for argument in std::env::args().skip(1) {
        if argument == "--json" {
            json = true;
            continue;
        }
        let report = analyze_with(&std::fs::read(&argument)?, &registry(), &Env::default(), &options)?;
        println!("{argument}\n{}", if json { report.to_json() } else { report.to_table() });
    }
    Ok(())
}
