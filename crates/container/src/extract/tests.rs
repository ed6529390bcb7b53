use super::*;
use crate::testutil::{entry, file, pack};
use crate::tree::Body;
use minlen_core::ErrorKind;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

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
    Options { overwrite: true, ..Options::default() }
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
    assert_eq!(living.finish().unwrap_err().kind(), ErrorKind::Exists);
    assert!(somebodys.join("work").exists() && copy.join("files").exists());
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
    extractor.partial.begin_placing(&["a", "b", "c"].iter().map(std::ffi::OsStr::new).collect()).unwrap();
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
    let keep = Options { special_bits: true, overwrite: true, ..Options::default() };
    extract_with(folder.path(), &tree, b"", keep, 9).unwrap();
    assert_eq!(mode(folder.path().join("f")), 0o4755);
}
