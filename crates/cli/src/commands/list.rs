//! `minlen list`: what is inside, without decoding.

use crate::args::List;
use crate::engine::decode;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::Result;
use minlen::archive::{Archive, Info, Member, MemberKind};
use serde_json::{Value, json};

/// Lists every input.
pub fn run(args: &List, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    let mut objects = Vec::new();
    let mut streams = Vec::new();
    let mut tally = super::for_each(ctx, &inputs, |input| {
        let done = decode::open_archive(input, ctx, &ctx.reading()).and_then(|mut archive| {
            if args.tensors {
                return super::tensors::list(input, &mut archive, ctx, &mut objects);
            }
            match (ctx.ui.json(), archive.is_tree()) {
                (true, _) => objects.push(object(input, &mut archive)?),
                (false, true) => ui::print(&members(&mut archive, ctx.ui.verbose())?)?,
                (false, false) => streams.push(row(input, &archive.info()?)),
            }
            Ok(())
        });
        done.map_err(|e| e.in_file(input.label()))
    });
    let shown = match (ctx.ui.json(), streams.is_empty()) {
        (true, _) => ui::print_json(&json!({"files": objects})),
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

fn row(input: &Source, info: &Info) -> Vec<String> {
    let (raw, stored) = (info.content_len, info.stored_len);
    let name = human::safe(&input.to_string()).into_owned();
    vec![stored.to_string(), raw.to_string(), human::share(raw, stored), name]
}

/// The members of an archive: mode, size, time and name; with `-v` also stored size and codecs.
fn members(archive: &mut Archive, verbose: bool) -> Result<String> {
    let mut columns = vec![("mode", Side::Left), ("size", Side::Right)];
    if verbose {
        columns.extend([("stored", Side::Right), ("codecs", Side::Left)]);
    }
    columns.extend([("modified (UTC)", Side::Left), ("name", Side::Left)]);
    let mut table = Table::new(&columns);
    for member in archive.members()? {
        let mut cells = vec![human::mode(letter(&member.kind), member.mode), member.len.to_string()];
        if verbose {
            cells.extend([format!("~{}", member.stored), member.codecs.join(" ")]);
        }
        cells.extend([
            member.mtime.map_or_else(|| "-".into(), |(seconds, _)| human::time(seconds)),
            shown_name(&member),
        ]);
        table.row(cells);
    }
    Ok(table.render())
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

fn object(input: &Source, archive: &mut Archive) -> Result<Value> {
    let info = archive.info()?;
    let mut object = json!({
        "file": input.label().to_string_lossy(),
        "kind": if info.is_tree { "archive" } else { "stream" },
        "stored_bytes": info.stored_len,
        "content_bytes": info.content_len,
        "output_bytes": info.output_len,
    });
    if archive.is_tree() {
        object["members"] = archive.members()?.iter().map(member).collect();
    }
    Ok(object)
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
    if let Some(hash) = member.hash {
        object["hash"] = json!(human::hex(&hash));
    }
    object
}
