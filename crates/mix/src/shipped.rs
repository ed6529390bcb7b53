//! The priors inside the binary. Numbers are part of the format: new ones are added, none is ever given to another prior.

/// Prose, and pages in wiki markup.
pub const TEXT: u8 = 1;
/// Documentation: reStructuredText, Markdown, manual pages, HTML.
pub const DOC: u8 = 2;
/// C and C++.
pub const C: u8 = 3;
/// Rust.
pub const RUST: u8 = 4;
/// Python, JavaScript, shell.
pub const SCRIPT: u8 = 5;
/// JSON of several kinds.
pub const JSON: u8 = 6;
/// JSON arrays of small numbers.
pub const GRIDS: u8 = 7;
/// XML, SVG, XHTML.
pub const XML: u8 = 8;
/// Log lines.
pub const LOG: u8 = 9;
/// CSV, chemical tables.
pub const RECORDS: u8 = 10;
/// x86-64 ELF objects.
pub const EXE64: u8 = 11;
/// x86-32 PE objects.
pub const EXE32: u8 = 12;
/// SQLite files, binary tables.
pub const DB: u8 = 13;
/// What stands beside sources: licences, manifests, settings. Seen before the prior of a language.
pub const PROJECT: u8 = 14;

/// Number and file of each; none in a build without priors.
#[cfg(not(feature = "priors"))]
pub const FILES: &[(u8, &[u8])] = &[];

/// Number and file of each.
#[cfg(feature = "priors")]
pub const FILES: &[(u8, &[u8])] = &[
    (TEXT, include_bytes!("../priors/text.mlp")),
    (DOC, include_bytes!("../priors/doc.mlp")),
    (C, include_bytes!("../priors/c.mlp")),
    (RUST, include_bytes!("../priors/rust.mlp")),
    (SCRIPT, include_bytes!("../priors/script.mlp")),
    (JSON, include_bytes!("../priors/json.mlp")),
    (GRIDS, include_bytes!("../priors/grids.mlp")),
    (XML, include_bytes!("../priors/xml.mlp")),
    (LOG, include_bytes!("../priors/log.mlp")),
    (RECORDS, include_bytes!("../priors/records.mlp")),
    (EXE64, include_bytes!("../priors/exe64.mlp")),
    (EXE32, include_bytes!("../priors/exe32.mlp")),
    (DB, include_bytes!("../priors/db.mlp")),
    (PROJECT, include_bytes!("../priors/project.mlp")),
];
