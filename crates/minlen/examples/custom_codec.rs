//! A codec of one's own: written, checked with what every codec of minlen is checked with, offered to the planner, used.
//!
//! `cargo run -p minlen --example custom_codec`

#![allow(clippy::print_stdout)]

use minlen::{
    Chain, Codec, CodecId, CodecSpec, Env, Error, ErrorKind, Limits, Memory, Options, Params, Part, Proposal,
    Result, decompress_with, registry, testing,
};
use std::sync::Arc;

/// Two numbers below 16 in each byte: for readings of four bits that some device gives in bytes.
struct Nibbles;

static SPEC: CodecSpec = CodecSpec {
    // 0x4000 to 0x7fff are for private use.
    id: CodecId(0x4001),
    name: "nibbles",
    summary: "numbers below 16, two in a byte",
    source: "example",
    limits: "anything else is stored as it is",
    params: &[],
    max_input: 1 << 30,
};

const RAW: u8 = 0;
const PACKED: u8 = 1;

impl Codec for Nibbles {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        env.check()?;
        if input.iter().any(|&byte| byte > 15) {
            out.push(RAW);
            out.extend_from_slice(input);
            return Ok(());
        }
        out.push(PACKED);
        out.extend(input.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)));
        Ok(())
    }

    fn decode(&self, payload: &[u8], output_len: usize, _env: &Env, out: &mut Vec<u8>) -> Result<()> {
        // The payload may be anything: what no encoder writes is an error, never a panic. The memory of the output is reserved already.
        let (form, rest) = payload.split_first().ok_or_else(|| Error::truncated("nibbles: nothing"))?;
        match *form {
            RAW if rest.len() == output_len => out.extend_from_slice(rest),
            PACKED if rest.len() == output_len.div_ceil(2) => {
                let numbers = rest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                out.extend(numbers.take(output_len));
            }
            RAW | PACKED => return Err(Error::corrupt("nibbles: of another length")),
            other => return Err(Error::corrupt(format!("nibbles: no form {other}"))),
        }
        Ok(())
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory::default()
    }

    fn propose(&self, part: &Part<'_>, _level: u8) -> Vec<Proposal> {
        // The planner tries the offers of all codecs; what cannot be good is better not offered.
        if part.data.is_empty() || part.data.iter().any(|&byte| byte > 15) {
            return Vec::new();
        }
        vec![Proposal { chain: Chain::single(self, self.params()), encode_ns: 1, why: "numbers below 16" }]
    }
}

/// Readings of four bits without any pattern: half of their bytes is the least that they take.
fn readings() -> Vec<u8> {
    let mut random = testing::Rng(1);
    (0..50_000).map(|_| random.below(16) as u8).collect()
}

/// Runs everything; where something is not as it says, it fails.
pub fn main() -> Result<()> {
    // What every codec has to survive: edge cases, and payloads that were cut or changed.
    for input in testing::edge_cases() {
        let payload = testing::check_codec(&Nibbles, &Nibbles.params(), &input);
        testing::check_hostile(&Nibbles, &payload, input.len(), 200);
    }

    // Beside the built-in codecs, for writing and for reading.
    let mut codecs = registry();
    codecs.register(Arc::new(Nibbles));
    let options = Options::new(3)?.with_registry(codecs);
    let (data, env) = (readings(), Env::default());
    let with = minlen::compress_with(&data, &options, &env)?;
    let without = minlen::compress(&data, &Options::new(3)?)?;
    assert!(with.len() < without.len() && with.len() < data.len() / 2 + 100);
    assert!(decompress_with(&with, &options, &env)? == data);

    // By name, too; and whoever does not have the codec is told so.
    let named = options.clone().with_codec("nibbles")?;
    assert!(decompress_with(&minlen::compress(&data, &named)?, &options, &env)? == data);
    let refused = minlen::decompress(&with, &Limits::default()).err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::Unsupported));

    println!("{} bytes: {} with the codec, {} without", data.len(), with.len(), without.len());
    Ok(())
}
