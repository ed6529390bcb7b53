//! Updates and compacting: the same bytes for every number of threads, and damage to an update costs nothing of what was before it.

use minlen::archive::salvage::{Salvage, State};
use minlen::archive::{self, Archive, Inputs, Keys, Update, Updating};
use minlen::{Env, ErrorKind, Options};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

fn options() -> Options {
    Options::new(1).unwrap().with_block_size(64 << 10)
}

fn open(bytes: &[u8]) -> Archive<'_> {
    Archive::from_reader(Cursor::new(bytes), &Keys::default(), &Options::default(), &Env::default()).unwrap()
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = minlen_core::testing::Rng(seed);
    (0..len).map(|_| random.next_u64() as u8).collect()
}

/// The archive with what is different now.
fn updated(old: &[u8], root: &Path, how: Updating, options: &Options) -> Vec<u8> {
    let env = Env::default();
    let mut archive = open(old);
    let inputs = Inputs::new(&[root.to_path_buf()]);
    let update = Update::find(&mut archive, &inputs, how, options, &env).unwrap();
    let mut bytes = Vec::new();
    assert_eq!(archive.copy_streams(&mut bytes).unwrap(), archive.streams_len());
    update.write(bytes, options, &env).unwrap().0
}

fn tree(root: &Path) {
    fs::create_dir_all(root.join("d")).unwrap();
    fs::write(root.join("a"), noise(200_000, 1)).unwrap();
    fs::write(root.join("d/b"), noise(100_000, 2)).unwrap();
    fs::write(root.join("d/c"), "small").unwrap();
}

fn changed(root: &Path) {
    // Half of another file, which is stored once, and that one goes.
    let half = fs::read(root.join("a")).unwrap()[..150_000].to_vec();
    fs::write(root.join("half"), [half, noise(50_000, 3)].concat()).unwrap();
    fs::write(root.join("d/b"), noise(90_000, 4)).unwrap();
    fs::rename(root.join("d/c"), root.join("d/moved")).unwrap();
}

#[test]
fn threads_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("r");
    tree(&root);
    let (env, how) = (Env::default(), Updating::default().with_delete(true));
    let old = archive::create(std::slice::from_ref(&root), Vec::new(), &options(), &env).unwrap().0;
    changed(&root);
    let make = |threads| {
        let options = options().with_threads(threads);
        let new = updated(&old, &root, how, &options);
        let (compacted, done) = open(&new).compact(Vec::new(), &options, &env).unwrap();
        assert_eq!(done.stored, compacted.len() as u64);
        let cuts = options.with_rsyncable(true);
        let cut = archive::create(std::slice::from_ref(&root), Vec::new(), &cuts, &env).unwrap().0;
        (new, compacted, cut)
    };
    let one = make(1);
    assert!(one == make(3) && one == make(2));
    for bytes in [&one.0, &one.1, &one.2] {
        open(bytes).test().unwrap();
    }
    // Streams that are cut by content are the same, however they are written.
    let data = noise(3 << 20, 7);
    let cuts = options().with_rsyncable(true).with_block_size(256 << 10);
    let whole = minlen::compress(&data, &cuts.clone().with_threads(1)).unwrap();
    let mut encoder = minlen::Encoder::new(Vec::new(), &cuts.with_threads(3), &env).unwrap();
    data.chunks(70_001).for_each(|piece| encoder.write_all(piece).unwrap());
    assert!(encoder.finish().unwrap() == whole);
}

#[test]
fn shared_content_survives_the_file_that_brought_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("r");
    tree(&root);
    changed(&root);
    let env = Env::default();
    let old = archive::create(std::slice::from_ref(&root), Vec::new(), &options(), &env).unwrap().0;
    fs::remove_file(root.join("a")).unwrap();
    let new = updated(&old, &root, Updating::default().with_delete(true), &options());
    assert!(open(&new).unused_len().unwrap() > 0);
    let (compacted, done) = open(&new).compact(Vec::new(), &options(), &env).unwrap();
    assert!(done.recoded > 0 && done.kept > 0 && compacted.len() < new.len(), "{done:?}");
    let mut archive = open(&compacted);
    archive.test().unwrap();
    assert!(!archive.is_compactable().unwrap());
    let mut half = Vec::new();
    archive.read_member(b"r/half", None, &mut half).unwrap();
    assert!(half == fs::read(root.join("half")).unwrap());
}

#[test]
fn damage_to_an_update_costs_nothing_of_before() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("r");
    tree(&root);
    let env = Env::default();
    let old = archive::create(std::slice::from_ref(&root), Vec::new(), &options(), &env).unwrap().0;
    let a = fs::read(root.join("a")).unwrap();
    changed(&root);
    let new = updated(&old, &root, Updating::default().with_delete(true), &options());
    let whole_a = |bytes: &[u8], what: &str| {
        let mut damaged =
            Salvage::from_reader(Cursor::new(bytes), &Keys::default(), &Options::default(), &env).unwrap();
        let survey = damaged.survey(None).unwrap();
        let out = tempfile::tempdir().unwrap();
        damaged.extract(&survey, out.path(), &archive::ExtractOptions::default()).unwrap();
        assert!(fs::read(out.path().join("r/a")).unwrap() == a, "{what}");
        survey.members.iter().filter(|member| member.state == State::Whole).count()
    };
    for cut in (old.len()..new.len()).step_by(9000).chain(new.len() - 60..new.len()) {
        whole_a(&new[..cut], &format!("cut to {cut}"));
        let opened =
            Archive::from_reader(Cursor::new(&new[..cut]), &Keys::default(), &Options::default(), &env);
        let error = opened.err().map(|error| error.kind());
        assert!(
            cut == old.len() || matches!(error, Some(ErrorKind::Corrupt | ErrorKind::Truncated)),
            "{cut}"
        );
    }
    for at in (old.len()..new.len()).step_by(1 + (new.len() - old.len()) / 60) {
        let mut bad = new.clone();
        bad[at] ^= 0x10;
        whole_a(&bad, &format!("byte {at} flipped"));
    }
    // Without the first stream's own end, what the second has of its own is there.
    let mut bad = new.clone();
    bad[old.len() - 60..old.len()].fill(0x55);
    assert!(whole_a(&bad, "the first end") >= 3);
}
