//! What short messages cost: `small [LEVEL] [FILE]` codes and decodes the first 40, 1,024 and 65,536 bytes of a file, three times
//! each, and says how long it took.

use minlen_core::{Env, Kind, Part, Stats};
use std::io::Write;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let level: u8 = args.next().map_or(Ok(6), |level| level.parse())?;
    let text = match args.next() {
        Some(file) => std::fs::read(file)?,
        None => b"The quick brown fox jumps over the lazy dog, and over again. ".repeat(1100),
    };
    let lengths: Vec<usize> = args.map(|len| len.parse()).collect::<Result<_, _>>()?;
    let lengths = if lengths.is_empty() { vec![40, 1 << 10, 64 << 10] } else { lengths };
    let codec = minlen_mix::cm::codec();
    let (env, stats) = (Env::default(), Stats::default());
    for (len, call) in lengths.into_iter().flat_map(|len| (1..=3).map(move |call| (len, call))) {
        let data = &text[..len.min(text.len())];
        let part = Part::new(data, Kind::Text, &stats);
        let start = Instant::now();
        let proposals = codec.propose(&part, level);
        let proposed = start.elapsed();
        let stage = proposals.first().and_then(|p| p.chain.stages().first()).ok_or("no proposal")?;
        let (mut payload, mut back) = (Vec::new(), Vec::new());
        codec.encode(data, &stage.params, &env, &mut payload)?;
        let encoded = start.elapsed();
        codec.decode(&payload, data.len(), &env, &mut back)?;
        let decoded = start.elapsed();
        assert!(back == data);
        let [choice, encode, decode] =
            [proposed, encoded - proposed, decoded - encoded].map(|time| time.as_secs_f64() * 1e3);
        let coded = payload.len();
        writeln!(
            std::io::stdout(),
            "{len:6} bytes, call {call}: {coded:5} coded; choice {choice:7.2} ms, encode {encode:7.2} ms, decode {decode:7.2} ms"
        )?;
    }
    Ok(())
}
