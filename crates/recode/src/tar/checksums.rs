//! Checksums of headers, taken away where the rest of the header tells them.

use minlen_structure::tar::{BLOCK, SUM, has_magic, usual_checksum};

/// Takes the checksum away from blocks with a magic number where [`restore`] can tell it. False, with the blocks in an
/// undefined state, if it could not tell which.
pub(super) fn strip(blocks: &mut [u8]) -> bool {
    blocks.as_chunks_mut::<BLOCK>().0.iter_mut().filter(|block| has_magic(&block[..])).all(|block| {
        if block[SUM] == usual_checksum(block) {
            block[SUM].fill(0);
            return true;
        }
        block[SUM] != [0; 8]
    })
}

/// Puts back what [`strip`] took.
pub(super) fn restore(blocks: &mut [u8]) {
    for block in blocks.as_chunks_mut::<BLOCK>().0.iter_mut().filter(|block| has_magic(&block[..])) {
        if block[SUM] == [0; 8] {
            let field = usual_checksum(block);
            block[SUM].copy_from_slice(&field);
        }
    }
}
