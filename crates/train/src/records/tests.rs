//! Files of every format, good and bad: what records they hold, or what the user is told.

use super::{Labels, Raw, Records, Source};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use minlen_core::{Dtype, Env, ErrorKind, Limits};
use std::io::Write;
use tempfile::TempDir;

fn idx(code: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, code, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(data);
    file
}

fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut head = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (head.len() + 11) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    [&b"\x93NUMPY\x01\0"[..], &(head.len() as u16).to_le_bytes(), head.as_bytes(), data].concat()
}

/// A ZIP file as numpy.savez and numpy.savez_compressed write it.
fn npz(members: &[(&str, Vec<u8>)], packed: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let start = file.len() as u32;
        let mut inner = content.clone();
        if packed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            inner = encoder.finish().unwrap();
        }
        let method = if packed { 8u16 } else { 0 };
        let mut shared = Vec::new();
        shared.extend([20, 0, 0, 0]);
        shared.extend(method.to_le_bytes());
        shared.extend([0; 8]);
        shared.extend((inner.len() as u32).to_le_bytes());
        shared.extend((content.len() as u32).to_le_bytes());
        shared.extend((name.len() as u16).to_le_bytes());
        shared.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&shared);
        file.extend(name.bytes());
        file.extend(inner);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(shared);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, count) = (file.len() as u32, members.len() as u16);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(at.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn wav(bits: u16, channels: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
    file.extend(channels.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend((16_000 * u32::from(block)).to_le_bytes());
    file.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn png(width: u32, height: u32, colour: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    out
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

/// Reads these files, each named.
fn read(files: &[(&str, Vec<u8>)], change: impl Fn(&mut Source)) -> minlen_core::Result<Records> {
    let dir = folder(files);
    let mut source = Source::new(files.iter().map(|(name, _)| dir.path().join(name)));
    change(&mut source);
    source.read(&Env::default())
}

fn plain(_: &mut Source) {}

#[track_caller]
fn holds(found: minlen_core::Result<Records>, shape: &[u32], dtype: Dtype, bytes: &[u8]) {
    let found = found.unwrap();
    assert_eq!((&found.shape[..], found.dtype, &found.bytes[..]), (shape, dtype, bytes));
    assert_eq!(found.places.len(), found.len());
}

#[track_caller]
fn refused(found: minlen_core::Result<Records>, kind: ErrorKind, parts: &[&str]) {
    let error = found.unwrap_err();
    let said = error.to_string();
    assert_eq!(error.kind(), kind, "{said}");
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn arrays_whose_bytes_look_like_rows_of_one_picture_are_arrays() {
    let shade = |i: usize| {
        let (record, y, x) = (i / 784, i / 28 % 28, i % 28);
        let off = |a: usize, b: usize| (a as f32 - 14.0).abs() + (b as f32 - (8 + record % 12) as f32).abs();
        (255.0 - 20.0 * off(y, x)).max(0.0) as u8
    };
    let bytes: Vec<u8> = (0..2000 * 784).map(shade).collect();
    let file = npy("|u1", false, "(2000, 28, 28)", &bytes);
    assert_eq!(read(&[("a.npy", file)], plain).unwrap().shape, [28, 28]);
}

#[test]
fn idx_files_of_all_types_packed_or_not() {
    let bytes: Vec<u8> = (0..24).collect();
    let file = idx(8, &[2, 3, 4], &bytes);
    holds(read(&[("a-idx3-ubyte", file.clone())], plain), &[3, 4], Dtype::U8, &bytes);
    holds(read(&[("a-idx3-ubyte.gz", gz(&file))], plain), &[3, 4], Dtype::U8, &bytes);
    let floats = [1.5f32, -2.0, 3.0, 1e9].map(f32::to_be_bytes).concat();
    let little = [1.5f32, -2.0, 3.0, 1e9].map(f32::to_le_bytes).concat();
    holds(read(&[("f", idx(13, &[2, 2], &floats))], plain), &[2], Dtype::F32, &little);
    let ints = [1i32, 2, 300, -4].map(i32::to_be_bytes).concat();
    let short = [1i16, 2, 300, -4].map(i16::to_le_bytes).concat();
    holds(read(&[("i", idx(12, &[2, 2], &ints))], plain), &[2], Dtype::I16, &short);
    refused(
        read(&[("cut", file[..30].to_vec())], plain),
        ErrorKind::Truncated,
        &["10 of the 24 bytes", "are missing"],
    );
    refused(read(&[("long", [&file[..], &[1]].concat())], plain), ErrorKind::Corrupt, &["1 bytes longer"]);
    refused(read(&[("l", idx(8, &[9], &[1; 9]))], plain), ErrorKind::Usage, &["labels"]);
    refused(read(&[("cut.gz", gz(&file)[..20].to_vec())], plain), ErrorKind::Corrupt, &["gzip"]);
}

#[test]
fn labels_come_from_beside_from_a_column_or_from_a_file() {
    let pictures = idx(8, &[3, 2, 2], &[7; 12]);
    let files = [
        ("train-images-idx3-ubyte", pictures.clone()),
        ("train-labels-idx1-ubyte.gz", gz(&idx(8, &[3], &[5, 0, 4]))),
        ("notes.md", b"about this folder\n".to_vec()),
    ];
    let dir = folder(&files);
    let found = Source::new([dir.path()]).read(&Env::default()).unwrap();
    assert_eq!((found.len(), found.labels), (3, Some(vec![5, 0, 4])));
    assert!(found.notes[0].contains("2 files hold no records"), "{:?}", found.notes);
    let none = Source { labels: Labels::None, ..Source::new([dir.path()]) };
    assert_eq!(none.read(&Env::default()).unwrap().labels, None);
    for (name, content) in [
        ("l.txt", b"1\n2\n-3\n".to_vec()),
        ("l.npy", npy("<i8", false, "(3,)", &[1i64, 2, -3].map(i64::to_le_bytes).concat())),
    ] {
        std::fs::write(dir.path().join(name), content).unwrap();
        let path = dir.path().join("train-images-idx3-ubyte");
        let own = Source { labels: Labels::File(dir.path().join(name)), ..Source::new([path]) };
        assert_eq!(own.read(&Env::default()).unwrap().labels, Some(vec![1, 2, -3]));
    }
    let table = b"a,b,Label\n1,2,1\n3,4,0\n".to_vec();
    let found = read(&[("t.csv", table.clone())], plain).unwrap();
    assert_eq!((found.bytes, found.labels), (vec![1, 2, 3, 4], Some(vec![1, 0])));
    let found = read(&[("t.csv", table)], |source| source.labels = Labels::None).unwrap();
    assert_eq!((found.bytes, found.labels), (vec![1, 2, 1, 3, 4, 0], None));
    std::fs::write(dir.path().join("train-labels-idx1-ubyte.gz"), idx(8, &[2], &[5, 0])).unwrap();
    refused(Source::new([dir.path()]).read(&Env::default()), ErrorKind::Corrupt, &["2 labels for 3 records"]);
}

#[test]
fn arrays_of_any_type_and_order() {
    let bytes: Vec<u8> = (0..12).collect();
    holds(read(&[("a.npy", npy("|u1", false, "(3, 4)", &bytes))], plain), &[4], Dtype::U8, &bytes);
    let columns = npy("|u1", true, "(2, 3)", &[1, 4, 2, 5, 3, 6]);
    holds(read(&[("f.npy", columns)], plain), &[3], Dtype::U8, &[1, 2, 3, 4, 5, 6]);
    let big = npy(">i2", false, "(2, 2)", &[0, 1, 0, 2, 0, 3, 255, 255]);
    holds(read(&[("b.npy", big)], plain), &[2], Dtype::I16, &[1, 0, 2, 0, 3, 0, 255, 255]);
    let half = npy("<f2", false, "(1, 2)", &[0x00, 0x3c, 0x00, 0xc1]);
    holds(read(&[("h.npy", half)], plain), &[2], Dtype::F32, &[1.0f32, -2.5].map(f32::to_le_bytes).concat());
    let wide = npy("<i8", false, "(2, 2)", &[1i64, 2, 3, 255].map(i64::to_le_bytes).concat());
    holds(read(&[("w.npy", wide)], plain), &[2], Dtype::U8, &[1, 2, 3, 255]);
    let complex = npy("<c8", false, "(2, 2)", &[0; 32]);
    refused(read(&[("c.npy", complex)], plain), ErrorKind::Unsupported, &["c64", "convert"]);
    let labels = npy("<i8", false, "(2,)", &[0; 16]);
    refused(read(&[("l.npy", labels)], plain), ErrorKind::Usage, &["labels"]);
    let series = npy("<f4", false, "(5,)", &[1.0f32, 2.0, 3.0, 4.0, 5.0].map(f32::to_le_bytes).concat());
    refused(read(&[("s.npy", series.clone())], plain), ErrorKind::Usage, &["--window"]);
    let found = read(&[("s.npy", series.clone())], |source| source.window = Some(2)).unwrap();
    assert_eq!((found.len(), &found.shape[..]), (2, &[2][..]));
    assert!(found.notes[0].starts_with("1 numbers after"), "{:?}", found.notes);
    refused(read(&[("s.npy", series[..130].to_vec())], plain), ErrorKind::Truncated, &["npy"]);
    let flat = npy("|u1", false, "(2, 6)", &bytes);
    let found = read(&[("a.npy", flat.clone())], |source| source.shape = Some(vec![2, 3])).unwrap();
    assert_eq!(found.kind(), "2x3 u8");
    refused(
        read(&[("a.npy", flat)], |s| s.shape = Some(vec![7])),
        ErrorKind::Usage,
        &["6 numbers", "--shape"],
    );
    let huge = npy("|u1", false, "(1, 70000)", &[0; 70_000]);
    refused(read(&[("a.npy", huge)], plain), ErrorKind::Usage, &["70000", "65536"]);
}

#[test]
fn arrays_in_npz_files_are_named_packed_or_not() {
    let first = npy("|u1", false, "(2, 3)", &[1, 2, 3, 4, 5, 6]);
    let second = npy("|u1", false, "(1, 2)", &[8, 9]);
    for packed in [false, true] {
        let one = npz(&[("x.npy", first.clone())], packed);
        holds(read(&[("a.npz", one.clone())], plain), &[3], Dtype::U8, &[1, 2, 3, 4, 5, 6]);
        let two = npz(&[("x.npy", first.clone()), ("y.npy", second.clone())], packed);
        refused(
            read(&[("a.npz", two.clone())], plain),
            ErrorKind::Usage,
            &["2 arrays", "\"x", "\"y", "--array"],
        );
        let named = |name: &'static str| move |source: &mut Source| source.array = Some(name.into());
        holds(read(&[("a.npz", two.clone())], named("y")), &[2], Dtype::U8, &[8, 9]);
        refused(read(&[("a.npz", two)], named("z")), ErrorKind::Usage, &["no array \"z\""]);
        for at in 30..one.len().min(120) {
            let mut damaged = one.clone();
            damaged[at] ^= 0x55;
            // Whatever comes of it, it is an error or records.
            let _ = read(&[("a.npz", damaged)], plain);
        }
    }
}

#[test]
fn pictures_of_one_size() {
    let grey: Vec<u8> = (0..12).collect();
    let files = [
        ("b.png", png(4, 3, png::ColorType::Grayscale, &grey)),
        ("a.pgm", [&b"P5\n# by hand\n4 3\n255\n"[..], &[9; 12]].concat()),
    ];
    holds(read(&files, plain), &[3, 4], Dtype::U8, &[&grey[..], &[9; 12]].concat());
    let dir = folder(&files);
    let found = Source::new([dir.path()]).read(&Env::default()).unwrap();
    assert_eq!(found.bytes[..12], [9; 12]);
    assert!(found.name(1).ends_with("b.png"));
    let colour = png(4, 3, png::ColorType::Rgb, &[1; 36]);
    let other = [files[0].clone(), ("c.png", colour)];
    refused(read(&other, plain), ErrorKind::Usage, &["c.png", "b.png", "3x4x3 u8", "3x4 u8"]);
    refused(
        read(&[("j.jpg", b"\xff\xd8\xff\xe0....".to_vec())], plain),
        ErrorKind::Unsupported,
        &["JPEG", "PNG"],
    );
    let good = &files[0].1;
    for at in 8..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 0x55;
        if let Ok(found) = read(&[("b.png", damaged)], plain) {
            assert!(!found.is_empty());
        }
        assert!(read(&[("b.png", good[..at].to_vec())], plain).is_err() || at > good.len() - 13);
    }
    refused(read(&[("a.pgm", b"P5 4 3 255\n123".to_vec())], plain), ErrorKind::Truncated, &["PNM"]);
    refused(
        read(&[("a.pgm", b"P5 999999999 999999999 255\n1".to_vec())], plain),
        ErrorKind::Truncated,
        &["PNM"],
    );
}

#[test]
fn tables_with_and_without_names() {
    let table = |text: &str| read(&[("t.csv", text.as_bytes().to_vec())], plain);
    holds(table("1,2\n3,4\n"), &[2], Dtype::U8, &[1, 2, 3, 4]);
    holds(table("a;b\n-1;2\n3;4\n"), &[2], Dtype::I8, &[255, 2, 3, 4]);
    holds(table("\u{feff}x\ty\n300\t2\n"), &[2], Dtype::I16, &[44, 1, 2, 0]);
    holds(table("0.5 2\n1 1e3\n"), &[2], Dtype::F32, &[0.5f32, 2.0, 1.0, 1e3].map(f32::to_le_bytes).concat());
    holds(table("16777217,1.5\n"), &[2], Dtype::F64, &[16_777_217.0f64, 1.5].map(f64::to_le_bytes).concat());
    holds(table("\"a,b\",c\n1,2\n"), &[2], Dtype::U8, &[1, 2]);
    refused(
        table("a,b\n1,2\n3,red\n"),
        ErrorKind::Usage,
        &["line 3, column 2 (\"b\"): \"red\"", "--skip-columns b"],
    );
    refused(
        table("1,2\n3,\n"),
        ErrorKind::Usage,
        &["line 2, column 2: the number is missing", "--skip-columns 2"],
    );
    refused(table("a,b\nNA,2\n3,4\n"), ErrorKind::Usage, &["line 2, column 1 (\"a\")", "missing"]);
    refused(table("1,2\n3,4,5\n"), ErrorKind::Usage, &["line 2 has 3 fields"]);
    refused(table("5\n0\n4\n"), ErrorKind::Usage, &["labels"]);
    refused(table("0.5\n0.25\n"), ErrorKind::Usage, &["--window"]);
    refused(table(""), ErrorKind::Usage, &["cannot tell"]);
    let columns = |list: &'static [&str], skip: &'static [&str]| {
        read(&[("t.csv", b"a,b,c\n1,2,3\n4,5,x\n".to_vec())], move |source| {
            source.columns = list.iter().map(ToString::to_string).collect();
            source.skip_columns = skip.iter().map(ToString::to_string).collect();
        })
    };
    holds(columns(&["b", "1"], &[]), &[2], Dtype::U8, &[2, 1, 5, 4]);
    holds(columns(&[], &["c"]), &[2], Dtype::U8, &[1, 2, 4, 5]);
    refused(columns(&["d"], &[]), ErrorKind::Usage, &["no column \"d\"", "a, b, c"]);
    refused(columns(&["a"], &["a"]), ErrorKind::Usage, &["no column is left"]);
}

#[test]
fn sound_in_windows_of_each_channel() {
    let samples = [1i16, 10, 2, 20, 3, 30, 4, 40, 5, 50].map(i16::to_le_bytes).concat();
    let window = |source: &mut Source| source.window = Some(2);
    let expected = [1i16, 2, 3, 4, 10, 20, 30, 40].map(i16::to_le_bytes).concat();
    holds(read(&[("a.wav", wav(16, 2, &samples))], window), &[2], Dtype::I16, &expected);
    holds(read(&[("a.wav", wav(8, 1, &[1, 2, 3]))], window), &[2], Dtype::U8, &[1, 2]);
    refused(read(&[("a.wav", wav(16, 2, &samples))], plain), ErrorKind::Usage, &["--window"]);
    refused(read(&[("a.wav", wav(24, 1, &[0; 12]))], window), ErrorKind::Unsupported, &["16 bits"]);
    refused(read(&[("a.wav", wav(16, 1, &[0; 2]))], window), ErrorKind::Usage, &["no records"]);
    let like = |source: &mut Source| source.like = Some((vec![2], Dtype::I16));
    assert_eq!(read(&[("a.wav", wav(16, 2, &samples))], like).unwrap().len(), 4);
}

#[test]
fn raw_numbers_lie_as_the_user_says() {
    let file = [&b"HEAD"[..], &[1, 0, 2, 0, 3, 0, 4, 0]].concat();
    let raw = |dtype, skip, shape: &'static [u32]| {
        move |source: &mut Source| {
            (source.raw, source.shape) = (Some(Raw { dtype, skip }), Some(shape.to_vec()));
        }
    };
    holds(read(&[("r", file.clone())], raw(Dtype::U16, 4, &[2])), &[2], Dtype::U16, &file[4..]);
    refused(read(&[("r", file.clone())], raw(Dtype::U8, 4, &[3])), ErrorKind::Usage, &["2 are left over"]);
    let no_shape = |source: &mut Source| source.raw = Some(Raw { dtype: Dtype::U8, skip: 0 });
    refused(read(&[("r", file.clone())], no_shape), ErrorKind::Usage, &["--shape"]);
    refused(read(&[("r", [0xff; 32].to_vec())], plain), ErrorKind::Usage, &["cannot tell", "--type"]);
    assert_eq!(super::dtype("i16").unwrap(), Dtype::I16);
    assert!(super::dtype("q4_0").is_err());
}

#[test]
fn files_join_and_are_groups() {
    let rows = |first: u8, count: u8| {
        npy("|u1", false, &format!("({count}, 2)"), &vec![first; 2 * usize::from(count)])
    };
    let files: Vec<(String, Vec<u8>)> = (0..20).map(|i| (format!("{i:02}.npy"), rows(i, 10))).collect();
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (&name[..], bytes.clone())).collect();
    let records = read(&files, plain).unwrap();
    assert_eq!((records.len(), records.files.len()), (200, 20));
    assert!(records.name(13).ends_with("01.npy[3]"));
    // A whole file is held out.
    let split = records.split(0.05, 3);
    assert_eq!((split.held_out.len(), split.train.len()), (10, 190));
    let groups = records.groups();
    assert!(split.held_out.iter().all(|&i| groups[i as usize] == groups[split.held_out[0] as usize]));
    // Of one file, records by themselves.
    let one = read(&files[..1], plain).unwrap();
    assert_eq!(one.split(0.2, 3).held_out.len(), 2);
    let few = |seed| read(&files, move |source| (source.most, source.seed) = (Some(30), seed)).unwrap();
    assert_eq!((few(1).len(), few(1).bytes == few(1).bytes, few(1).bytes == few(2).bytes), (30, true, false));
    // A table whose numbers are of the same type joins, too.
    let mixed = [files[0].clone(), ("t.csv", b"1,2\n3,4\n".to_vec())];
    assert_eq!(read(&mixed, plain).unwrap().len(), 12);
    refused(
        read(&[files[0].clone(), ("t.csv", b"1,2.5\n".to_vec())], plain),
        ErrorKind::Usage,
        &["t.csv", "00.npy"],
    );
}

#[test]
fn records_that_nothing_can_be_learned_from() {
    let mut values: Vec<f32> = (0..140).map(|i| i as f32).collect();
    let records = |values: &[f32]| {
        Records::new(vec![2], Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()).unwrap()
    };
    assert_eq!(records(&values).for_training().unwrap().notes.len(), 0);
    refused(records(&values[..100]).for_training(), ErrorKind::Usage, &["50 records are too few", "64"]);
    (values[9], values[20]) = (f32::NAN, f32::INFINITY);
    let kept = records(&values).for_training().unwrap();
    assert_eq!(kept.len(), 68);
    assert!(
        kept.notes[0].contains("2 of 70 records hold NaN") && kept.notes[0].contains("[4]"),
        "{:?}",
        kept.notes
    );
    refused(records(&[f32::NAN; 200]).for_training(), ErrorKind::Usage, &["all 100 records"]);
    values.iter_mut().step_by(2).for_each(|v| *v = 7.0);
    let half = records(&values).for_training().unwrap();
    assert!(half.notes.iter().any(|note| note.contains("1 of the 2 numbers")), "{:?}", half.notes);
    refused(records(&[7.0; 200]).for_training(), ErrorKind::Usage, &["all records are the same"]);
}

#[test]
fn folders_and_limits() {
    let dir = tempfile::tempdir().unwrap();
    refused(Source::new([dir.path()]).read(&Env::default()), ErrorKind::Usage, &["no files in this folder"]);
    refused(Source::new([dir.path().join("no")]).read(&Env::default()), ErrorKind::Io, &["cannot read"]);
    let big = dir.path().join("a.npy.gz");
    std::fs::write(&big, gz(&npy("|u1", false, "(4000, 4096)", &vec![0; 4000 * 4096]))).unwrap();
    let small = Env::new(Limits::default().with_memory(8 << 20));
    refused(Source::new([&big]).read(&small), ErrorKind::Limit, &["memory"]);
    assert_eq!(Source::new([&big]).read(&Env::default()).unwrap().len(), 4000);
    let like = Source { like: Some((vec![64, 64], Dtype::U8)), ..Source::new([&big]) };
    assert_eq!(like.read(&Env::default()).unwrap().shape, [64, 64]);
    let other = Source { like: Some((vec![28, 28], Dtype::U8)), ..Source::new([&big]) };
    refused(other.read(&Env::default()), ErrorKind::Usage, &["4096 u8", "28x28 u8"]);
}
