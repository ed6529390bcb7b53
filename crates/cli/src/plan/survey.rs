//! A look at the inputs before the work: how much there is, and what it looks like.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of sample in all, and of one slice.
const SAMPLE: usize = 512 << 10;
const SLICE: usize = 32 << 10;
/// Slices of one file at most.
const SLICES: u64 = 16;

/// Size and looks of what is to be compressed.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Bytes of all regular files.
    pub bytes: u64,
    /// Slices of some of them.
    pub sample: Vec<u8>,
    /// The largest file, and how large it is.
    largest: Option<(PathBuf, u64)>,
    /// Bytes of files that are called as photos are.
    photos: u64,
}

impl Survey {
    /// Looks at files and at everything below folders. Links are not followed; what cannot be read is left out, since it
    /// will be complained about later.
    pub fn of(inputs: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        inputs.iter().for_each(|input| collect(input, &mut files));
        let mut survey = Self {
            bytes: files.iter().map(|(_, len)| len).sum(),
            sample: Vec::new(),
            largest: None,
            photos: 0,
        };
        survey.largest = files.iter().max_by_key(|(_, len)| *len).cloned();
        let named = |path: &Path| {
            path.extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| ["jpg", "jpeg"].contains(&&*e.to_ascii_lowercase()))
        };
        survey.photos = files.iter().filter(|(path, _)| named(path)).map(|(_, len)| len).sum();
        // A few slices of the large ones, evenly spaced heads of the small ones.
        let slices = (SAMPLE / SLICE).max(1) as u64;
        // Slices that overlap would look like repeats.
        let step = (survey.bytes / slices).max(SLICE as u64);
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

    /// A piece in a row of so many bytes at most: of the largest file, from the start, or the sample where all files are small. And
    /// whether that is everything.
    pub fn piece(&self, most: u64) -> (Vec<u8>, bool) {
        let Some((path, len)) = self.largest.as_ref().filter(|(_, len)| *len >= most.min(self.bytes)) else {
            return (
                self.sample.iter().copied().take(usize::try_from(most).unwrap_or(usize::MAX)).collect(),
                false,
            );
        };
        let mut piece = Vec::new();
        let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut piece));
        (piece, read.is_ok() && *len == self.bytes && *len <= most)
    }

    /// True where what counts are JPEG files.
    pub fn is_of_photos(&self) -> bool {
        const START: [u8; 3] = [0xff, 0xd8, 0xff];
        let mut head = Vec::new();
        let Some((path, len)) = &self.largest else { return false };
        let read = File::open(path).and_then(|file| file.take(START.len() as u64).read_to_end(&mut head));
        // Of several files, the largest stands for the others only where those are called the same.
        read.is_ok() && head == START && (*len == self.bytes || self.photos * 10 >= self.bytes * 9)
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
        assert!(survey.sample.contains(&b'b') && !survey.is_of_photos());
        fs::write(dir.path().join("c.JPG"), [&[0xff, 0xd8, 0xff], &vec![7; 40_000_000][..]].concat())
            .unwrap();
        assert!(Survey::of(&[dir.path().to_path_buf()]).is_of_photos());
        assert_eq!(Survey::of(&[dir.path().join("none")]).bytes, 0);
    }
}
