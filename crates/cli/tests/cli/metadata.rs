//! Owners, extended attributes and ACLs, from disk to archive and back.

use super::sandbox::{Ran, Sandbox};
use rustix::fs::{Gid, Uid, XattrFlags, chown, lgetxattr, setxattr};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const ACL: &str = "system.posix_acl_access";

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let len = lgetxattr(path, name, &mut value).ok()?;
    Some(value[..len].to_vec())
}

/// The owner may read and write, user 12345 and the group may read: version 2, then tag, rights and number of each.
fn acl() -> Vec<u8> {
    let none = u32::MAX;
    let entries = [(1u16, 6u16, none), (2, 4, 12345), (4, 4, none), (16, 4, none), (32, 0, none)];
    let each = |(tag, rights, id): (u16, u16, u32)| {
        [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    [vec![2, 0, 0, 0], entries.into_iter().flat_map(each).collect()].concat()
}

/// A folder with all of it, as far as the file system and the rights of the test allow; says whether there are attributes and ACLs, and
/// whether owners can be given.
fn sample(s: &Sandbox) -> ([bool; 2], bool) {
    fs::create_dir(s.path("d")).unwrap();
    s.write("d/f", "content");
    s.write("d/plain", "content");
    let set = |name: &str, value: &[u8]| setxattr(s.path("d/f"), name, value, XattrFlags::empty()).is_ok();
    let attributes = [set("user.note", b"\x00 kept \xff"), set(ACL, &acl())];
    let root = rustix::process::geteuid().is_root();
    if root {
        chown(s.path("d/f"), Some(Uid::from_raw(12345)), Some(Gid::from_raw(54321))).unwrap();
    }
    fs::set_permissions(s.path("d"), Permissions::from_mode(0o2755)).unwrap();
    (attributes, root)
}

#[test]
fn metadata_comes_back_when_asked() {
    let s = Sandbox::new();
    let ([xattrs, acls], root) = sample(&s);
    assert_eq!(s.run(["compress", "-1", "--metadata", "d"]).code, 0);
    assert_eq!(s.run(["decompress", "--metadata", "d.mln", "-o", "out"]).code, 0);
    let meta = fs::metadata(s.path("out/d/f")).unwrap();
    if xattrs {
        assert_eq!(attribute(&s.path("out/d/f"), "user.note").unwrap(), b"\x00 kept \xff");
    }
    if acls {
        assert_eq!(attribute(&s.path("out/d/f"), ACL).unwrap(), acl());
    }
    if root {
        assert_eq!((meta.uid(), meta.gid()), (12345, 54321));
    }
    assert_eq!(fs::metadata(s.path("out/d")).unwrap().mode() & 0o7777, 0o2755);
    // Only what is wanted, and the owner that makes the files.
    let args = ["decompress", "--no-owner", "--no-xattrs", "--no-acls", "d.mln", "-o", "bare"];
    assert_eq!(s.run(args).code, 0);
    let bare = fs::metadata(s.path("bare/d/f")).unwrap();
    assert_eq!(bare.uid(), rustix::process::geteuid().as_raw());
    assert_eq!(
        (attribute(&s.path("bare/d/f"), "user.note"), attribute(&s.path("bare/d/f"), ACL)),
        (None, None)
    );
    assert_eq!(fs::metadata(s.path("bare/d")).unwrap().mode() & 0o7777, 0o755);
}

#[test]
fn what_is_not_kept_is_counted_in_one_line() {
    let s = Sandbox::new();
    let ([xattrs, acls], _) = sample(&s);
    let ran = s.run(["compress", "-1", "-v", "--no-owner", "d"]);
    assert_eq!(ran.code, 0, "it is said, and no failure");
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("not kept")).collect();
    assert_eq!(lines.len(), usize::from(xattrs || acls), "{}", ran.stderr);
    assert_eq!(lines.iter().any(|line| line.contains("extended attributes of 1")), xattrs);
    assert_eq!(lines.iter().any(|line| line.contains("access control lists of 1")), acls);
    // The same bytes as of a folder without any of it.
    fs::create_dir(s.path("e")).unwrap();
    assert_eq!(s.run(["decompress", "--no-xattrs", "--no-acls", "d.mln", "-o", "e"]).code, 0);
    fs::set_permissions(s.path("e/d"), Permissions::from_mode(0o2755)).unwrap();
    assert_eq!(s.run(["compress", "-1", "--no-owner", "e/d", "-o", "again.mln"]).code, 0);
    assert_eq!(s.read("again.mln"), s.read("d.mln"));
}

/// Runs the command as a user with no rights in the folder of the sandbox but those of everybody. Nothing where the test itself runs
/// without the rights for that.
fn as_nobody(s: &Sandbox, args: &[&str]) -> Option<Ran> {
    let program = s.path("minlen-of-everybody");
    if !rustix::process::geteuid().is_root() {
        println!("skipped: to become another user takes root");
        return None;
    }
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_minlen"), &program).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(s.path("."), Permissions::from_mode(0o777)).unwrap();
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let tried = std::process::Command::new("setpriv").args(nobody).arg("true").status();
    if !tried.is_ok_and(|status| status.success()) {
        println!("skipped: there is no setpriv that works");
        return None;
    }
    Some(s.command_of("setpriv", &[&nobody[..], &[program.to_str().unwrap()], args].concat()))
}

#[test]
fn who_is_not_root_makes_the_archive_that_root_makes_without_owners() {
    let s = Sandbox::new();
    sample(&s);
    fs::set_permissions(s.path("d/f"), Permissions::from_mode(0o644)).unwrap();
    let Some(ran) = as_nobody(&s, &["compress", "-1", "d", "-o", "nobody.mln"]) else { return };
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(s.run(["compress", "-1", "--no-owner", "d", "-o", "root.mln"]).code, 0);
    assert_eq!(s.read("nobody.mln"), s.read("root.mln"));
    assert_eq!(s.run(["compress", "-1", "d", "-o", "owners.mln"]).code, 0);
    assert_ne!(s.read("owners.mln"), s.read("root.mln"), "root keeps owners");
    // Asked for, owners are kept by anybody.
    let ran = as_nobody(&s, &["compress", "-1", "--owner", "d", "-o", "asked.mln"]).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(s.read("asked.mln"), s.read("owners.mln"));
}

#[test]
fn who_is_not_root_gets_the_contents_and_hears_what_could_not_be_set() {
    let s = Sandbox::new();
    let ([xattrs, acls], _) = sample(&s);
    assert_eq!(s.run(["compress", "-1", "--metadata", "d"]).code, 0);
    fs::set_permissions(s.path("d.mln"), Permissions::from_mode(0o644)).unwrap();
    // By default owners are nothing to somebody who cannot give them.
    let Some(ran) = as_nobody(&s, &["decompress", "d.mln", "-o", "plain"]) else { return };
    assert_eq!((ran.code, ran.stderr.contains("owner")), (0, false), "{}", ran.stderr);
    let ran = as_nobody(&s, &["decompress", "--metadata", "d.mln", "-o", "all"]).unwrap();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().filter(|line| line.contains("owner")).count(), 1, "{}", ran.stderr);
    for folder in ["plain", "all"] {
        let file = s.path(folder).join("d/f");
        assert_eq!(fs::read(&file).unwrap(), b"content");
        assert_eq!(fs::metadata(&file).unwrap().uid(), 65534);
        if xattrs {
            assert_eq!(attribute(&file, "user.note").unwrap(), b"\x00 kept \xff");
        }
        if acls {
            assert_eq!(attribute(&file, ACL).unwrap(), acl());
        }
        assert_eq!(fs::metadata(s.path(folder).join("d")).unwrap().mode() & 0o777, 0o755);
    }
}
