//! Long runs of zeros become holes in the output file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Holes begin and end at multiples of this: the block size of every usual file system.
const UNIT: usize = 4096;

/// Writes to a file from its current place on, which must be its end and a multiple of [`UNIT`].
pub struct Sparse<'a> {
    file: &'a File,
    /// Zeros that were skipped and not written yet.
    hole: u64,
    /// Bytes into the current unit.
    phase: usize,
    len: u64,
}

impl<'a> Sparse<'a> {
    /// A writer at the start of an empty file.
    pub fn new(file: &'a File) -> Self {
        Self { file, hole: 0, phase: 0, len: 0 }
    }

    /// Gives the file its full length, should it end in a hole.
    pub fn finish(self) -> io::Result<()> {
        if self.hole > 0 { self.file.set_len(self.len) } else { Ok(()) }
    }

    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        if self.phase == 0 && data.len() == UNIT && is_zero(data) {
            self.hole += UNIT as u64;
        } else {
            self.leave_hole()?;
            self.file.write_all(data)?;
        }
        self.phase = (self.phase + data.len()) % UNIT;
        self.len += data.len() as u64;
        Ok(())
    }

    fn leave_hole(&mut self) -> io::Result<()> {
        let hole = std::mem::take(&mut self.hole);
        if hole > 0 {
            self.file.seek(SeekFrom::Current(i64::try_from(hole).map_err(io::Error::other)?))?;
        }
        Ok(())
    }

    /// How much of `data` can be written at once: all full units up to the next that is zero.
    fn run(data: &[u8]) -> usize {
        let solid = data.chunks_exact(UNIT).take_while(|unit| !is_zero(unit)).count() * UNIT;
        if data.len() - solid < UNIT { data.len() } else { solid }
    }
}

impl Write for Sparse<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut rest = data;
        if self.phase > 0 {
            let (head, tail) = rest.split_at(rest.len().min(UNIT - self.phase));
            self.put(head)?;
            rest = tail;
        }
        while !rest.is_empty() {
            let run = match Self::run(rest) {
                0 => UNIT,
                run => run,
            };
            let (now, later) = rest.split_at(run);
            self.put(now)?;
            rest = later;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_zero(unit: &[u8]) -> bool {
    unit.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pieces: &[Vec<u8>]) -> (Vec<u8>, u64) {
        use std::os::unix::fs::MetadataExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut sparse = Sparse::new(file.as_file());
        for piece in pieces {
            sparse.write_all(piece).unwrap();
        }
        sparse.finish().unwrap();
        let stored = file.as_file().metadata().unwrap().blocks() * 512;
        (std::fs::read(file.path()).unwrap(), stored)
    }

    #[test]
    fn content_is_the_same_however_it_arrives() {
        let mut all = vec![1; 5000];
        all.extend(vec![0; 100_000]);
        all.extend(vec![2; 3]);
        all.extend(vec![0; 70_001]);
        for step in [1000, 4096, 4097, 200_000] {
            let pieces: Vec<Vec<u8>> = all.chunks(step).map(<[u8]>::to_vec).collect();
            assert_eq!(written(&pieces).0, all, "{step}");
        }
    }

    #[test]
    fn zeros_take_no_space_and_odd_ends_survive() {
        let (content, stored) = written(&[vec![0; 10 << 20], vec![0; 5]]);
        assert_eq!(content.len(), (10 << 20) + 5);
        assert!(stored < 1 << 20, "{stored}");
        assert_eq!(written(&[]).0, b"");
    }
}
