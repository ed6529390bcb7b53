//! What store is.

use minlen_core::{CodecSpec, ids};

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::STORE,
    name: "store",
    summary: "bytes as they are, for what nothing makes smaller",
    source: "a copy",
    limits: "makes nothing smaller",
    params: &[],
    max_input: u64::MAX,
};
