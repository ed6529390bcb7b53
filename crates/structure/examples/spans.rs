//! Lists the arrays that the parsers find in files: name, type, shape, offset, and the share of the bytes covered.
#![allow(clippy::print_stdout)]

use minlen_core::Layout;
use minlen_structure::{Parsers, Source};

fn main() -> minlen_core::Result<()> {
    let mut brief = false;
    for path in std::env::args().skip(1) {
        if path == "-s" {
            brief = true;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let source: &dyn Source = &bytes.as_slice();
        let start = std::time::Instant::now();
        let found = Parsers::arrays().layout(source).and_then(|found| match found {
            None => Parsers::arrays().guess(source),
            found => Ok(found),
        });
        let time = start.elapsed();
        match found {
            Ok(Some(layout)) => show(&path, bytes.len(), &layout, brief, time),
            Ok(None) if brief => {}
            Ok(None) => println!("{path}: nothing found, {time:?}"),
            Err(error) => println!("{path}: {error}"),
        }
    }
    Ok(())
}

fn show(path: &str, len: usize, layout: &Layout, brief: bool, time: std::time::Duration) {
    let covered: u64 = layout.spans.iter().map(|tensor| tensor.len).sum();
    let share = covered as f64 * 100.0 / len.max(1) as f64;
    let (format, count) = (layout.format.name, layout.spans.len());
    println!("{path}: {format}, {count} arrays, {covered} of {len} bytes ({share:.2}%), {time:?}");
    for tensor in layout.spans.iter().filter(|_| !brief) {
        let (dtype, columns) = (tensor.dtype.name(), tensor.columns());
        println!(
            "  {:>10} {:>10} {dtype:>7} {:?} columns {columns} {:?}",
            tensor.start, tensor.len, tensor.shape, tensor.name
        );
    }
}
