//! Options combined, damage and entries of archives, by the tables in `data`: a line more is a case more.

use minlen::archive::{Archive, Builder, Entry, Keys};
use minlen::layout::Dtype;
use minlen::nearby::{MaxError, Target, verify};
use minlen::{Decoder, Encoder, Env, Limits, Options, Result};
use minlen_core::testing::{Rng, random_case};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

/// The lines of a table without its remarks.
fn table(name: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// What the first words of a line of `options.txt` stand for.
fn content(kind: &str, len: usize) -> Vec<u8> {
    let words = b"to compress is to predict what comes next, and a model codes it ";
    match kind {
        "zeros" => vec![0; len],
        "text" => {
            let mut rng = Rng(len as u64 | 1);
            let mut all = Vec::new();
            while all.len() < len {
                let at = rng.below(words.len() - 8);
                all.extend_from_slice(&words[at..at + 8]);
            }
            all.truncate(len);
            all
        }
        "noise" => {
            let mut rng = Rng(3);
            (0..len).map(|_| rng.next_u64() as u8).collect()
        }
        "mixed" => (0..).flat_map(|seed| random_case(seed, 20_000)).take(len).collect(),
        "raw" => floats(len),
        "wave" => {
            let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({len},), }}\n");
            let size = (text.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\x00", &size[..], text.as_bytes(), &floats(len)].concat()
        }
        _ => panic!("no content is called {kind}"),
    }
}

/// A wave on a slope, by a recurrence that is the same on every machine.
fn floats(count: usize) -> Vec<u8> {
    let (mut sine, mut cosine) = (0f32, 1f32);
    let mut next = |i: usize| {
        (sine, cosine) = (sine * 0.995 + cosine * 0.0998, cosine * 0.995 - sine * 0.0998);
        (sine * 100.0 + i as f32 / 64.0).to_le_bytes()
    };
    (0..count).flat_map(&mut next).collect()
}

fn with(options: Options, name: &str, value: &str) -> Result<Options> {
    let near = |target: Target| options.clone().with_target(target);
    Ok(match name {
        // The level is where options begin.
        "level" => options,
        "codec" => options.with_codec(value)?,
        "block" => options.with_block_size(number(value)),
        "dedup" => options.with_dedup(value != "no"),
        "compact" => options.with_compact(value != "no"),
        "memory" => options.with_memory(number(value)),
        "shape" => {
            let (dtype, sizes) = value.split_once(':').unwrap();
            let dtype = Dtype::ALL.into_iter().find(|known| known.name() == dtype).unwrap();
            let sizes: Vec<u64> = sizes.split('x').map(number).collect();
            options.with_shape(dtype, &sizes)
        }
        "error" => near(MaxError::Absolute(number(value)).into())?,
        "range" => near(MaxError::Relative(number(value)).into())?,
        "psnr" => near(Target::Psnr(number(value)))?,
        "bpp" => near(Target::BitsPerSample(number(value)))?,
        "size" => near(Target::MaxSize(number(value)))?,
        _ => panic!("no option is called {name}"),
    })
}

/// The content and the options of a line.
fn row(line: &str) -> (Vec<u8>, Options) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pairs: Vec<(&str, &str)> = words[2..].iter().map(|word| word.split_once('=').unwrap()).collect();
    let level = pairs.iter().find(|pair| pair.0 == "level").map_or(5, |pair| number(pair.1));
    let options =
        pairs.iter().try_fold(Options::new(level).unwrap(), |o, (name, value)| with(o, name, value));
    (content(words[0], number(words[1])), options.unwrap())
}

/// The distance in the terms of the target, counted here and not by what is tested: the largest error, or decibels.
fn is_near(old: &[u8], new: &[u8], skip: usize, target: Target) -> bool {
    let numbers = |bytes: &[u8]| -> Vec<f64> {
        bytes[skip..].chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
    };
    let (old, new) = (numbers(old), numbers(new));
    let range = old.iter().copied().fold(f64::MIN, f64::max) - old.iter().copied().fold(f64::MAX, f64::min);
    let errors: Vec<f64> = old.iter().zip(&new).map(|(a, b)| (a - b).abs()).collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    match target {
        Target::MaxError(MaxError::Absolute(bound)) => worst <= bound,
        Target::MaxError(MaxError::Relative(share)) => worst <= share * range,
        Target::Psnr(decibels) => {
            let mean = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
            20.0 * (range / mean.sqrt()).log10() >= decibels - 1e-9
        }
        _ => worst <= range,
    }
}

/// Checks a copy that need not be equal, and that a number far off in it is seen.
fn check_near(line: &str, file: &[u8], back: &[u8], options: &Options, packed: usize) {
    let target = options.target().unwrap();
    let header = || 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let skip = if line.starts_with("wave") { header() } else { 0 };
    assert!(back != file && back[..skip] == file[..skip], "{line}: nothing but numbers may change");
    assert!(is_near(file, back, skip, target), "{line}");
    match target {
        Target::BitsPerSample(bits) => {
            assert!((packed as f64) < (file.len() / 4) as f64 * bits / 8.0 + 400.0, "{line}: {packed}");
        }
        Target::MaxSize(most) => assert!((packed as u64) < most + 400, "{line}: {packed}"),
        _ => {}
    }
    let env = Env::default();
    let distance = verify(&file, &back, options, &env).unwrap();
    assert!(distance.changed > 0, "{line}: {distance:?}");
    for (at, far) in [(skip, 1e9f32), (skip + 400, -1e9), (back.len() - 4, f32::NAN)] {
        let mut wrong = back.to_vec();
        wrong[at..at + 4].copy_from_slice(&far.to_le_bytes());
        assert!(verify(&file, &&wrong[..], options, &env).is_err(), "{line}: {far} at {at} is not seen");
    }
    assert!(verify(&file, &&back[..back.len() - 1], options, &env).is_err(), "{line}: cut short");
}

#[test]
fn options_go_together() {
    let (mut near, env) = (0, Env::default());
    for line in table("options.txt") {
        let (file, options) = row(&line);
        let one = minlen::compress(&file, &options.clone().with_threads(1)).unwrap();
        let three = options.clone().with_threads(3);
        assert!(minlen::compress(&file, &three).unwrap() == one, "{line}: threads make a difference");
        // What follows a file is left to whoever reads on.
        let mut followed = Cursor::new([&one[..], b"what follows"].concat());
        let mut back = Vec::new();
        Decoder::single(&mut followed, &three, &env).unwrap().read_to_end(&mut back).unwrap();
        assert_eq!(followed.position(), one.len() as u64, "{line}: something else was read");
        assert!(minlen::decompress(&one, &Limits::default()).unwrap() == back, "{line}: two ways to decode");
        if options.target().is_some() {
            check_near(&line, &file, &back, &options, one.len());
            near += 1;
            continue;
        }
        assert!(back == file, "{line}: other bytes");
        let len = file.len() as u64;
        let mut encoder = Encoder::with_length(Vec::new(), &options, len, &env).unwrap();
        file.chunks(777).for_each(|piece| encoder.write_all(piece).unwrap());
        let written = encoder.finish().unwrap();
        assert!(minlen::decompress(&written, &Limits::default()).unwrap() == file, "{line}: in pieces");
    }
    assert!(near > 8, "only {near} lines are about what is near");
}

/// What a line of `damage.txt` makes of a file, and the limits to read it with.
fn damaged(good: &[u8], words: &[&str]) -> (Vec<u8>, Limits) {
    let mut file = good.to_vec();
    let place = |text: &str| {
        let at: i64 = number(text);
        if at < 0 { good.len() - at.unsigned_abs() as usize } else { at as usize }
    };
    let mut limits = Limits::default();
    match words {
        ["cut", at] => file.truncate(place(at)),
        ["set", at, byte] => file[place(at)] = number(byte),
        ["flip", at] => file[place(at)] ^= 0x10,
        ["append", count] => file.extend(vec![7; number(count)]),
        ["limit", "output", most] => limits = limits.with_output(number(most)),
        ["limit", "memory", most] => limits = limits.with_memory(number(most)),
        _ => panic!("no damage: {words:?}"),
    }
    (file, limits)
}

#[test]
fn damage_has_its_kind_in_every_way_of_reading() {
    let good = minlen::compress(&content("text", 5000), &Options::new(3).unwrap()).unwrap();
    for line in table("damage.txt") {
        let (damage, wanted) = line.split_once(" = ").unwrap();
        let (file, limits) = damaged(&good, &damage.split_whitespace().collect::<Vec<_>>());
        let kind = |error: &minlen::Error| {
            if error.is_truncated() {
                "truncated".into()
            } else {
                format!("{:?}", error.kind()).to_lowercase()
            }
        };
        let error = minlen::decompress(&file, &limits).unwrap_err();
        assert_eq!(kind(&error), wanted, "{line}: {error}");
        let mut decoder = Decoder::new(&file[..], &Options::default(), &Env::new(limits)).unwrap();
        let error = minlen::Error::from(decoder.read_to_end(&mut Vec::new()).unwrap_err());
        assert_eq!(kind(&error), wanted, "{line} through std::io: {error}");
    }
}

/// The bytes that a path of `archives.txt` stands for.
fn path(text: &str) -> Vec<u8> {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        match (byte, if byte == b'\\' { bytes.next() } else { None }) {
            (_, Some(b'n')) => out.push(b'\n'),
            (_, Some(b'x')) => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            (_, Some(other)) => out.push(other),
            (byte, None) => out.push(byte),
        }
    }
    out
}

#[test]
fn entries_come_back_as_they_were_or_are_refused() {
    let (mut builder, mut taken) = (Builder::new(), Vec::new());
    for line in table("archives.txt") {
        let words: Vec<&str> = line.split(' ').collect();
        let name = path(words[1]);
        let entry = |len: usize| Entry::file(name.clone(), content("mixed", len));
        if words[0] == "refused" {
            // A path that is there already is refused where all of them are known.
            let mut tried = Builder::new();
            let before = taken
                .iter()
                .map(|(name, ..): &(Vec<u8>, u32, i64, u32, usize)| Entry::file(name.clone(), &b""[..]));
            tried.add_all(before).unwrap();
            let written = tried
                .add(entry(3))
                .map(|_| ())
                .and_then(|()| tried.write(Vec::new(), &Options::new(1)?, &Env::default()).map(|_| ()));
            assert!(written.is_err(), "{line}: was taken");
            continue;
        }
        let (mode, seconds, nanos, len) =
            (u32::from_str_radix(words[2], 8).unwrap(), number(words[3]), number(words[4]), number(words[5]));
        builder.add(entry(len).with_mode(mode).with_mtime(seconds, nanos)).unwrap();
        taken.push((name, mode, seconds, nanos, len));
    }
    let options = Options::new(3).unwrap();
    let (packed, _) = builder.write(Vec::new(), &options, &Env::default()).unwrap();
    let mut archive =
        Archive::from_reader(Cursor::new(&packed), &Keys::default(), &options, &Env::default()).unwrap();
    let members = archive.members().unwrap();
    for (name, mode, seconds, nanos, len) in &taken {
        let member = members.iter().find(|member| member.path == *name).unwrap();
        assert_eq!((member.mode & 0o777, member.len), (*mode, *len as u64), "{member:?}");
        assert_eq!(member.mtime, Some((*seconds, *nanos)), "{member:?}");
        let wanted = content("mixed", *len);
        let mut reader = archive.member_reader(name).unwrap();
        let mut rng = Rng(9);
        for _ in 0..20 {
            let from = rng.below(len + 1);
            reader.seek(SeekFrom::Start(from as u64)).unwrap();
            let mut room = vec![0; rng.below(len - from + 1)];
            reader.read_exact(&mut room).unwrap();
            assert!(room == wanted[from..from + room.len()], "{member:?} from {from}");
        }
    }
    assert!(taken.len() > 10, "only {} entries were taken", taken.len());
}
