//! From the bits of a scan to coefficients (T.81, F.2.2 and G.2).

use super::bits::Reader;
use super::markers::{Frame, Scan, Tables, ZIGZAG};
use super::planes::{Block, Planes};
use super::walk::{Step, walk};
use super::write::{LONGEST_RUN, MOST_CORRECTIONS};
use minlen_core::{Error, Result};

/// What a scan has besides coefficients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extra {
    /// Blocks, counted in the order of the scan, behind which a run of ended blocks stops for no reason.
    pub(super) stops: Vec<usize>,
    /// Bytes between the scan and the next marker.
    pub(super) rest: Vec<u8>,
}

struct State<'a> {
    bits: Reader<'a>,
    scan: &'a Scan,
    tables: &'a Tables,
    /// The last DC of each part.
    last: [i32; 4],
    /// Blocks, this one included, that the current run of ended blocks still has.
    run: u32,
    /// Blocks and corrections that it had so far.
    length: u32,
    corrections: u32,
    /// Whether the block before was the last of a run that an encoder need not have stopped.
    stopped: bool,
    block: usize,
    extra: Extra,
}

/// Reads a scan from the start of `data`: how many bytes it took, the bits that filled up bytes, and what else there was.
pub(super) fn read(
    data: &[u8],
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    planes: &mut Planes,
) -> Result<(usize, Option<bool>, Extra)> {
    let mut state = State {
        bits: Reader::new(data),
        scan,
        tables,
        last: [0; 4],
        run: 0,
        length: 0,
        corrections: 0,
        stopped: false,
        block: 0,
        extra: Extra::default(),
    };
    walk(frame, scan, tables.interval, |step| match step {
        Step::Restart(n) => state.restart(n),
        Step::Block(part, block) => {
            let component = scan.parts.get(part).map_or(0, |p| p.component);
            let block = planes.get_mut(component).and_then(|p| p.get_mut(block)).ok_or_else(wrong)?;
            state.block(frame.progressive, part, block)
        }
    })?;
    state.bits.align()?;
    if state.run > 0 {
        return Err(wrong());
    }
    Ok((state.bits.taken(), state.bits.pad, state.extra))
}

fn wrong() -> Error {
    Error::corrupt("jpeg: coefficients out of range")
}

impl State<'_> {
    fn restart(&mut self, n: u8) -> Result<()> {
        if self.run > 0 {
            return Err(wrong());
        }
        (self.last, self.stopped) = ([0; 4], false);
        self.bits.restart(n)
    }

    fn block(&mut self, progressive: bool, part: usize, block: &mut Block) -> Result<()> {
        let scan = self.scan;
        match (progressive, scan.from, scan.before) {
            (false, ..) => {
                block[0] = self.dc(part)?;
                self.ac_all(part, block)?;
            }
            (true, 0, 0) => block[0] = shifted(i32::from(self.dc(part)?), scan.after)?,
            (true, 0, _) => {
                if self.bits.bit()? == 1 {
                    block[0] |= 1 << scan.after;
                }
            }
            (true, _, 0) => self.ac_first(part, block)?,
            (true, ..) => self.ac_refine(part, block)?,
        }
        self.block += 1;
        Ok(())
    }

    fn dc(&mut self, part: usize) -> Result<i16> {
        let table = &self.tables.dc[self.scan.parts.get(part).map_or(0, |p| p.dc) & 3];
        let size = table.read(&mut self.bits)?;
        if size > 15 {
            return Err(wrong());
        }
        let last = &mut self.last[part & 3];
        *last += self.bits.signed(u32::from(size))?;
        i16::try_from(*last).map_err(|_| wrong())
    }

    /// Zeros before a coefficient and its number of bits.
    fn symbol(&mut self, part: usize) -> Result<(usize, u32)> {
        let table = &self.tables.ac[self.scan.parts.get(part).map_or(0, |p| p.ac) & 3];
        let symbol = table.read(&mut self.bits)?;
        Ok((usize::from(symbol >> 4), u32::from(symbol & 15)))
    }

    fn ac_all(&mut self, part: usize, block: &mut Block) -> Result<()> {
        let mut k = 1;
        while k < 64 {
            let (zeros, size) = self.symbol(part)?;
            if size == 0 && zeros < 15 {
                // Runs of ended blocks are for progressive scans.
                return if zeros == 0 { Ok(()) } else { Err(wrong()) };
            }
            k += zeros;
            if size > 0 {
                let at = usize::from(*ZIGZAG.get(k).ok_or_else(wrong)?);
                block[at] = shifted(self.bits.signed(size)?, 0)?;
            }
            k += 1;
        }
        Ok(())
    }

    fn ac_first(&mut self, part: usize, block: &mut Block) -> Result<()> {
        if self.run > 0 {
            self.end_of_block();
            return Ok(());
        }
        let mut k = self.scan.from;
        while k <= self.scan.to {
            let (zeros, size) = self.symbol(part)?;
            if size == 0 && zeros < 15 {
                self.begin_run(zeros as u32, k == self.scan.from)?;
                self.end_of_block();
                return Ok(());
            }
            k += zeros;
            if size > 0 {
                if k > self.scan.to {
                    return Err(wrong());
                }
                block[usize::from(ZIGZAG[k & 63])] = shifted(self.bits.signed(size)?, self.scan.after)?;
            }
            k += 1;
        }
        self.stopped = false;
        Ok(())
    }

    fn ac_refine(&mut self, part: usize, block: &mut Block) -> Result<()> {
        let one = 1i32 << self.scan.after;
        let (mut k, mut fresh) = (self.scan.from, true);
        while self.run == 0 && k <= self.scan.to {
            let (mut zeros, size) = self.symbol(part)?;
            if size == 0 && zeros < 15 {
                self.begin_run(zeros as u32, fresh)?;
                break;
            }
            fresh = false;
            let new = match size {
                0 => 0,
                1 if self.bits.bit()? == 1 => one,
                1 => -one,
                _ => return Err(wrong()),
            };
            while let Some(&at) = ZIGZAG.get(k).filter(|_| k <= self.scan.to) {
                let value = &mut block[usize::from(at)];
                if *value != 0 {
                    self.correct(value)?;
                } else if zeros == 0 {
                    *value = new as i16;
                    break;
                } else {
                    zeros -= 1;
                }
                k += 1;
            }
            if new != 0 && k > self.scan.to {
                return Err(wrong());
            }
            k += 1;
        }
        if self.run == 0 {
            self.stopped = false;
            return Ok(());
        }
        for &at in ZIGZAG.get(k..=self.scan.to).unwrap_or_default() {
            let value = &mut block[usize::from(at)];
            if *value != 0 {
                self.corrections += 1;
                self.correct(value)?;
            }
        }
        self.end_of_block();
        Ok(())
    }

    fn correct(&mut self, value: &mut i16) -> Result<()> {
        if self.bits.bit()? == 1 {
            let one = 1 << self.scan.after;
            let one = if *value < 0 { -one } else { one };
            *value = value.checked_add(one).ok_or_else(wrong)?;
        }
        Ok(())
    }

    /// A run begins; `fresh` if nothing of the block came before it, so that it could have been joined to the one before.
    fn begin_run(&mut self, bits: u32, fresh: bool) -> Result<()> {
        if self.stopped && fresh {
            self.extra.stops.push(self.block - 1);
        }
        self.run = (1 << bits) + self.bits.bits(bits)?;
        (self.length, self.corrections) = (0, 0);
        Ok(())
    }

    fn end_of_block(&mut self) {
        self.run -= 1;
        self.length += 1;
        self.stopped = self.run == 0 && self.length < LONGEST_RUN && self.corrections <= MOST_CORRECTIONS;
    }
}

fn shifted(value: i32, by: u32) -> Result<i16> {
    i16::try_from(i64::from(value) << by).map_err(|_| wrong())
}
