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
