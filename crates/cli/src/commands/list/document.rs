//! The listing as JSON.

use super::Lines;
use super::members::{Chosen, Totals};
use crate::plan::Source;
use crate::ui::report::{SCHEMA, of_file};
use crate::ui::{self, human};
use minlen::archive::{Archive, Member, MemberKind};
use minlen::{Error, Result};
use serde_json::{Value, json};

/// The JSON document of all inputs. It is written as it comes, since archives may have more members than fit into memory.
#[derive(Default)]
pub struct Document {
    begun: bool,
}

impl Document {
    /// Writes an object, with the chosen members of an archive in it.
    pub fn add(&mut self, object: &Value, members: Option<(&mut Archive<'_>, &Chosen)>) -> Result<()> {
        let mut text = format!("{object:#}");
        let mut lines = Lines::new(ui::print_json_text);
        let Some((archive, chosen)) = members else {
            self.begin(&mut lines, &text)?;
            return lines.end();
        };
        // What can fail does so before anything is written.
        if !archive.entries().entries.is_empty() {
            archive.member(0)?;
        }
        text.truncate(text.trim_end_matches(['}', '\n']).len());
        self.begin(&mut lines, &text)?;
        let mut separator = ",\n\"members\": [\n";
        let mut totals = Totals::default();
        chosen.each(archive, &mut |found| {
            totals.add(&found);
            lines.add(separator)?;
            separator = ",\n";
            lines.add(&format!("{:#}", member(&found)))
        })?;
        lines.add(if separator.len() > 2 { ",\"members\": []" } else { "\n]" })?;
        lines.add(&format!(",\n\"totals\": {:#}}}", sums(&totals)))?;
        lines.end()
    }

    fn begin(&mut self, lines: &mut Lines, text: &str) -> Result<()> {
        if self.begun {
            lines.add(",\n")?;
        } else {
            lines.add(&Self::head())?;
        }
        self.begun = true;
        lines.add(text)
    }

    /// How every document begins.
    fn head() -> String {
        format!("{{\"schema\": {SCHEMA}, \"verb\": \"list\", \"files\": [\n")
    }

    /// Tells of a file that cannot be listed.
    pub fn failed(&mut self, input: &Source, error: &Error) -> Result<()> {
        self.add(&of_file(input.label(), false, json!({"error": ui::error_object(error)})), None)
    }

    /// Ends the document.
    pub fn end(&self) -> Result<()> {
        let head = if self.begun { String::new() } else { Self::head() };
        ui::print(&format!("{head}\n]}}\n"))
    }
}

fn sums(totals: &Totals) -> Value {
    json!({
        "files": totals.files,
        "folders": totals.folders,
        "links": totals.links,
        "bytes": totals.bytes,
        "stored_bytes_estimate": totals.stored,
    })
}

/// What is told of a file as a whole.
pub fn object(input: &Source, archive: &Archive<'_>) -> Value {
    let fields = json!({
        "kind": if archive.is_tree() { "archive" } else { "stream" },
        "stored_bytes": archive.stored_len(),
        "content_bytes": archive.content_len(),
        "output_bytes": archive.output_len(),
    });
    of_file(input.label(), true, fields)
}

fn member(member: &Member) -> Value {
    let (kind, target) = match &member.kind {
        MemberKind::Dir => ("dir", None),
        MemberKind::Symlink(target) => ("symlink", Some(target)),
        MemberKind::Hardlink(target) => ("hardlink", Some(target)),
        _ => ("file", None),
    };
    let mut object = json!({
        "path": String::from_utf8_lossy(&member.path),
        "kind": kind,
        "bytes": member.len,
        "hole_bytes": member.holes,
        "stored_bytes_estimate": member.stored,
        "mode": format!("{:04o}", member.mode & 0o7777),
        "mtime": member.mtime.map(|(seconds, _)| seconds),
        "mtime_nanoseconds": member.mtime.map(|(_, nanoseconds)| nanoseconds),
        "codecs": member.codecs,
    });
    if std::str::from_utf8(&member.path).is_err() {
        object["path_hex"] = json!(human::hex(&member.path));
    }
    if let Some(target) = target {
        object["target"] = json!(String::from_utf8_lossy(target));
    }
    if let Some(hash) = &member.hash {
        object["hash"] = json!(human::hex(hash));
    }
    object
}
