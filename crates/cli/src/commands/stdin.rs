//! Standard input is read once: either keys come from it, or data, or a list of names.

use crate::args::{InputArgs, KeyArgs, Verb};
use crate::plan::is_dash;
use minlen::{Error, Result};
use std::path::Path;

/// Refuses a command line that would read keys and something else from standard input, before anything is done.
pub fn check(verb: &Verb) -> Result<()> {
    let (keys, data) = match verb {
        Verb::Compress(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Decompress(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Grep(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::List(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Test(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Info(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Update(a) => (of_keys(&a.keys), of_inputs(&a.io)),
        Verb::Compact(a) => (of_keys(&a.keys), of_path(&a.archive)),
        Verb::Extract(a) => (of_keys(&a.keys), of_path(&a.archive)),
        Verb::Cat(a) => (of_keys(&a.keys), of_path(&a.archive)),
        Verb::Rebase(a) => (of_keys(&a.keys), of_path(&a.file)),
        Verb::Quantize(a) => (a.passphrase_file.as_deref().map_or(0, of_path), of_path(&a.model)),
        _ => (0, 0),
    };
    match (keys, data) {
        (0, _) | (1, 0) => Ok(()),
        (1, _) => Err(Error::usage("standard input would have to give a key and something else, too")
            .remedy("name a file for the key, or for the data")),
        _ => Err(Error::usage("standard input would have to give several keys")
            .remedy("name a file for all but one of them")),
    }
}

fn of_path(path: &Path) -> usize {
    usize::from(is_dash(path))
}

fn of_keys(keys: &KeyArgs) -> usize {
    let paths = keys.identity.iter().chain(&keys.passphrase_file);
    paths.map(|path| of_path(path)).sum()
}

fn of_inputs(io: &InputArgs) -> usize {
    let lists: Vec<_> = io.files_from.iter().chain(&io.files0_from).collect();
    if lists.is_empty() && io.inputs.is_empty() {
        return 1;
    }
    io.inputs.iter().chain(lists).map(|path| of_path(path)).sum()
}
