//! The named selections of the development bundle that results are kept for.
//!
//! `mini` and `micro` are the slices on which the slow peers were measured (tables 2.3 and 2.4 of the study). Most of
//! them are the heads of their files; five begin further inside, which the study does not say: the places here are those
//! that give exactly the sizes noted for xz -9e.

use super::bundle;
use crate::input::{Input, load};
use minlen_core::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Part of a file of the bundle, under the name that the peers' table has for it.
struct Slice {
    name: &'static str,
    file: &'static str,
    from: u64,
    len: u64,
    /// Whether its first bytes are also in `micro`.
    micro: bool,
}

const fn slice(name: &'static str, file: &'static str, from: u64, len: u64, micro: bool) -> Slice {
    Slice { name, file, from, len, micro }
}

const SLICES: [Slice; 14] = [
    slice("alice29.txt", "canterbury/alice29.txt", 0, 152_089, true),
    slice("elf64", "exe/libsqlite3.so", 300_000, 150_000, true),
    slice("enwik8", "text/enwik8_3m", 0, 200_000, true),
    slice("era5", "numeric/era5_ints_1m.bin", 0, 150_000, false),
    slice("gh.ndjson", "json/gh_events.ndjson", 0, 150_000, true),
    slice("hdfs.log", "logs/HDFS_2k.log", 0, 150_000, true),
    slice("mr", "medical/mr_2m", 500_000, 150_000, true),
    slice("nci", "db/nci_2m", 0, 150_000, false),
    slice("osdb", "db/osdb_2m", 0, 150_000, false),
    slice("pe32", "exe/ooffice_2m", 300_000, 150_000, false),
    slice("ppmf.csv", "csv/ppmf_0001.csv", 0, 150_000, true),
    slice("sqlite", "db/Chinook.sqlite", 300_000, 150_000, true),
    slice("src_c.tar", "source/zstd_lib_c.tar", 0, 150_000, true),
    slice("xml", "markup/xml_2m", 500_000, 150_000, false),
];

/// Bytes of each slice of `micro`.
const MICRO: u64 = 60_000;

/// The names that [`named`] knows, with what they stand for.
pub const SETS: [(&str, &str); 8] = [
    ("bundle", "the 41 files of the development bundle"),
    ("core", "the same without the classes media and deflated"),
    ("CLASS", "one class of the bundle: text, exe, media, deflated, canterbury, ..."),
    ("enwik", "the first 3,000,000 bytes of enwik8"),
    ("mini", "14 slices of 150 to 200 KB"),
    ("micro", "60,000 bytes of nine of those"),
    ("small", "hundreds of small files, each alone, summed by class"),
    ("small/CLASS", "one class of them"),
];

/// The inputs of the set called `name` of the bundle in the folder `root`; `None` where there is no such set.
///
/// # Errors
/// The bundle is not there, or a file of it cannot be read.
pub fn named(name: &str, root: &Path) -> Result<Option<Vec<Input>>> {
    let class = |class: &str| -> Result<Vec<Input>> {
        Ok(bundle(root)?.into_iter().filter(|input| input.class() == class).collect())
    };
    let inputs = match name {
        "bundle" => bundle(root)?,
        "core" => {
            let mut inputs = bundle(root)?;
            inputs.retain(|input| !matches!(input.class(), "media" | "deflated"));
            inputs
        }
        "enwik" => class("text")?.into_iter().filter(|input| input.name.ends_with("enwik8_3m")).collect(),
        "mini" => slices(root, false)?,
        "micro" => slices(root, true)?,
        "small" => load(&[root.join("small")], false)?,
        _ => match name.strip_prefix("small/") {
            Some(class) if root.join(name).is_dir() => small(root, class)?,
            Some(_) => return Ok(None),
            None if name.contains(['/', '.']) || !root.join(name).is_dir() => return Ok(None),
            None => class(name)?,
        },
    };
    if inputs.is_empty() {
        return Err(Error::usage(format!("the set {name} is empty")).in_file(root));
    }
    Ok(Some(inputs))
}

/// True for a name that can only mean a set, wherever the bundle is.
#[must_use]
pub fn is_set(name: &str) -> bool {
    SETS.iter().any(|(set, _)| *set == name) || name.starts_with("small/")
}

/// The selection of the peers' table that holds the files of the set called `name`.
#[must_use]
pub fn peers_set(name: &str) -> Option<&'static str> {
    match name {
        "mini" => Some("mini"),
        "micro" => Some("micro"),
        _ if name.starts_with("small") => None,
        _ => Some("bundle"),
    }
}

/// Keeps the class in the names, so that sums are by class here, too.
fn small(root: &Path, class: &str) -> Result<Vec<Input>> {
    let mut inputs = load(&[root.join("small")], false)?;
    inputs.retain(|input| input.class() == class);
    Ok(inputs)
}

fn slices(root: &Path, micro: bool) -> Result<Vec<Input>> {
    let wanted = SLICES.iter().filter(|slice| slice.micro || !micro);
    wanted.map(|slice| slice.read(root, if micro { MICRO } else { slice.len })).collect()
}

impl Slice {
    fn read(&self, root: &Path, len: u64) -> Result<Input> {
        let path = root.join(self.file);
        let failed = |e| Error::io("cannot read", e).in_file(&path);
        let mut file = File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(self.from)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 != len {
            return Err(Error::corrupt("the file is shorter than the slice of it").in_file(&path));
        }
        Ok(Input::bytes(self.name, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn slices_have_the_lengths_of_the_study() {
        assert_eq!(SLICES.iter().map(|s| s.len).sum::<u64>(), 2_152_089);
        assert_eq!(SLICES.iter().filter(|s| s.micro).count(), 9);
        assert!(SLICES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn sets_are_read_from_the_folder() {
        let root = tempfile::tempdir().unwrap();
        for slice in &SLICES {
            let path = root.path().join(slice.file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut bytes = vec![0; usize::try_from(slice.from).unwrap()];
            bytes.extend(vec![b'x'; usize::try_from(slice.len).unwrap()]);
            fs::write(path, bytes).unwrap();
        }
        for file in ["small/rs/a", "small/c/b", "media/x.png"] {
            fs::create_dir_all(root.path().join(file).parent().unwrap()).unwrap();
            fs::write(root.path().join(file), b"data").unwrap();
        }
        let count = |name: &str| named(name, root.path()).unwrap().map(|inputs| inputs.len());
        assert_eq!(count("bundle"), Some(15));
        assert_eq!(count("core"), Some(14));
        assert_eq!(count("db"), Some(3));
        assert_eq!(count("small"), Some(2));
        assert_eq!(count("enwik"), Some(1));
        assert_eq!(count("nosuch"), None);
        assert_eq!(count("small/nosuch"), None);
        let mini = named("mini", root.path()).unwrap().unwrap();
        assert!(mini.iter().all(|i| i.read().unwrap().iter().all(|&b| b == b'x')));
        assert_eq!(named("micro", root.path()).unwrap().unwrap()[8].len(), MICRO);
        assert_eq!(named("small/rs", root.path()).unwrap().unwrap()[0].class(), "rs");
        fs::write(root.path().join("text/enwik8_3m"), b"short").unwrap();
        assert!(named("mini", root.path()).is_err());
    }
}
