//! Reads blocks.

use super::copy::{SLACK, Writer};
use super::lanes::{LaneReader, SlotTable, fill};
use super::spec::{
    Coder, LANES_FROM, LENGTH_SYMBOLS, LITERAL_LANES, MAX_BLOCK, MAX_MANTISSA, MIN_MATCH, OFFSET_SYMBOLS,
    RAW_LITERALS, Repeats, Sequence, length_base, offset_base,
};
use super::tables::{self, Memory, Rough, SCALE_BITS, frequencies};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Decoder;
use minlen_entropy::bits::BitReader;
use minlen_entropy::huffman::{self, DecodeTable};

/// Working memory in bytes: literals of a block, tables, contexts.
pub const MEMORY: u64 = 1 << 20;

/// Appends exactly `len` decoded bytes.
pub fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _held = env.budget.reserve(MEMORY)?;
    let mut reader = Reader::new(payload);
    let coder = match reader.u8()? {
        0 => Coder::Huffman,
        1 => Coder::Rans,
        other => return Err(Error::unsupported(format!("lz77: entropy coder {other}"))),
    };
    if len > 0 && reader.is_empty() {
        return Err(Error::truncated("lz77: no blocks"));
    }
    let base = out.len();
    out.resize(base + len + SLACK, 0);
    let mut decoder = BlockDecoder::new(coder);
    let mut at = 0;
    while at < len {
        let more = decoder.block(&mut reader, &mut out[base..], at, len - at)?;
        at += more;
        env.work(more as u64)?;
    }
    out.truncate(base + len);
    if !reader.is_empty() {
        return Err(Error::corrupt("lz77: bytes are left over after the last block"));
    }
    Ok(())
}

struct BlockDecoder {
    coder: Coder,
    memories: [Memory; 4],
    repeats: Repeats,
    literals: Vec<u8>,
    slots: Box<[SlotTable; 3]>,
}

/// The sizes and flags at the front of a block.
struct Front {
    bytes: usize,
    sequences: usize,
    literals: usize,
    mantissa: u32,
    raw: bool,
}

impl Front {
    fn read(reader: &mut Reader<'_>, room: usize) -> Result<Self> {
        let bytes = reader.varint_max(room.min(MAX_BLOCK) as u64, "lz77: the length of a block")? as usize;
        let sequences =
            reader.varint_max(bytes as u64 / u64::from(MIN_MATCH), "lz77: the number of sequences")?;
        let literals = reader.varint_max(bytes as u64, "lz77: the number of literals")?;
        let flags = reader.u8()?;
        if bytes == 0 || flags > RAW_LITERALS + MAX_MANTISSA as u8 {
            return Err(Error::corrupt("lz77: an impossible block"));
        }
        Ok(Self {
            bytes,
            sequences: sequences as usize,
            literals: literals as usize,
            mantissa: u32::from(flags & (RAW_LITERALS - 1)),
            raw: flags & RAW_LITERALS != 0,
        })
    }
}

impl BlockDecoder {
    fn new(coder: Coder) -> Self {
        let rans = coder == Coder::Rans;
        let memory = |symbols| Memory::new(symbols, rans);
        Self {
            coder,
            memories: [memory(256), memory(LENGTH_SYMBOLS), memory(LENGTH_SYMBOLS), memory(OFFSET_SYMBOLS)],
            repeats: Repeats::default(),
            literals: Vec::new(),
            slots: Box::new([[0; 1 << SCALE_BITS]; 3]),
        }
    }

    /// Decodes a block to `to[at..]`, of which `room` bytes may be used, and gives its length.
    fn block(&mut self, reader: &mut Reader<'_>, to: &mut [u8], at: usize, room: usize) -> Result<usize> {
        let front = Front::read(reader, room)?;
        let mut header = Decoder::new(section(reader)?);
        let table = if front.raw || self.coder == Coder::Huffman {
            None
        } else {
            Some(self.memories[0].read(&mut header)?)
        };
        let tables = if front.sequences == 0 {
            None
        } else {
            let [_, runs, lengths, offsets] = &mut self.memories;
            Some([runs.read(&mut header)?, lengths.read(&mut header)?, offsets.read(&mut header)?])
        };
        if header.overrun() {
            return Err(Error::truncated("lz77: the tables are cut short"));
        }
        self.read_literals(reader, &front, table)?;
        let mut writer = Writer { to, at, end: at + front.bytes, literals: &self.literals, taken: 0 };
        let count = front.literals;
        match (tables, self.coder) {
            (None, _) => {}
            (Some(tables), Coder::Rans) => {
                rans(reader, &front, &tables, &mut self.slots, &mut self.repeats, &mut writer, count)?;
            }
            (Some(tables), Coder::Huffman) => {
                huffman(section(reader)?, &front, &tables, &mut self.repeats, &mut writer, count)?;
            }
        }
        writer.finish(count)?;
        Ok(front.bytes)
    }

    fn read_literals(
        &mut self,
        reader: &mut Reader<'_>,
        front: &Front,
        table: Option<Vec<Rough>>,
    ) -> Result<()> {
        self.literals.clear();
        if front.raw {
            self.literals.extend_from_slice(reader.bytes(front.literals)?);
        } else if let Some(table) = table {
            fill(&checked(&table)?, &mut self.slots[0]);
            let section = section(reader)?;
            self.literals.resize(front.literals, 0);
            if front.literals < LANES_FROM {
                from_lanes::<1>(section, &self.slots[0], &mut self.literals)?;
            } else {
                from_lanes::<LITERAL_LANES>(section, &self.slots[0], &mut self.literals)?;
            }
        } else {
            huffman::decode_bytes(section(reader)?, front.literals, &mut self.literals)?;
        }
        self.literals.resize(front.literals + SLACK, 0);
        Ok(())
    }
}

fn from_lanes<const N: usize>(section: &[u8], slots: &SlotTable, literals: &mut [u8]) -> Result<()> {
    let mut lanes = LaneReader::<N>::new(section)?;
    let (groups, rest) = literals.as_chunks_mut::<N>();
    for group in groups {
        for (lane, byte) in group.iter_mut().enumerate() {
            *byte = lanes.get(lane, slots);
        }
    }
    for (lane, byte) in rest.iter_mut().enumerate() {
        *byte = lanes.get(lane, slots);
    }
    lanes.finish()
}

fn section<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    let len = reader.varint_max(reader.rest().len() as u64, "lz77: the length of a section")?;
    reader.bytes(len as usize)
}

/// Frequencies of a table, which must have a symbol.
fn checked(table: &[Rough]) -> Result<Vec<u32>> {
    let freqs = frequencies(table);
    if freqs.iter().sum::<u32>() != 1 << SCALE_BITS {
        return Err(Error::corrupt("lz77: a table without symbols"));
    }
    Ok(freqs)
}

/// Base and extra bits by symbol.
type Bases = [(u32, u32); 256];

fn bases(base: impl Fn(usize) -> (u32, u32), symbols: usize) -> Bases {
    let mut bases = [(0, 0); 256];
    bases.iter_mut().take(symbols).enumerate().for_each(|(symbol, entry)| *entry = base(symbol));
    bases
}

/// The tables from symbols to numbers.
struct Numbers {
    lengths: Bases,
    offsets: Bases,
}

impl Numbers {
    fn new(mantissa: u32) -> Self {
        Self {
            lengths: bases(length_base, LENGTH_SYMBOLS),
            offsets: bases(|symbol| offset_base(symbol, mantissa), OFFSET_SYMBOLS),
        }
    }

    #[inline(always)]
    fn sequence(&self, offset: u8, length: u8, run: u8, bits: &mut BitReader<'_>) -> Sequence {
        let mut number = |(base, count): (u32, u32)| {
            let low = bits.peek(count) as u32;
            bits.consume(count);
            base + low
        };
        let offset = number(self.offsets[usize::from(offset)]);
        let length = number(self.lengths[usize::from(length)]) + MIN_MATCH;
        Sequence { offset, length, literals: number(self.lengths[usize::from(run)]) }
    }
}

fn rans(
    reader: &mut Reader<'_>,
    front: &Front,
    tables: &[Vec<Rough>; 3],
    slots: &mut [SlotTable; 3],
    repeats: &mut Repeats,
    writer: &mut Writer<'_>,
    literals: usize,
) -> Result<()> {
    for (table, slots) in tables.iter().zip(slots.iter_mut()) {
        fill(&checked(table)?, slots);
    }
    let [run_slots, length_slots, offset_slots] = &*slots;
    let numbers = Numbers::new(front.mantissa);
    let mut bits = BitReader::new(section(reader)?);
    let mut lanes = LaneReader::<3>::new(section(reader)?)?;
    for _ in 0..front.sequences {
        let offset = lanes.get(0, offset_slots);
        let length = lanes.get(1, length_slots);
        let run = lanes.get(2, run_slots);
        writer.execute(numbers.sequence(offset, length, run, &mut bits), repeats, literals)?;
    }
    lanes.finish()?;
    all_read(&bits)
}

fn huffman(
    section: &[u8],
    front: &Front,
    tables: &[Vec<Rough>; 3],
    repeats: &mut Repeats,
    writer: &mut Writer<'_>,
    literals: usize,
) -> Result<()> {
    let table = |rough: &[Rough]| DecodeTable::new(&tables::lengths(rough), super::spec::MAX_CODE);
    let [runs, lengths, offsets] = tables;
    let (runs, lengths, offsets) = (table(runs)?, table(lengths)?, table(offsets)?);
    let numbers = Numbers::new(front.mantissa);
    let mut bits = BitReader::new(section);
    for _ in 0..front.sequences {
        let offset = offsets.get(&mut bits)? as u8;
        let length = lengths.get(&mut bits)? as u8;
        let run = runs.get(&mut bits)? as u8;
        writer.execute(numbers.sequence(offset, length, run, &mut bits), repeats, literals)?;
    }
    all_read(&bits)
}

fn all_read(bits: &BitReader<'_>) -> Result<()> {
    if bits.overrun() || !bits.rest().is_empty() {
        return Err(Error::corrupt("lz77: the sequences do not end where their bytes end"));
    }
    Ok(())
}
