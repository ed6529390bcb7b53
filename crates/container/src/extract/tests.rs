use super::*;
use crate::testutil::{entry, file, pack};
use crate::tree::{Body, Entry, Meta, Owner, Xattr};
use minlen_core::ErrorKind;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

fn extract_with(target: &Path, tree: &Tree, content: &[u8], options: Options, step: usize) -> Result<Report> {
    let mut extractor = Extractor::new(target, tree, None, options, &Env::default())?;
    // Backwards, to show that order does not matter.
    let mut starts: Vec<usize> = (0..content.len()).step_by(step).collect();
    if step % 2 == 1 {
        starts.reverse();
    }
    for start in starts {
        extractor.feed(start as u64, &content[start..(start + step).min(content.len())])?;
    }
    extractor.finish()
}

fn extract(target: &Path, tree: &Tree, content: &[u8]) -> Result<Report> {
    extract_with(target, tree, content, Options::default(), 1000)
}

fn over() -> Options {
    Options { existing: Existing::Replace, ..Options::default() }
}

fn no_leftovers(target: &Path) {
    assert!(
        fs::read_dir(target).unwrap().all(|e| !e.unwrap().file_name().to_string_lossy().contains("partial"))
    );
}

fn sample(root: &Path) {
    fs::create_dir_all(root.join("b/empty")).unwrap();
    fs::write(root.join("a"), vec![7u8; 5000]).unwrap();
    fs::hard_link(root.join("a"), root.join("b/again")).unwrap();
    fs::write(root.join("b/none"), "").unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"\xff\n")), "odd name").unwrap();
    symlink("../../etc/passwd", root.join("link")).unwrap();
    symlink("/absolute", root.join("absolute")).unwrap();
    let sparse = fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"island", 1 << 20).unwrap();
    sparse.sync_all().unwrap();
    fs::set_permissions(root.join("a"), fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(root.join("b/empty"), fs::Permissions::from_mode(0o550)).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_789);
    fs::File::open(root.join("b")).unwrap().set_modified(old).unwrap();
    fs::set_permissions(root, fs::Permissions::from_mode(0o555)).unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn a_folder_comes_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    sample(&root);
    let (tree, content) = pack(&root);
    for (name, step) in [("x", 1000), ("y", 777), ("z", 100_000)] {
        let target = folder.path().join(name);
        let report = extract_with(&target, &tree, &content, Options::default(), step).unwrap();
        assert_eq!((report.entries, report.warnings.len()), (tree.entries.len() as u64, 0));
        let (again, content_again) = pack(&target.join("root"));
        assert_eq!((&again, &content_again), (&tree, &content));
        assert_eq!(
            fs::metadata(target.join("root/sparse")).unwrap().blocks() * 512 / 4096,
            fs::metadata(root.join("sparse")).unwrap().blocks() * 512 / 4096
        );
        no_leftovers(&target);
    }
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn nothing_is_replaced_unless_asked_and_folders_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"newest";
    let mut closed = entry(b"d/closed", Body::Dir);
    closed.mode = 0o555;
    let tree = Tree {
        entries: vec![entry(b"d", Body::Dir), file("d/f", content, 0, 3), closed, file("g", content, 3, 3)],
    };
    fs::create_dir_all(folder.path().join("d/other")).unwrap();
    fs::write(folder.path().join("d/f"), "old").unwrap();
    assert_eq!(extract(folder.path(), &tree, content).unwrap_err().kind(), ErrorKind::Exists);
    assert!(!folder.path().join("g").exists());
    extract_with(folder.path(), &tree, content, over(), 10).unwrap();
    assert_eq!(fs::read(folder.path().join("d/f")).unwrap(), b"new");
    assert!(folder.path().join("d/other").exists() && folder.path().join("d/closed").exists());
    extract_with(folder.path(), &tree, content, over(), 10).unwrap();
    let conflict = Tree { entries: vec![file("d", content, 0, 3)] };
    assert_eq!(
        extract_with(folder.path(), &conflict, content, over(), 9).unwrap_err().kind(),
        ErrorKind::Exists
    );
    no_leftovers(folder.path());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn links_that_are_there_never_lead_outside() {
    let folder = tempfile::tempdir().unwrap();
    let (outside, target) = (folder.path().join("outside"), folder.path().join("target"));
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&target).unwrap();
    symlink(&outside, target.join("d")).unwrap();
    symlink("../outside/new", target.join("f")).unwrap();
    let content = b"evil";
    let tree = Tree { entries: vec![file("d/f", content, 0, 4)] };
    for options in [Options::default(), over()] {
        assert_eq!(extract_with(&target, &tree, content, options, 9).unwrap_err().kind(), ErrorKind::Exists);
    }
    let tree = Tree { entries: vec![file("f", content, 0, 4)] };
    extract_with(&target, &tree, content, over(), 9).unwrap();
    assert!(fs::symlink_metadata(target.join("f")).unwrap().is_file());
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn hostile_trees_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"evil";
    let link = || entry(b"d", Body::Symlink(b"/tmp".to_vec()));
    for entries in [
        vec![file("../f", content, 0, 4)],
        vec![file("/f", content, 0, 4)],
        vec![file("a/../../f", content, 0, 4)],
        vec![link(), file("d/f", content, 0, 4)],
        vec![file("d/f", content, 0, 4), link()],
        vec![link(), entry(b"h", Body::Hardlink(0))],
    ] {
        let target = folder.path().join("t");
        assert!(extract(&target, &Tree { entries }, content).is_err());
        assert!(!target.exists());
    }
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn missing_or_wrong_bytes_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"good bytes";
    let tree = Tree { entries: vec![file("a", content, 0, 4), file("b", content, 4, 6)] };
    assert_eq!(extract(folder.path(), &tree, &content[..8]).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(extract(folder.path(), &tree, b"good BYTES").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let lax = Options { verify: false, ..Options::default() };
    extract_with(folder.path(), &tree, b"good BYTES", lax, 3).unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn one_member_with_the_parents_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"abcdef";
    let tree = Tree {
        entries: vec![
            file("x/y/one", content, 0, 3),
            file("x/two", content, 3, 3),
            entry(b"x/hard", Body::Hardlink(0)),
            entry(b"x/hard2", Body::Hardlink(0)),
        ],
    };
    let only = |i: usize| i >= 2;
    let mut extractor =
        Extractor::new(folder.path(), &tree, Some(&only), Options::default(), &Env::default()).unwrap();
    assert!(extractor.needs(2..4) && !extractor.needs(3..6) && !extractor.needs(0..0));
    extractor.feed(0, &content[..3]).unwrap();
    extractor.finish().unwrap();
    assert_eq!(fs::read(folder.path().join("x/hard")).unwrap(), b"abc");
    assert_eq!(fs::metadata(folder.path().join("x/hard2")).unwrap().nlink(), 2);
    assert!(!folder.path().join("x/y").exists() && !folder.path().join("x/two").exists());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn shared_extents_count_as_output_and_are_limited() {
    let folder = tempfile::tempdir().unwrap();
    let content = vec![1u8; 1000];
    let names: Vec<String> = (0..100).map(|i| format!("f{i}")).collect();
    let tree = Tree { entries: names.iter().map(|n| file(n, &content, 0, 1000)).collect() };
    assert_eq!(tree.output_len(), 100_000);
    let env = Env::new(minlen_core::Limits::default().with_output(50_000));
    let made = Extractor::new(folder.path(), &tree, None, Options::default(), &env);
    assert_eq!(made.unwrap_err().kind(), ErrorKind::Limit);
    extract(folder.path(), &tree, &content).unwrap();
    assert_eq!(fs::read(folder.path().join("f99")).unwrap(), content);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn the_target_of_an_extraction_that_fails_is_removed_if_it_was_made_for_it_and_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree { entries: vec![entry(b"d", Body::Dir)] };
    let begin = |target: &Path| Extractor::new(target, &tree, None, Options::default(), &Env::default());
    let target = folder.path().join("a/b");
    drop(begin(&target).unwrap());
    assert!(!folder.path().join("a").exists());
    fs::create_dir(folder.path().join("a")).unwrap();
    drop(begin(&target).unwrap());
    assert!(folder.path().join("a").exists() && !target.exists(), "what was there stays");
    let extractor = begin(&target).unwrap();
    fs::write(target.join("mine"), "meanwhile").unwrap();
    drop(extractor);
    assert_eq!(fs::read(target.join("mine")).unwrap(), b"meanwhile");
    let empty = Tree::default();
    let target = folder.path().join("e");
    let made = Extractor::new(&target, &empty, None, Options::default(), &Env::default()).unwrap();
    made.finish().unwrap();
    assert!(target.exists(), "an archive of nothing gives an empty folder");
}

/// Leaves everything as a process that dies here would.
fn die(extractor: Extractor) {
    rustix::fs::flock(&extractor.partial.lock, rustix::fs::FlockOperation::Unlock).unwrap();
    std::mem::forget(extractor);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn leftovers_of_the_dead_are_removed_and_the_living_and_folders_of_others_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree { entries: vec![entry(b"closed", Body::Dir), entry(b"closed/in", Body::Dir)] };
    let begin = || Extractor::new(folder.path(), &tree, None, Options::default(), &Env::default()).unwrap();
    let dead = begin();
    dead.partial.dir.set_permissions("closed", cap_std::fs::PermissionsExt::from_mode(0o500)).unwrap();
    die(dead);
    let somebodys = folder.path().join(".minlen-abcdef.partial");
    fs::create_dir_all(&somebodys).unwrap();
    fs::write(somebodys.join("work"), "mine").unwrap();
    let copy = folder.path().join(crate::atomic::Unfinished::fresh(b""));
    fs::create_dir_all(copy.join("files")).unwrap();
    let living = begin();
    let partials = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(partials, 3, "the dead one is gone; two of somebody and the living one are there");
    extract(folder.path(), &tree, b"").unwrap();
    // Folders that came meanwhile are no obstacle.
    living.finish().unwrap();
    assert!(somebodys.join("work").exists() && copy.join("files").exists());
}

fn keeping(existing: Existing) -> Options {
    Options { existing, ..Options::default() }
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn an_extraction_merges_into_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"newest";
    let mut old = file("d/old", content, 0, 3);
    old.mtime = Some((1_000_000_000, 0));
    let mut new = file("d/new", content, 3, 3);
    new.mtime = Some((4_000_000_000, 0));
    let mut top = entry(b"d", Body::Dir);
    (top.mode, top.mtime) = (0o700, Some((9, 9)));
    let tree =
        Tree { entries: vec![top, old, new, entry(b"d/sub", Body::Dir), file("d/sub/f", content, 0, 1)] };
    let at = |name: &str| folder.path().join(name);
    let read = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
    let begin = || {
        let _ = fs::remove_dir_all(at("d"));
        fs::create_dir_all(at("d")).unwrap();
        fs::set_permissions(at("d"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(at("d/mine"), "mine").unwrap();
    };
    // Nothing in the way: the rest of the folder, and its mode, stay.
    begin();
    extract(folder.path(), &tree, content).unwrap();
    assert_eq!((read("d/mine"), read("d/old"), read("d/sub/f")), ("mine".into(), "new".into(), "n".into()));
    assert_eq!(fs::metadata(at("d")).unwrap().mode() & 0o777, 0o755);
    // One file in the way, deep down: nothing at all is made.
    begin();
    fs::create_dir(at("d/sub")).unwrap();
    fs::write(at("d/sub/f"), "there").unwrap();
    assert_eq!(extract(folder.path(), &tree, content).unwrap_err().kind(), ErrorKind::Exists);
    assert!(!at("d/old").exists() && read("d/sub/f") == "there");
    let report = extract_with(folder.path(), &tree, content, keeping(Existing::Skip), 9).unwrap();
    assert_eq!((report.skipped, read("d/sub/f"), read("d/old")), (1, "there".into(), "new".into()));
    // Newer members replace, others do not; members without a time neither.
    begin();
    for name in ["d/old", "d/new"] {
        fs::write(at(name), "there").unwrap();
    }
    let report = extract_with(folder.path(), &tree, content, keeping(Existing::KeepNewer), 9).unwrap();
    assert_eq!((report.skipped, read("d/old"), read("d/new")), (1, "there".into(), "est".into()));
    let report = extract_with(folder.path(), &tree, content, keeping(Existing::KeepNewer), 9).unwrap();
    assert_eq!(report.skipped, 3);
    no_leftovers(folder.path());
    // A file where a folder goes is refused, whatever is asked.
    fs::remove_dir_all(at("d/sub")).unwrap();
    fs::write(at("d/sub"), "file").unwrap();
    for existing in [Existing::Refuse, Existing::Replace, Existing::Skip, Existing::KeepNewer] {
        let error = extract_with(folder.path(), &tree, content, keeping(existing), 9).unwrap_err();
        assert_eq!((error.kind(), read("d/sub")), (ErrorKind::Exists, "file".into()), "{existing:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn a_merge_that_died_is_finished_by_running_it_again() {
    let content = b"first second".to_vec();
    let tree = Tree {
        entries: vec![entry(b"d", Body::Dir), file("d/a", &content, 0, 5), file("d/b", &content, 6, 6)],
    };
    for placed in [&[][..], &["d/a"], &["d/a", "d/b"]] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/mine"), "mine").unwrap();
        let mut dying =
            Extractor::new(folder.path(), &tree, None, Options::default(), &Env::default()).unwrap();
        dying.feed(0, &content).unwrap();
        dying.files.finish(&dying.plan, &dying.partial).unwrap();
        dying.partial.begin_placing(&["d/a", "d/b"].map(PathBuf::from)).unwrap();
        for name in placed {
            dying.partial.dir.rename(name, &dying.partial.target, name).unwrap();
        }
        die(dying);
        assert_eq!(extract(folder.path(), &tree, &content).unwrap().entries, 3, "{placed:?}");
        for (name, bytes) in [("d/a", "first"), ("d/b", "second"), ("d/mine", "mine")] {
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), bytes);
        }
        no_leftovers(folder.path());
    }
}

/// A tree of a folder, a file and a link with an owner and attributes.
fn described(uid: u32) -> Tree {
    let xattr = |name: &str, value: &[u8]| Xattr { name: name.into(), value: value.to_vec() };
    let owner = Owner { uid, gid: uid + 1, user: vec![], group: b"no such group anywhere".to_vec() };
    let meta = |owner: Option<Owner>, xattrs: Vec<Xattr>| Some(Arc::new(Meta { owner, xattrs }));
    let folder = Entry {
        mode: 0o2775,
        meta: meta(Some(owner.clone()), vec![xattr("user.note", b"of a folder")]),
        ..entry(b"d", Body::Dir)
    };
    let f = Entry {
        mode: 0o4755,
        mtime: Some((1_000_000_000, 5)),
        meta: meta(
            Some(owner.clone()),
            vec![xattr("security.made-up", b"x"), xattr("user.note", b"\x00\xff")],
        ),
        ..file("d/f", b"abc", 0, 3)
    };
    let link = Entry { meta: meta(Some(owner), vec![]), ..entry(b"l", Body::Symlink(b"d".to_vec())) };
    Tree { entries: vec![folder, f, link] }
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 64];
    let len = rustix::fs::lgetxattr(path, name, &mut value).ok()?;
    Some(value[..len].to_vec())
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn owners_and_attributes_are_set_as_far_as_asked_and_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let root = rustix::process::geteuid().is_root();
    let (plain, full) = (folder.path().join("plain"), folder.path().join("full"));
    let report = extract_with(&plain, &described(12345), b"abc", Options::default(), 9).unwrap();
    assert_eq!(report.warnings, Vec::<String>::new());
    let meta = fs::metadata(plain.join("d/f")).unwrap();
    assert_eq!((meta.mode() & 0o7777, meta.uid() == 12345, meta.mtime()), (0o755, false, 1_000_000_000));
    assert_eq!(fs::metadata(plain.join("d")).unwrap().mode() & 0o7777, 0o775);
    assert_eq!(attribute(&plain.join("d/f"), "user.note").unwrap(), b"\x00\xff");
    assert_eq!(attribute(&plain.join("d"), "user.note").unwrap(), b"of a folder");
    let all = Options { owners: true, all_xattrs: true, ..Options::default() };
    let report = extract_with(&full, &described(12345), b"abc", all, 9).unwrap();
    let meta = fs::metadata(full.join("d/f")).unwrap();
    if root {
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (12345, 12346, 0o4755));
        let meta = fs::symlink_metadata(full.join("l")).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (12345, 12346));
        assert_eq!(fs::metadata(full.join("d")).unwrap().mode() & 0o7777, 0o2775);
    } else {
        // One line for all of them, and no rights for somebody else.
        assert!(report.warnings.iter().any(|line| line.starts_with("3 owners could not be set")));
        assert_eq!(meta.mode() & 0o7777, 0o755);
    }
    assert_eq!(meta.mtime(), 1_000_000_000);
}

fn two_names() -> (Tree, Vec<u8>) {
    let content = b"first second".to_vec();
    let entries = vec![file("a", &content, 0, 5), file("b", &content, 6, 6), entry(b"c", Body::Dir)];
    (Tree { entries }, content)
}

/// An extraction that dies after so many names have their places.
fn interrupted(target: &Path, placed: &[&str]) {
    let (tree, content) = two_names();
    let mut extractor = Extractor::new(target, &tree, None, Options::default(), &Env::default()).unwrap();
    extractor.feed(0, &content).unwrap();
    extractor.files.finish(&extractor.plan, &extractor.partial).unwrap();
    extractor.partial.begin_placing(&["a", "b", "c"].map(PathBuf::from)).unwrap();
    for name in placed {
        extractor.partial.dir.rename(name, &extractor.partial.target, name).unwrap();
    }
    die(extractor);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn an_extraction_that_died_between_two_names_is_finished_by_running_it_again() {
    for placed in [&[][..], &["a"], &["a", "b"], &["a", "b", "c"]] {
        let folder = tempfile::tempdir().unwrap();
        let (tree, content) = two_names();
        interrupted(folder.path(), placed);
        let report = extract(folder.path(), &tree, &content).unwrap();
        assert_eq!(report.entries, 3, "{placed:?}");
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"first");
        assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"second");
        assert!(folder.path().join("c").is_dir());
        no_leftovers(folder.path());
        assert_eq!(extract(folder.path(), &tree, &content).unwrap_err().kind(), ErrorKind::Exists);
    }
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn what_was_changed_since_an_interrupted_extraction_is_not_taken_for_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, content) = two_names();
    interrupted(folder.path(), &["a"]);
    fs::write(folder.path().join("new"), "mine").unwrap();
    fs::rename(folder.path().join("new"), folder.path().join("a")).unwrap();
    assert_eq!(extract(folder.path(), &tree, &content).unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"mine");
    // Another extraction leaves it alone.
    let folder = tempfile::tempdir().unwrap();
    interrupted(folder.path(), &["a"]);
    extract(folder.path(), &Tree { entries: vec![entry(b"d", Body::Dir)] }, b"").unwrap();
    assert!(!folder.path().join("b").exists());
    extract(folder.path(), &tree, &content).unwrap();
    assert!(folder.path().join("b").exists());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn names_are_given_all_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, content) = two_names();
    let mut late = Extractor::new(folder.path(), &tree, None, Options::default(), &Env::default()).unwrap();
    late.feed(0, &content).unwrap();
    fs::write(folder.path().join("b"), "came meanwhile").unwrap();
    assert_eq!(late.finish().unwrap_err().kind(), ErrorKind::Exists);
    assert!(!folder.path().join("a").exists(), "the first name was taken back");
    // The same where names are replaced: the old ones come back.
    fs::write(folder.path().join("a"), "old a").unwrap();
    let mut late = Extractor::new(folder.path(), &tree, None, over(), &Env::default()).unwrap();
    late.feed(0, &content).unwrap();
    fs::write(folder.path().join("c"), "a file where a folder goes").unwrap();
    assert_eq!(late.finish().unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"old a");
    assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"came meanwhile");
    no_leftovers(folder.path());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn special_bits_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut suid = file("f", b"", 0, 0);
    suid.mode = 0o4755;
    let tree = Tree { entries: vec![suid] };
    let mode = |p: PathBuf| fs::metadata(p).unwrap().mode() & 0o7777;
    extract(folder.path(), &tree, b"").unwrap();
    assert_eq!(mode(folder.path().join("f")), 0o755);
    let keep = Options { special_bits: true, existing: Existing::Replace, ..Options::default() };
    extract_with(folder.path(), &tree, b"", keep, 9).unwrap();
    assert_eq!(mode(folder.path().join("f")), 0o4755);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn paths_longer_than_the_system_takes_at_once_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"at the bottom";
    let mut entries = vec![entry(b"top", Body::Dir)];
    for _ in 0..90 {
        let path = [&entries[entries.len() - 1].path[..], b"/", &[b'x'; 100]].concat();
        entries.push(entry(&path, Body::Dir));
    }
    let below = |name: &str| [&entries[90].path[..], b"/", name.as_bytes()].concat();
    let mut f = file("f", content, 0, content.len());
    f.path = below("f");
    let link = Entry { path: below("g"), body: Body::Hardlink(91), ..f.clone() };
    let symbolic = Entry { mode: 0o777, ..entry(&below("h"), Body::Symlink(b"f".to_vec())) };
    entries.extend([f, link, symbolic]);
    let mut tree = Tree { entries };
    extract(folder.path(), &tree, content).unwrap();
    let (mut again, content_again) = pack(&folder.path().join("top"));
    tree.entries.iter_mut().chain(&mut again.entries).for_each(|entry| entry.mtime = None);
    assert_eq!((&again, &content_again[..]), (&tree, &content[..]));
    // Once more, into what is there.
    let error = extract(folder.path(), &tree, content).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    extract_with(folder.path(), &tree, content, over(), 5).unwrap();
    let report = extract_with(folder.path(), &tree, content, keeping(Existing::Skip), 5).unwrap();
    assert_eq!(report.skipped, 3);
    no_leftovers(folder.path());
}
