//! Small pictures out of large ones, without decoding more than they take.

use super::codec::PIXEL_MEMORY;
use super::head::Head;
use minlen_container::{Item, StreamReader};
use minlen_core::{Env, Error, Result, ids};
use minlen_image::Picture;
use std::io::Read;

/// The picture of a stream at 1 of 2^`shift` of its size, up to 1/64, without opacity and chunks. Where networks were fitted to it, only
/// their coarse grids are decoded; what was coded block by block is decoded and made smaller.
///
/// ```
/// use minlen::{Env, Options, Target, compress, picture};
/// let ppm: Vec<u8> = b"P6 64 48 255\n".iter().copied().chain((0..64 * 48 * 3u32).map(|i| (i / 99) as u8)).collect();
/// let small = compress(&ppm, &Options::new(2)?.with_target(Target::Quality(60))?)?;
/// let preview = picture::preview(&small[..], 3, &Env::default())?;
/// assert_eq!((preview.colours.width(), preview.colours.height()), (8, 6));
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Unsupported for a stream of anything else; corrupt, truncated, limit as for decoding.
pub fn preview(stream: impl Read, shift: u8, env: &Env) -> Result<Picture> {
    let mut reader = StreamReader::new(stream, env);
    let other = || {
        Error::unsupported("no picture that is near one which was given: there is no preview of it")
            .remedy("decompress it")
    };
    while let Some(item) = reader.next()? {
        let Item::Block(block) = item else { continue };
        if block.header.ids != [ids::PICTURE] {
            return Err(other());
        }
        let (head, rest) = Head::read(&block.payload)?;
        let pixels = (head.shape.width * head.shape.height) as u64;
        let _held = env.budget.reserve(pixels * PIXEL_MEMORY)?;
        let cut = || Error::truncated("picture: the coded colours end too early");
        let coded = if head.beside { rest.get(..head.colours).ok_or_else(cut)? } else { rest };
        let colours = minlen_image::preview(head.method, coded, &head.shape, shift, env)?;
        return Ok(Picture { colours, alpha: None, chunks: Vec::new() });
    }
    Err(other())
}
