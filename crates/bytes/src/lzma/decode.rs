//! A bare LZMA stream back to bytes.

use super::filter;
use super::spec::{Filter, Props, decode_memory, get_header, window};
use liblzma::stream::{Action, Filters, LzmaOptions, Status, Stream as Lzma};
use minlen_core::{Env, Error, Result};

/// Bytes decoded between looks at the stop flag, and reports of progress.
const STEP: usize = 256 << 10;

/// A raw LZMA1 decoder that takes its input in pieces.
pub(super) struct Stream(Lzma);

impl Stream {
    /// A decoder for `len` bytes.
    pub(super) fn new(props: Props, len: usize) -> Result<Self> {
        let mut options = LzmaOptions::new_preset(6).map_err(|e| failed(&e))?;
        options
            .dict_size(window(len, usize::MAX))
            .literal_context_bits(props.lc)
            .literal_position_bits(props.lp)
            .position_bits(props.pb);
        let mut filters = Filters::new();
        filters.lzma1(&options);
        Ok(Self(Lzma::new_raw_decoder(&filters).map_err(|e| failed(&e))?))
    }

    /// Decodes from `input` into the front of `out`, and says how many bytes came out. Input beyond what fills
    /// `out` is ignored.
    pub(super) fn run(&mut self, mut input: &[u8], out: &mut [u8]) -> Result<usize> {
        self.take(&mut input, out)
    }

    /// The same, leaving in `input` what was not needed.
    fn take(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize> {
        let mut at = 0;
        while at < out.len() && !input.is_empty() {
            let before = (self.0.total_in(), self.0.total_out());
            let status = self.0.process(*input, &mut out[at..], Action::Run).map_err(|e| failed(&e))?;
            let (taken, given) = (self.0.total_in() - before.0, self.0.total_out() - before.1);
            *input = input.get(usize::try_from(taken).unwrap_or(usize::MAX)..).unwrap_or_default();
            at += usize::try_from(given).unwrap_or(0);
            if status == Status::StreamEnd || taken + given == 0 {
                break;
            }
        }
        Ok(at)
    }
}

/// Appends exactly `output_len` bytes to `out`.
pub(super) fn decode(payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() {
            Ok(())
        } else {
            Err(Error::corrupt("lzma: bytes for an empty part"))
        };
    }
    let (props, filter, body) = get_header(payload)?;
    let _held = env.budget.reserve(decode_memory(output_len))?;
    let start = out.len();
    out.resize(start + output_len, 0);
    let target = &mut out[start..];
    let mut stream = Stream::new(props, output_len)?;
    stream.run(&[0], target)?;
    let (mut rest, mut at) = (body, 0);
    for piece in target.chunks_mut(STEP) {
        let given = stream.take(&mut rest, piece)?;
        at += given;
        if given < piece.len() {
            break;
        }
        env.work(given as u64)?;
    }
    if at != output_len {
        return Err(Error::truncated(format!("lzma: {at} bytes where {output_len} were promised")));
    }
    match filter {
        Filter::None => {}
        Filter::X86 => filter::x86_decode(target),
        Filter::Arm64 => filter::arm64_decode(target),
        Filter::Delta(dist) => crate::delta::delta_decode(target, dist),
    }
    Ok(())
}

fn failed(error: &liblzma::stream::Error) -> Error {
    match error {
        liblzma::stream::Error::Mem => Error::limit("lzma: no memory for the decoder"),
        _ => Error::corrupt(format!("lzma: {error}")),
    }
}
