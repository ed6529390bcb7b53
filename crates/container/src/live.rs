//! Files under construction, for whoever has to end the process while the thread that makes them hears nothing.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary file that is to go if its process is ended; forgotten on drop.
#[derive(Debug)]
pub(crate) struct Live(PathBuf);

impl Live {
    pub(crate) fn new(path: &Path) -> Self {
        if let Ok(mut live) = LIVE.lock() {
            live.push(path.to_path_buf());
        }
        Self(path.to_path_buf())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Ok(mut live) = LIVE.lock()
            && let Some(index) = live.iter().position(|path| *path == self.0)
        {
            live.swap_remove(index);
        }
    }
}

/// Removes every file that this process has begun as an [`crate::atomic::AtomicFile`] and not completed. To be called right before
/// the process is ended by force; files of their own names are never touched.
pub fn remove_unfinished() {
    if let Ok(live) = LIVE.lock() {
        for path in live.iter() {
            let _ = std::fs::remove_file(path);
        }
    }
}
