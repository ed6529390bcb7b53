//! Logs: lines that begin with a time, or have one at about the same place.

use crate::detect::{found, text};
use minlen_core::{Detection, Kind};

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const LEVELS: [&[u8]; 9] =
    [b"INFO", b"WARN", b"ERROR", b"DEBUG", b"TRACE", b"FATAL", b"notice", b"error", b"info"];

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let (head, complete) = text::head(data, total)?;
    let (mut lines, mut starts, mut later, mut levels) = (0u32, 0u32, 0u32, 0u32);
    let mut detail = "";
    for line in text::lines(head, complete).take(200) {
        lines += 1;
        if let Some(shape) = stamp(line.strip_prefix(b"[").unwrap_or(line)) {
            starts += 1;
            detail = shape;
        } else if let Some(shape) = clock_within(line) {
            later += 1;
            if detail.is_empty() {
                detail = shape;
            }
        }
        levels += u32::from(has_level(line));
    }
    if lines == 0 {
        return None;
    }
    let (first, any) = (starts * 100 / lines, (starts + later) * 100 / lines);
    let confidence = match () {
        () if lines >= 5 && first >= 80 => 86,
        () if lines >= 5 && first >= 50 => 80,
        () if lines >= 5 && any >= 80 && (levels * 2 > lines || detail == "access log") => 83,
        () if lines < 5 && any >= 80 && levels > 0 => 76,
        () if lines < 5 && first >= 80 => 72,
        () => return None,
    };
    found(Kind::Log, confidence, detail)
}

/// The shape of the time at the start of `line`: 0 stands for a digit, A for a month or day.
fn stamp(line: &[u8]) -> Option<&'static str> {
    const SHAPES: [(&str, &str); 12] = [
        ("0000-00-00T00:00", "ISO times"),
        ("0000-00-00 00:00", "ISO times"),
        ("0000/00/00 00:00", "Y/M/D times"),
        ("00/00/00 00:00:00", "D/M/Y times"),
        ("00/00/0000 00:00", "D/M/Y times"),
        ("00-00 00:00:00", "M-D times"),
        ("000000 000000 ", "YYMMDD times"),
        ("AAA AAA 00 00:00:00", "day and month names"),
        ("AAA 00 00:00:00", "syslog times"),
        ("AAA  0 00:00:00", "syslog times"),
        ("00/AAA/0000:00:00", "access log"),
        ("00:00:00", "clock times"),
    ];
    SHAPES
        .iter()
        .find(|(shape, _)| matches_shape(line, shape.as_bytes()))
        .map(|&(_, name)| name)
        .or_else(|| epoch(line).then_some("seconds since 1970"))
}

fn matches_shape(line: &[u8], shape: &[u8]) -> bool {
    let fits = line.len() >= shape.len()
        && line.iter().zip(shape).all(|(&b, &s)| match s {
            b'0' => b.is_ascii_digit(),
            b'A' => b.is_ascii_alphabetic(),
            exact => b == exact,
        });
    // Letters must be a month somewhere, so that no prose passes.
    fits && (!shape.contains(&b'A') || line[..shape.len()].windows(3).any(|w| MONTHS.contains(&w)))
}

/// Ten digits, 2001 to 2033, then not another digit.
fn epoch(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    matches!(digits, 10 | 13)
        && line[0] == b'1'
        && matches!(line.get(digits), Some(b' ' | b'.' | b']' | b'\t'))
}

/// A time of day within the first 80 bytes, and not within a comma-separated record.
fn clock_within(line: &[u8]) -> Option<&'static str> {
    let head = &line[..line.len().min(80)];
    for (at, window) in head.windows(14).enumerate() {
        if matches_shape(window, b"[00/AAA/0000:0") {
            return Some("access log");
        }
        if matches_shape(window, b"00:00:00") && at > 0 && !head[..at].iter().any(|b| b",;\t\"".contains(b)) {
            return Some("times within lines");
        }
    }
    None
}

fn has_level(line: &[u8]) -> bool {
    let head = &line[..line.len().min(120)];
    LEVELS.iter().any(|level| {
        head.windows(level.len() + 1).any(|w| w.starts_with(level) && !w[level.len()].is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_shapes() {
        let detail = |line: &str| {
            let text = line.repeat(6);
            find(text.as_bytes(), text.len() as u64).map(|d| d.detail)
        };
        for (line, expected) in [
            ("2026-01-31T12:00:00Z started\n", "ISO times"),
            ("[Sun Dec 04 04:47:44 2005] [notice] ok\n", "day and month names"),
            ("Dec 10 06:55:46 host sshd[1]: hello\n", "syslog times"),
            ("081109 203615 148 INFO dfs: x\n", "YYMMDD times"),
            ("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n", "access log"),
            ("nova.log 2017-05-16 00:00:00.008 25746 INFO nova: x\n", "times within lines"),
        ] {
            assert_eq!(detail(line).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(detail("At 10:30 the train left.\n"), None);
        assert_eq!(detail("1,2020-01-01 10:00:00,5\n"), None);
    }
}
