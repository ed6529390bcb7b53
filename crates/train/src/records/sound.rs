//! WAV and series of numbers, cut into windows.

use super::numbers::{self, Numbers};
use minlen_core::{Dtype, Error, Result};
use minlen_structure::sound::{self, Pcm};

/// Whole windows of a series, and how many numbers are left over.
pub(super) fn windows(mut numbers: Numbers, window: usize) -> (Numbers, usize) {
    let size = (window * numbers.dtype.unit()).max(1);
    let whole = numbers.bytes.len() / size * size;
    let left = (numbers.bytes.len() - whole) / numbers.dtype.unit();
    numbers.bytes.truncate(whole);
    (numbers, left)
}

/// The samples of a file channel by channel, each cut to whole windows; nothing if it is no sound.
pub(super) fn find(bytes: &[u8], window: Option<usize>) -> Result<Option<(Numbers, usize)>> {
    let is_sound =
        bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") || bytes.starts_with(b"FORM");
    if !is_sound {
        return Ok(None);
    }
    let other = || {
        Error::unsupported("sound that is not plain samples of 8 or 16 bits")
            .remedy("convert it to WAV of 16 bits")
    };
    let span = sound::find(bytes).ok_or_else(other)?;
    let pcm = Pcm::of(&span).filter(|pcm| pcm.bits == 8 || pcm.bits == 16).ok_or_else(other)?;
    let Some(window) = window else {
        return Err(Error::usage("sound has to be cut into records")
            .remedy("say how many samples one has, as --window 320"));
    };
    let dtype = match (pcm.bits, pcm.signed) {
        (8, false) => Dtype::U8,
        (8, true) => Dtype::I8,
        (_, false) => Dtype::U16,
        (_, true) => Dtype::I16,
    };
    let width = usize::from(pcm.bits / 8);
    let frame = pcm.frame_bytes() as usize;
    let place = bytes.get(span.start as usize..span.end() as usize).unwrap_or_default();
    let frames = place.chunks_exact(frame);
    let windows = frames.len() / window.max(1);
    let mut samples = Vec::with_capacity(place.len());
    for channel in 0..usize::from(pcm.channels) {
        let of_channel =
            frames.clone().take(windows * window).map(|frame| &frame[channel * width..][..width]);
        samples.extend(of_channel.flatten());
    }
    if width > 1 && !pcm.little {
        samples.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    let left = (frames.len() - windows * window) * usize::from(pcm.channels);
    Ok(Some((numbers::of(dtype, samples)?, left)))
}
