//! Bytes to a bare LZMA stream.

use super::decode::Stream;
use super::filter;
use super::spec::{ARM64, DELTA, Filter, Props, X86, put_header, window};
use liblzma::stream::{Action, Filters, LzmaOptions, PRESET_EXTREME, Status, Stream as Lzma};
use minlen_core::{Env, Error, Params, Result};

/// Bytes given to the library between looks at the cancel flag, and reports of progress.
const STEP: usize = 1 << 18;
/// An end marker with the flush of the range coder takes fewer bytes than this.
const TAIL: usize = 16;

/// Appends header and stream for `input` to `out`; nothing for an empty input.
pub(super) fn encode(input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let (props, filter) = (Props::of(params), filter_of(params));
    let filtered = apply(filter, input);
    let data = filtered.as_deref().unwrap_or(input);
    let stream = compress(data, params, props, env)?;
    // The first byte of a range-coded stream is always zero, and the decoder knows where to stop.
    let needed = needed_len(&stream, data.len(), props)?;
    put_header(out, props, filter);
    out.extend_from_slice(stream.get(1..needed).unwrap_or_default());
    Ok(())
}

fn filter_of(params: &Params) -> Filter {
    match params.get("filter") {
        X86 => Filter::X86,
        ARM64 => Filter::Arm64,
        DELTA => Filter::Delta(usize::try_from(params.get("dist")).unwrap_or(1).clamp(1, 256)),
        _ => Filter::None,
    }
}

fn apply(filter: Filter, input: &[u8]) -> Option<Vec<u8>> {
    let mut data = match filter {
        Filter::None => return None,
        _ => input.to_vec(),
    };
    match filter {
        Filter::None => {}
        Filter::X86 => filter::x86_encode(&mut data),
        Filter::Arm64 => filter::arm64_encode(&mut data),
        Filter::Delta(dist) => crate::delta::delta_encode(&mut data, dist),
    }
    Some(data)
}

fn compress(data: &[u8], params: &Params, props: Props, env: &Env) -> Result<Vec<u8>> {
    let max = usize::try_from(params.get("dict")).unwrap_or(64 << 20);
    let preset = u32::try_from(params.get("level")).unwrap_or(9);
    let extreme = if params.get("extreme") == 1 { PRESET_EXTREME } else { 0 };
    let mut options = LzmaOptions::new_preset(preset | extreme).map_err(failed)?;
    options
        .dict_size(window(data.len(), max))
        .literal_context_bits(props.lc)
        .literal_position_bits(props.lp)
        .position_bits(props.pb);
    let mut filters = Filters::new();
    filters.lzma1(&options);
    let mut coder = Lzma::new_raw_encoder(&filters).map_err(failed)?;
    let mut stream = Vec::with_capacity(data.len() / 2 + 1024);
    for piece in data.chunks(STEP) {
        feed(&mut coder, piece, Action::Run, &mut stream)?;
        env.work(piece.len() as u64)?;
    }
    feed(&mut coder, &[], Action::Finish, &mut stream)?;
    Ok(stream)
}

/// Runs the coder until it has taken all of `piece` (and, for [`Action::Finish`], has ended).
fn feed(coder: &mut Lzma, piece: &[u8], action: Action, stream: &mut Vec<u8>) -> Result<()> {
    let start = coder.total_in();
    loop {
        stream.reserve(1 << 16);
        let taken = usize::try_from(coder.total_in() - start).unwrap_or(piece.len());
        let rest = piece.get(taken..).unwrap_or_default();
        if rest.is_empty() && !matches!(action, Action::Finish) {
            return Ok(());
        }
        if coder.process_vec(rest, stream, action).map_err(failed)? == Status::StreamEnd {
            return Ok(());
        }
    }
}

/// How many bytes of `stream` the decoder needs before the last of `len` bytes comes out. The stream is decoded to
/// find that: a hundredth of the encoder's time for six bytes less, and a first check of the result.
fn needed_len(stream: &[u8], len: usize, props: Props) -> Result<usize> {
    let mut decoder = Stream::new(props, len)?;
    let mut out = vec![0; len];
    let sure = stream.len().saturating_sub(TAIL).max(1);
    let mut at = decoder.run(&stream[..sure], &mut out)?;
    for end in sure + 1..=stream.len() {
        if at == len {
            return Ok(end - 1);
        }
        at += decoder.run(&stream[end - 1..end], &mut out[at..])?;
    }
    if at == len { Ok(stream.len()) } else { Err(Error::corrupt("lzma: the encoder's stream is too short")) }
}

fn failed(error: liblzma::stream::Error) -> Error {
    Error::limit(format!("lzma: {error}"))
}
