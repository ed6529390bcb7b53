//! Records of bytes, exactly, with the predictor of a codec file.

use crate::common::records::{decoded, discs, networks, npy, predictor, survives, with_model};
use minlen::archive::{Archive, Builder, Entry, Inputs, Keys, Update, Updating, create};
use minlen::{Advice, Env, ErrorKind, Limits, Need, Options, Result, compress, decompress};
use std::fs;
use std::io::Cursor;
use std::path::Path;

fn array(count: usize, shape: &str) -> Vec<u8> {
    npy(shape, &discs(count, 17))
}

#[test]
fn arrays_of_records_are_smaller_and_come_back() {
    for (level, shape) in [(6, "100, 20, 20"), (8, "100, 400")] {
        let data = array(100, shape);
        let plain = compress(&data, &Options::new(level).unwrap()).unwrap();
        let options = with_model(level, &predictor());
        let helped = compress(&data, &options).unwrap();
        assert!(helped.len() * 20 < plain.len() * 19, "level {level}: {} and {}", helped.len(), plain.len());
        assert!(decoded(&helped, &options).unwrap() == data);
        assert!(compress(&data, &options.clone().with_threads(3)).unwrap() == helped);
        let missed = decompress(&helped, &Limits::default()).unwrap_err();
        assert_eq!((missed.kind(), missed.advice()), (ErrorKind::Unsupported, Some(Advice::Model)));
    }
}

#[test]
fn what_it_does_not_help_with_is_what_it_would_be_without() {
    let text = b"Nothing here is a disc, and nothing was promised. ".repeat(90);
    let other = array(50, "100, 200");
    for (level, data) in [(7, &text), (7, &other), (5, &array(50, "50, 20, 20"))] {
        let plain = compress(data, &Options::new(level).unwrap()).unwrap();
        let options = with_model(level, &predictor());
        assert!(compress(data, &options).unwrap() == plain, "level {level}");
        assert!(compress(data, &options.with_embedded_model(true)).unwrap() == plain, "level {level}");
    }
}

#[test]
fn it_goes_inside_only_where_that_pays() {
    // Few records do not pay for the file, many do.
    for (count, block, pays) in [(10, 1 << 20, false), (700, 1 << 20, true), (700, 64 << 10, true)] {
        let data = npy(&format!("{count}, 20, 20"), &discs(count, 17));
        let plain = compress(&data, &Options::new(6).unwrap().with_block_size(block)).unwrap();
        let options = with_model(6, &predictor()).with_block_size(block).with_embedded_model(true);
        let inside = compress(&data, &options).unwrap();
        assert!(inside.len() <= plain.len(), "{count}: {} and {}", inside.len(), plain.len());
        assert!(compress(&data, &options.with_threads(3)).unwrap() == inside, "{count}");
        assert!(decompress(&inside, &Limits::default()).unwrap() == data, "{count}");
        let stream = open(&inside, &Options::default());
        assert_eq!(stream.embedded().len(), usize::from(pays), "{count} of {block}");
    }
}

fn open<'a>(file: &'a [u8], options: &Options) -> Archive<'a> {
    Archive::from_reader(Cursor::new(file), &Keys::default(), options, &Env::default()).unwrap()
}

/// Several files, of which only some are of the codec file's kind.
fn mixed() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.npy", array(700, "700, 20, 20")),
        ("b.npy", array(50, "100, 200")),
        ("c.txt", b"Nothing here is a disc, and nothing was promised. ".repeat(90)),
        ("d.npy", npy("400, 20, 20", &discs(400, 3))),
    ]
}

fn packed(files: &[(&'static str, Vec<u8>)], options: &Options) -> Vec<u8> {
    let mut builder = Builder::new();
    builder.add_all(files.iter().map(|(name, bytes)| Entry::file(*name, &bytes[..]))).unwrap();
    builder.write(Vec::new(), options, &Env::default()).unwrap().0
}

/// All that an archive holds, read with these options.
fn content(file: &[u8], options: &Options) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut archive = Archive::from_reader(Cursor::new(file), &Keys::default(), options, &Env::default())?;
    let mut all = Vec::new();
    for member in archive.members()?.into_iter().filter(minlen::archive::Member::is_file) {
        let mut bytes = Vec::new();
        archive.read_member(&member.path, None, &mut bytes)?;
        all.push((member.path, bytes));
    }
    Ok(all)
}

#[test]
fn archives_hold_files_that_it_is_for_beside_others() {
    let files = mixed();
    let options = with_model(6, &predictor());
    let named = packed(&files, &options);
    let inside = packed(&files, &options.clone().with_embedded_model(true));
    assert!(named.len() < packed(&files, &Options::new(6).unwrap()).len());
    assert!(packed(&files, &options.clone().with_embedded_model(true).with_threads(3)) == inside);
    let name = Need::Model(std::array::from_fn(|i| options.model().unwrap().hash()[i]));
    assert_eq!(open(&named, &Options::default()).needs().unwrap(), [name]);
    let mut embedded = open(&inside, &Options::default());
    assert_eq!((embedded.needs().unwrap(), embedded.embedded().len()), (Vec::new(), 1));
    for (archive, options) in [(&named, &options), (&inside, &Options::default())] {
        let found = content(archive, options).unwrap();
        assert!(
            found
                .iter()
                .zip(&files)
                .all(|((path, bytes), (name, own))| { path.as_slice() == name.as_bytes() && bytes == own })
        );
        assert_eq!(found.len(), files.len());
    }
    // Without it, the others can still be had.
    let mut archive = open(&named, &Options::default());
    let (mut text, mut disc) = (Vec::new(), Vec::new());
    archive.read_member(b"c.txt", None, &mut text).unwrap();
    assert!(text == files[2].1);
    let missed = archive.read_member(b"a.npy", None, &mut disc).unwrap_err();
    assert_eq!((missed.kind(), missed.advice()), (ErrorKind::Unsupported, Some(Advice::Model)));
}

#[test]
fn damage_is_an_error_or_makes_no_difference() {
    let data = array(12, "12, 20, 20");
    let options = with_model(6, &predictor());
    let small = compress(&data, &options).unwrap();
    survives(&small, "a named predictor", |bytes| decoded(bytes, &options));
    let files = [("a.npy", data), ("b", b"another".to_vec())];
    let archive = packed(&files, &options);
    assert!(open(&archive, &Options::default()).needs().unwrap().len() == 1);
    let flat = |file: &[u8], options: &Options| {
        content(file, options)
            .map(|all| all.into_iter().flat_map(|(path, bytes)| [path, bytes].concat()).collect())
    };
    survives(&archive, "an archive with a named predictor", |bytes| flat(bytes, &options));
}

/// The archive with what is different now.
fn updated(old: &[u8], root: &Path, options: &Options) -> Vec<u8> {
    let env = Env::default();
    let mut archive = open(old, options);
    let inputs = Inputs::new(&[root.to_path_buf()]);
    let how = Updating::default().with_delete(true);
    let update = Update::find(&mut archive, &inputs, how, options, &env).unwrap();
    let mut bytes = Vec::new();
    archive.copy_streams(&mut bytes).unwrap();
    update.write(bytes, options, &env).unwrap().0
}

#[test]
fn an_archive_that_holds_it_stays_readable_when_it_is_updated_and_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("r");
    fs::create_dir(&root).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    write("a.npy", &array(700, "700, 20, 20"));
    write("b.txt", b"as it was");
    let options = with_model(6, &predictor()).with_embedded_model(true);
    let old = create(std::slice::from_ref(&root), Vec::new(), &options, &Env::default()).unwrap().0;
    assert_eq!(open(&old, &Options::default()).embedded().len(), 1);
    write("b.txt", b"as it is now");
    write("c.npy", &npy("200, 20, 20", &discs(200, 5)));
    let plain = Options::new(6).unwrap();
    for options in [&plain, &options] {
        let new = updated(&old, &root, options);
        let mut archive = open(&new, &Options::default());
        archive.test().unwrap();
        assert_eq!((archive.needs().unwrap(), archive.embedded().len()), (Vec::new(), 1));
        let (compacted, _) = archive.compact(Vec::new(), options, &Env::default()).unwrap();
        let mut archive = open(&compacted, &Options::default());
        assert_eq!(archive.test().unwrap().files, 3);
        assert_eq!((archive.needs().unwrap(), archive.embedded().len()), (Vec::new(), 1));
    }
}

#[test]
fn a_file_that_names_a_predictor_is_read_for_ever() {
    let golden = fs::read(networks().join("predicted.mln")).unwrap();
    let data = array(60, "60, 20, 20");
    let options = with_model(7, &predictor());
    assert!(decoded(&golden, &options).unwrap() == data);
    assert!(compress(&data, &options).unwrap() == golden, "a new version of the model, or a mistake?");
}

#[test]
#[ignore = "writes testdata/golden/networks/predicted.mln: only while its format was never released"]
fn write_golden_file() {
    let small = compress(&array(60, "60, 20, 20"), &with_model(7, &predictor())).unwrap();
    fs::write(networks().join("predicted.mln"), small).unwrap();
}
