//! Known answers, limits and damage, for the parsers that walk through whole files.

use super::tests::{gguf, layout, listing, npy, safetensors};
use crate::formats;
use minlen_core::ErrorKind;
use minlen_core::layout::{Dtype, Format, Span};

type Found = (String, Dtype, Vec<u64>, Vec<u8>);

fn found(file: &[u8]) -> (Format, Vec<Found>) {
    let found = layout(&file).unwrap().unwrap();
    let bytes = |t: &Span| file[t.start as usize..][..t.len as usize].to_vec();
    let all = found.spans.iter().map(|t| (t.name.clone(), t.dtype, t.shape.clone(), bytes(t)));
    (found.format, all.collect())
}

fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let len = value.len();
    out.extend(if len < 128 { vec![len as u8] } else { vec![len as u8 | 0x80, (len >> 7) as u8] });
    out.extend(value);
    out
}

fn initializer(name: &str) -> Vec<u8> {
    let fields = [vec![0x08, 2, 0x08, 3, 0x10, 10], field(8, name.as_bytes()), field(9, &[9; 12])];
    fields.concat()
}

fn onnx() -> Vec<u8> {
    let packed = [vec![0x0a, 2, 1, 2, 0x10, 1], field(4, &[1; 8])].concat();
    let constant = [field(2, b"out"), field(4, b"Constant"), field(5, &field(5, &packed))].concat();
    let branch = field(5, &initializer("inner"));
    let node = field(5, &[field(1, b"then_branch"), field(6, &branch)].concat());
    let graph = [field(1, &constant), field(1, &node), field(5, &initializer("w"))].concat();
    [vec![8, 7], field(2, b"test"), field(7, &graph), field(8, &[0x10, 17])].concat()
}

#[test]
fn onnx_with_constants_and_branches() {
    let (format, all) = found(&onnx());
    assert_eq!(format, formats::ONNX);
    let half = |name: &str| (name.to_owned(), Dtype::F16, vec![2, 3], vec![9; 12]);
    assert_eq!(all, [("out".into(), Dtype::F32, vec![1, 2], vec![1; 8]), half("inner"), half("w")]);
}

#[test]
fn onnx_nested_without_end_is_refused() {
    let mut graph = field(5, &initializer("w"));
    for _ in 0..60 {
        graph = field(1, &field(5, &field(6, &graph)));
    }
    let file = [vec![8, 7], field(8, &[0x10, 17]), field(7, &graph)].concat();
    assert_eq!(layout(&file.as_slice()).unwrap_err().kind(), ErrorKind::Limit);
}

/// A table of 4-byte fields: its offsets to vectors or tables are filled in by hand.
fn tflite() -> Vec<u8> {
    let mut file = vec![0; 256];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    let word = |n: u32| n.to_le_bytes();
    put(0, &word(32));
    put(4, b"TFL3");
    // Model at 32, its field table at 12: graphs in field 2, buffers in field 4.
    put(12, &[14, 0, 20, 0, 0, 0, 0, 0, 4, 0, 0, 0, 8, 0]);
    put(32, &[&word(20)[..], &word(60 - 36), &word(160 - 40)].concat());
    // One graph at 76, its field table at 68: tensors in field 0.
    put(60, &[word(1), word(76 - 64)].concat());
    put(68, &[6, 0, 8, 0, 4, 0]);
    put(76, &[word(8), word(84 - 80)].concat());
    // One tensor at 108, its field table at 92: shape, type, buffer, name.
    put(84, &[word(1), word(108 - 88)].concat());
    put(92, &[12, 0, 20, 0, 4, 0, 8, 0, 12, 0, 16, 0]);
    put(108, &[word(16), word(136 - 112), word(9), word(1), word(148 - 124)].concat());
    put(136, &[word(2), word(2), word(5)].concat());
    put(148, &[&word(3)[..], b"abc"].concat());
    // Two buffers, the first one empty: tables at 184 and 192.
    put(160, &[word(2), word(184 - 164), word(192 - 168)].concat());
    put(172, &[4, 0, 4, 0, 6, 0, 8, 0, 4, 0]);
    put(184, &word(12));
    put(192, &[word(192 - 176), word(204 - 196)].concat());
    put(204, &[&word(10)[..], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]].concat());
    file
}

#[test]
fn tflite_finds_buffers() {
    let (format, all) = found(&tflite());
    assert_eq!(format, formats::TFLITE);
    assert_eq!(all, [("abc".into(), Dtype::I8, vec![2, 5], (1..=10).collect())]);
}

/// A ZIP file of stored members.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let (len, at) = ((data.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes());
        let sizes = [&[0; 4][..], &len, &len, &(name.len() as u16).to_le_bytes(), &[0, 0]].concat();
        file.extend([&b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0"[..], &sizes, name.as_bytes(), data].concat());
        let head = b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0";
        directory.extend([&head[..], &sizes, &[0; 10], &at, name.as_bytes()].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let places = [(directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes()].concat();
    file.extend(directory);
    file.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &places, &[0, 0]].concat());
    file
}

fn npz() -> Vec<u8> {
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24);
    zip(&[("w.npy", &array), ("note.txt", b"no array")])
}

#[test]
fn npz_holds_npy_files() {
    let (format, all) = found(&npz());
    assert_eq!(format, formats::NPZ);
    assert_eq!(all, [("w".into(), Dtype::F32, vec![2, 3], vec![1; 24])]);
    assert!(layout(&zip(&[("a.txt", b"text")]).as_slice()).unwrap().is_none());
}

/// What `pickle` writes for a dictionary of two arrays, tied and one of them transposed, and one in a storage of its own.
fn torch() -> Vec<u8> {
    let array = |class: &str, key: &str, offset: u8, size: [u8; 2], stride: [u8; 2]| {
        let storage = format!("(X\x07\0\0\0storagectorch\n{class}\nX\x01\0\0\0{key}X\x03\0\0\0cpuK\x0ctQ");
        let head = ["ctorch._utils\n_rebuild_tensor_v2\n(".as_bytes(), storage.as_bytes()].concat();
        let numbers =
            [b'K', offset, b'K', size[0], b'K', size[1], 0x86, b'K', stride[0], b'K', stride[1], 0x86];
        [&head[..], &numbers, b"\x89ccollections\nOrderedDict\n)RtR"].concat()
    };
    let key = |text: &str| format!("X\x01\0\0\0{text}").into_bytes();
    let pickle = [
        b"\x80\x02}(".to_vec(),
        key("a"),
        array("FloatStorage", "0", 0, [2, 3], [3, 1]),
        key("b"),
        array("FloatStorage", "0", 0, [2, 3], [3, 1]),
        key("c"),
        array("FloatStorage", "0", 6, [2, 3], [1, 2]),
        key("d"),
        array("BFloat16Storage", "1", 0, [2, 2], [2, 1]),
        b"u.".to_vec(),
    ]
    .concat();
    zip(&[("m/data.pkl", &pickle), ("m/data/0", &[5; 48]), ("m/data/1", &[6; 8]), ("m/data/2", &[7; 9])])
}

#[test]
fn torch_checkpoints() {
    let file = torch();
    let (format, all) = found(&file);
    assert_eq!(format, formats::TORCH);
    let names: Vec<_> =
        all.iter().map(|(name, dtype, shape, _)| (name.as_str(), *dtype, shape.clone())).collect();
    assert_eq!(
        names,
        [
            ("a", Dtype::F32, vec![2, 3]),
            ("c", Dtype::F32, vec![3, 2]),
            ("d", Dtype::Bf16, vec![2, 2]),
            ("m/data/2", Dtype::Bytes, vec![9]),
        ]
    );
    let (_, tied) = listing(&file.as_slice()).unwrap().unwrap();
    assert!(tied.iter().any(|tensor| tensor.name == "b"));
    // A pickle that calls something else is not obeyed; the storages are still there.
    let other = zip(&[("m/data.pkl", b"cos\nsystem\n(X\x02\0\0\0lstR."), ("m/data/0", &[5; 48])]);
    assert_eq!(found(&other).1[0].2, [48]);
}

/// A message of an object header of the first version.
fn message(kind: u8, data: &[u8]) -> Vec<u8> {
    let size = data.len().next_multiple_of(8);
    let mut out = vec![kind, 0, size as u8, 0, 0, 0, 0, 0];
    out.extend(data);
    out.resize(8 + size, 0);
    out
}

/// An object header of the first version.
fn header(messages: &[Vec<u8>]) -> Vec<u8> {
    let all = messages.concat();
    let mut out = vec![1, 0, messages.len() as u8, 0, 1, 0, 0, 0];
    out.extend((all.len() as u64).to_le_bytes());
    [out, all].concat()
}

/// An HDF5 file with a group held in the old way, in it an array of 3 x 4 floats, and one linked to in the new way.
pub(super) fn hdf5() -> Vec<u8> {
    let word = |n: u64| n.to_le_bytes();
    let array = |at: u64, size: u64| {
        header(&[
            message(1, &[&[1, 2, 0, 0, 0, 0, 0, 0][..], &word(3), &word(4)].concat()),
            message(
                3,
                &[&[0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23][..], &[127, 0, 0, 0]].concat(),
            ),
            message(8, &[&[3, 1][..], &word(at), &word(size)].concat()),
        ])
    };
    let mut file = b"\x89HDF\r\n\x1a\n".to_vec();
    file.extend([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0]);
    [0, u64::MAX, 2048, u64::MAX, 0, 96].iter().for_each(|n| file.extend(word(*n)));
    let mut put = |at: usize, bytes: &[u8]| {
        file.resize(file.len().max(at + bytes.len()), 0);
        file[at..at + bytes.len()].copy_from_slice(bytes);
    };
    let link = [&[1, 0, 3][..], b"new", &word(800)].concat();
    put(96, &header(&[message(0x11, &[word(200), word(400)].concat()), message(6, &link)]));
    put(200, &[&b"TREE\0\0\x01\0"[..], &[0xff; 16], &word(0), &word(300)].concat());
    put(300, &[&b"SNOD\x01\0\x01\0"[..], &word(8), &word(600), &[0; 24]].concat());
    put(400, &[&b"HEAP\0\0\0\0"[..], &word(64), &word(u64::MAX), &word(440)].concat());
    put(448, b"old\0");
    put(600, &array(1024, 48));
    put(800, &array(1072, 48));
    put(1024, &[3; 1024]);
    file
}

#[test]
fn hdf5_groups_of_both_kinds() {
    let (format, all) = found(&hdf5());
    assert_eq!(format, formats::HDF5);
    let array = |name: &str| (name.to_owned(), Dtype::F32, vec![3, 4], vec![3; 48]);
    assert_eq!(all, [array("old"), array("new")]);
}

/// Found by reading: an address near 2^64 overflowed, and an object whose messages go on with themselves made half a gigabyte
/// of names out of a small file.
#[test]
fn hdf5_without_end_costs_little() {
    let refused = |file: &[u8]| super::hdf5::walk(&mut crate::Reader::new(&file), 0).unwrap_err();
    let mut far = hdf5();
    far[64..72].fill(0xff);
    assert_eq!(refused(&far).kind(), ErrorKind::Corrupt);
    let mut round = hdf5();
    let link = message(6, &[&[1, 0, 200][..], &[b'n'; 208]].concat());
    let again = message(0x10, &[2064u64, 248].map(u64::to_le_bytes).concat());
    round.extend(header(&[link, again]));
    round[64..72].copy_from_slice(&2048u64.to_le_bytes());
    assert!(refused(&round).to_string().contains("names"));
    assert!(layout(&round.as_slice()).is_ok());
}

/// Every truncation and every changed byte: an answer, never a panic, and spans inside the file.
#[test]
fn damage_is_answered() {
    let new = [&b"\x89HDF\r\n\x1a\n\x02\x08\x08\0"[..], &[0; 24], &[48], &[0; 80]].concat();
    for file in [onnx(), tflite(), npz(), torch(), hdf5(), new] {
        for end in 0..file.len() {
            let _ = layout(&&file[..end]);
        }
        let mut damaged = file.clone();
        for at in 0..file.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1, file[at] ^ 0x10] {
                damaged[at] = byte;
                if let Ok(Some(found)) = layout(&damaged.as_slice()) {
                    assert!(found.spans.iter().all(|t| t.start + t.len <= file.len() as u64));
                }
            }
            damaged[at] = file[at];
        }
    }
}

#[test]
#[ignore = "writes seeds for fuzzing to fuzz/corpus"]
fn write_fuzz_seeds() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/structure");
    std::fs::create_dir_all(&dir).unwrap();
    let header = r#"{"w":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}}"#;
    let array = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24);
    let all = [
        ("safetensors", safetensors(header, 12)),
        ("npy", array),
        ("gguf", gguf(false)),
        ("gguf-big", gguf(true)),
        ("onnx", onnx()),
        ("tflite", tflite()),
        ("npz", npz()),
        ("torch", torch()),
        ("hdf5", hdf5()),
    ];
    for (name, file) in all {
        std::fs::write(dir.join(format!("seed-{name}")), file).unwrap();
    }
}
