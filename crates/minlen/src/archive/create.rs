//! From files to an archive.

use super::Summary;
use super::content::{Content, Stored};
use crate::budget::Spending;
use crate::options::Options;
use crate::planner::Request;
use crate::tensors::{self, Arrays, FileSource};
use minlen_container::walk::{self, Found, Item};
use minlen_container::{Body, Entry, Tree};
use minlen_core::{Coded, Detection, Env, Error, ErrorKind, Event, Kind, Result};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// How much of a file is looked at to find out what it is.
const HEAD: usize = 64 << 10;

/// Writes an archive of `inputs` (files and folders, with everything below them) to `out`, and gives `out` back.
///
/// Members are recorded under the last component of each input's path. Files are put in an order by kind and name so that
/// alike data stands together; equal files and chunks are stored once (unless [`Options::with_dedup`] says no). What
/// cannot be read is left out with a warning in the [`Summary`].
///
/// # Errors
/// I/O of an input that is not there or of `out`; usage for inputs of the same name; cancelled.
pub fn create<W: Write>(inputs: &[PathBuf], out: W, options: &Options, env: &Env) -> Result<(W, Summary)> {
    let mut walking = walk::Options::default();
    walking.no_times = !options.times;
    if options.max_error.is_some() {
        return Err(Error::usage("an error bound is for single files, and this would be an archive")
            .remedy("compress the files of floats one by one"));
    }
    let (items, warnings) = walk::walk(inputs, &walking)?;
    let is_shaped = |item: &Item, dtype, shape: &[u64]| match item.body {
        Found::File { len, .. } => Arrays::whole(dtype, shape, len).is_ok(),
        _ => false,
    };
    if let Some((dtype, shape)) = options.shape()
        && !items.iter().any(|item| is_shaped(item, dtype, shape))
    {
        return Err(
            Error::usage("no file is as long as the shape that was given").remedy("leave out --shape")
        );
    }
    let mut summary = Summary { warnings, ..Summary::default() };
    let total = items.iter().map(data_len).sum();
    env.progress.event(Event::Total { bytes: total });
    let spending = Spending::new(options, total);
    let options = &options.settled(Some(total))?;
    let mut content = Content::new(Counted { out, bytes: 0 }, options, spending, total, env)?;
    let mut bodies: Vec<Option<Body>> = items.iter().map(|_| None).collect();
    for (index, detection) in reading_order(&items, options, &mut summary) {
        match store(&items[index], detection, options, &mut content) {
            Ok(stored) => {
                summary.unique_bytes += stored.fresh;
                bodies[index] =
                    Some(Body::File { len: stored.len, hash: stored.hash, extents: stored.extents });
            }
            Err(error) => return Err(error.in_file(&items[index].source)),
        }
    }
    let (mut writer, hash) = content.finish()?;
    let tree = directory(&items, bodies, &mut summary);
    for warning in &summary.warnings {
        env.progress.event(Event::Warning { message: warning.clone() });
    }
    writer.write_tree(&tree, |bytes| code_tree(bytes, options, env))?;
    let mut counted = writer.finish(hash)?;
    counted.flush()?;
    summary.stored_bytes = counted.bytes;
    Ok((counted.out, summary))
}

/// Counts the bytes on their way out.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// The directory is small and read first: whatever makes it smallest.
fn code_tree(bytes: &[u8], options: &Options, env: &Env) -> Result<Coded> {
    let (level, memory) = (options.level, options.memory);
    let request = Request { level, chain: None, memory, known: None, decode_ns: u32::MAX };
    options.planner.code_whole(bytes, &request, env)
}

fn data_len(item: &Item) -> u64 {
    match &item.body {
        Found::File { data, .. } => data.iter().map(|(_, len)| len).sum(),
        _ => 0,
    }
}

/// The regular files in the order in which they are stored: by kind, then by the end of the name, then by the whole path.
/// The name only orders; what a file *is* comes from its first bytes.
fn reading_order(items: &[Item], options: &Options, summary: &mut Summary) -> Vec<(usize, Detection)> {
    let mut files = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Found::File { len, .. } = item.body else { continue };
        match head(item) {
            Ok(head) => files.push((index, options.planner.detect(&head, len))),
            Err(error) => summary.warnings.push(format!("left out: {}", error.in_file(&item.source))),
        }
    }
    files.sort_by(|(a, ka), (b, kb)| {
        let key =
            |i: usize, d: &Detection| (d.kind.class(), d.kind, d.detail.clone(), extension(&items[i].path));
        key(*a, ka).cmp(&key(*b, kb)).then_with(|| items[*a].path.cmp(&items[*b].path))
    });
    files
}

fn head(item: &Item) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    walk::open(item)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn extension(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    name.iter().rposition(|&b| b == b'.').map_or_else(Vec::new, |dot| name[dot..].to_ascii_lowercase())
}

fn store<W: Write>(
    item: &Item,
    detection: Detection,
    options: &Options,
    content: &mut Content<W>,
) -> Result<Stored> {
    let Found::File { len, data } = &item.body else {
        return Err(Error::new(ErrorKind::Io, "not a regular file"));
    };
    let arrays = arrays(item, &detection, options);
    content.add_file(&item.source, detection, *len, data, arrays.as_ref(), |start, n| {
        let mut file = walk::open(item)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file.take(n))
    })
}

/// Where the arrays are in a file that may hold some. A file that is not what it says is coded as any other.
fn arrays(item: &Item, detection: &Detection, options: &Options) -> Option<Arrays> {
    if matches!(detection.kind, Kind::Tensors | Kind::Zip) {
        let source = FileSource::new(walk::open(item).ok()?).ok()?;
        if let Ok(Some(layout)) = tensors::layout(&source) {
            let arrays = Arrays::new(&layout);
            return (arrays.count().0 > 0).then(|| options.bases.found_for(&arrays));
        }
    }
    let raw = options.raw.as_ref()?;
    let Found::File { len, .. } = item.body else { return None };
    Arrays::whole(raw.dtype, &raw.shape, len).ok()
}

/// The tree of what could be read, in the order of the walk. Links to files that were left out are left out, too.
fn directory(items: &[Item], mut bodies: Vec<Option<Body>>, summary: &mut Summary) -> Tree {
    let mut entries = Vec::with_capacity(items.len());
    let mut places = vec![None; items.len()];
    for (index, item) in items.iter().enumerate() {
        let body = match &item.body {
            Found::Dir => Some(Body::Dir),
            Found::Symlink(target) => Some(Body::Symlink(target.clone())),
            Found::Hardlink(to) => places.get(*to as usize).copied().flatten().map(Body::Hardlink),
            Found::File { .. } => bodies[index].take(),
        };
        let Some(body) = body else { continue };
        count(&body, summary);
        places[index] = Some(entries.len() as u32);
        entries.push(Entry { path: item.path.clone(), mode: item.mode, mtime: item.mtime, body });
    }
    Tree { entries }
}

fn count(body: &Body, summary: &mut Summary) {
    match body {
        Body::Dir => summary.dirs += 1,
        Body::File { len, .. } => {
            summary.files += 1;
            summary.raw_bytes += len;
        }
        Body::Symlink(_) | Body::Hardlink(_) => summary.links += 1,
    }
}
