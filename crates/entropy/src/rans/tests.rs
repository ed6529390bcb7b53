use super::*;
use crate::testdata::{entropy_bytes, skewed, sparse};
use minlen_core::testing::{Rng, random_case};

fn round(input: &[u8]) -> Vec<u8> {
    let mut packed = vec![1, 2];
    encode_bytes(input, &mut packed);
    assert!(packed.len() - 2 <= input.len() + usize::from(!input.is_empty()));
    let mut out = vec![3];
    decode_bytes(&packed[2..], input.len(), &mut out).unwrap();
    assert!(out[1..] == *input);
    packed.split_off(2)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn everything_comes_back() {
    crate::testdata::cases(200, 6000).iter().for_each(|case| drop(round(case)));
}

#[test]
fn known_bytes() {
    assert_eq!(round(b"aaaa"), [ONE_SYMBOL, b'a']);
    assert_eq!(round(b"ab"), [RAW, b'a', b'b']);
    assert_eq!(
        round(&b"aaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaa".repeat(3)),
        [162, 5, 255, 216, 166, 126, 214, 197, 240, 26, 0, 76, 89]
    );
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn megabytes_are_within_a_thousandth_of_entropy_and_table() {
    for input in [skewed(1 << 20, 5), sparse(1 << 20, 5)] {
        let (size, ideal) = (round(&input).len() as f64, entropy_bytes(&input));
        let (bits, freqs) = best_table(&crate::histogram(&input)).unwrap();
        let mut table = Vec::new();
        header::write(&freqs, bits, &mut table);
        // 32 bytes of states and the form byte come on top.
        assert!(size <= ideal * 1.001 + table.len() as f64 + 33.0, "{size} for {ideal} + {}", table.len());
        assert!(table.len() < 130, "a table of {} bytes", table.len());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn symbols_of_wide_alphabets_come_back() {
    let mut rng = Rng(8);
    for case in 0..100 {
        let alphabet = 1 + rng.below(MAX_ALPHABET);
        let input: Vec<u16> =
            (0..rng.below(9000)).map(|_| rng.below(1 + rng.clone().below(alphabet)) as u16).collect();
        let mut packed = Vec::new();
        encode_symbols(&input, alphabet, &mut packed).unwrap();
        let mut out = Vec::new();
        decode_symbols(&packed, input.len(), alphabet, &mut out).unwrap();
        assert_eq!(out, input, "case {case}");
    }
    assert!(encode_symbols(&[5], 5, &mut Vec::new()).is_err());
    assert!(encode_symbols(&[5], 600, &mut Vec::new()).is_err());
    assert!(decode_symbols(&[RAW, 9, 0], 1, 9, &mut Vec::new()).is_err());
    assert!(decode_symbols(&[], 0, 600, &mut Vec::new()).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn damage_is_refused_or_changes_the_output_only() {
    let input = random_case(3, 4000).repeat(2);
    let packed = round(&input);
    let mut rng = Rng(6);
    let mut refused = 0;
    for _ in 0..500 {
        let mut bad = packed.clone();
        let bit = rng.below(bad.len() * 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(decode_bytes(&bad, input.len(), &mut Vec::new()).is_err());
    }
    assert!(refused > 490, "{refused} of 500 flips noticed");
    for cut in 0..packed.len() {
        assert!(decode_bytes(&packed[..cut], input.len(), &mut Vec::new()).is_err());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn normalised_counts_add_up_and_keep_what_occurs() {
    let mut rng = Rng(12);
    for _ in 0..200 {
        let counts: Vec<u32> = (0..1 + rng.below(512))
            .map(|_| (rng.next_u64() >> (32 + rng.below(33)).min(63)) as u32)
            .collect();
        if counts.iter().all(|&c| c == 0) {
            continue;
        }
        for bits in [9, 10, 12, 14, 16] {
            let freqs = normalize(&counts, bits).unwrap();
            assert_eq!(freqs.iter().sum::<u32>(), 1 << bits);
            assert!(counts.iter().zip(&freqs).all(|(&c, &f)| (c > 0) == (f > 0)));
        }
    }
    assert_eq!(normalize(&[1, 1, 2], 2).unwrap(), [1, 1, 2]);
    assert!(normalize(&[0, 0], 4).is_err());
    assert!(normalize(&[1; 17], 4).is_err());
}
