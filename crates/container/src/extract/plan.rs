//! What is to be made, and which bytes of the content go where.

use super::Options;
use crate::tree::{Body, Entry, Extent, Tree};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Mode of folders that are made because something in them is.
const PARENT_MODE: u32 = 0o755;
const PARENT: FolderPlan = FolderPlan { mode: PARENT_MODE, mtime: None, given: false };
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
}

/// A link to make.
#[derive(Debug)]
pub(super) struct LinkPlan {
    pub(super) path: PathBuf,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) to: Link,
}

#[derive(Debug)]
pub(super) enum Link {
    Symbolic(PathBuf),
    /// Number of a file of the plan.
    Hard(usize),
}

/// Attributes of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct FolderPlan {
    pub(super) mode: u32,
    pub(super) mtime: Option<(i64, u32)>,
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
}

impl Plan {
    pub(super) fn new(tree: &Tree, selected: Option<&dyn Fn(usize) -> bool>, options: &Options) -> Self {
        let (folders, spans) = (BTreeMap::new(), Vec::new());
        let mut plan = Self { folders, files: Vec::new(), links: Vec::new(), spans: Spans::default() };
        let mut adding =
            Adding { plan: &mut plan, spans, made: HashMap::new(), special: options.special_bits };
        for (i, entry) in tree.entries.iter().enumerate() {
            if selected.is_none_or(|selected| selected(i)) {
                adding.entry(i, entry, tree);
            }
        }
        plan.spans = Spans::new(adding.spans);
        plan
    }

    /// What all files count for as output.
    pub(super) fn output_len(&self) -> u64 {
        self.files.iter().fold(0, |sum, f| sum.saturating_add(f.cost))
    }
}

struct Adding<'a> {
    plan: &'a mut Plan,
    spans: Vec<Span>,
    /// Number of the file made for an entry: only looked up.
    made: HashMap<usize, usize>,
    special: bool,
}

impl Adding<'_> {
    fn entry(&mut self, i: usize, entry: &Entry, tree: &Tree) {
        let path = PathBuf::from(OsString::from_vec(entry.path.clone()));
        self.parents(&path);
        let mode = entry.mode & if self.special { crate::limits::MODE_BITS } else { PLAIN_BITS };
        let mtime = entry.mtime;
        match &entry.body {
            Body::Dir => {
                self.plan.folders.insert(path, FolderPlan { mode, mtime, given: true });
            }
            Body::File { len, hash, extents } => {
                self.made.insert(i, self.plan.files.len());
                self.file(path, mode, mtime, (*len, *hash, extents));
            }
            Body::Symlink(target) => {
                let to = Link::Symbolic(PathBuf::from(OsString::from_vec(target.clone())));
                self.plan.links.push(LinkPlan { path, mtime, to });
            }
            Body::Hardlink(target) => {
                let target = *target as usize;
                if let Some(&file) = self.made.get(&target) {
                    self.plan.links.push(LinkPlan { path, mtime, to: Link::Hard(file) });
                } else if let Body::File { len, hash, extents } = &tree.entries[target].body {
                    // The file itself was not selected: the first of its other names takes its place.
                    self.made.insert(target, self.plan.files.len());
                    self.file(path, mode, mtime, (*len, *hash, extents));
                }
            }
        }
    }

    fn parents(&mut self, path: &std::path::Path) {
        for parent in path.ancestors().skip(1).take_while(|p| !p.as_os_str().is_empty()) {
            if self.plan.folders.contains_key(parent) {
                return;
            }
            self.plan.folders.insert(parent.to_path_buf(), PARENT);
        }
    }

    fn file(
        &mut self,
        path: PathBuf,
        mode: u32,
        mtime: Option<(i64, u32)>,
        (len, hash, extents): (u64, [u8; 16], &[Extent]),
    ) {
        let file = self.plan.files.len() as u32;
        let (mut at, mut data_len, mut parts) = (0, 0, Vec::new());
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
        self.plan.files.push(FilePlan { path, mode, mtime, len, hash, data_len, cost, parts });
    }
}

/// A range of the content that goes to one place in one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) file: u32,
    pub(super) file_offset: u64,
}

/// Spans in the order of the content; they may overlap, because files may share content.
#[derive(Debug, Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
    /// The largest end among the spans up to each.
    ends: Vec<u64>,
}

impl Spans {
    fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_by_key(|s| (s.start, s.file, s.file_offset));
        let ends = spans.iter().scan(0, |end, s| {
            *end = s.end.max(*end);
            Some(*end)
        });
        Self { ends: ends.collect(), spans }
    }

    /// The spans that share a byte with `content`.
    pub(super) fn overlapping(&self, content: Range<u64>) -> impl Iterator<Item = Span> {
        let first = self.ends.partition_point(|&end| end <= content.start);
        let end = self.spans.partition_point(|s| s.start < content.end).max(first);
        self.spans[first..end].iter().filter(move |s| s.end > content.start && !content.is_empty()).copied()
    }
}
