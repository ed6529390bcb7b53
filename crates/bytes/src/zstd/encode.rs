//! Bytes to a magicless frame.

use minlen_core::{Error, Params, Result};
use zstd::zstd_safe::{CCtx, CParameter, FrameFormat, compress_bound, get_error_name};

/// Appends the frame for `input` to `out`; nothing for an empty input.
pub(super) fn encode(input: &[u8], params: &Params, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let mut context = CCtx::try_create().ok_or_else(|| Error::limit("no memory for zstd's encoder"))?;
    for parameter in settings(params) {
        context.set_parameter(parameter).map_err(failed)?;
    }
    let bound = compress_bound(input.len());
    if out.is_empty() {
        out.reserve_exact(bound);
        context.compress2(out, input).map_err(failed)?;
    } else {
        let mut frame = Vec::with_capacity(bound);
        context.compress2(&mut frame, input).map_err(failed)?;
        out.extend_from_slice(&frame);
    }
    Ok(())
}

fn failed(code: usize) -> Error {
    Error::usage(format!("zstd: {}", get_error_name(code)))
}

fn settings(params: &Params) -> Vec<CParameter> {
    let number = |key| u32::try_from(params.get(key)).unwrap_or(0);
    let mut all = vec![
        CParameter::CompressionLevel(i32::try_from(params.get("level")).unwrap_or(3)),
        CParameter::Format(FrameFormat::Magicless),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ];
    if number("long") > 0 {
        all.push(CParameter::EnableLongDistanceMatching(true));
        all.push(CParameter::WindowLog(number("long").max(10)));
    }
    // Zero stands for "by level", in zstd as here; the library refuses values below these floors.
    let mut tune = |key, floor: u32, make: fn(u32) -> CParameter| {
        if number(key) > 0 {
            all.push(make(number(key).max(floor)));
        }
    };
    tune("hash", 6, CParameter::HashLog);
    tune("chain", 6, CParameter::ChainLog);
    tune("search", 1, CParameter::SearchLog);
    tune("minmatch", 3, CParameter::MinMatch);
    tune("target", 0, CParameter::TargetLength);
    all.extend(strategy(number("strategy")).map(CParameter::Strategy));
    all
}

fn strategy(number: u32) -> Option<zstd::zstd_safe::Strategy> {
    use zstd::zstd_safe::Strategy as S;
    let all = [
        S::ZSTD_fast,
        S::ZSTD_dfast,
        S::ZSTD_greedy,
        S::ZSTD_lazy,
        S::ZSTD_lazy2,
        S::ZSTD_btlazy2,
        S::ZSTD_btopt,
        S::ZSTD_btultra,
        S::ZSTD_btultra2,
    ];
    all.into_iter().nth((number as usize).wrapping_sub(1))
}
