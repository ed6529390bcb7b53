//! Pages that stand alone: no scripts, nothing from the network; charts are SVG within the page, pictures are PNG within it.

use crate::render::chart::Chart;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.45 sans-serif;max-width:1340px;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.8em;border-bottom:1px solid #ccc}\
table{border-collapse:collapse;margin:.8em 0;font-size:13px}td,th{padding:.2em .7em;border-bottom:1px solid #ddd;text-align:right;\
white-space:nowrap}td:first-child,th:first-child{text-align:left}img{image-rendering:pixelated;max-width:100%}\
figure{display:inline-block;margin:.4em 1em .4em 0;vertical-align:top}figcaption{font-size:12px;color:#555;max-width:640px}\
svg{max-width:100%;height:auto}.wide{overflow-x:auto}\
.both{position:relative}.both img{display:block;max-width:none}.both div{position:absolute;top:0;left:0;height:100%;overflow:hidden;\
resize:horizontal;border-right:2px solid #d55e00}";

/// A page while it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    title: String,
    body: String,
}

/// What stands in a place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text, as it is.
    Text(String),
    /// A PNG picture.
    Png(Vec<u8>),
    /// Markup that this crate wrote, as [`crate::render::chart::spark`] does.
    Svg(String),
}

impl Cell {
    fn markup(&self) -> String {
        match self {
            Self::Text(text) => escape(text),
            Self::Png(png) => format!("<img alt=\"\" src=\"data:image/png;base64,{}\">", base64(png)),
            Self::Svg(svg) => svg.clone(),
        }
    }
}

/// Text in which nothing is markup.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Bytes in 64 letters (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let all = group.iter().chain([&0, &0]).take(3).fold(0u32, |all, &byte| all << 8 | u32::from(byte));
        for i in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), body: format!("<h1>{}</h1>\n", escape(title)) }
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(text));
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text));
    }

    /// A table of text; the first column is to the left.
    pub fn table(&mut self, heading: &[&str], rows: &[Vec<String>]) {
        let rows: Vec<Vec<Cell>> =
            rows.iter().map(|row| row.iter().cloned().map(Cell::Text).collect()).collect();
        self.cells(heading, &rows);
    }

    /// A table of text, pictures and drawings.
    pub fn cells(&mut self, heading: &[&str], rows: &[Vec<Cell>]) {
        let head: String = heading.iter().map(|cell| format!("<th>{}</th>", escape(cell))).collect();
        let _ = writeln!(self.body, "<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>");
        for row in rows {
            let line: String = row.iter().map(|cell| format!("<td>{}</td>", cell.markup())).collect();
            let _ = writeln!(self.body, "<tr>{line}</tr>");
        }
        self.body.push_str("</tbody></table></div>\n");
    }

    /// A chart.
    pub fn chart(&mut self, chart: &Chart) {
        let _ = writeln!(self.body, "<figure>{}</figure>", chart.svg());
    }

    /// A PNG picture with a line below.
    pub fn picture(&mut self, png: &[u8], below: &str) {
        let (data, below) = (base64(png), escape(below));
        let _ = writeln!(
            self.body,
            "<figure><img alt=\"{below}\" src=\"data:image/png;base64,{data}\"><figcaption>{below}</figcaption></figure>"
        );
    }

    /// Two PNG pictures of the same size, the first over the second as far as the reader pulls it, with a line below.
    pub fn compare(&mut self, before: &[u8], after: &[u8], width: u32, below: &str) {
        let (before, after, below) = (base64(before), base64(after), escape(below));
        let _ = writeln!(
            self.body,
            "<figure><div class=\"both\" style=\"width:{width}px\"><img alt=\"after\" src=\"data:image/png;base64,{after}\">\
             <div style=\"width:{}px;max-width:{width}px\"><img alt=\"before\" src=\"data:image/png;base64,{before}\"></div></div>\
             <figcaption>{below}</figcaption></figure>",
            width / 2
        );
    }

    /// The whole page.
    #[must_use]
    pub fn finish(&self) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{}</title><style>{STYLE}</style></head>\n<body>\n{}</body>\n</html>\n",
            escape(&self.title),
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_64_letters_are_those_of_the_standard() {
        let known = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in known {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_given_is_markup_and_nothing_comes_from_elsewhere() {
        let mut page = Page::new("<a>");
        page.heading("x & y");
        page.text("<script>alert(1)</script>");
        page.table(&["name", "<b>"], &[vec!["\"q\"".into(), "1".into()]]);
        page.picture(&[137, 80], "a \"picture\"");
        page.chart(&Chart::default());
        let text = page.finish();
        assert!(!text.contains("<script") && !text.contains("<b>") && text.contains("x &amp; y"), "{text}");
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("http"), "{text}");
    }
}
