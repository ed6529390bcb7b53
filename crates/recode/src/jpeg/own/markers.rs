//! The markers of a JPEG: frame, tables and scans, of a file or of its header bytes alone (T.81, annex B).

use super::super::{EOI, SOI, SOS, is_frame};
use super::huffman::Table;
use minlen_core::{Error, Result};

/// More scans than any encoder writes; each goes over the whole picture.
const MAX_SCANS: usize = 100;

/// Natural index (row times 8 plus column) of each place in the zigzag order.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A component of the picture; sizes in blocks.
#[derive(Clone, Debug)]
pub(super) struct Component {
    id: u8,
    /// Blocks of one unit of interleaved scans.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Its quantizer's number.
    pub(super) quantizer: usize,
    /// All blocks, up to whole units.
    pub(super) wide: usize,
    pub(super) high: usize,
    /// Those that a scan of it alone has.
    pub(super) own_wide: usize,
    pub(super) own_high: usize,
}

/// The picture.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
    pub(super) units_wide: usize,
    pub(super) units_high: usize,
}

impl Frame {
    /// Blocks of all components.
    pub(super) fn blocks(&self) -> usize {
        self.components.iter().map(|c| c.wide * c.high).sum()
    }

    fn read(marker: u8, body: &[u8]) -> Result<Self> {
        let (head, components) = body.split_first_chunk::<6>().ok_or_else(wrong)?;
        let [bits, h0, h1, w0, w1, count] = *head;
        let height = usize::from(u16::from_be_bytes([h0, h1]));
        let width = usize::from(u16::from_be_bytes([w0, w1]));
        let known = matches!(marker, 0xc0..=0xc2) && bits == 8 && (1..=4).contains(&count);
        if !known || height == 0 || width == 0 || components.len() != usize::from(count) * 3 {
            return Err(Error::unsupported("jpeg: a kind of frame that is not known here"));
        }
        let components = components.as_chunks::<3>().0;
        let factors = |c: &[u8; 3]| (usize::from(c[1] >> 4), usize::from(c[1] & 15));
        if components
            .iter()
            .any(|c| !(1..=4).contains(&(c[1] >> 4)) || !(1..=4).contains(&(c[1] & 15)) || c[2] > 3)
        {
            return Err(wrong());
        }
        let most_across = components.iter().map(|c| factors(c).0).max().unwrap_or(1);
        let most_down = components.iter().map(|c| factors(c).1).max().unwrap_or(1);
        let (units_wide, units_high) = (width.div_ceil(8 * most_across), height.div_ceil(8 * most_down));
        let component = |c: &[u8; 3]| {
            let (across, down) = factors(c);
            Component {
                id: c[0],
                across,
                down,
                quantizer: usize::from(c[2]),
                wide: units_wide * across,
                high: units_high * down,
                own_wide: (width * across).div_ceil(8 * most_across),
                own_high: (height * down).div_ceil(8 * most_down),
            }
        };
        let components = components.iter().map(component).collect();
        Ok(Self { progressive: marker == 0xc2, components, units_wide, units_high })
    }
}

/// A component in a scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct InScan {
    pub(super) component: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// One scan: which components, which coefficients, which of their bits.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) parts: Vec<InScan>,
    /// First and last coefficient in the zigzag order.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Bits that were there before (0: none) and that are left out after (T.81, G.1.1.1).
    pub(super) before: u32,
    pub(super) after: u32,
}

/// Tables as they are when a scan begins.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) dc: [Table; 4],
    pub(super) ac: [Table; 4],
    /// In natural order.
    pub(super) quantizers: [[u16; 64]; 4],
    /// Units between restart markers; 0 for none.
    pub(super) interval: usize,
}

/// Goes from marker to marker.
pub(super) struct Markers<'a> {
    data: &'a [u8],
    /// Where the next marker starts.
    pub(super) at: usize,
    pub(super) tables: Tables,
    pub(super) frame: Option<Frame>,
    scans: usize,
}

fn wrong() -> Error {
    Error::corrupt("jpeg: a header that makes no sense")
}

impl<'a> Markers<'a> {
    /// Of a file without its first marker, the start of the image.
    pub(super) fn new(data: &'a [u8]) -> Self {
        let tables =
            Tables { dc: Default::default(), ac: Default::default(), quantizers: [[1; 64]; 4], interval: 0 };
        Self { data, at: 0, tables, frame: None, scans: 0 }
    }

    /// The next scan and its frame; nothing at the end of the picture. [`Markers::at`] is behind the marker then.
    pub(super) fn next(&mut self) -> Result<Option<Scan>> {
        let ended = || Error::truncated("jpeg: the header ends too early");
        loop {
            let &[first, marker] =
                self.data.get(self.at..self.at + 2).and_then(|m| m.first_chunk()).ok_or_else(ended)?;
            match marker {
                _ if first != 0xff => return Err(wrong()),
                0xff => self.at += 1,
                EOI => {
                    self.at += 2;
                    return Ok(None);
                }
                0x01 | 0xd0..=0xd7 => self.at += 2,
                0x00 | SOI | 0x02..=0xbf => return Err(wrong()),
                _ => {
                    let rest = self.data.get(self.at + 2..).unwrap_or_default();
                    let len =
                        rest.first_chunk().map(|&l| usize::from(u16::from_be_bytes(l))).ok_or_else(ended)?;
                    let body = rest.get(2..len.max(2)).ok_or_else(ended)?;
                    self.at += 2 + len.max(2);
                    if marker == SOS {
                        return self.scan(body).map(Some);
                    }
                    self.segment(marker, body)?;
                }
            }
        }
    }

    fn segment(&mut self, marker: u8, body: &[u8]) -> Result<()> {
        match marker {
            0xc4 => self.huffman(body),
            0xdb => self.quantizers(body),
            0xdd => {
                let interval = body.first_chunk().filter(|_| body.len() == 2).ok_or_else(wrong)?;
                self.tables.interval = usize::from(u16::from_be_bytes(*interval));
                Ok(())
            }
            _ if is_frame(marker) => {
                // A second frame would be a second picture.
                match self.frame.replace(Frame::read(marker, body)?) {
                    Some(_) => Err(wrong()),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn huffman(&mut self, mut body: &[u8]) -> Result<()> {
        while let Some((&kind, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
            let total = counts.iter().map(|&c| usize::from(c)).sum();
            let (symbols, rest) = rest.split_at_checked(total).filter(|_| total <= 256).ok_or_else(wrong)?;
            body = rest;
            let group = if kind >> 4 == 0 { &mut self.tables.dc } else { &mut self.tables.ac };
            let slot = group.get_mut(usize::from(kind & 15)).filter(|_| kind < 0x20).ok_or_else(wrong)?;
            *slot = Table::new(counts, symbols)?;
        }
        Ok(())
    }

    fn quantizers(&mut self, mut body: &[u8]) -> Result<()> {
        while let Some((&kind, rest)) = body.split_first() {
            let size = if kind >> 4 == 0 { 1 } else { 2 };
            let (steps, rest) = rest.split_at_checked(64 * size).ok_or_else(wrong)?;
            body = rest;
            let table = self.tables.quantizers.get_mut(usize::from(kind & 15)).filter(|_| kind < 0x20);
            let table = table.ok_or_else(wrong)?;
            for (step, &at) in steps.chunks(size).zip(&ZIGZAG) {
                let step = step.iter().fold(0, |value, &byte| value << 8 | u16::from(byte));
                table[usize::from(at)] = step.max(1);
            }
        }
        Ok(())
    }

    fn scan(&mut self, body: &[u8]) -> Result<Scan> {
        let frame = self.frame.as_ref().ok_or_else(wrong)?;
        self.scans += 1;
        let (&count, rest) = body.split_first().ok_or_else(wrong)?;
        let (parts, rest) = rest.split_at_checked(usize::from(count) * 2).ok_or_else(wrong)?;
        let &[from, to, bits] = rest.first_chunk().filter(|_| rest.len() == 3).ok_or_else(wrong)?;
        let mut scan = Scan {
            parts: Vec::new(),
            from: usize::from(from),
            to: usize::from(to),
            before: u32::from(bits >> 4),
            after: u32::from(bits & 15),
        };
        for &[id, tables] in parts.as_chunks::<2>().0 {
            let component = frame.components.iter().position(|c| c.id == id).ok_or_else(wrong)?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc > 3 || ac > 3 || scan.parts.iter().any(|p| p.component == component) {
                return Err(wrong());
            }
            scan.parts.push(InScan { component, dc, ac });
        }
        if scan.parts.is_empty() || self.scans > MAX_SCANS || !scan.fits(frame.progressive) {
            return Err(wrong());
        }
        Ok(scan)
    }
}

impl Scan {
    fn fits(&self, progressive: bool) -> bool {
        if !progressive {
            return (self.from, self.to, self.before, self.after) == (0, 63, 0, 0);
        }
        let one_kind =
            if self.from == 0 { self.to == 0 } else { self.from <= self.to && self.parts.len() == 1 };
        let one_bit = self.before == 0 || self.before == self.after + 1;
        one_kind && one_bit && self.to < 64 && self.after < 14
    }
}
