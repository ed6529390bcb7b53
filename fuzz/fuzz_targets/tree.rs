#![no_main]
//! The directory of an archive: what decodes must encode back to something that decodes to the same.
use minlen_container::Tree;
use minlen_core::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(tree) = Tree::decode(data, &Limits::default()) {
        let again = Tree::decode(&tree.encode(), &Limits::default()).expect("decodes what we wrote");
        assert!(again.entries == tree.entries);
    }
});
