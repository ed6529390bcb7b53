//! The model of quantized coefficients: contexts in the block, its neighbours and the other components, mixed.
//!
//! Block by block, component by component: how many coefficients but the first are not zero; these in an order from low to high
//! frequencies, until so many have come; then the first (DC) as the difference to what the borders say. Each number as a path of
//! binary decisions: zero, sign, length, lower bits.
//!
//! Method: context mixing (Mahoney 2005); contexts after the descriptions of PackJPG (Stirner and Seelmann, DCC 2007) and Lepton
//! (Horn et al., NSDI 2017).

mod around;
mod edges;
mod neighbours;
mod predictor;
mod sizes;

use super::markers::{Frame, ZIGZAG};
use super::planes::{Block, Planes, wrong};
use around::{Around, DC_CONTEXTS, DC_SETS, VALUE_CONTEXTS, VALUE_SETS};
use minlen_core::{Env, Result};
use minlen_entropy::binary::{BitCoder, Decoder, Encoder};
use neighbours::{COUNT_CONTEXTS, Neighbours};
use predictor::Predictor;

/// Memory of the predictors.
pub(super) const MEMORY: u64 = 40 << 20;

/// Codes the coefficients of a file of `len` bytes, and writes back what [`decode`] will see.
pub(super) fn encode(
    frame: &Frame,
    quantizers: &[[u16; 64]; 4],
    planes: &mut Planes,
    len: usize,
    env: &Env,
) -> Result<Vec<u8>> {
    let mut coder = Coder::new(Encoder::new(), frame.blocks(), len);
    coder.planes(frame, quantizers, planes, env)?;
    Ok(coder.bits.finish())
}

/// Fills in the coefficients that [`encode`] coded; `len` is the length of the file that they make.
pub(super) fn decode(
    frame: &Frame,
    quantizers: &[[u16; 64]; 4],
    planes: &mut Planes,
    (body, len): (&[u8], usize),
    env: &Env,
) -> Result<()> {
    let mut coder = Coder::new(Decoder::new(body), frame.blocks(), len);
    coder.planes(frame, quantizers, planes, env)?;
    if coder.bits.overrun() || coder.bits.consumed() < body.len() {
        return Err(wrong());
    }
    Ok(())
}

/// Kinds of nodes that have weights of their own.
const NODES: usize = 10;
/// The logarithm of the largest table, in cache lines.
const TABLE_BITS: u32 = 19;

/// Writes bits, or says what was written.
trait Stream: BitCoder {
    /// True if more was read than was written.
    fn overrun(&self) -> bool;
}

impl Stream for Encoder {
    fn overrun(&self) -> bool {
        false
    }
}

impl Stream for Decoder<'_> {
    fn overrun(&self) -> bool {
        Decoder::overrun(self)
    }
}

struct Coder<B> {
    bits: B,
    count: Predictor,
    value: Predictor,
    dc: Predictor,
    /// Bits that the file can still have.
    left: u64,
}

impl<B: Stream> Coder<B> {
    /// For a file of `len` bytes with so many blocks.
    fn new(bits: B, blocks: usize, len: usize) -> Self {
        // Small pictures fill small tables, and many of them shall not take long.
        let size = (blocks.max(1).ilog2() + 5).clamp(10, TABLE_BITS);
        Self {
            bits,
            count: Predictor::new(COUNT_CONTEXTS, size - 5, [16, 2 * 9, 16, 16, 2], [16, 16], 64),
            value: Predictor::new(VALUE_CONTEXTS, size, VALUE_SETS, [128, 256], NODES),
            dc: Predictor::new(DC_CONTEXTS, size - 4, DC_SETS, [16, 16], NODES),
            left: len as u64 * 8 + 64,
        }
    }

    fn planes(
        &mut self,
        frame: &Frame,
        quantizers: &[[u16; 64]; 4],
        planes: &mut Planes,
        env: &Env,
    ) -> Result<()> {
        let mut counts: Vec<Vec<u8>> = planes.iter().map(|p| vec![0; p.len()]).collect();
        let rows: usize = frame.components.iter().map(|component| component.high).sum();
        // So many bytes of the file are done with each row of blocks, about.
        let bytes = self.left / 8 / rows.max(1) as u64;
        for (c, component) in frame.components.iter().enumerate() {
            let steps = &quantizers[component.quantizer & 3];
            for y in 0..component.high {
                env.work(bytes)?;
                for x in 0..component.wide {
                    let at = y * component.wide + x;
                    let near = Neighbours::new(frame, planes, &counts, (c, x, y));
                    let block = planes.get(c).and_then(|p| p.get(at)).copied().ok_or_else(wrong)?;
                    let (block, count) = self.block(&near, block, steps)?;
                    if let (Some(to), Some(n)) = (
                        planes.get_mut(c).and_then(|p| p.get_mut(at)),
                        counts.get_mut(c).and_then(|n| n.get_mut(at)),
                    ) {
                        (*to, *n) = (block, count);
                    }
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, near: &Neighbours<'_>, block: Block, steps: &[u16; 64]) -> Result<(Block, u8)> {
        let count = block.iter().skip(1).filter(|&&v| v != 0).count() as u32;
        let count = self.count(near, count);
        // Each block takes a bit, each coefficient two.
        self.left = self
            .left
            .checked_sub(1 + 2 * u64::from(count))
            .filter(|_| !self.bits.overrun())
            .ok_or_else(wrong)?;
        let mut around = Around::new(near, count, steps);
        for (k, &at) in ZIGZAG.iter().enumerate().skip(1) {
            if around.left == 0 {
                break;
            }
            let at = usize::from(at);
            around.set_contexts(&mut self.value, k, at);
            let sure = around.left as usize == 64 - k;
            let value = number(&mut self.value, &mut self.bits, i32::from(block[at]), sure);
            around.know(at, i16::try_from(value).map_err(|_| wrong())?);
        }
        let predicted = around.set_dc_contexts(&mut self.dc);
        let rest = number(&mut self.dc, &mut self.bits, i32::from(block[0]) - predicted, false);
        around.block[0] = i16::try_from(rest + predicted).map_err(|_| wrong())?;
        Ok((around.block, count as u8))
    }

    fn count(&mut self, near: &Neighbours<'_>, count: u32) -> u32 {
        near.set_count_contexts(&mut self.count);
        self.count.begin();
        let mut node = 1;
        for shift in (0..6).rev() {
            let place = if node < 16 {
                (0, node)
            } else {
                (node as u32 >> if node < 32 { 0 } else { 1 }, if node < 32 { 1 } else { 2 + (node & 1) })
            };
            node = node << 1 | self.count.bit(&mut self.bits, place, node, count >> shift & 1) as usize;
        }
        node as u32 & 63
    }
}

/// Codes a number whose size is under 2^15: zero, sign, length, lower bits. `sure`: it is not zero.
fn number(predictor: &mut Predictor, bits: &mut impl BitCoder, value: i32, sure: bool) -> i32 {
    predictor.begin();
    if !sure && predictor.bit(bits, (0, 0), 0, u32::from(value != 0)) == 0 {
        return 0;
    }
    let negative = predictor.bit(bits, (0, 1), 1, u32::from(value < 0)) == 1;
    let size = value.unsigned_abs();
    let length = 32 - size.leading_zeros();
    let mut len = 1;
    while len < 15
        && predictor.bit(bits, (0, 1 + len as usize), (1 + len as usize).min(6), u32::from(length > len)) == 1
    {
        len += 1;
    }
    let mut known = 1;
    for shift in (0..len - 1).rev() {
        let top = len - 2 - shift;
        let place = match (len, top) {
            (2..=4, _) => (1, (1 << (len - 1)) - 2 + (known as usize & ((1 << top) - 1)) + (1 << top)),
            (_, 0..=2) => (len, known as usize),
            _ => (len, 5 + top as usize),
        };
        let node = if top == 0 {
            7
        } else if top == 1 {
            8
        } else {
            9
        };
        known = known << 1 | predictor.bit(bits, place, node, size >> shift & 1);
    }
    if negative { -(known as i32) } else { known as i32 }
}
