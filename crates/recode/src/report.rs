//! What was found and what became of it, for people.

use minlen_core::{Detection, Kind};
use std::fmt;

/// Counts and sizes by container.
///
/// ```
/// let report = minlen_recode::Report::default();
/// assert!(report.is_empty() && !report.found());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Name, parts, bytes before, bytes after.
    expressed: Vec<(&'static str, usize, usize, usize)>,
    /// Name, parts and bytes of what was left as it is.
    kept: Vec<(&'static str, usize, usize)>,
    /// Members of tar archives: their kind, how many, and bytes.
    members: Vec<(Kind, usize, usize)>,
    /// What was unusual about them.
    notes: Vec<&'static str>,
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

    /// An archive with members of these kinds.
    pub(crate) fn tar(&mut self, kinds: &[Detection], members: &[&[u8]], notes: &[&'static str]) {
        for (what, member) in kinds.iter().zip(members) {
            match self.members.iter_mut().find(|e| e.0 == what.kind) {
                Some(entry) => (entry.1, entry.2) = (entry.1 + 1, entry.2 + member.len()),
                None => self.members.push((what.kind, 1, member.len())),
            }
        }
        for note in notes {
            if !self.notes.contains(note) {
                self.notes.push(note);
            }
        }
    }

    /// True if something is expressed differently.
    #[must_use]
    pub fn found(&self) -> bool {
        !self.expressed.is_empty() || !self.members.is_empty()
    }

    /// True if there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expressed.is_empty() && self.kept.is_empty() && self.members.is_empty()
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
        if !self.members.is_empty() {
            let kind = |(kind, parts, bytes): &(Kind, usize, usize)| format!("{parts} {kind} {bytes}");
            let kinds: Vec<String> = self.members.iter().map(kind).collect();
            let notes: String = self.notes.iter().map(|note| format!(", {note}")).collect();
            lines.push(format!("tar: members of {} bytes{notes}", kinds.join(", ")));
        }
        if self.corrections > 0 {
            lines.push(format!("{} bytes of corrections", self.corrections));
        }
        f.write_str(&lines.join("; "))
    }
}
