//! What the run itself is writing, and what other runs left unfinished: neither belongs into an archive.

use crate::atomic;
use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Why a name is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It is an output of this run, from now or before.
    Output,
    /// It is what an output of this run is before it is complete.
    UnfinishedOutput,
    /// It is such a file of another run.
    Unfinished,
}

/// The outputs, by the folder that each is in (device and number).
#[derive(Debug, Default)]
pub(super) struct Without {
    outputs: HashMap<(u64, u64), Vec<Vec<u8>>>,
    /// The same by device and number of the file itself.
    files: Vec<(u64, u64)>,
}

impl Without {
    pub(super) fn new(outputs: &[PathBuf], files: &[(u64, u64)]) -> Self {
        let mut without = Self { files: files.to_vec(), ..Self::default() };
        for output in outputs {
            let folder = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // Where its folder is not there, nothing can be met in it.
            if let (Some(name), Ok(meta)) = (output.file_name(), fs::metadata(folder)) {
                let names = without.outputs.entry((meta.dev(), meta.ino())).or_default();
                names.push(name.as_bytes().to_vec());
            }
        }
        without
    }

    /// True for a file that the run writes to, whatever its name.
    pub(super) fn is_output(&self, meta: &fs::Metadata) -> bool {
        meta.is_file() && self.files.contains(&(meta.dev(), meta.ino()))
    }

    /// True if an output goes into this folder.
    pub(super) fn holds(&self, folder: (u64, u64)) -> bool {
        self.outputs.contains_key(&folder)
    }

    /// Whether `name` in this folder is left out.
    pub(super) fn leave(&self, folder: (u64, u64), name: &[u8]) -> Option<Leave> {
        let outputs = self.outputs.get(&folder).map_or(&[][..], |names| names);
        if outputs.iter().any(|output| output == name) {
            return Some(Leave::Output);
        }
        match atomic::partial_of(name) {
            Some(whole) if outputs.iter().any(|output| atomic::kept_part(output) == whole) => {
                Some(Leave::UnfinishedOutput)
            }
            Some(_) => Some(Leave::Unfinished),
            None => None,
        }
    }
}
