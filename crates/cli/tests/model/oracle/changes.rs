//! What changed on disk, and whether it may have.

use super::pool::Pool;
use super::{Case, Fault};
use crate::model::decode::{Archives, Outcome};
use crate::model::disk::{Blob, Entry, Thing};
use crate::model::meaning;
use std::path::{Path, PathBuf};

pub fn check(case: &Case<'_>, archives: &mut Archives) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut gone = Vec::new();
    for (path, entry) in &case.before.entries {
        match case.after.get(path) {
            Some(now) if now.thing == entry.thing => {}
            Some(_) => faults.extend(replaced(case, path, entry, archives)),
            None => gone.push((path, entry)),
        }
    }
    faults.extend(removed(case, &gone, archives));
    faults.extend(new(case, archives));
    faults
}

/// Something has the name that held something else.
fn replaced(case: &Case<'_>, path: &Path, entry: &Entry, archives: &mut Archives) -> Option<Fault> {
    let shown = path.display();
    if case.command.is(&["update", "compact"]) && case.written.contains(path) {
        return if shown.to_string().ends_with(".rec") { None } else { living(case, path, entry, archives) };
    }
    let kept = case.command.is(&["bench", "generate", "train network"]);
    // What has another name still is not lost.
    let is_linked =
        case.after.entries.values().any(|now| now.inode == entry.inode && now.thing == entry.thing);
    if case.reads.contains(&entry.inode) && !kept && !is_linked {
        return Some(case.fault("A3", format!("{shown} was read by the run and replaced")));
    }
    if entry.thing == Thing::Dir || entry.thing == Thing::Other {
        return Some(case.fault("REPLACED", format!("{shown}, a folder or device, was replaced")));
    }
    if !case.written.contains(path) {
        return Some(case.fault("CHANGED", format!("{shown} was changed and is no output")));
    }
    (!case.command.has("force") && !kept)
        .then(|| case.fault("NO-FORCE", format!("{shown} was overwritten without -f")))
}

/// An archive that was updated or compacted holds what it held, but for what the update was about.
fn living(case: &Case<'_>, path: &Path, entry: &Entry, archives: &mut Archives) -> Option<Fault> {
    let shown = path.display();
    let here = |blob: &Blob| case.before.files().chain(case.after.files()).any(|(_, file)| file == blob);
    let old = archives.decode(entry.blob()?, &here);
    let new = archives.decode(case.after.get(path)?.blob()?, &here);
    let Some(now) = new.items() else {
        // A key or base that reading the old one lacks is lacking now.
        return old.items().map(|_| case.fault("UNREADABLE", format!("{shown} does not decode any more")));
    };
    let update = case.command.is(&["update"]);
    let lost = old.items()?.iter().find(|item| {
        let kept = now.iter().any(|other| other.path == item.path && other.thing == item.thing);
        // Something on disk took its place, or its place is gone.
        let named = |own: &PathBuf| case.before.entries.keys().any(|path| path.ends_with(own));
        let replaced = update && item.path.as_ref().is_some_and(named);
        !(kept || replaced || update && case.command.has("delete"))
    })?;
    let lost = lost.path.as_deref().unwrap_or(Path::new("-")).display().to_string();
    Some(case.fault("LOST", format!("{shown} has no {lost} any more")))
}

/// Names that are gone: only those of inputs, only with `--rm`, and only what can be had again.
fn removed(case: &Case<'_>, gone: &[(&PathBuf, &Entry)], archives: &mut Archives) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut pool = None;
    let tops: Vec<PathBuf> = meaning::sources(case.command)
        .iter()
        .flat_map(|path| [case.before.resolve(path, true), case.before.resolve(path, false)])
        .collect();
    for (path, entry) in gone.iter().filter(|(path, entry)| entry.blob().is_none() || !is_stale(path)) {
        let shown = path.display();
        if !case.command.has("rm") {
            faults.push(case.fault("REMOVED", format!("{shown} was removed unasked")));
        } else if !tops.iter().any(|top| path.starts_with(top)) {
            faults.push(case.fault("REMOVED", format!("{shown} was removed and is no input")));
        } else {
            let pool = pool.get_or_insert_with(|| Pool::of_disk(case.after, archives));
            if !pool.take(path, |thing| *thing == entry.thing) && !unpacked(case, entry, pool, archives) {
                faults.push(lost(case, path, entry, archives));
            }
        }
    }
    faults
}

/// A leftover of a killed run, which the next one may clear away.
fn is_stale(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.starts_with('.') && name.contains(".minlen-") && name.ends_with(".partial")
}

/// Whether an archive that is gone lies about unpacked.
fn unpacked(case: &Case<'_>, entry: &Entry, pool: &Pool, archives: &mut Archives) -> bool {
    let Some(blob) = entry.blob().filter(|blob| blob.is_archive()) else { return entry.thing == Thing::Dir };
    let here = |blob: &Blob| case.after.files().any(|(_, file)| file == blob) || pool.holds(blob);
    let before = |blob: &Blob| here(blob) || case.before.files().any(|(_, file)| file == blob);
    let outcome = archives.decode(blob, &before);
    let Some(items) = outcome.items() else { return false };
    items.iter().all(|item| {
        let named = |path: &Path| item.path.as_ref().is_none_or(|own| path.ends_with(own));
        let there = case.after.entries.iter().any(|(path, now)| named(path) && now.thing == item.thing);
        there || matches!(&item.thing, Thing::File(blob) if pool.holds(blob)) || item.thing == Thing::Dir
    })
}

/// Why it is lost, as far as can be told.
fn lost(case: &Case<'_>, path: &Path, entry: &Entry, archives: &mut Archives) -> Fault {
    let made: Vec<&Blob> =
        case.made().filter_map(|(_, e)| e.blob()).filter(|blob| blob.is_archive()).collect();
    let here = |blob: &Blob| case.after.files().any(|(_, file)| file == blob);
    let outcomes: Vec<_> = made.iter().map(|blob| archives.decode(blob, &here)).collect();
    let limited = outcomes.iter().any(|outcome| matches!(**outcome, Outcome::Limited(_)));
    let refused = outcomes.iter().find_map(|outcome| match &**outcome {
        Outcome::Refused(stderr) => Some(stderr.trim().to_string()),
        _ => None,
    });
    let kind = match () {
        () if case.to_nowhere() => "A5",
        () if case.one_output_for_two().is_some() => "A2",
        () if limited => "A4",
        () if refused.is_some() => "A1",
        () if entry.links > 1 => "D-LINKS",
        () => "LOST",
    };
    case.fault(kind, format!("{} is gone for good; {}", path.display(), refused.unwrap_or_default()))
}

/// Files that are new: only outputs; and after a failure only complete ones.
fn new(case: &Case<'_>, archives: &mut Archives) -> Vec<Fault> {
    let mut faults = Vec::new();
    // What comes out of archives that cannot be decoded here is not known.
    let unknown = case.command.is(&["decompress", "extract"])
        && case.unpacked.len() < meaning::sources(case.command).len()
        || case.command.is(&["generate"])
        // Parts of damaged members have names of their own.
        || case.command.has("salvage");
    for (path, entry) in case.made() {
        if entry.thing == Thing::Dir || path.to_string_lossy().ends_with(".partial") {
            continue;
        }
        if case.before.get(path).is_none() && !unknown && !case.written.contains(path) {
            faults.push(case.fault("NEW", format!("{} came to be and is no output", path.display())));
        }
        if let Some(blob) = entry.blob().filter(|blob| blob.is_archive() && !case.ended_well()) {
            let here = |blob: &Blob| case.before.files().any(|(_, file)| file == blob);
            if archives.decode(blob, &here).items().is_none() && case.command.is(&["compress"]) {
                faults.push(case.fault("INCOMPLETE", format!("{} does not decode", path.display())));
            }
        }
    }
    faults
}
