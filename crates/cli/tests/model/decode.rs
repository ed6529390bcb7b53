//! What archives give back by the default command, with what they need.

use super::commands::Command;
use super::content::{PASSPHRASE, SECRET};
use super::disk::{Blob, Disk, Thing};
use super::runner::{Binary, Ending};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Something that reading takes and that a run was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Helper {
    /// A file, and the option that names it.
    File(&'static str, Blob),
    /// A key that is kept elsewhere.
    Known,
}

/// One thing that came out: at its path, or as the nameless content of a stream.
#[derive(Clone, Debug)]
pub struct Item {
    pub path: Option<PathBuf>,
    pub thing: Thing,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    /// Everything, by the default command.
    Whole(Vec<Item>),
    /// Everything, but only with the limits off.
    Limited(Vec<Item>),
    Refused(String),
}

impl Outcome {
    pub fn items(&self) -> Option<&[Item]> {
        match self {
            Self::Whole(items) | Self::Limited(items) => Some(items),
            Self::Refused(_) => None,
        }
    }
}

/// What each archive needs, and what it was found to hold.
pub struct Archives {
    binary: Binary,
    folder: PathBuf,
    needs: HashMap<blake3::Hash, Vec<Helper>>,
    seen: HashMap<(blake3::Hash, Vec<bool>), Rc<Outcome>>,
}

/// The name of the archive while it is decoded; what comes out under it was a stream.
const NAME: &str = "the stream itself";

impl Archives {
    pub fn new(binary: Binary, folder: PathBuf) -> Self {
        Self { binary, folder, needs: HashMap::new(), seen: HashMap::new() }
    }

    /// Remembers what a run was told, for every archive that it left.
    pub fn learn(&mut self, command: &Command, before: &Disk, made: &[&Blob]) {
        let mut told = Vec::new();
        for (id, option) in [
            ("base", "--base"),
            ("onto", "--base"),
            ("prior", "--prior"),
            ("identity", "-i"),
            ("passphrase_file", "--passphrase-file"),
        ] {
            let rebased = command.is(&["rebase"]) && id == "base";
            let files = command.values(id).filter(|_| !rebased);
            let blobs = files.filter_map(|file| before.file(&before.resolve(Path::new(file), true)));
            told.extend(blobs.map(|blob| Helper::File(option, blob.clone())));
        }
        // Who has the secret key of a recipient keeps it where he likes, unless the run was told to read back with it.
        let readable = |id: &str| {
            command.values(id).any(|file| before.file(&before.resolve(Path::new(file), true)).is_some())
        };
        let told_key = if command.has("recipient") {
            command.has("rm") && readable("identity")
        } else {
            readable("passphrase_file")
        };
        if !told_key {
            told.retain(|helper| !matches!(helper, Helper::File("-i" | "--passphrase-file", _)));
            told.push(Helper::Known);
        }
        for blob in made {
            let needs = self.needs.entry(blob.hash).or_default();
            let new: Vec<Helper> = told.iter().filter(|helper| !needs.contains(helper)).cloned().collect();
            needs.extend(new);
        }
    }

    /// What was made of an archive needs what that needs.
    pub fn inherit(&mut self, from: &Blob, made: &[&Blob]) {
        for helper in self.needs.get(&from.hash).cloned().unwrap_or_default() {
            for blob in made {
                let needs = self.needs.entry(blob.hash).or_default();
                if !needs.contains(&helper) {
                    needs.push(helper.clone());
                }
            }
        }
    }

    /// Decodes with the helpers that are available.
    pub fn decode(&mut self, archive: &Blob, available: &dyn Fn(&Blob) -> bool) -> Rc<Outcome> {
        let needs = self.needs.get(&archive.hash).cloned().unwrap_or_default();
        let usable: Vec<bool> = needs
            .iter()
            .map(|helper| match helper {
                Helper::File(_, blob) => available(blob),
                Helper::Known => true,
            })
            .collect();
        let key = (archive.hash, usable.clone());
        if let Some(seen) = self.seen.get(&key) {
            return Rc::clone(seen);
        }
        let helpers: Vec<Helper> =
            needs.into_iter().zip(usable).filter(|(_, usable)| *usable).map(|(h, _)| h).collect();
        let outcome = Rc::new(self.run(archive, &helpers));
        self.seen.insert(key, Rc::clone(&outcome));
        outcome
    }

    fn run(&self, archive: &Blob, helpers: &[Helper]) -> Outcome {
        let place = self.folder.join("decode");
        let _ = fs::remove_dir_all(&place);
        let outcome = self.try_in(&place, archive, helpers);
        let _ = fs::remove_dir_all(&place);
        outcome.unwrap_or_else(|e| Outcome::Refused(e.to_string()))
    }

    fn try_in(&self, place: &Path, archive: &Blob, helpers: &[Helper]) -> std::io::Result<Outcome> {
        fs::create_dir_all(place.with_extension("tmp"))?;
        fs::create_dir_all(place.join("out"))?;
        let name = format!("{NAME}{}", if archive.is_age() { ".mln.age" } else { ".mln" });
        fs::write(place.join(&name), archive.bytes())?;
        let mut args: Vec<OsString> = ["d", &name, "-o", "out/"].map(Into::into).to_vec();
        let mut passphrase = None;
        for (i, helper) in helpers.iter().enumerate() {
            match helper {
                Helper::File(option, blob) => {
                    let file = format!("helper-{i}");
                    fs::write(place.join(&file), blob.bytes())?;
                    args.extend([(*option).into(), file.into()]);
                }
                Helper::Known => {
                    fs::write(place.join("key"), SECRET)?;
                    args.extend(["-i".into(), "key".into()]);
                    passphrase = Some(PASSPHRASE);
                }
            }
        }
        let ran = self.binary.run(place, &args, passphrase, None);
        if ran.code == Ending::Code(0) {
            return Ok(Outcome::Whole(items(&place.join("out"))));
        }
        if ran.code == Ending::Code(6) {
            args.extend(["--max-ratio", "0", "--memory", "16G"].map(Into::into));
            if self.binary.run(place, &args, passphrase, None).code == Ending::Code(0) {
                return Ok(Outcome::Limited(items(&place.join("out"))));
            }
        }
        Ok(Outcome::Refused(ran.stderr))
    }
}

fn items(out: &Path) -> Vec<Item> {
    let item = |(path, entry): (PathBuf, super::disk::Entry)| {
        let path = (path.as_os_str() != NAME).then_some(path);
        Item { path, thing: entry.thing }
    };
    Disk::look(out).entries.into_iter().map(item).collect()
}
