use super::*;
use minlen::ErrorKind;
use std::fs;
use std::os::unix::fs::symlink;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "d/x"] {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), name).unwrap();
    }
    symlink("a", folder.path().join("link")).unwrap();
    fs::hard_link(folder.path().join("a"), folder.path().join("hard")).unwrap();
    folder
}

fn kind(result: Result<()>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn what_is_read_is_not_written_by_whatever_name_and_in_whichever_order() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for name in ["a", "link", "hard", "d/../a"] {
        for role in
            [Role::Input, Role::Base, Role::Prior, Role::Model, Role::Identity, Role::Passphrase, Role::List]
        {
            let mut ledger = Ledger::default();
            ledger.read(role, &at("a")).unwrap();
            assert_eq!(kind(ledger.write(&at(name), "x")), Some(ErrorKind::Usage), "{name}");
            let mut ledger = Ledger::default();
            ledger.write(&at(name), "x").unwrap();
            assert_eq!(kind(ledger.read(role, &at("a"))), Some(ErrorKind::Usage), "{name}");
        }
    }
    let mut ledger = Ledger::default();
    ledger.read(Role::Input, &at("a")).unwrap();
    assert_eq!(kind(ledger.write(&at("b"), "x")), None);
}

#[test]
fn two_outputs_have_two_places() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let mut ledger = Ledger::default();
    ledger.write(&at("o"), "x").unwrap();
    ledger.write(&at("d/../o"), "x").unwrap();
    let error = ledger.write(&at("d/../o"), "y").unwrap_err().to_string();
    assert!(error.contains("x and y"), "{error}");
    ledger.write(&at("new/folder/o"), "z").unwrap();
    assert_eq!(kind(ledger.write(&at("new/folder/o"), "v")), Some(ErrorKind::Usage));
    ledger.write(Path::new("/dev/null"), "x").unwrap();
    ledger.write(Path::new("/dev/null"), "y").unwrap();
}

#[test]
fn a_file_of_a_folder_that_is_read_is_not_replaced_but_an_earlier_output_is() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let packed = minlen::compress(b"old", &minlen::Options::default()).unwrap();
    fs::write(at("d/old.mln"), packed).unwrap();
    let mut ledger = Ledger::default();
    ledger.read(Role::Input, &at("d")).unwrap();
    assert_eq!(kind(ledger.write(&at("d/x"), "d")), Some(ErrorKind::Usage));
    assert_eq!(kind(ledger.write(&at("d/old.mln"), "d")), None);
    assert_eq!(kind(ledger.write(&at("d/new"), "d")), None);
}

#[test]
fn what_reading_needs_is_known_by_every_name() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let mut ledger = Ledger::default();
    ledger.read(Role::Input, &at("b")).unwrap();
    ledger.read(Role::Base, &at("link")).unwrap();
    for name in ["a", "hard", "link"] {
        assert_eq!(ledger.needed(&fs::symlink_metadata(at(name)).unwrap()), Some("base"), "{name}");
    }
    assert_eq!(ledger.needed(&fs::symlink_metadata(at("b")).unwrap()), None);
}
