//! Payloads written by hand after docs/format/codecs, and what must come of them: the formats hold whatever the encoders do.

use minlen_core::testing::cases::{self, Case};
use minlen_core::{Codec, Env, Params, Result};
use std::sync::Arc;

fn codec(name: &str) -> Arc<dyn Codec> {
    let all = minlen_bytes::codecs();
    all.into_iter().find(|codec| codec.spec().name == name).unwrap_or_else(|| panic!("no codec: {name}"))
}

fn decoded(codec: &dyn Codec, payload: &[u8], len: u64) -> Result<String> {
    let mut out = Vec::new();
    codec.decode(payload, usize::try_from(len).unwrap(), &Env::default(), &mut out)?;
    Ok(cases::show(&out))
}

/// Compares what comes out with the last field, where bytes may be written in any form that tables have.
fn expect(case: &Case<'_>, got: Result<String>) {
    match (got, case.fields[3].starts_with('!')) {
        (Ok(got), false) => assert_eq!(got, cases::show(&case.hex(3)), "line {}", case.line),
        (got, _) => case.expect(got),
    }
}

/// `payload | len | = or > | content`: with `=` the encoder writes this payload.
fn check(name: &str, table: &str, params: impl Fn(&dyn Codec, &[u8]) -> Params) {
    let codec = codec(name);
    for case in cases::read(table, 4) {
        let payload = case.hex(0);
        expect(&case, decoded(&*codec, &payload, case.number(1)));
        if case.fields[2] == "=" {
            let mut out = Vec::new();
            codec.encode(&case.hex(3), &params(&*codec, &payload), &Env::default(), &mut out).unwrap();
            assert_eq!(cases::show(&out), cases::show(&payload), "line {}", case.line);
        }
    }
}

fn defaults(codec: &dyn Codec, _: &[u8]) -> Params {
    codec.params()
}

#[test]
fn store() {
    check("store", include_str!("cases/store.txt"), defaults);
}

#[test]
fn rle() {
    check("rle", include_str!("cases/rle.txt"), defaults);
}

#[test]
fn huffman() {
    check("huffman", include_str!("cases/huffman.txt"), defaults);
}

#[test]
fn lzw() {
    // Files of compress(1) begin with 1f, our own payloads with their width.
    check("lzw", include_str!("cases/lzw.txt"), |codec, payload| match payload.first() {
        Some(&0x1f) => codec.params().with("format", 1).with("bits", (payload[2] & 31).into()),
        Some(&bits) => codec.params().with("bits", bits.into()),
        None => codec.params(),
    });
}

#[test]
fn delta() {
    check("delta", include_str!("cases/delta.txt"), |codec, payload| {
        let params = codec.params().with("stride", i64::from(payload[0]) + 1);
        let params = params.with("width", (payload[1] & 3).into());
        params.with("planes", (payload[1] >> 2 & 1).into())
    });
}

#[test]
fn lz77() {
    check("lz77", include_str!("cases/lz77.txt"), defaults);
}
