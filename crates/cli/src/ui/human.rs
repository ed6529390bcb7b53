//! Numbers, times and names for people.

use minlen::text::{is_deceptive, without_secrets};
use std::borrow::Cow;

/// `1.5 MiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let unit = ((63 - n.leading_zeros()) / 10).min(6) as usize;
    format!("{:.1} {}", n as f64 / (1u64 << (10 * unit)) as f64, UNITS[unit - 1])
}

/// `0.4 s`, `12 s`, `5 min 3 s`, `2 h 10 min`.
pub fn seconds(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        0..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// What is left of the input, as a share: `35.2 %`.
pub fn share(raw: u64, stored: u64) -> String {
    match raw {
        0 => "-".into(),
        _ => format!("{:.1} %", stored as f64 * 100.0 / raw as f64),
    }
}

/// How many times smaller: `2.84x`; whichever way round, since decoding grows.
pub fn ratio(input: u64, output: u64) -> String {
    let (large, small) = (input.max(output), input.min(output));
    match small {
        0 => String::new(),
        _ => format!("{:.2}x", large as f64 / small as f64),
    }
}

/// Text in which nothing commands a terminal or passes for something else, on one line: names come from strangers. Nor are there
/// secret keys in it.
pub fn safe(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n')
}

/// The same for text of several lines.
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

fn escaped(text: &str, also: impl Fn(char) -> bool) -> Cow<'_, str> {
    let text = without_secrets(text).map_or(Cow::Borrowed(text), Cow::Owned);
    let hidden = |c: char| if c == '\n' { also(c) } else { is_deceptive(c) };
    if !text.chars().any(hidden) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A name of any bytes for a terminal: control characters and bytes that are not UTF-8 are escaped.
pub fn name(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&safe(chunk.valid()));
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// At most `width` characters, the end of longer names.
pub fn ellipsis(text: &str, width: usize) -> String {
    let text = safe(text);
    let count = text.chars().count();
    if count <= width {
        return text.into_owned();
    }
    let tail: String = text.chars().skip(count + 1 - width).collect();
    format!("…{tail}")
}

/// `drwxr-xr-x` of a mode whose file type letter is given.
pub fn mode(kind: char, mode: u32) -> String {
    let mut text = String::from(kind);
    for shift in [6, 3, 0] {
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            text.push(if (mode >> shift) & bit != 0 { letter } else { '-' });
        }
    }
    text
}

/// `2026-05-09 07:29:33` in UTC, from seconds since 1970.
pub fn time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The Gregorian date of a day counted from 1970-01-01, by 400-year eras that start on the first of March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(share(0, 5), "-");
        assert_eq!(share(200, 50), "25.0 %");
        assert_eq!(ratio(100, 25), ratio(25, 100));
    }

    #[test]
    fn dates_are_right_around_leap_days_and_before_1970() {
        assert_eq!(time(0), "1970-01-01 00:00:00");
        assert_eq!(time(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(time(1_709_251_199), "2024-02-29 23:59:59");
        assert_eq!(time(-1), "1969-12-31 23:59:59");
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        assert_eq!(name(b"a\x1b[2Jb\xff\n"), "a\\u{1b}[2Jb\\xff\\n");
        assert_eq!(name("é.txt".as_bytes()), "é.txt");
        assert_eq!(name("a\u{202e}\u{9b}b".as_bytes()), "a\\u{202e}\\u{9b}b");
        assert_eq!(safe_lines("a\n\u{2066}b\n"), "a\n\\u{2066}b\n");
        assert_eq!(ellipsis("abcdefgh", 4), "…fgh");
        assert_eq!(mode('d', 0o750), "drwxr-x---");
    }
}
