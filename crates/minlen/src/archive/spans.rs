//! What a file in an archive is made of, and parts of it, without decoding the rest.

use super::read::{Archive, not_there};
use minlen_container::Body;
use minlen_core::layout::{Slices, Span};
use minlen_core::{Difference, Error, Result};
use minlen_structure::{Found, Source};
use std::cell::RefCell;
use std::io::{self, Write};

/// What a path takes in memory beside its bytes.
const PATH_COST: usize = size_of::<Option<Vec<u8>>>() + 24;

/// One file of an archive, or the content of a single stream, as something that can be read anywhere.
pub struct MemberSource<'a, 'r> {
    archive: RefCell<&'a mut Archive<'r>>,
    /// Its number among the entries; `None` for a single stream.
    member: Option<usize>,
    len: u64,
}

impl Source for MemberSource<'_, '_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.len);
        let end = end.ok_or_else(|| Error::truncated("the file ends too early").at(offset))?;
        let mut room = &mut buffer[..];
        let mut archive = self.archive.borrow_mut();
        let read = match self.member {
            Some(number) => archive.read_entry(number, Some(offset..end), &mut room)?,
            None => archive.read_content(offset..end, &mut room)?,
        };
        if read < end - offset { Err(Error::truncated("the file ends too early").at(offset)) } else { Ok(()) }
    }

    /// Headers are had without the arrays that follow them.
    fn read_some(&self, offset: u64, least: usize, buffer: &mut [u8]) -> Result<usize> {
        let place = match self.member {
            Some(number) => self.archive.borrow().locate(number, offset),
            None => Some((offset, self.len.saturating_sub(offset))),
        };
        if let Some((at, rest)) = place {
            let len = buffer.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let read = self.archive.borrow_mut().read_around(at, &mut buffer[..len]);
            if read >= least && read > 0 {
                return Ok(read);
            }
        }
        self.read_at(offset, buffer)?;
        Ok(buffer.len())
    }
}

impl<'r> Archive<'r> {
    /// The file with this path, or the content of a single stream, to be read anywhere.
    ///
    /// # Errors
    /// Usage if there is no such file; corrupt block headers.
    pub fn source(&mut self, member: Option<&[u8]>) -> Result<MemberSource<'_, 'r>> {
        let member = match member {
            None => None,
            Some(path) => Some(self.find(path)?.ok_or_else(|| not_there(path))?),
        };
        let len = match member {
            None => self.content_len(),
            Some(number) => match self.entries().entries[number].body {
                Body::File { len, .. } => len,
                _ => 0,
            },
        };
        Ok(MemberSource { archive: RefCell::new(self), member, len })
    }

    /// The paths of the regular files; of a single stream one `None`.
    ///
    /// # Errors
    /// Limit where the memory does not do.
    pub fn sources(&mut self) -> Result<Vec<Option<Vec<u8>>>> {
        if !self.is_tree() {
            return Ok(vec![None]);
        }
        let tree = self.entries();
        let files = || tree.entries.iter().filter(|e| matches!(e.body, Body::File { .. })).map(|e| &e.path);
        self.list(files().map(|path| (path.len() + PATH_COST) as u64).sum())?;
        Ok(files().map(|path| Some(path.clone())).collect())
    }

    /// What a file is made of, as it declares itself ([`minlen_structure::Parsers::listing`]); `None` for a file of no known format.
    /// Decodes little more than the header.
    ///
    /// # Errors
    /// As [`Archive::read_member`]; corrupt for a broken file.
    pub fn spans(&mut self, member: Option<&[u8]>) -> Result<Option<Found>> {
        let parsers = self.options.planner.parsers().clone();
        parsers.listing(&self.source(member)?)
    }

    /// How what is stored differs from what it stands for, by what the blocks themselves say: empty where all is exact. No span is
    /// decoded.
    ///
    /// # Errors
    /// Corrupt; limit; unsupported codecs.
    pub fn differences(&mut self) -> Result<Vec<Difference>> {
        let mut all = Vec::new();
        for index in 0..self.container.blocks().len() {
            let ids = self.container.block_header(index)?.ids;
            let [id] = ids[..] else { continue };
            if !self.options.registry().codec(id)?.may_differ() {
                continue;
            }
            let len = self.container.blocks()[index].raw_len;
            let block = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
            let codec = self.options.registry().codec(id)?;
            let len = usize::try_from(len).map_err(|_| Error::limit("a block of that size"))?;
            let found = codec.differences(&block.payload, len, &self.env);
            self.room = block.payload;
            all.extend(found.map_err(|e| e.at(block.offset))?);
        }
        Ok(all)
    }

    /// Bytes of a file, or of the content of a single stream.
    ///
    /// # Errors
    /// As [`Archive::source`].
    pub fn source_len(&mut self, member: Option<&[u8]>) -> Result<u64> {
        Ok(self.source(member)?.len())
    }

    /// Writes the elements of a span as they lie in the file, or those of some slices along its first dimension (rows), to `out`;
    /// returns how many bytes that were.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// let header = br#"{"w":{"dtype":"U16","shape":[3,2],"data_offsets":[0,12]}}"#;
    /// let model = [&(header.len() as u64).to_le_bytes()[..], header, &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]].concat();
    /// let bytes = compress(&model, &Options::new(1)?)?;
    /// let reader = std::io::Cursor::new(&bytes);
    /// let mut stream = Archive::from_reader(reader, &Keys::default(), &Options::default(), &Env::default())?;
    ///
    /// let (_, spans) = stream.spans(None)?.expect("a model");
    /// assert_eq!((&spans[0].name[..], &spans[0].shape[..]), ("w", &[3, 2][..]));
    /// let mut row = Vec::new();
    /// stream.read_span(None, &spans[0], Some(1..2), &mut row)?;
    /// assert_eq!(row, [3, 0, 4, 0]);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage for rows that are not there; what [`Span::checked`] says; as [`Archive::read_member`].
    pub fn read_span(
        &mut self,
        member: Option<&[u8]>,
        span: &Span,
        rows: Option<std::ops::Range<u64>>,
        out: &mut dyn Write,
    ) -> Result<u64> {
        let declared = span.checked(self.source_len(member)?)?;
        let whole = Slices { period: span.len, from: 0, to: span.len };
        let slices = rows.map_or(Ok(whole), |rows| declared.rows(&span.name, &rows).map(|cut| cut.1))?;
        // Of rows that lie together nothing else is read.
        let (start, len, slices) = match slices.period == span.len {
            true => {
                let len = slices.to - slices.from;
                (span.start + slices.from, len, Slices { period: len, from: 0, to: len })
            }
            false => (span.start, span.len, slices),
        };
        if len == 0 {
            return Ok(0);
        }
        let mut picked = Picked { out, slices, at: 0, written: 0 };
        let read = match member {
            Some(path) => self.read_member(path, Some(start..start + len), &mut picked)?,
            None => self.read_content(start..start + len, &mut picked)?,
        };
        if read < len || picked.at < len {
            return Err(Error::truncated(format!("array {:?} ends too early", span.name)).at(start + read));
        }
        Ok(picked.written)
    }
}

/// Passes on the bytes of some slices of an array.
struct Picked<'a> {
    out: &'a mut dyn Write,
    slices: Slices,
    at: u64,
    written: u64,
}

impl Write for Picked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in self.slices.parts(self.at, bytes.len() as u64) {
            let part = bytes.get(part).unwrap_or_default();
            self.out.write_all(part)?;
            self.written += part.len() as u64;
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
