//! `minlen list`: what is inside, without decoding.

use crate::args::List;
use crate::engine::decode;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::table::{LongTable, Side, Table};
use crate::ui::{self, human};
use minlen::Result;
use minlen::archive::{Archive, Member, MemberKind};
use serde_json::{Value, json};

/// Lists every input.
pub fn run(args: &List, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    let mut document = Document::default();
    let mut streams = Vec::new();
    let mut tally = super::for_each(ctx, &inputs, |input| {
        let done = decode::open_archive(input, ctx, &ctx.reading()).and_then(|mut archive| {
            if args.tensors {
                let mut objects = Vec::new();
                super::tensors::list(input, &mut archive, ctx, &mut objects)?;
                return objects.iter().try_for_each(|object| document.add(object, None));
            }
            match (ctx.ui.json(), archive.is_tree()) {
                (true, tree) => document.add(&object(input, &archive), tree.then_some(&mut archive))?,
                (false, true) => members(&mut archive, ctx.ui.verbose())?,
                (false, false) => streams.push(row(input, &archive)),
            }
            Ok(())
        });
        done.map_err(|e| e.in_file(input.label()))
    });
    let shown = match (ctx.ui.json(), streams.is_empty()) {
        (true, _) => document.end(),
        (false, false) => ui::print(&table(streams)),
        (false, true) => Ok(()),
    };
    tally.add(shown, |e| ctx.ui.error(e));
    Ok(tally)
}

fn table(rows: Vec<Vec<String>>) -> String {
    let columns = ["compressed", "uncompressed", "ratio"].map(|name| (name, Side::Right));
    let mut table = Table::new(&[&columns[..], &[("name", Side::Left)]].concat());
    rows.into_iter().for_each(|row| table.row(row));
    table.render()
}

fn row(input: &Source, archive: &Archive<'_>) -> Vec<String> {
    let (raw, stored) = (archive.content_len(), archive.stored_len());
    let name = human::safe(&input.to_string()).into_owned();
    vec![stored.to_string(), raw.to_string(), human::share(raw, stored), name]
}

/// Results on their way to standard output, in pieces that are worth a system call.
struct Lines {
    text: String,
    print: fn(&str) -> Result<()>,
}

impl Lines {
    fn new(print: fn(&str) -> Result<()>) -> Self {
        Self { text: String::new(), print }
    }

    fn add(&mut self, text: &str) -> Result<()> {
        self.text.push_str(text);
        if self.text.len() < 1 << 16 { Ok(()) } else { self.end() }
    }

    fn end(&mut self) -> Result<()> {
        (self.print)(&std::mem::take(&mut self.text))
    }
}

/// The members of an archive: mode, size, time and name; with `-v` also stored size and codecs.
fn members(archive: &mut Archive<'_>, verbose: bool) -> Result<()> {
    let mut columns = vec![("mode", Side::Left), ("size", Side::Right)];
    if verbose {
        columns.extend([("stored", Side::Right), ("codecs", Side::Left)]);
    }
    columns.extend([("modified (UTC)", Side::Left), ("name", Side::Left)]);
    let mut table = LongTable::new(&columns);
    archive.each_member(&mut |member| {
        table.measure(&cells(&member, verbose));
        Ok(())
    })?;
    let mut lines = Lines::new(ui::print);
    lines.add(&table.heading())?;
    archive.each_member(&mut |member| lines.add(&table.line(&cells(&member, verbose))))?;
    lines.end()
}

fn cells(member: &Member, verbose: bool) -> Vec<String> {
    let mut cells = vec![human::mode(letter(&member.kind), member.mode), member.len.to_string()];
    if verbose {
        cells.extend([format!("~{}", member.stored), member.codecs.join(" ")]);
    }
    cells.extend([
        member.mtime.map_or_else(|| "-".into(), |(seconds, _)| human::time(seconds)),
        shown_name(member),
    ]);
    cells
}

/// The JSON document of all inputs. It is written as it comes, since archives may have more members than fit into memory.
#[derive(Default)]
struct Document {
    begun: bool,
}

impl Document {
    /// Writes an object, with the members of an archive in it.
    fn add(&mut self, object: &Value, archive: Option<&mut Archive<'_>>) -> Result<()> {
        let mut text = format!("{object:#}");
        let mut lines = Lines::new(ui::print_json_text);
        let mut separator = ",\n\"members\": [\n";
        if let Some(archive) = archive {
            // What can fail does so before anything is written.
            if !archive.entries().entries.is_empty() {
                archive.member(0)?;
            }
            text.truncate(text.trim_end_matches(['}', '\n']).len());
            self.begin(&mut lines, &text)?;
            archive.each_member(&mut |found| {
                lines.add(separator)?;
                separator = ",\n";
                lines.add(&format!("{:#}", member(&found)))
            })?;
            lines.add(if separator.len() > 2 { ",\"members\": []}" } else { "\n]\n}" })?;
        } else {
            self.begin(&mut lines, &text)?;
        }
        lines.end()
    }

    fn begin(&mut self, lines: &mut Lines, text: &str) -> Result<()> {
        lines.add(if self.begun { ",\n" } else { "{\"files\": [\n" })?;
        self.begun = true;
        lines.add(text)
    }

    fn end(&self) -> Result<()> {
        ui::print(if self.begun { "\n]}\n" } else { "{\"files\": []}\n" })
    }
}

fn shown_name(member: &Member) -> String {
    let name = human::name(&member.path);
    match &member.kind {
        MemberKind::Dir => format!("{name}/"),
        MemberKind::Symlink(target) => format!("{name} -> {}", human::name(target)),
        MemberKind::Hardlink(target) => format!("{name} = {}", human::name(target)),
        _ => name,
    }
}

fn letter(kind: &MemberKind) -> char {
    match kind {
        MemberKind::Dir => 'd',
        MemberKind::Symlink(_) => 'l',
        MemberKind::Hardlink(_) => 'h',
        _ => '-',
    }
}

fn object(input: &Source, archive: &Archive<'_>) -> Value {
    json!({
        "file": input.label().to_string_lossy(),
        "kind": if archive.is_tree() { "archive" } else { "stream" },
        "stored_bytes": archive.stored_len(),
        "content_bytes": archive.content_len(),
        "output_bytes": archive.output_len(),
    })
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
