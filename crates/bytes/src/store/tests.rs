crate::suite::codec_suite!();

fn variants() -> Vec<Params> {
    vec![subject().params()]
}

#[test]
fn a_payload_is_the_input() {
    assert_eq!(check_codec(&*subject(), &subject().params(), b"abc"), b"abc");
}
