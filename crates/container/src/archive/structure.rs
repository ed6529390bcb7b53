//! Whether a file is built as the default command expects it, without decoding its content.

use super::open::{pieces, place, rows};
use super::pieces::Piece;
use super::section_at;
use crate::section::kind;
use minlen_core::{Env, Error, Result};
use std::io::{Read, Seek, SeekFrom};

/// Walks over the streams of a file as [`crate::Archive::open`] does: headers, ends, tables of blocks, the place of the tree. No
/// payload is decoded.
///
/// # Errors
/// Corrupt or truncated, as opening the file would say; unsupported; I/O.
pub fn check_structure<R: Read + Seek>(r: &mut R, env: &Env) -> Result<()> {
    let file_len = r.seek(SeekFrom::End(0))?;
    let (pieces, _held, _) = pieces(r, file_len, env)?;
    let archive = pieces.first().is_some_and(Piece::is_archive);
    if pieces.iter().any(|piece| piece.is_archive() != archive) {
        return Err(Error::corrupt("bare content and an archive in one file"));
    }
    for piece in &pieces {
        let Piece::Full(found) = piece else { continue };
        env.check()?;
        let (rows, _held) = rows(r, found, env)?;
        place(&rows, found, 0, &mut Vec::new())?;
        let Some(back) = found.end.tree_back else { continue };
        let at = found.end_at.saturating_sub(back);
        if section_at(r, at)?.0.kind != kind::TREE {
            return Err(Error::corrupt("a section of another type where the tree should be").at(at));
        }
    }
    Ok(())
}
