//! Model files: what is written comes back, the golden file stays readable, and nothing in a file is believed.

use minlen_core::{Env, ErrorKind, Limits};
use minlen_nn::Isa;
use minlen_nn::integer::{Activation, Dyadic, Function, Graph, Linear, Network, Node, Op, Shape, Window};
use minlen_nn::model_file::{MAGIC, ModelFile, NamedGraph, Probe, Section, Tensor};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The same numbers on every machine.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self, most: i32) -> i32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) as i32 % (2 * most + 1) - most
    }

    fn linear(&mut self, rows: usize, columns: usize) -> Linear {
        Linear {
            rows,
            columns,
            weights: (0..rows * columns).map(|_| (self.next(120) * self.next(1)) as i16).collect(),
            bias: (0..rows).map(|_| self.next(20_000) * 7).collect(),
            scales: (0..rows).map(|_| Dyadic { multiplier: 20_000 + self.next(9_000), shift: 20 }).collect(),
            limit: 4095,
        }
    }
}

/// Every operation once.
fn decoder() -> Graph {
    let mut numbers = Numbers(5);
    let half = Dyadic { multiplier: 1, shift: 1 };
    let silu = Activation { function: Function::Silu, input_bits: 9, output_bits: 10 };
    let nodes = vec![
        Node { from: 0, op: Op::Dense(numbers.linear(12, 5)) },
        Node { from: 1, op: Op::Activation(silu) },
        Node { from: 2, op: Op::Reshape(Shape { height: 2, width: 2, channels: 3 }) },
        Node { from: 3, op: Op::Conv(Window::same(3, 1), numbers.linear(3, 27)) },
        Node { from: 4, op: Op::Add { other: 3, scales: [half, Dyadic::ONE], limit: 3000 } },
        Node { from: 5, op: Op::TransposedConv(Window::same(4, 2), numbers.linear(2, 48)) },
        Node {
            from: 6,
            op: Op::Depthwise(Window { kernel: [1, 3], ..Window::same(1, 1) }, numbers.linear(2, 3)),
        },
    ];
    Graph { input: Shape::flat(5), input_limit: 200, nodes }
}

fn model() -> ModelFile {
    let mut model = ModelFile::new("test");
    model.licence = "CC0-1.0".into();
    model.provenance = "numbers of a generator, seed 5".into();
    model.report = "{\"loss\": 0}".into();
    model.networks.push(NamedGraph { name: "decoder".into(), graph: decoder() });
    let tiny = Graph {
        input: Shape::flat(2),
        input_limit: 9,
        nodes: vec![Node { from: 0, op: Op::Dense(Numbers(1).linear(1, 2)) }],
    };
    model.networks.push(NamedGraph { name: "prior".into(), graph: tiny });
    let mut numbers = Numbers(9);
    let inputs = (0..15).map(|_| numbers.next(200) as i16).collect();
    model.add_probe("decoder", inputs, &Env::default()).unwrap();
    model.tensors.push(Tensor {
        name: "analysis-1".into(),
        sides: vec![2, 3],
        values: vec![0.5, -1.0, 2.0, 0.0, 1e-9, 3.5],
    });
    model.sections.push(Section { tag: *b"Test", bytes: vec![1, 2, 3] });
    model.sections.push(Section { tag: *b"more", bytes: vec![] });
    model
}

fn read(bytes: &[u8]) -> minlen_core::Result<ModelFile> {
    ModelFile::read(bytes, &[*b"Test"], &Env::default())
}

/// A checksum over what was changed.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 8;
    let sum = xxh3_64(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn a_model_comes_back() {
    let model = model();
    let bytes = model.write().unwrap();
    let back = read(&bytes).unwrap();
    assert!(back.networks == model.networks && back.probes == model.probes && back.tensors == model.tensors);
    assert!(back.sections == model.sections && back.section(*b"Test") == Some(&[1, 2, 3]));
    assert_eq!((&back.kind[..], &back.licence[..], &back.report[..]), ("test", "CC0-1.0", "{\"loss\": 0}"));
    assert_eq!(back.provenance, model.provenance);
    back.verify(&Env::default()).unwrap();
    assert!(back.write().unwrap() == bytes && ModelFile::begins(&bytes));
    assert!(back.network("encoder").is_err());
    let small = back.decode_only().write().unwrap();
    assert!(small.len() < bytes.len() - 30 && read(&small).unwrap().tensors.is_empty());
}

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/networks/every-layer.mlc")
}

#[test]
fn the_golden_file_is_read_and_written() {
    let bytes = std::fs::read(golden()).unwrap();
    let back = read(&bytes).unwrap();
    assert!(back.networks == model().networks);
    back.verify(&Env::default()).unwrap();
    assert!(model().write().unwrap() == bytes, "the writer's output has changed");
}

/// Not a test of its own: what [`the_golden_file_computes_the_same_in_every_version`] starts.
#[test]
fn child_verifies() {
    if std::env::var_os("MINLEN_MODEL_CHILD").is_some() {
        read(&std::fs::read(golden()).unwrap()).unwrap().verify(&Env::default()).unwrap();
        println!("verified by {}", Isa::detect().name());
    }
}

#[test]
fn the_golden_file_computes_the_same_in_every_version() {
    for isa in Isa::available() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "model_file::child_verifies", "--nocapture"])
            .env("MINLEN_MODEL_CHILD", "1")
            .env("MINLEN_ISA", isa.name())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("verified by {}", isa.name())), "{text}");
    }
}

#[test]
#[ignore = "writes the golden file of a new version of the format"]
fn write_golden() {
    std::fs::create_dir_all(golden().parent().unwrap()).unwrap();
    std::fs::write(golden(), model().write().unwrap()).unwrap();
}

#[test]
#[ignore = "writes seeds for fuzzing to fuzz/corpus"]
fn write_fuzz_seeds() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/decode_model_file");
    std::fs::create_dir_all(&dir).unwrap();
    let bytes = model().write().unwrap();
    std::fs::write(dir.join("seed-0"), &bytes[9..bytes.len() - 8]).unwrap();
}

#[test]
fn every_cut_and_every_flip_is_noticed() {
    let bytes = model().write().unwrap();
    for end in 0..bytes.len() {
        let kind = read(&bytes[..end]).unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::Truncated | ErrorKind::Corrupt), "{end}");
        // Cut and sealed again.
        if end > 17 {
            assert!(read(&sealed(bytes[..end].to_vec())).is_err(), "{end}");
        }
    }
    assert!(read(&sealed([&bytes[..], &[0]].concat())).is_err());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn forged_files_are_refused_or_are_models() {
    let bytes = model().write().unwrap();
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let (mut models, mut other) = (0, 0);
    for bit in (72..bytes.len() * 8 - 64).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(model) = ModelFile::read(&sealed(flipped), &[*b"Test"], &env) {
            let written = model.write().unwrap();
            assert!(read(&written).unwrap().networks == model.networks);
            models += 1;
            other += u32::from(model.verify(&env).is_err());
        }
    }
    // Texts, weights under the coder's own checksum, biases, floats and probes: some of each.
    assert!(models > 20 && other > 8, "{models} {other}");
    assert_eq!(env.budget.used(), 0);
}

/// The file with a section more, before the others.
fn with_section(tag: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 4]);
    bytes.extend(b"test\x01");
    bytes.extend(tag);
    minlen_core::varint::put(&mut bytes, content.len() as u64);
    bytes.extend(content);
    sealed([&bytes[..], &[0; 8]].concat())
}

#[test]
fn what_readers_do_not_know_is_passed_over_or_refused() {
    let refused = |bytes: &[u8]| read(bytes).unwrap_err().kind();
    assert_eq!(read(&with_section(b"note", b"x")).unwrap().section(*b"note"), Some(&b"x"[..]));
    assert_eq!(refused(&with_section(b"Note", b"x")), ErrorKind::Unsupported);
    assert_eq!(refused(&with_section(b"no1e", b"x")), ErrorKind::Corrupt);
    assert_eq!(refused(&with_section(b"lice", b"\xff")), ErrorKind::Corrupt);
    assert_eq!(refused(&with_section(b"lice", b"")), ErrorKind::Corrupt);
    let mut later = model().write().unwrap();
    later[8] = 2;
    assert_eq!(refused(&sealed(later)), ErrorKind::Unsupported);
    let converted = [&b"\x8dMLC\n\x1a\n"[..], &model().write().unwrap()[8..]].concat();
    let error = read(&converted).unwrap_err();
    assert!(error.message().contains("line ends"), "{error}");
    assert!(read(b"\x89PNG\r\n\x1a\n....").unwrap_err().message().contains("not a model"));
}

#[test]
fn hostile_numbers_are_refused() {
    let refused = |tag: &[u8; 4], content: &[u8]| {
        let env = Env::new(Limits::default().with_memory(32 << 20));
        let error = ModelFile::read(&with_section(tag, content), &[], &env).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Truncated | ErrorKind::Limit),
            "{error}"
        );
    };
    let nan = [&b"\x01a\x01\x01"[..], &f32::NAN.to_le_bytes()].concat();
    refused(b"tens", &nan);
    // Sides whose product is 2^64.
    refused(b"tens", b"\x01a\x02\x80\x80\x80\x80\x10\x80\x80\x80\x80\x10");
    refused(b"tens", b"\x01A\x00\x00\x00\x00\x00");
    refused(b"PROB", b"\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    refused(b"PROB", b"\x01a\xff\xff\xff\xff\x0f");
    // A dense layer of 2^20 by 2^20, then one of 2^20 by 16 without its biases.
    for sides in [&b"\x80\x80\x40\x80\x80\x40"[..], b"\x80\x80\x40\x10"] {
        let graph = [&b"\x01\x01\x05\x09\x01\x00\x00"[..], sides, b"\x7f"].concat();
        refused(b"NETW", &[&b"\x01a"[..], &[graph.len() as u8], &graph].concat());
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let refuse = |change: fn(&mut ModelFile)| {
        let mut model = model();
        change(&mut model);
        assert_eq!(model.write().unwrap_err().kind(), ErrorKind::Usage);
    };
    refuse(|model| model.kind = String::new());
    refuse(|model| model.kind = "Großes".into());
    refuse(|model| model.networks[1].name = "decoder".into());
    refuse(|model| model.tensors[0].values[2] = f32::NAN);
    refuse(|model| model.tensors[0].sides[0] = 7);
    refuse(|model| model.sections[0].tag = *b"NETW");
    refuse(|model| model.sections[0].tag = *b"a b ");
    refuse(|model| model.report = "x".repeat(2 << 20));
    let mut model = model();
    model.probes[0].network = "other".into();
    assert!(model.write().is_err());
    model.probes[0] = Probe { network: "prior".into(), inputs: vec![1, 1], hash: 0 };
    let error = read(&model.write().unwrap()).unwrap().verify(&Env::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(Network::new(&decoder(), &Env::default()).is_ok());
}
