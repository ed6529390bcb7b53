#![no_main]
//! Files of any bytes: all parsers answer, and the spans that they name lie inside of the file, one behind the other.
use minlen_core::{Kind, Layout};
use minlen_structure::{Parsers, Reader, arrays, write};

fn check(layout: &Layout, len: u64) {
    let mut at = 0;
    for span in &layout.spans {
        assert!(span.start >= at && span.len > 0 && span.columns() > 0 && span.unit() > 0 && span.row() > 0);
        assert!(span.part(span.len / 3, span.len / 2, 7).is_none_or(|part| part.len <= span.len / 2));
        at = span.start + span.len;
    }
    assert!(at <= len);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (source, len) = (&data, data.len() as u64);
    let parsers = Parsers::default();
    // Every parser alone, so that none hides behind another.
    for parser in parsers.iter() {
        let mut reader = Reader::new(source);
        if let Ok(Some((format, spans))) = parser.parse(&mut reader)
            && let Ok(layout) = Layout::new(format, spans, len)
        {
            check(&layout, len);
        }
    }
    for found in [parsers.layout(source), parsers.declared(source), parsers.guess(source)] {
        found.ok().flatten().iter().for_each(|layout| check(layout, len));
    }
    for kind in [Kind::Tensors, Kind::ImageRaw, Kind::AudioRaw] {
        for total in [len * 2, u64::MAX] {
            parsers.layout_of_head(data, total, kind).iter().for_each(|layout| check(layout, total));
        }
        let all = parsers.readings(data, kind, 9, &[]);
        assert!(all.iter().all(|span| span.end() <= len));
    }
    let _ = arrays::probe(data);
    let _ = write::GgufMetadata::read(source);
});
