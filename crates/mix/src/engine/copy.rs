//! A copy of a model: what takes the place of a replay.

use super::Engine;
use crate::contexts::Contexts;
use minlen_core::Result;

impl<C: Contexts<N> + Clone, const N: usize, const M: usize, const S: usize, const L: usize>
    Engine<C, N, M, S, L>
{
    /// The same model again, for one without an LSTM.
    ///
    /// # Errors
    /// Limit if there is no memory.
    pub fn try_clone(&self) -> Result<Self> {
        const { assert!(!C::LSTM) };
        Ok(Self {
            isa: self.isa,
            contexts: self.contexts.clone(),
            view: self.view.clone(),
            stretch: self.stretch,
            table: self.table.try_clone()?,
            hashes: self.hashes,
            next_hashes: self.next_hashes,
            places: self.places,
            buckets: self.buckets,
            state_maps: self.state_maps.clone(),
            runs: self.runs.clone(),
            run_inputs: self.run_inputs,
            matches: self
                .matches
                .iter()
                .map(crate::match_model::MatchModel::try_clone)
                .collect::<Result<_>>()?,
            bypass: self.bypass.clone(),
            direct: self.direct.clone(),
            lstm: None,
            mixer: self.mixer.clone(),
            apm: self.apm.clone(),
            sse: self.sse.clone(),
            p: self.p,
            rate: self.rate,
        })
    }
}
