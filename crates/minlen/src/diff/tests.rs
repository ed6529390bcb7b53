use crate::archive::Keys;
use crate::layout::BaseSet;
use crate::{Options, compress, compress_with, decompress_with, registry};
use minlen_core::testing::{Rng, check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{
    Bases, Codec, Env, Error, ErrorKind, Limits, Need, Prepared, Registry, Resources, Result, WholeBase,
};
use std::ops::Range;
use std::sync::Arc;

/// A base in memory.
struct Held {
    hash: [u8; 32],
    bytes: Vec<u8>,
    kept: [Prepared; 2],
}

impl Bases for Held {
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        if *file != self.hash {
            return Err(minlen_core::resources::missing_base(file));
        }
        let part = self.bytes.get(range.start as usize..range.end as usize);
        part.map(<[u8]>::to_vec).ok_or_else(|| Error::corrupt("beyond the end of the base"))
    }

    fn whole(&self) -> Option<WholeBase<'_>> {
        Some(WholeBase { hash: self.hash, len: self.bytes.len() as u64, room: u64::MAX, kept: &self.kept })
    }
}

fn with_base(bytes: &[u8]) -> Env {
    let hash = *blake3::hash(bytes).as_bytes();
    let held = Held { hash, bytes: bytes.to_vec(), kept: Default::default() };
    Env::default().with_resources(Resources::default().with_bases(Arc::new(held)))
}

/// Options of a level with a base.
fn options_with(level: u8, base: &[u8]) -> Options {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("base");
    std::fs::write(&path, base).unwrap();
    let options = Options::new(level).unwrap();
    let bases = BaseSet::open(&[path], &Keys::default(), &options, &Env::default()).unwrap();
    options.with_bases(bases)
}

fn diff(registry: &Registry) -> &dyn Codec {
    registry.by_name("diff").unwrap()
}

fn text(seed: u64, lines: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    let words = ["copy", "what", "is", "there", "already", "and", "code", "the", "rest"];
    let line = |i| {
        let some: Vec<&str> = (0..7).map(|_| words[rng.below(9)]).collect();
        format!("{i}: {} {:x}\n", some.join(" "), rng.next_u64()).into_bytes()
    };
    (0..lines).flat_map(line).collect()
}

/// `data` with some places inserted, deleted, moved and changed.
fn edited(data: &[u8], seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut new = data.to_vec();
    for _ in 0..1 + rng.below(8) {
        let at = rng.below(new.len() + 1);
        let end = (at + rng.below(400)).min(new.len());
        let piece: Vec<u8> = new[at..end].to_vec();
        match rng.below(4) {
            0 => drop(new.drain(at..end)),
            1 => drop(new.splice(at..at, random_case(rng.next_u64(), 300))),
            2 => (at..end).step_by(7).for_each(|i| new[i] = new[i].wrapping_add(1)),
            _ => drop(new.splice(0..0, piece)),
        }
    }
    new
}

fn round_trip(codec: &dyn Codec, level: i64, near: i64, new: &[u8], env: &Env) -> Vec<u8> {
    let params = codec.params().with("level", level).with("near", near);
    let (mut payload, mut again, mut back) = (Vec::new(), Vec::new(), b"kept".to_vec());
    codec.encode(new, &params, env, &mut payload).unwrap();
    codec.encode(new, &params, &env.clone().with_threads(3), &mut again).unwrap();
    assert!(payload == again, "not deterministic");
    codec.decode(&payload, new.len(), env, &mut back).unwrap();
    assert!(back[..4] == *b"kept" && back[4..] == *new, "level {level}, near {near}");
    let mut first = Vec::new();
    let sequential = codec.sequential().unwrap();
    sequential.decode_first(&payload, new.len(), new.len() / 3, env, &mut first).unwrap();
    assert!(first.len() >= new.len() / 3 && new.starts_with(&first));
    payload
}

#[test]
fn any_data_comes_back_without_a_base_and_hostile_payloads_are_refused() {
    let registry = registry();
    let codec = diff(&registry);
    for case in edge_cases().into_iter().chain((0..16).map(|seed| random_case(seed, 3000))) {
        let payload = check_codec(codec, &codec.params().with("level", 3), &case);
        check_hostile(codec, &payload, case.len(), 30);
        assert!(codec.needs(&payload, case.len(), &Env::default()).unwrap().is_empty());
    }
}

#[test]
fn edits_of_any_data_come_back_with_the_base_and_are_refused_without() {
    let registry = registry();
    let codec = diff(&registry);
    for seed in 0..24 {
        let old = if seed % 3 == 0 { text(seed, 100) } else { random_case(seed, 8000) };
        let new = edited(&old, seed);
        let env = with_base(&old);
        for (level, near) in [(1, 0), (5, 1), (6, 1)] {
            let payload = round_trip(codec, level, near, &new, &env);
            let hash = *blake3::hash(&old).as_bytes();
            let needs = codec.needs(&payload, new.len(), &Env::default()).unwrap();
            if needs.is_empty() {
                continue;
            }
            assert_eq!(needs, [Need::Base(hash)]);
            let mut out = Vec::new();
            let missing = codec.decode(&payload, new.len(), &Env::default(), &mut out).unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::Usage);
            let wrong = codec.decode(&payload, new.len(), &with_base(b"other"), &mut Vec::new()).unwrap_err();
            assert_eq!(wrong.kind(), ErrorKind::Usage);
        }
    }
}

#[test]
fn no_cut_and_no_flipped_bit_does_harm() {
    let registry = registry();
    let codec = diff(&registry);
    let old = text(3, 60);
    let new = edited(&old, 5);
    let env = with_base(&old);
    let limited = Env::new(Limits::default().with_memory(128 << 20)).with_resources(env.resources.clone());
    for (level, near) in [(1, 0), (5, 1)] {
        let payload = round_trip(codec, level, near, &new, &env);
        let judge = |bytes: &[u8], what: &str| {
            let mut out = Vec::new();
            let done = codec.decode(bytes, new.len(), &limited, &mut out);
            assert!(done.is_err() || out.len() == new.len(), "{what}");
            let _ = codec.needs(bytes, new.len(), &limited);
        };
        (0..payload.len()).for_each(|cut| judge(&payload[..cut], &format!("cut at {cut}")));
        for bit in 0..payload.len() * 8 {
            let mut broken = payload.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            judge(&broken, &format!("bit {bit}"));
        }
        for len in [0, 1, new.len() - 1, new.len() + 1, new.len() * 3] {
            assert!(codec.decode(&payload, len, &limited, &mut Vec::new()).is_err(), "{len} bytes");
        }
        // A base that is not as long as it was.
        let hash = *blake3::hash(&old).as_bytes();
        let short = Held { hash, bytes: old[..old.len() / 3].to_vec(), kept: Default::default() };
        let short = Env::default().with_resources(Resources::default().with_bases(Arc::new(short)));
        assert!(codec.decode(&payload, new.len(), &short, &mut Vec::new()).is_err());
    }
}

#[test]
fn one_line_of_a_long_text_takes_little_and_the_planner_knows_when_a_base_is_of_no_use() {
    let old = text(1, 20_000);
    let at = old.len() / 2;
    let new = [&old[..at], b"\na line that was not there before, of some length\n", &old[at..]].concat();
    for level in [1, 3, 4, 5, 6, 7] {
        let options = options_with(level, &old);
        let small = compress(&new, &options).unwrap();
        assert!(small.len() <= 200, "level {level}: {}", small.len());
        assert!(decompress_with(&small, &options, &Env::default()).unwrap() == new);
        // A base that is at hand for reading only is not written with.
        let alone = compress_with(&new, &Options::new(level).unwrap(), &with_base(&old)).unwrap();
        assert!(alone.len() > 10_000, "level {level}: {}", alone.len());
        if level > 5 {
            continue;
        }
        // Nothing in common: the same file as without a base.
        let other = text(2, 3000);
        let with = compress(&other, &options).unwrap();
        assert!(with == compress(&other, &Options::new(level).unwrap()).unwrap(), "level {level}");
    }
}

#[test]
fn what_is_compressed_on_both_sides_is_compared_undone() {
    use std::io::Write;
    let zip = |text: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    };
    let (before, around) = (text(8, 1500), text(9, 300));
    let after = [&before[..20_000], b"new", &before[20_000..]].concat();
    let cases = [
        (zip(&before), zip(&after)),
        ([&around, &zip(&before)[..], &around].concat(), [&around, &zip(&after)[..], &around].concat()),
    ];
    for (old, new) in cases {
        for level in [4, 5, 6] {
            let options = options_with(level, &old);
            let small = compress(&new, &options).unwrap();
            assert!(small.len() * 10 < new.len(), "level {level}: {} of {}", small.len(), new.len());
            assert!(decompress_with(&small, &options, &Env::default()).unwrap() == new);
        }
    }
}
