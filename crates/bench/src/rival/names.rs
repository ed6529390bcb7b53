//! Names on the command line: `NAME[:LEVEL][,key=value...]`, several of them separated by commas.

use super::spec::Spec;
use super::{FnRival, Rival, RivalKind, library, program};
use crate::report::Skipped;
use minlen_core::Result;

/// Prefixes that start a new name although they contain `=`.
const NAME_PREFIXES: [&str; 2] = ["codec=", "program="];

/// Splits a list of names at commas; a piece of the form `key=value` stays with the name before it, so that
/// `zstd:22,long=31,xz:9e` is two names.
#[must_use]
pub fn split_list(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let is_option = is_option(piece);
        match names.last_mut() {
            Some(last) if is_option => {
                last.push(',');
                last.push_str(piece);
            }
            _ => names.push(piece.to_owned()),
        }
    }
    names
}

fn is_option(piece: &str) -> bool {
    let key = piece.split_once('=').map(|(key, _)| key);
    key.is_some_and(|key| !key.contains(':')) && !NAME_PREFIXES.iter().any(|p| piece.starts_with(p))
}

/// The rivals of a list, and those that could not be had here.
#[derive(Default)]
pub struct Resolved {
    /// Ready to run, in the order named.
    pub rivals: Vec<Box<dyn Rival>>,
    /// Programs that are not installed, with a note each.
    pub skipped: Vec<Skipped>,
}

/// The caller's own names: `None` where the name is not one of them.
pub type Own<'a> = dyn Fn(&str) -> Option<Result<Box<dyn Rival>>> + 'a;

/// Reads a list of names such as `minlen:5,codec=bwt,zstd:19,xz:9e,7z,program=brotli:11`.
///
/// `own` is asked first and answers for the caller's names (`minlen:5`, `codec=...`); then come `memcpy`, the
/// libraries, and the programs; `program=` before a name asks for the program where both exist.
///
/// # Errors
/// A usage error for an unknown name or a level out of range. A program that is not installed is no error: it is
/// noted in [`Resolved::skipped`].
pub fn resolve(text: &str, own: &Own<'_>) -> Result<Resolved> {
    let mut resolved = Resolved::default();
    for name in split_list(text) {
        if let Some(rival) = own(&name) {
            resolved.rivals.push(rival?);
        } else if let Some(rival) = in_process(&name)? {
            resolved.rivals.push(rival);
        } else {
            match program::find(&name)? {
                Ok(rival) => resolved.rivals.push(rival),
                Err(why) => resolved.skipped.push(Skipped { method: name, file: None, why, error: None }),
            }
        }
    }
    Ok(resolved)
}

/// The rival of this name among `memcpy` and the libraries; `None` where it is not one of them.
///
/// # Errors
/// A level or option that the library does not have.
pub fn in_process(name: &str) -> Result<Option<Box<dyn Rival>>> {
    if name == "memcpy" {
        return Ok(Some(memcpy()));
    }
    library::open(&Spec::parse(name)?)
}

/// Copies the bytes: the ceiling that no compressor can pass.
fn memcpy() -> Box<dyn Rival> {
    FnRival::new("memcpy", |input| Ok(input.to_vec()), |packed, _| Ok(packed.to_vec()))
        .with_kind(RivalKind::InProcess)
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stay_with_their_name() {
        let list = "minlen:5, zstd:22,long=31,xz:9e,codec=bwt:block=3,depth=2,program=xz:9";
        let names = split_list(list);
        assert_eq!(
            names,
            ["minlen:5", "zstd:22,long=31", "xz:9e", "codec=bwt:block=3,depth=2", "program=xz:9"]
        );
    }

    #[test]
    fn own_names_come_first_and_bad_ones_are_refused() {
        let own = |name: &str| {
            name.strip_prefix("minlen:").map(|level| {
                let name = format!("minlen:{level}");
                Ok(FnRival::new(name, |b| Ok(b.to_vec()), |b, _| Ok(b.to_vec())).boxed())
            })
        };
        let resolved = resolve("minlen:5,memcpy,zstd:19", &own).unwrap();
        let names: Vec<String> = resolved.rivals.iter().map(|r| r.name()).collect();
        assert_eq!(names, ["minlen:5", "memcpy", "zstd:19"]);
        for bad in ["zstd:99", "zstd:19,wide=3", "nosuch", "bzip2:0", "xz:9f", "deflate:1,long=3", "7z:z"] {
            let error = resolve(bad, &own).err().unwrap_or_else(|| panic!("{bad} was accepted"));
            assert_eq!(error.kind(), minlen_core::ErrorKind::Usage, "{bad}");
        }
    }
}
