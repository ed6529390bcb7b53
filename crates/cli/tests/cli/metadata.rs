//! Owners, extended attributes and ACLs, from disk to archive and back.

use super::sandbox::Sandbox;
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
