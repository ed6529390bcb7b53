//! Any bytes round trip through every coder, and no bytes make a decoder panic or run on.

use minlen_core::testing::Rng;
use minlen_entropy::bits::{BitReader, BitWriter};
use minlen_entropy::{huffman, models, rans};
use proptest::prelude::*;

/// Whatever a decoder makes of noise, an accepted answer has the length asked for.
fn decode_all(noise: &[u8], len: usize) {
    let mut out = Vec::new();
    if huffman::decode_bytes(noise, len, &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
    out.clear();
    if rans::decode_bytes(noise, len, &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
    let mut symbols = Vec::new();
    if rans::decode_symbols(noise, len, 1 + len % 512, &mut symbols).is_ok() {
        assert!(symbols.len() == len && symbols.iter().all(|&s| usize::from(s) <= len % 512));
    }
    for order in 0..3 {
        out.clear();
        if models::decode_bytes(noise, order, len, &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    }
    let mut reader = BitReader::new(noise);
    if let Ok(lengths) = huffman::read_lengths(&mut reader, len % 600)
        && let Ok(table) = huffman::DecodeTable::new(&lengths, 1 + len as u32 % 14)
    {
        while !reader.overrun() {
            match table.get(&mut reader) {
                Ok(symbol) => assert!(lengths[symbol] > 0),
                Err(_) => break,
            }
        }
    }
}

#[test]
fn noise_is_refused_or_has_the_right_length() {
    let mut rng = Rng(42);
    for case in 0..8000 {
        let mut noise: Vec<u8> = (0..rng.below(120)).map(|_| rng.next_u64() as u8).collect();
        // Half of the cases get past the first byte.
        if let (true, Some(first)) = (case % 2 == 0, noise.first_mut()) {
            *first = [1, 2, 0xa2, 0xc2, 0xe2, 0xa3, 0xc3, 0xe3][rng.below(8)];
        }
        decode_all(&noise, rng.below(4000));
    }
}

#[test]
fn damaged_payloads_do_not_panic() {
    let mut rng = Rng(43);
    for seed in 0..60 {
        let input = minlen_core::testing::random_case(seed, 6000);
        let mut payloads = [Vec::new(), Vec::new(), models::encode_bytes(&input, 1)];
        huffman::encode_bytes(&input, &mut payloads[0]);
        rans::encode_bytes(&input, &mut payloads[1]);
        for payload in payloads.iter_mut().filter(|p| !p.is_empty()) {
            for _ in 0..30 {
                let reach = 100 + rng.below(6000);
                let at = rng.below(payload.len().min(reach));
                let before = payload[at];
                payload[at] ^= 1 << rng.below(8);
                decode_all(payload, input.len());
                payload[at] = before;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn bytes_round_trip(input in prop::collection::vec(any::<u8>(), 0..5000), keep in 0u8..8) {
        let input: Vec<u8> = input.iter().map(|b| b >> keep).collect();
        let (mut h, mut r) = (Vec::new(), Vec::new());
        huffman::encode_bytes(&input, &mut h);
        rans::encode_bytes(&input, &mut r);
        let (mut from_h, mut from_r) = (Vec::new(), Vec::new());
        huffman::decode_bytes(&h, input.len(), &mut from_h).unwrap();
        rans::decode_bytes(&r, input.len(), &mut from_r).unwrap();
        prop_assert!(from_h == input && from_r == input);
        for order in 0..3 {
            let mut back = Vec::new();
            models::decode_bytes(&models::encode_bytes(&input, order), order, input.len(), &mut back).unwrap();
            prop_assert!(back == input);
        }
    }

    #[test]
    fn lengths_are_codes_and_come_back(freqs in prop::collection::vec(0u32..5000, 1..400), limit in 1u32..21) {
        let lengths = huffman::limited_lengths(&freqs, limit);
        let book = huffman::CodeBook::from_lengths(&lengths).unwrap();
        let mut writer = BitWriter::new();
        huffman::write_lengths(&mut writer, &lengths);
        let used: Vec<usize> = (0..freqs.len()).filter(|&s| freqs[s] > 0).collect();
        used.iter().for_each(|&s| book.put(&mut writer, s));
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes);
        prop_assert_eq!(&huffman::read_lengths(&mut reader, freqs.len()).unwrap(), &lengths);
        let table = huffman::DecodeTable::new(&lengths, 9).unwrap();
        for &symbol in &used {
            prop_assert_eq!(table.get(&mut reader).unwrap(), symbol);
        }
        prop_assert!(!reader.overrun());
    }
}
