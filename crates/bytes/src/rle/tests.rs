crate::suite::codec_suite!();

fn variants() -> Vec<Params> {
    vec![subject().params()]
}

#[test]
fn known_payloads() {
    let payload = |input: &[u8]| check_codec(&*subject(), &subject().params(), input);
    assert_eq!(payload(b"abb"), [2, b'a', b'b', b'b']);
    assert_eq!(payload(b"abbbc"), [0, b'a', 128, b'b', 0, b'c']);
    assert_eq!(payload(&[9; 129]), [254, 9]);
    assert_eq!(payload(&[9; 130]), [255, 9, 0]);
    assert_eq!(payload(&[9; 1_000_000]), [255, 9, 190, 131, 61]);
}

#[test]
fn never_grows_by_more_than_one_in_128() {
    for seed in 0..200 {
        let case = random_case(seed, 5000);
        let payload = check_codec(&*subject(), &subject().params(), &case);
        assert!(payload.len() <= case.len() + case.len().div_ceil(128), "seed {seed}");
    }
    // Runs of three between literals of one are the worst that runs can do.
    let worst: Vec<u8> = (0..3000u32).map(|i| if i % 4 == 0 { (i / 4) as u8 } else { 1 }).collect();
    assert!(check_codec(&*subject(), &subject().params(), &worst).len() <= worst.len() + 24);
}
