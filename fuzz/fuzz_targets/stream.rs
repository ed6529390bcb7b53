#![no_main]
//! The sequential reader and the seeking reader on the same bytes: both answer, and agree where both accept.
use minlen::archive::{Archive, Keys};
use minlen::{Env, Limits, Options};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let env = Env::new(Limits::default().with_memory(256 << 20).with_output(16 << 20));
    let options = Options::default();
    let streamed = minlen::decompress_with(data, &options, &env);
    let reader = std::io::Cursor::new(data);
    let Ok(mut archive) = Archive::from_reader(reader, &Keys::default(), &options, &env) else { return };
    if archive.is_tree() {
        let _ = archive.members();
        let _ = archive.test();
        return;
    }
    let mut sought = Vec::new();
    if archive.read_content(0..u64::MAX, &mut sought).is_ok()
        && let Ok(streamed) = streamed
    {
        assert!(streamed == sought);
    }
});
