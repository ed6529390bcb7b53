//! Measures.
use minlen_core::Env;
use minlen_tensor::quantized::{Layer, Levels, Pricer};
use minlen_tensor::containers;
use minlen_train::quantize::{calibrate, choose::Matrix, payload, scales::Scales};
use minlen_train::transformer::{Reference, Transformer, windows};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let file = std::fs::read(&args[1]).unwrap();
    let layout = containers::layout(&&file[..]).unwrap().unwrap();
    let model = Transformer::from_file(&file).unwrap();
    let text = std::fs::read(&args[2]).unwrap();
    let env = Env::default().with_threads(2);
    let n: usize = args[3].parse().unwrap();
    let all = windows(&text, 128);
    let stride = all.len() / n;
    let cal: Vec<&[u8]> = all.iter().step_by(stride).copied().collect();
    let grade: Vec<&[u8]> = all.iter().skip(stride / 2).step_by(all.len() / 128).copied().collect();
    let t = std::time::Instant::now();
    let reference = Reference::new(&model, &grade, &env).unwrap();
    let own = reference.grade(&model, &env).unwrap();
    println!("base {own:?} {:?}", t.elapsed());
    if let Ok(q) = std::fs::read(args[1].replace("bf16.safetensors", "q4_0.gguf")) {
        println!("q4_0 {:?}", reference.grade(&Transformer::from_file(&q).unwrap(), &env).unwrap());
    }
    let moments = calibrate::moments(&model, &cal, 1, &env).unwrap();
    println!("moments {:?}", t.elapsed());
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let p: Vec<f64> = line.split_whitespace().map(|x| x.parse().unwrap()).collect();
        let (c, mu, dr, dc, fb, cs) = (p[0], p[1], p[2], p[3], p[4] as i32, p[5] as i32);
        let t = std::time::Instant::now();
        let mut pricer = Pricer::new();
        let mut out = model.clone();
        let mut entries = vec![];
        let mut rest = vec![];
        let (mut at, mut bits, mut expected) = (0, 0.0, 0.0);
        for tensor in &layout.tensors {
            let i = model.slots.iter().position(|s| s.name == tensor.name).unwrap();
            if model.is_norm(i) { continue; }
            rest.extend_from_slice(&file[at..tensor.start as usize]);
            at = (tensor.start + tensor.len) as usize;
            let mut f = (moments[i].rows.factor(dr), moments[i].columns.factor(dc));
            if cs == 0 { let m = f.1.weights.iter().map(|x| x.ln()).sum::<f64>() / f.1.weights.len() as f64; f.1.weights.fill(m.exp()); }
            let scales = Scales::balanced(c, (&f.0, &f.1), tensor.dtype);
            if fb & 1 == 0 { f.0.upper.clear(); }
            if fb & 2 == 0 { f.1.upper.clear(); }
            let matrix = Matrix { weights: model.slot(i), scales: &scales, factors: (&f.0, &f.1), lambda: mu * c * c, pruned: &[] };
            let chosen = matrix.choose(&mut pricer).unwrap();
            bits += chosen.bits;
            expected += chosen.expected;
            let mut layer = Layer::new(scales.rows.len(), scales.columns.len(), chosen.integers);
            layer.levels = Levels::Uniform(vec![scales.base]);
            let entry = payload::Entry { start: tensor.start, scales, layer };
            out.params[model.slots[i].range()].copy_from_slice(&entry.weights().unwrap());
            entries.push(entry);
        }
        rest.extend_from_slice(&file[at..]);
        let packed = payload::Packed { len: file.len() as u64, entries, rest };
        let bytes = payload::encode(&packed).unwrap();
        let t1 = t.elapsed();
        let g = reference.grade(&out, &env).unwrap();
        println!("{line}: {} bytes, {:.3} bpw ({:.3} integers), KL {:.5} expected {:.5}, bits {:.4}  {t1:?} {:?}", bytes.len(), bytes.len() as f64 * 8.0 / model.params.len() as f64, bits / model.params.len() as f64, g.divergence, expected / 2f64.ln(), g.bits, t.elapsed());
    }
}
