//! Golden files of arrays: what was written decodes for ever, and the writer still writes the same bytes, on every instruction
//! set.
//!
//! `cargo test -p minlen --test all -- --ignored write_tensor_files` writes `testdata/golden/tensors` again: only while
//! their version was never released.

use crate::common::golden_dir;
use minlen::layout::{BaseSet, Description, Dtype};
use minlen::nearby::to_stream;
use minlen::{Env, ErrorKind, Limits, MaxError, Options, compress_with, decompress_with};
use minlen_tensor::packed::scales::Scales;
use minlen_tensor::packed::{self, Content, Entry, Packed};
use minlen_tensor::quantized::{Layer, Levels};
use std::fs;
use std::path::{Path, PathBuf};

fn dir() -> PathBuf {
    golden_dir().with_file_name("tensors")
}

/// Numbers around zero, as weights are; a multiple of 1/4096 each, so that every machine has the same.
fn weights(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i32 - 128
    };
    (0..count).map(|_| (0..6).map(|_| byte()).sum::<i32>() as f32 / 4096.0).collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn halves(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()[2..].to_vec()).collect()
}

fn integers(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| (value * 200.0) as i8 as u8).collect()
}

/// A safetensors file of matrices: name, type, columns, numbers.
fn safetensors(tensors: &[(&str, &str, usize, Vec<u8>)]) -> Vec<u8> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, columns, bytes) in tensors {
        let unit = ["I8", "BF16", "", "F32"].iter().position(|known| known == dtype).unwrap() + 1;
        let (start, end, rows) = (data.len(), data.len() + bytes.len(), bytes.len() / unit / columns);
        entries.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{rows},{columns}],"data_offsets":[{start},{end}]}}"#
        ));
        data.extend_from_slice(bytes);
    }
    let header = format!("{{{}}}", entries.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn network(seed: u64) -> Vec<u8> {
    let first = floats(&weights(18 * 32, seed));
    // NaN with a payload, an infinity and -0 among the halves.
    let scale = |i: usize| [1.0, 0.015625, 64.0, 0.25][i % 4] * [1.0, 8.0][i / 32 % 2];
    let scaled = weights(48 * 32, seed + 1).iter().enumerate().map(|(i, v)| v * scale(i)).collect::<Vec<_>>();
    let mut second = halves(&scaled);
    second[40..46].copy_from_slice(&[0xa5, 0x7f, 0x80, 0xff, 0x00, 0x80]);
    let tied = first[..4 * 32 * 4].to_vec();
    safetensors(&[
        ("a.weight", "F32", 32, first),
        ("b.weight", "BF16", 32, second),
        ("c.weight", "F32", 32, tied),
    ])
}

/// The network after some more training.
fn trained() -> Vec<u8> {
    let mut file = network(1);
    let start = file.len() - (22 * 32 * 4 + 48 * 32 * 2);
    for (i, number) in file[start..start + 18 * 32 * 4].chunks_exact_mut(4).enumerate() {
        let changed = f32::from_le_bytes(number.try_into().unwrap()) * (1.0 + (i % 5) as f32 / 8192.0);
        number.copy_from_slice(&changed.to_le_bytes());
    }
    file
}

fn int8() -> Vec<u8> {
    safetensors(&[
        ("w", "I8", 48, integers(&weights(40 * 48, 7))),
        ("w.scale", "F32", 1, floats(&weights(40, 8))),
    ])
}

/// A NumPy file.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut head = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), data].concat()
}

/// A smooth field with a little noise.
fn heights() -> Vec<f32> {
    let noise = weights(28 * 36, 11);
    let bump = |t: usize| (t as f32 - 17.0) * (t as f32 - 17.0) / 64.0;
    (0..28 * 36).map(|i| 280.0 + bump(i % 36) + bump(i / 36) + noise[i] / 64.0).collect()
}

fn field() -> Vec<u8> {
    npy("<f4", "(28, 36)", &floats(&heights()))
}

/// Measurements with two decimal places.
fn series() -> Vec<u8> {
    let steps = weights(420, 13);
    let mut level = 2150;
    let values = steps.iter().map(|step| {
        level += (step * 200.0) as i32;
        f64::from(level) / 100.0
    });
    npy("<f8", "(420,)", &values.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
}

/// A GGUF file with arrays of Q8_0, Q4_0 and F16.
fn gguf() -> Vec<u8> {
    let string = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let scale = |i: usize| (0x2400 + (i * 37 % 61) as u16).to_le_bytes();
    let numbers = integers(&weights(40 * 32, 17));
    let q8: Vec<u8> =
        numbers.chunks(32).enumerate().flat_map(|(i, block)| [&scale(i)[..], block].concat()).collect();
    let q4: Vec<u8> = numbers
        .chunks(16)
        .enumerate()
        .flat_map(|(i, half)| [&scale(i)[..], &half.iter().map(|b| b & 0x77).collect::<Vec<u8>>()].concat())
        .collect();
    let f16: Vec<u8> =
        weights(320, 19).iter().flat_map(|v| ((v.to_bits() >> 13) as u16).to_le_bytes()).collect();
    let mut out = [&b"GGUF"[..], &3u32.to_le_bytes(), &3u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
    out.extend([&string("general.name")[..], &8u32.to_le_bytes(), &string("golden")].concat());
    let mut at = 0u64;
    for (name, shape, code, data) in
        [("q8", [64u64, 20], 8u32, &q8), ("q4", [64, 40], 2, &q4), ("norm", [32, 10], 1, &f16)]
    {
        out.extend([&string(name)[..], &2u32.to_le_bytes()].concat());
        shape.iter().for_each(|size| out.extend(size.to_le_bytes()));
        out.extend([&code.to_le_bytes()[..], &at.to_le_bytes()].concat());
        at = (at + data.len() as u64).next_multiple_of(32);
    }
    for data in [&q8, &q4, &f16] {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(data);
    }
    out
}

/// A quantized payload as a stream.
fn stream_of(payload: Vec<u8>, env: &Env) -> Vec<u8> {
    let len = packed::file_len(&payload).unwrap() as usize;
    let description = Description { codec: minlen::ids::QUANTIZED, payload: payload.into() };
    to_stream(&description, len, &Options::default(), env).unwrap()
}

/// A golden file: its name, how it is written, and what.
struct Case {
    name: String,
    options: Options,
    content: Vec<u8>,
    /// How far the floats may be off.
    bound: Option<f64>,
    /// What reading it takes.
    env: Env,
}

fn cases(base: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for (strength, level) in [(1, 3), (2, 5), (3, 8)] {
        let plain = Options::new(level).unwrap();
        let plain = plain.with_codec(&format!("tensors:strength={strength},level=3")).unwrap();
        let bases =
            BaseSet::open(&[base.to_owned()], &crate::common::keys(), &plain, &Env::default()).unwrap();
        let limits = Limits::default().with_memory(512 << 20).with_output(1 << 20);
        let mut add = |name: &str, options: Options, content: Vec<u8>, bound: Option<f64>| {
            let env = Env::new(limits.clone()).with_resources(bases.resources());
            cases.push(Case { name: format!("{name}-{strength}.mln"), options, content, bound, env });
        };
        add("safetensors", plain.clone(), network(1), None);
        add("delta", plain.clone().with_bases(bases.clone()), trained(), None);
        add("field", plain.clone(), field(), None);
        add("series", plain.clone(), series(), None);
        add("int8", plain.clone(), int8(), None);
        add("gguf", plain.clone(), gguf(), None);
        let raw = floats(&heights());
        let near = plain.with_shape(Dtype::F32, &[28, 36]).with_max_error(MaxError::Absolute(0.01)).unwrap();
        add("bounded", near, raw, Some(0.01));
    }
    cases
}

/// A quantized model, as it is stored and as it comes out: a matrix with steps by row and one of vectors.
fn quantized() -> Vec<u8> {
    let mut layer = Layer::new(6, 16, weights(96, 23).iter().map(|value| (value * 30.0) as i32).collect());
    layer.levels = Levels::Uniform(vec![-48]);
    let scales = |rows, columns| Scales::uniform(-48, rows, columns, Dtype::F32);
    let indices = weights(4 * 4, 29).iter().map(|value| u8::from(*value > 0.0)).collect();
    let book = [1.0f32, -0.5, 0.25, 0.0, -1.0, 0.5, 0.0, 2.0].map(|v| (v.to_bits() >> 16) as u16).to_vec();
    let packed = Packed {
        len: 20 + 96 * 4 + 64 * 4 + 7,
        entries: vec![
            Entry { start: 20, scales: scales(6, 16), content: Content::Integers(layer) },
            Entry {
                start: 20 + 96 * 4,
                scales: scales(4, 16),
                content: Content::Product { length: 4, book, indices },
            },
        ],
        rest: b"a header of 20 bytesthe end".to_vec(),
    };
    packed::encode(&packed).unwrap()
}

fn with_base<T>(run: impl FnOnce(&Path) -> T) -> T {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("base.safetensors");
    fs::write(&base, network(1)).unwrap();
    run(&base)
}

fn values(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()))
}

fn check_content(case: &Case, decoded: &[u8]) {
    let Some(bound) = case.bound else {
        assert!(decoded == case.content, "{}: not what was written", case.name);
        return;
    };
    assert_eq!(decoded.len(), case.content.len());
    let apart = values(decoded).zip(values(&case.content)).map(|(a, b)| (f64::from(a) - f64::from(b)).abs());
    let worst = apart.fold(0.0, f64::max);
    assert!(worst > 0.0 && worst <= bound, "{}: off by {worst}", case.name);
}

#[test]
fn golden_files_of_arrays_decode_and_are_written_again() {
    let env = Env::default();
    with_base(|base| {
        for case in cases(base) {
            let golden = fs::read(dir().join(&case.name)).unwrap();
            check_content(&case, &decompress_with(&golden, &case.options, &case.env).unwrap());
            let again = compress_with(&case.content, &case.options, &env).unwrap();
            assert!(
                golden == again,
                "{}: the writer's output has changed: a new format version, or a mistake?",
                case.name
            );
        }
    });
    let golden = fs::read(dir().join("quantized.mln")).unwrap();
    assert!(golden == stream_of(quantized(), &env), "quantized: the writer's output has changed");
    let model = decompress_with(&golden, &Options::default(), &env).unwrap();
    assert_eq!(model.len(), 20 + 96 * 4 + 64 * 4 + 7);
    assert_eq!(model[..20], *b"a header of 20 bytes");
    let steps = weights(96, 23).into_iter().map(|value| (value * 30.0) as i32 as f32 / 8.0);
    assert!(values(&model[20..20 + 96 * 4]).eq(steps));
    assert_eq!(blake3::hash(&model).to_hex()[..16], *"bbfd0904b3db06ef");
}

#[test]
fn every_instruction_set_writes_and_reads_the_golden_files() {
    for isa in ["scalar", "avx2", "avx512"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "golden_tensors::golden_files_of_arrays_decode_and_are_written_again"])
            .env("MINLEN_ISA", isa)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{isa}: {said}");
    }
}

#[test]
fn damage_to_golden_files_is_noticed() {
    with_base(|base| {
        for case in cases(base) {
            let golden = fs::read(dir().join(&case.name)).unwrap();
            let env = &case.env;
            let intact = decompress_with(&golden, &case.options, env).unwrap();
            let check = |bytes: &[u8], what: &str| match decompress_with(bytes, &case.options, env) {
                Ok(content) => assert!(content == intact, "{}, {what}: other content", case.name),
                Err(error) => assert!(
                    !matches!(error.kind(), ErrorKind::Io | ErrorKind::Verify),
                    "{}, {what}: {error}",
                    case.name
                ),
            };
            let mut damaged = golden.clone();
            for bit in (0..golden.len() * 8).step_by(1 + golden.len() / 8) {
                damaged[bit / 8] ^= 1 << (bit % 8);
                check(&damaged, &format!("bit {bit}"));
                damaged[bit / 8] ^= 1 << (bit % 8);
            }
            for len in (0..golden.len()).step_by(1 + golden.len() / 30) {
                check(&golden[..len], &format!("cut to {len}"));
            }
            assert_eq!(env.budget.used(), 0, "{}: memory was not given back", case.name);
        }
    });
}

#[test]
fn a_delta_without_its_base_says_what_is_missing() {
    for strength in 1..=3 {
        let golden = fs::read(dir().join(format!("delta-{strength}.mln"))).unwrap();
        let error = decompress_with(&golden, &Options::default(), &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(&blake3::hash(&network(1)).to_hex()[..16]), "{error}");
    }
}

#[test]
#[ignore = "writes testdata/golden/tensors: only for a format that was never released"]
fn write_tensor_files() {
    fs::create_dir_all(dir()).unwrap();
    let env = Env::default();
    with_base(|base| {
        for case in cases(base) {
            let small = compress_with(&case.content, &case.options, &env).unwrap();
            check_content(&case, &decompress_with(&small, &case.options, &case.env).unwrap());
            fs::write(dir().join(&case.name), small).unwrap();
        }
    });
    fs::write(dir().join("quantized.mln"), stream_of(quantized(), &env)).unwrap();
}

#[test]
#[ignore = "writes seeds for fuzzing to fuzz/corpus"]
fn write_fuzz_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let seed = |target: &str, name: &str, len: usize, payload: &[u8]| {
        fs::create_dir_all(corpus.join(target)).unwrap();
        let bytes = [&(len as u32).to_le_bytes()[..3], payload].concat();
        fs::write(corpus.join(target).join(format!("seed-{name}")), bytes).unwrap();
    };
    let registry = minlen::registry();
    let codec = registry.by_name("tensors").unwrap();
    for (name, content) in [
        ("safetensors", network(1)),
        ("field", field()),
        ("series", series()),
        ("int8", int8()),
        ("gguf", gguf()),
    ] {
        for strength in 1..=3 {
            let mut payload = Vec::new();
            let params = codec.params().with("strength", strength).with("level", 1);
            codec.encode(&content, &params, &Env::default(), &mut payload).unwrap();
            seed("decode_tensors", &format!("{name}-{strength}"), content.len(), &payload);
        }
    }
    let model = packed::decode(&quantized(), &Env::default()).unwrap();
    seed("decode_model", "0", model.len(), &quantized());
}
