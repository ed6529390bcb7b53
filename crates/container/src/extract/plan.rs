//! What is to be made, and which bytes of the content go where.

use super::Options;
use super::spans::{Span, Spans};
use crate::tree::memory::{Charge, allocated};
use crate::tree::{Body, Entry, Extent, Meta, Tree};
use minlen_core::{Env, Error, Reservation, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Mode of folders that are made because something in them is.
const PARENT_MODE: u32 = 0o755;
const PARENT: FolderPlan = FolderPlan { mode: PARENT_MODE, mtime: None, meta: None, given: false };
/// What a folder that no entry asks for counts for as output: about what it takes on disk.
const IMPLIED_COST: u64 = 4096;
/// Bytes of a folder's place in the map of folders, beside its path.
const FOLDER_NODE: u64 = 96;
/// Bytes for each thing to make that later steps take: its state, its place among the names in the target.
const LATER: u64 = 96;
/// No file of the plan.
const NONE: u32 = u32::MAX;
/// Permission bits without the special ones.
const PLAIN_BITS: u32 = 0o777;

/// A regular file to make.
#[derive(Debug)]
pub(super) struct FilePlan {
    pub(super) path: PathBuf,
    pub(super) mode: u32,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) len: u64,
    pub(super) hash: [u8; 16],
    /// Bytes that come from the content; the rest are holes.
    pub(super) data_len: u64,
    /// What it counts for as output.
    pub(super) cost: u64,
    /// Offset in the file and length of each part with data, in order.
    pub(super) parts: Vec<(u64, u64)>,
    pub(super) meta: Option<Arc<Meta>>,
}

/// A link to make.
#[derive(Debug)]
pub(super) struct LinkPlan {
    pub(super) path: PathBuf,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) meta: Option<Arc<Meta>>,
    pub(super) to: Link,
}

#[derive(Debug)]
pub(super) enum Link {
    Symbolic(PathBuf),
    /// Number of a file of the plan.
    Hard(usize),
}

/// Attributes of a folder.
#[derive(Clone, Debug)]
pub(super) struct FolderPlan {
    pub(super) mode: u32,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) meta: Option<Arc<Meta>>,
    /// True if an entry asks for it; false for a parent that is merely needed.
    pub(super) given: bool,
}

#[derive(Debug)]
pub(super) struct Plan {
    /// Folders, parents first.
    pub(super) folders: BTreeMap<PathBuf, FolderPlan>,
    pub(super) files: Vec<FilePlan>,
    pub(super) links: Vec<LinkPlan>,
    pub(super) spans: Spans,
    /// What all attributes count for as output.
    attributes: u64,
}

impl Plan {
    /// The plan for the entries that `selected` says, with the memory that it takes.
    ///
    /// # Errors
    /// Limit where the budget does not do, or for more things to make than entries are allowed.
    pub(super) fn new(
        tree: &Tree,
        selected: Option<&dyn Fn(usize) -> bool>,
        options: &Options,
        env: &Env,
    ) -> Result<(Self, Reservation)> {
        let mut charge = Charge::new(&env.budget)?;
        let _made = env.budget.reserve((tree.entries.len() * size_of::<u32>()) as u64)?;
        let plan = Self {
            folders: BTreeMap::new(),
            files: Vec::new(),
            links: Vec::new(),
            spans: Spans::default(),
            attributes: 0,
        };
        let (spans, made) = (Vec::new(), vec![NONE; tree.entries.len()]);
        let picked = || {
            let entries = tree.entries.iter().enumerate();
            entries.filter(|(i, _)| selected.is_none_or(|selected| selected(*i)))
        };
        let mut adding = Adding { plan, spans, made, implied: 0, options, env, charge: &mut charge };
        adding.make_room(picked().map(|(_, entry)| entry), tree)?;
        for (i, entry) in picked() {
            adding.entry(i, entry, tree)?;
        }
        let Adding { mut plan, spans, .. } = adding;
        if plan.implied() > env.limits.entries {
            return Err(Error::limit(format!("over {} folders to make", env.limits.entries)));
        }
        plan.spans = Spans::new(spans);
        Ok((plan, charge.into_held()))
    }

    /// What everything counts for as output.
    pub(super) fn output_len(&self) -> u64 {
        let folders = self.implied().saturating_mul(IMPLIED_COST);
        let others = folders.saturating_add(self.attributes);
        self.files.iter().fold(others, |sum, f| sum.saturating_add(f.cost))
    }

    /// Folders that only paths ask for: a few bytes of archive can name thousands of them.
    fn implied(&self) -> u64 {
        self.folders.values().filter(|folder| !folder.given).count() as u64
    }
}

/// About what a plan for all of `tree` takes in memory.
pub(super) fn memory(tree: &Tree) -> u64 {
    let of = |entry: &Entry| {
        let extents = entry.extents().len();
        let own = match entry.body {
            Body::Dir => FOLDER_NODE,
            Body::File { .. } => size_of::<FilePlan>() as u64 + allocated(extents * size_of::<(u64, u64)>()),
            Body::Symlink(_) => size_of::<LinkPlan>() as u64,
            Body::Hardlink(_) => (size_of::<LinkPlan>() + size_of::<FilePlan>()) as u64,
        };
        entry.memory() + own + LATER + (size_of::<u32>() + extents * size_of::<Span>()) as u64
    };
    tree.entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(of(entry)))
}

/// Mode, time, owner and the rest of a file.
type Attributes = (u32, Option<(i64, u32)>, Option<Arc<Meta>>);

struct Adding<'a> {
    plan: Plan,
    spans: Vec<Span>,
    /// Number of the file made for an entry.
    made: Vec<u32>,
    /// Folders so far that no entry had asked for when they were needed.
    implied: u64,
    options: &'a Options,
    env: &'a Env,
    charge: &'a mut Charge,
}

impl Adding<'_> {
    /// Lists of the size that they will have, at most.
    fn make_room<'t>(&mut self, picked: impl Iterator<Item = &'t Entry>, tree: &Tree) -> Result<()> {
        let (mut files, mut links, mut spans, mut all) = (0, 0, 0, 0u64);
        for entry in picked {
            all += 1;
            match &entry.body {
                Body::Dir => {}
                Body::Symlink(_) => links += 1,
                Body::File { extents, .. } => {
                    files += 1;
                    spans += extents.len();
                }
                // It may have to stand for its file.
                Body::Hardlink(target) => {
                    links += 1;
                    files += 1;
                    spans += tree.entries.get(*target as usize).map_or(0, |entry| entry.extents().len());
                }
            }
        }
        self.charge.take(all * LATER)?;
        self.charge.take((files * size_of::<FilePlan>() + links * size_of::<LinkPlan>()) as u64)?;
        self.charge.take(Spans::memory(spans))?;
        self.plan.files.reserve_exact(files);
        self.plan.links.reserve_exact(links);
        self.spans.reserve_exact(spans);
        Ok(())
    }

    fn entry(&mut self, i: usize, entry: &Entry, tree: &Tree) -> Result<()> {
        self.charge.take(entry.memory())?;
        let path = PathBuf::from(OsString::from_vec(entry.path.clone()));
        self.parents(&path)?;
        let special = self.options.special_bits || self.options.owners;
        let mode = entry.mode & if special { crate::limits::MODE_BITS } else { PLAIN_BITS };
        let (mtime, meta) = (entry.mtime, entry.meta.clone());
        let attributes = meta.as_ref().map_or(0, |meta| meta.cost());
        self.plan.attributes = self.plan.attributes.saturating_add(attributes);
        match &entry.body {
            Body::Dir => {
                self.charge.take(FOLDER_NODE)?;
                self.plan.folders.insert(path, FolderPlan { mode, mtime, meta, given: true });
            }
            Body::File { len, hash, extents } => {
                self.made[i] = self.plan.files.len() as u32;
                self.file(path, (mode, mtime, meta), (*len, *hash, extents))?;
            }
            Body::Symlink(target) => {
                let to = Link::Symbolic(PathBuf::from(OsString::from_vec(target.clone())));
                self.plan.links.push(LinkPlan { path, mtime, meta, to });
            }
            Body::Hardlink(target) => {
                let target = *target as usize;
                if self.made[target] != NONE {
                    let to = Link::Hard(self.made[target] as usize);
                    self.plan.links.push(LinkPlan { path, mtime, meta, to });
                } else if let Body::File { len, hash, extents } = &tree.entries[target].body {
                    // The file itself was not selected: the first of its other names takes its place.
                    self.made[target] = self.plan.files.len() as u32;
                    self.file(path, (mode, mtime, meta), (*len, *hash, extents))?;
                }
            }
        }
        Ok(())
    }

    fn parents(&mut self, path: &std::path::Path) -> Result<()> {
        for parent in path.ancestors().skip(1).take_while(|p| !p.as_os_str().is_empty()) {
            if self.plan.folders.contains_key(parent) {
                return Ok(());
            }
            self.charge.take(allocated(parent.as_os_str().len()) + FOLDER_NODE)?;
            self.implied += 1;
            if self.implied.is_multiple_of(1024) {
                // Here already, because thousands of long paths take their time.
                let output = self.implied.saturating_mul(IMPLIED_COST);
                self.env.limits.check_output(output, self.options.compressed)?;
                self.env.check()?;
            }
            self.plan.folders.insert(parent.to_path_buf(), PARENT);
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: PathBuf,
        (mode, mtime, meta): Attributes,
        (len, hash, extents): (u64, [u8; 16], &[Extent]),
    ) -> Result<()> {
        let file = self.plan.files.len() as u32;
        self.charge.take(allocated(extents.len() * size_of::<(u64, u64)>()))?;
        let (mut at, mut data_len, mut parts) = (0, 0, Vec::with_capacity(extents.len()));
        for extent in extents {
            if let Extent::Data { offset, len } = *extent {
                self.spans.push(Span {
                    start: offset,
                    end: offset.saturating_add(len),
                    file,
                    file_offset: at,
                });
                parts.push((at, len));
                data_len += len;
            }
            at += extent.len();
        }
        let cost = extents.iter().fold(0, |sum: u64, e| sum.saturating_add(e.cost()));
        self.plan.files.push(FilePlan { path, mode, mtime, len, hash, data_len, cost, parts, meta });
        Ok(())
    }
}
