//! The table of codecs that a planner offers and a decoder looks up.

use crate::{Codec, CodecId, Error, Result};
use std::sync::Arc;

/// Codecs by id and by name. Later registrations of an id replace earlier ones, so a host can override a built-in.
#[derive(Clone, Default)]
pub struct Registry {
    codecs: Vec<Arc<dyn Codec>>,
    missing: Vec<MissingCodec>,
}

/// A codec that a build can have and this one has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingCodec {
    /// Its number in the format.
    pub id: CodecId,
    /// Its name.
    pub name: &'static str,
    /// The Cargo feature that brings it.
    pub feature: &'static str,
}

impl MissingCodec {
    fn error(&self) -> Error {
        Error::unsupported(format!("codec {} ({}) is not in this build", self.id.0, self.name))
            .remedy(format!("build with the Cargo feature `{}`", self.feature))
    }
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

    /// Notes that this build has not got a codec, so that whoever meets its data is told what to build with.
    pub fn note_missing(&mut self, codec: MissingCodec) {
        self.missing.push(codec);
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
        self.codecs.binary_search_by_key(&id, |c| c.spec().id).map(|at| &*self.codecs[at]).map_err(|_| {
            match self.missing.iter().find(|missing| missing.id == id) {
                Some(missing) => missing.error(),
                None => Error::unsupported(format!("codec {} is not in this build", id.0)),
            }
        })
    }

    /// The codec with this name.
    ///
    /// # Errors
    /// Unsupported for one that this build has not got; usage for any other name, listing those that are.
    pub fn by_name(&self, name: &str) -> Result<&dyn Codec> {
        if let Some(missing) = self.missing.iter().find(|missing| missing.name == name)
            && self.codec(missing.id).is_err()
        {
            return Err(missing.error());
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, ids};

    #[test]
    fn a_codec_that_a_build_has_not_got_is_named_with_its_feature() {
        let mut registry = Registry::new();
        let plain = registry.codec(ids::ZSTD).err().unwrap();
        assert!(plain.kind() == ErrorKind::Unsupported && !plain.to_string().contains("fast"), "{plain}");
        assert_eq!(registry.by_name("zstd").err().unwrap().kind(), ErrorKind::Usage);
        registry.note_missing(MissingCodec { id: ids::ZSTD, name: "zstd", feature: "fast" });
        for error in [registry.codec(ids::ZSTD).err().unwrap(), registry.by_name("zstd").err().unwrap()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            let shown = error.to_string();
            assert!(shown.contains("16 (zstd)") && shown.contains("`fast`"), "{shown}");
        }
        assert_eq!(registry.by_name("zst").err().unwrap().kind(), ErrorKind::Usage);
    }
}
