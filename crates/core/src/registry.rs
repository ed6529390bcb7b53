//! The table of codecs that a planner offers and a decoder looks up.

use crate::{Codec, CodecId, Error, Result};
use std::sync::Arc;

/// Codecs by id and by name. Later registrations of an id replace earlier ones, so a host can override a built-in.
#[derive(Clone, Default)]
pub struct Registry {
    codecs: Vec<Arc<dyn Codec>>,
}

impl Registry {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a codec, replacing one of the same id. Kept in the order of ids, so that nothing depends on the order
    /// of registration.
    pub fn register(&mut self, codec: Arc<dyn Codec>) {
        let id = codec.spec().id;
        match self.codecs.binary_search_by_key(&id, |c| c.spec().id) {
            Ok(at) => self.codecs[at] = codec,
            Err(at) => self.codecs.insert(at, codec),
        }
    }

    /// All codecs in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Codec> {
        self.codecs.iter().map(|c| &**c)
    }

    /// The codec with this id.
    ///
    /// # Errors
    /// Unsupported if there is none.
    pub fn codec(&self, id: CodecId) -> Result<&dyn Codec> {
        self.codecs
            .binary_search_by_key(&id, |c| c.spec().id)
            .map(|at| &*self.codecs[at])
            .map_err(|_| Error::unsupported(format!("codec {} is not in this build", id.0)))
    }

    /// The codec with this name.
    ///
    /// # Errors
    /// Usage if there is none, listing those that are.
    pub fn by_name(&self, name: &str) -> Result<&dyn Codec> {
        self.iter().find(|c| c.spec().name == name).ok_or_else(|| {
            let names: Vec<_> = self.iter().map(|c| c.spec().name).collect();
            Error::usage(format!("unknown codec '{name}'; there are: {}", names.join(", ")))
        })
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|c| c.spec().name)).finish()
    }
}
