//! Sizes and speeds of the models: `try [-6|-7|-8] [-d] [-p PRIOR] [-t TYPE] [-c CUT] FILE...`.

#![allow(clippy::print_stdout)]

use minlen_core::{Env, Learned, Resources};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut files, mut decode, mut cut) = (Vec::new(), false, usize::MAX);
    let mut env = Env::default();
    let codec = minlen_mix::cm::codec();
    let mut params = codec.params().with("model", 0);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-d" => decode = true,
            "-c" => cut = args.next().unwrap_or_default().parse()?,
            "-t" => params = params.with("type", args.next().unwrap_or_default().parse()?),
            "-n" => params = params.with("prior", args.next().unwrap_or_default().parse()?),
            "-p" => {
                let file = std::fs::read(args.next().unwrap_or_default())?;
                let hash = *blake3::hash(&file).as_bytes();
                env = env.with_resources(Resources::default().with_learned(Learned::new(file, hash)));
                params = params.with("prior", 255);
            }
            "-6" | "-7" | "-8" | "-9" | "-:" => {
                params = params.with("model", i64::from(arg.as_bytes()[1]) - 54);
            }
            _ => files.push(arg),
        }
    }
    let env = Env::default();
    let (mut raw, mut coded, mut time) = (0, 0, 0.0);
    for file in &files {
        let mut data = std::fs::read(file)?;
        data.truncate(cut);
        let (mut out, start) = (Vec::new(), Instant::now());
        codec.encode(&data, &params, &env, &mut out)?;
        let seconds = start.elapsed().as_secs_f64();
        if decode {
            let (mut back, start) = (Vec::new(), Instant::now());
            codec.decode(&out, data.len(), &env, &mut back)?;
            assert!(back == data);
            println!("decoded in {:.2} s", start.elapsed().as_secs_f64());
        }
        let name = file.rsplit('/').next().unwrap_or(file);
        use std::io::Write;
        let _ = writeln!(
            std::io::stdout(),
            "{name:30} {:9} {:9} {:.3} MB/s",
            data.len(),
            out.len(),
            data.len() as f64 / seconds / 1e6
        );
        raw += data.len();
        coded += out.len();
        time += seconds;
    }
    println!("{:30} {raw:9} {coded:9} {:.3} MB/s", "total", raw as f64 / time / 1e6);
    Ok(())
}
