//! All versions give the same.

use super::*;

struct Both<'a, const M: usize, const S: usize> {
    x: &'a [i16; M],
    weights: &'a mut [[i16; M]],
    sets: &'a [u32; S],
    errors: &'a [i16; S],
}

impl<const M: usize, const S: usize> Task for Both<'_, M, S> {
    type Out = [i32; S];

    #[inline(always)]
    fn run<V: Vector>(self, v: V) -> [i32; S] {
        let out = v.dots(self.x, self.weights, self.sets);
        v.trains(self.x, self.weights, self.sets, self.errors);
        out
    }
}

fn agree<const M: usize>(seed: u64) {
    let mut state = seed;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i32
    };
    for round in 0..if cfg!(miri) { 2 } else { 100 } {
        let extreme = round % 5 == 0;
        let x: [i16; M] = std::array::from_fn(|_| if extreme { 2047 } else { (random() % 2048) as i16 });
        let w: Vec<[i16; M]> =
            (0..3).map(|_| std::array::from_fn(|_| if extreme { -32768 } else { random() as i16 })).collect();
        let errors: [i16; 4] = std::array::from_fn(|_| (random() as i16).max(-32767));
        let sets = [0, 2, 1, 9];
        let versions = [Isa::Scalar, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= best());
        let results: Vec<_> = versions
            .map(|isa| {
                let mut w = w.clone();
                let out = with(isa, Both { x: &x, weights: &mut w, sets: &sets, errors: &errors });
                (out, w)
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "round {round}");
    }
}

#[test]
fn all_versions_agree() {
    agree::<32>(1);
    agree::<64>(2);
    agree::<128>(3);
    agree::<224>(4);
}
