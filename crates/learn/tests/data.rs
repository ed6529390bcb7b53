//! Records, splits and random numbers.

use minlen_core::ErrorKind;
use minlen_learn::data::{mirrored, noised, shifted, shuffled};
use minlen_learn::{Random, Records, Split};

#[test]
fn splits_share_nothing_and_leave_nothing_out() {
    for (records, share, held) in
        [(100, 0.1, 10), (10, 0.01, 1), (1, 0.5, 0), (2, 0.9, 1), (0, 0.1, 0), (5, 0.0, 0)]
    {
        let split = Split::by_share(records, share, 7);
        assert_eq!(split.held_out.len(), held, "{records} {share}");
        let mut all: Vec<u32> = split.train.iter().chain(&split.held_out).copied().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..records as u32));
    }
    assert_ne!(Split::by_share(100, 0.1, 7), Split::by_share(100, 0.1, 8));
}

#[test]
fn groups_stay_together() {
    let groups: Vec<u32> = (0..90).map(|i| i / 10 * 3).collect();
    let split = Split::by_group(&groups, 0.2, 1);
    assert_eq!((split.train.len(), split.held_out.len()), (70, 20));
    let of = |records: &[u32]| {
        records.iter().map(|&r| groups[r as usize]).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(of(&split.train).is_disjoint(&of(&split.held_out)));
    assert_eq!(Split::by_group(&[5; 4], 0.5, 1).train.len(), 4);
}

#[test]
fn bad_records_are_named() {
    let nan = Records::floats([2], vec![0.0, 1.0, 2.0, f32::NAN]).unwrap_err();
    assert_eq!(nan.kind(), ErrorKind::Usage);
    assert!(nan.to_string().contains("record 1"), "{nan}");
    assert!(Records::floats([0], vec![]).is_err());
    assert!(Records::bytes([3], vec![1, 2], 1.0, 0.0).is_err());
}

#[test]
fn orders_go_by_seed_and_epoch() {
    let records: Vec<u32> = (0..50).collect();
    let order = shuffled(&records, 1, 0);
    assert_eq!(order, shuffled(&records, 1, 0));
    assert_ne!(order, shuffled(&records, 1, 1));
    assert_ne!(order, shuffled(&records, 2, 0));
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, records);
}

#[test]
fn pictures_move_and_turn() {
    let mut picture = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    shifted(&mut picture, [2, 3, 1], 1, -1, 0.0);
    assert_eq!(picture, [0.0, 0.0, 0.0, 2.0, 3.0, 0.0]);
    let mut picture = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    mirrored(&mut picture, [1, 3, 2]);
    assert_eq!(picture, [5.0, 6.0, 3.0, 4.0, 1.0, 2.0]);
    let mut values = [0.0; 1000];
    noised(&mut values, 0.5, &mut Random::new(1));
    let square: f32 = values.iter().map(|v| v * v).sum::<f32>() / 1000.0;
    assert!((square - 0.25).abs() < 0.04);
}

#[test]
fn random_numbers_have_their_moments() {
    let mut random = Random::new(12);
    let n = 100_000;
    let (mut sum, mut squares, mut fourth) = (0.0, 0.0, 0.0);
    for _ in 0..n {
        let x = f64::from(random.normal());
        (sum, squares, fourth) = (sum + x, squares + x * x, fourth + x.powi(4));
    }
    let n = f64::from(n);
    assert!((sum / n).abs() < 0.02 && (squares / n - 1.0).abs() < 0.02 && (fourth / n - 3.0).abs() < 0.15);
    let mut cells = [0; 16];
    let mut values = [0.0; 9999];
    random.fill_uniform(&mut values, -0.5, 0.5);
    values.iter().for_each(|v| cells[((v + 0.5) * 16.0) as usize] += 1);
    assert!(cells.iter().all(|&c| (500..750).contains(&c)), "{cells:?}");
    let neighbours: f32 = values.windows(2).map(|w| w[0] * w[1]).sum::<f32>() / 9998.0;
    assert!(neighbours.abs() < 0.005);
    assert_eq!(random.below(0), 0);
    assert!((0..100).all(|_| random.below(3) < 3));
}
