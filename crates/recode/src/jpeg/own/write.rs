//! From coefficients to the bits of a scan, as the Independent JPEG Group's library writes them (T.81, F.1.2 and G.1.2).

use super::bits::Writer;
use super::markers::{Frame, Scan, Tables, ZIGZAG};
use super::planes::{Block, Planes};
use super::walk::{Step, walk};
use minlen_core::{Error, Result};

/// Blocks of one run of ended blocks.
pub(super) const LONGEST_RUN: u32 = 0x7fff;
/// With more correction bits than this waiting, that library writes a run at once.
pub(super) const MOST_CORRECTIONS: u32 = 937;

struct State<'a> {
    bits: Writer<'a>,
    scan: &'a Scan,
    tables: &'a Tables,
    last: [i32; 4],
    /// Ended blocks that are not written yet, and their correction bits.
    run: u32,
    corrections: Vec<u8>,
    /// The scan's only part's table, for runs.
    stops: &'a [usize],
    block: usize,
}

/// Appends a scan to `out`. `pad` fills up bytes; `stops` as in [`super::read::Extra`].
///
/// # Errors
/// Corrupt if the tables lack a code, or if `out` gets longer than `limit`.
pub(super) fn write(
    (out, limit): (&mut Vec<u8>, usize),
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    planes: &Planes,
    (pad, stops): (bool, &[usize]),
) -> Result<()> {
    let bits = Writer::new(out, pad);
    let mut state =
        State { bits, scan, tables, last: [0; 4], run: 0, corrections: Vec::new(), stops, block: 0 };
    walk(frame, scan, tables.interval, |step| {
        if state.bits.out.len() > limit {
            return Err(Error::corrupt("jpeg: longer than stated"));
        }
        match step {
            Step::Restart(n) => {
                state.end_run()?;
                state.last = [0; 4];
                state.bits.restart(n);
                Ok(())
            }
            Step::Block(part, block) => {
                let component = scan.parts.get(part).map_or(0, |p| p.component);
                let block = planes.get(component).and_then(|p| p.get(block)).ok_or_else(wrong)?;
                state.block(frame.progressive, part, block)
            }
        }
    })?;
    state.end_run()?;
    state.bits.align();
    Ok(())
}

fn wrong() -> Error {
    Error::corrupt("jpeg: no such block")
}

/// A number's size in bits, and these bits: those of its lower neighbour if negative.
#[inline(always)]
fn sized(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    (size, (if value < 0 { value - 1 } else { value }) as u32)
}

impl State<'_> {
    fn block(&mut self, progressive: bool, part: usize, block: &Block) -> Result<()> {
        let scan = self.scan;
        let dc = i32::from(block[0]) >> scan.after;
        match (progressive, scan.from, scan.before) {
            (false, ..) => {
                self.dc(part, dc)?;
                self.ac(part, block)?;
            }
            (true, 0, 0) => self.dc(part, dc)?,
            (true, 0, _) => self.bits.put(dc as u32 & 1, 1),
            (true, _, 0) => self.ac(part, block)?,
            (true, ..) => self.ac_refine(part, block)?,
        }
        if self.stops.first() == Some(&self.block) {
            self.stops = &self.stops[1..];
            self.end_run()?;
        }
        self.block += 1;
        Ok(())
    }

    fn dc(&mut self, part: usize, dc: i32) -> Result<()> {
        let last = std::mem::replace(&mut self.last[part & 3], dc);
        let (size, bits) = sized(dc - last);
        let table = &self.tables.dc[self.scan.parts.get(part).map_or(0, |p| p.dc) & 3];
        table.write(size as u8, &mut self.bits)?;
        self.bits.put(bits, size);
        Ok(())
    }

    fn symbol(&mut self, part: usize, symbol: u32) -> Result<()> {
        let table = &self.tables.ac[self.scan.parts.get(part).map_or(0, |p| p.ac) & 3];
        table.write(symbol as u8, &mut self.bits)
    }

    /// All coefficients of a block, or those of the first progressive scan for them.
    fn ac(&mut self, part: usize, block: &Block) -> Result<()> {
        let mut zeros = 0;
        for &at in &ZIGZAG[self.scan.from.max(1)..=self.scan.to & 63] {
            let value = i32::from(block[usize::from(at)]);
            let value = (value.abs() >> self.scan.after) * value.signum();
            if value == 0 {
                zeros += 1;
                continue;
            }
            self.end_run()?;
            while zeros > 15 {
                self.symbol(part, 0xf0)?;
                zeros -= 16;
            }
            let (size, bits) = sized(value);
            if size > 15 {
                return Err(Error::corrupt("jpeg: a coefficient out of range"));
            }
            self.symbol(part, zeros << 4 | size)?;
            self.bits.put(bits, size);
            zeros = 0;
        }
        match zeros {
            0 => Ok(()),
            _ if self.scan.from == 0 => self.symbol(part, 0),
            _ => self.add_to_run(0),
        }
    }

    fn ac_refine(&mut self, part: usize, block: &Block) -> Result<()> {
        let order = &ZIGZAG[self.scan.from..=self.scan.to & 63];
        let size = |at: u8| block[usize::from(at)].unsigned_abs() >> self.scan.after;
        // Behind the last new coefficient, zeros need no codes.
        let last_new = order.iter().rposition(|&at| size(at) == 1);
        // Corrections of this block that wait for the next code.
        let (mut zeros, mut waiting) = (0, 0u64);
        let mut count = 0;
        for (k, &at) in order.iter().enumerate() {
            let value = size(at);
            if value == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 && last_new.is_some_and(|last| k <= last) {
                self.end_run()?;
                self.symbol(part, 0xf0)?;
                self.put_waiting(&mut waiting, &mut count);
                zeros -= 16;
            }
            if value > 1 {
                waiting = waiting << 1 | u64::from(value & 1);
                count += 1;
                continue;
            }
            self.end_run()?;
            self.symbol(part, zeros << 4 | 1)?;
            self.bits.put(u32::from(block[usize::from(at)] > 0), 1);
            self.put_waiting(&mut waiting, &mut count);
            zeros = 0;
        }
        if zeros == 0 && count == 0 {
            return Ok(());
        }
        self.corrections.extend((0..count).rev().map(|i| (waiting >> i) as u8 & 1));
        self.add_to_run(MOST_CORRECTIONS)
    }

    fn put_waiting(&mut self, waiting: &mut u64, count: &mut u32) {
        self.bits.put((*waiting >> 32) as u32, count.saturating_sub(32));
        self.bits.put(*waiting as u32, (*count).min(32));
        (*waiting, *count) = (0, 0);
    }

    fn add_to_run(&mut self, most: u32) -> Result<()> {
        self.run += 1;
        if self.run == LONGEST_RUN || self.corrections.len() > most as usize {
            self.end_run()?;
        }
        Ok(())
    }

    fn end_run(&mut self) -> Result<()> {
        if self.run == 0 {
            return Ok(());
        }
        let bits = 31 - self.run.leading_zeros();
        self.symbol(0, bits << 4)?;
        self.bits.put(self.run, bits);
        self.run = 0;
        for &bit in &self.corrections {
            self.bits.put(u32::from(bit), 1);
        }
        self.corrections.clear();
        Ok(())
    }
}
