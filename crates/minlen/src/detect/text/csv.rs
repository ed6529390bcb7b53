//! Separated values: the separator is the one that gives every record the same number of fields.

use crate::detect::{found, text};
use minlen_core::{Detection, Kind};

const SEPARATORS: [(u8, &str); 4] = [(b'\t', "tab"), (b',', "comma"), (b';', "semicolon"), (b'|', "bar")];
/// Records looked at.
const RECORDS: usize = 200;

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let (head, complete) = text::head(data, total)?;
    SEPARATORS
        .iter()
        .filter_map(|&(separator, name)| {
            let (confidence, columns) = judge(&fields(head, separator, complete))?;
            // Text set off by tabs has empty first columns.
            let hanging = text::lines(head, complete).filter(|l| l[0] == separator).count();
            let lines = text::lines(head, complete).count();
            if columns < 4 && hanging * 10 > lines {
                return None;
            }
            Some((confidence, columns, name))
        })
        .max_by_key(|&(confidence, columns, _)| (confidence, columns))
        .and_then(|(confidence, columns, name)| {
            found(Kind::Csv, confidence, format!("{name}, {columns} columns"))
        })
}

/// Confidence and number of columns, if nearly all records agree.
fn judge(counts: &[usize]) -> Option<(u8, usize)> {
    let &columns = counts.get(counts.len() / 2)?;
    let same = counts.iter().filter(|&&n| n == columns).count();
    let needed = match columns {
        0 | 1 => return None,
        2 => 6,
        3 => 4,
        _ => 3,
    };
    // Comments, a title or a broken row may differ; prose with commas differs all the time.
    let agree = if counts.len() < 20 { same == counts.len() } else { same * 100 >= counts.len() * 95 };
    if counts.len() < needed || !agree {
        return None;
    }
    let confidence = match (columns, counts.len()) {
        (2, 0..=19) => 72,
        (2, _) => 82,
        (_, 0..=9) => 78,
        _ => 87,
    };
    Some((confidence, columns))
}

/// Fields per record, quotes respected (RFC 4180): separators and line ends within them do not count.
fn fields(head: &[u8], separator: u8, complete: bool) -> Vec<usize> {
    let (mut out, mut count, mut quoted, mut start, mut empty) = (Vec::new(), 1, false, true, true);
    for &byte in head {
        match byte {
            b'"' if quoted => quoted = false,
            b'"' if start => quoted = true,
            b'"' => {}
            b'\n' if !quoted => {
                if !empty {
                    out.push(count);
                }
                (count, start, empty) = (1, true, true);
                if out.len() >= RECORDS {
                    return out;
                }
                continue;
            }
            b if b == separator && !quoted => {
                count += 1;
                (start, empty) = (true, false);
                continue;
            }
            b'\r' => continue,
            _ => {}
        }
        // A doubled quote closes and opens again.
        start = byte == b'"' && !quoted;
        empty = false;
    }
    if complete && !empty {
        out.push(count);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_quotes() {
        let detail = |text: &str| find(text.as_bytes(), text.len() as u64).map(|d| d.detail);
        let quoted = "id,name,note\n1,\"a, b\",\"x\"\"y\"\n2,c,\"two\nlines\"\n3,d,e\n";
        assert_eq!(detail(quoted).as_deref(), Some("comma, 3 columns"));
        assert_eq!(detail(&"a\tb, c\td\n".repeat(5)).as_deref(), Some("tab, 3 columns"));
        assert_eq!(detail(&"1;2;3;4\n".repeat(5)).as_deref(), Some("semicolon, 4 columns"));
        assert_eq!(detail("One, two and three.\nFour.\nFive, six, seven.\nEight, nine.\n"), None);
        assert_eq!(detail("a,b,c\n"), None);
    }
}
