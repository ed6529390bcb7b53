crate::suite::codec_suite!();

fn variants() -> Vec<Params> {
    (0..3).map(|order| subject().params().with("order", order)).collect()
}

/// Worked out from docs/format/codecs/arith.md by an independent program.
#[test]
fn known_payloads() {
    let payload = |order: i64| check_codec(&*subject(), &variants()[order as usize], b"abracadabra");
    assert_eq!(payload(0), [0, 158, 114, 173, 184, 216, 16]);
    assert_eq!(payload(2), [2, 158, 158, 216, 118, 71, 199, 196, 72, 108]);
}

#[test]
fn memory_is_reserved_before_it_is_taken() {
    let env = Env::new(minlen_core::Limits::default().with_memory(1 << 20));
    let payload = check_codec(&*subject(), &variants()[2], &random_case(3, 5000));
    let refused = subject().decode(&payload, 100_000, &env, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.kind(), minlen_core::ErrorKind::Limit);
}
