//! The table of sizes: what is written reads back, and what changed is told.

use minlen_bench::results::{Difference, SizeTable, TOLERANCE, check, compare, save};
use minlen_bench::{FnRival, Input, Rival, resolve};
use minlen_core::Env;

const OLD: &str = "\
corpus,file,raw_bytes,blake3,method,compressed_bytes
c,a,9000,00ff,m:1,10000
c,\"b,b\",9000,00ff,m:1,10000
c,d,9000,00ff,m:1,10000
c,e,9000,00ff,m:1,10000
c,f,9000,00ff,m:1,10000
";

const NEW: &str = "\
corpus,file,raw_bytes,blake3,method,compressed_bytes
c,a,9000,00ff,m:1,10010
c,\"b,b\",9000,00ff,m:1,10011
c,d,9000,00ff,m:1,9989
c,e,9000,1111,m:1,10000
c,g,9000,00ff,m:1,10000
";

#[test]
fn changes_over_a_thousandth_are_told_in_both_directions() {
    let (old, new) = (SizeTable::parse(OLD).unwrap(), SizeTable::parse(NEW).unwrap());
    let changes = compare(&old, &new, TOLERANCE);
    let found: Vec<(&str, &Difference)> = changes.iter().map(|c| (c.key.file.as_str(), &c.what)).collect();
    assert_eq!(
        found,
        [
            ("b,b", &Difference::Size(10_000, 10_011)),
            ("d", &Difference::Size(10_000, 9_989)),
            ("e", &Difference::Input),
            ("f", &Difference::Missing),
            ("g", &Difference::Added),
        ]
    );
    assert_eq!(changes[0].to_string(), "c: m:1 b,b: 10000 -> 10011 bytes (+0.11 %)");
    assert_eq!(compare(&old, &old, 0.0), []);
}

#[test]
fn text_reads_back_sorted_and_damage_is_an_error() {
    let table = SizeTable::parse(OLD).unwrap();
    assert_eq!(SizeTable::parse(&table.to_csv()).unwrap(), table);
    assert_eq!(table.total("c", "m:1"), 50_000);
    for bad in ["", "x,y\n", &OLD.replace("10000", "many"), &OLD.replace("c,a,", "c,")] {
        assert!(SizeTable::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn saving_keeps_other_methods_and_checking_sees_only_the_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results/sizes.csv");
    let inputs = [Input::bytes("x/a", b"abcabc".repeat(500)), Input::bytes("x/b", vec![0; 5000])];
    let env = Env::default();
    let lib = |list: &str| resolve(list, &|_| None).unwrap().rivals;
    assert_eq!(save("c", &inputs, &lib("memcpy,zstd:3"), &path, &env).unwrap().len(), 4);
    assert_eq!(save("c", &inputs[..1], &lib("memcpy"), &path, &env).unwrap().len(), 1);
    let table = SizeTable::read(&path).unwrap();
    assert_eq!((table.total("c", "memcpy"), table.sizes.len()), (3000, 3));
    assert_eq!(check("c", &inputs, &lib("zstd:3"), &path, &env).unwrap(), []);
    assert_eq!(check("c", &inputs, &lib("zstd:3,lz4"), &path, &env).unwrap().len(), 2);
}

#[test]
fn a_rival_that_loses_a_byte_is_caught() {
    let broken: Box<dyn Rival> =
        FnRival::new("broken", |b| Ok(b.to_vec()), |b, _| Ok(b[1..].to_vec())).boxed();
    let inputs = [Input::bytes("a", b"abc".to_vec())];
    let error = SizeTable::build("c", &inputs, &[broken], &Env::default()).unwrap_err();
    assert_eq!(error.kind(), minlen_core::ErrorKind::Verify);
    assert!(error.to_string().contains("broken"), "{error}");
}
