//! Writing what is left.

use super::super::ExtractOptions;
use super::super::hash::zeros;
use super::decode::each_block;
use super::pieces::with_holes;
use super::survey::{Salvaged, State, Survey};
use super::{DAMAGED, PIECE, Salvage};
use minlen_container::extract::Extractor;
use minlen_container::{Body, Entry, Extent, Tree};
use minlen_core::{Event, Result};
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;

/// Bytes that one name in a path can have on the usual file systems.
const LONGEST_NAME: usize = 255;

/// Something that was written, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The path in the archive; `None` for a piece of content without a name.
    pub member: Option<Vec<u8>>,
    /// The path in the target folder.
    pub path: Vec<u8>,
}

impl Written {
    /// Something that was written to `path`.
    #[must_use]
    pub fn new(member: Option<&[u8]>, path: &[u8]) -> Self {
        Self { member: member.map(<[u8]>::to_vec), path: path.to_vec() }
    }
}

impl Salvage<'_> {
    /// Writes what is left of the members of `survey` into the folder `target`: whole ones under their names, partly whole ones with
    /// [`DAMAGED`] behind it and holes for what is lost, and content without a name in files that begin with [`PIECE`]. Nothing
    /// appears before all of it is complete. Gives what got another name than it had.
    ///
    /// # Errors
    /// Exists; limit; I/O; corrupt for a file that changed meanwhile.
    pub fn extract(
        &mut self,
        survey: &Survey,
        target: &Path,
        options: &ExtractOptions,
    ) -> Result<Vec<Written>> {
        let env = self.archive.env.clone();
        let (tree, renamed) = self.what_is_left(survey);
        let _held = env.budget.reserve(tree.entries.iter().map(|e| 200 + e.path.len() as u64).sum())?;
        let how = options.extraction();
        let mut extractor = Extractor::new(target, &tree, None, how, &env)?;
        let blocks = self.archive.container.blocks().to_vec();
        let wanted: Vec<usize> = (0..blocks.len())
            .filter(|&i| extractor.needs(blocks[i].raw_start..blocks[i].raw_end()))
            .collect();
        env.progress.event(Event::Total { bytes: wanted.iter().map(|&i| blocks[i].stored_len).sum() });
        let options = self.archive.options.clone();
        each_block(&mut self.archive.container, wanted.into_iter(), &options, &env, |i, bytes| {
            extractor.feed(blocks[i].raw_start, bytes?)
        })?;
        let report = extractor.finish()?;
        for message in report.warnings {
            env.progress.event(Event::Warning { message });
        }
        Ok(renamed)
    }

    /// Writes the content of a single stream to `out`, with zeros for what is lost; gives its length.
    ///
    /// ```
    /// use minlen::archive::Keys;
    /// use minlen::archive::salvage::Salvage;
    /// use minlen::{Env, Options, compress};
    /// let options = Options::new(1)?.with_compact(false);
    /// let mut bytes = compress(b"predict, then code", &options)?;
    /// bytes.truncate(bytes.len() - 5); // The end of the stream is lost, the block is not.
    /// let reader = std::io::Cursor::new(&bytes);
    /// let mut damaged = Salvage::from_reader(reader, &Keys::default(), &options, &Env::default())?;
    /// let survey = damaged.survey(None)?;
    /// assert!(!survey.is_whole() && survey.lost.is_empty());
    /// let mut left = Vec::new();
    /// damaged.write_content(&survey, &mut left)?;
    /// assert_eq!(left, b"predict, then code");
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// I/O; corrupt for a file that changed meanwhile.
    pub fn write_content(&mut self, survey: &Survey, out: &mut dyn Write) -> Result<u64> {
        let (options, env) = (self.archive.options.clone(), self.archive.env.clone());
        let blocks = self.archive.container.blocks().to_vec();
        let good: Vec<usize> = (0..blocks.len()).filter(|&i| survey.is_good(i)).collect();
        let mut at = 0;
        each_block(&mut self.archive.container, good.into_iter(), &options, &env, |i, bytes| {
            let bytes = bytes?;
            zeros(at, blocks[i].raw_start, &mut |_, piece| Ok(out.write_all(piece)?))?;
            at = blocks[i].raw_end();
            Ok(out.write_all(bytes)?)
        })?;
        zeros(at, survey.content_len, &mut |_, piece| Ok(out.write_all(piece)?))?;
        Ok(survey.content_len)
    }

    /// The tree of what is to be written, and what is called differently in it.
    fn what_is_left(&self, survey: &Survey) -> (Tree, Vec<Written>) {
        let tree = self.archive.entries();
        let entries = &tree.entries[..];
        let mut names = Names(entries.iter().map(|entry| entry.path.clone()).collect());
        let (mut tree, mut renamed) = (Tree::default(), Vec::new());
        let mut placed: HashMap<usize, u32> = HashMap::new();
        let of_entry: HashMap<usize, &Salvaged> = survey.members.iter().map(|m| (m.entry, m)).collect();
        for member in survey.members.iter().filter(|m| m.asked && m.state != State::Lost) {
            let old = &entries[member.entry];
            let content = match old.body {
                Body::Hardlink(to) => to as usize,
                _ => member.entry,
            };
            let body = match (placed.get(&content), of_entry.get(&content)) {
                (Some(&at), _) => Body::Hardlink(at),
                (None, Some(source)) => left_of(&entries[content], source),
                (None, None) => continue,
            };
            let mut path = old.path.clone();
            if member.state == State::Partly {
                path = names.free(&path, DAMAGED);
                renamed.push(Written { member: Some(old.path.clone()), path: path.clone() });
            }
            placed.entry(content).or_insert(tree.entries.len() as u32);
            tree.entries.push(Entry { path, mode: old.mode, mtime: old.mtime, body, meta: old.meta.clone() });
        }
        for (range, hash) in &survey.runs {
            let path = names.free(format!("{PIECE}{}", range.start).as_bytes(), "");
            let len = range.end - range.start;
            let extents = vec![Extent::Data { offset: range.start, len }];
            renamed.push(Written { member: None, path: path.clone() });
            let body = Body::File { len, hash: *hash, extents };
            tree.entries.push(Entry { path, mode: 0o644, mtime: None, body, meta: None });
        }
        (tree, renamed)
    }
}

/// The body of an entry with what is left of it.
fn left_of(entry: &Entry, member: &Salvaged) -> Body {
    match with_holes(entry, &member.lost).body {
        Body::File { len, extents, .. } => Body::File { len, hash: member.hash, extents },
        other => other,
    }
}

/// Names that are taken.
struct Names(HashSet<Vec<u8>>);

impl Names {
    /// `path` with `suffix`, or with a number behind that, so that nothing else has it.
    fn free(&mut self, path: &[u8], suffix: &str) -> Vec<u8> {
        let name = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
        for number in 1u64.. {
            let tail = if number == 1 { suffix.to_owned() } else { format!("{suffix}-{number}") };
            let kept = path.len().min(name + LONGEST_NAME.saturating_sub(tail.len()));
            let new = [&path[..kept], tail.as_bytes()].concat();
            if self.0.insert(new.clone()) {
                return new;
            }
        }
        path.to_vec()
    }
}
