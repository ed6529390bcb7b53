//! Names and numbers that programs rely on, and text from strangers.

use minlen_core::testing::cases;
use minlen_core::text::{is_deceptive, push_safe, safe_json, without_secrets};
use minlen_core::{
    Advice, Class, CodecId, Difference, Dtype, Error, ErrorKind, Kind, MaxError, Origin, Part, Span,
    SpanKind, Stats, Target, ids,
};
use std::io;

#[test]
fn kinds_keep_their_names_and_classes() {
    let cases = cases::read(include_str!("cases/kinds.txt"), 2);
    assert_eq!(cases.len(), Kind::ALL.len());
    for (case, kind) in cases.iter().zip(Kind::ALL) {
        assert_eq!((kind.label(), kind.to_string().as_str()), (case.fields[0], case.fields[0]));
        case.expect(Ok(format!("{:?}", kind.class())));
    }
    assert!(Class::Text < Class::Dense);
}

#[test]
fn classes_of_errors_keep_their_numbers() {
    use ErrorKind::*;
    let all = [Io, Usage, Corrupt, Truncated, Unsupported, Limit, WrongKey, Verify, Cancelled, Exists];
    let cases = cases::read(include_str!("cases/classes.txt"), 4);
    assert_eq!(cases.len(), all.len());
    for (case, kind) in cases.iter().zip(all) {
        let error = Error::new(kind, "m");
        assert_eq!(format!("{:?}", error.kind()), case.fields[0]);
        let numbers = (u64::from(error.code()), u64::from(kind.exit_code()));
        assert_eq!(numbers, (case.number(1), case.number(2)), "line {}", case.line);
        assert_eq!(error.is_truncated(), kind == Truncated);
        case.expect(Ok(format!("{:?}", error.io_kind())));
        assert_eq!(io::Error::from(error).to_string(), "m");
    }
    for (error, kind) in [
        (Error::corrupt("m"), Corrupt),
        (Error::truncated("m"), Truncated),
        (Error::limit("m"), Limit),
        (Error::unsupported("m"), Unsupported),
        (Error::usage("m"), Usage),
        (Error::io("m", io::ErrorKind::Other.into()), Io),
    ] {
        assert_eq!((error.kind(), error.message()), (kind, "m"));
    }
}

#[test]
fn what_is_said_first_of_an_error_stays() {
    let error = Error::corrupt("m")
        .in_file("a")
        .in_file("b")
        .at(1)
        .at(2)
        .remedy("x")
        .remedy("y")
        .advise(Advice::Base);
    assert_eq!(error.to_string(), "a: m (at byte 1); x");
    assert_eq!((error.file(), error.offset(), error.advice()), (Some("a".as_ref()), Some(1), None));
    let known = Error::corrupt("m").advise(Advice::Base).remedy("y");
    assert_eq!(
        (known.advice(), known.to_string().as_str()),
        (Some(Advice::Base), "m; give that file as a base")
    );
    // Words are nobody's to choose; a known thing is said in those of the caller.
    assert_eq!(error.line(|_| "z".to_owned()), "a: m (at byte 1); x");
    assert_eq!(known.line(|_| "z".to_owned()), "m; z");
    let bare = Error::corrupt("m");
    assert_eq!((bare.file(), bare.offset(), bare.line(|_| "z".to_owned())), (None, None, "m".to_owned()));
}

#[test]
fn codecs_keep_their_numbers() {
    let all = [
        ("STORE", ids::STORE),
        ("RLE", ids::RLE),
        ("HUFFMAN", ids::HUFFMAN),
        ("ARITH", ids::ARITH),
        ("LZW", ids::LZW),
        ("LZ77", ids::LZ77),
        ("BWT", ids::BWT),
        ("DELTA", ids::DELTA),
        ("CM", ids::CM),
        ("X86", ids::X86),
        ("ARM64", ids::ARM64),
        ("PIXELS", ids::PIXELS),
        ("SOUND", ids::SOUND),
        ("ZSTD", ids::ZSTD),
        ("LZMA", ids::LZMA),
        ("BROTLI", ids::BROTLI),
        ("PPM", ids::PPM),
        ("DIFF", ids::DIFF),
        ("RECODE", ids::RECODE),
        ("TENSORS", ids::TENSORS),
        ("QUANTIZED", ids::QUANTIZED),
        ("LATENT", ids::LATENT),
    ];
    for (case, (name, id)) in cases::read(include_str!("cases/codecs.txt"), 2).iter().zip(all) {
        assert_eq!(id, CodecId(case.number(0) as u16));
        case.expect(Ok(name));
    }
}

#[test]
fn characters_that_deceive_are_escaped_and_no_others() {
    for case in cases::read(include_str!("cases/deceptive.txt"), 2) {
        let ends: Vec<u32> =
            case.fields[0].split(' ').map(|end| u32::from_str_radix(end, 16).unwrap()).collect();
        let step = if cfg!(miri) { 31 } else { 1 };
        for c in (ends[0]..=ends[1]).step_by(step).chain([ends[1]]).filter_map(char::from_u32) {
            let mut out = "a".to_owned();
            push_safe(&mut out, c);
            let escaped = out == format!("a{}", c.escape_default());
            let as_it_is = out == format!("a{c}");
            assert!(escaped || as_it_is, "{c:?}");
            // In JSON, line ends between the values stay, and what is escaped is read as what it was.
            let json = safe_json(&format!("{c}"));
            assert_eq!(json.is_ascii() && json.starts_with("\\u"), is_deceptive(c) && c != '\n', "{c:?}");
            let deceptive = is_deceptive(c);
            assert!(if deceptive { escaped } else { as_it_is }, "{c:?}");
            case.expect(Ok(if deceptive { "escaped" } else { "shown" }));
        }
    }
}

#[test]
fn secret_keys_do_not_get_into_messages() {
    for case in cases::read(include_str!("cases/secrets.txt"), 2) {
        case.expect(Ok(without_secrets(case.fields[0]).unwrap_or("=".to_owned())));
    }
}

#[test]
fn every_advice_has_words_of_its_own() {
    use Advice::*;
    let all = [
        MoreMemory,
        ReadWithMemory { bytes: (5 << 20) + 1 },
        MoreOutput,
        AnyRatio,
        Repair,
        RepairOrSalvage,
        Salvage,
        ExtractAll,
        ReadArchive,
        ListMembers,
        Replace,
        SecretKey,
        OwnRecovery,
        Prior,
        Base,
        Rebase,
        Shape,
        LargerError,
        Calibration,
        NoCalibration,
        OtherFormat,
    ];
    let words: std::collections::BTreeSet<String> = all.iter().map(Advice::to_string).collect();
    assert_eq!(words.len(), all.len());
    assert!(words.iter().all(|words| words.len() > 10 && !words.ends_with('.')));
    assert!(words.contains("whoever reads it has to allow 6 MiB of memory"));
    assert!(words.contains("raise the limit on memory"));
}

#[test]
fn a_part_tells_its_spans_by_kind_and_which_are_guesses() {
    let stats = Stats::default();
    let array = Span::array("a", Dtype::F32, vec![1], 0, 4);
    let member = Span { origin: Origin::Guessed, ..Span::bytes(SpanKind::Member, "m", 4, 4) };
    let layout = [array.clone(), member, Span { start: 8, ..array }];
    let part =
        Part::new(b"12345678", Kind::Binary, &stats).with_layout(&layout).with_detail("d").with_decode_ns(7);
    assert_eq!((part.data, part.kind, part.detail, part.decode_ns), (&b"12345678"[..], Kind::Binary, "d", 7));
    let starts = |kind| part.spans(kind).map(|span| span.start).collect::<Vec<_>>();
    assert_eq!((starts(SpanKind::Array), starts(SpanKind::Member)), (vec![0, 8], vec![4]));
    assert!(starts(SpanKind::Sound).is_empty());
    assert!(
        part.is_guess(SpanKind::Member) && !part.is_guess(SpanKind::Array) && !part.is_guess(SpanKind::Sound)
    );
    let bare = Part::new(b"", Kind::Empty, &stats);
    assert_eq!((bare.detail, bare.decode_ns, bare.layout.len()), ("", u32::MAX, 0));
}

#[test]
fn kinds_of_spans_have_names_and_samples() {
    use SpanKind::*;
    let names: Vec<_> = [Array, Pixels, Sound, Member, Pages, Other("x")]
        .map(|kind| (kind.name(), kind.has_samples()))
        .into();
    let want = [
        ("array", true),
        ("pixels", true),
        ("sound", true),
        ("member", false),
        ("pages", false),
        ("x", false),
    ];
    assert_eq!(names, want);
}

#[test]
fn differences_say_what_they_were_told() {
    let bound = Target::from(MaxError::Absolute(0.5));
    assert_eq!(bound, Target::MaxError(MaxError::Absolute(0.5)));
    let plain = Difference::new("f32 [4]", 4, 9);
    assert_eq!((plain.what.as_str(), plain.samples, plain.stored), ("f32 [4]", 4, 9));
    assert_eq!((plain.worst, plain.allowed, plain.changed), (None, None, None));
    let within = plain.within(Some(0.25), 0.5);
    assert_eq!((within.worst, within.allowed), (Some(0.25), Some(0.5)));
}
