use super::*;
use minlen_core::testing::{Rng, random_case};
use minlen_core::varint::Reader;
use std::io::Write;
use std::ops::Range;

fn parts(made: &Expression) -> Parts<'_> {
    Parts { columns: made.columns.each_ref().map(|c| &c[..]), literals: &made.literals, near: &made.near }
}

fn back(made: &Expression, close: Close, old: &[u8], len: usize, wanted: usize) -> Result<Vec<u8>> {
    let read = |range: Range<u64>| {
        assert!(range.end <= old.len() as u64, "reads beyond the end of the base");
        Ok(old[range.start as usize..range.end as usize].to_vec())
    };
    let mut out = b"kept".to_vec();
    let places = Places::read(&mut Reader::new(&made.places))?;
    rebuild(&parts(made), close, &places, &read, (len, wanted), &Env::default(), &mut out)?;
    Ok(out.split_off(4))
}

/// `data` with some places inserted, deleted, moved and changed.
fn edited(data: &[u8], seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut new = data.to_vec();
    for _ in 0..rng.below(12) {
        let at = rng.below(new.len() + 1);
        let end = (at + rng.below(300)).min(new.len());
        match rng.below(5) {
            0 => drop(new.drain(at..end)),
            1 => drop(new.splice(at..at, random_case(rng.next_u64(), 200))),
            2 => new[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_add(1)),
            3 => (at..end).step_by(9).for_each(|i| new[i] ^= 0x55),
            _ => {
                let moved: Vec<u8> = new.drain(at..end).collect();
                let to = rng.below(new.len() + 1);
                drop(new.splice(to..to, moved));
            }
        }
    }
    new
}

#[test]
fn any_edits_of_any_data_come_back_and_so_does_their_beginning() {
    for seed in 0..300 {
        let old = random_case(seed, 6000);
        let new = edited(&old, seed);
        for close in [Close::Bytes, Close::Predicted] {
            let made = express(&Old::new(old.clone(), 1 << 20), &new, close, &Env::default()).unwrap();
            let joined = join(parts(&made).columns).unwrap();
            assert!(split(&joined).unwrap() == made.columns);
            assert!(split(&[&joined[..], &[1]].concat()).is_err());
            assert!(back(&made, close, &old, new.len(), new.len()).unwrap() == new, "seed {seed}");
            let first = back(&made, close, &old, new.len(), new.len() / 2).unwrap();
            assert!(first.len() >= new.len() / 2 && new.starts_with(&first), "seed {seed}");
        }
    }
}

#[test]
fn a_move_is_found_and_a_change_here_and_there_does_not_end_a_stretch() {
    let mut rng = Rng(3);
    let old: Vec<u8> = (0..40_000).map(|_| rng.next_u64() as u8).collect();
    let mut new = [&old[20_000..], b"new", &old[..20_000]].concat();
    (0..new.len()).step_by(40).for_each(|i| new[i] = new[i].wrapping_add(3));
    let made = express(&Old::new(old.clone(), 0), &new, Close::Predicted, &Env::default()).unwrap();
    assert!(made.literals.len() <= 8, "{}", made.literals.len());
    assert!(made.near.len() < 400, "{}", made.near.len());
    assert!(made.columns.iter().map(Vec::len).sum::<usize>() < 60);
}

#[test]
fn what_has_nothing_in_common_shows_at_a_glance() {
    let noise = |seed, len| {
        let mut rng = Rng(seed);
        (0..len).map(|_| rng.next_u64() as u8).collect::<Vec<_>>()
    };
    let old = noise(1, 300_000);
    let index = Index::new(&old);
    assert_eq!(index.share(&old, &noise(2, 300_000)), 0);
    assert!(index.share(&old, &old[1234..]) > 900);
    assert!(index.share(&old, &[&noise(3, 300_000), &old[..200_000]].concat()) > 300);
    assert_eq!(Index::new(&[]).share(&[], b"anything that is long enough"), 0);
}

#[test]
fn broken_steps_are_refused_and_never_read_beyond_the_base() {
    let old = random_case(5, 5000);
    let new = edited(&old, 77);
    for close in [Close::Bytes, Close::Predicted] {
        let made = express(&Old::new(old.clone(), 1 << 20), &new, close, &Env::default()).unwrap();
        for column in 0..COLUMNS {
            for bit in 0..made.columns[column].len() * 8 {
                let mut broken = made.clone();
                broken.columns[column][bit / 8] ^= 1 << (bit % 8);
                if let Ok(out) = back(&broken, close, &old, new.len(), new.len()) {
                    assert_eq!(out.len(), new.len());
                }
            }
            for cut in 0..made.columns[column].len() {
                let mut broken = made.clone();
                broken.columns[column].truncate(cut);
                assert!(
                    back(&broken, close, &old, new.len(), new.len()).is_err(),
                    "column {column} cut at {cut}"
                );
            }
        }
        for len in [0, 1, new.len() - 1, new.len() + 1] {
            assert!(back(&made, close, &old, len, len).is_err());
        }
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

/// Lines that do not repeat.
fn lines(seed: u64, count: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    (0..count)
        .flat_map(|i| format!("{i}: {:x} and {}\n", rng.next_u64(), rng.below(1000)).into_bytes())
        .collect()
}

#[test]
fn what_was_compressed_in_the_old_content_is_copied_from_also_within_another() {
    let (first, second) = (lines(1, 300), lines(2, 300));
    let inner = [b"begin", &gzip(&second)[..], b"end"].concat();
    let old = [b"head", &gzip(&first)[..], b"between", &gzip(&inner)[..], b"tail"].concat();
    let new = [&second[200..], &first[..5000], b"new"].concat();
    for close in [Close::Bytes, Close::Predicted] {
        let made = express(&Old::new(old.clone(), 1 << 20), &new, close, &Env::default()).unwrap();
        assert!(made.literals.len() < 40, "{}", made.literals.len());
        assert!(back(&made, close, &old, new.len(), new.len()).unwrap() == new);
        let without = express(&Old::new(old.clone(), 0), &new, close, &Env::default()).unwrap();
        assert!(without.literals.len() > 10_000);
        // What is said of the streams is looked at, whatever it is.
        for bit in 0..made.places.len() * 8 {
            let mut broken = made.clone();
            broken.places[bit / 8] ^= 1 << (bit % 8);
            let read = |range: Range<u64>| {
                let range = range.start.min(old.len() as u64)..range.end.min(old.len() as u64);
                Ok(old[range.start as usize..range.end as usize].to_vec())
            };
            let Ok(places) = Places::read(&mut Reader::new(&broken.places)) else { continue };
            let mut out = Vec::new();
            let env = Env::new(minlen_core::Limits::default().with_memory(64 << 20));
            if rebuild(&parts(&broken), close, &places, &read, (new.len(), new.len()), &env, &mut out).is_ok()
            {
                assert_eq!(out.len(), new.len());
            }
        }
    }
}

#[test]
fn a_compressed_part_that_changed_is_left_whole() {
    let (before, after) = (lines(5, 400), lines(6, 400));
    let text = lines(7, 200);
    let old = [&text[..], &gzip(&before), &text].concat();
    // The same beginning, so that the streams begin alike.
    let changed = gzip(&[&before[..600], &after[600..]].concat());
    let new = [&text[..], &changed, &text].concat();
    let made = express(&Old::new(old.clone(), 1 << 20), &new, Close::Predicted, &Env::default()).unwrap();
    assert!(made.literals.windows(changed.len()).any(|window| window == changed));
    assert!(back(&made, Close::Predicted, &old, new.len(), new.len()).unwrap() == new);
    // What is as it was is copied.
    let made = express(&Old::new(old.clone(), 1 << 20), &old, Close::Predicted, &Env::default()).unwrap();
    assert!(made.literals.is_empty());
}
