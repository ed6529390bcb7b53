//! Golden files of the levels with models: what was written decodes for ever, and the writer still writes the same bytes.
//!
//! `cargo test --release -p minlen --test all -- --ignored golden_models` writes `testdata/golden/models` again: only while
//! their version was never released. Until it was first run, there is nothing to compare with, and the test says nothing.

use crate::common::{golden_dir, sample};
use minlen::{Limits, Options, compress, decompress};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

fn dir() -> PathBuf {
    golden_dir().with_file_name("models")
}

/// A picture with soft shades and an edge.
fn picture() -> Vec<u8> {
    let (width, height) = (72u32, 60u32);
    let shade = |x: u32, y: u32, c: u32| (x * (c + 2) / 2 + y * y / 30 + if x > 40 { 60 } else { 0 }) as u8;
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..3).map(move |c| shade(x, y, c))));
    [format!("P6\n{width} {height}\n255\n").into_bytes(), pixels.collect()].concat()
}

/// A sound of 16 bits that swings in arcs.
fn sound() -> Vec<u8> {
    let wave = |i: i32| {
        let at = i % 100 - 50;
        ((2500 - at * at) * if i / 100 % 2 == 0 { 5 } else { -5 } + i * 7919 % 13) as i16
    };
    let samples: Vec<u8> = (0..5000).flat_map(|i| wave(i).to_le_bytes()).collect();
    let mut out = b"RIFF".to_vec();
    out.extend((36 + samples.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data");
    out.extend((samples.len() as u32).to_le_bytes());
    out.extend(samples);
    out
}

/// Lines with fields.
fn lines() -> Vec<u8> {
    let mut out = String::new();
    for i in 0..400u32 {
        writeln!(out, "{i},{},order {},{}", i * i % 97, i / 7, ["open", "paid", "sent"][(i % 3) as usize])
            .unwrap();
    }
    out.into_bytes()
}

/// Name, how it is written, and what.
fn cases() -> Vec<(&'static str, Options, Vec<u8>)> {
    let level = |level| Options::new(level).unwrap();
    let codec = |chain: &str| Options::default().with_codec(chain).unwrap();
    vec![
        ("level-6", level(6), sample()),
        ("level-7", level(7), sample()),
        ("level-8", level(8), sample()),
        ("level-9", level(9), sample()),
        ("level-max", level(minlen::MAX_LEVEL), sample()),
        ("cm-max", codec("cm:model=max,type=text"), lines()),
        ("cm-binary", codec("cm:model=normal,type=binary"), sound()),
        ("cm-x86", codec("cm:model=deep,type=x86"), picture()),
        ("picture-6", level(6), picture()),
        ("picture-8", level(8), picture()),
        ("picture-9", level(9), picture()),
        ("sound-6", level(6), sound()),
        ("sound-8", level(8), sound()),
        ("sound-9", level(9), sound()),
        ("recode-lines", codec("recode:level=6"), lines()),
        ("recode-bytes", codec("recode:level=5"), sample()),
    ]
}

#[test]
fn golden_files_of_models_decode_and_are_written_again() {
    if !dir().exists() {
        return;
    }
    for (name, options, content) in cases() {
        let golden = fs::read(dir().join(format!("{name}.mln"))).unwrap();
        assert!(decompress(&golden, &Limits::default()).unwrap() == content, "{name}: not what was written");
        let again = compress(&content, &options).unwrap();
        assert!(
            golden == again,
            "{name}: the writer's output has changed: a new version of a model, or a mistake?"
        );
    }
}

#[test]
#[ignore = "writes testdata/golden/models: only for models that were never released"]
fn write_model_files() {
    fs::create_dir_all(dir()).unwrap();
    for (name, options, content) in cases() {
        let small = compress(&content, &options).unwrap();
        assert!(decompress(&small, &Limits::default()).unwrap() == content, "{name}");
        fs::write(dir().join(format!("{name}.mln")), small).unwrap();
    }
}
