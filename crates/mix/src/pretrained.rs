//! Models that have replayed their prior, kept for the next call.
//!
//! A short message costs what its prior costs: the replay is the same for all of them. So what a model is after it is kept where a
//! codec was asked for it before, and copied from then on, which takes a thirtieth of the time. The copies belong to the codec
//! and go with it; they change no byte.

use crate::prior::Id;
use minlen_core::{Env, Result};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that a model depends on before it has seen data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub depth: u8,
    pub kind: u8,
    /// The prior, and how much of it is replayed: with the tables only, and with mixing.
    pub number: u8,
    pub id: Id,
    pub window: usize,
    pub warm: usize,
    /// The sizes of the tables, as powers of two.
    pub sizes: [u32; 2],
}

/// Longer parts are not worth it: the replay is a small part of their cost.
pub(crate) const LONGEST: usize = 64 << 10;

/// So much is kept at most.
const MOST: u64 = 96 << 20;

/// The share of the memory that the operation at hand may use.
const SHARE: u64 = 16;

/// Keys that are remembered, with models or without.
const KEYS: usize = 16;

struct Entry {
    key: Key,
    /// None where it was asked for once only.
    model: Option<(Arc<dyn Any + Send + Sync>, u64)>,
}

/// The models of one codec, those asked for last at the end.
#[derive(Default)]
pub(crate) struct Pretrained(Mutex<Vec<Entry>>);

/// What [`Pretrained::find`] knows.
pub(crate) enum Found<E> {
    /// The model, to be copied.
    Model(Arc<E>),
    /// It was asked for before, so it should be kept.
    Again,
    /// It was not asked for before.
    New,
}

impl Pretrained {
    /// The model of this key, which is remembered.
    pub fn find<E: Any + Send + Sync>(&self, key: Key) -> Found<E> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = entries.iter().position(|entry| entry.key == key) else {
            if entries.len() == KEYS {
                entries.remove(0);
            }
            entries.push(Entry { key, model: None });
            return Found::New;
        };
        let entry = entries.remove(at);
        let model = entry.model.clone();
        entries.push(entry);
        match model.and_then(|(model, _)| model.downcast().ok()) {
            Some(model) => Found::Model(model),
            None => Found::Again,
        }
    }

    /// Keeps the model of so many bytes that `copy` makes, if `env` may use many times as much; the models asked for longest ago
    /// make room.
    ///
    /// # Errors
    /// Those of `copy`.
    pub fn keep<E: Any + Send + Sync>(
        &self,
        key: Key,
        bytes: u64,
        env: &Env,
        copy: impl FnOnce() -> Result<E>,
    ) -> Result<()> {
        if bytes > MOST || bytes > env.budget.limit() / SHARE {
            return Ok(());
        }
        let model = copy()?;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held =
            |entries: &[Entry]| entries.iter().filter_map(|e| e.model.as_ref()).map(|m| m.1).sum::<u64>();
        while held(&entries) + bytes > MOST {
            let Some(oldest) = entries.iter_mut().find(|entry| entry.model.is_some()) else { break };
            oldest.model = None;
        }
        if let Some(entry) = entries.iter_mut().find(|entry| entry.key == key) {
            entry.model = Some((Arc::new(model), bytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::Limits;

    fn key(window: usize) -> Key {
        Key { depth: 0, kind: 0, number: 1, id: Id::default(), window, warm: 0, sizes: [16, 8] }
    }

    fn held(models: &Pretrained, window: usize) -> Option<u32> {
        match models.find::<u32>(key(window)) {
            Found::Model(model) => Some(*model),
            _ => None,
        }
    }

    #[test]
    fn a_model_is_kept_when_it_is_asked_for_again_and_goes_when_others_need_the_room() {
        let (models, env) = (Pretrained::default(), Env::default());
        assert!(matches!(models.find::<u32>(key(1)), Found::New));
        assert!(matches!(models.find::<u32>(key(1)), Found::Again));
        models.keep(key(1), MOST / 2, &env, || Ok(11u32)).unwrap();
        assert!(matches!(models.find::<u32>(key(2)), Found::New));
        models.keep(key(2), MOST / 2, &env, || Ok(22u32)).unwrap();
        assert_eq!((held(&models, 2), held(&models, 1)), (Some(22), Some(11)));
        assert_eq!(held(&models, 3), None);
        models.keep(key(3), 1, &env, || Ok(33u32)).unwrap();
        assert_eq!([1, 2, 3].map(|w| held(&models, w)), [Some(11), None, Some(33)]);
    }

    #[test]
    fn nothing_is_kept_that_is_large_for_the_budget() {
        let models = Pretrained::default();
        let small = Env::new(Limits::default().with_memory(160));
        assert_eq!(held(&models, 1), None);
        models.keep(key(1), 11, &small, || Ok(1u32)).unwrap();
        assert_eq!(held(&models, 1), None);
        models.keep(key(1), 10, &small, || Ok(1u32)).unwrap();
        assert_eq!(held(&models, 1), Some(1));
    }

    #[test]
    fn keys_are_forgotten_in_their_order() {
        let models = Pretrained::default();
        for window in 0..=KEYS {
            assert!(matches!(models.find::<u32>(key(window)), Found::New));
        }
        assert!(matches!(models.find::<u32>(key(1)), Found::Again));
        assert!(matches!(models.find::<u32>(key(0)), Found::New));
    }
}
