//! Writes one block: header, literals, sequences (docs/format/codecs/lz77.md).

use super::lanes::{LaneWriter, spans};
use super::prices::Counts;
use super::spec::{
    Coder, LANES_FROM, LENGTH_SYMBOLS, LITERAL_LANES, MAX_CODE, MAX_MANTISSA, MIN_MATCH, OFFSET_SYMBOLS,
    RAW_LITERALS, Sequence, length_symbol, offset_symbol,
};
use super::split::cost;
use super::tables::{Memory, Rough, frequencies, rough, rough_lengths};
use minlen_core::{Result, varint};
use minlen_entropy::binary::Encoder;
use minlen_entropy::bits::BitWriter;
use minlen_entropy::huffman::{self, CodeBook, limited_lengths};

/// Writes blocks, and remembers the tables of the last one.
pub struct BlockWriter {
    coder: Coder,
    literals: Memory,
    runs: Memory,
    lengths: Memory,
    offsets: Memory,
}

impl BlockWriter {
    /// For the first block.
    pub fn new(coder: Coder) -> Self {
        let rans = coder == Coder::Rans;
        Self {
            coder,
            literals: Memory::new(256, true),
            runs: Memory::new(LENGTH_SYMBOLS, rans),
            lengths: Memory::new(LENGTH_SYMBOLS, rans),
            offsets: Memory::new(OFFSET_SYMBOLS, rans),
        }
    }

    /// Appends a block: all its bytes, and its sequences.
    pub fn write(&mut self, block: &[u8], sequences: &[Sequence], out: &mut Vec<u8>) -> Result<()> {
        let literals = literals_of(block, sequences);
        let (mantissa, counts) = count(&literals, sequences);
        let raw = !worth_coding(&counts.literals, literals.len());
        varint::put(out, block.len() as u64);
        varint::put(out, sequences.len() as u64);
        varint::put(out, literals.len() as u64);
        out.push(mantissa as u8 | if raw { RAW_LITERALS } else { 0 });
        let mut header = Encoder::new();
        let table = self.literal_table(&counts, raw, &mut header);
        let tables = self.sequence_tables(&counts, sequences, &mut header);
        put_section(out, &header.finish());
        match table {
            _ if raw => out.extend_from_slice(&literals),
            Some(table) => put_section(out, &rans_literals(&literals, &table)),
            None => {
                let mut section = Vec::new();
                huffman::encode_bytes(&literals, &mut section);
                put_section(out, &section);
            }
        }
        if let Some(tables) = tables {
            match self.coder {
                Coder::Rans => rans_sequences(sequences, mantissa, &tables, out),
                Coder::Huffman => huffman_sequences(sequences, mantissa, &tables, out)?,
            }
        }
        Ok(())
    }

    fn literal_table(&mut self, counts: &Counts, raw: bool, header: &mut Encoder) -> Option<Vec<Rough>> {
        if raw || self.coder == Coder::Huffman {
            return None;
        }
        let table = rough(&counts.literals);
        self.literals.write(header, &table);
        Some(table)
    }

    fn sequence_tables(
        &mut self,
        counts: &Counts,
        sequences: &[Sequence],
        header: &mut Encoder,
    ) -> Option<[Vec<Rough>; 3]> {
        if sequences.is_empty() {
            return None;
        }
        let of = |counts: &[u32]| match self.coder {
            Coder::Rans => rough(counts),
            Coder::Huffman => rough_lengths(&limited_lengths(counts, MAX_CODE)),
        };
        let tables = [of(&counts.runs), of(&counts.lengths), of(&counts.offsets)];
        self.runs.write(header, &tables[0]);
        self.lengths.write(header, &tables[1]);
        self.offsets.write(header, &tables[2]);
        Some(tables)
    }
}

fn put_section(out: &mut Vec<u8>, section: &[u8]) {
    varint::put(out, section.len() as u64);
    out.extend_from_slice(section);
}

fn literals_of(block: &[u8], sequences: &[Sequence]) -> Vec<u8> {
    let mut literals = Vec::new();
    let mut rest = block;
    for sequence in sequences {
        let (head, tail) = rest.split_at(sequence.literals as usize);
        literals.extend_from_slice(head);
        rest = &tail[sequence.length as usize..];
    }
    literals.extend_from_slice(rest);
    literals
}

/// Counts symbols, with as many mantissa bits for offsets as make them cheapest.
fn count(literals: &[u8], sequences: &[Sequence]) -> (u32, Counts) {
    let mut best = (u64::MAX, 0);
    for mantissa in 0..=MAX_MANTISSA {
        let mut counts = [0; OFFSET_SYMBOLS];
        let mut bits = 0;
        for sequence in sequences {
            let (symbol, extra) = offset_symbol(sequence.offset, mantissa);
            counts[symbol] += 1;
            bits += u64::from(extra);
        }
        best = best.min((cost(&counts) + (bits << 8), mantissa));
    }
    let mut counts = Counts::default();
    counts.add_literals(literals);
    sequences.iter().for_each(|sequence| counts.add(sequence, &[], best.1));
    (best.1, counts)
}

fn worth_coding(counts: &[u32], len: usize) -> bool {
    cost(counts) / (8 * 256) + 4 < len as u64
}

fn rans_literals(literals: &[u8], table: &[Rough]) -> Vec<u8> {
    if literals.len() < LANES_FROM {
        in_lanes::<1>(literals, table)
    } else {
        in_lanes::<LITERAL_LANES>(literals, table)
    }
}

fn in_lanes<const N: usize>(literals: &[u8], table: &[Rough]) -> Vec<u8> {
    let spans = spans(&frequencies(table));
    let mut lanes = LaneWriter::<N>::new();
    for (i, &byte) in literals.iter().enumerate().rev() {
        lanes.put(i % N, spans[usize::from(byte)]);
    }
    let mut section = Vec::new();
    lanes.finish(&mut section);
    section
}

/// The low bits of offset, match length and run length.
fn put_extra(writer: &mut BitWriter, sequence: &Sequence, mantissa: u32) {
    let mut put = |value: u32, bits: u32| writer.put(u64::from(value), bits);
    put(sequence.offset.wrapping_sub(2), offset_symbol(sequence.offset, mantissa).1);
    put(sequence.length - MIN_MATCH, length_symbol(sequence.length - MIN_MATCH).1);
    put(sequence.literals, length_symbol(sequence.literals).1);
}

fn rans_sequences(sequences: &[Sequence], mantissa: u32, tables: &[Vec<Rough>; 3], out: &mut Vec<u8>) {
    let mut extra = BitWriter::new();
    sequences.iter().for_each(|sequence| put_extra(&mut extra, sequence, mantissa));
    put_section(out, &extra.finish());
    let [runs, lengths, offsets] = tables.each_ref().map(|table| spans(&frequencies(table)));
    let mut lanes = LaneWriter::<3>::new();
    for sequence in sequences.iter().rev() {
        lanes.put(2, runs[length_symbol(sequence.literals).0]);
        lanes.put(1, lengths[length_symbol(sequence.length - MIN_MATCH).0]);
        lanes.put(0, offsets[offset_symbol(sequence.offset, mantissa).0]);
    }
    let mut section = Vec::new();
    lanes.finish(&mut section);
    put_section(out, &section);
}

fn huffman_sequences(
    sequences: &[Sequence],
    mantissa: u32,
    tables: &[Vec<Rough>; 3],
    out: &mut Vec<u8>,
) -> Result<()> {
    let book = |table: &[Rough]| CodeBook::from_lengths(&super::tables::lengths(table));
    let [runs, lengths, offsets] = tables;
    let (runs, lengths, offsets) = (book(runs)?, book(lengths)?, book(offsets)?);
    let mut writer = BitWriter::new();
    for sequence in sequences {
        offsets.put(&mut writer, offset_symbol(sequence.offset, mantissa).0);
        lengths.put(&mut writer, length_symbol(sequence.length - MIN_MATCH).0);
        runs.put(&mut writer, length_symbol(sequence.literals).0);
        put_extra(&mut writer, sequence, mantissa);
    }
    put_section(out, &writer.finish());
    Ok(())
}
