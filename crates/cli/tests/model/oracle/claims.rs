//! Whether what was compressed holds what it was made of.

use super::pool::Pool;
use super::{Case, Fault};
use crate::model::arrays::{self, Bound};
use crate::model::decode::{Archives, Item, Outcome};
use crate::model::disk::{Blob, Entry, Thing};
use crate::model::meaning::{self, Input, Work};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn check(case: &Case<'_>, archives: &mut Archives) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        case.works.iter().flat_map(|work| check_work(case, work, archives)).collect();
    if case.command.is(&["rebase", "repair", "quantize"]) {
        faults.extend(case.made().filter_map(|(path, entry)| {
            let blob = entry
                .blob()
                .filter(|_| case.written.contains(path) && !path.to_string_lossy().ends_with(".rec"))?;
            if case.command.is(&["quantize"]) && !blob.is_archive() {
                return None;
            }
            let outcome = archives.decode(blob, &|helper| on_disk(case, helper));
            outcome
                .items()
                .is_none()
                .then(|| case.fault("UNREADABLE", format!("{} does not decode", path.display())))
        }));
    }
    faults
}

fn on_disk(case: &Case<'_>, blob: &Blob) -> bool {
    case.before.files().chain(case.after.files()).any(|(_, file)| file == blob)
}

fn check_work(case: &Case<'_>, work: &Work, archives: &mut Archives) -> Vec<Fault> {
    let first = match work.inputs.first() {
        Some(Input::Path(path)) => path.clone(),
        _ => PathBuf::from("standard input"),
    };
    let blob = match &work.output {
        None => case.ran.stdout.clone(),
        Some(out) if case.is_device(out) => return Vec::new(),
        Some(out) => match case.after.file(&case.after.resolve(out, true)) {
            Some(blob) => blob.clone(),
            None if case.named(&first) => return Vec::new(),
            None => return vec![case.fault("MISSING", format!("{} is not there", out.display()))],
        },
    };
    let outcome = archives.decode(&blob, &|helper| on_disk(case, helper));
    let told = case.ran.stderr.contains("--max-ratio") || case.ran.stderr.contains("--memory");
    match &*outcome {
        _ if case.named(&first) && !work.archive => Vec::new(),
        Outcome::Refused(why) => {
            vec![case.fault("UNREADABLE", format!("{}: {}", first.display(), why.trim()))]
        }
        Outcome::Limited(_) if !told => {
            vec![case.fault("A4", format!("{} exceeds the default limits", first.display()))]
        }
        Outcome::Whole(items) | Outcome::Limited(items) if work.archive => archive(case, work, items),
        Outcome::Whole(items) | Outcome::Limited(items) => stream(case, work, items),
    }
}

/// What an input path holds, links followed.
fn source(case: &Case<'_>, input: &Input) -> Option<Blob> {
    match input {
        Input::Stdin(bytes) => Some(Blob::of(bytes.clone())),
        Input::Path(path) if path.is_absolute() => std::fs::read(path).ok().map(Blob::of),
        Input::Path(path) => case.before.file(&case.before.resolve(path, true)).cloned(),
    }
}

fn stream(case: &Case<'_>, work: &Work, items: &[Item]) -> Vec<Fault> {
    let sources: Vec<Blob> = work.inputs.iter().filter_map(|input| source(case, input)).collect();
    let expected = match &sources[..] {
        [one] => one.clone(),
        _ if sources.iter().any(|blob| blob.bytes.is_none()) => return Vec::new(),
        many => Blob::of(many.iter().flat_map(|blob| blob.bytes().to_vec()).collect::<Vec<u8>>()),
    };
    let [Item { path: None, thing: Thing::File(found) }] = items else {
        return vec![case.fault("MISSING", "not a single stream")];
    };
    differs(case, &expected, found).map(|what| case.fault("B", what)).into_iter().collect()
}

/// What is wrong with `found` as the content of `expected`.
fn differs(case: &Case<'_>, expected: &Blob, found: &Blob) -> Option<String> {
    if expected == found {
        return None;
    }
    let bound = case.command.text("max_error").and_then(Bound::parse);
    // The other targets are of all numbers together: no single one is off by more than all of them differ.
    let others = ["psnr", "bpp", "max_size"].iter().any(|target| case.command.has(target));
    let bound = bound.or(others.then_some(Bound::Share(1.0)));
    match (bound, &expected.bytes, &found.bytes) {
        (Some(bound), Some(before), Some(now)) => {
            arrays::beyond(before, now, bound, case.command.text("shape"))
        }
        _ => Some(format!("{} bytes came back as {} other ones", expected.len, found.len)),
    }
}

fn archive(case: &Case<'_>, work: &Work, items: &[Item]) -> Vec<Fault> {
    let mut pool = Pool::new(items.to_vec());
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for input in &work.inputs {
        match input {
            Input::Path(path) if path.is_absolute() => {
                let content = source(case, input);
                let held = pool
                    .take(path, |thing| matches!(thing, Thing::File(blob) if Some(blob) == content.as_ref()));
                pool.take(path, |_| true);
                let fault = || case.fault("D-SIZE0", format!("{} is not held", path.display()));
                faults.extend((!held && !case.named(path)).then(fault));
            }
            Input::Path(path) => faults.extend(tree(case, path, &mut pool, &mut seen)),
            Input::Stdin(_) => {}
        }
    }
    for item in pool.rest().filter(|item| item.thing != Thing::Dir) {
        let path = item.path.clone().unwrap_or_default();
        // What is named twice may be held twice, too; a link that is named is followed.
        let is_held = |own: &Path, entry: &Entry| {
            let followed = case.before.get(&case.before.resolve(own, true));
            held(case, entry, &item.thing) || followed.is_some_and(|entry| held(case, entry, &item.thing))
        };
        if case
            .before
            .entries
            .iter()
            .any(|(own, entry)| own.ends_with(&path) && is_held(own, entry))
        {
            continue;
        }
        let shown = path.display().to_string();
        let own = shown.ends_with(".partial") || case.written.iter().any(|out| out.ends_with(&path));
        let kind = if own { "D-OWN" } else { "EXTRA" };
        faults.push(case.fault(kind, format!("{shown} is in the archive and was not there")));
    }
    faults
}

/// Everything at and below an input.
fn tree(case: &Case<'_>, input: &Path, pool: &mut Pool, seen: &mut BTreeSet<PathBuf>) -> Vec<Fault> {
    let real = case.before.resolve(input, true);
    let own = case.before.resolve(input, false);
    let mut faults = Vec::new();
    if own != real && !meaning::is_dir(input, case.before) {
        return if seen.insert(own.clone()) {
            linked(case, &own, &real, pool).into_iter().collect()
        } else {
            Vec::new()
        };
    }
    if own != real && meaning::is_dir(input, case.before) {
        return linked_folder(case, input, &real, pool).into_iter().collect();
    }
    for (path, entry) in case.before.under(&real) {
        // What is named twice may be held once.
        if !seen.insert(path.clone()) {
            continue;
        }
        // Through links and `..` the names in the archive are those that were typed.
        let rest = path.strip_prefix(&real).unwrap_or(path);
        let typed = if rest.as_os_str().is_empty() { input.to_path_buf() } else { input.join(rest) };
        let held = pool.take(path, |thing| held(case, entry, thing))
            || pool.take(&typed, |thing| held(case, entry, thing));
        let skipped = case.written.contains(path)
            || is_input_itself(case, input, path)
            || case.named(path)
            || path.as_os_str().is_empty();
        let top = entry.thing == Thing::Dir && *path == real;
        if !(held || skipped || top) {
            faults.push(missing(case, path, entry));
        }
    }
    faults
}

/// With `--rm` an input inside another is gone when the turn comes to that.
fn is_input_itself(case: &Case<'_>, input: &Path, path: &Path) -> bool {
    let others = meaning::sources(case.command).into_iter().filter(|other| other != input);
    case.command.has("rm")
        && others.into_iter().any(|other| path.starts_with(case.before.resolve(&other, true)))
}

/// A link to a folder: followed as one to a file is, or said; in a list it may stand for itself.
fn linked_folder(case: &Case<'_>, input: &Path, real: &Path, pool: &mut Pool) -> Option<Fault> {
    let name = Path::new("/").join(case.before.resolve(input, false));
    let listed = case.command.has("files_from") || case.command.has("files0_from");
    if listed && pool.take(&name, |thing| matches!(thing, Thing::Link(_))) {
        return None;
    }
    let mut held = true;
    for (path, entry) in case.before.under(real) {
        let rest = path.strip_prefix(real).unwrap_or(path);
        let there = pool.take(&name.join(rest), |thing| *thing == entry.thing);
        held &= there || entry.blob().is_none() || case.written.contains(path) || case.named(path);
    }
    pool.take(&name, |thing| matches!(thing, Thing::Link(_)));
    let fault = || case.fault("D-FOLDER-LINK", format!("not all of {}", input.display()));
    let fine = held || case.named(input);
    if fine { None } else { Some(fault()) }
}

/// A link that is an input is followed, or stored as one.
fn linked(case: &Case<'_>, own: &Path, real: &Path, pool: &mut Pool) -> Option<Fault> {
    let (link, content) = (case.before.get(own)?, case.before.get(real));
    let followed = content.is_some_and(|entry| pool.take(own, |thing| held(case, entry, thing)));
    let there = followed || pool.take(own, |thing| *thing == link.thing) || case.named(own);
    (!there && !case.written.contains(own)).then(|| missing(case, own, link))
}

fn held(case: &Case<'_>, entry: &Entry, thing: &Thing) -> bool {
    match (&entry.thing, thing) {
        (Thing::File(expected), Thing::File(found)) => differs(case, expected, found).is_none(),
        (expected, found) => expected == found,
    }
}

fn missing(case: &Case<'_>, path: &Path, entry: &Entry) -> Fault {
    let kind = match &entry.thing {
        Thing::File(_) if entry.links > 1 => "D-LINKS",
        Thing::File(_) if ["max_error", "psnr", "bpp", "max_size"].iter().any(|it| case.command.has(it)) => {
            "B"
        }
        _ => "MISSING",
    };
    case.fault(kind, format!("{} is not in the archive", path.display()))
}
