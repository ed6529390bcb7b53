//! The definition of the code in docs/format/recovery.md, word by word, against the library that computes it: if a
//! new version of the library wrote other bytes, this would notice.

use minlen_core::testing::Rng;
use reed_solomon_simd::ReedSolomonEncoder;

const POLYNOMIAL: u32 = 0x1002d;
const BASIS: [u16; 16] = [
    0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8,
    0xfb34, 0xff38, 0x991e,
];

/// The element of the field that a word or a position stands for.
fn element(word: u16) -> u16 {
    (0..16).filter(|bit| word >> bit & 1 == 1).fold(0, |sum, bit| sum ^ BASIS[bit])
}

fn mul(a: u16, b: u16) -> u16 {
    let mut product = 0u32;
    for bit in (0..16).rev() {
        product <<= 1;
        if product >> 16 == 1 {
            product ^= POLYNOMIAL;
        }
        if b >> bit & 1 == 1 {
            product ^= u32::from(a);
        }
    }
    product as u16
}

fn inverse(a: u16) -> u16 {
    // a^(2^16 - 2)
    (1..16).fold((1, a), |(result, power), _| (mul(result, mul(power, power)), mul(power, power))).0
}

/// Weights of the words at positions 0 to n - 1 in the polynomial through them, at position `at`.
fn lagrange(n: u16, at: u16) -> Vec<u16> {
    let weight = |j: u16| {
        (0..n).filter(|&i| i != j).fold(1, |product, i| {
            mul(product, mul(element(at) ^ element(i), inverse(element(j) ^ element(i))))
        })
    };
    (0..n).map(weight).collect()
}

/// Recovery elements for data elements, as the page defines them.
fn define(data: &[u16], recovery: usize) -> Vec<u16> {
    let (d2, r2) = (data.len().next_power_of_two(), recovery.next_power_of_two());
    let sum = |terms: Vec<u16>| terms.into_iter().fold(0, |a, b| a ^ b);
    if d2 > r2 || (d2 == r2 && data.len() <= recovery) {
        let weights: Vec<Vec<u16>> = (0..data.len()).map(|k| lagrange(r2 as u16, (r2 + k) as u16)).collect();
        (0..recovery).map(|j| sum(data.iter().zip(&weights).map(|(&d, w)| mul(d, w[j])).collect())).collect()
    } else {
        let weights = |j: usize| lagrange(d2 as u16, (d2 + j) as u16);
        (0..recovery).map(|j| sum(data.iter().zip(weights(j)).map(|(&d, w)| mul(d, w)).collect())).collect()
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_library_computes_what_the_page_defines() {
    let mut words: Vec<u16> = vec![0; 1 << 16];
    (0..=u16::MAX).for_each(|word| words[usize::from(element(word))] = word);
    let mut rng = Rng(5);
    for (count, recovery) in
        [(1, 1), (2, 1), (5, 1), (5, 3), (3, 5), (3, 4), (4, 3), (20, 4), (4, 20), (16, 16)]
    {
        let data: Vec<Vec<u8>> =
            (0..count).map(|_| (0..64).map(|_| rng.next_u64() as u8).collect()).collect();
        let mut encoder = ReedSolomonEncoder::new(count, recovery, 64).unwrap();
        data.iter().for_each(|shard| encoder.add_original_shard(shard).unwrap());
        let made = encoder.encode().unwrap();
        let made: Vec<&[u8]> = made.recovery_iter().collect();
        for i in [0, 7, 31] {
            let word = |shard: &[u8]| u16::from(shard[i]) | u16::from(shard[32 + i]) << 8;
            let elements: Vec<u16> = data.iter().map(|shard| element(word(shard))).collect();
            let want: Vec<u16> = define(&elements, recovery).iter().map(|&e| words[usize::from(e)]).collect();
            let got: Vec<u16> = made.iter().map(|shard| word(shard)).collect();
            assert_eq!(got, want, "{count} data, {recovery} recovery shards");
        }
    }
}
