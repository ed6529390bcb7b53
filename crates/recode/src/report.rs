//! What was found and what became of it, for people.

use std::fmt;

/// Counts and sizes by container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Name, parts, bytes before, bytes after.
    expressed: Vec<(&'static str, usize, usize, usize)>,
    /// Name, parts and bytes of what was left as it is.
    kept: Vec<(&'static str, usize, usize)>,
    /// Bytes of corrections of deflate streams.
    pub corrections: usize,
}

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, before: usize, after: usize) {
        match self.expressed.iter_mut().find(|e| e.0 == name) {
            Some(entry) => (entry.1, entry.2, entry.3) = (entry.1 + 1, entry.2 + before, entry.3 + after),
            None => self.expressed.push((name, 1, before, after)),
        }
    }

    pub(crate) fn kept(&mut self, name: &'static str, bytes: usize) {
        match self.kept.iter_mut().find(|e| e.0 == name) {
            Some(entry) => (entry.1, entry.2) = (entry.1 + 1, entry.2 + bytes),
            None => self.kept.push((name, 1, bytes)),
        }
    }

    /// True if nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expressed.is_empty() && self.kept.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = Vec::new();
        for (name, parts, before, after) in &self.expressed {
            lines.push(format!("{name}: {parts} of {before} bytes as {after}"));
        }
        for (name, parts, bytes) in &self.kept {
            lines.push(format!("{name}: {parts} of {bytes} bytes kept as they are"));
        }
        if self.corrections > 0 {
            lines.push(format!("{} bytes of corrections", self.corrections));
        }
        f.write_str(&lines.join("; "))
    }
}
