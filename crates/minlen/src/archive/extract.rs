//! From an archive to files.

use super::read::Archive;
use super::sweep::decode_blocks;
use super::{ExtractOptions, Summary};
use minlen_container::Tree;
use minlen_container::extract::{self, Extractor};
use minlen_core::{Error, Event, Result};
use std::collections::HashSet;
use std::path::Path;

impl Archive {
    /// Unpacks members into the folder `target`, which is made if it is not there. `select` names members or folders by
    /// their paths in the archive (with everything below them); empty for all.
    ///
    /// Nothing is ever written outside `target`, and nothing appears under its final name before all of it is complete,
    /// checked and on disk.
    ///
    /// # Errors
    /// Usage if nothing is selected by a name; exists, corrupt, limit, I/O.
    pub fn extract(
        &mut self,
        select: &[Vec<u8>],
        target: &Path,
        options: &ExtractOptions,
    ) -> Result<Summary> {
        let tree = Tree { entries: self.entries().to_vec() };
        if !self.is_tree() {
            return Err(Error::usage("this is a single stream without names: decompress it to a file"));
        }
        let chosen = choose(&tree, select)?;
        let mut how = extract::Options::default();
        how.overwrite = options.overwrite;
        let picked = |i: usize| chosen.contains(&i);
        let filter: Option<&dyn Fn(usize) -> bool> = if select.is_empty() { None } else { Some(&picked) };
        let mut extractor = Extractor::new(target, &tree, filter, how, &self.env)?;
        let blocks = self.container.blocks().to_vec();
        let wanted: Vec<usize> = (0..blocks.len())
            .filter(|&i| extractor.needs(blocks[i].raw_start..blocks[i].raw_end()))
            .collect();
        let total = wanted.iter().map(|&i| blocks[i].stored_len).sum();
        self.env.progress.event(Event::Total { bytes: total });
        decode_blocks(&mut self.container, wanted.into_iter(), &self.options, &self.env, |i, bytes| {
            extractor.feed(blocks[i].raw_start, bytes)
        })?;
        let report = extractor.finish()?;
        for message in &report.warnings {
            self.env.progress.event(Event::Warning { message: message.clone() });
        }
        let entries: Vec<_> = if select.is_empty() {
            tree.entries
        } else {
            tree.entries.into_iter().enumerate().filter(|(i, _)| chosen.contains(i)).map(|(_, e)| e).collect()
        };
        Ok(Summary { warnings: report.warnings, ..self.summary(&entries) })
    }
}

/// The entries that `select` names, with everything below chosen folders. A hard link brings its content along, and not the other
/// names of its file.
fn choose(tree: &Tree, select: &[Vec<u8>]) -> Result<HashSet<usize>> {
    let mut chosen = HashSet::new();
    for name in select {
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let before = chosen.len();
        let under =
            |path: &[u8]| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
        chosen.extend(tree.entries.iter().enumerate().filter(|(_, e)| under(&e.path)).map(|(i, _)| i));
        if chosen.len() == before && !tree.entries.iter().any(|e| under(&e.path)) {
            return Err(Error::usage(format!("{} is not in the archive", String::from_utf8_lossy(name)))
                .remedy("see `minlen list ARCHIVE`"));
        }
    }
    Ok(chosen)
}
