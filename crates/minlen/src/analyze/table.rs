//! The report as tables, at most [`WIDTH`] columns wide.

use super::members::label;
use super::{LevelEstimate, Report};
use std::fmt::Write;

/// The widest line.
const WIDTH: usize = 100;
/// Rows of segments and members; the JSON has more.
const ROWS: usize = 20;

pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    line(&mut out, &format!("{}, {} bytes", label(&report.detection), group(report.size)));
    let s = &report.stats;
    let width = if s.stride > 1 { format!(", records of {}", s.stride) } else { String::new() };
    let (text, zero) = (s.text_permille / 10, s.zero_permille / 10);
    line(&mut out, &format!("{text} % printable, {zero} % zero bytes{width}"));
    segments(&mut out, report);
    members(&mut out, report);
    orders(&mut out, report);
    repeats(&mut out, report);
    codecs(&mut out, report);
    levels(&mut out, report);
    if !report.notes.is_empty() {
        out.push('\n');
    }
    for note in &report.notes {
        wrap(&mut out, note);
    }
    out
}

/// One line, cut to the width, without blanks at its end.
fn line(out: &mut String, text: &str) {
    out.push_str(cut(text, WIDTH).trim_end());
    out.push('\n');
}

/// At most `most` characters, control characters left out.
fn cut(text: &str, most: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    if clean.len() <= most {
        return clean.into_iter().collect();
    }
    clean[..most.saturating_sub(1)].iter().chain(&['…']).collect()
}

fn wrap(out: &mut String, text: &str) {
    let mut row = String::from("*");
    for word in text.split_whitespace() {
        if row.chars().count() + 1 + word.chars().count() > WIDTH {
            line(out, &row);
            row = String::from(" ");
        }
        row.push(' ');
        row.push_str(word);
    }
    line(out, &row);
}

/// Digits in groups of three.
fn group(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn segments(out: &mut String, report: &Report) {
    if report.segment_count < 2 {
        return;
    }
    line(out, &format!("Parts ({})", report.segment_count));
    for s in report.segments.iter().take(ROWS) {
        let (start, bytes) = (group(s.range.start as u64), group(s.range.len() as u64));
        let bits = f64::from(s.stats.order0_millibits) / 1000.0;
        line(out, &format!("  {start:>15} {bytes:>15} bytes {bits:>6.2} bits/byte  {}", label(&s.detection)));
    }
    more(out, report.segment_count);
}

fn members(out: &mut String, report: &Report) {
    if report.member_count == 0 {
        return;
    }
    line(out, &format!("Members ({})", report.member_count));
    for m in report.members.iter().take(ROWS) {
        let (name, what) = (cut(&m.name, 48), cut(&m.what, 30));
        line(out, &format!("  {:>15} {name:<48} {what}", group(m.size)));
    }
    more(out, report.member_count);
}

fn more(out: &mut String, count: usize) {
    if count > ROWS {
        line(out, &format!("  … and {} more", count - ROWS));
    }
}

fn orders(out: &mut String, report: &Report) {
    line(out, "Empirical entropy given the bytes before (a limit for that class of models, not of the data)");
    line(out, "  order  bits/byte   bias at least       contexts   bytes counted");
    for o in &report.orders {
        let (contexts, counted) = (group(o.contexts), group(o.counted));
        let doubt = if o.reliable() { "" } else { "  too few per context" };
        let row =
            format!("  {:>5} {:>10.3} {:>15.3} {contexts:>14} {counted:>15}{doubt}", o.order, o.bits, o.bias);
        line(out, &row);
    }
}

fn repeats(out: &mut String, report: &Report) {
    let Some(r) = &report.repeats else { return };
    line(
        out,
        &format!(
            "Longest repeat: {} bytes, at {} and {}; {:.1} % lies in repeats of 32 bytes or more",
            group(r.longest),
            group(r.first),
            group(r.second),
            r.covered * 100.0
        ),
    );
}

fn codecs(out: &mut String, report: &Report) {
    if report.codecs.is_empty() {
        return;
    }
    line(out, &format!("Codecs on a sample of {} bytes", group(report.codec_sample)));
    line(out, "           bytes  bits/byte    ratio   encode MB/s   decode MB/s  codec");
    let speed = |time: std::time::Duration| report.codec_sample as f64 / 1e6 / time.as_secs_f64().max(1e-9);
    for c in &report.codecs {
        let ratio = report.codec_sample as f64 / c.size.max(1) as f64;
        let (encode, decode) = (speed(c.encode), speed(c.decode));
        let size = group(c.size);
        line(
            out,
            &format!("  {size:>14} {:>10.3} {ratio:>8.2} {encode:>13.1} {decode:>13.1}  {}", c.bits, c.chain),
        );
    }
}

fn levels(out: &mut String, report: &Report) {
    if report.levels.is_empty() {
        return;
    }
    line(out, "Levels (one thread, scaled up from the sample)");
    line(out, "  level  estimated bytes    ratio     seconds   saved per second more");
    for l in &report.levels {
        line(out, &level(l, report.size));
    }
    let mut row = String::from("Soonest there, coding and sending in turn:");
    for w in &report.worth {
        let _ = write!(row, " level {} at {} MB/s;", w.level, w.speed as f64 / 1e6);
    }
    wrap(out, row.trim_end_matches(';'));
}

fn level(l: &LevelEstimate, total: u64) -> String {
    let ratio = total as f64 / l.size.max(1) as f64;
    let saved = l.saved_per_second.map_or_else(|| "-".into(), |s| format!("{} bytes", group(s as u64)));
    format!("  {:>5} {:>16} {ratio:>8.2} {:>11.2}   {saved}", l.level, group(l.size), l.time.as_secs_f64())
}
