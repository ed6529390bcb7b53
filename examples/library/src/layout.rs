//! A layout of one's own: files of a sensor, 16 bytes of header and then rows of floats, which minlen then codes as numbers.

use crate::{Done, check};
use minlen::layout::{Dtype, Format, Found, Parser, Reader, Span};
use minlen::{Kind, Limits, MaxError, Options, Result};
use std::sync::Arc;

/// `SENSOR1\n`, rows and columns as 32-bit numbers, then floats.
struct Sensor;

const SENSOR: Format = Format::declared("sensor");

impl Parser for Sensor {
    fn name(&self) -> &'static str {
        SENSOR.name
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        if !file.has(0, b"SENSOR1\n")? {
            return Ok(None);
        }
        let (rows, columns) = (u64::from(file.u32(8)?), u64::from(file.u32(12)?));
        // What is absurd is refused by whoever takes the span: it must lie in the file, and be as long as its shape.
        let len = rows.saturating_mul(columns).saturating_mul(4);
        Ok(Some((SENSOR, vec![Span::array("values", Dtype::F32, vec![rows, columns], 16, len)])))
    }

    fn is_head_enough(&self) -> bool {
        true
    }

    fn suits(&self, _kind: Kind, _level: u8, len: usize) -> bool {
        len > 16
    }

    fn declares(&self, _kind: Kind) -> bool {
        true
    }
}

pub fn run() -> Done {
    let mut file = b"SENSOR1\n".to_vec();
    file.extend(100u32.to_le_bytes());
    file.extend(50u32.to_le_bytes());
    let value = |i: u32| (i % 50) as f32 * 0.25 + (i / 50) as f32 * 0.5 + ((i * 7919) % 13) as f32 * 0.01;
    file.extend((0..5000).flat_map(|i| value(i).to_le_bytes()));

    let plain = Options::new(5)?;
    let parsers = plain.parsers().with(Arc::new(Sensor));
    let known = plain.clone().with_parsers(parsers);
    let small = minlen::compress(&file, &known)?;
    check(small.len() < minlen::compress(&file, &plain)?.len(), "knowing the layout did not help")?;
    // Reading needs no parser: the layout is only advice for the encoder.
    check(minlen::decompress(&small, &Limits::default())? == file, "it came back otherwise")?;

    // What a file declares can also be stored within a bound; the header stays as it is.
    let near = minlen::compress(&file, &known.with_max_error(MaxError::Absolute(0.02))?)?;
    let back = minlen::decompress(&near, &Limits::default())?;
    check(near.len() < small.len() && back[..16] == file[..16] && back.len() == file.len(), "not as near as asked")
}
