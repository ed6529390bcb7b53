//! Folders in, folders out.

use super::sandbox::{Sandbox, noise, text};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// A folder with one of everything.
fn tree(s: &Sandbox) {
    s.write("t/a.txt", text(100_000, 1));
    s.write("t/sub/copy.txt", text(100_000, 1));
    s.write("t/sub/b.bin", noise(50_000, 2));
    s.write("t/empty", "");
    s.write(Path::new("t").join(std::ffi::OsStr::from_bytes(b"odd\xff\xfe")), "odd");
    std::fs::create_dir(s.path("t/nothing here")).unwrap();
    symlink("a.txt", s.path("t/link")).unwrap();
    symlink("no/such/place", s.path("t/dangling")).unwrap();
    std::fs::hard_link(s.path("t/a.txt"), s.path("t/hard")).unwrap();
    std::fs::set_permissions(s.path("t/sub/b.bin"), std::fs::Permissions::from_mode(0o750)).unwrap();
}

/// Everything about a folder that should come back, as text.
fn portrait(s: &Sandbox, folder: &str) -> String {
    let script = "cd \"$1\" && find . -printf '%P %y %m %T@ %l %n\\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum";
    let output = std::process::Command::new("bash")
        .args(["-c", script, "-", folder])
        .current_dir(s.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_folder_comes_back_with_everything_in_it() {
    let s = Sandbox::new();
    tree(&s);
    s.ok(["compress", "-2", "t"]);
    s.ok(["test", "t.mln"]);
    s.ok(["decompress", "t.mln", "-o", "out"]);
    assert_eq!(portrait(&s, "t"), portrait(&s, "out/t"));
}

#[test]
fn sparse_files_come_back_sparse() {
    let s = Sandbox::new();
    s.write("t/sparse", "x");
    std::fs::File::options().write(true).open(s.path("t/sparse")).unwrap().set_len(5 << 20).unwrap();
    std::fs::File::create(s.path("t/hole")).unwrap().set_len(50 << 20).unwrap();
    s.ok(["compress", "-1", "t"]);
    s.ok(["test", "--max-ratio", "0", "t.mln"]);
    s.ok(["decompress", "--max-ratio", "0", "t.mln", "-o", "out"]);
    assert_eq!(s.read("out/t/sparse"), s.read("t/sparse"));
    for (name, len) in [("sparse", 5 << 20), ("hole", 50u64 << 20)] {
        let meta = s.path(format!("out/t/{name}")).metadata().unwrap();
        assert!(meta.len() == len && meta.blocks() * 512 < 1 << 20, "{name}");
    }
    s.ok(["compress", "--rm", "-f", "-1", "t"]);
    assert!(!s.exists("t"));
}

#[test]
fn the_current_folder_is_the_default_and_nothing_is_overwritten() {
    let s = Sandbox::new();
    s.write("t/a", "new");
    s.ok(["compress", "t"]);
    s.write("t/a", "old");
    s.fails(["decompress", "t.mln"], 1);
    assert_eq!(s.read("t/a"), b"old");
    s.ok(["decompress", "-f", "t.mln"]);
    assert_eq!(s.read("t/a"), b"new");
    assert_eq!(s.names(""), ["t", "t.mln"]);
}

#[test]
fn several_inputs_make_one_archive_or_one_file_each() {
    let s = Sandbox::new();
    s.write("a", "1");
    s.write("d/b", "2");
    s.ok(["compress", "a", "d", "-o", "both.mln"]);
    s.ok(["decompress", "both.mln", "-o", "out"]);
    assert_eq!((s.read("out/a"), s.read("out/d/b")), (b"1".to_vec(), b"2".to_vec()));
    s.ok(["compress", "a", "d"]);
    assert!(s.exists("a.mln") && s.exists("d.mln"));
}

#[test]
fn an_archive_goes_through_pipes() {
    let s = Sandbox::new();
    s.write("t/a", text(10_000, 3));
    let packed = s.ok(["compress", "-c", "t"]).stdout;
    let ran = s.pipe(["decompress", "-o", "out"], &packed);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(s.read("out/t/a"), s.read("t/a"));
    assert_eq!(s.pipe(["-t"], &packed).code, 0);
    assert_eq!(s.pipe(["-dc"], &packed).stdout, s.read("t/a"));
}

#[test]
fn members_are_chosen_by_name_folder_and_pattern() {
    let s = Sandbox::new();
    tree(&s);
    s.ok(["compress", "-1", "t"]);
    s.ok(["extract", "t.mln", "t/a.txt", "-o", "one"]);
    assert_eq!(s.names("one/t"), ["a.txt"]);
    s.ok(["extract", "t.mln", "t/sub", "-o", "two"]);
    assert_eq!(s.names("two/t/sub"), ["b.bin", "copy.txt"]);
    s.ok(["extract", "t.mln", "t/*.txt", "-o", "three"]);
    assert!(s.exists("three/t/a.txt") && !s.exists("three/t/empty"));
    assert_eq!(s.ok(["cat", "t.mln", "t/sub/b.bin"]).stdout, s.read("t/sub/b.bin"));
    assert_eq!(
        s.ok(["cat", "t.mln", "t/sub/b.bin", "--range", "10..20"]).stdout,
        s.read("t/sub/b.bin")[10..20]
    );
    s.fails(["extract", "t.mln", "t/nowhere", "-o", "four"], 3);
    s.fails(["cat", "t.mln", "t/nowhere"], 3);
    s.fails(["cat", "t.mln", "t", "--range", "1..2"], 3);
}

#[test]
fn equal_files_cost_nothing_twice() {
    let s = Sandbox::new();
    s.write("t/a", noise(200_000, 4));
    s.write("t/b", noise(200_000, 4));
    s.ok(["compress", "-1", "t"]);
    assert!(s.read("t.mln").len() < 220_000);
    s.ok(["compress", "-1", "-f", "--no-dedup", "--codec", "zstd", "--block-size", "64k", "t"]);
    assert!(s.read("t.mln").len() > 390_000);
}

#[test]
fn without_times_equal_folders_give_equal_bytes() {
    let s = Sandbox::new();
    for folder in ["x/t", "y/t"] {
        s.write(format!("{folder}/a"), "same");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let packed = |folder: &str| s.ok(["compress", "--no-times", "-c", folder]).stdout;
    assert_eq!(packed("x/t"), packed("y/t"));
}
