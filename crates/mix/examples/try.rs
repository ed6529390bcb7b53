//! Sizes and speeds of the models on files: `try -8 FILE...`.

use minlen_entropy::binary::{Decoder, Encoder};
use minlen_mix::Predictor;
use minlen_mix::contexts::*;
use minlen_mix::engine::Engine;
use std::time::Instant;
fn make(data: &[u8], level: u32) -> Box<dyn FnMut(&[u8], bool) -> Vec<u8>> {
    let n = data.len() + if std::env::var("P").is_ok() { 1_000_000 } else { 0 };
    let text = data.iter().take(65536).filter(|b| **b < 9 || (**b > 13 && **b < 32)).count() * 100
        < data.len().min(65536);
    let x86 = !text
        && data.iter().filter(|c| **c == 0xe8).count() * 150 > n
        && data
            .windows(2)
            .filter(|c| *c == [0x8b, 0x45] || *c == [0xff, 0xff] || *c == [0x48, 0x89] || *c == [0x48, 0x8b])
            .count()
            * 300
            > n;
    match (level, text) {
        (6, true) => Box::new(move |d, dec| {
            go(Engine::<_, 7, 32, 5>::new(FastText::default(), n, 26).unwrap(), d, dec, n)
        }),
        (6, false) => {
            Box::new(move |d, dec| go(Engine::<_, 7, 32, 5>::new(FastBinary, n, 26).unwrap(), d, dec, n))
        }
        (7, true) => Box::new(move |d, dec| {
            go(Engine::<_, 18, 64, 7>::new(NormalText::default(), n, 28).unwrap(), d, dec, n)
        }),
        (7, false) => Box::new(move |d, dec| {
            go(Engine::<_, 20, 64, 7>::new(NormalBinary::new(x86), n, 28).unwrap(), d, dec, n)
        }),
        (_, true) => Box::new(move |d, dec| {
            go(Engine::<_, 46, 128, 10>::new(Text::default(), n, 30).unwrap(), d, dec, n)
        }),
        (_, false) => Box::new(move |d, dec| {
            go(Engine::<_, 48, 128, 10>::new(Binary::new(x86), n, 30).unwrap(), d, dec, n)
        }),
    }
}
fn go<C: Contexts<N>, const N: usize, const M: usize, const S: usize>(
    mut m: Engine<C, N, M, S>,
    data: &[u8],
    dec: bool,
    n: usize,
) -> Vec<u8> {
    if let Ok(f) = std::env::var("P") {
        let w = std::fs::read(f).unwrap();
        let k = std::env::var("PN").map_or(w.len(), |v| v.parse().unwrap()).min(w.len());
        m.replay(&w[w.len() - k..]);
    }
    if dec {
        let mut d = Decoder::new(data);
        return (0..n - if std::env::var("P").is_ok() { 1_000_000 } else { 0 })
            .map(|_| {
                let mut c = 1u32;
                for _ in 0..8 {
                    let bit = d.decode(m.p());
                    c = c << 1 | bit;
                    m.update(bit);
                }
                c as u8
            })
            .collect();
    }
    let mut e = Encoder::new();
    for &c in data {
        for b in (0..8).rev() {
            let bit = u32::from(c >> b & 1);
            e.encode(bit == 1, m.p());
            m.update(bit);
        }
    }
    e.finish()
}
fn main() {
    let mut files = Vec::new();
    let mut decode = false;
    let mut level = 6;
    let mut cut = usize::MAX;
    for a in std::env::args().skip(1) {
        if a == "-d" {
            decode = true;
        } else if let Some(c) = a.strip_prefix("-c") {
            cut = c.parse().unwrap();
        } else if let Some(l) = a.strip_prefix("-") {
            level = l.parse().unwrap();
        } else {
            files.push(a);
        }
    }
    let (mut ti, mut to, mut tt) = (0, 0, 0.0);
    for f in &files {
        let mut data = std::fs::read(f).unwrap();
        data.truncate(cut);
        let t = Instant::now();
        let out = make(&data, level)(&data, false);
        let s = t.elapsed().as_secs_f64();
        if decode {
            let t = Instant::now();
            assert!(make(&data, level)(&out, true) == data);
            println!("decode {:.2} s", t.elapsed().as_secs_f64());
        }
        println!(
            "{:30} {:9} {:9} {:.3} MB/s",
            f.rsplit('/').next().unwrap(),
            data.len(),
            out.len(),
            data.len() as f64 / s / 1e6
        );
        ti += data.len();
        to += out.len();
        tt += s;
    }
    println!("{:30} {:9} {:9} {:.3} MB/s", "total", ti, to, ti as f64 / tt / 1e6);
}
