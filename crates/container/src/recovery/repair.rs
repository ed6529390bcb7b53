//! Finding recovery data and repairing a file with it.

use super::geometry::{FIELDS_LEN, Geometry, HEADER_LEN};
use super::restore::Restoring;
use super::store::{Store, read_some};
use super::{Report, protect};
use crate::archive::padding;
use crate::atomic::AtomicFile;
use crate::crypt;
use crate::section::{Section, kind};
use minlen_core::{Advice, Env, Error, ErrorKind, Reservation, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Headers for which memory is reserved at once.
const MEMORY_STEP: usize = 1024;
/// Bytes that are copied before a look at the stop flag.
const COPY_STEP: u64 = 16 << 20;

/// A recovery section that one of its headers tells of.
#[derive(Clone, Copy, Debug)]
struct Found {
    section_at: u64,
    geometry: Geometry,
}

impl Found {
    /// Where the protected range begins, if within the file.
    fn start(&self) -> Option<u64> {
        self.section_at.checked_sub(self.geometry.protected)
    }
}

/// Repairs `damaged`, with the recovery data inside it or in `sidecar`, into the new file `out` (which may be
/// `damaged` itself with `overwrite`). The new file gets its name only if it is built as a `.mln` or age file is.
///
/// # Errors
/// Corrupt naming the lost ranges if there is more damage than recovery data, none is found (see [`has_data`]), or the
/// result could not be read; exists; limit; I/O.
pub fn repair(
    damaged: &Path,
    sidecar: Option<&Path>,
    out: &Path,
    overwrite: bool,
    env: &Env,
) -> Result<Report> {
    let open = |path: &Path| File::open(path).map_err(|e| Error::io("opening", e).in_file(path));
    let mut data = open(damaged)?;
    let mut new = AtomicFile::create(out, overwrite)?;
    // What is private stays private.
    new.set_mode(std::os::unix::fs::MetadataExt::mode(&data.metadata()?));
    let report = match sidecar {
        None => inside(&mut data, &mut new, env).map_err(|e| e.in_file(damaged))?,
        Some(path) => {
            with_sidecar(&mut data, &mut open(path)?, &mut new, env).map_err(|e| e.in_file(damaged))?
        }
    };
    check_readable(&mut new, env).map_err(|e| e.in_file(damaged))?;
    new.commit()?;
    Ok(report)
}

/// Refuses what the default command could not read.
fn check_readable<F: Read + Seek>(new: &mut F, env: &Env) -> Result<()> {
    new.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    new.by_ref().take(64).read_to_end(&mut head)?;
    let checked =
        if crypt::is_age(&head) { crypt::check_header(new) } else { crate::check_structure(new, env) };
    checked.map_err(|e| match e.kind() {
        ErrorKind::Io | ErrorKind::Cancelled | ErrorKind::Limit => e,
        _ => {
            Error::corrupt(format!("what it becomes with the recovery data cannot be read: {}", e.message()))
                .advise(Advice::Salvage)
        }
    })
}

/// True if there is recovery data in `file` that [`repair`] would use.
///
/// # Errors
/// Limit; I/O.
pub fn has_data(file: &Path, env: &Env) -> Result<bool> {
    let mut data = File::open(file).map_err(|e| Error::io("opening", e).in_file(file))?;
    Ok(!outermost(find(&mut data, env)?.0).is_empty())
}

/// True if the recovery data in `sidecar` is that of all of `data`, as it is.
///
/// # Errors
/// Limit; I/O.
pub fn protects(sidecar: &Path, data: &Path, env: &Env) -> Result<bool> {
    let open = |path: &Path| File::open(path).map_err(|e| Error::io("opening", e).in_file(path));
    let found = find(&mut open(sidecar)?, env)?.0.into_iter().next();
    let Some(Found { geometry, .. }) = found else { return Ok(false) };
    let mut data = open(data)?;
    if data.metadata()?.len() != geometry.protected {
        return Ok(false);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut data)?;
    Ok(hasher.finalize().as_bytes().starts_with(&geometry.hash))
}

fn no_data() -> Error {
    Error::corrupt("no recovery data found").advise(Advice::Salvage)
}

/// Repairs with the sections within the file.
pub(super) fn inside<D, O>(data: &mut D, out: &mut O, env: &Env) -> Result<Report>
where
    D: Read + Seek,
    O: Read + Write + Seek,
{
    let file_len = data.seek(SeekFrom::End(0))?;
    let found = outermost(find(data, env)?.0);
    if found.is_empty() {
        return Err(no_data());
    }
    let mut report = Report::default();
    let mut done = 0;
    // Readers give no second handle on the same bytes: sections and data are read in turn.
    let shared = std::cell::RefCell::new(data);
    for Found { section_at, geometry } in found {
        let start = section_at - geometry.protected;
        env.limits.check_output(section_at.saturating_add(geometry.section_len()), file_len)?;
        report.unprotected += start.saturating_sub(done);
        copy(&mut Shared::new(&shared), out, done..start, env)?;
        let mut restoring = Restoring {
            data: &mut Shared::new(&shared),
            data_at: start,
            section: &mut Shared::new(&shared),
            section_at,
            out,
            geometry,
        };
        report.repaired.extend(restoring.run(env)?);
        report.protected += geometry.protected;
        let old = Shared::new(&shared);
        let mut store = Renewing {
            out,
            data_at: start,
            section_at: Some(section_at),
            old,
            old_at: section_at,
            differs: false,
        };
        done = section_at + protect::write(&mut store, geometry, env)?;
        report.recovery_damaged |= store.differs;
    }
    let end = padding::zeros_from(&mut Shared::new(&shared), file_len, env)?.max(done);
    (report.unprotected, report.padding) = (report.unprotected + (end - done), file_len.saturating_sub(end));
    copy(&mut Shared::new(&shared), out, done..end, env)?;
    Ok(report)
}

/// Repairs with a file of recovery data.
pub(super) fn with_sidecar<D, S, O>(data: &mut D, sidecar: &mut S, out: &mut O, env: &Env) -> Result<Report>
where
    D: Read + Seek,
    S: Read + Seek,
    O: Read + Write + Seek,
{
    let (data_len, side_len) = (data.seek(SeekFrom::End(0))?, sidecar.seek(SeekFrom::End(0))?);
    // What is missing at the end comes out of the recovery shards, and these are here.
    let possible = |found: &Found| found.geometry.protected <= data_len.saturating_add(side_len);
    let found = find(sidecar, env)?.0.into_iter().find(possible).ok_or_else(no_data)?;
    let Found { section_at, geometry } = found;
    env.limits.check_output(geometry.protected, data_len)?;
    let mut restoring = Restoring { data, data_at: 0, section: sidecar, section_at, out, geometry };
    let mut report = Report { protected: geometry.protected, ..Report::default() };
    report.repaired = restoring.run(env)?;
    if !is_like(restoring.data, restoring.out, geometry.protected.min(data_len), env)? {
        return Err(Error::corrupt("the recovery data is that of another file").advise(Advice::OwnRecovery));
    }
    let mut store =
        Renewing { out, data_at: 0, section_at: None, old: sidecar, old_at: section_at, differs: false };
    protect::write(&mut store, geometry, env)?;
    report.recovery_damaged = store.differs;
    Ok(report)
}

/// True if a quarter of the first `len` bytes are the same in both. Of another file they are not, but so few shards may stand for so
/// small a file that all of it can be made from another's recovery data.
fn is_like<A: Read + Seek, B: Read + Seek>(a: &mut A, b: &mut B, len: u64, env: &Env) -> Result<bool> {
    let (mut one, mut other) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let (mut at, mut same) = (0, 0);
    while at < len {
        env.check()?;
        let n = (len - at).min(1 << 16) as usize;
        let (x, y) = (read_some(a, at, &mut one[..n])?, read_some(b, at, &mut other[..n])?);
        same += one[..x].iter().zip(&other[..y]).filter(|(x, y)| x == y).count() as u64;
        at += n as u64;
    }
    Ok(same >= len / 4)
}

/// Every section that some copy of its header tells of, in the order of the file.
///
/// A header may come from anyone: what would be out of proportion is none.
fn find<R: Read + Seek>(r: &mut R, env: &Env) -> Result<(Vec<Found>, Vec<Reservation>)> {
    let mut found: BTreeMap<u64, Geometry> = BTreeMap::new();
    let mut held = Vec::new();
    let mut window = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        env.check()?;
        let n = read_some(r, at, &mut window)?;
        for (i, pair) in window[..n].windows(2).enumerate() {
            if pair != [kind::RECOVERY, FIELDS_LEN as u8] {
                continue;
            }
            let header = Section::parse(&window[i..n]).and_then(|s| Geometry::parse(&s).ok());
            let Some((geometry, copy)) = header else { continue };
            if !geometry.is_proportionate() {
                continue;
            }
            if let Some(start) = (at + i as u64).checked_sub(geometry.header_at(copy)) {
                if found.len().is_multiple_of(MEMORY_STEP) {
                    held.push(env.budget.reserve((MEMORY_STEP * 4 * size_of::<Found>()) as u64)?);
                }
                found.entry(start).or_insert(geometry);
            }
        }
        if n < window.len() {
            let found = found.into_iter().map(|(section_at, geometry)| Found { section_at, geometry });
            return Ok((found.collect(), held));
        }
        at += n as u64 - HEADER_LEN;
    }
}

/// Leaves out what lies within the protected range of another (a protected file stored in this one), and what
/// cannot be where it says it is.
fn outermost(found: Vec<Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for next in found {
        let Some(start) = next.start() else { continue };
        while kept.last().is_some_and(|last| last.section_at >= start) {
            kept.pop();
        }
        kept.push(next);
    }
    kept
}

fn copy<R: Read + Seek, W: Write + Seek>(
    from: &mut R,
    to: &mut W,
    range: std::ops::Range<u64>,
    env: &Env,
) -> Result<()> {
    from.seek(SeekFrom::Start(range.start))?;
    to.seek(SeekFrom::Start(range.start))?;
    let mut left = range.end.saturating_sub(range.start);
    while left > 0 {
        env.check()?;
        let step = left.min(COPY_STEP);
        std::io::copy(&mut from.by_ref().take(step), to)?;
        left -= step;
    }
    Ok(())
}

/// Reads protected data from the new file, writes the section there (or nowhere), and compares it with the old one.
struct Renewing<'a, O, S> {
    out: &'a mut O,
    data_at: u64,
    section_at: Option<u64>,
    old: S,
    old_at: u64,
    differs: bool,
}

impl<O: Read + Write + Seek, S: Read + Seek> Store for Renewing<'_, O, S> {
    fn read(&mut self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.out.seek(SeekFrom::Start(self.data_at + at))?;
        Ok(self.out.read_exact(buf)?)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let mut old = vec![0; bytes.len()];
        let n = read_some(&mut self.old, self.old_at.saturating_add(at), &mut old)?;
        self.differs |= n != bytes.len() || old != bytes;
        if let Some(section_at) = self.section_at {
            self.out.seek(SeekFrom::Start(section_at + at))?;
            self.out.write_all(bytes)?;
        }
        Ok(())
    }
}

/// One reader used in turn by several; each seeks before it reads.
struct Shared<'a, 'b, R>(&'a std::cell::RefCell<&'b mut R>);

impl<'a, 'b, R> Shared<'a, 'b, R> {
    fn new(reader: &'a std::cell::RefCell<&'b mut R>) -> Self {
        Self(reader)
    }
}

impl<R: Read> Read for Shared<'_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(buf)
    }
}

impl<R: Seek> Seek for Shared<'_, '_, R> {
    fn seek(&mut self, pos: SeekFrom) -> std::io::Result<u64> {
        self.0.borrow_mut().seek(pos)
    }
}
