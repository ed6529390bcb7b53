//! What reading an archive needs besides its file.

use super::read::Archive;
use crate::streams::needs_of;
use minlen_core::{Codec, Need, Result};
use std::collections::BTreeSet;

impl Archive<'_> {
    /// The bases and priors that the blocks name, each once, in order: without them the content cannot be read. They need not be at hand
    /// for this, and no content is decoded; of blocks of codecs that name something, the payload is read.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// let bytes = compress(b"nothing but itself", &Options::new(6)?)?;
    /// let reader = std::io::Cursor::new(&bytes);
    /// let mut stream = Archive::from_reader(reader, &Keys::default(), &Options::default(), &Env::default())?;
    /// assert!(stream.needs()?.is_empty());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Corrupt; limit; I/O.
    pub fn needs(&mut self) -> Result<Vec<Need>> {
        let mut all = BTreeSet::new();
        for index in 0..self.container.blocks().len() {
            let ids = self.container.block_header(index)?.ids;
            let last = ids.last().and_then(|id| self.options.registry().codec(*id).ok());
            if !last.is_some_and(Codec::may_need) {
                continue;
            }
            let len = self.container.blocks()[index].raw_len;
            let block = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
            let found = needs_of(&ids, &block.payload, len, self.options.registry(), &self.env);
            self.room = block.payload;
            all.extend(found.map_err(|e| e.at(block.offset))?);
        }
        let is_inside = |name: &[u8; 8]| self.own.iter().any(|part| part.hash().starts_with(name));
        all.retain(|need| !matches!(need, Need::Model(name) | Need::Prior(name) if is_inside(name)));
        Ok(all.into_iter().collect())
    }
}
