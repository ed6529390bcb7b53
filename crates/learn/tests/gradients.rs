//! The gradient of every operation against differences of its values, by one checker over a table of cases.

use minlen_learn::{Arena, Bins, Choice, Context, Conv, Parameters, Random, Role, Tape, Var};

/// Builds a result from parameters.
type Build = fn(&mut Tape<'_>, &[Var]) -> Var;

/// What parameters are drawn from. All keep 0.1 away from multiples of 1/2, so that no difference crosses a kink.
#[derive(Clone, Copy)]
enum Drawn {
    /// -1.5 to 1.5.
    Both,
    /// 0.6 to 1.9.
    Positive,
}
use Drawn::{Both, Positive};

/// Name, shapes of the parameters, what they are drawn from, the computation.
type Case = (&'static str, &'static [&'static [usize]], Drawn, Build);

/// A constant with other values than all parameters: multiples of 1/2.
fn halves(tape: &mut Tape<'_>, shape: &[usize]) -> Var {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| 0.5 * ((i * 7 + 3) % 5) as f32 - 1.0).collect();
    tape.input(shape, &values)
}

#[rustfmt::skip]
const UNARY: &[Case] = &[
    ("affine", &[&[3, 5]], Both, |t, v| t.affine(v[0], -1.5, 0.25)),
    ("relu", &[&[3, 5]], Both, |t, v| t.relu(v[0])),
    ("leaky relu", &[&[3, 5]], Both, |t, v| t.leaky_relu(v[0], 0.1)),
    ("silu", &[&[3, 5]], Both, |t, v| t.silu(v[0])),
    ("gelu", &[&[3, 5]], Both, |t, v| t.gelu(v[0])),
    ("tanh", &[&[3, 5]], Both, |t, v| t.tanh(v[0])),
    ("sigmoid", &[&[17]], Both, |t, v| t.sigmoid(v[0])),
    ("softplus", &[&[17]], Both, |t, v| t.softplus(v[0])),
    ("exp", &[&[17]], Both, |t, v| t.exp(v[0])),
    ("log", &[&[17]], Positive, |t, v| t.log(v[0])),
    ("square", &[&[17]], Both, |t, v| t.square(v[0])),
    ("sqrt", &[&[17]], Positive, |t, v| t.sqrt(v[0])),
    ("abs", &[&[17]], Both, |t, v| t.abs(v[0])),
    ("clamp", &[&[17]], Both, |t, v| t.clamp(v[0], -0.5, 1.0)),
    ("soft round", &[&[17]], Both, |t, v| t.soft_round(v[0], 3.0)),
    ("soft round inverse", &[&[17]], Both, |t, v| t.soft_round_inverse(v[0], 2.0)),
];

#[rustfmt::skip]
const BINARY: &[Case] = &[
    ("add", &[&[3, 5], &[3, 5]], Both, |t, v| t.add(v[0], v[1])),
    ("add to itself", &[&[3]], Both, |t, v| t.add(v[0], v[0])),
    ("sub, one row", &[&[3, 5], &[5]], Both, |t, v| t.sub(v[0], v[1])),
    ("sub from one number", &[&[], &[2, 70]], Both, |t, v| t.sub(v[0], v[1])),
    ("mul, one column", &[&[3, 5], &[3, 1]], Both, |t, v| t.mul(v[0], v[1])),
    ("mul by itself", &[&[7]], Both, |t, v| t.mul(v[0], v[0])),
    ("mul, middle", &[&[2, 1, 3], &[4, 1]], Both, |t, v| t.mul(v[0], v[1])),
    ("mul, both repeated", &[&[1, 67], &[2, 1]], Both, |t, v| t.mul(v[0], v[1])),
    ("div", &[&[3, 5], &[3, 5]], Positive, |t, v| t.div(v[0], v[1])),
    ("div, row by column", &[&[1, 3], &[2, 1]], Positive, |t, v| t.div(v[0], v[1])),
    ("div by planes", &[&[2, 3, 2, 5], &[1, 3, 1, 5]], Positive, |t, v| t.div(v[0], v[1])),
];

#[rustfmt::skip]
const PRODUCTS: &[Case] = &[
    ("dense", &[&[3, 5], &[7, 5], &[7]], Both, |t, v| t.dense(v[0], v[1], Some(v[2]))),
    ("dense, large", &[&[9, 11], &[6, 11], &[6]], Both, |t, v| t.dense(v[0], v[1], Some(v[2]))),
    ("dense, three dimensions", &[&[2, 3, 5], &[4, 5]], Both, |t, v| t.dense(v[0], v[1], None)),
    ("dense, one value", &[&[1, 1], &[1, 1], &[1]], Both, |t, v| t.dense(v[0], v[1], Some(v[2]))),
    ("masked dense", &[&[3, 5], &[4, 5], &[4]], Both, |t, v| {
        let mask: Vec<f32> = (0..20).map(|i| (i % 3 % 2) as f32).collect();
        let mask = t.input([4, 5], &mask);
        t.masked_dense(v[0], v[1], Some(v[2]), mask)
    }),
    ("masked dense without bias", &[&[2, 3], &[2, 3]], Both, |t, v| {
        let mask = t.input([2, 3], &[1.0, 0.0, 1.0, 0.0, 1.0, 1.0]);
        t.masked_dense(v[0], v[1], None, mask)
    }),
    ("matmul", &[&[3, 5], &[5, 4]], Both, |t, v| t.matmul(v[0], v[1])),
    ("matmul by itself", &[&[3, 3]], Both, |t, v| t.matmul(v[0], v[0])),
    ("matmul, stacks", &[&[2, 3, 5], &[2, 5, 4]], Both, |t, v| t.matmul(v[0], v[1])),
    ("matmul, left transposed", &[&[2, 5, 3], &[2, 5, 4]], Both, |t, v| t.matmul_as(v[0], v[1], (true, false))),
    ("matmul, right transposed", &[&[2, 7, 9], &[2, 8, 9]], Both, |t, v| t.matmul_as(v[0], v[1], (false, true))),
    ("matmul, both transposed", &[&[2, 1, 5, 3], &[2, 1, 4, 5]], Both, |t, v| t.matmul_as(v[0], v[1], (true, true))),
    ("attention", &[&[1, 2, 4, 3], &[1, 2, 4, 3], &[1, 2, 4, 5]], Both, |t, v| t.attention(v[0], v[1], v[2], false)),
    ("causal attention", &[&[2, 1, 3, 2], &[2, 1, 3, 2], &[2, 1, 3, 2]], Both, |t, v| t.attention(v[0], v[1], v[2], true)),
];

#[rustfmt::skip]
const CONVOLUTIONS: &[Case] = &[
    ("conv", &[&[2, 5, 4, 3], &[4, 3, 3, 3], &[4]], Both, |t, v| t.conv2d(v[0], v[1], Some(v[2]), Conv::square(3))),
    ("conv, padded", &[&[1, 3, 5, 2], &[3, 3, 3, 2], &[3]], Both, |t, v| t.conv2d(v[0], v[1], Some(v[2]), Conv::square(3).padding(1))),
    ("conv, strided", &[&[2, 7, 6, 2], &[3, 5, 5, 2]], Both, |t, v| t.conv2d(v[0], v[1], None, Conv::square(5).stride(2).padding(2))),
    ("conv, wide stride", &[&[1, 7, 7, 1], &[2, 2, 2, 1]], Both, |t, v| t.conv2d(v[0], v[1], None, Conv::square(2).stride(3))),
    ("conv, far padding", &[&[1, 2, 2, 1], &[1, 3, 3, 1]], Both, |t, v| t.conv2d(v[0], v[1], None, Conv::square(3).padding(4).stride(2))),
    ("conv, oblong", &[&[1, 4, 6, 2], &[2, 1, 3, 2]], Both, |t, v| t.conv2d(v[0], v[1], None, Conv::rectangle(1, 3))),
    ("conv, 1 by 1", &[&[2, 3, 2, 3], &[4, 1, 1, 3], &[4]], Both, |t, v| t.conv2d(v[0], v[1], Some(v[2]), Conv::square(1))),
    ("conv, groups", &[&[1, 4, 4, 4], &[6, 3, 3, 2], &[6]], Both, |t, v| t.conv2d(v[0], v[1], Some(v[2]), Conv::square(3).padding(1).groups(2))),
    ("conv, depthwise", &[&[2, 4, 5, 3], &[3, 3, 3, 1], &[3]], Both, |t, v| t.conv2d(v[0], v[1], Some(v[2]), Conv::square(3).padding(1).stride(2).groups(3))),
    ("conv, two filters a channel", &[&[1, 3, 3, 2], &[4, 2, 2, 1]], Both, |t, v| t.conv2d(v[0], v[1], None, Conv::square(2).groups(2))),
    ("transposed", &[&[2, 3, 2, 4], &[4, 3, 3, 2], &[2]], Both, |t, v| t.conv2d_transposed(v[0], v[1], Some(v[2]), Conv::square(3))),
    ("transposed, strided", &[&[1, 3, 2, 2], &[2, 5, 5, 3], &[3]], Both, |t, v| t.conv2d_transposed(v[0], v[1], Some(v[2]), Conv::square(5).stride(2).padding(2).extra(1))),
    ("transposed, groups", &[&[1, 2, 3, 4], &[4, 3, 3, 2], &[4]], Both, |t, v| t.conv2d_transposed(v[0], v[1], Some(v[2]), Conv::square(3).stride(2).groups(2))),
    ("transposed, depthwise", &[&[1, 3, 3, 2], &[2, 3, 3, 1], &[2]], Both, |t, v| t.conv2d_transposed(v[0], v[1], Some(v[2]), Conv::square(3).stride(2).padding(1).groups(2))),
    ("pooling", &[&[2, 5, 4, 3]], Both, |t, v| {
        // Far enough apart for the largest to stay so.
        let far: Vec<f32> = (0..120).map(|i| (i * 37 % 120) as f32 * 4.0).collect();
        let far = t.input([2, 5, 4, 3], &far);
        let y = t.add(v[0], far);
        t.max_pool(y, 2)
    }),
    ("conv of sequences", &[&[2, 9, 2], &[3, 1, 4, 2], &[3]], Both, |t, v| t.conv1d(v[0], v[1], Some(v[2]), Conv::line(4).stride(2).padding(1))),
    ("transposed of sequences", &[&[2, 4, 3], &[3, 1, 4, 2], &[2]], Both, |t, v| t.conv1d_transposed(v[0], v[1], Some(v[2]), Conv::line(4).stride(2).padding(1))),
];

#[rustfmt::skip]
const NORMS: &[Case] = &[
    ("gdn", &[&[4, 3], &[3], &[3, 3]], Positive, |t, v| t.gdn(v[0], v[1], v[2])),
    ("gdn of pictures", &[&[1, 2, 2, 2], &[2], &[2, 2]], Positive, |t, v| t.gdn(v[0], v[1], v[2])),
    ("inverse gdn", &[&[4, 3], &[3], &[3, 3]], Positive, |t, v| t.gdn_inverse(v[0], v[1], v[2])),
    ("layer norm", &[&[3, 7], &[7], &[7]], Both, |t, v| t.layer_norm(v[0], v[1], v[2])),
    ("rms norm", &[&[3, 7], &[7]], Both, |t, v| t.rms_norm(v[0], v[1])),
    ("group norm", &[&[2, 2, 3, 4], &[4], &[4]], Both, |t, v| t.group_norm(v[0], 2, v[1], v[2])),
    ("softmax", &[&[3, 5]], Both, |t, v| t.softmax(v[0])),
    ("log softmax", &[&[3, 5]], Both, |t, v| t.log_softmax(v[0])),
    ("causal softmax", &[&[2, 3, 3]], Both, |t, v| t.causal_softmax(v[0])),
];

#[rustfmt::skip]
const MOVES: &[Case] = &[
    ("sum of rows", &[&[3, 5]], Both, |t, v| t.sum(v[0], &[1])),
    ("sum of columns", &[&[3, 5]], Both, |t, v| t.sum(v[0], &[0])),
    ("mean of the outer dimensions", &[&[2, 3, 4]], Both, |t, v| t.mean(v[0], &[0, 2])),
    ("mean that keeps its place", &[&[2, 3, 70]], Both, |t, v| t.mean_keep(v[0], &[2])),
    ("sum of everything", &[&[2, 3, 2]], Both, |t, v| t.sum(v[0], &[0, 1, 2])),
    ("sum of records", &[&[2, 3, 2]], Both, |t, v| t.sum_records(v[0])),
    ("reshape", &[&[2, 6]], Both, |t, v| t.reshape(v[0], [3, 4])),
    ("permute", &[&[2, 3, 4]], Both, |t, v| t.permute(v[0], &[2, 0, 1])),
    ("permute, last stays", &[&[2, 3, 4]], Both, |t, v| t.permute(v[0], &[1, 0, 2])),
    ("transpose", &[&[2, 3, 4]], Both, |t, v| t.transpose(v[0])),
    ("concat", &[&[2, 3], &[2, 1], &[2, 2]], Both, |t, v| t.concat(v, 1)),
    ("concat of records", &[&[2, 3], &[1, 3]], Both, |t, v| t.concat(v, 0)),
    ("concat with itself", &[&[2, 3]], Both, |t, v| t.concat(&[v[0], v[0]], 1)),
    ("slice", &[&[2, 5, 2]], Both, |t, v| t.slice(v[0], 1, 1, 3)),
    ("gather", &[&[4, 3]], Both, |t, v| t.gather(v[0], &[2, 0, 2, 3, 2])),
];

const fn choice(place: u32, record: u32, node: u32, bit: bool, weight: f32) -> Choice {
    Choice { place, record, node, bit, weight }
}

/// Nodes that are asked once, twice and never, by places of two records.
const CHOICES: [Choice; 5] = [
    choice(0, 0, 1, true, 1.0),
    choice(0, 0, 4, false, 1.0),
    choice(2, 1, 1, false, 3.0),
    choice(1, 0, 0, true, 0.5),
    choice(1, 0, 2, true, 1.0),
];

#[rustfmt::skip]
const LOSSES: &[Case] = &[
    ("cross entropy", &[&[3, 5]], Both, |t, v| t.cross_entropy(v[0], &[4, 0, 2])),
    ("bits of choices", &[&[3, 4], &[5, 4], &[5]], Both, |t, v| t.choice_bits(v[0], v[1], v[2], &CHOICES, 2)),
    ("sse", &[&[3, 5], &[3, 5]], Both, |t, v| t.sse(v[0], v[1])),
    ("mse", &[&[2, 3, 5], &[2, 3, 5]], Both, |t, v| t.mse(v[0], v[1])),
    ("bce", &[&[3, 7], &[3, 7]], Both, |t, v| t.bce(v[0], v[1])),
    ("huber", &[&[2, 70]], Both, |t, v| { let target = halves(t, &[2, 70]); t.huber(v[0], target, 1.0) }),
    ("huber of targets", &[&[2, 5]], Both, |t, v| { let x = halves(t, &[2, 5]); t.huber(x, v[0], 0.5) }),
    ("noise", &[&[3, 5]], Both, |t, v| t.noise(v[0])),
    ("one logistic", &[&[3, 4], &[3, 12]], Both, |t, v| t.logistic_bits(v[0], v[1], 1, Bins::WHOLE)),
    ("three logistics", &[&[2, 4], &[2, 36]], Both, |t, v| t.logistic_bits(v[0], v[1], 3, Bins::WHOLE)),
    ("more logistics than a block", &[&[1, 67], &[1, 402]], Both, |t, v| t.logistic_bits(v[0], v[1], 2, Bins::WHOLE)),
    ("logistics of a range", &[&[2, 4], &[2, 24]], Both, |t, v| {
        t.logistic_bits(v[0], v[1], 2, Bins { width: 1.0, range: Some((-1.0, 1.0)) })
    }),
    ("logistics of narrow bins", &[&[2, 3], &[2, 18]], Both, |t, v| {
        t.logistic_bits(v[0], v[1], 2, Bins { width: 0.01, range: None })
    }),
];

/// A value that is 0.1 to 0.4 over a multiple of 1/2.
fn drawn(from: Drawn, random: &mut Random) -> f32 {
    let inside = 0.1 + 0.3 * random.unit();
    match from {
        Both => 0.5 * random.below(6) as f32 - 1.5 + inside,
        Positive => 0.5 * (1 + random.below(3)) as f32 + inside,
    }
}

/// The sum of the result's values, each times a number of its own, and its gradients.
fn run(params: &Parameters, arena: &mut Arena, build: Build, gradients: bool) -> (f64, Vec<Vec<f32>>) {
    let records: Vec<u32> = (10..20).collect();
    let context = Context { training: true, random: Random::new(5), records: &records };
    let mut tape = Tape::new(params, arena, context);
    let all: Vec<_> = params.entries().iter().map(|entry| params.find(&entry.name).unwrap()).collect();
    let vars: Vec<Var> = all.iter().map(|&param| tape.param(param)).collect();
    let result = build(&mut tape, &vars);
    let mut random = Random::new(9);
    let factors: Vec<f32> = tape.value(result).iter().map(|_| random.uniform(0.5, 1.5)).collect();
    let values = tape.value(result).iter().zip(&factors);
    let total = values.map(|(v, f)| f64::from(*v) * f64::from(*f)).sum();
    if !gradients {
        return (total, Vec::new());
    }
    let factors = tape.input(tape.shape(result), &factors);
    let weighted = tape.mul(result, factors);
    tape.backward(weighted, 1.0);
    let of = |&param| tape.gradients().of(param).unwrap().to_vec();
    (total, all.iter().map(of).collect())
}

fn check(&(name, shapes, from, build): &Case) {
    let mut random = Random::new(name.len() as u64);
    let mut params = Parameters::default();
    let mut all = Vec::new();
    for (i, &shape) in shapes.iter().enumerate() {
        let values = (0..shape.iter().product::<usize>()).map(|_| drawn(from, &mut random)).collect();
        all.push(params.add(&i.to_string(), shape, Role::Weight, values));
    }
    let mut arena = Arena::default();
    let (total, gradients) = run(&params, &mut arena, build, true);
    assert!(total.is_finite(), "{name}");
    assert_eq!(run(&params, &mut arena, build, true), (total, gradients.clone()), "{name}: twice the same");
    for (&param, gradient) in all.iter().zip(&gradients) {
        let largest = gradient.iter().fold(0.0f64, |m, g| m.max(f64::from(*g).abs()));
        for i in 0..gradient.len() {
            let at = params.values(param)[i];
            let mut moved = |by: f32| {
                params.values_mut(param)[i] = at + by;
                run(&params, &mut arena, build, false).0
            };
            // The fifth derivative is left, as 4e-9 of it; rounding adds some 1e-6 / h.
            let h = 0.02f32;
            let difference = 8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h));
            let slope = difference / (12.0 * f64::from(h));
            params.values_mut(param)[i] = at;
            let error = (slope - f64::from(gradient[i])).abs();
            let bound = 1e-3 * largest.max(0.1) + 2e-5 * total.abs();
            assert!(error < bound, "{name}, parameter {param:?}, value {i}: {slope} against {}", gradient[i]);
        }
    }
}

#[test]
fn functions_of_single_values() {
    UNARY.iter().for_each(check);
}

#[test]
fn functions_of_two_values() {
    BINARY.iter().for_each(check);
}

#[test]
fn products() {
    PRODUCTS.iter().for_each(check);
}

#[test]
fn convolutions() {
    CONVOLUTIONS.iter().for_each(check);
}

#[test]
fn norms() {
    NORMS.iter().for_each(check);
}

#[test]
fn sums_and_moves() {
    MOVES.iter().for_each(check);
}

#[test]
fn losses() {
    LOSSES.iter().for_each(check);
}

#[test]
fn the_checker_notices_a_wrong_slope() {
    // Rounding has a slope of 0 where it has one, and says 1.
    let wrong: Case = ("wrong", &[&[3]], Both, |t, v| t.round_through(v[0]));
    assert!(std::panic::catch_unwind(|| check(&wrong)).is_err());
}

#[test]
fn straight_through_passes_the_gradient_on() {
    let params = Parameters::default();
    let mut arena = Arena::default();
    let mut tape = Tape::new(&params, &mut arena, Context::plain());
    let x = tape.variable([3], &[-3.3, 0.4, 7.6]);
    let y = tape.clamp_through(x, -1.0, 2.0);
    let z = tape.round_through(y);
    assert_eq!((tape.value(y), tape.value(z)), (&[-1.0, 0.4, 2.0][..], &[-1.0, 0.0, 2.0][..]));
    tape.backward(z, 0.5);
    assert_eq!(tape.gradient(x), Some(&[0.5; 3][..]));
}

#[test]
fn dropout_keeps_the_mean_and_its_own_slopes() {
    let params = Parameters::default();
    let mut arena = Arena::default();
    let context = Context { training: true, random: Random::new(3), records: &[4] };
    let mut tape = Tape::new(&params, &mut arena, context);
    let x = tape.variable([1, 1000], &[1.0; 1000]);
    let y = tape.dropout(x, 0.25);
    let values = tape.value(y).to_vec();
    tape.backward(y, 1.0);
    assert_eq!(tape.gradient(x), Some(&values[..]));
    let dropped = values.iter().filter(|v| **v == 0.0).count();
    assert!(
        (200..300).contains(&dropped) && values.iter().all(|v| *v == 0.0 || (v - 1.333_333).abs() < 1e-4)
    );
}

#[test]
fn nothing_is_asked_of_constants() {
    let mut params = Parameters::default();
    let w = params.add("w", [2, 2], Role::Constant, vec![1.0; 4]);
    let mut arena = Arena::default();
    let mut tape = Tape::new(&params, &mut arena, Context::plain());
    let x = tape.input([1, 2], &[1.0, 2.0]);
    let w = tape.param(w);
    let y = tape.dense(x, w, None);
    tape.backward(y, 1.0);
    assert_eq!((tape.gradient(w), tape.gradient(x), tape.gradient(y)), (None, None, None));
}
