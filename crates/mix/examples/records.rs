//! What the model of records makes of a file: `records WIDTH CHANNELS ROWS PLANES DEPTH FILE [START [LEN]]`.

#![allow(clippy::print_stdout, clippy::expect_used)]

use minlen_core::Env;
use minlen_mix::records::{Layout, RecordModel};
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).map(|arg| arg.parse::<u32>().expect("a number"));
    let data = std::fs::read(&args[5]).expect("the file");
    let data = &data[number(6).unwrap_or(0) as usize..];
    let data = &data[..data.len().min(number(7).map_or(usize::MAX, |len| len as usize))];
    let size = |i| number(i).expect("a number");
    let layout = Layout {
        width: size(0),
        channels: size(1) as u8,
        rows: size(2),
        planes: size(3) as u16,
        ..Layout::default()
    };
    let layout = layout.seen_in(data);
    let time = Instant::now();
    let (mut bits, env) = (Vec::new(), Env::default());
    let model = || RecordModel::new(layout, size(4) as u8, data.len()).expect("a model");
    model().encode(data, &env, &mut bits).expect("bits");
    let ns = time.elapsed().as_nanos() / data.len().max(1) as u128;
    println!("{layout:?}\n{} -> {} ({ns} ns a byte)", data.len(), bits.len());
    if std::env::var("CHECK").is_ok() {
        let mut back = Vec::new();
        model().decode(&bits, data.len(), &env, &mut back).expect("values");
        assert!(back == data, "round trip");
    }
}
