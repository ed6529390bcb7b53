use super::*;
use crate::transformer::tests::tiny;
use minlen_core::{Env, ErrorKind};

/// A safetensors file of a random model of 2 layers and width 16.
fn file() -> Vec<u8> {
    let model = tiny(5);
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for slot in &model.slots {
        let from = data.len();
        data.extend(minlen_tensor::weights::from_f32(Dtype::Bf16, &model.params[slot.range()]).unwrap());
        let shape =
            if slot.rows == 1 { slot.cols.to_string() } else { format!("{},{}", slot.rows, slot.cols) };
        header.push(format!(
            r#""{}":{{"dtype":"BF16","shape":[{shape}],"data_offsets":[{from},{}]}}"#,
            slot.name,
            data.len()
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn text() -> Vec<u8> {
    let mut random = Random::new(3);
    (0..300).map(|_| b'a' + (random.unit() * random.unit() * 20.0) as u8).collect()
}

fn go(options: &Options, calibration: Option<&[u8]>) -> minlen_core::Result<(Vec<u8>, Report)> {
    run(options, &file(), calibration, &mut |_| {}, &Env::default())
}

#[test]
fn a_bound_on_the_divergence_is_kept() {
    let text = text();
    let mut sizes = Vec::new();
    for bound in [0.1, 0.01] {
        let (payload, report) = go(&Options::new(Target::Divergence(bound)), Some(&text)).unwrap();
        let quality = report.quality.unwrap();
        assert!(quality.after.divergence <= bound && quality.after.divergence > bound * 0.5, "{report}");
        assert!(
            payload.len() as u64 == report.payload_bytes && report.payload_bytes * 2 < report.source_bytes
        );
        sizes.push(payload.len());
    }
    assert!(sizes[0] < sizes[1]);
}

#[test]
fn bounds_on_the_size_are_kept_and_nearly_used() {
    let text = text();
    for calibration in [None, Some(&text[..])] {
        for (target, bytes) in [(Target::Size(9_000), 9_000), (Target::BitsPerWeight(6.0), 12_000)] {
            let (payload, report) = go(&Options::new(target), calibration).unwrap();
            let bound = match target {
                Target::BitsPerWeight(bits) => (bits * report.weights as f64 / 8.0) as usize,
                _ => bytes,
            };
            assert!(
                payload.len() <= bound && payload.len() * 100 > bound * 97,
                "{} of {bound}",
                payload.len()
            );
        }
    }
    assert_eq!(go(&Options::new(Target::Size(300)), None).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn what_was_not_quantized_comes_back_exactly() {
    let source = file();
    let options = Options { output: Output::File, ..Options::new(Target::BitsPerWeight(8.0)) };
    let (decoded, report) = go(&options, None).unwrap();
    let (payload, _) = go(&Options { output: Output::Payload, ..options }, None).unwrap();
    assert_eq!(decode(&payload, &Env::default()).unwrap(), decoded);
    assert_eq!((decoded.len(), report.tensors.len()), (source.len(), 12));
    let header = 8 + u64::from_le_bytes(source[..8].try_into().unwrap()) as usize;
    assert_eq!(decoded[..header], source[..header]);
    let (before, after) =
        [&source, &decoded].map(|file| crate::transformer::Transformer::from_file(file).unwrap()).into();
    for (i, slot) in before.slots.iter().enumerate().filter(|(i, _)| before.is_norm(*i)) {
        assert_eq!(before.params[slot.range()], after.slot(i)[..], "{}", slot.name);
    }
}

#[test]
fn modes_and_pruning_work() {
    let text = text();
    let options = Options { mode: Mode::Product, ..Options::new(Target::BitsPerWeight(4.0)) };
    let (payload, report) = go(&options, Some(&text)).unwrap();
    assert!(report.tensors.iter().all(|tensor| tensor.relative_error < 0.6), "{report}");
    assert!(decode(&payload, &Env::default()).is_ok());
    for (mode, score) in [(Mode::Steps, Score::Wanda), (Mode::Codebook, Score::Magnitude)] {
        let target = Target::BitsPerWeight(6.0);
        let options = Options { mode, sparsity: Some((0.5, score)), ..Options::new(target) };
        let (_, report) = go(&options, Some(&text)).unwrap();
        assert!(report.tensors.iter().all(|tensor| tensor.zeros > 0.45), "{report}");
    }
}

#[test]
fn gguf_files_read_back() {
    let text = text();
    let mut last = f64::INFINITY;
    for dtype in [Dtype::Q4_0, Dtype::Q5_0, Dtype::Q8_0] {
        let options = Options { output: Output::Gguf(dtype), ..Options::new(Target::Divergence(1.0)) };
        let (_, report) = go(&options, Some(&text)).unwrap();
        let divergence = report.quality.unwrap().after.divergence;
        assert!(divergence < last, "{report}");
        last = divergence;
    }
    let options = Options { output: Output::Gguf(Dtype::Q4_0), ..Options::new(Target::Divergence(1e-9)) };
    assert_eq!(go(&options, Some(&text)).unwrap_err().kind(), ErrorKind::Verify);
}

#[test]
fn senseless_calls_are_refused() {
    let usage = |options: Options, text: Option<&[u8]>| go(&options, text).unwrap_err().kind();
    let text = text();
    assert_eq!(usage(Options::new(Target::Divergence(0.1)), None), ErrorKind::Usage);
    assert_eq!(usage(Options::new(Target::Divergence(-1.0)), Some(&text)), ErrorKind::Usage);
    assert_eq!(usage(Options::new(Target::BitsPerWeight(f64::NAN)), None), ErrorKind::Usage);
    assert_eq!(usage(Options::new(Target::Divergence(0.1)), Some(b"ab")), ErrorKind::Usage);
    let other = run(&Options::new(Target::Size(9)), b"nothing", None, &mut |_| {}, &Env::default());
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn damaged_payloads_never_panic() {
    let (payload, _) = go(&Options::new(Target::Size(3_000)), None).unwrap();
    let env = Env::default();
    for len in (0..payload.len()).step_by(53).chain(0..60) {
        assert!(decode(&payload[..len], &env).is_err());
    }
    for at in (0..payload.len()).step_by(97).chain(0..40) {
        let mut damaged = payload.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(decode(&damaged, &env).is_err(), "bit {} of byte {at}", at % 8);
    }
}

/// A safetensors file of f32 matrices of 128 columns.
fn matrices(all: &[(&str, Vec<f32>)]) -> Vec<u8> {
    use minlen_structure::write::write_safetensors;
    let tensor = |(name, values): &(&str, Vec<f32>)| {
        let len = values.len() as u64;
        minlen_core::Span::array(*name, Dtype::F32, vec![len / 128, 128], 0, len * 4)
    };
    let tensors: Vec<_> = all.iter().map(tensor).collect();
    let mut file = Vec::new();
    write_safetensors(&mut file, &tensors, &[], &mut |i| {
        Ok(minlen_tensor::weights::from_f32(Dtype::F32, &all[i].1).unwrap().into())
    })
    .unwrap();
    file
}

fn normal(rows: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..rows * 128).map(|_| random.normal() * 0.05).collect()
}

/// The matrices of a file.
fn values(file: &[u8]) -> Vec<Vec<f32>> {
    let layout = minlen_structure::Parsers::arrays().layout(&file).unwrap().unwrap();
    let bytes = |t: &minlen_core::Span| &file[t.start as usize..(t.start + t.len) as usize];
    layout.spans.iter().map(|t| minlen_tensor::weights::to_f32(t.dtype, bytes(t)).unwrap()).collect()
}

fn off(a: &[f32], b: &[f32]) -> f64 {
    let sum =
        |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>();
    (sum(&mut a.iter().zip(b).map(|(a, b)| a - b)) / sum(&mut b.iter().copied())).sqrt()
}

#[test]
fn one_outlier_does_not_zero_a_matrix() {
    let options = Options { output: Output::File, ..Options::new(Target::BitsPerWeight(4.0)) };
    for (outlier, mode) in
        [(1e5, Mode::Steps), (-1e30, Mode::Steps), (1e5, Mode::Codebook), (1e9, Mode::Product)]
    {
        let mut weights = normal(128, 6);
        weights[0] = outlier;
        let file = matrices(&[("w1", weights.clone()), ("w2", normal(128, 7))]);
        let options = Options { mode, ..options.clone() };
        let (decoded, report) = run(&options, &file, None, &mut |_| {}, &Env::default()).unwrap();
        let found = values(&decoded);
        assert_eq!(found[0][..128], weights[..128], "{outlier}");
        assert!(off(&found[0][128..], &weights[128..]) < 0.5, "{report}");
        assert_eq!((report.tensors[0].exact_rows, report.emptied().count()), (1, 0), "{report}");
        assert!(report.to_string().contains("outliers: 1 rows of w1 are kept exactly"));
    }
    // In every row: they get integers like the others.
    let mut weights = normal(128, 6);
    weights.iter_mut().step_by(128).for_each(|weight| *weight = 1e4);
    let file = matrices(&[("w1", weights.clone())]);
    let (decoded, report) = run(&options, &file, None, &mut |_| {}, &Env::default()).unwrap();
    let found = values(&decoded);
    let small = |all: &[f32]| {
        all.iter().enumerate().filter(|(i, _)| i % 128 != 0).map(|(_, w)| *w).collect::<Vec<_>>()
    };
    assert!(off(&small(&found[0]), &small(&weights)) < 0.5 && (found[0][0] - 1e4).abs() < 1.0, "{report}");
    // A large row is no reason to zero the others.
    let mut weights = normal(128, 6);
    weights[..128].iter_mut().for_each(|weight| *weight *= 1e6);
    let (decoded, report) =
        run(&options, &matrices(&[("w1", weights.clone())]), None, &mut |_| {}, &Env::default()).unwrap();
    assert!(off(&values(&decoded)[0][128..], &weights[128..]) < 0.6, "{report}");
}

#[test]
fn the_worst_row_and_emptied_tensors_are_named() {
    let mut weights = normal(64, 8);
    weights[128..256].iter_mut().for_each(|weight| *weight *= 1e-5);
    let file = matrices(&[("w1", weights), ("w2", normal(64, 9))]);
    let options = Options::new(Target::BitsPerWeight(4.0));
    let go = |options: &Options| run(options, &file, None, &mut |_| {}, &Env::default()).unwrap().1;
    let report = go(&options);
    let (_, row) = report.worst().unwrap();
    assert_eq!((row.name.as_str(), row.worst_row.0, row.emptied_rows), ("w1", 1, 1), "{report}");
    assert!(row.worst_row.1 > 0.99 && row.relative_error < 0.3, "{report}");
    assert!(report.to_string().contains("row 1 of w1 (100.00%)"), "{report}");
    let report = go(&Options { sparsity: Some((0.99999, Score::Magnitude)), ..options });
    assert_eq!(report.emptied().collect::<Vec<_>>(), ["w1", "w2"], "{report}");
    assert!(report.to_string().contains("every weight of w2 became 0"), "{report}");
}

#[test]
fn weights_that_are_no_numbers_are_refused_and_named() {
    for odd in [f32::NAN, f32::INFINITY] {
        let mut weights = normal(8, 8);
        weights[3 * 128 + 5] = odd;
        let file = matrices(&[("good", normal(8, 1)), ("odd", weights)]);
        let error = run(&Options::new(Target::BitsPerWeight(4.0)), &file, None, &mut |_| {}, &Env::default())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("\"odd\"") && error.to_string().contains("row 3"), "{error}");
    }
}

#[test]
fn gguf_holds_what_blocks_cannot_as_it_is() {
    let options = Options { output: Output::Gguf(Dtype::Q4_0), ..Options::new(Target::Size(1 << 20)) };
    let (mut large, small): (Vec<f32>, Vec<f32>) =
        (normal(4, 1), normal(4, 2).iter().map(|w| w * 1e-8).collect());
    large[7] = 1e30;
    let mut one = normal(4, 3);
    one[5] = 1e5;
    let file = matrices(&[("large", large.clone()), ("small", small.clone()), ("one", one.clone())]);
    let (made, report) = run(&options, &file, None, &mut |_| {}, &Env::default()).unwrap();
    let found = values(&made);
    assert!(found[0] == large && found[1] == small, "{report}");
    assert_eq!(report.kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["large", "small"]);
    // The block of the outlier suffers, and nothing else.
    assert!(off(&found[2][32..], &one[32..]) < 0.2 && (found[2][5] / 1e5 - 1.0).abs() < 0.01, "{report}");
    assert!(
        report.tensors[2].worst_row == (0, report.tensors[2].worst_row.1)
            && report.tensors[2].worst_row.1 > 0.3
    );
    // What GGUF would hold as something else is refused.
    for descr in ["'<f4', 'fortran_order': True", "'<c8', 'fortran_order': False"] {
        let text = format!("{{'descr': {descr}, 'shape': (32, 64), }}");
        let data = vec![1; 32 * 64 * if descr.contains('c') { 8 } else { 4 }];
        let npy =
            [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes(), &data].concat();
        assert!(run(&options, &npy, None, &mut |_| {}, &Env::default()).is_err(), "{descr}");
    }
}
