//! Sizes and times of files at a level: `cargo run --example recode_sizes -- 5 FILE...`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

struct Print;

impl minlen::Progress for Print {
    fn event(&self, event: minlen::Event) {
        if let minlen::Event::Explain { line } = event {
            println!("    {line}");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let options = minlen::Options::new(arguments.next().unwrap_or_default().parse()?)?;
    for path in arguments {
        let data = std::fs::read(&path)?;
        let env = minlen::Env::new(minlen::Limits::none()).with_progress(std::sync::Arc::new(Print));
        let start = Instant::now();
        let small = minlen::compress_with(&data, &options, &env)?;
        let middle = Instant::now();
        assert!(minlen::decompress(&small, &minlen::Limits::default())? == data);
        let (there, back) = (middle - start, middle.elapsed());
        println!("{path}: {} -> {} in {there:.2?}, back in {back:.2?}", data.len(), small.len());
    }
    Ok(())
}
