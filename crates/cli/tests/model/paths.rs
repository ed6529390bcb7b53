//! Which paths a command names: files that fit, files that play a part already, outputs that meet other things.

use super::disk::Thing;
use super::generate::Line;
use super::options::Class;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

impl Line<'_, '_> {
    /// A file to read: of the right kind if there is one, and one that plays a part in this command already more often than
    /// chance would have it.
    pub fn read(&mut self, class: Class) -> OsString {
        let fits: Vec<PathBuf> = self.fitting(class);
        let used: Vec<PathBuf> = fits.iter().filter(|p| self.is_used(p)).cloned().collect();
        // A pipe would keep the reader waiting for a writer that never comes.
        let readable = self.disk.entries.iter().filter(|(_, entry)| entry.thing != Thing::Other);
        let all: Vec<PathBuf> = readable.map(|(path, _)| path.clone()).collect();
        let from = match self.random.below(100) {
            0..=34 if !used.is_empty() => &used,
            0..=94 if !fits.is_empty() => &fits,
            _ => &all,
        };
        let path = self.random.any(from).unwrap_or_else(|| "missing.txt".into());
        self.spelled(path)
    }

    /// The same path in other words.
    pub fn spelled(&mut self, path: PathBuf) -> OsString {
        match self.random.below(30) {
            0 => Path::new(".").join(path).into_os_string(),
            1 if self.disk.get(Path::new("left")).is_some() => {
                Path::new("left/..").join(path).into_os_string()
            }
            2 => [path.as_os_str(), OsStr::new("/")].into_iter().collect(),
            3 => ".".into(),
            _ => path.into_os_string(),
        }
    }

    pub fn fitting(&self, class: Class) -> Vec<PathBuf> {
        let fits = |(path, thing): (&PathBuf, &Thing)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let end = |tail: &str| name.contains(tail);
            match (class, thing) {
                (Class::Any, Thing::Other) => false,
                (Class::Any, _) => true,
                (Class::Archive, Thing::File(blob)) => blob.is_archive(),
                (Class::Model, Thing::File(_) | Thing::Link(_)) => end("safetensors"),
                (Class::Prior, Thing::File(_) | Thing::Link(_)) => end(".mlp"),
                (Class::Key, Thing::File(_) | Thing::Link(_)) => end("key"),
                (Class::Passphrase, Thing::File(_) | Thing::Link(_)) => end("pass"),
                (Class::Recovery, Thing::File(_)) => end(".rec"),
                (Class::Folder, Thing::Dir) => end("digits") || !self.has_digits(),
                _ => false,
            }
        };
        self.disk.entries.iter().filter(|(p, e)| fits((p, &e.thing))).map(|(p, _)| p.clone()).collect()
    }

    pub fn has_digits(&self) -> bool {
        self.disk.get(Path::new("digits")).is_some()
    }

    /// Whether the command names this path already, or a folder above it, or the same file under another name.
    pub fn is_used(&self, path: &Path) -> bool {
        let named =
            self.command.operands.iter().chain(self.command.options.iter().filter_map(|o| o.value.as_ref()));
        let inode = |path: &Path| self.disk.get(&self.disk.resolve(path, true)).map(|entry| entry.inode);
        named
            .map(Path::new)
            .any(|named| path.starts_with(named) || (inode(path).is_some() && inode(path) == inode(named)))
    }

    /// Where to write: somewhere new, into a folder, or over something that is there.
    pub fn output(&mut self) -> OsString {
        let all: Vec<PathBuf> = self.disk.entries.keys().cloned().collect();
        let used: Vec<PathBuf> = all.iter().filter(|p| self.is_used(p)).cloned().collect();
        let folders: Vec<PathBuf> =
            self.disk.entries.iter().filter(|(_, e)| e.thing == Thing::Dir).map(|(p, _)| p.clone()).collect();
        let special: Vec<PathBuf> = self
            .disk
            .entries
            .iter()
            .filter(|(_, e)| e.thing == Thing::Other)
            .map(|(p, _)| p.clone())
            .collect();
        let new = self.new_name();
        if self.has_twins() && !folders.is_empty() && self.random.chance(60) {
            return [self.random.pick(&folders).as_os_str(), OsStr::new("/")].into_iter().collect();
        }
        match self.random.below(100) {
            0..=14 if !used.is_empty() => self.random.pick(&used).clone().into_os_string(),
            15..=24 if !all.is_empty() => self.random.pick(&all).clone().into_os_string(),
            25..=44 if !folders.is_empty() => {
                [self.random.pick(&folders).as_os_str(), OsStr::new("/")].into_iter().collect()
            }
            45..=52 if !folders.is_empty() => self.random.pick(&folders).join(&new).into_os_string(),
            53..=70 if !special.is_empty() => self.random.pick(&special).clone().into_os_string(),
            71..=72 => "/dev/stdout".into(),
            73..=75 => "-".into(),
            76..=80 => "fresh/".into(),
            _ => new.into(),
        }
    }

    pub fn new_name(&mut self) -> String {
        let ends: &[&str] = match self.verb.words.first().map(String::as_str) {
            Some("extract") => &["npy", "safetensors", "bin"],
            Some("quantize") => &["mln", "safetensors", "gguf"],
            Some("train") => &["mlp", "mlq", "mlc"],
            Some("decompress") => &["txt", "d"],
            Some("bench") => &["csv"],
            Some("embed" | "sample") => &["npy", "idx", "png"],
            Some("score" | "eval") => &["png", "html"],
            _ => &["mln"],
        };
        format!("{}.{}", self.random.pick(&["made", "other", "alpha"]), self.random.pick(ends))
    }
}
