//! What a prefix brings: `prefix WARM PRIOR REF BLOCK...` prints the bytes of each block after the prior and the reference.
use minlen_mix::Predictor;
use minlen_mix::contexts::FastText;
use minlen_mix::engine::Engine;
use minlen_mix::prior;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let warm: usize = args[1].parse().unwrap();
    let number: u8 = args[2].parse().unwrap();
    let reference = std::fs::read(&args[3]).unwrap_or_default();
    let mut window = prior::shipped(number)
        .map_or(vec![], |p| p.window[p.window.len() - (192 << 10).min(p.window.len())..].to_vec());
    window.extend(&reference);
    let mut total = 0.0;
    for path in &args[4..] {
        let block = std::fs::read(path).unwrap();
        let mut engine =
            Engine::<FastText, 7, 32, 4, 1>::new(FastText::default(), block.len() + window.len(), 26)
                .unwrap();
        engine.pretrain(&window, warm);
        let mut bits = 0.0;
        for &byte in &block {
            for place in (0..8).rev() {
                let bit = u32::from(byte >> place & 1);
                let p = f64::from(engine.p()) / 65_536.0;
                bits -= if bit == 1 { p } else { 1.0 - p }.log2();
                engine.update(bit);
            }
        }
        total += bits / 8.0;
    }
    println!("{total:.0}");
}
