crate::suite::codec_suite!();

fn variants() -> Vec<Params> {
    vec![subject().params()]
}

#[test]
fn known_payloads() {
    let payload = |input: &[u8]| check_codec(&*subject(), &subject().params(), input);
    assert!(payload(b"").is_empty());
    assert_eq!(payload(b"ab"), [3, 0, b'a', b'b']);
    assert_eq!(payload(&[7; 300_000]), [2, 1, 7, 2, 1, 7, 2, 1, 7]);
}

#[test]
fn noise_grows_by_five_bytes_a_block_at_most() {
    let noise = random_case(8 * 5000, 1_000_000);
    let payload = check_codec(&*subject(), &subject().params(), &noise);
    assert!(payload.len() <= noise.len() + 5 * noise.len().div_ceil(128 << 10));
}
