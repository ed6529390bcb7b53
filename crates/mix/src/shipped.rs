//! The priors inside the binary. Numbers are part of the format: new ones are added, none is ever given anew.

/// Prose, and pages in wiki markup.
pub const TEXT: u8 = 1;
/// Documentation: reStructuredText, Markdown, manual pages, HTML.
pub const DOC: u8 = 2;
/// Scripts, C and Rust.
pub const SOURCE: u8 = 3;
/// JSON of several kinds.
pub const JSON: u8 = 4;
/// XML, SVG, XHTML.
pub const XML: u8 = 5;
/// Log lines.
pub const LOG: u8 = 6;
/// x86-64 ELF objects.
pub const EXE64: u8 = 7;
/// x86-32 PE objects.
pub const EXE32: u8 = 8;
/// CSV, chemical tables.
pub const RECORDS: u8 = 9;
/// SQLite files, binary tables.
pub const DB: u8 = 10;

/// Number and file of each.
pub const FILES: &[(u8, &[u8])] = &[
    (TEXT, include_bytes!("../priors/text.mlp")),
    (DOC, include_bytes!("../priors/doc.mlp")),
    (SOURCE, include_bytes!("../priors/source.mlp")),
    (JSON, include_bytes!("../priors/json.mlp")),
    (XML, include_bytes!("../priors/xml.mlp")),
    (LOG, include_bytes!("../priors/log.mlp")),
    (EXE64, include_bytes!("../priors/exe64.mlp")),
    (EXE32, include_bytes!("../priors/exe32.mlp")),
    (RECORDS, include_bytes!("../priors/records.mlp")),
    (DB, include_bytes!("../priors/db.mlp")),
];
