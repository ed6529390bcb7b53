use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn paths(items: &[Item]) -> Vec<String> {
    items.iter().map(|i| String::from_utf8_lossy(&i.path).into_owned()).collect()
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn finds_everything_in_a_fixed_order() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("b/empty")).unwrap();
    fs::write(root.join("a"), "first").unwrap();
    fs::hard_link(root.join("a"), root.join("b/again")).unwrap();
    symlink("../nowhere", root.join("link")).unwrap();
    symlink("b", root.join("to-folder")).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
    fs::set_permissions(root.join("a"), fs::Permissions::from_mode(0o640)).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let Walked { items, warnings, .. } =
        walk(std::slice::from_ref(&root), &Options::default(), &Env::default()).unwrap();
    let expected =
        ["root", "root/a", "root/b", "root/b/again", "root/b/empty", "root/link", "root/to-folder"];
    assert_eq!(paths(&items)[..7], expected);
    assert_eq!(items[7].path, b"root/\xff\xfe");
    assert_eq!((items[1].mode, &items[1].body), (0o640, &Found::File { len: 5, data: vec![(0, 5)] }));
    assert_eq!(items[3].body, Found::Hardlink(1));
    assert_eq!(items[6].body, Found::Symlink(b"b".to_vec()));
    assert!(items[1].mtime.is_some() && warnings.len() == 1 && warnings[0].contains("pipe"));
    assert!(open(&items[5]).is_err() && open(&items[1]).is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn finds_holes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse");
    let file = File::create(&path).unwrap();
    file.set_len(10 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"data", 5 << 20).unwrap();
    file.sync_all().unwrap();
    let items = walk(&[path], &Options::default(), &Env::default()).unwrap().items;
    let Found::File { len, data } = &items[0].body else { panic!() };
    assert_eq!(*len, 10 << 20);
    assert!(data.iter().any(|&(at, n)| at <= 5 << 20 && at + n >= (5 << 20) + 4));
    assert!(data.iter().map(|d| d.1).sum::<u64>() <= 10 << 20);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn names_of_inputs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a/x", "b/x", "c"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("f"), name).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(|n| folder.path().join(n)).collect::<Vec<_>>();
    let get = |names: &[&str]| {
        walk(&at(names), &Options::default(), &Env::default()).map(|found| paths(&found.items))
    };
    assert_eq!(get(&["c", "c/"]).unwrap(), ["c", "c/f"]);
    assert_eq!(get(&["a/x", "b/x", "c"]).unwrap(), ["a/x", "a/x/f", "b/x", "b/x/f", "c", "c/f"]);
    assert_eq!(get(&["c/../a/.", "c/f"]).unwrap(), ["a", "a/x", "a/x/f", "f"]);
    assert_eq!(get(&["a/.."]).unwrap(), ["a", "a/x", "a/x/f", "b", "b/x", "b/x/f", "c", "c/f"]);
    assert!(get(&["nothing"]).is_err());
    symlink("c", folder.path().join("l")).unwrap();
    assert_eq!(get(&["l"]).unwrap(), ["l"]);
    let follow = Options { follow_inputs: true, ..Options::default() };
    assert_eq!(paths(&walk(&at(&["l"]), &follow, &Env::default()).unwrap().items), ["l", "l/f"]);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn both_names_of_a_file_are_stored_whichever_inputs_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("a")).unwrap();
    fs::create_dir_all(at("b")).unwrap();
    fs::write(at("a/x"), "one").unwrap();
    fs::hard_link(at("a/x"), at("b/x")).unwrap();
    let found = walk(&[at("a/x"), at("b/x")], &Options::default(), &Env::default()).unwrap();
    assert_eq!(paths(&found.items), ["a/x", "b/x"]);
    assert_eq!(found.items[1].body, Found::Hardlink(0));
    let twice = walk(&[at("a/x"), at("a/../a/x")], &Options::default(), &Env::default()).unwrap();
    assert_eq!(paths(&twice.items), ["x"]);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn outputs_are_left_out_with_what_is_being_written_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("kept"), "").unwrap();
    fs::write(root.join("sub/o.mln"), "of somebody else").unwrap();
    let output = root.join("o.mln");
    let options = Options { without: vec![output.clone()], ..Options::default() };
    let get = || walk(std::slice::from_ref(&root), &options, &Env::default()).unwrap();
    let before = get();
    let unfinished = crate::atomic::AtomicFile::create(&output, false).unwrap();
    let during = get();
    unfinished.commit().unwrap();
    let after = get();
    for (found, outputs) in [(&before, 0), (&during, 0), (&after, 1)] {
        assert_eq!(paths(&found.items), ["root", "root/kept", "root/sub", "root/sub/o.mln"]);
        assert_eq!((found.outputs.len(), found.warnings.len()), (outputs, 0));
    }
    assert!(
        [before, during, after].iter().all(|found| found.items[0].mtime.is_none()),
        "a time that the output changes"
    );
    let other = crate::atomic::AtomicFile::create(root.join("other"), false).unwrap();
    assert_eq!(get().warnings.len(), 1);
    drop(other);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn owners_and_attributes_are_kept_when_asked_and_missed_when_not() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    for name in ["a", "b", "c"] {
        fs::write(root.join(name), name).unwrap();
    }
    let set = |name: &str, value: &[u8]| {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(root.join("a"), name, value, flags)
    };
    if set("user.note", b"n").is_err() {
        // A file system without attributes.
        return;
    }
    set("user.long", &[b'x'; 3000]).unwrap();
    let walked = |options: &Options| walk(std::slice::from_ref(&root), options, &Env::default()).unwrap();
    let plain = walked(&Options::default());
    assert!(plain.items.iter().all(|item| item.meta.is_none()));
    assert_eq!(plain.not_kept.as_deref(), Some("not kept: extended attributes of 1 files or folders"));
    let all = walked(&Options { owners: true, xattrs: true, acls: true, ..Options::default() });
    assert_eq!(all.not_kept, None);
    let metas: Vec<_> = all.items.iter().map(|item| item.meta.clone().unwrap()).collect();
    let xattrs: Vec<_> = metas[1].xattrs.iter().map(|x| (&x.name[..], x.value.len())).collect();
    assert_eq!(xattrs, [(&b"user.long"[..], 3000), (b"user.note", 1)]);
    let owner = metas[2].owner.as_ref().unwrap();
    assert_eq!(owner.uid, rustix::process::geteuid().as_raw());
    assert!(Arc::ptr_eq(&metas[2], &metas[3]), "equal ones are one");
}
