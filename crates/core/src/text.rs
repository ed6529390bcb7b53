//! Text from strangers on its way to people.

use std::fmt::Write;

/// True for characters that command a terminal, that change the order or the look of those around them, or that break lines:
/// controls (C0, C1), marks of direction, separators of lines, invisible tags. A name with one of them may look like another.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Appends the character, escaped as `\u{202e}` if it [`is_deceptive`].
pub fn push_safe(out: &mut String, c: char) {
    if is_deceptive(c) { out.extend(c.escape_default()) } else { out.push(c) }
}

/// JSON text with the same characters as `\u` sequences. They can only stand within its strings.
#[must_use]
pub fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        // What is no string has line ends only, and those are left.
        if c == '\n' || !is_deceptive(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// How secret keys of age begin.
const SECRETS: [&str; 2] = ["AGE-SECRET-KEY-", "AGE-PLUGIN-"];

/// The text without the secret keys of age in it: of each, only the beginning stays. Keys end up in messages when they are given
/// where a name belongs.
#[must_use]
pub fn without_secrets(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let find = |from: usize| {
        SECRETS.iter().filter_map(|mark| Some((upper[from..].find(mark)? + from, mark.len()))).min()
    };
    let mut next = find(0)?;
    let (mut out, mut at) = (String::new(), 0);
    loop {
        let (start, len) = next;
        out.push_str(&text[at..start + len]);
        out.push_str("...");
        let rest = &text[start + len..];
        at = start + len + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        match find(at) {
            Some(found) => next = found,
            None => break,
        }
    }
    out.push_str(&text[at..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_look_of_names_is_escaped() {
        let safe = |text: &str| {
            let mut out = String::new();
            text.chars().for_each(|c| push_safe(&mut out, c));
            out
        };
        assert_eq!(safe("a\u{202e}gpj.exe"), "a\\u{202e}gpj.exe");
        for c in [
            '\u{85}',
            '\u{9b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
            '\x7f',
        ] {
            assert!(safe(&c.to_string()).is_ascii(), "{c:?}");
        }
        // Names in any script stay as they are, joiners included.
        let names = "é \u{5d0}\u{5d1} \u{645}\u{6cc}\u{200c}\u{62e} \u{1f469}\u{200d}\u{1f680} 漢";
        assert_eq!(safe(names), names);
    }

    #[test]
    fn json_stays_what_it_was_but_for_its_looks() {
        assert_eq!(
            safe_json("{\n \"a\": \"\u{9b}x\u{2067}\u{e0041}é\"\n}"),
            "{\n \"a\": \"\\u009bx\\u2067\\udb40\\udc41é\"\n}"
        );
    }

    #[test]
    fn secret_keys_are_cut_out_of_any_text() {
        assert_eq!(without_secrets("nothing here"), None);
        let text = "a.txt: age-secret-key-1QQQQ: no; AGE-PLUGIN-YUBI-1ABC, AGE-SECRET-KEY-1é";
        let cut = without_secrets(text).unwrap();
        assert_eq!(cut, "a.txt: age-secret-key-...: no; AGE-PLUGIN-..., AGE-SECRET-KEY-...é");
    }
}
