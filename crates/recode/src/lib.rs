//! Re-expression of what is compressed already, so that a better codec can have it.
//!
//! Deflate (in gzip, ZIP, DOCX, PNG, PDF, git, ...), JPEG, base64 and hexadecimal digits hide from every codec what they hold.
//! [`express`] finds such parts in any data, undoes them, and puts what comes out into streams of alike bytes, with a recipe
//! that tells how the original is put together; [`rebuild`] does that. Parts within parts are undone, too, and the members of a
//! tar archive go to the streams of their kinds.
//!
//! Everything is checked when it is made: what would not come back bit for bit is left as it is.
//!
//! ```
//! use minlen_core::{Detection, Env, Kind};
//! let classify = |_: &[u8]| Detection { kind: Kind::Text, confidence: 50, detail: String::new() };
//! let judge = minlen_recode::Judge { classify: &classify, price: &<[u8]>::len, trial: &|bytes, _| bytes.len() };
//! let data = b"nothing compressed in here";
//! let env = Env::default();
//! let expression = minlen_recode::express(data, judge, minlen_recode::Effort::High, &env)?;
//! let streams: Vec<&[u8]> = expression.streams.iter().map(|s| &s.data[..]).collect();
//! let mut back = Vec::new();
//! minlen_recode::rebuild(&expression.recipe, &streams, data.len(), &env, &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! | You want | Use |
//! |---|---|
//! | to know whether it is worth the time | [`find`]: bytes that could be expressed differently; [`may_turn`]: whether a kind may be turned |
//! | the streams and the recipe | [`express`] |
//! | the original again | [`rebuild`] |
//! | to know what was found, for people | [`Expression::report`], which is shown with `{}` |
//! | call targets in programs made absolute, nothing else | [`filter`] |
//! | a PNG file of pixels, the same bytes in every version | [`png`] |
//!
//! What is undone: deflate (RFC 1951, with the wrappers of RFC 1950 and 1952, ZIP, PNG and PDF), JPEG (ITU-T T.81), base64 (RFC 4648) and
//! hexadecimal digits, tar archives by their members, lines by columns, branches of 64-bit ARM. A deflate stream is packed again with a model
//! of the encoder that made it, and what differs is kept as corrections; where that would not pay, the part stays as it is. At most
//! [`MAX_EXPANDED`] bytes of plain text come out of one piece of data.
//!
//! Only what the recipe and the streams say is used to rebuild, within the budget of the [`Env`]. Whether the bytes are the right ones, the
//! caller's checksum says.
//!
//! ```
//! use minlen_core::{Detection, Env, Kind};
//! use std::io::Write;
//! // A gzip file of 200 lines.
//! let text = (0..200).fold(String::new(), |text, i| text + &format!("line {i} of a text, and {} more\n", i * i));
//! let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
//! gzip.write_all(text.as_bytes())?;
//! let file = gzip.finish()?;
//!
//! let classify = |_: &[u8]| Detection { kind: Kind::Text, confidence: 50, detail: String::new() };
//! let judge = minlen_recode::Judge { classify: &classify, price: &<[u8]>::len, trial: &|bytes, _| bytes.len() };
//! let env = Env::default();
//! let expression = minlen_recode::express(&file, judge, minlen_recode::Effort::Low, &env)?;
//! // The text lies open now, for a codec that is better than deflate.
//! assert!(expression.report.found());
//! let plain: usize = expression.streams.iter().map(|stream| stream.data.len()).sum();
//! assert!(plain >= text.len() && minlen_recode::find(&file, 1) > 0);
//!
//! let streams: Vec<&[u8]> = expression.streams.iter().map(|stream| &stream.data[..]).collect();
//! let mut back = Vec::new();
//! minlen_recode::rebuild(&expression.recipe, &streams, file.len(), &env, &mut back)?;
//! assert_eq!(back, file);
//! // A recipe that was cut off is refused.
//! let half = &expression.recipe[..expression.recipe.len() / 2];
//! assert!(minlen_recode::rebuild(half, &streams, file.len(), &env, &mut Vec::new()).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod build;
mod checksum;
mod code;
mod deflate;
pub mod diff;
mod expression;
pub mod filter;
mod jpeg;
pub mod png;
mod rebuild;
mod recipe;
mod report;
mod scan;
mod table;
mod tar;
#[cfg(test)]
mod tests;
mod text;

pub use build::Judge;
pub use expression::{Effort, Expression, Stream};
pub use report::Report;

use minlen_core::{Env, Kind, Result};
use scan::{Scanner, What};

/// Bytes of plain text that one piece of data is expanded to at most, over all layers.
pub const MAX_EXPANDED: usize = 256 << 20;

/// Expresses `data`. `judge` says what is alike.
///
/// # Errors
/// Cancelled; limit where the memory does not do; verify if the whole would not come back (a bug).
pub fn express(data: &[u8], judge: Judge<'_>, effort: Effort, env: &Env) -> Result<Expression> {
    let left = data.len().saturating_mul(64).saturating_add(32 << 20).min(MAX_EXPANDED);
    let expression = build::Builder::new(judge, left, effort, env).finish(data)?;
    let streams: Vec<&[u8]> = expression.streams.iter().map(|s| &s.data[..]).collect();
    let mut back = Vec::with_capacity(data.len());
    rebuild(&expression.recipe, &streams, data.len(), env, &mut back)?;
    if back != data {
        return Err(minlen_core::Error::new(
            minlen_core::ErrorKind::Verify,
            "recode: not the same bytes again",
        ));
    }
    Ok(expression)
}

/// Appends the `len` bytes that `recipe` makes of `streams` to `out`.
///
/// Memory for what lies between the streams and the output is reserved from the budget; the streams and the output are the
/// caller's.
///
/// # Errors
/// Corrupt or truncated for what no encoder wrote; limit; unsupported; cancelled.
pub fn rebuild(recipe: &[u8], streams: &[&[u8]], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _held = env.budget.reserve(deflate::Deflate::MEMORY + recipe.len() as u64 * 32)?;
    rebuild::Rebuilder::new(streams, env).run(recipe, len, out)
}

/// True if data of this kind and detail may be smaller in another form: lines by columns, programs with absolute targets.
///
/// ```
/// use minlen_core::Kind;
/// assert!(minlen_recode::may_turn(Kind::Csv, ""));
/// assert!(!minlen_recode::may_turn(Kind::Random, ""));
/// ```
#[must_use]
pub fn may_turn(kind: Kind, detail: &str) -> bool {
    table::suits(kind) || code::is_arm64(kind, detail)
}

/// How many bytes of `data` could be expressed differently: at least `enough`, or all there are. Cheap beside [`express`], but
/// unpacks what it finds.
///
/// ```
/// assert_eq!(minlen_recode::find(b"nothing compressed in here", 1), 0);
/// ```
#[must_use]
pub fn find(data: &[u8], enough: usize) -> usize {
    if tar::members(data).places.len() > 1 {
        return data.len();
    }
    let mut scanner = Scanner::new(data, MAX_EXPANDED);
    let mut bytes = 0;
    while bytes < enough {
        let Some(find) = scanner.next() else { break };
        let sure = !matches!(find.what, What::Text(_) | What::Stored) || find.end - find.start > 2000;
        bytes += if sure { find.end - find.start } else { 0 };
    }
    bytes
}
