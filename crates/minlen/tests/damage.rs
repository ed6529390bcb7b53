//! Every truncation and every single-bit flip of every golden file: an error of the right class, or the same content.

use crate::common::{decode_all, decode_stream, golden_dir, tight};
use minlen::ErrorKind;

fn goldens() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(golden_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "mln" || e == "age"))
        .collect();
    files.sort();
    assert!(files.len() >= 14, "golden files are missing");
    files
        .into_iter()
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap()))
        .collect()
}

fn acceptable(kind: ErrorKind) -> bool {
    use ErrorKind::{Corrupt, Limit, Truncated, Unsupported, Usage, WrongKey};
    matches!(kind, Corrupt | Truncated | Unsupported | Limit | WrongKey | Usage)
}

fn check(name: &str, what: &str, damaged: &[u8], intact: &[u8]) {
    let env = tight();
    match decode_all(damaged, &env) {
        Ok(content) => assert!(content == intact, "{name}, {what}: other content was accepted"),
        Err(error) => assert!(acceptable(error.kind()), "{name}, {what}: {error} ({:?})", error.kind()),
    }
    assert_eq!(env.budget.used(), 0, "{name}, {what}: memory was not given back");
    if !name.contains("archive") && !name.ends_with("age") {
        match decode_stream(damaged, &env) {
            Ok(content) => assert!(content == intact, "{name}, {what}: other content was streamed"),
            Err(error) => assert!(acceptable(error.kind()), "{name}, {what}: {error} ({:?})", error.kind()),
        }
    }
}

#[test]
fn every_truncation_is_noticed() {
    for (name, bytes) in goldens() {
        let intact = decode_all(&bytes, &tight()).unwrap();
        for len in 0..bytes.len() {
            let env = tight();
            match decode_all(&bytes[..len], &env) {
                // Cutting off the recovery data leaves a complete file, and so does cutting between two streams in a row:
                // the first is whole, and nothing in it says that another should follow.
                Ok(content) => {
                    let streams = content.len() / crate::common::sample().len();
                    let first_stream = name.starts_with("concatenated")
                        && content == crate::common::sample().repeat(streams);
                    // The archive before its update, whole.
                    let before = std::fs::read(golden_dir().join("archive-metadata.mln")).unwrap();
                    let first_stream =
                        first_stream || name == "archive-amended.mln" && bytes[..len] == before;
                    assert!(
                        content == intact || first_stream,
                        "{name} cut to {len}: other content was accepted"
                    );
                }
                Err(error) => assert!(acceptable(error.kind()), "{name} cut to {len}: {error}"),
            }
        }
    }
}

#[test]
fn every_bit_flip_is_noticed() {
    for (name, bytes) in goldens() {
        let intact = decode_all(&bytes, &tight()).unwrap();
        let mut damaged = bytes.clone();
        for bit in 0..bytes.len() * 8 {
            damaged[bit / 8] ^= 1 << (bit % 8);
            check(&name, &format!("bit {bit}"), &damaged, &intact);
            damaged[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn inserted_and_removed_bytes_are_noticed() {
    for (name, bytes) in goldens() {
        let intact = decode_all(&bytes, &tight()).unwrap();
        for at in (0..=bytes.len()).step_by(1 + bytes.len() / 200) {
            let mut longer = bytes.clone();
            longer.insert(at, b'\r');
            check(&name, &format!("a byte inserted at {at}"), &longer, &intact);
            if at < bytes.len() {
                let mut shorter = bytes.clone();
                shorter.remove(at);
                check(&name, &format!("byte {at} removed"), &shorter, &intact);
            }
        }
    }
}
