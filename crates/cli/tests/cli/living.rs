//! Archives that live on: `update` and `compact`, which replace the archive by one that holds what is on disk now.

use super::sandbox::{Random, Sandbox, noise, text};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/// What is at each path: kind and content, mode, time, and the first path of the same file.
type State = BTreeMap<PathBuf, (String, u32, (i64, i64), PathBuf)>;

fn state(root: &Path) -> State {
    let (mut all, mut first) = (State::new(), BTreeMap::<(u64, u64), PathBuf>::new());
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let meta = path.symlink_metadata().unwrap();
        let rest = path.strip_prefix(root).unwrap().to_path_buf();
        let what = if meta.is_symlink() {
            format!("link {:?}", fs::read_link(&path).unwrap())
        } else if meta.is_dir() {
            let mut inside: Vec<PathBuf> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
            inside.sort();
            waiting.extend(inside.into_iter().rev());
            "folder".into()
        } else {
            format!("file {:?}", blake3(&fs::read(&path).unwrap()))
        };
        let own = if meta.is_file() {
            first.entry((meta.dev(), meta.ino())).or_insert(rest.clone())
        } else {
            &rest
        };
        all.insert(
            rest.clone(),
            (what, meta.mode() & 0o7777, (meta.mtime(), meta.mtime_nsec()), own.clone()),
        );
    }
    all
}

fn blake3(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The archive gives back what is on disk, and nothing else.
fn holds(s: &Sandbox, archive: &str, folder: &str) {
    drop(fs::remove_dir_all(s.path("out")));
    s.ok(["test", archive]);
    s.ok(["decompress", archive, "-o", "out"]);
    assert_eq!(state(&s.path("out").join(folder)), state(&s.path(folder)), "{archive}");
}

fn tree(s: &Sandbox) {
    s.write("t/a.txt", text(40_000, 1));
    s.write("t/d/b.bin", noise(20_000, 2));
    s.write("t/d/e/c.txt", text(300, 3));
    s.write("t/empty", "");
    symlink("a.txt", s.path("t/link")).unwrap();
    fs::hard_link(s.path("t/a.txt"), s.path("t/d/hard")).unwrap();
    s.ok(["compress", "-1", "t"]);
}

#[test]
fn what_is_new_changed_or_gone_comes_in_changes_or_goes() {
    let s = Sandbox::new();
    tree(&s);
    let old = s.read("t.mln");
    // Nothing to do leaves the very file.
    let before = s.path("t.mln").metadata().unwrap().ino();
    s.ok(["update", "t.mln", "t", "--delete"]);
    assert_eq!((s.read("t.mln"), s.path("t.mln").metadata().unwrap().ino()), (old.clone(), before));
    s.write("t/new.txt", text(5000, 4));
    s.write("t/d/b.bin", noise(20_000, 5));
    fs::set_permissions(s.path("t/d/e/c.txt"), fs::Permissions::from_mode(0o600)).unwrap();
    s.ok(["update", "t.mln", "t", "-1"]);
    holds(&s, "t.mln", "t");
    // What was there is there byte for byte.
    assert!(s.read("t.mln").starts_with(&old));
    fs::remove_file(s.path("t/new.txt")).unwrap();
    fs::remove_dir_all(s.path("t/d/e")).unwrap();
    let kept = s.ok(["update", "t.mln", "t", "-1", "--format", "json"]).json();
    assert_eq!(kept["files"][0]["deleted"], 0);
    assert_eq!(s.ok(["cat", "t.mln", "t/new.txt"]).stdout, text(5000, 4));
    let planned = s.ok(["update", "t.mln", "t", "-n", "--delete"]).text();
    for line in ["deleted    t/d/e/", "deleted    t/d/e/c.txt", "deleted    t/new.txt"] {
        assert!(planned.lines().any(|other| other == line), "{planned}");
    }
    let gone = s.ok(["update", "t.mln", "t", "-1", "--delete", "--format", "json"]).json();
    assert_eq!(gone["files"][0]["deleted"], 3);
    holds(&s, "t.mln", "t");
}

#[test]
fn links_and_kinds_of_things_follow_the_disk() {
    let s = Sandbox::new();
    tree(&s);
    let update = || {
        s.ok(["update", "t.mln", "t", "-1", "--delete"]);
        holds(&s, "t.mln", "t");
    };
    // One name of a file of two gets a content of its own; a third name comes to the other.
    fs::remove_file(s.path("t/d/hard")).unwrap();
    s.write("t/d/hard", "apart");
    fs::hard_link(s.path("t/a.txt"), s.path("t/third")).unwrap();
    update();
    // The first name goes.
    fs::remove_file(s.path("t/a.txt")).unwrap();
    update();
    // A folder becomes a file, a file a folder, a link a file, and back.
    let d = s.path("t/d");
    fs::remove_dir_all(&d).unwrap();
    fs::write(&d, "no folder").unwrap();
    fs::remove_file(s.path("t/empty")).unwrap();
    s.write("t/empty/not", "so");
    fs::remove_file(s.path("t/link")).unwrap();
    s.write("t/link", "a file");
    update();
    fs::remove_file(&d).unwrap();
    s.write("t/d/b.bin", noise(20_000, 2));
    fs::remove_file(s.path("t/link")).unwrap();
    symlink("elsewhere", s.path("t/link")).unwrap();
    update();
    // Two files become one.
    fs::remove_file(s.path("t/third")).unwrap();
    fs::hard_link(s.path("t/d/b.bin"), s.path("t/third")).unwrap();
    update();
    // Holes.
    fs::File::create(s.path("t/sparse")).unwrap().set_len(10 << 20).unwrap();
    update();
    s.ok(["compact", "t.mln", "-1"]);
    holds(&s, "t.mln", "t");
}

#[test]
fn any_changes_in_any_order_give_what_is_on_disk() {
    let s = Sandbox::new();
    s.write("t/0", text(100, 0));
    s.ok(["compress", "-1", "t", "--block-size", "64k"]);
    let mut random = Random(11);
    for round in 0..10u64 {
        for _ in 0..6 {
            let pick = random.next();
            let path = s.path(format!("t/{}", ["a", "b", "c/x", "c/y", "c/d/z", "0"][(pick % 6) as usize]));
            let remove = |path: &Path| {
                drop(fs::remove_file(path));
                drop(fs::remove_dir_all(path));
            };
            match pick >> 8 & 7 {
                0 => remove(&path),
                1 => remove(&s.path("t/c")),
                2 if path.exists() => {
                    let mode = 0o600 | (pick >> 16 & 0o77) as u32 | if path.is_dir() { 0o100 } else { 0 };
                    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                }
                3 if path.is_file() => drop(fs::rename(&path, s.path("t/moved"))),
                _ if path.is_dir() || path.ancestors().any(|above| above.is_file() && above != path) => {}
                4 => {
                    remove(&path);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    drop(fs::hard_link(s.path("t/0"), &path));
                }
                _ => {
                    // Not through a hard link.
                    remove(&path);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(&path, text(1 + (pick >> 20) as usize % 90_000, round)).unwrap();
                }
            }
        }
        s.ok(["update", "t.mln", "t", "--delete", "-1", "--block-size", "64k"]);
        holds(&s, "t.mln", "t");
        if round % 4 == 3 {
            s.ok(["compact", "t.mln", "-1"]);
            holds(&s, "t.mln", "t");
            let info = s.ok(["info", "t.mln", "--format", "json"]).json();
            assert_eq!(info["files"][0]["streams"], 1);
        }
    }
}

#[test]
fn what_is_there_is_not_stored_again() {
    let s = Sandbox::new();
    s.write("t/one/big", noise(400_000, 1));
    s.ok(["compress", "-1", "t"]);
    let size = |s: &Sandbox| s.read("t.mln").len();
    let before = size(&s);
    // Another time, another name, another name for one of two.
    fs::File::options()
        .write(true)
        .open(s.path("t/one/big"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    s.ok(["update", "t.mln", "t", "-1"]);
    fs::rename(s.path("t/one"), s.path("t/two")).unwrap();
    fs::copy(s.path("t/two/big"), s.path("t/copy")).unwrap();
    s.ok(["update", "t.mln", "t", "-1", "--delete"]);
    assert!(size(&s) < before + 2000, "{} {before}", size(&s));
    holds(&s, "t.mln", "t");
    // Other bytes of the same length and time are found only if they are looked at.
    let time = s.path("t/copy").metadata().unwrap().modified().unwrap();
    s.write("t/copy", noise(400_000, 2));
    fs::File::options().write(true).open(s.path("t/copy")).unwrap().set_modified(time).unwrap();
    let found =
        |args: &[&str]| s.ok([args, &["--format", "json"]].concat()).json()["files"][0]["changed"].clone();
    assert_eq!(found(&["update", "t.mln", "t", "-1"]), 0);
    assert_eq!(found(&["update", "t.mln", "t", "-1", "--checksum"]), 1);
    holds(&s, "t.mln", "t");
    s.ok(["compact", "t.mln"]);
    holds(&s, "t.mln", "t");
}

#[test]
fn without_times_contents_are_compared() {
    let s = Sandbox::new();
    s.write("t/a", text(1000, 1));
    s.ok(["compress", "-1", "--no-times", "t"]);
    let changed = |s: &Sandbox| {
        let told = s.ok(["update", "t.mln", "t", "-1", "--no-times", "--format", "json"]).json();
        told["files"][0]["changed"].as_u64().unwrap()
    };
    assert_eq!(changed(&s), 0);
    s.write("t/a", text(1000, 2));
    assert_eq!(changed(&s), 1);
    assert_eq!(s.ok(["cat", "t.mln", "t/a"]).stdout, text(1000, 2));
}

#[test]
fn what_is_left_out_or_cannot_be_seen_stays() {
    let s = Sandbox::new();
    s.write("t/a.o", "object");
    s.write("t/a.c", "source");
    s.write("u/x", "beside");
    s.ok(["compress", "-1", "t", "u", "-o", "two.mln"]);
    fs::remove_file(s.path("t/a.o")).unwrap();
    fs::remove_file(s.path("t/a.c")).unwrap();
    fs::remove_file(s.path("u/x")).unwrap();
    s.ok(["update", "two.mln", "t", "--delete", "--exclude", "*.o"]);
    let list = s.ok(["list", "two.mln"]).text();
    assert!(list.contains("t/a.o") && list.contains("u/x") && !list.contains("t/a.c"), "{list}");
    // A path that is gone itself, and one that never was.
    fs::remove_dir_all(s.path("u")).unwrap();
    s.fails(["update", "two.mln", "u"], 1);
    s.ok(["update", "two.mln", "u", "--delete"]);
    assert!(!s.ok(["list", "two.mln"]).text().contains("u/x"));
    let error = s.fails(["update", "two.mln", "uu", "--delete"], 3);
    assert!(error.contains("neither there nor in the archive"), "{error}");
}

#[test]
fn what_is_no_whole_archive_is_left_as_it_is() {
    let s = Sandbox::new();
    tree(&s);
    s.write("single", text(5000, 1));
    s.ok(["compress", "-1", "single"]);
    let whole = s.read("t.mln");
    let mut bad = whole.clone();
    let tree_at = whole.len() - 120;
    bad[tree_at] ^= 1;
    s.write("bad.mln", &bad);
    s.write("cut.mln", &whole[..whole.len() - 9]);
    s.write("t/a.txt", "changed");
    for (archive, code) in [("single.mln", 3), ("bad.mln", 4), ("cut.mln", 4), ("none.mln", 1), ("t", 3)] {
        let before = s.path(archive).is_file().then(|| s.read(archive));
        for verb in [&["update", archive, "t", "--delete"][..], &["compact", archive]] {
            s.fails(verb, code);
        }
        assert_eq!(before, s.path(archive).is_file().then(|| s.read(archive)), "{archive}");
    }
    // Its own input, by whatever name.
    fs::hard_link(s.path("t.mln"), s.path("other.mln")).unwrap();
    for own in ["t.mln", "other.mln"] {
        s.fails(["update", "t.mln", own], 3);
    }
    assert_eq!(s.read("t.mln"), whole);
    assert!(s.names("").iter().all(|name| !name.contains("partial")), "{:?}", s.names(""));
}

#[test]
fn an_archive_in_the_folder_that_it_is_of_leaves_itself_out() {
    let s = Sandbox::new();
    s.write("t/a", "a");
    s.ok(["compress", "-1", "t", "-o", "t/own.mln"]);
    s.write("t/b", "b");
    s.ok(["update", "t/own.mln", "t", "--delete"]);
    let list = s.ok(["list", "t/own.mln"]).text();
    assert!(list.contains("t/b") && !list.contains("own"), "{list}");
    // Through a link, it is the archive that is replaced, and not the link.
    symlink("t/own.mln", s.path("link")).unwrap();
    s.write("t/c", "c");
    s.ok(["update", "link", "t"]);
    assert!(s.path("link").is_symlink() && s.ok(["list", "t/own.mln"]).text().contains("t/c"));
}

#[test]
fn recovery_data_goes_on_and_never_seals_damage() {
    let s = Sandbox::new();
    s.write("t/a", noise(300_000, 1));
    s.ok(["compress", "-1", "t", "--recovery", "7%"]);
    let protected = |s: &Sandbox| {
        let mut bad = s.read("t.mln");
        bad[150_000..153_000].fill(0);
        let late = bad.len() * 2 / 3;
        bad[late..late + 10].fill(0);
        s.write("bad.mln", bad);
        s.ok(["repair", "bad.mln", "-f", "-o", "mended.mln"]);
        assert_eq!(s.read("mended.mln"), s.read("t.mln"));
    };
    s.write("t/b", noise(200_000, 2));
    s.ok(["update", "t.mln", "t", "-1"]);
    protected(&s);
    holds(&s, "t.mln", "t");
    fs::remove_file(s.path("t/a")).unwrap();
    s.ok(["update", "t.mln", "t", "--delete"]);
    protected(&s);
    // Damage that the old data can mend: new data would make it last.
    let whole = s.read("t.mln");
    let mut bad = whole.clone();
    bad[100_000] ^= 1;
    s.write("t.mln", &bad);
    s.write("t/c", "c");
    for verb in [&["update", "t.mln", "t"][..], &["compact", "t.mln"]] {
        assert!(s.fails(verb, 4).contains("repair"));
    }
    assert_eq!(s.read("t.mln"), bad);
    s.write("t.mln", &whole);
    s.ok(["compact", "t.mln"]);
    assert!(s.read("t.mln").len() < whole.len() - 250_000);
    s.ok(["update", "t.mln", "t"]);
    holds(&s, "t.mln", "t");
}

#[test]
fn what_is_locked_stays_locked() {
    let s = Sandbox::new();
    s.write("t/a", text(30_000, 1));
    s.write("pass", "open sesame\n");
    let key = ["--passphrase-file", "pass"];
    s.ok([&["compress", "-1", "t", "--encrypt", "--recovery", "20%"][..], &key].concat());
    s.write("t/b", text(3000, 2));
    s.fails(["update", "t.mln.age", "t"], 1);
    s.write("wrong", "open barley\n");
    s.fails(["update", "t.mln.age", "t", "--passphrase-file", "wrong"], 7);
    s.ok([&["update", "t.mln.age", "t", "-1"][..], &key].concat());
    assert!(s.read("t.mln.age").starts_with(b"age-encryption.org/v1\n"));
    let list = |s: &Sandbox| s.ok([&["list", "t.mln.age"][..], &key].concat()).text();
    assert!(list(&s).contains("t/b"));
    let mended = |s: &Sandbox| {
        let mut bad = s.read("t.mln.age");
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        s.write("bad.age", bad);
        fs::copy(s.path("t.mln.age.rec"), s.path("bad.age.rec")).unwrap();
        s.ok(["repair", "bad.age", "-f", "-o", "mended.age"]);
        assert_eq!(s.read("mended.age"), s.read("t.mln.age"));
    };
    mended(&s);
    fs::remove_file(s.path("t/a")).unwrap();
    s.ok([&["update", "t.mln.age", "t", "--delete"][..], &key].concat());
    s.ok([&["compact", "t.mln.age"][..], &key].concat());
    mended(&s);
    assert!(!list(&s).contains("t/a"));
    // Who else holds a key of a file to keys, it does not say.
    s.write("id", "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n");
    s.ok(["compress", "-1", "t", "-r", PUBLIC, "-o", "k.age"]);
    s.write("t/c", "c");
    assert!(s.fails(["update", "k.age", "t", "-i", "id"], 3).contains("--recipient"));
    s.ok(["update", "k.age", "t", "-i", "id", "-r", PUBLIC]);
    assert!(s.ok(["list", "k.age", "-i", "id"]).text().contains("t/c"));
}

#[test]
fn private_things_make_the_archive_private() {
    let s = Sandbox::new();
    s.write("t/a", "public");
    s.ok(["compress", "-1", "t"]);
    let mode = |s: &Sandbox| s.path("t.mln").metadata().unwrap().mode() & 0o777;
    fs::set_permissions(s.path("t.mln"), fs::Permissions::from_mode(0o664)).unwrap();
    s.write("t/b", "public, too");
    s.ok(["update", "t.mln", "t"]);
    assert_eq!(mode(&s), 0o664);
    s.write("t/secret", "private");
    fs::set_permissions(s.path("t/secret"), fs::Permissions::from_mode(0o600)).unwrap();
    s.ok(["update", "t.mln", "t"]);
    assert_eq!(mode(&s), 0o600);
}

#[test]
fn compacting_gives_back_the_room_and_every_trace() {
    let s = Sandbox::new();
    let secret = b"the words that nobody may read any more, stored as they are";
    for i in 0..40 {
        s.write(format!("t/{i}"), noise(30_000, i));
    }
    s.write("t/secret", [&noise(3000, 99)[..], secret].concat());
    s.ok(["compress", "t", "--codec", "store"]);
    let full = s.read("t.mln").len();
    let has_secret = |s: &Sandbox| s.read("t.mln").windows(secret.len()).any(|part| part == secret);
    assert!(has_secret(&s));
    fs::remove_file(s.path("t/secret")).unwrap();
    (0..20).for_each(|i| fs::remove_file(s.path(format!("t/{i}"))).unwrap());
    s.ok(["update", "t.mln", "t", "--delete", "-1"]);
    assert!(has_secret(&s));
    let told = s.ok(["compact", "t.mln", "-1", "--format", "json"]).json();
    assert!(told["files"][0]["freed_bytes"].as_u64().unwrap() > 550_000, "{told}");
    assert!(!has_secret(&s) && s.read("t.mln").len() < full * 6 / 10);
    holds(&s, "t.mln", "t");
    let again = s.ok(["compact", "t.mln", "--format", "json"]).json();
    assert_eq!(again["files"][0]["freed_bytes"], 0);
}

#[test]
fn cuts_by_content_leave_most_of_the_output_as_it_was() {
    let s = Sandbox::new();
    let content = text(12 << 20, 1);
    s.write("t/big", &content);
    s.write("t/small", text(9000, 2));
    let pack = |s: &Sandbox, input: &str, to: &str| {
        s.ok(["compress", "-1", "--rsyncable", "--block-size", "1M", "-f", input, "-o", to]);
        s.ok(["test", to]);
    };
    pack(&s, "t/big", "big.mln");
    pack(&s, "t", "t.mln");
    s.write("t/big", [b"one more byte: x", &content[..]].concat());
    for (input, old) in [("t/big", "big.mln"), ("t", "t.mln")] {
        pack(&s, input, "new.mln");
        let (old, new) = (s.read(old), s.read("new.mln"));
        let parts: std::collections::HashSet<&[u8]> = old.windows(64).collect();
        let same = new.chunks_exact(64).filter(|part| parts.contains(part)).count();
        assert!(same * 64 * 10 > new.len() * 8, "{input}: {} of {}", same * 64, new.len());
    }
}
