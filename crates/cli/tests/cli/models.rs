//! Model weights and float arrays: listed, taken out, stored as differences, inexact, quantized.

use super::sandbox::Sandbox;

/// Numbers around zero, as weights are.
pub fn weights(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i32 - 128
    };
    (0..count).map(|_| (0..8).map(|_| byte()).sum::<i32>() as f32 / 4093.0).collect()
}

/// A safetensors file with these matrices of 32 columns.
pub fn model(tensors: &[(&str, &[f32])]) -> Vec<u8> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, values) in tensors {
        let (start, rows) = (data.len(), values.len() / 32);
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let end = data.len();
        entries.push(format!(
            r#""{name}":{{"dtype":"F32","shape":[{rows},32],"data_offsets":[{start},{end}]}}"#
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn arrays_are_listed_and_taken_out_one_by_one() {
    let s = Sandbox::new();
    let (a, b) = (weights(64 * 32, 1), weights(500 * 32, 2));
    s.write("net.safetensors", model(&[("head.a", &a), ("body.b", &b)]));
    s.ok(["compress", "net.safetensors"]);
    s.ok(["compress", "net.safetensors", "net.safetensors.mln", "-o", "tree.mln"]);
    let listed = s.ok(["list", "--tensors", "net.safetensors.mln"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("64x32") && listed.contains("body.b"), "{listed}");
    let json = s.ok(["list", "--tensors", "--format", "json", "tree.mln"]).stdout;
    assert!(String::from_utf8_lossy(&json).contains("\"head.a\""));
    for archive in ["net.safetensors.mln", "tree.mln"] {
        s.ok(["extract", archive, "--tensor", "body.b", "-f", "-o", "b.bin"]);
        assert_eq!(s.read("b.bin"), bytes(&b));
        s.ok(["extract", archive, "--tensor", "body.b", "--rows", "100..200", "-f", "-o", "b.bin"]);
        assert_eq!(s.read("b.bin"), bytes(&b[3200..6400]));
    }
    s.ok(["extract", "tree.mln", "--tensor", "head.a", "-o", "a.npy"]);
    let npy = s.read("a.npy");
    assert!(
        npy.starts_with(b"\x93NUMPY")
            && npy.ends_with(&bytes(&a))
            && (npy.len() - a.len() * 4).is_multiple_of(64)
    );
    s.ok(["extract", "tree.mln", "--tensor", "*", "-o", "all.safetensors"]);
    s.ok(["compress", "all.safetensors"]);
    s.ok(["extract", "all.safetensors.mln", "--tensor", "head.a", "-o", "a.bin"]);
    assert_eq!(s.read("a.bin"), bytes(&a));
    s.fails(["extract", "tree.mln", "--tensor", "nobody"], 3);
    s.fails(["extract", "tree.mln", "--tensor", "body.b", "--rows", "400..501"], 3);
    s.fails(["extract", "tree.mln", "--tensor", "*"], 3);
}

#[test]
fn differences_need_their_base_and_can_change_it() {
    let s = Sandbox::new();
    let old = weights(600 * 32, 3);
    let new: Vec<f32> = old.iter().zip(weights(600 * 32, 4)).map(|(w, d)| w + d / 5000.0).collect();
    s.write("old.safetensors", model(&[("w", &old)]));
    s.write("new.safetensors", model(&[("w", &new)]));
    s.ok(["compress", "old.safetensors"]);
    for level in ["-3", "-7"] {
        s.ok(["compress", level, "new.safetensors", "-f", "-o", "alone.mln"]);
        s.ok(["compress", level, "new.safetensors", "--base", "old.safetensors", "-f", "-o", "new.mln"]);
        assert!(s.read("new.mln").len() * 10 < s.read("alone.mln").len() * 9);
        assert!(s.fails(["cat", "new.mln"], 3).contains("--base"));
        assert!(s.fails(["cat", "--base", "new.safetensors", "new.mln"], 3).contains("--base"));
        for base in ["old.safetensors", "old.safetensors.mln"] {
            assert_eq!(s.ok(["cat", "--base", base, "new.mln"]).stdout, s.read("new.safetensors"));
        }
    }
    // A base that is a difference itself needs its own base before it.
    s.ok([
        "compress",
        "-7",
        "old.safetensors",
        "--base",
        "old.safetensors",
        "--base",
        "new.mln",
        "-o",
        "chain.mln",
    ]);
    s.fails(["cat", "--base", "new.mln", "chain.mln"], 3);
    let chain = ["cat", "--base", "old.safetensors", "--base", "new.mln", "chain.mln"];
    assert_eq!(s.ok(chain).stdout, s.read("old.safetensors"));
    s.ok(["rebase", "new.mln", "--base", "old.safetensors", "-o", "free.mln"]);
    assert_eq!(s.ok(["cat", "free.mln"]).stdout, s.read("new.safetensors"));
    s.write("other.safetensors", model(&[("w", &new[..599 * 32])]));
    s.ok(["rebase", "new.mln", "--base", "old.safetensors", "--onto", "new.safetensors", "-o", "self.mln"]);
    assert_eq!(s.ok(["cat", "--base", "new.safetensors", "self.mln"]).stdout, s.read("new.safetensors"));
    // A base that has nothing to do with it is not needed afterwards.
    s.write("text.txt", "no arrays here");
    s.ok(["compress", "new.safetensors", "--base", "text.txt", "-o", "x.mln"]);
    assert_eq!(s.ok(["cat", "x.mln"]).stdout, s.read("new.safetensors"));
}

#[test]
fn floats_may_be_inexact_only_within_the_bound() {
    let s = Sandbox::new();
    let field: Vec<f32> =
        (0..64 * 80).map(|i| ((i % 80) as f32 * 0.1).sin() + (i / 80) as f32 * 0.02).collect();
    s.write("field.raw", bytes(&field));
    s.ok(["compress", "field.raw", "--shape", "f32:64x80", "-o", "exact.mln"]);
    assert_eq!(s.ok(["cat", "exact.mln"]).stdout, s.read("field.raw"));
    let said =
        s.ok(["compress", "field.raw", "--shape", "f32:64x80", "--max-error", "0.001", "-o", "near.mln"]);
    assert!(said.stderr.contains("off by"), "{}", said.stderr);
    assert!(s.read("near.mln").len() * 3 < s.read("exact.mln").len());
    let near = s.ok(["cat", "near.mln"]).stdout;
    let values = near.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let worst =
        values.zip(&field).map(|(a, b)| f64::from(a) - f64::from(*b)).fold(0f64, |m, d| m.max(d.abs()));
    assert!(worst > 0.0 && worst <= 0.001, "{worst}");
    s.fails(["compress", "field.raw", "--shape", "f32:64x81", "-o", "x.mln"], 3);
    assert_eq!(s.run(["compress", "field.raw", "--max-error", "-1", "-o", "x.mln"]).code, 3);
    s.fails(["compress", "--rm", "field.raw", "--shape", "f32:64x80", "--max-error", "1%"], 3);
}

#[test]
fn floats_may_be_as_near_as_decibels_bits_or_bytes_say_and_info_tells() {
    let s = Sandbox::new();
    let field: Vec<f32> =
        (0..64 * 80).map(|i| ((i % 80) as f32 * 0.1).sin() + (i / 80) as f32 * 0.02).collect();
    s.write("field.raw", bytes(&field));
    let base = ["compress", "field.raw", "--shape", "f32:64x80", "-f", "-o", "near.mln"];
    let with = |target: &[&str]| s.ok(base.iter().chain(target).copied().collect::<Vec<_>>());
    with(&[]);
    assert!(s.ok(["info", "near.mln"]).text().contains("exact        yes"));
    let exact = s.read("near.mln").len();
    for target in [["--psnr", "50"], ["--bpp", "2"], ["--max-size", "1200"]] {
        assert!(with(&target).stderr.contains("off by"), "{target:?}");
        assert!(s.read("near.mln").len() * 2 < exact, "{target:?}");
        let told = s.ok(["info", "near.mln"]).text();
        assert!(told.contains("exact        no: f32 5120"), "{told}");
        let json: serde_json::Value =
            serde_json::from_slice(&s.ok(["info", "--format", "json", "near.mln"]).stdout).unwrap();
        let file = &json["files"][0];
        assert_eq!((&file["exact"], &file["differences"][0]["samples"]), (&false.into(), &5120.into()));
        assert!(file["differences"][0]["allowed"].as_f64().is_some_and(|allowed| allowed > 0.0));
    }
    assert!(s.read("near.mln").len() < 1200 + 200);
    let both = ["--psnr", "50", "--bpp", "2"];
    assert_eq!(s.run(base.iter().chain(&both).copied().collect::<Vec<_>>()).code, 3);
    s.fails(["compress", "--rm", "field.raw", "--shape", "f32:64x80", "--psnr", "60"], 3);
}

#[test]
fn sound_and_pixels_are_listed_and_taken_out_as_arrays() {
    let s = Sandbox::new();
    let samples: Vec<u8> = (0..4000i16).flat_map(|i| (i.wrapping_mul(31) % 3000).to_le_bytes()).collect();
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data".to_vec();
    wav.extend((samples.len() as u32).to_le_bytes());
    wav.extend(&samples);
    s.write("tone.wav", &wav);
    s.ok(["compress", "tone.wav", "-o", "tone.mln"]);
    let listed = s.ok(["list", "--tensors", "--format", "json", "tone.mln"]);
    let json: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let model = &json["files"][0]["models"][0];
    assert_eq!((&model["format"], &model["tensors"][0]["kind"]), (&"wav".into(), &"sound".into()));
    assert_eq!(model["tensors"][0]["shape"], serde_json::json!([2000, 2]));
    s.ok(["extract", "tone.mln", "--tensor", "*", "-o", "tone.npy"]);
    assert!(s.read("tone.npy").ends_with(&samples));
}

#[test]
fn a_model_is_quantized_within_its_bound() {
    let s = Sandbox::new();
    s.write("net.safetensors", model(&[("w", &weights(300 * 32, 5))]));
    let said = s.ok(["quantize", "net.safetensors", "--target-bpw", "4"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("bits per weight"));
    assert!(s.read("net.safetensors.mln").len() < 300 * 32 / 2 + 200);
    s.ok(["decompress", "net.safetensors.mln", "-o", "back.safetensors"]);
    assert_eq!(s.read("back.safetensors").len(), s.read("net.safetensors").len());
    s.ok(["quantize", "net.safetensors", "--target-bpw", "4", "-o", "same.safetensors"]);
    assert_eq!(s.read("same.safetensors"), s.read("back.safetensors"));
    s.fails(["quantize", "net.safetensors", "--target-size", "100"], 3);
    assert_eq!(s.run(["quantize", "net.safetensors", "--max-kl", "0.1"]).code, 3);
}

/// A safetensors file of this header and 4,096 bytes of numbers.
fn with_header(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes(&weights(1024, 9))].concat()
}

#[test]
fn broken_model_files_are_named_and_still_compressed() {
    let s = Sandbox::new();
    s.write("good.safetensors", model(&[("w", &weights(32 * 32, 9))]));
    let whole = s.read("good.safetensors");
    let long =
        format!(r#"{{"w":{{"dtype":"F32","shape":[32,32],"data_offsets":[0,4096]}},"{}"#, "v".repeat(600));
    let mut cut = with_header(&long);
    cut.truncate(500);
    let overlap = r#"{"v":{"dtype":"F32","shape":[32,32],"data_offsets":[0,4096]},
        "w":{"dtype":"F32","shape":[16,32],"data_offsets":[100,2148]}}"#;
    let absurd = r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296,32],"data_offsets":[0,4096]}}"#;
    let beyond = r#"{"w":{"dtype":"F32","shape":[64,32],"data_offsets":[0,8192]}}"#;
    let backwards = r#"{"w":{"dtype":"F32","shape":[0],"data_offsets":[4096,0]}}"#;
    let mut other: Vec<(&str, Vec<u8>)> = [overlap, absurd, beyond, backwards]
        .iter()
        .zip(["overlap", "absurd", "beyond", "backwards"])
        .map(|(header, name)| (name, with_header(header)))
        .collect();
    other.extend([("cut", cut), ("half", whole[..whole.len() / 2].to_vec())]);
    for (name, content) in other {
        let file = format!("{name}.safetensors");
        s.write(&file, &content);
        for level in ["-1", "-5", "-8"] {
            s.ok(["compress", level, &file, "-f", "-o", "x.mln"]);
            assert!(s.ok(["cat", "x.mln"]).stdout == content, "{name} at {level}");
        }
        s.ok(["compress", &file, "--base", "good.safetensors", "-f", "-o", "x.mln"]);
        assert!(s.ok(["cat", "--base", "good.safetensors", "x.mln"]).stdout == content, "{name} with a base");
        // As a base, it is bytes as any others.
        s.ok(["compress", "good.safetensors", "--base", &file, "-f", "-o", "x.mln"]);
        assert!(s.ok(["cat", "--base", &file, "x.mln"]).stdout == whole, "{name} as a base");
        let args = ["quantize", &file, "--target-bpw", "4", "-o", "y.mln"];
        let line = s.fails(args, 4);
        assert!(line.contains(&file) && line.contains("at byte") && line.contains("again"), "{line}");
        assert!(!s.exists("y.mln"), "{args:?}");
    }
}

#[test]
fn numbers_that_are_none_keep_their_bits() {
    let s = Sandbox::new();
    let mut values = weights(96 * 32, 11);
    let odd =
        [0x7fc0_0001u32, 0xffff_ffff, 0x7f80_0001, 0x7f80_0000, 0xff80_0000, 0x8000_0000, 1, 0x807f_ffff];
    for (i, bits) in odd.into_iter().cycle().take(400).enumerate() {
        values[i * 7 + 3] = f32::from_bits(bits);
    }
    s.write("old.safetensors", model(&[("w", &weights(96 * 32, 11))]));
    s.write("odd.safetensors", model(&[("w", &values)]));
    for level in ["-1", "-5", "-8"] {
        s.ok(["compress", level, "odd.safetensors", "-f", "-o", "odd.mln"]);
        assert_eq!(s.ok(["cat", "odd.mln"]).stdout, s.read("odd.safetensors"));
        s.ok(["extract", "odd.mln", "--tensor", "w", "--rows", "5..90", "-f", "-o", "w.bin"]);
        assert_eq!(s.read("w.bin"), bytes(&values[160..2880]));
        s.ok(["compress", level, "odd.safetensors", "--base", "old.safetensors", "-f", "-o", "odd.mln"]);
        assert_eq!(s.ok(["cat", "--base", "old.safetensors", "odd.mln"]).stdout, s.read("odd.safetensors"));
        // Within a bound only what is a number may move.
        s.ok(["compress", level, "odd.safetensors", "--max-error", "0.001", "-f", "-o", "near.mln"]);
        let near = s.ok(["cat", "near.mln"]).stdout;
        let start = near.len() - values.len() * 4;
        for (four, value) in near[start..].chunks(4).zip(&values) {
            let back = f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            let kept = back.to_bits() == value.to_bits();
            assert!(kept || (value.is_finite() && (back - value).abs() <= 0.001), "{value} became {back}");
        }
    }
}

#[test]
fn a_missing_or_wrong_base_is_named_in_one_line() {
    let s = Sandbox::new();
    let old = weights(300 * 32, 3);
    let new: Vec<f32> = old.iter().zip(weights(300 * 32, 4)).map(|(w, d)| w + d / 5000.0).collect();
    s.write("old.safetensors", model(&[("w", &old)]));
    s.write("new.safetensors", model(&[("w", &new)]));
    s.ok(["compress", "new.safetensors", "--base", "old.safetensors", "-o", "new.mln"]);
    let missing = s.fails(["decompress", "new.mln", "-o", "x"], 3);
    assert!(
        missing.contains("new.mln") && missing.contains("BLAKE3") && missing.contains("--base"),
        "{missing}"
    );
    let wrong = s.fails(["decompress", "new.mln", "--base", "new.safetensors", "-o", "x"], 3);
    assert!(wrong.contains("new.mln") && wrong.contains("BLAKE3") && wrong.contains("--base"), "{wrong}");
    // One number of the base is another than it was: it is not the same file.
    let mut changed = s.read("old.safetensors");
    let last = changed.len() - 9;
    changed[last] ^= 1;
    s.write("old.safetensors", changed);
    let wrong = s.fails(["decompress", "new.mln", "--base", "old.safetensors", "-o", "x"], 3);
    assert!(wrong.contains("--base"), "{wrong}");
    let absent = s.fails(["decompress", "new.mln", "--base", "nothing.safetensors", "-o", "x"], 1);
    assert!(absent.contains("nothing.safetensors"), "{absent}");
    assert!(!s.exists("x"));
}
