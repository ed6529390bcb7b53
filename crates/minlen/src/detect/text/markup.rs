//! XML and HTML.

use crate::detect::{found, text};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let (head, _) = text::head(data, total)?;
    let start = head.iter().position(|b| !b.is_ascii_whitespace())?;
    let body = &head[start..];
    if body.first() != Some(&b'<') {
        return None;
    }
    let opening = body[..body.len().min(1024)].to_ascii_lowercase();
    let has = |needle: &[u8]| opening.windows(needle.len()).any(|w| w == needle);
    let begins = |needle: &[u8]| opening.starts_with(needle);
    if begins(b"<!doctype html") || begins(b"<html") || has(b"<html") && (has(b"<head") || begins(b"<!")) {
        return found(Kind::Html, 89, if has(b"xhtml") { "XHTML" } else { "HTML" });
    }
    if begins(b"<?php") {
        return None;
    }
    if begins(b"<?xml") {
        return found(Kind::Xml, 89, root(body).unwrap_or_default());
    }
    let (tags, closed, markup) = tags(body);
    if tags < 2 || closed * 3 < tags || markup < 4 {
        return None;
    }
    let html =
        [b"<head".as_slice(), b"<body", b"<title", b"<table", b"<div", b"<p>", b"<h1", b"<a href", b"<ul>"];
    if html.iter().filter(|tag| has(tag)).count() >= 2 {
        return found(Kind::Html, 82, "HTML without a root");
    }
    found(
        Kind::Xml,
        if begins(b"<!doctype") || begins(b"<!--") { 82 } else { 80 },
        root(body).unwrap_or_default(),
    )
}

/// The name of the first element.
fn root(body: &[u8]) -> Option<String> {
    let at = body
        .windows(2)
        .take(4096)
        .position(|w| w[0] == b'<' && (w[1].is_ascii_alphabetic() || w[1] == b'_'))?;
    let name: Vec<u8> = body[at + 1..]
        .iter()
        .copied()
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(b))
        .take(32)
        .collect();
    String::from_utf8(name).ok()
}

/// Opening tags, closing (or self-closing) tags, and the share of markup per hundred bytes.
fn tags(body: &[u8]) -> (usize, usize, usize) {
    let body = &body[..body.len().min(8 << 10)];
    let (mut open, mut closed, mut inside) = (0, 0, 0usize);
    let mut at = 0;
    while let Some(next) = body[at..].iter().position(|&b| b == b'<') {
        let start = at + next;
        let Some(length) = body[start..].iter().take(1024).position(|&b| b == b'>') else { break };
        let tag = &body[start + 1..start + length];
        match tag.first() {
            Some(b'/') => closed += 1,
            Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
                open += 1;
                closed += usize::from(tag.last() == Some(&b'/'));
            }
            _ => {}
        }
        inside += length;
        at = start + length;
    }
    (open, closed, inside * 100 / body.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_fragments() {
        let kind = |text: &str| find(text.as_bytes(), text.len() as u64).map(|d| (d.kind, d.detail));
        assert_eq!(kind("<?xml version='1.0'?>\n<svg:a/>"), Some((Kind::Xml, "svg:a".into())));
        assert_eq!(kind("<!DOCTYPE html><p>x"), Some((Kind::Html, "HTML".into())));
        assert_eq!(kind("<a><b>1</b><b>2</b></a>"), Some((Kind::Xml, "a".into())));
        assert_eq!(kind("<html>\n<head>"), Some((Kind::Html, "HTML".into())));
        assert_eq!(kind("< less than > greater"), None);
        assert_eq!(kind("<stdio.h> is a header <and> this is prose about it."), None);
    }
}
