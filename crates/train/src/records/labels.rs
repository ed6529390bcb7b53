//! Labels of records: classes, as whole numbers.

use super::read::load;
use super::{arrays, idx, numbers};
use minlen_core::{Env, Error, Result};
use std::path::{Path, PathBuf};

/// The file with the labels of the pictures in an IDX file, if it lies beside that: `train-labels-idx1-ubyte` for `train-images-idx3-ubyte`, with or
/// without `.gz`.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let other = ["-", "."].into_iter().find_map(|between| {
        let of = |what: &str, rank: u8| format!("{what}{between}idx{rank}");
        name.contains(&of("images", 3)).then(|| name.replace(&of("images", 3), &of("labels", 1)))
    })?;
    let bare = other.trim_end_matches(".gz");
    [other.clone(), bare.to_owned(), format!("{bare}.gz")]
        .into_iter()
        .map(|name| path.with_file_name(name))
        .find(|path| path.is_file())
}

/// The labels in a file.
pub(super) fn read(path: &Path, env: &Env) -> Result<Vec<i64>> {
    let (bytes, _held) = load(path, env)?;
    let in_file = |e: Error| e.in_file(path);
    let bad = || {
        Error::usage("labels have to be whole numbers, one for each record").in_file(path).remedy(
            "give an IDX file of one dimension, an npy array of one dimension, or a text with one whole number a line",
        )
    };
    let numbers = if let Some((dtype, rank)) = idx::head(&bytes) {
        Some(idx::parse(&bytes, dtype, rank).map_err(in_file)?)
            .filter(|idx| idx.sizes.len() == 1)
            .map(|idx| idx.numbers)
    } else if let Some(array) = arrays::find(&bytes, None, env).map_err(in_file)? {
        Some(array.numbers).filter(|_| array.sizes.len() == 1)
    } else {
        let text = std::str::from_utf8(&bytes).map_err(|_| bad())?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let values: Vec<f64> =
            lines.map(|line| line.parse::<f64>().map_err(|_| bad())).collect::<Result<_>>()?;
        Some(numbers::Numbers::loose(&values))
    };
    let values = numbers.ok_or_else(bad)?.values();
    let label = |x: &f64| Some(*x as i64).filter(|_| x.fract() == 0.0 && x.abs() < 9e15);
    values.iter().map(label).collect::<Option<_>>().ok_or_else(bad)
}
