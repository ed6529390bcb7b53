//! Small files that want to become large ones.

use crate::sandbox::Sandbox;

#[test]
fn a_gigabyte_of_zeros_is_stopped_unless_trusted() {
    let s = Sandbox::new();
    let zeros = std::fs::File::create(s.path("zeros")).unwrap();
    zeros.set_len(1 << 30).unwrap();
    s.ok(["compress", "-1", "zeros"]);
    assert!(s.read("zeros.mln").len() < 200_000);
    let line = s.fails(["decompress", "zeros.mln", "-o", "back"], 6);
    assert!(line.contains("--max-ratio 0"), "{line}");
    s.fails(["test", "zeros.mln"], 6);
    assert_eq!(s.names(""), ["zeros", "zeros.mln"]);
    s.ok(["decompress", "--max-ratio", "0", "zeros.mln", "-o", "back"]);
    assert_eq!(s.path("back").metadata().unwrap().len(), 1 << 30);
}
