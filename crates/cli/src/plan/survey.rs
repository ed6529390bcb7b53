//! A look at the inputs before the work: how much there is, and what it looks like.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of sample in all, and of one slice.
const SAMPLE: usize = 512 << 10;
const SLICE: usize = 32 << 10;
/// Slices of one file at most.
const SLICES: u64 = 8;

/// Size and looks of what is to be compressed.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Bytes of all regular files.
    pub bytes: u64,
    /// Slices of some of them.
    pub sample: Vec<u8>,
}

impl Survey {
    /// Looks at files and at everything below folders. Links are not followed; what cannot be read is left out, since it
    /// will be complained about later.
    pub fn of(inputs: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        inputs.iter().for_each(|input| collect(input, &mut files));
        let mut survey = Self { bytes: files.iter().map(|(_, len)| len).sum(), sample: Vec::new() };
        // A few slices of the large ones, evenly spaced heads of the small ones.
        let slices = (SAMPLE / SLICE).max(1) as u64;
        let step = (survey.bytes / slices).max(1);
        let mut next = 0;
        let mut at = 0;
        for (path, len) in &files {
            let mut taken = 0;
            while next < at + len && taken < SLICES && survey.sample.len() < SAMPLE {
                survey.add(path, next - at);
                next += step;
                taken += 1;
            }
            at += len;
            next = next.max(at);
        }
        survey
    }

    fn add(&mut self, path: &Path, offset: u64) {
        let Ok(mut file) = File::open(path) else { return };
        if file.seek(SeekFrom::Start(offset)).is_ok() {
            let _ = file.take(SLICE as u64).read_to_end(&mut self.sample);
        }
    }
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, u64)>) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    if meta.is_file() {
        files.push((path.to_path_buf(), meta.len()));
    } else if meta.is_dir()
        && let Ok(entries) = fs::read_dir(path)
    {
        entries.flatten().for_each(|entry| collect(&entry.path(), files));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_counted_and_sampled() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/a"), vec![b'a'; 100_000]).unwrap();
        fs::write(dir.path().join("b"), vec![b'b'; 3_000_000]).unwrap();
        let survey = Survey::of(&[dir.path().to_path_buf()]);
        assert_eq!(survey.bytes, 3_100_000);
        assert!(survey.sample.len() >= 200_000 && survey.sample.len() <= SAMPLE + SLICE);
        assert!(survey.sample.contains(&b'b'));
        assert_eq!(Survey::of(&[dir.path().join("none")]).bytes, 0);
    }
}
