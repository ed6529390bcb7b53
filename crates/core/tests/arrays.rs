//! Arrays: their types, what files declare of them, the rows and parts that can be had of them, and layouts of many.

use minlen_core::layout::Meaning;
use minlen_core::testing::cases::{self, Case};
use minlen_core::{
    BaseSpan, CodecId, Declared, Description, Dtype, Element, Format, Layout, Origin, Slices, Span, SpanKind,
};
use std::sync::Arc;

fn dtype(name: &str) -> Dtype {
    Dtype::ALL.into_iter().find(|dtype| dtype.name() == name).unwrap_or_else(|| panic!("no type: {name}"))
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

#[test]
fn types_have_their_sizes() {
    let cases = cases::read(include_str!("cases/types.txt"), 4);
    assert_eq!(cases.len(), Dtype::ALL.len());
    for (case, listed) in cases.iter().zip(Dtype::ALL) {
        let dtype = dtype(case.fields[0]);
        assert_eq!(dtype, listed, "line {}", case.line);
        let sizes = (dtype.unit() as u64, dtype.weights() as u64);
        assert_eq!(sizes, (case.number(1), case.number(2)), "line {}", case.line);
        case.expect(Ok(if dtype.is_float() { "float" } else { "no" }));
        let declared = Declared::numbers(dtype, vec![512]);
        assert_eq!(declared.len(), Some(512 / sizes.1 * sizes.0), "line {}", case.line);
    }
    assert_eq!(Dtype::default(), Dtype::Bytes);
}

/// The declaration in words as the tables have them.
fn declared(element: &str, shape: Vec<u64>, order: &str) -> Declared {
    let (element, big) = element.strip_suffix(" be").map_or((element, false), |element| (element, true));
    let odd = |element: fn(String) -> Element, name: &str| {
        Declared::new(element(name.to_owned()), shape.clone(), (3, 5))
    };
    let declared = match element.split_once(':') {
        Some(("s", name)) => odd(Element::Safetensors, name),
        Some(("n", name)) => odd(Element::Npy, name),
        Some(("x", name)) => odd(Element::Foreign, name),
        _ if element.starts_with('?') => {
            Declared::new(Element::Unsized(element[1..].to_owned()), shape, (1, 1))
        }
        _ => match element {
            "bool" => Declared::new(Element::Bool, shape, (1, 1)),
            "c64" => Declared::new(Element::Complex(Dtype::F32), shape, (1, 8)),
            "c128" => Declared::new(Element::Complex(Dtype::F64), shape, (1, 16)),
            "unknown" => Declared::unknown(shape[0]),
            name => Declared::numbers(dtype(name), shape),
        },
    };
    let declared = declared.big_endian(big);
    match order {
        "c" => declared.column_major(false),
        "fortran" => declared.column_major(true),
        order => declared.ordered(order.split(',').map(|i| i.parse().unwrap()).collect()),
    }
}

#[test]
fn declarations_have_a_name_a_length_and_an_order() {
    for case in cases::read(include_str!("cases/declared.txt"), 4) {
        let declared = declared(case.fields[0], case.numbers(1), case.fields[2]);
        let len = declared.len().map_or("-".to_owned(), |len| len.to_string());
        let stored = list(&declared.stored_shape());
        let major = if declared.is_column_major() { "; column-major" } else { "" };
        let shown = format!("{}; {len}; {}; {stored}{major}", declared.name(), declared.width());
        assert_eq!(declared.is_empty(), declared.len() == Some(0), "line {}", case.line);
        case.expect(Ok(shown.trim()));
    }
}

/// What the slices are of bytes that are numbered from 0, when they are asked for piece by piece.
fn sliced(slices: Slices, len: u64, piece: u64) -> Vec<u64> {
    let of_piece = |at: u64| {
        let parts: Vec<_> = slices.parts(at, piece.min(len - at)).collect();
        parts.into_iter().flatten().map(move |i| at + i as u64).collect::<Vec<_>>()
    };
    (0..len).step_by(piece as usize).flat_map(of_piece).collect()
}

#[test]
fn rows_are_the_bytes_that_they_are() {
    for case in cases::read(include_str!("cases/rows.txt"), 5) {
        let array = declared(case.fields[0], case.numbers(1), case.fields[2]);
        let rows = case.numbers(3);
        let taken = array.rows("w", &(rows[0]..rows[1]));
        if let (Ok((left, slices)), Some(len)) = (&taken, array.len()) {
            let want: Vec<u64> =
                (0..len).filter(|i| (slices.from..slices.to).contains(&(i % slices.period))).collect();
            assert_eq!(left.len(), Some(want.len() as u64), "line {}", case.line);
            for piece in if cfg!(miri) { [7].as_slice() } else { &[1, 3, 16, 1000] } {
                assert_eq!(sliced(*slices, len, *piece), want, "line {} by {piece}", case.line);
            }
        }
        case.expect(taken.map(|(left, slices)| {
            format!("{}; {}..{} of {}", list(&left.shape), slices.from, slices.to, slices.period)
        }));
    }
}

#[test]
fn slices_near_the_largest_number_end() {
    let slices = Slices { period: 1 << 63, from: 0, to: 4 };
    assert_eq!(slices.parts(u64::MAX - 9, 9).count(), 0);
    assert!(slices.parts((1 << 63) - 2, 4).eq(std::iter::once(2..4)));
    assert_eq!(Slices { period: 0, from: 0, to: 0 }.parts(0, 10).count(), 0);
}

fn span_of(case: &Case<'_>) -> Span {
    let (dtype, shape) = (dtype(case.fields[0]), case.numbers(1));
    let stride = case.number(2);
    let len = match stride {
        0 => Declared::numbers(dtype, shape.clone()).len().unwrap_or(0),
        stride => shape[..shape.len().saturating_sub(1).max(1)].iter().product::<u64>() * stride,
    };
    Span { stride, ..Span::array("w", dtype, shape, 100, len) }
}

#[test]
fn spans_are_cut_into_rows() {
    for case in cases::read(include_str!("cases/spans.txt"), 4) {
        let span = span_of(&case);
        case.expect(Ok(format!("{}; {}; {}", span.columns(), span.unit(), span.row())));
    }
}

#[test]
fn parts_keep_what_is_left_of_the_shape() {
    for case in cases::read(include_str!("cases/parts.txt"), 6) {
        let span = span_of(&case);
        let part = span.part(case.number(3), case.number(4), 7);
        let shown = part.map(|part| {
            assert_eq!((part.dtype, part.stride, part.name.as_str()), (span.dtype, span.stride, ""));
            format!("{}; {}; {}", list(&part.shape), part.start, part.len)
        });
        case.expect(Ok(shown.unwrap_or("-".to_owned())));
    }
}

#[test]
fn parts_keep_what_else_is_known() {
    let file = [7; 32];
    let description = Description { codec: CodecId(1), payload: Arc::from(&b"x"[..]) };
    let span = Span {
        kind: SpanKind::Pixels,
        meaning: Meaning::Indices,
        origin: Origin::Guessed,
        base: Some(BaseSpan { file, start: 50 }),
        description: Some(description),
        ..Span::array("w", Dtype::U16, vec![4, 4], 0, 32)
    };
    let part = span.part(7, 10, 3).unwrap();
    assert_eq!((part.kind, part.meaning, part.origin), (SpanKind::Pixels, Meaning::Indices, Origin::Guessed));
    assert_eq!((part.start, part.len), (4, 8));
    // The first byte that stays is byte 8 of the span, so the base begins there, too.
    assert_eq!(part.base, Some(BaseSpan { file, start: 58 }));
    assert_eq!(part.description, None);
    assert_eq!((part.clone().moved(6).start, part.moved(u64::MAX).start), (10, u64::MAX));
}

#[test]
fn only_floats_that_a_file_declares_as_such_may_be_stored_inexactly() {
    let span = |dtype| Span::array("w", dtype, vec![4], 0, 4 * dtype.unit() as u64);
    let f32s = span(Dtype::F32);
    for dtype in Dtype::ALL {
        let may = matches!(dtype, Dtype::F32 | Dtype::F64);
        assert_eq!(span(dtype).inexact(), may.then_some(dtype));
    }
    for (origin, may) in [(Origin::Declared, true), (Origin::Sealed, false), (Origin::Guessed, false)] {
        assert_eq!(Span { origin, ..f32s.clone() }.inexact().is_some(), may, "{origin:?}");
    }
    for kind in [SpanKind::Pixels, SpanKind::Sound, SpanKind::Member, SpanKind::Pages, SpanKind::Other("x")] {
        assert_eq!(Span { kind, ..f32s.clone() }.inexact(), None, "{kind:?}");
    }
    let declaring = |declared| f32s.clone().declaring(declared).inexact();
    assert_eq!(declaring(Declared::numbers(Dtype::F32, vec![4])), Some(Dtype::F32));
    assert_eq!(declaring(Declared::numbers(Dtype::F32, vec![2, 2])), Some(Dtype::F32));
    assert_eq!(declaring(Declared::numbers(Dtype::F32, vec![5])), None, "of another length");
    assert_eq!(declaring(Declared::numbers(Dtype::I32, vec![4])), None);
    assert_eq!(declaring(Declared::numbers(Dtype::F32, vec![4]).big_endian(true)), None);
    assert_eq!(f32s.undeclared().inexact(), None);
}

#[test]
fn a_declaration_that_says_nothing_new_is_not_kept() {
    let span = Span::array("w", Dtype::F32, vec![2, 3], 0, 24);
    let plain = Declared::numbers(Dtype::F32, vec![2, 3]);
    assert_eq!(span.declared(), plain);
    assert_eq!(span.clone().declaring(plain.clone()).declaration, None);
    let fortran = plain.column_major(true);
    let told = span.clone().declaring(fortran.clone());
    assert_eq!(told.declared(), fortran);
    assert_eq!(span.undeclared().declared(), Declared::unknown(24));
    let bytes = Span::bytes(SpanKind::Member, "m", 5, 9);
    assert_eq!((bytes.declared(), bytes.end(), bytes.shape.clone()), (Declared::unknown(9), 14, vec![9]));
    assert!(bytes.has_model() && !Span::array("b", Dtype::Bytes, vec![9], 0, 9).has_model());
    assert!(Span::array("b", Dtype::U8, vec![9], 0, 9).has_model());
    // Of bytes, a declaration tells how they may be cut.
    let triples = Span::array("w", Dtype::Bytes, vec![12], 0, 12).declaring(Declared::new(
        Element::Foreign("rgb".to_owned()),
        vec![2, 2],
        (1, 3),
    ));
    assert_eq!(triples.unit(), 3);
    let part = triples.part(1, 8, 0).unwrap();
    assert_eq!((part.start, part.len, part.declared().name().as_str()), (2, 6, "rgb"));
}

/// `NAME:TYPE:SHAPE:START:BYTES`.
fn listed(text: &str) -> Span {
    let fields: Vec<&str> = text.split(':').collect();
    let shape = fields[2].split(',').filter(|dim| !dim.is_empty()).map(cases::number).collect();
    Span::array(fields[0], dtype(fields[1]), shape, cases::number(fields[3]), cases::number(fields[4]))
}

#[test]
fn layouts_are_in_order_and_without_overlaps() {
    for case in cases::read(include_str!("cases/layouts.txt"), 2) {
        let spans: Vec<Span> = case.fields[0].split_whitespace().map(listed).collect();
        for format in [Format::declared("d"), Format::sealed("s"), Format::guessed("g")] {
            let layout = Layout::new(format, spans.clone(), 100);
            let names = layout.map(|layout| {
                assert!(
                    layout.format == format && layout.spans.iter().all(|span| span.origin == format.origin)
                );
                let name = |span: &Span| {
                    let doubt = if span.declared().element == Element::Unknown { "?" } else { "" };
                    format!("{}{doubt}", span.name)
                };
                layout.spans.iter().map(name).collect::<Vec<_>>().join(" ")
            });
            case.expect(names);
        }
    }
    // What is no array has no shape to be measured by.
    let member = Span { shape: vec![3], ..Span::bytes(SpanKind::Member, "m", 0, 9) };
    assert!(Layout::new(Format::RAW, vec![member], 9).is_ok());
}

#[test]
fn arrays_are_checked_against_their_file() {
    for case in cases::read(include_str!("cases/checked.txt"), 3) {
        let fields: Vec<&str> = case.fields[0].split(':').collect();
        let shape: Vec<u64> = fields[1].split(',').map(cases::number).collect();
        let span = Span::array(
            "w",
            dtype(fields[0]),
            shape.clone(),
            cases::number(fields[2]),
            cases::number(fields[3]),
        );
        let span = match fields[4] {
            "=" => span,
            element => span.declaring(declared(element, shape, "c")),
        };
        case.expect(span.checked(case.number(1)).map(|declared| declared.name()));
    }
}
