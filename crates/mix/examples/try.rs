use minlen_entropy::binary::{Decoder, Encoder};
use minlen_mix::model::*;
use std::time::Instant;
fn main() {
    let mut knobs = vec![-999; 32];
    let mut files = Vec::new();
    let mut decode = false;
    for a in std::env::args().skip(1) {
        if a == "-d" {
            decode = true;
            continue;
        }
        if let Some((k, v)) = a.split_once('=') {
            knobs[k.parse::<usize>().unwrap()] = v.parse().unwrap();
        } else {
            files.push(a);
        }
    }
    let knobs = Knobs(knobs);
    let (mut ti, mut to, mut tt) = (0, 0, 0.0);
    for f in &files {
        let data = std::fs::read(f).unwrap();
        let text = data.iter().take(65536).filter(|b| **b < 9 || (**b > 13 && **b < 32)).count() * 100
            < data.len().min(65536);
        let t = Instant::now();
        let mut m = Model::new(data.len(), text, &knobs);
        m.start();
        let mut e = Encoder::new();
        for i in 0..data.len() {
            for b in (0..8).rev() {
                let bit = u32::from(data[i] >> b & 1);
                e.encode(bit == 1, m.p());
                m.update(bit, &data[..i + 1]);
            }
        }
        let out = e.finish();
        let s = t.elapsed().as_secs_f64();
        if decode {
            let t = Instant::now();
            let mut m = Model::new(data.len(), text, &knobs);
            m.start();
            let mut d = Decoder::new(&out);
            let mut back = Vec::new();
            for _ in 0..data.len() {
                let mut c = 1u32;
                for k in 0..8 {
                    let bit = d.decode(m.p());
                    c = c << 1 | bit;
                    if k == 7 {
                        back.push(c as u8);
                    }
                    m.update(bit, &back);
                }
            }
            assert!(back == data);
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
