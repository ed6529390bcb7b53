//! From an archive to files.

use super::read::{Archive, not_there};
use super::strip::stripped;
use super::sweep::decode_runs;
use super::{ExtractOptions, Summary};
use minlen_container::BlockEntry;
use minlen_container::extract::Extractor;
use minlen_core::{Error, Event, Reservation, Result};
use std::path::Path;

impl Archive<'_> {
    /// Unpacks members into the folder `target`, which is made if it is not there. `select` names members or folders by
    /// their paths in the archive (with everything below them); empty for all.
    ///
    /// Nothing is ever written outside `target`, and nothing appears under its final name before all of it is complete,
    /// checked and on disk.
    ///
    /// ```
    /// use minlen::archive::{Archive, Builder, Entry, ExtractOptions, Keys};
    /// use minlen::{Env, ErrorKind, Options};
    /// let mut builder = Builder::new();
    /// builder.add_all([Entry::file("notes/a.txt", b"kept"), Entry::file("other", b"not asked for")])?;
    /// let (bytes, _) = builder.write(Vec::new(), &Options::new(1)?, &Env::default())?;
    /// let reader = std::io::Cursor::new(&bytes);
    /// let mut archive = Archive::from_reader(reader, &Keys::default(), &Options::default(), &Env::default())?;
    ///
    /// let target = tempfile::tempdir()?;
    /// let options = ExtractOptions::default();
    /// archive.extract(&[b"notes".to_vec()], target.path(), &options)?;
    /// assert_eq!(std::fs::read(target.path().join("notes/a.txt"))?, b"kept");
    /// assert!(!target.path().join("other").exists());
    /// // What is there already is only replaced when asked for.
    /// let again = archive.extract(&[b"notes".to_vec()], target.path(), &options).unwrap_err();
    /// assert_eq!(again.kind(), ErrorKind::Exists);
    /// archive.extract(&[b"notes".to_vec()], target.path(), &options.with_overwrite(true))?;
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage if nothing is selected by a name; exists, corrupt, limit, I/O.
    pub fn extract(
        &mut self,
        select: &[Vec<u8>],
        target: &Path,
        options: &ExtractOptions,
    ) -> Result<Summary> {
        if !self.is_tree() {
            return Err(Error::usage("this is a single stream without names: decompress it to a file"));
        }
        if select.is_empty() {
            return self.unpack(None, target, options);
        }
        let mut chosen = Chosen::new(self)?;
        for name in select {
            let name = name.strip_suffix(b"/").unwrap_or(name);
            let mut found = false;
            self.each_below(name, &mut |number| {
                (chosen.entries[number], found) = (true, true);
            })?;
            if !found {
                return Err(not_there(name));
            }
        }
        self.unpack(Some(&chosen), target, options)
    }

    /// The same for the entries with these numbers, without what is below those that are folders.
    ///
    /// # Errors
    /// Usage for a number that is too high; as [`Archive::extract`].
    pub fn extract_entries(
        &mut self,
        numbers: &[usize],
        target: &Path,
        options: &ExtractOptions,
    ) -> Result<Summary> {
        let mut chosen = Chosen::new(self)?;
        for &number in numbers {
            let entry = chosen.entries.get_mut(number);
            *entry.ok_or_else(|| Error::usage(format!("there is no entry {number}")))? = true;
        }
        self.unpack(Some(&chosen), target, options)
    }

    fn unpack(
        &mut self,
        chosen: Option<&Chosen>,
        target: &Path,
        options: &ExtractOptions,
    ) -> Result<Summary> {
        let tree = self.entries();
        let picked = |i: usize| chosen.is_none_or(|chosen| chosen.entries[i]);
        let mut how = options.extraction();
        (how.compressed, how.archive) = (self.stored_len, self.identity());
        let mut extractor = if options.strip > 0 {
            let (tree, _held) = stripped(&tree, &picked, options.strip, &self.env.budget)?;
            Extractor::new(target, &tree, None, how, &self.env)?
        } else {
            let filter: Option<&dyn Fn(usize) -> bool> = if chosen.is_none() { None } else { Some(&picked) };
            Extractor::new(target, &tree, filter, how, &self.env)?
        };
        let count = self.container.blocks().len();
        let _held = self.env.budget.reserve((count * size_of::<(usize, u64)>()) as u64)?;
        let blocks = self.container.blocks();
        let wanted: Vec<(usize, u64)> = (0..blocks.len())
            .filter(|&i| extractor.needs(blocks[i].raw_start..blocks[i].raw_end()))
            .map(|i| (i, if chosen.is_none() { u64::MAX } else { needed(&extractor, &blocks[i]) }))
            .collect();
        let total = wanted.iter().map(|&(i, _)| blocks[i].stored_len).sum();
        self.env.progress.event(Event::Total { bytes: total });
        decode_runs(&mut self.container, wanted, &self.options, &self.env, |start, bytes| {
            extractor.feed(start, bytes)
        })?;
        let report = extractor.finish()?;
        for message in &report.warnings {
            self.env.progress.event(Event::Warning { message: message.clone() });
        }
        let summary =
            self.summary(&mut tree.entries.iter().enumerate().filter(|(i, _)| picked(*i)).map(|(_, e)| e));
        Ok(Summary { warnings: report.warnings, skipped: report.skipped, ..summary })
    }
}

impl Archive<'_> {
    /// What tells the content from others: a hash of the hashes of all streams.
    fn identity(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for stream in self.container.streams() {
            hasher.update(&stream.content_hash.unwrap_or_default());
        }
        *hasher.finalize().as_bytes()
    }
}

/// How many of the first bytes of a block are needed: the extractor checks files by their hashes.
fn needed(extractor: &Extractor, block: &BlockEntry) -> u64 {
    let (mut from, mut to) = (0, block.raw_len);
    while from < to {
        let middle = from + (to - from) / 2;
        if extractor.needs(block.raw_start + middle..block.raw_end()) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

/// Which entries are chosen. Another name of a file that is not chosen stands for the file.
struct Chosen {
    entries: Vec<bool>,
    _held: Reservation,
}

impl Chosen {
    /// None of them.
    fn new(archive: &Archive<'_>) -> Result<Self> {
        let count = archive.entries().entries.len();
        let _held = archive.env.budget.reserve(count as u64)?;
        Ok(Self { entries: vec![false; count], _held })
    }
}
