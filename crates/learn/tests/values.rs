//! Results against plain sums in f64, written a second time.

use minlen_learn::{Arena, Bins, Choice, Context, Conv, Parameters, Random, Tape, Var};

fn with<R>(f: impl FnOnce(&mut Tape<'_>) -> R) -> R {
    let params = Parameters::default();
    let mut arena = Arena::default();
    f(&mut Tape::new(&params, &mut arena, Context::plain()))
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.uniform(-1.0, 1.0)).collect()
}

fn close(name: &str, got: &[f32], wanted: &[f64]) {
    assert_eq!(got.len(), wanted.len(), "{name}");
    for (i, (g, w)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(*g) - w).abs() < 2e-5 * (1.0 + w.abs()), "{name}, value {i}: {g}, not {w}");
    }
}

/// Sizes of a convolution: large side and small side (height, width, channels), kernel, stride, padding, groups.
struct Sizes {
    records: usize,
    large: [usize; 3],
    small: [usize; 3],
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
    groups: usize,
}

impl Sizes {
    /// Calls `f` for each product of a convolution: places on the large and on the small side, and of the weight.
    fn products(&self, mut f: impl FnMut(usize, usize, usize)) {
        let ([lh, lw, lc], [sh, sw, sc], [kh, kw]) = (self.large, self.small, self.kernel);
        let (lg, sg) = (lc / self.groups, sc / self.groups);
        for n in 0..self.records {
            for (y, x, c) in (0..sh * sw * sc).map(|i| (i / sc / sw, i / sc % sw, i % sc)) {
                for (ky, kx, d) in (0..kh * kw * lg).map(|i| (i / lg / kw, i / lg % kw, i % lg)) {
                    let (ly, lx) = (y * self.stride + ky, x * self.stride + kx);
                    if ly < self.padding
                        || lx < self.padding
                        || ly - self.padding >= lh
                        || lx - self.padding >= lw
                    {
                        continue;
                    }
                    let pixel = (n * lh + ly - self.padding) * lw + lx - self.padding;
                    let small = ((n * sh + y) * sw + x) * sc + c;
                    f(pixel * lc + c / sg * lg + d, small, ((c * kh + ky) * kw + kx) * lg + d);
                }
            }
        }
    }
}

#[test]
fn convolutions_are_the_sums_that_define_them() {
    let cases = [
        (3, [5, 7, 3], [4, 5], [3, 3], 1, 1, 1),
        (2, [28, 28, 1], [24, 1], [5, 5], 2, 2, 1),
        (2, [14, 14, 24], [32, 1], [5, 5], 2, 2, 1),
        (1, [9, 4, 6], [4, 1], [3, 2], 2, 0, 2),
        (2, [6, 6, 8], [8, 1], [3, 3], 1, 1, 8),
        (1, [40, 50, 20], [30, 1], [5, 5], 1, 2, 1),
    ];
    for (records, large, [filters, _], kernel, stride, padding, groups) in cases {
        let conv = Conv::rectangle(kernel[0], kernel[1]).stride(stride).padding(padding).groups(groups);
        let (h, w) = conv.smaller(large[0], large[1]);
        let sizes = Sizes { records, large, small: [h, w, filters], kernel, stride, padding, groups };
        let [big, few] = [large, sizes.small].map(|s| records * s.iter().product::<usize>());
        let weights = conv.weights(large[2], filters);
        let (x, k, s) = (random(big, 1), random(weights.len(), 2), random(few, 3));
        let (mut forward, mut back) = (vec![0.0; few], vec![0.0; big]);
        sizes.products(|l, m, i| {
            forward[m] += f64::from(x[l]) * f64::from(k[i]);
            back[l] += f64::from(s[m]) * f64::from(k[i]);
        });
        let name = format!("{large:?} {kernel:?}");
        with(|tape| {
            let kernel = tape.input(weights, &k);
            let picture = tape.input([records, large[0], large[1], large[2]], &x);
            let y = tape.conv2d(picture, kernel, None, conv);
            close(&name, tape.value(y), &forward);
            let small = tape.input([records, h, w, filters], &s);
            // The transpose: its size may be any that the convolution makes this small.
            let (least, _) = conv.larger(h, w);
            let extra = large[0] - least;
            let y = tape.conv2d_transposed(small, kernel, None, conv.extra(extra));
            if tape.shape(y).sizes()[2] == large[1] {
                close(&name, tape.value(y), &back);
            }
        });
    }
}

#[test]
fn dense_products_of_any_size() {
    for (rows, inputs, outputs) in [(1, 1, 1), (3, 5, 2), (17, 33, 9), (64, 100, 70), (5, 1, 300)] {
        let (x, w, b) = (random(rows * inputs, 1), random(inputs * outputs, 2), random(outputs, 3));
        let sum = |i: usize| {
            let (row, column) = (i / outputs, i % outputs);
            let product = |k: usize| f64::from(x[row * inputs + k]) * f64::from(w[column * inputs + k]);
            (0..inputs).map(product).sum::<f64>() + f64::from(b[column])
        };
        let wanted: Vec<f64> = (0..rows * outputs).map(sum).collect();
        with(|tape| {
            let (x, w) = (tape.input([rows, inputs], &x), tape.input([outputs, inputs], &w));
            let b = tape.input([outputs], &b);
            let y = tape.dense(x, w, Some(b));
            close("dense", tape.value(y), &wanted);
        });
    }
}

#[test]
fn logistic_bits_are_the_logarithms_of_probabilities() {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (parts, width) = (3, 5);
    let x: Vec<f32> = (0..20).map(|i| (i % 9) as f32 - 4.0).collect();
    let mixture = random(3 * parts * 20, 4);
    for range in [None, Some((-3.0f32, 3.0f32))] {
        let wanted: Vec<f64> = (0..20)
            .map(|i| {
                let value = f64::from(x[i]);
                let of = |kind: usize, k: usize| {
                    f64::from(mixture[i / width * 3 * parts * width + (kind * parts + k) * width + i % width])
                };
                let all: f64 = (0..parts).map(|k| of(0, k).exp()).sum();
                let part = |k: usize| {
                    let (mean, scale) = (of(1, k), of(2, k).exp());
                    let (a, b) = ((value - 0.5 - mean) / scale, (value + 0.5 - mean) / scale);
                    let a =
                        if range.is_some_and(|r| value <= f64::from(r.0)) { f64::NEG_INFINITY } else { a };
                    let b = if range.is_some_and(|r| value >= f64::from(r.1)) { f64::INFINITY } else { b };
                    of(0, k).exp() / all * (sigmoid(b) - sigmoid(a))
                };
                -(0..parts).map(part).sum::<f64>().log2()
            })
            .collect();
        with(|tape| {
            let (v, m) = (tape.input([4, width], &x), tape.input([4, 3 * parts * width], &mixture));
            let bits = tape.logistic_bits(v, m, parts, Bins { width: 1.0, range });
            close("bits", tape.value(bits), &wanted);
        });
    }
}

#[test]
fn logistic_bits_stay_numbers_far_out() {
    let params = Parameters::default();
    let mut arena = Arena::default();
    let mut tape = Tape::new(&params, &mut arena, Context::plain());
    let x = tape.variable([6, 1], &[0.0, 1e4, -1e4, 3e6, 0.0, 0.0]);
    let scales = [-60.0, -8.0, 0.0, 20.0, 60.0, -1e30];
    let mixture: Vec<f32> = scales.iter().flat_map(|&s| [0.0, -50.0, 0.25, 1e5, s, s]).collect();
    let mixture = tape.variable([6, 6], &mixture);
    let bits = tape.logistic_bits(x, mixture, 2, Bins::WHOLE);
    assert!(tape.value(bits).iter().all(|b| b.is_finite() && *b >= -1e-4), "{:?}", tape.value(bits));
    tape.backward(bits, 1.0);
    assert!(tape.gradient(x).unwrap().iter().all(|g| g.is_finite()));
    assert!(tape.gradient(mixture).unwrap().iter().all(|g| g.is_finite()));
}

#[test]
fn norms_bring_what_they_say() {
    let x = random(2 * 3 * 4 * 6, 8);
    let moments = |values: &[f32]| {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        (mean, values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n)
    };
    with(|tape| {
        let x = tape.input([2, 3, 4, 6], &x);
        let (one, zero) = (tape.input([6], &[1.0; 6]), tape.input([6], &[0.0; 6]));
        let layer = tape.layer_norm(x, one, zero);
        let rms = tape.rms_norm(x, one);
        let group = tape.group_norm(x, 3, one, zero);
        for row in tape.value(layer).chunks_exact(6) {
            let (mean, square) = moments(row);
            assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-3);
        }
        assert!(tape.value(rms).chunks_exact(6).all(|row| (moments(row).1 - 1.0).abs() < 1e-3));
        for record in tape.value(group).chunks_exact(72) {
            for g in 0..3 {
                let values: Vec<f32> =
                    record.chunks_exact(6).flat_map(|c| c[2 * g..][..2].to_vec()).collect();
                let (mean, square) = moments(&values);
                assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-3);
            }
        }
    });
}

#[test]
fn gdn_and_its_inverse() {
    let (x, g) = (random(5 * 3, 1), random(9, 2));
    let (beta, gamma) = ([0.5f32, 1.0, 2.0], g.iter().map(|g| g.abs()).collect::<Vec<f32>>());
    let root = |i: usize| {
        let square = |j: usize| f64::from(gamma[i % 3 * 3 + j]) * f64::from(x[i / 3 * 3 + j]).powi(2);
        (f64::from(beta[i % 3]) + (0..3).map(square).sum::<f64>()).sqrt()
    };
    let wanted: Vec<f64> = (0..15).map(|i| f64::from(x[i]) / root(i)).collect();
    let inverse: Vec<f64> = (0..15).map(|i| f64::from(x[i]) * root(i)).collect();
    with(|tape| {
        let (x, beta, gamma) = (tape.input([5, 3], &x), tape.input([3], &beta), tape.input([3, 3], &gamma));
        let y = tape.gdn(x, beta, gamma);
        close("gdn", tape.value(y), &wanted);
        let y = tape.gdn_inverse(x, beta, gamma);
        close("inverse", tape.value(y), &inverse);
    });
}

#[test]
fn attention_weighs_values_by_likeness() {
    let (q, k, v) = (random(6, 1), random(6, 2), random(6, 3));
    let attended = |causal: bool| -> Vec<f64> {
        (0..6)
            .map(|i| {
                let (row, column) = (i / 2, i % 2);
                let seen = if causal { row + 1 } else { 3 };
                let score = |j: usize| {
                    let likeness: f32 = (0..2).map(|c| q[row * 2 + c] * k[j * 2 + c]).sum();
                    (f64::from(likeness) / 2f64.sqrt()).exp()
                };
                let all: f64 = (0..seen).map(score).sum();
                (0..seen).map(|j| score(j) / all * f64::from(v[j * 2 + column])).sum()
            })
            .collect()
    };
    with(|tape| {
        let [q, k, v] = [&q, &k, &v].map(|values| tape.input([1, 1, 3, 2], values));
        for causal in [false, true] {
            let y = tape.attention(q, k, v, causal);
            close("attention", tape.value(y), &attended(causal));
        }
    });
}

#[test]
fn moves_put_values_where_they_belong() {
    with(|tape| {
        let x = tape.input([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let t = tape.transpose(x);
        let values = |tape: &Tape<'_>, v: Var| tape.value(v).to_vec();
        assert_eq!(values(tape, t), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let s = tape.slice(x, 1, 1, 2);
        assert_eq!(values(tape, s), [2.0, 3.0, 5.0, 6.0]);
        let c = tape.concat(&[s, x], 1);
        assert_eq!(values(tape, c), [2.0, 3.0, 1.0, 2.0, 3.0, 5.0, 6.0, 4.0, 5.0, 6.0]);
        let g = tape.gather(x, &[1, 1, 0]);
        assert_eq!(values(tape, g)[..4], [4.0, 5.0, 6.0, 4.0]);
        let m = tape.mean(x, &[0]);
        assert_eq!(values(tape, m), [2.5, 3.5, 4.5]);
        assert_eq!(tape.shape(m).sizes(), [3]);
    });
}

#[test]
fn soft_rounding_lies_between_a_number_and_its_rounding() {
    let x: Vec<f32> = (-40..40).map(|i| i as f32 * 0.11 + 0.013).collect();
    with(|tape| {
        let v = tape.input([80], &x);
        let (soft, hard) = (tape.soft_round(v, 0.01), tape.soft_round(v, 200.0));
        assert!(tape.value(soft).iter().zip(&x).all(|(s, x)| (s - x).abs() < 1e-3));
        let far = |x: f32| (x - x.floor() - 0.5).abs() > 0.05;
        assert!(tape.value(hard).iter().zip(&x).all(|(s, x)| !far(*x) || (s - x.round()).abs() < 1e-3));
        let there = tape.soft_round(v, 4.0);
        let back = tape.soft_round_inverse(there, 4.0);
        assert!(tape.value(back).iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-2));
    });
}

#[test]
fn losses_of_known_values() {
    with(|tape| {
        let x = tape.input([1, 3], &[0.0, 2.0, -40.0]);
        let t = tape.input([1, 3], &[1.0, 0.5, 0.0]);
        let losses = [tape.sse(x, t), tape.mse(x, t), tape.huber(x, t, 1.0), tape.bce(x, t)];
        let wanted = [1603.25, 1603.25 / 3.0, 0.5 + 1.0 + 39.5, 2.820_075 - 1.0];
        for (loss, wanted) in losses.into_iter().zip(wanted) {
            close("loss", tape.value(loss), &[wanted]);
        }
        let (w, b) = (tape.input([2, 3], &[1.0, 0.5, 0.0, 0.0, -1.0, 0.1]), tape.input([2], &[0.5, 3.0]));
        // Logits of 1.5 and -3.
        let choice = |node, bit, weight| Choice { place: 0, record: 0, node, bit, weight };
        let bits = tape.choice_bits(x, w, b, &[choice(0, true, 1.0), choice(1, true, 2.0)], 1);
        close("choices", tape.value(bits), &[0.290_577 + 2.0 * 4.398_186]);
        let p = tape.cross_entropy(x, &[1]);
        close("cross entropy", tape.value(p), &[0.126_928]);
    });
}
