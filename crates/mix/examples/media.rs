//! What the sample models make of a file: `media DEPTH FILE...` detects, else
//! `media image WIDTH CHANNELS BITS FLAGS DEPTH FILE [START]` with flags of `p` PNG, `l` little, `s` signed, `c` palette,
//! `fROWS` frames; `media audio BITS CHANNELS FLAGS DEPTH FILE [START]`. A command with a capital also decodes.

#![allow(clippy::print_stdout, clippy::expect_used)]

use minlen_entropy::binary::{Decoder, Encoder};
use minlen_mix::Predictor;
use minlen_mix::audio::{AudioModel, Format};
use minlen_mix::image::{ImageModel, Layout};
use std::time::Instant;

fn code(model: &mut dyn Predictor, data: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    for &byte in data {
        for b in (0..8).rev() {
            let bit = u32::from(byte >> b & 1);
            encoder.encode(bit, model.p());
            model.update(bit);
        }
    }
    encoder.finish()
}

fn decode(model: &mut dyn Predictor, data: &[u8], n: usize) -> Vec<u8> {
    let mut decoder = Decoder::new(data);
    let mut byte = || {
        (0..8).fold(0, |byte, _| {
            let bit = decoder.decode(model.p());
            model.update(bit);
            byte << 1 | bit as u8
        })
    };
    (0..n).map(|_| byte()).collect()
}

fn measure(name: &str, make: &dyn Fn() -> Box<dyn Predictor>, data: &[u8], check: bool) {
    let t = Instant::now();
    let out = code(&mut *make(), data);
    let s = t.elapsed().as_secs_f64();
    println!("{name} {} -> {} ({:.0} KB/s)", data.len(), out.len(), data.len() as f64 / s / 1e3);
    if check {
        assert!(decode(&mut *make(), &out, data.len()) == data, "round trip");
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args[i].parse::<u32>().expect("a number");
    let (depth, layout, format, files) = if args[0].eq_ignore_ascii_case("image") {
        let mut layout = Layout::new(number(1), number(2) as u8);
        layout.bits = number(3) as u8;
        layout.png = args[4].contains('p');
        layout.little = args[4].contains('l');
        layout.signed = args[4].contains('s');
        layout.palette = args[4].contains('c');
        layout.stride = layout.row_bytes() as u32 + u32::from(layout.png);
        layout.frame = args[4].split('f').nth(1).map_or(0, |n| n.parse().expect("rows of a frame"));
        (number(5), Some(layout), None, 6)
    } else if args[0].eq_ignore_ascii_case("audio") {
        let (little, signed) = (args[3].contains('l'), args[3].contains('s'));
        let format = Format { bits: number(1) as u8, channels: number(2) as u8, little, signed };
        (number(4), None, Some(format), 5)
    } else {
        (number(0), None, None, 1)
    };
    let check = args[0].starts_with(|c: char| c.is_uppercase());
    let image =
        |l: Layout| move || Box::new(ImageModel::new(l, depth).expect("a model")) as Box<dyn Predictor>;
    let audio =
        |f: Format| move || Box::new(AudioModel::new(f, depth).expect("a model")) as Box<dyn Predictor>;
    if files == 1 {
        for name in &args[1..] {
            let data = std::fs::read(name).expect("the file");
            let t = Instant::now();
            if let Some((range, format)) =
                minlen_structure::sound::find(&data).and_then(|span| Format::of(&span, &data))
            {
                println!("{range:?} {format:?}");
                measure(name, &audio(format), &data[range], check);
            } else if let Some((range, layout)) =
                minlen_structure::pixels::find(&data).and_then(|span| Layout::of(&span, &data))
            {
                println!("{range:?} {layout:?} {:?}", t.elapsed());
                measure(name, &image(layout), &data[range], check);
            } else {
                println!("{name}: nothing, {:?}", t.elapsed());
            }
        }
        return;
    }
    let data = std::fs::read(&args[files]).expect("the file");
    let data = &data[args.get(files + 1).map_or(0, |s| s.parse().expect("an offset"))..];
    match (layout, format) {
        (Some(layout), _) => measure(&args[files], &image(layout), data, check),
        (_, Some(format)) => measure(&args[files], &audio(format), data, check),
        _ => {}
    }
}
