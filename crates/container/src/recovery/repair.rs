//! Finding recovery data and repairing a file with it.

use super::geometry::{FIELDS_LEN, Geometry, HEADER_LEN};
use super::restore::Restoring;
use super::store::{Store, read_some};
use super::{Report, protect};
use crate::atomic::AtomicFile;
use crate::section::{Section, kind};
use minlen_core::{Env, Error, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

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
/// `damaged` itself with `overwrite`).
///
/// # Errors
/// Corrupt naming the lost ranges if there is more damage than recovery data, or none is found; exists; I/O.
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
    new.commit()?;
    Ok(report)
}

fn no_data() -> Error {
    Error::corrupt("no recovery data found")
        .remedy("it is made by `minlen compress --recovery 5%`; undamaged members can still be extracted")
}

/// Repairs with the sections within the file.
pub(super) fn inside<D, O>(data: &mut D, out: &mut O, env: &Env) -> Result<Report>
where
    D: Read + Seek,
    O: Read + Write + Seek,
{
    let found = outermost(find(data, env)?);
    if found.is_empty() {
        return Err(no_data());
    }
    let mut report = Report::default();
    let mut done = 0;
    // A second handle on the same bytes is not to be had from any reader: sections and data are read in turn.
    let shared = std::cell::RefCell::new(data);
    for Found { section_at, geometry } in found {
        let start = section_at - geometry.protected;
        copy(&mut Shared::new(&shared), out, done..start)?;
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
    let end = Shared::new(&shared).seek(SeekFrom::End(0))?;
    copy(&mut Shared::new(&shared), out, done..end.max(done))?;
    Ok(report)
}

/// Repairs with a file of recovery data.
pub(super) fn with_sidecar<D, S, O>(data: &mut D, sidecar: &mut S, out: &mut O, env: &Env) -> Result<Report>
where
    D: Read + Seek,
    S: Read + Seek,
    O: Read + Write + Seek,
{
    let found = find(sidecar, env)?.into_iter().next().ok_or_else(no_data)?;
    let Found { section_at, geometry } = found;
    let mut restoring = Restoring { data, data_at: 0, section: sidecar, section_at, out, geometry };
    let mut report = Report { protected: geometry.protected, ..Report::default() };
    report.repaired = restoring.run(env)?;
    let mut store =
        Renewing { out, data_at: 0, section_at: None, old: sidecar, old_at: section_at, differs: false };
    protect::write(&mut store, geometry, env)?;
    report.recovery_damaged = store.differs;
    Ok(report)
}

/// Every section that some copy of its header tells of, in the order of the file.
fn find<R: Read + Seek>(r: &mut R, env: &Env) -> Result<Vec<Found>> {
    let mut found: BTreeMap<u64, Geometry> = BTreeMap::new();
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
            if let Some(start) = (at + i as u64).checked_sub(geometry.header_at(copy)) {
                found.entry(start).or_insert(geometry);
            }
        }
        if n < window.len() {
            return Ok(found
                .into_iter()
                .map(|(section_at, geometry)| Found { section_at, geometry })
                .collect());
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
) -> Result<()> {
    from.seek(SeekFrom::Start(range.start))?;
    to.seek(SeekFrom::Start(range.start))?;
    std::io::copy(&mut from.take(range.end.saturating_sub(range.start)), to)?;
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
