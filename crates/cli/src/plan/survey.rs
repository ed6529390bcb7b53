//! A look at the inputs before the work: how much there is, and what it looks like.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of sample in all, and of one slice.
const SAMPLE: usize = 512 << 10;
const SLICE: usize = 32 << 10;
/// Bytes that tell what a file is.
const HEAD: usize = 26;
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
    /// Bytes of files that are called as photos are, as PNG files are, and as other files of deflate.
    named: [u64; 3],
}

/// What files that are undone as a whole are called.
const NAMES: [&[&str]; 3] =
    [&["jpg", "jpeg"], &["png"], &["zip", "docx", "xlsx", "pptx", "odt", "jar", "gz", "tgz", "pdf"]];

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
            named: [0; 3],
        };
        survey.largest = files.iter().max_by_key(|(_, len)| *len).cloned();
        for (sum, names) in survey.named.iter_mut().zip(NAMES) {
            *sum = files.iter().filter(|(path, _)| is_called(path, names)).map(|(_, len)| len).sum();
        }
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
        self.is_of(0, |head| head.starts_with(&[0xff, 0xd8, 0xff]))
    }

    /// True where what counts are files of deflate that are no pictures.
    pub fn is_deflated(&self) -> bool {
        let starts: [&[u8]; 3] = [b"PK\x03\x04", &[0x1f, 0x8b, 8], b"%PDF-"];
        self.is_of(2, |head| starts.iter().any(|start| head.starts_with(start)))
    }

    /// About how many bytes of pixels there are, where what counts are PNG files: the largest stands for all.
    pub fn pixels(&self) -> Option<u64> {
        let is_png = |head: &[u8]| head.len() >= HEAD && head.starts_with(b"\x89PNG\r\n\x1a\n");
        let (_, len) = self.largest.as_ref().filter(|_| self.is_of(1, is_png))?;
        let head = self.head();
        let number = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let channels = [1, 0, 3, 1, 2, 0, 4].get(usize::from(*head.get(25)?)).copied().unwrap_or(1);
        let bits = u64::from(*head.get(24)?) * channels;
        let row = u64::from(number(16)?).saturating_mul(bits).div_ceil(8);
        let largest = row.saturating_mul(u64::from(number(20)?));
        Some((largest as f64 * (self.bytes as f64 / (*len).max(1) as f64)) as u64)
    }

    /// True where the largest file begins so, and stands for all: it is the only one, or most are called as such files are.
    fn is_of(&self, names: usize, begins: impl Fn(&[u8]) -> bool) -> bool {
        let Some((_, len)) = &self.largest else { return false };
        (*len == self.bytes || self.named[names] * 10 >= self.bytes * 9) && begins(&self.head())
    }

    /// The first bytes of the largest file.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        if let Some(Ok(file)) = self.largest.as_ref().map(|(path, _)| File::open(path)) {
            let _ = file.take(HEAD as u64).read_to_end(&mut head);
        }
        head
    }

    fn add(&mut self, path: &Path, offset: u64) {
        let Ok(mut file) = File::open(path) else { return };
        if file.seek(SeekFrom::Start(offset)).is_ok() {
            let _ = file.take(SLICE as u64).read_to_end(&mut self.sample);
        }
    }
}

fn is_called(path: &Path, names: &[&str]) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    end.is_some_and(|end| names.contains(&&*end.to_ascii_lowercase()))
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
        let png = dir.path().join("d.png");
        let header =
            [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 0, 1, 0, 0, 0, 0, 10, 8, 2], &[9; 974]].concat();
        fs::write(&png, &header).unwrap();
        let survey = Survey::of(std::slice::from_ref(&png));
        assert_eq!((header.len(), survey.pixels()), (1000, Some(256 * 10 * 3)));
        assert!(!survey.is_of_photos() && !survey.is_deflated());
        fs::write(&png, b"PK\x03\x04").unwrap();
        let survey = Survey::of(&[png]);
        assert!(survey.is_deflated() && survey.pixels().is_none());
        assert_eq!(Survey::of(&[dir.path().join("none")]).bytes, 0);
    }
}
