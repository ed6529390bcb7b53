//! Measures.
use minlen_core::Env;
use minlen_train::transformer::{Transformer, windows};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let model = Transformer::from_safetensors(&std::fs::read(&args[1]).unwrap()).unwrap();
    let text = std::fs::read(&args[2]).unwrap();
    let t = std::time::Instant::now();
    println!("{:.4} {:?}", model.bits_per_byte(&windows(&text, 128), &Env::default().with_threads(2)).unwrap(), t.elapsed());
}
