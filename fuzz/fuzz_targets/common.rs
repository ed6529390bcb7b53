//! One body for all codecs: whatever the bytes, the decoder answers; whatever the input, it comes back.

use minlen_core::{Codec, Env, Limits, Registry};

fn env() -> Env {
    Env::new(Limits::default().with_memory(256 << 20).with_output(16 << 20))
}

fn codec<'r>(registry: &'r Registry, name: &str) -> &'r dyn Codec {
    registry.by_name(name).expect("the codec is registered")
}

/// First three bytes: the claimed length. The rest: the payload.
#[allow(dead_code)]
pub fn decode(name: &str, data: &[u8]) {
    let Some((head, payload)) = data.split_at_checked(3) else { return };
    let len = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2] & 7) << 16;
    let registry = minlen::registry();
    let mut out = Vec::new();
    if codec(&registry, name).decode(payload, len, &env(), &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
}

/// Encodes and decodes with every codec whose turn the first byte says.
#[allow(dead_code)]
pub fn round_trip(data: &[u8]) {
    let Some((&turn, input)) = data.split_first() else { return };
    let registry = minlen::registry();
    let codecs: Vec<_> = registry.iter().collect();
    let codec = codecs[usize::from(turn) % codecs.len()];
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    // A codec of one kind of data may refuse others.
    match codec.encode(input, &codec.params(), &env(), &mut payload) {
        Err(error) if matches!(error.kind(), minlen_core::ErrorKind::Usage | minlen_core::ErrorKind::Unsupported) => {
            return;
        }
        encoded => encoded.expect("encodes"),
    }
    codec.decode(&payload, input.len(), &env(), &mut out).expect("decodes");
    assert!(out == input);
}
