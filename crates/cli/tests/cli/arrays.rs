//! Arrays come out as what they are, and floats are inexact only where that was asked for.

use super::sandbox::Sandbox;

fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes(), data].concat()
}

/// The dictionary and the data of an npy file.
fn parts(file: &[u8]) -> (String, Vec<u8>) {
    let len = usize::from(u16::from_le_bytes([file[8], file[9]]));
    (String::from_utf8_lossy(&file[10..10 + len]).trim_end().to_owned(), file[10 + len..].to_vec())
}

fn safetensors(entries: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{{entries}}}");
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn smooth(count: usize) -> Vec<f64> {
    (0..count).map(|i| 5.0 + (i as f64 / 300.0).sin() + (i * i % 97) as f64 * 1e-5).collect()
}

#[test]
fn an_array_beyond_the_end_is_refused() {
    let s = Sandbox::new();
    let entries = r#""a":{"dtype":"F32","shape":[64],"data_offsets":[0,256]},
        "b":{"dtype":"F32","shape":[64,32],"data_offsets":[256,8448]},
        "c":{"dtype":"F32","shape":[9],"data_offsets":[0,256]}"#;
    s.write("cut.safetensors", safetensors(entries, &vec![3; 8000]));
    s.ok(["compress", "cut.safetensors"]);
    for out in ["o.npy", "o.safetensors", "o.gguf", "o.bin"] {
        for name in ["b", "c"] {
            let line = s.fails(["extract", "cut.safetensors.mln", "--tensor", name, "-o", out], 4);
            assert!(line.contains(&format!("\"{name}\"")) && line.contains("at byte"), "{line}");
        }
        s.fails(["extract", "cut.safetensors.mln", "--tensor", "b", "--rows", "0..2", "-o", out], 4);
        assert_eq!(s.names("."), ["cut.safetensors", "cut.safetensors.mln"]);
    }
    s.ok(["extract", "cut.safetensors.mln", "--tensor", "a", "-o", "a.npy"]);
    let listed = s.run(["list", "--tensors", "cut.safetensors.mln"]);
    assert!(listed.code == 2 && listed.stderr.contains("beyond the end"), "{listed:?}");
}

#[test]
fn column_major_and_big_endian_arrays_come_out_as_such_or_turned() {
    let s = Sandbox::new();
    let stored: Vec<u8> = (0..12u32).flat_map(u32::to_be_bytes).collect();
    s.write("f.npy", npy("'>u4'", "True", "(4, 3)", &stored));
    s.ok(["compress", "f.npy"]);
    s.ok(["extract", "f.npy.mln", "--tensor", "*", "-o", "o.npy"]);
    let (head, data) = parts(&s.read("o.npy"));
    assert_eq!(head, "{'descr': '>u4', 'fortran_order': True, 'shape': (4, 3), }");
    assert_eq!(data, stored);
    // Rows are those of the first dimension, which lie apart here.
    s.ok(["extract", "f.npy.mln", "--tensor", "*", "--rows", "1..3", "-f", "-o", "o.npy"]);
    let (head, data) = parts(&s.read("o.npy"));
    assert!(head.contains("'fortran_order': True, 'shape': (2, 3)"), "{head}");
    assert_eq!(data, [1u32, 2, 5, 6, 9, 10].map(u32::to_be_bytes).concat());
    // Where the format has one order only, elements change places and bytes are turned.
    s.ok(["extract", "f.npy.mln", "--tensor", "*", "--rows", "1..3", "-o", "o.safetensors"]);
    let file = s.read("o.safetensors");
    assert!(String::from_utf8_lossy(&file).contains(r#""dtype":"U32","shape":[2, 3]"#));
    assert!(file.ends_with(&[1u32, 5, 9, 2, 6, 10].map(u32::to_le_bytes).concat()));
    let listed = s.ok(["list", "--tensors", "f.npy.mln"]).text();
    assert!(listed.contains("u32 big-endian") && listed.contains("4x3"), "{listed}");
}

#[test]
fn types_are_kept_or_refused() {
    let s = Sandbox::new();
    let entries = r#""b":{"dtype":"BOOL","shape":[64],"data_offsets":[0,64]},
        "e":{"dtype":"F8_E8M0","shape":[64],"data_offsets":[64,128]},
        "c":{"dtype":"C64","shape":[4,2],"data_offsets":[128,192]},
        "f":{"dtype":"F4","shape":[4,8],"data_offsets":[192,208]}"#;
    let data: Vec<u8> = (0..208).map(|i| i as u8 & 1).collect();
    s.write("t.safetensors", safetensors(entries, &data));
    s.ok(["compress", "t.safetensors"]);
    s.ok(["extract", "t.safetensors.mln", "--tensor", "*", "-o", "all.safetensors"]);
    let file = s.read("all.safetensors");
    let head = String::from_utf8_lossy(&file).into_owned();
    for (kind, shape) in [("BOOL", "[64]"), ("F8_E8M0", "[64]"), ("C64", "[4, 2]"), ("F4", "[4, 8]")] {
        assert!(head.contains(&format!(r#""dtype":"{kind}","shape":{shape}"#)), "{head}");
    }
    assert!(file.ends_with(&data));
    for (name, descr) in [("b", "'|b1'"), ("c", "'<c8'")] {
        s.ok(["extract", "t.safetensors.mln", "--tensor", name, "-f", "-o", "o.npy"]);
        assert!(parts(&s.read("o.npy")).0.contains(descr));
    }
    for (name, out) in [("e", "x.npy"), ("f", "x.npy"), ("b", "x.gguf"), ("c", "x.gguf"), ("b", "x.npz")] {
        s.fails(["extract", "t.safetensors.mln", "--tensor", name, "-o", out], 3);
        assert!(!s.exists(out));
    }
    // Text, times and records of NumPy stay what they are.
    for (descr, size) in [("'<U3'", 12), ("'<M8[ns]'", 8), ("[('x', '<f4'), ('id', '>i2')]", 6)] {
        s.write("odd.npy", npy(descr, "False", "(5,)", &data[..5 * size]));
        s.ok(["compress", "odd.npy", "-f"]);
        s.ok(["extract", "odd.npy.mln", "--tensor", "*", "-f", "-o", "o.npy"]);
        let (head, back) = parts(&s.read("o.npy"));
        assert!(head.contains(descr) && head.contains("(5,)") && back == data[..5 * size], "{head}");
        s.fails(["extract", "odd.npy.mln", "--tensor", "*", "-o", "x.safetensors"], 3);
    }
}

#[test]
fn only_declared_floats_are_inexact() {
    let s = Sandbox::new();
    let values = smooth(12_000);
    let little: Vec<u8> = values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
    let big: Vec<u8> = values.iter().flat_map(|value| (*value as f32).to_be_bytes()).collect();
    s.write("big.npy", npy("'>f4'", "False", "(12000,)", &big));
    s.write("record.npy", npy("[('x', '<f4'), ('id', '<i4')]", "False", "(6000,)", &little));
    s.write("whole.npy", npy("'<i4'", "False", "(12000,)", &little));
    s.write("complex.npy", npy("'<c8'", "False", "(6000,)", &little));
    s.write("raw.bin", &little);
    for file in ["big.npy", "record.npy", "whole.npy", "complex.npy", "raw.bin"] {
        let ran = s.ok(["compress", file, "--max-error", "1%", "-f", "-o", "x.mln"]);
        assert!(ran.stderr.contains("stored exactly"), "{file}: {}", ran.stderr);
        assert!(s.ok(["cat", "x.mln"]).stdout == s.read(file), "{file}");
    }
    // The shape counts, and must be that of the file, whatever the file is.
    s.write("good.npy", npy("'<f4'", "False", "(12000,)", &little));
    for (file, shape) in [("raw.bin", "f32:11999"), ("good.npy", "f32:12000"), ("raw.bin", "f64:12000")] {
        s.fails(["compress", file, "--shape", shape, "-o", "y.mln"], 3);
        s.fails(["compress", file, "--shape", shape, "--max-error", "1%", "-o", "y.mln"], 3);
    }
    s.write("empty", "");
    s.fails(["compress", "empty", "--shape", "f32:4", "-o", "y.mln"], 3);
    assert!(!s.exists("y.mln"));
    // A pipe is kept until it is compared.
    let asked = ["compress", "-c", "--shape", "f32:120x100", "--max-error", "0.01"];
    let piped = s.pipe(asked, &little);
    assert!(piped.code == 0 && piped.stdout.len() * 10 < little.len(), "{piped:?}");
    s.write("piped.mln", &piped.stdout);
    let near = s.ok(["cat", "piped.mln"]).stdout;
    let pairs = near.as_chunks::<4>().0.iter().zip(&values);
    let off =
        pairs.map(|(four, value)| (f64::from(f32::from_le_bytes(*four)) - f64::from(*value as f32)).abs());
    let worst = off.fold(0f64, f64::max);
    assert!(worst > 0.0 && worst <= 0.01, "{worst}");
}

#[test]
fn bounds_hold_for_odd_numbers_or_nothing_changes() {
    let s = Sandbox::new();
    let tiny: Vec<f64> = (0..3000).map(|i| f64::from_bits(i * i % 977)).collect();
    let huge: Vec<f64> = (0..3000).map(|i| f64::MAX * (f64::from(i) * 0.37).sin()).collect();
    let mut odd = smooth(3000);
    odd[5] = f64::NAN;
    odd[6] = f64::NEG_INFINITY;
    odd[7] = -0.0;
    for (values, bound) in [
        (&tiny, "1%"),
        (&tiny, "1e-322"),
        (&huge, "0.1%"),
        (&odd, "0.1%"),
        (&odd, "1e-17"),
        (&vec![2.5; 3000], "5%"),
    ] {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        s.write("n.npy", npy("'<f8'", "False", "(3000,)", &data));
        for level in ["-1", "-7"] {
            s.ok(["compress", level, "n.npy", "--max-error", bound, "-f", "-o", "n.mln"]);
            let near = s.ok(["cat", "n.mln"]).stdout;
            let (low, high) = values
                .iter()
                .filter(|v| v.is_finite())
                .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            let allowed = match bound.strip_suffix('%') {
                Some(share) => {
                    (high / 2.0 - low / 2.0) * 2.0f64.mul_add(share.parse::<f64>().unwrap() / 100.0, 0.0)
                }
                None => bound.parse().unwrap(),
            };
            let start = near.len() - data.len();
            assert_eq!(near[..start], s.read("n.npy")[..start]);
            for (eight, value) in near[start..].as_chunks::<8>().0.iter().zip(values) {
                let back = f64::from_le_bytes(*eight);
                let kept = back.to_bits() == value.to_bits();
                assert!(
                    kept || (back - value).abs() <= allowed,
                    "{value:e} became {back:e}, {allowed:e} allowed"
                );
            }
        }
    }
}

#[test]
fn tensors_that_quantizing_would_empty_are_named() {
    let s = Sandbox::new();
    let data: Vec<u8> = smooth(8192).iter().flat_map(|v| ((v - 5.0) as f32).to_le_bytes()).collect();
    let entries = r#""w":{"dtype":"F32","shape":[64,128],"data_offsets":[0,32768]}"#;
    s.write("w.safetensors", safetensors(entries, &data));
    let ran =
        s.run(["quantize", "w.safetensors", "--target-bpw", "4", "--sparsity", "0.99999", "-o", "q.mln"]);
    assert!(ran.code == 2 && ran.stderr.contains("every weight of w became 0"), "{ran:?}");
    assert!(ran.text().contains("worst:"), "{ran:?}");
    s.ok(["quantize", "w.safetensors", "--target-bpw", "4", "-f", "-o", "q.mln"]);
    let mut broken = data;
    broken[400..404].copy_from_slice(&f32::NAN.to_le_bytes());
    s.write("w.safetensors", safetensors(entries, &broken));
    let line = s.fails(["quantize", "w.safetensors", "--target-bpw", "4", "-o", "z.mln"], 3);
    assert!(line.contains("\"w\"") && line.contains("w.safetensors") && !s.exists("z.mln"), "{line}");
}
