//! The encoder's choices: what is worth telling of an array before its numbers.

use super::header::{Header, max_shift};
use super::number::Form;
use super::number::number_at;
use super::packed::packing;
use super::probe;
use super::sampled::{coded, len, raw};
use super::scale::to_level;
use crate::{Array, Dtype, delta};
use minlen_entropy::log2::log2_q16;

/// Numbers that a guess is made from.
const SAMPLE: usize = 4096;
/// Arrays of the same shape that are looked back at.
const BACK: usize = 8;

/// Choices for the array after `earlier`.
pub fn choose(array: &Array<'_>, earlier: &[Array<'_>]) -> Header {
    let mut header = Header::default();
    if packing(array.dtype).is_some() {
        header.level = half_level(array);
        return header;
    }
    let form = Form::of(array.dtype);
    if let Some(delta) = delta_is_smaller(array) {
        header = delta;
        header.all_bits = form.width <= 16;
        header.level = average_level(array, &header);
        probe::signs(array, &mut header, None);
        return header;
    }
    if form.float {
        look_at_floats(array, &mut header);
    } else {
        if form.width == 8 {
            header.zero = zero_point(array);
        }
        header.shift = 0;
    }
    header.split = split(array, &header);
    header.all_bits = form.width == 8 || worth_all_bits(array, &header);
    header.reference = reference(array, earlier);
    header.level = average_level(array, &header);
    let reference = earlier.len().checked_sub(header.reference).and_then(|i| earlier.get(i));
    probe::signs(array, &mut header, reference);
    header
}

/// Places spread over the array, in groups of neighbours.
fn sample(len: usize) -> impl Iterator<Item = usize> {
    let groups = (SAMPLE / 16).min(len.div_ceil(16)).max(1);
    (0..groups).flat_map(move |g| {
        let start = (len as u64 * g as u64 / groups as u64) as usize;
        start..(start + 16).min(len)
    })
}

fn average_level(array: &Array<'_>, header: &Header) -> i32 {
    let (form, middle) = (header.form(array.dtype), Form::of(array.dtype).shifted(header.shift).middle());
    let (mut sum, mut count) = (0f32, 0f32);
    for at in sample(len(array)) {
        let (number, offset) = coded(array, header, at);
        if header.split.is_none_or(|split| number.class > split) {
            sum += form.magnitude(number, middle, offset);
            count += 1.0;
        }
    }
    to_level(sum / count.max(1.0), middle).max(0)
}

/// The level of the first scale of each block.
fn half_level(array: &Array<'_>) -> i32 {
    let at = packing(array.dtype).and_then(|p| p.halves.first().copied()).unwrap_or(0);
    let (form, unit) = (Form::of(Dtype::F16), array.dtype.unit());
    let blocks = array.bytes.chunks_exact(unit).filter_map(|block| block.get(at..));
    let sum: f32 =
        blocks.map(|half| form.magnitude(form.split(number_at(half, 2, 0)), form.middle(), 0)).sum();
    to_level(sum / len(array).max(1) as f32, form.middle()).max(0)
}

fn look_at_floats(array: &Array<'_>, header: &mut Header) {
    let all = bits_of_floats(array.dtype, array.bytes);
    if all != 0 {
        header.shift = all.trailing_zeros().min(max_shift(array.dtype));
    }
}

/// All bits (but signs) that occur.
fn bits_of_floats(dtype: Dtype, bytes: &[u8]) -> u64 {
    let mask = super::number::low_mask(Form::of(dtype).width - 1);
    (0..bytes.len() / dtype.unit()).fold(0, |all, at| all | number_at(bytes, dtype.unit(), at) & mask)
}

/// Where to part the numbers into a low and a high group: at zero, or where both groups are narrow and far apart (Otsu 1979).
fn split(array: &Array<'_>, header: &Header) -> Option<u32> {
    let form = header.form(array.dtype);
    let mut counts = vec![0u64; form.max_class() as usize + 1];
    (0..len(array)).for_each(|at| counts[form.split(raw(array, at)).class as usize] += 1);
    let (n, zeros) = (len(array) as u64, counts[0]);
    let moments = |from: usize, to: usize| {
        let all = counts[from..to].iter().zip(from as u64..);
        all.fold([0u64; 3], |[n, s, q], (c, k)| [n + c, s + c * k, q + c * k * k])
    };
    // Sum of squared distances from the mean.
    let spread = |[n, s, q]: [u64; 3]| q - (u128::from(s) * u128::from(s) / u128::from(n.max(1))) as u64;
    let least = if form.float { 1 } else { n * 3 / 10 + 1 };
    let natural = (zeros >= least).then_some(0);
    let whole = spread(moments(0, counts.len()));
    if !form.float || whole < 16 * n {
        return natural;
    }
    let within = |k: usize| spread(moments(0, k + 1)) + spread(moments(k + 1, counts.len()));
    let best = (0..counts.len() - 1).min_by_key(|k| within(*k))?;
    if within(best) < whole / 4 { Some(best as u32) } else { natural }
}

/// The zero point that makes the distances shortest.
fn zero_point(array: &Array<'_>) -> u8 {
    let signed = matches!(array.dtype, Dtype::I8);
    let flip = if signed { 128 } else { 0 };
    let mut counts = [0u64; 256];
    array.bytes.iter().for_each(|b| counts[usize::from(b ^ flip)] += 1);
    let cost = |zero: usize| -> u64 {
        let bits = |value: usize| u64::from(usize::BITS - value.abs_diff(zero).leading_zeros());
        counts.iter().enumerate().map(|(value, n)| n * (1 + 2 * bits(value))).sum()
    };
    let natural = usize::from(flip);
    let best = (0..256).min_by_key(|zero| cost(*zero)).unwrap_or(natural);
    let best = if cost(best) + cost(best) / 128 < cost(natural) { best } else { natural };
    best as u8 ^ flip
}

/// True if the mantissa bits below the upper four are not just noise.
fn worth_all_bits(array: &Array<'_>, header: &Header) -> bool {
    let form = header.form(array.dtype);
    let mut seen: Vec<u64> = sample(len(array)).map(|at| raw(array, at)).collect();
    let total = seen.len();
    seen.sort_unstable();
    seen.dedup();
    if form.width > 16 {
        return total >= 16 && seen.len() * 10 < total * 9;
    }
    // Short mantissas: are some low parts more frequent than others?
    let mut counts = [0u32; 1024];
    let mut n = 0u64;
    for at in 0..len(array) {
        let number = form.split(raw(array, at));
        let bits = form.bits(number.class);
        if bits == form.mantissa && (5..=10).contains(&bits) {
            counts[(number.mantissa & ((1 << (bits - 4)) - 1)) as usize] += 1;
            n += 1;
        }
    }
    let bits = u64::from(form.mantissa.saturating_sub(4).min(6));
    let cost: u64 = counts.iter().map(|c| u64::from(*c) * u64::from(log2_q16(*c))).sum();
    let entropy =
        u64::from(log2_q16(n.min(u64::from(u32::MAX)) as u32)).saturating_mul(n).saturating_sub(cost) >> 16;
    n > 0 && entropy + entropy / 100 + (1 << bits) < n * bits
}

/// How many arrays back the one of the same shape is that resembles this one most.
fn reference(array: &Array<'_>, earlier: &[Array<'_>]) -> usize {
    let same = |other: &Array<'_>| {
        (other.dtype, other.columns, other.bytes.len()) == (array.dtype, array.columns, array.bytes.len())
    };
    let candidates = earlier.iter().rev().enumerate().filter(|(_, other)| same(other)).take(BACK);
    let scored = candidates.map(|(back, other)| (likeness(array, other), back + 1));
    // 1 % of the variance explained is more than chance on a full sample.
    scored
        .filter(|(score, _)| *score > 10)
        .max_by_key(|(score, back)| (*score, usize::MAX - back))
        .map_or(0, |(_, back)| back)
}

/// Squared correlation of the levels, in thousandths.
fn likeness(a: &Array<'_>, b: &Array<'_>) -> u64 {
    let form = Form::of(a.dtype);
    let pairs =
        sample(len(a)).map(|at| [raw(a, at), raw(b, at)].map(|r| i64::from(form.level(form.split(r)))));
    let (mut n, mut s, mut q, mut cross) = (0i64, [0i64; 2], [0i64; 2], 0i64);
    for [x, y] in pairs {
        n += 1;
        s = [s[0] + x, s[1] + y];
        q = [q[0] + x * x, q[1] + y * y];
        cross += x * y;
    }
    let [vx, vy] = [0, 1].map(|i| i128::from(n) * i128::from(q[i]) - i128::from(s[i]) * i128::from(s[i]));
    let covariance = i128::from(n) * i128::from(cross) - i128::from(s[0]) * i128::from(s[1]);
    if vx == 0 || vy == 0 || n < 16 {
        return 0;
    }
    let noise = 4000 / n;
    ((covariance * covariance / vx * 1000 / vy) as u64).saturating_sub(noise as u64)
}

/// Estimates both ways on a sample; the header if the difference is smaller.
pub fn delta_is_smaller(array: &Array<'_>) -> Option<Header> {
    let base = array.base.filter(|base| base.len() == array.bytes.len() && delta::applies(array.dtype))?;
    let (mut own, mut header) = (Header::default(), Header { delta: true, ..Header::default() });
    if Form::of(array.dtype).float {
        look_at_floats(array, &mut own);
        let either = bits_of_floats(array.dtype, base) | bits_of_floats(array.dtype, array.bytes);
        header.shift = if either == 0 { 0 } else { either.trailing_zeros().min(max_shift(array.dtype)) };
    } else if array.dtype.unit() == 1 {
        own.zero = zero_point(array);
    }
    (cost(array, &header) < cost(array, &own)).then_some(header)
}

/// Bits (in 1/65536) of a sample: class given the scale, sign, mantissa.
fn cost(array: &Array<'_>, header: &Header) -> u64 {
    let form = header.form(array.dtype);
    let mut counts = std::collections::BTreeMap::<i32, (u32, std::collections::BTreeMap<u32, u32>)>::new();
    let mut total = 0;
    for at in sample(len(array)) {
        let (number, offset) = coded(array, header, at);
        let group = counts.entry(offset).or_default();
        group.0 += 1;
        *group.1.entry(number.class).or_default() += 1;
        total += u64::from(form.bits(number.class) + u32::from(number.class > 0)) << 16;
    }
    for (n, classes) in counts.values() {
        total +=
            classes.values().map(|c| u64::from(*c) * u64::from(log2_q16(*n) - log2_q16(*c))).sum::<u64>();
    }
    total
}
