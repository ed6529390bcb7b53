//! Just enough CSV (RFC 4180): fields with commas, quotes or line ends are quoted.

use minlen_core::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes `text` to a file in one step: it is the old or the new one at any moment.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |e| Error::io("cannot write", e).in_file(path);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::File::create_new(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&new, path)).map_err(failed);
    if placed.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    placed
}

/// One line, with its end.
pub(crate) fn line<S: AsRef<str>>(fields: &[S]) -> String {
    let mut out = String::new();
    for (i, field) in fields.iter().enumerate() {
        let field = field.as_ref();
        if i > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push('\n');
    out
}

/// All records of a text. Empty lines are left out.
pub(crate) fn parse(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut record, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => finish(&mut records, &mut record),
            _ => push(&mut record, c),
        }
    }
    finish(&mut records, &mut record);
    records
}

fn push(record: &mut [String], c: char) {
    if let Some(field) = record.last_mut() {
        field.push(c);
    }
}

fn finish(records: &mut Vec<Vec<String>>, record: &mut Vec<String>) {
    let record = std::mem::replace(record, vec![String::new()]);
    if record.len() > 1 || record.iter().any(|field| !field.is_empty()) {
        records.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        assert!(replace(&taken, "a\n").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn quoted_fields_come_back() {
        let fields = ["plain", "a,b", "say \"hi\"", "two\nlines", ""];
        let text = line(&fields) + "\n" + &line(&["x"]);
        assert_eq!(parse(&text), [fields.map(String::from).to_vec(), vec!["x".to_owned()]]);
    }
}
