//! age files without their armour.

use super::armor::start;
use super::{HEAD, INTRO};
use age::armor::ArmoredReader;
use std::io::{self, BufReader, Read};

/// The first bytes of the file inside, as far as the first line of the armour has them.
pub(super) fn inner_head(head: &[u8]) -> Vec<u8> {
    let Some(start) = start(head) else { return head.to_vec() };
    // The first line of base64 holds 48 bytes, which the header of every age file is longer than.
    let mut inner = vec![0; INTRO.len() + 16];
    match ArmoredReader::new(&head[start..]).read_exact(&mut inner) {
        Ok(()) => inner,
        Err(_) => Vec::new(),
    }
}

/// An age file without its armour, if it has any.
pub(super) enum Bare<R: Read> {
    /// As it is.
    Binary(R),
    /// Taken out of the text.
    Armored(Box<ArmoredReader<BufReader<R>>>),
}

impl<R: Read> Bare<R> {
    /// Over `r`, which begins with `head` and stands at its first byte.
    pub(super) fn new(mut r: R, head: &[u8]) -> io::Result<Self> {
        let Some(start) = start(head) else { return Ok(Self::Binary(r)) };
        let mut skipped = [0; HEAD];
        r.read_exact(&mut skipped[..start])?;
        Ok(Self::Armored(Box::new(ArmoredReader::new(r))))
    }
}

impl<R: Read> Read for Bare<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Binary(r) => r.read(buf),
            Self::Armored(r) => r.read(buf),
        }
    }
}
