//! The examples that promise something run and keep it.

#[path = "../examples/custom_codec.rs"]
mod custom_codec;

#[test]
fn a_codec_of_ones_own_is_checked_offered_and_used() {
    custom_codec::main().unwrap();
}
