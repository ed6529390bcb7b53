//! `minlen-train`: trains, prunes, quantizes and codes small networks on MNIST; grades coded ones.

use minlen_core::{Error, Result};
use minlen_train::mnist::{self, Options, Score};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: minlen-train NETWORK --data DIR -o FILE [options]
       minlen-train eval FILE --data DIR
networks: lenet-300-100, lenet-5, hidden units (100-50), conv-F1-F2-HIDDEN
options:  --seed N --keep SHARE --units A-B --hold-out N --epochs DENSE,PRUNED,ROUNDED --step S --bias-step S --lambda L
          --codebook LEVELS --score magnitude|fisher|both --teacher FILE --hard SHARE --temperature T --every-shift true|false
          --batch N --rate R --decay D --dense FILE (read, or written after training)";

fn main() -> ExitCode {
    match work(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minlen-train: {error}");
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn work(args: &[String]) -> Result<()> {
    let usage = || Error::usage(USAGE);
    let (command, rest) = args.split_first().ok_or_else(usage)?;
    let (file, rest) = match (command.as_str(), rest) {
        ("eval", [file, rest @ ..]) => (Some(file), rest),
        (_, rest) => (None, rest),
    };
    let mut options = Options { network: command.clone(), ..Options::default() };
    let mut output = None;
    for pair in rest.chunks(2) {
        let [name, value] = pair else { return Err(usage()) };
        if name == "-o" {
            output = Some(value);
        } else {
            set(&mut options, name, value)?;
        }
    }
    if let Some(file) = file {
        return eval(Path::new(file), &options.data);
    }
    let output = output.ok_or_else(usage)?;
    let (bytes, report) = mnist::run(&options, &mut |line| eprintln!("{line}"))?;
    std::fs::write(output, bytes).map_err(|e| Error::io("cannot write", e).in_file(output))?;
    print(&report.to_string());
    Ok(())
}

fn eval(file: &Path, data: &Path) -> Result<()> {
    let (wrong, all, alive) = mnist::eval(file, data)?;
    let bytes = std::fs::metadata(file).map_err(|e| Error::io("cannot read", e).in_file(file))?.len();
    let percent = 100.0 * wrong as f64 / all.max(1) as f64;
    print(&format!("{bytes} bytes, {alive} non-zeros, {wrong} of {all} wrong: {percent:.2} %\n"));
    Ok(())
}

#[allow(clippy::print_stdout)]
fn print(text: &str) {
    print!("{text}");
}

fn set(options: &mut Options, name: &str, value: &str) -> Result<()> {
    fn number<T: std::str::FromStr>(value: &str) -> Result<T> {
        value.parse().map_err(|_| Error::usage(format!("{value:?} is not a number that fits here")))
    }
    match name {
        "--data" => options.data = value.into(),
        "--seed" => options.seed = number(value)?,
        "--keep" => options.keep = number(value)?,
        "--hold-out" => options.hold_out = number(value)?,
        "--step" => options.step = number(value)?,
        "--bias-step" => options.bias_step = number(value)?,
        "--lambda" => options.lambda = number(value)?,
        "--codebook" => options.codebook = Some(number(value)?),
        "--teacher" => options.teacher = Some(value.into()),
        "--hard" => options.grading.hard = number(value)?,
        "--temperature" => options.grading.temperature = number(value)?,
        "--every-shift" => options.every_shift = number(value)?,
        "--batch" => options.batch = number(value)?,
        "--rate" => options.rate = number(value)?,
        "--decay" => options.decay = number(value)?,
        "--dense" => options.dense = Some(value.into()),
        "--epochs" => {
            let list: Vec<usize> = value.split(',').map(number).collect::<Result<_>>()?;
            options.epochs = list.try_into().map_err(|_| Error::usage("--epochs takes three numbers"))?;
        }
        "--units" => options.units = value.split('-').map(number).collect::<Result<_>>()?,
        "--score" => {
            options.score = match value {
                "magnitude" => Score::Magnitude,
                "fisher" => Score::Fisher,
                "both" => Score::Both,
                _ => return Err(Error::usage("--score is magnitude, fisher or both")),
            }
        }
        _ => return Err(Error::usage(format!("unknown option {name}\n{USAGE}"))),
    }
    Ok(())
}
