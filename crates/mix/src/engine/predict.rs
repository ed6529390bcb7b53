//! From buckets to the probability of the next bit.

use super::Engine;
use super::parts::MORE;
use crate::contexts::Contexts;
use crate::match_model::MatchModel;
use minlen_entropy::mixing::simd::{self, Task, Vector};
use minlen_entropy::mixing::{squash, stretch};

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    /// The first prediction after a start.
    pub(super) fn predict_first(&mut self) {
        simd::with(self.isa, First(self));
    }

    #[inline(always)]
    pub(super) fn predict<V: Vector>(&mut self, isa: V) {
        if !C::DEEP && self.bypass.active() {
            self.p = self.bypass.p(self.view.bit);
            return;
        }
        let v = &self.view;
        let order1 = (v.c8 & 255) as usize;
        let node = v.node & 15;
        let corrected = v.c0 as usize | order1 * 256;
        // Needed last, and seldom in the nearest cache.
        if !C::DEEP {
            self.apm.prefetch(corrected);
        }
        let mut known = 0;
        for i in 0..C::ORDERS {
            known += usize::from(self.buckets[i][node] != 0);
        }
        // Two inputs each, behind those of the contexts.
        let mut more = [[0; 2]; MORE];
        for (m, more) in self.matches.iter_mut().zip(&mut more) {
            *more = m.predict(v.c0, v.bit, self.stretch);
        }
        if C::DEEP {
            let expect = self.matches.iter().rev().map(MatchModel::expected).find(|&byte| byte != 0);
            self.sse.place(v, self.contexts.sse_context(), expect.unwrap_or(0));
        }
        let mut at = C::MATCH_LENGTHS.len();
        more[at][0] = 256;
        if C::DEEP {
            [more[at][1], more[at + 1][0], more[at + 1][1]] = self.direct.predict(v.c0, v.c8, self.stretch);
            at += 1;
        }
        if let Some(lstm) = &self.lstm {
            let p = lstm.tree.p16(v.c0);
            more[at + 1] = [stretch(u32::from(p)) as i16, ((i32::from(p) - 32_768) >> 5) as i16];
            self.mixer.choose(S - 1, lstm.context(v.c0, v.bit, order1));
        }
        if C::RUNS {
            for (i, run) in self.runs.iter_mut().enumerate() {
                self.run_inputs[i] = run.predict(v.c0, v.bit, self.stretch);
            }
        }
        let (buckets, state_maps, run_inputs) = (&self.buckets, &*self.state_maps, &self.run_inputs);
        self.mixer.set_inputs(isa, |i| match i {
            _ if i < N => state_maps[i][usize::from(buckets[i][node])].inputs,
            _ if C::RUNS && i < 2 * N => run_inputs[i - N],
            _ => more.get(i - N * (1 + usize::from(C::RUNS))).copied().unwrap_or_default(),
        });
        let longest = self.matches.iter().map(MatchModel::length).max().unwrap_or(0);
        let state = match longest {
            0 => 0,
            1..16 => 1,
            _ => 2,
        };
        let c0 = v.c0 as usize;
        self.mixer.choose(0, c0 + 256 * state);
        self.mixer.choose(1, known * 256 + c0);
        let bit = v.bit as usize;
        if C::ENGINE_SELECTORS {
            self.mixer.choose(2, (longest.min(15) + 16 * usize::from(longest > 32)) * 8 + bit);
            self.mixer.choose(3, order1);
        }
        self.contexts.select(v, |group, context| self.mixer.choose(Self::OWN + group, context));
        let copied = longest.min(31) * 8 + bit;
        let first = if L == 1 { copied } else { c0 };
        let x = self.mixer.mix(isa, std::array::from_fn(|i| [first, copied, known * 8 + bit][i]));
        self.p = if C::DEEP {
            self.sse.refine(x)
        } else {
            ((squash(x) + 3 * self.apm.refine(x, corrected) + 2) >> 2).clamp(1, 65_535)
        };
    }
}

/// [`Engine::predict_first`].
struct First<'a, C, const N: usize, const M: usize, const S: usize, const L: usize>(
    &'a mut Engine<C, N, M, S, L>,
);

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Task
    for First<'_, C, N, M, S, L>
{
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        self.0.predict(v);
    }
}
