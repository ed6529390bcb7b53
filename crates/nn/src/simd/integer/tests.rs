//! Every version of the kernels against sums in 64 bits.

use super::*;
use crate::random::Random;

fn integers(random: &mut Random, n: usize, most: i64) -> Vec<i64> {
    (0..n).map(|_| (random.next() % (2 * most as u64 + 1)) as i64 - most).collect()
}

fn channels(random: &mut Random, rows: usize) -> Vec<Channels> {
    let mut one = || {
        let mut made = Channels { bias: [0; PANEL], multiplier: [0; PANEL], shift: [0; PANEL] };
        for k in 0..PANEL {
            made.shift[k] = (random.next() % 63) as i32;
            let most = (1u64 << made.shift[k]).min(i32::MAX as u64);
            made.multiplier[k] = (random.next() % (most + 1)) as i32;
            made.bias[k] = (random.next() % 20_001) as i32 - 10_000;
        }
        made
    };
    (0..rows.div_ceil(PANEL)).map(|_| one()).collect()
}

fn scaled(channels: &[Channels], o: usize, sum: i64, limit: i64) -> i64 {
    let (c, k) = (&channels[o / PANEL], o % PANEL);
    let product = i128::from(sum) * i128::from(c.multiplier[k]);
    let half = if c.shift[k] == 0 { 0 } else { 1i128 << (c.shift[k] - 1) };
    (((product + half) >> c.shift[k]) as i64).clamp(-limit, limit)
}

#[test]
fn every_version_gives_the_same_products() {
    assert_eq!(Path::available()[0], Path(Kind::Plain));
    for (case, &(rows, pairs, count)) in
        [(1, 1, 1), (8, 3, 5), (16, 2, 12), (17, 7, 13), (24, 108, 31), (33, 20, 29), (40, 1, 16)]
            .iter()
            .enumerate()
    {
        let mut random = Random::new(case as u64);
        let most = if case == 1 { 32_767 } else { 3_000 };
        let weights = integers(&mut random, rows * pairs * 2, if case == 1 { 8_000 } else { 300 });
        let x = integers(&mut random, count * pairs * 2, most);
        let channels = channels(&mut random, rows);
        let mut lines = vec![Line([[0; 2]; PANEL]); rows.div_ceil(PANEL) * pairs];
        for (o, row) in weights.chunks(2 * pairs).enumerate() {
            for (k, pair) in row.chunks(2).enumerate() {
                lines[o / PANEL * pairs + k].0[o % PANEL] = [pair[0] as i16, pair[1] as i16];
            }
        }
        let packed = Packed { lines, channels: channels.clone(), pairs, rows, limit: 20_000 };
        let narrow: Vec<i16> = x.iter().map(|&x| x as i16).collect();
        // Two numbers after each row are not touched.
        let step = rows + 2;
        for path in Path::available() {
            let mut out = vec![7; count * step];
            let grid = Grid {
                count: [count, 1, 1],
                input: [2 * pairs, 0, 0],
                output: [step, 0, 0],
                first: [0; 2],
                segments: [1, pairs, 0],
            };
            product(path, &packed, &grid, &narrow, &mut out);
            for (r, out) in out.chunks(step).enumerate() {
                for o in 0..rows {
                    let terms = weights[o * 2 * pairs..].iter().zip(&x[r * 2 * pairs..(r + 1) * 2 * pairs]);
                    let sum: i64 = terms.map(|(w, x)| w * x).sum();
                    let sum = sum + i64::from(channels[o / PANEL].bias[o % PANEL]);
                    assert_eq!(
                        i64::from(out[o]),
                        scaled(&channels, o, sum, 20_000),
                        "{path:?} {rows} {pairs} {r} {o}"
                    );
                }
                assert_eq!(out[rows..], [7, 7]);
            }
        }
    }
}

#[test]
fn every_version_requantises_and_adds_the_same() {
    let mut random = Random::new(77);
    for n in [1, 15, 16, 17, 47, 192] {
        let channels = channels(&mut random, n);
        let sums: Vec<i32> =
            integers(&mut random, n, i64::from(i32::MAX)).iter().map(|&x| x as i32).collect();
        let weights: Vec<i16> = integers(&mut random, n, 32_767).iter().map(|&x| x as i16).collect();
        for path in Path::available() {
            let mut out = vec![0; n];
            requantise(path, &channels, 32_767, &sums, &mut out);
            for o in 0..n {
                assert_eq!(i64::from(out[o]), scaled(&channels, o, i64::from(sums[o]), 32_767), "{path:?}");
            }
            let mut all = vec![5; n];
            add_column(path, &mut all, &weights, -321);
            for o in 0..n {
                assert_eq!(all[o], 5 - 321 * i32::from(weights[o]));
            }
        }
    }
}

#[test]
fn every_version_gives_the_same_dots_functions_and_sums() {
    let mut random = Random::new(31);
    for (rows, chunks) in [(1, 1), (6, 3), (7, 6)] {
        let row = chunks * ROW;
        let narrow = |all: Vec<i64>| all.into_iter().map(|x| x as i16).collect::<Vec<_>>();
        let weights = narrow(integers(&mut random, rows * row, 1000));
        let x = narrow(integers(&mut random, row, 4000));
        let table: Vec<i16> = narrow(integers(&mut random, 1 << 16, 32_767));
        let scales = [Dyadic { multiplier: 3, shift: 2 }, Dyadic { multiplier: i32::MAX, shift: 33 }];
        for path in Path::available() {
            let mut sums = vec![9; rows];
            dots(path, &weights, &x, &mut sums);
            for (row, sum) in weights.chunks_exact(row).zip(sums) {
                let products = row.iter().zip(&x).map(|(&w, &x)| i32::from(w) * i32::from(x));
                assert_eq!(sum, products.sum::<i32>(), "{path:?}");
            }
            let (mut found, mut added) = (vec![0; row], vec![0; row]);
            look_up(path, &table, &x, &mut found);
            add(path, scales, 900, [&x, &weights[..row]], &mut added);
            for (i, &x) in x.iter().enumerate() {
                assert_eq!(found[i], table[(i32::from(x) + 32_768) as usize], "{path:?}");
                let other = (i64::from(weights[i]) * i64::from(i32::MAX) + (1 << 32)) >> 33;
                let sum = ((i64::from(x) * 3 + 2) >> 2) + other;
                assert_eq!(i64::from(added[i]), sum.clamp(-900, 900), "{path:?}");
            }
        }
    }
}

#[test]
fn every_version_gathers_what_products_of_zeros_and_others_are() {
    for (case, &(panels, pairs)) in [(1, 1), (2, 9), (4, 30), (7, 61)].iter().enumerate() {
        let mut random = Random::new(90 + case as u64);
        let weights = integers(&mut random, panels * pairs * 2 * PANEL, 500);
        let weight = |o: usize, k: usize| weights[o * 2 * pairs + k] as i16;
        let mut lines = vec![Line([[0; 2]; PANEL]); panels * pairs];
        for (at, Line(line)) in lines.iter_mut().enumerate() {
            for (o, pair) in line.iter_mut().enumerate() {
                *pair = [0, 1].map(|half| weight(at / pairs * PANEL + o, at % pairs * 2 + half));
            }
        }
        let rows = panels * PANEL;
        let packed = Packed { lines, channels: channels(&mut random, rows), pairs, rows, limit: 9 };
        let seen: Vec<Seen> = (0..pairs as u32)
            .filter(|place| place % 3 != 1)
            .map(|place| Seen { place, pair: [256 - place as i16, -7] })
            .collect();
        for path in Path::available() {
            let mut sums = vec![[11; PANEL]; panels];
            gather(path, &packed, &seen, &mut sums);
            for (o, &sum) in sums.as_flattened().iter().enumerate() {
                let product = |s: &Seen| {
                    let at = 2 * s.place as usize;
                    i32::from(weight(o, at)) * i32::from(s.pair[0])
                        + i32::from(weight(o, at + 1)) * i32::from(s.pair[1])
                };
                assert_eq!(sum, 11 + seen.iter().map(product).sum::<i32>(), "{path:?} {o}");
            }
        }
    }
}
