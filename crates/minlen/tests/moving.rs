//! Files that change between being found and being read: what was read is stored and nothing made up, and each is named.

use minlen::archive::{Archive, Keys, Summary, create};
use minlen::{Env, Event, Options, Progress};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex};

type Change = Box<dyn FnOnce() + Send>;

/// Changes the world once everything was found and nothing was read.
struct Meddler(Mutex<Option<Change>>);

impl Progress for Meddler {
    fn event(&self, event: Event) {
        if let Event::Total { .. } = event
            && let Some(change) = self.0.lock().unwrap().take()
        {
            change();
        }
    }
}

fn archive(folder: &Path, change: impl FnOnce() + Send + 'static) -> (Archive<'static>, Summary) {
    let env = Env::default().with_progress(Arc::new(Meddler(Mutex::new(Some(Box::new(change))))));
    let options = Options::new(1).unwrap();
    let (bytes, summary) = create(&[folder.to_path_buf()], Vec::new(), &options, &env).unwrap();
    let reader = Cursor::new(bytes);
    let mut archive = Archive::from_reader(reader, &Keys::default(), &options, &Env::default()).unwrap();
    archive.test().unwrap();
    (archive, summary)
}

fn member(archive: &mut Archive<'_>, path: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    archive.read_member(path.as_bytes(), None, &mut out).ok().map(|_| out)
}

fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("d");
    fs::create_dir(&root).unwrap();
    for (name, content) in files {
        fs::write(root.join(name), content).unwrap();
    }
    (temp, root)
}

fn warned(summary: &Summary, name: &str) -> bool {
    summary.warnings.iter().any(|warning| warning.contains(name))
}

#[test]
fn a_file_that_shrinks_is_not_padded_and_is_named() {
    let (_temp, root) = folder(&[("a", &[7; 500_000]), ("b", b"stays")]);
    let a = root.join("a");
    let (mut archive, summary) = archive(&root, move || {
        fs::OpenOptions::new().write(true).open(a).unwrap().set_len(1000).unwrap();
    });
    assert_eq!(member(&mut archive, "d/a").unwrap(), [7; 1000]);
    assert_eq!(member(&mut archive, "d/b").unwrap(), b"stays");
    assert!(warned(&summary, "d/a") && !warned(&summary, "d/b"), "{summary:?}");
}

#[test]
fn a_file_that_grows_or_is_written_to_is_named() {
    let (_temp, root) = folder(&[("a", b"old"), ("b", b"old content"), ("c", b"")]);
    let inner = root.clone();
    let (mut archive, summary) = archive(&root, move || {
        fs::write(inner.join("a"), "longer than before").unwrap();
        fs::write(inner.join("b"), "new content").unwrap();
        fs::write(inner.join("c"), "no longer empty").unwrap();
    });
    assert_eq!(member(&mut archive, "d/a").unwrap(), b"lon");
    assert_eq!(member(&mut archive, "d/b").unwrap(), b"new content");
    assert_eq!(member(&mut archive, "d/c").unwrap(), b"no longer empty");
    assert!(["d/a", "d/b", "d/c"].iter().all(|name| warned(&summary, name)), "{summary:?}");
}

#[test]
fn a_file_that_vanishes_is_left_out_and_named() {
    let (_temp, root) = folder(&[("a", b"gone"), ("b", b"stays")]);
    let a = root.join("a");
    let (mut archive, summary) = archive(&root, move || fs::remove_file(a).unwrap());
    assert_eq!(member(&mut archive, "d/a"), None);
    assert_eq!(member(&mut archive, "d/b").unwrap(), b"stays");
    assert!(warned(&summary, "d/a"), "{summary:?}");
}

#[test]
fn the_other_name_of_a_file_that_vanishes_keeps_its_content() {
    let (_temp, root) = folder(&[("a", b"content")]);
    for name in ["b", "c"] {
        fs::hard_link(root.join("a"), root.join(name)).unwrap();
    }
    let a = root.join("a");
    let (mut archive, summary) = archive(&root, move || fs::remove_file(a).unwrap());
    for name in ["d/b", "d/c"] {
        assert_eq!(member(&mut archive, name).unwrap(), b"content");
    }
    assert!(warned(&summary, "d/a"), "{summary:?}");
}

#[test]
fn what_takes_a_files_place_is_not_followed_or_waited_for() {
    let (_temp, root) = folder(&[("a", b"file"), ("b", b"file"), ("c", b"file")]);
    let inner = root.clone();
    let (mut archive, summary) = archive(&root, move || {
        for name in ["a", "b", "c"] {
            fs::remove_file(inner.join(name)).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", inner.join("a")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(inner.join("b")).status().unwrap().success());
        fs::write(inner.join("c"), "another").unwrap();
    });
    assert_eq!((member(&mut archive, "d/a"), member(&mut archive, "d/b")), (None, None));
    assert_eq!(member(&mut archive, "d/c").unwrap(), b"anot");
    assert!(["d/a", "d/b", "d/c"].iter().all(|name| warned(&summary, name)), "{summary:?}");
}

#[test]
fn a_source_that_changed_since_is_not_referred_to() {
    // Two equal files, the first of them far enough back to be compared on disk; it becomes something else meanwhile.
    let content: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (_temp, root) = folder(&[("a", &content), ("b", &content)]);
    let (mut archive, _) = archive(&root, || {});
    assert!(
        member(&mut archive, "d/a").unwrap() == content && member(&mut archive, "d/b").unwrap() == content
    );
    assert!(archive.content_len() < 4_000_000, "equal files are stored once");
}
