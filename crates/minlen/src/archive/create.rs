//! From files to an archive.

use super::Summary;
use super::content::{Added, Content, Stored};
use super::contents::{Contents, Disk, Kept, Opened, Part};
use super::copies::Copies;
use super::groups::{self, Candidate};
use super::inputs::Inputs;
use crate::budget::Spending;
use crate::layout::{FileLayout, FileSource};
use crate::options::Options;
use crate::planner::Request;
use minlen_container::walk::{self, Found, Item};
use minlen_container::{Amendment, Body, Extent, StreamWriter, Tree, extract};
use minlen_core::{Advice, Coded, Detection, Env, Error, Event, Limits, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

/// How much of a file is looked at to find out what it is.
const HEAD: usize = 64 << 10;
/// ...and at levels up to [`FAST`].
const FAST_HEAD: usize = 16 << 10;
/// Memory for small files that are read once.
const MOST_KEPT: usize = 64 << 20;
/// The levels of zstd.
const FAST: u8 = 3;

/// Writes an archive of `inputs` (files and folders, with everything below them) to `out`, and gives `out` back.
///
/// Members are recorded under the last component of each input's path, or under as many of its last components as it takes to tell
/// two inputs apart; an input that is given twice comes once. Files are put in an order by kind and name so that
/// alike data stands together; equal files and chunks are stored once (unless [`Options::with_dedup`] says no). What
/// cannot be read is left out with a warning in the [`Summary`], and what was changed while it was read is named there.
///
/// Memory is bounded by blocks and threads as in [`crate::Encoder`], plus some hundred bytes a member. Times, permission bits, links and
/// holes are stored; owners and other attributes where [`Options::with_keep`] says so; sockets, devices and pipes are left out with a warning. A target
/// ([`Options::with_target`]) is refused: archives are exact.
///
/// ```
/// use minlen::{Env, ErrorKind, Options, archive};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("a.txt");
/// std::fs::write(&path, "predict, then code")?;
/// let (options, env) = (Options::new(1)?, Env::default());
/// let (bytes, summary) = archive::create(&[path.clone()], Vec::new(), &options, &env)?;
/// assert_eq!((summary.raw_bytes, summary.stored_bytes), (18, bytes.len() as u64));
/// // An input that is not there is an error.
/// let gone = archive::create(&[dir.path().join("b.txt")], Vec::new(), &options, &env);
/// assert_eq!(gone.unwrap_err().kind(), ErrorKind::Io);
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// I/O of an input that is not there or of `out`; usage for inputs that would have one name all the same; cancelled.
pub fn create<W: Write>(inputs: &[PathBuf], out: W, options: &Options, env: &Env) -> Result<(W, Summary)> {
    create_from(&Inputs::new(inputs), out, options, env)
}

/// The same of inputs of which more is known.
///
/// # Errors
/// As [`create`].
pub fn create_from<W: Write>(inputs: &Inputs, out: W, options: &Options, env: &Env) -> Result<(W, Summary)> {
    check_exact(options)?;
    let walked = walk::walk(&inputs.paths, &inputs.walking(options), env)?;
    for output in walked.outputs {
        let message = format!("{}: is the output itself: left out", output.display());
        env.progress.event(Event::Notice { message });
    }
    if let Some(message) = walked.not_kept {
        env.progress.event(Event::Notice { message });
    }
    store(&walked.items, &Disk(&walked.items), walked.warnings, Onto::default(), out, options, env)
}

/// What an archive is added to.
#[derive(Clone, Debug, Default)]
pub(super) struct Onto {
    /// How it amends what is there.
    pub(super) amendment: Option<Amendment>,
    /// Items, by number, whose content is there already, in terms of [`Amendment::before`]; of the others there is none.
    pub(super) known: HashMap<usize, Body>,
    /// Content, or what is unpacked of it, and bytes of the streams that are there.
    pub(super) before: (u64, u64),
    /// The hashes of learned parts that are there.
    pub(super) embedded: Vec<[u8; 32]>,
}

impl Onto {
    fn writer<W: Write>(&self, out: W) -> Result<StreamWriter<W>> {
        let writer = match &self.amendment {
            Some(amendment) => StreamWriter::amending(out, amendment.clone())?,
            None => StreamWriter::archive(out)?,
        };
        Ok(writer.following(self.before.0, self.before.1))
    }

    /// Extents of the stream that is written, as they are said in its tree.
    fn moved(&self, mut body: Body) -> Body {
        let before = self.amendment.as_ref().map_or(0, |amendment| amendment.before);
        if let Body::File { extents, .. } = &mut body {
            for extent in extents {
                if let Extent::Data { offset, .. } = extent {
                    *offset += before;
                }
            }
        }
        body
    }
}

pub(super) fn check_exact(options: &Options) -> Result<()> {
    if options.goal.is_some() {
        return Err(Error::usage(
            "a quality or an error bound is for single files, and this would be an archive",
        )
        .remedy("name the pictures or the files of floats one by one, as photos/*.jpg"));
    }
    Ok(())
}

/// Writes an archive of `items`, whose bytes are read from `contents`, in this order.
pub(super) fn store<W: Write>(
    items: &[Item],
    contents: &dyn Contents,
    warnings: Vec<String>,
    onto: Onto,
    out: W,
    options: &Options,
    env: &Env,
) -> Result<(W, Summary)> {
    check_exact(options)?;
    let mode = super::inputs::common_mode(items);
    let mut summary = Summary { warnings, mode, ..Summary::default() };
    let is_shaped = |item: &Item, dtype, shape: &[u64]| match item.body {
        Found::File { len, .. } => FileLayout::whole(dtype, shape, len).is_ok(),
        _ => false,
    };
    if let Some((dtype, shape)) = options.shape()
        && onto.before == (0, 0)
        && !items.iter().any(|item| is_shaped(item, dtype, shape))
    {
        return Err(Error::usage("no file is as long as the shape that was given").advise(Advice::Shape));
    }
    let fresh = items.iter().enumerate().filter(|(number, _)| !onto.known.contains_key(number));
    let total = fresh.map(|(_, item)| data_len(item)).sum();
    env.progress.event(Event::Total { bytes: total });
    let spending = Spending::new(options, total);
    let mut settled = options.settled(Some(total))?;
    options.tell_level(&settled, Some(total), env);
    settled.tell_model(env);
    // What is in the archive is at hand for what is added to it.
    settled.embed &= !settled.model().is_some_and(|model| onto.embedded.contains(model.hash()));
    let options = &settled;
    let bound = groups::bound(options, total);
    let block = options.block_of_groups(bound);
    let writer = onto.writer(Counted { out, bytes: 0 })?;
    let content = Content::new(writer, contents, options, spending, block, env);
    let bodies = items.iter().map(|_| None).collect();
    let copies = Copies::new(total, items.len());
    let mut storing = Storing {
        items,
        contents,
        options,
        content,
        onto: &onto,
        bodies,
        copies,
        bound,
        kept: Vec::new(),
        kept_bytes: 0,
        summary: &mut summary,
        env,
    };
    storing.files()?;
    let instead = storing.other_names()?;
    storing.last_copy()?;
    let Storing { content, bodies, .. } = storing;
    let (mut writer, hash) = content.finish()?;
    let tree = directory(items, bodies, &onto, &instead, &mut summary);
    for warning in &summary.warnings {
        env.progress.event(Event::Warning { message: warning.clone() });
    }
    if let Some((message, advice)) = memory_to_read(&tree) {
        summary.advise(message, advice, env);
    }
    writer.write_tree(&tree, |bytes| code_tree(bytes, options, env))?;
    let mut counted = writer.finish(hash)?;
    counted.flush()?;
    summary.stored_bytes = counted.bytes;
    let (output, stored) = onto.before;
    let all = (output.saturating_add(tree.output_len()), stored.saturating_add(counted.bytes));
    if let Err(e) = Limits::default().check_output(all.0, all.1) {
        let message = format!("the default limits would refuse to unpack this: {}", e.message());
        summary.advise(message, e.advice().unwrap_or(Advice::MoreOutput), env);
    }
    Ok((counted.out, summary))
}

/// What to say where unpacking takes more memory than readers have by default.
fn memory_to_read(tree: &Tree) -> Option<(String, Advice)> {
    let bytes = tree.memory().saturating_add(extract::memory(tree));
    let (count, mib) = (tree.entries.len(), bytes.div_ceil(1 << 20));
    let message = || format!("{count} entries take {mib} MiB of memory to unpack");
    (bytes > Limits::default().memory).then(|| (message(), Advice::ReadWithMemory { bytes }))
}

impl Summary {
    /// Tells a warning, and keeps it.
    fn advise(&mut self, message: String, advice: Advice, env: &Env) {
        self.warnings.push(format!("{message}; {advice}"));
        env.progress.event(Event::Advised { message, advice });
    }
}

/// Counts the bytes on their way out.
pub(super) struct Counted<W> {
    pub(super) out: W,
    pub(super) bytes: u64,
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
pub(super) fn code_tree(bytes: &[u8], options: &Options, env: &Env) -> Result<Coded> {
    let (level, memory) = (options.level, options.memory);
    let request = Request { level, chain: None, memory, known: None, decode_ns: u32::MAX };
    options.planner.code_whole(bytes, &request, env)
}

/// True for a file without holes.
fn is_in_one_piece(item: &Item) -> bool {
    matches!(&item.body, Found::File { len, data } if data[..] == [(0, *len)])
}

fn data_len(item: &Item) -> u64 {
    match &item.body {
        Found::File { data, .. } => data.iter().map(|(_, len)| len).sum(),
        _ => 0,
    }
}

/// Files on their way into the content.
struct Storing<'a, 'c, W: Write> {
    items: &'a [Item],
    contents: &'c dyn Contents,
    options: &'a Options,
    content: Content<'c, W>,
    onto: &'a Onto,
    bodies: Vec<Option<Body>>,
    copies: Copies,
    /// The most bytes of files that share a block.
    bound: u64,
    /// Small files that were read when they were looked at, by number of the item, and their bytes.
    kept: Vec<Option<Kept>>,
    kept_bytes: usize,
    summary: &'a mut Summary,
    env: &'a Env,
}

impl<W: Write> Storing<'_, '_, W> {
    /// Stores every regular file, group by group.
    fn files(&mut self) -> Result<()> {
        let items = self.items;
        let files = self.detected()?;
        let mut candidates: Vec<_> = files
            .iter()
            .map(|(index, detection)| {
                Candidate::new(*index, &items[*index].path, detection, data_len(&items[*index]))
            })
            .collect();
        groups::sort(&mut candidates);
        let mut rest = &candidates[..];
        let block = self.options.block_of_groups(self.bound) as u64;
        let groups = match self.options.rsyncable {
            true => groups::families(&candidates),
            false => groups::groups(&candidates, self.bound, block),
        };
        for group in groups {
            let (group_files, others) = rest.split_at(group.count);
            let like = |file: &&Candidate<'_>| group.kind == Some(file.detection.kind);
            let kind = group_files.iter().find(like).map(|file| file.detection.clone());
            self.content.begin_group(kind, group_files.iter().map(|file| file.len).sum())?;
            for file in group_files {
                self.store(file.number, Some(file.detection.clone()))?;
                if let Some(part) = self.copies.due(self.content.handed_in(), items, &self.bodies) {
                    self.content.put_directory(part)?;
                }
            }
            rest = others;
        }
        Ok(())
    }

    /// Puts a copy of what no copy of the directory names yet behind the content.
    fn last_copy(&mut self) -> Result<()> {
        if let Some(rest) = self.copies.rest(self.items, &self.bodies) {
            self.content.flush()?;
            self.content.put_directory(rest)?;
        }
        Ok(())
    }

    /// The other names of files that could not be read under their first one are tried themselves; gives which one took whose
    /// place.
    fn other_names(&mut self) -> Result<HashMap<u32, usize>> {
        let mut instead = HashMap::new();
        for (index, item) in self.items.iter().enumerate() {
            let Found::Hardlink(first) = item.body else { continue };
            if self.bodies[first as usize].is_none()
                && !self.onto.known.contains_key(&(first as usize))
                && !instead.contains_key(&first)
            {
                self.content.begin_group(None, 0)?;
                self.store(index, None)?;
                if self.bodies[index].is_some() {
                    instead.insert(first, index);
                }
            }
        }
        Ok(instead)
    }

    /// The regular files that can be read, and what they are by their first bytes.
    fn detected(&mut self) -> Result<Vec<(usize, Detection)>> {
        let items = self.items;
        let (mut files, mut room) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let Found::File { len, .. } = item.body else { continue };
            if self.onto.known.contains_key(&index) {
                continue;
            }
            self.env.check()?;
            match self.head(index, len, &mut room) {
                Ok(head) => files.push((index, self.detect(head, len))),
                Err(error) => self.leave_out(index, error)?,
            }
        }
        Ok(files)
    }

    fn leave_out(&mut self, index: usize, error: Error) -> Result<()> {
        let error = error.in_file(&self.items[index].source);
        if !self.contents.may_leave_out() {
            return Err(error);
        }
        self.summary.warnings.push(format!("left out: {error:#}"));
        Ok(())
    }

    /// The first bytes of a file of about `len`. At fast levels, where opening files is much of the work, a small file is kept.
    fn head<'r>(&mut self, index: usize, len: u64, room: &'r mut Vec<u8>) -> Result<&'r [u8]> {
        let most = if self.is_fast() { FAST_HEAD } else { HEAD };
        room.resize(most, 0);
        // Where a file says that it is empty, it may have something all the same, as those of /proc.
        let most = if len == 0 { most } else { most.min(usize::try_from(len).unwrap_or(most)) };
        let mut file = self.contents.open(index)?;
        let n = super::content::read_up_to(&mut file, &mut room[..most])?;
        let is_all = n > 0 && n as u64 == len && is_in_one_piece(&self.items[index]);
        if self.is_fast() && is_all && self.kept_bytes + n <= MOST_KEPT {
            let items = self.items.len();
            self.kept.resize_with(items, || None);
            self.kept[index] = Some(Kept { bytes: room[..n].to_vec(), state: file.state()? });
            self.kept_bytes += n;
        }
        Ok(&room[..n])
    }

    /// True at levels at which a close look at every file would take longer than coding it.
    fn is_fast(&self) -> bool {
        self.options.level <= FAST
    }

    fn detect(&self, head: &[u8], len: u64) -> Detection {
        let planner = &self.options.planner;
        if self.is_fast() { planner.glance(head, len) } else { planner.detect(head, len) }
    }

    /// Stores one file as it is read, whatever it was when it was found; says so where that differs.
    fn store(&mut self, index: usize, detection: Option<Detection>) -> Result<()> {
        let item = &self.items[index];
        if let Some((kept, detection)) =
            self.kept.get_mut(index).and_then(Option::take).zip(detection.as_ref())
        {
            let layout = layout(self.contents, (index, item), detection, self.options);
            let stored = self.content.add_bytes((index, item), &kept.bytes, layout.as_ref())?;
            self.stored(index, stored, item.state.is_still(&kept.state));
            return Ok(());
        }
        let opened = self.contents.open(index).and_then(|file| {
            let state = file.state()?;
            Ok((RefCell::new(file), state))
        });
        let (file, before) = match opened {
            Ok(opened) => opened,
            Err(error) => return self.leave_out(index, error),
        };
        let detection = match detection {
            Some(detection) => detection,
            None => {
                let mut room = Vec::new();
                let head = self.head(index, before.len(), &mut room).map(<[u8]>::len).unwrap_or_default();
                self.detect(&room[..head], before.len())
            }
        };
        match self.read(index, detection, &file)? {
            Added::Stored(stored) => {
                let after = file.borrow().state();
                self.stored(index, stored, after.is_ok_and(|after| item.state.is_still(&after)));
            }
            Added::Unreadable(error) => self.leave_out(index, error)?,
        }
        Ok(())
    }

    /// Takes note of a file that was stored, and whether it is still what was found.
    fn stored(&mut self, index: usize, stored: Stored, is_still: bool) {
        if !is_still {
            let source = self.items[index].source.display();
            let message = format!("{source}: was changed while it was read: stored as it was read");
            self.summary.warnings.push(message);
        }
        self.summary.unique_bytes += stored.fresh;
        let Stored { len, hash, extents, .. } = stored;
        self.bodies[index] = Some(Body::File { len, hash, extents });
        self.copies.add(index);
    }

    fn read(
        &mut self,
        index: usize,
        detection: Detection,
        file: &RefCell<Box<dyn Opened + '_>>,
    ) -> Result<Added> {
        let item = &self.items[index];
        let (len, found) = match &item.body {
            Found::File { len, data } => (*len, data.clone()),
            _ => (item.state.len(), vec![(0, item.state.len())]),
        };
        // The files of /proc say that they are empty, and are not.
        let ranges = if len == 0 { vec![(0, u64::MAX)] } else { found };
        let layout = layout(self.contents, (index, item), &detection, self.options);
        self.content
            .add_file((index, item), len, &ranges, layout.as_ref(), |start, n| Part::new(file, start, n))
    }
}

/// What a file is made of, if its format declares that. A file that is not what it says is coded as any other.
fn layout(
    contents: &dyn Contents,
    (index, item): (usize, &Item),
    detection: &Detection,
    options: &Options,
) -> Option<FileLayout> {
    let parsers = options.planner.parsers();
    if parsers.iter().any(|parser| parser.declares(detection.kind)) {
        let source = FileSource::new(contents.open(index).ok()?).ok()?;
        if let Some(layout) = parsers.layout_of(&source, detection.kind) {
            let layout = FileLayout::new(&layout);
            return (!layout.is_empty()).then(|| options.bases.found_for(&layout));
        }
    }
    let raw = options.raw.as_ref()?;
    let Found::File { len, .. } = item.body else { return None };
    FileLayout::whole(raw.dtype, &raw.shape, len).ok()
}

/// The tree of what could be read, in the order of the walk; `instead` says which other names took the place of first ones that
/// could not be read. Links to files that were left out are left out, too.
fn directory(
    items: &[Item],
    mut bodies: Vec<Option<Body>>,
    onto: &Onto,
    instead: &HashMap<u32, usize>,
    summary: &mut Summary,
) -> Tree {
    let mut entries = Vec::with_capacity(items.len());
    let mut places = vec![None; items.len()];
    for (index, item) in items.iter().enumerate() {
        let body = match &item.body {
            Found::Dir => Some(Body::Dir),
            Found::Symlink(target) => Some(Body::Symlink(target.clone())),
            Found::Hardlink(_) if bodies[index].is_some() => {
                bodies[index].take().map(|body| onto.moved(body))
            }
            Found::Hardlink(to) => {
                let first = instead.get(to).copied().unwrap_or(*to as usize);
                places.get(first).copied().flatten().map(Body::Hardlink)
            }
            Found::File { .. } => match onto.known.get(&index) {
                Some(known) => Some(known.clone()),
                None => bodies[index].take().map(|body| onto.moved(body)),
            },
        };
        let Some(body) = body else { continue };
        count(&body, summary);
        places[index] = Some(entries.len() as u32);
        entries.push(item.entry(body));
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
