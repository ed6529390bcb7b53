//! The report as JSON.

use super::{Report, Segment};
use minlen_core::{Detection, Stats};
use serde_json::{Value, json};

pub(super) fn report(report: &Report) -> String {
    let members = report.members.iter().map(|m| json!({"name": m.name, "size": m.size, "what": m.what}));
    let orders = report.orders.iter().map(|o| {
        json!({
            "order": o.order, "bits_per_byte": round(o.bits), "bias_bits": round(o.bias),
            "contexts": o.contexts, "reliable": o.reliable(), "counted_bytes": o.counted,
        })
    });
    let repeats = report.repeats.map(|r| {
        json!({
            "longest": r.longest, "first": r.first, "second": r.second,
            "covered_share": round(r.covered), "sample_bytes": r.sample,
        })
    });
    let codecs = report.codecs.iter().map(|c| {
        json!({
            "codec": c.chain, "bytes": c.size, "bits_per_byte": round(c.bits),
            "ratio": round(report.codec_sample as f64 / c.size.max(1) as f64),
            "encode_seconds": c.encode.as_secs_f64(), "decode_seconds": c.decode.as_secs_f64(),
        })
    });
    let levels = report.levels.iter().map(|l| {
        json!({
            "level": l.level, "sample_bytes": l.sample_size, "sample_seconds": l.sample_time.as_secs_f64(),
            "estimated_bytes": l.size, "estimated_seconds": l.time.as_secs_f64(),
            "saved_bytes_per_second": l.saved_per_second,
        })
    });
    let worth = report.worth.iter().map(
        |w| json!({"bytes_per_second": w.speed, "level": w.level, "seconds_per_mib": w.seconds_per_mib}),
    );
    let value = json!({
        "size": report.size,
        "detected": detection(&report.detection),
        "stats": stats(&report.stats),
        "segment_count": report.segment_count,
        "segments": report.segments.iter().map(segment).collect::<Vec<_>>(),
        "member_count": report.member_count,
        "members": members.collect::<Vec<_>>(),
        "orders": orders.collect::<Vec<_>>(),
        "repeats": repeats,
        "codec_sample_bytes": report.codec_sample,
        "codecs": codecs.collect::<Vec<_>>(),
        "levels": levels.collect::<Vec<_>>(),
        "worth": worth.collect::<Vec<_>>(),
        "notes": report.notes,
    });
    format!("{value:#}")
}

/// Four decimals are more than the figures deserve.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn detection(seen: &Detection) -> Value {
    json!({"kind": seen.kind.label(), "detail": seen.detail, "confidence": seen.confidence})
}

fn stats(s: &Stats) -> Value {
    json!({
        "order0_bits_per_byte": f64::from(s.order0_millibits) / 1000.0,
        "text_permille": s.text_permille, "zero_permille": s.zero_permille, "stride": s.stride,
    })
}

fn segment(s: &Segment) -> Value {
    json!({
        "start": s.range.start, "end": s.range.end,
        "detected": detection(&s.detection), "stats": stats(&s.stats),
    })
}
