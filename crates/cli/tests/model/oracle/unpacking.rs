//! Whether what was unpacked is there.

use super::{Case, Fault};
use crate::model::decode::Archives;
use crate::model::disk::Thing;

pub fn check(case: &Case<'_>, _archives: &mut Archives) -> Vec<Fault> {
    if case.command.has("salvage") {
        return Vec::new();
    }
    if case.command.has("tensor") {
        return arrays(case);
    }
    if case.command.has("range") {
        return range(case).into_iter().collect();
    }
    let mut faults = Vec::new();
    for unpack in &case.unpacked {
        for (item, place) in &unpack.items {
            let Some(place) = place.as_ref().filter(|place| !case.is_device(place)) else { continue };
            let there = [case.after.resolve(place, false), case.after.resolve(place, true)];
            let whole =
                there.iter().any(|path| case.after.get(path).is_some_and(|now| now.thing == item.thing));
            if !whole && !case.named(&unpack.archive) && !case.named(place) {
                faults.push(case.fault("UNPACKED", format!("{} is not what it should be", place.display())));
            }
        }
    }
    faults.extend(printed(case));
    faults
}

/// Array files that were written are what their headers say.
fn arrays(case: &Case<'_>) -> Vec<Fault> {
    let made = case.made().filter_map(|(path, entry)| Some((path, entry.blob()?)));
    let wrong = made
        .filter_map(|(path, blob)| Some((path, crate::model::arrays::contradiction(path, blob.bytes())?)));
    wrong.map(|(path, what)| case.fault("G", format!("{}: {what}", path.display()))).collect()
}

/// A range of the only file.
fn range(case: &Case<'_>) -> Option<Fault> {
    let [unpack] = &case.unpacked[..] else { return None };
    let files = || unpack.items.iter().filter(|(item, _)| matches!(item.thing, Thing::File(_)));
    let ((item, _), 1) = (files().next()?, files().count()) else { return None };
    let Thing::File(content) = &item.thing else { return None };
    let (start, end) = case.command.text("range")?.split_once("..")?;
    let size = |text: &str, default: usize| match text.strip_suffix('k') {
        Some(thousands) => thousands.parse::<usize>().map_or(default, |n| n << 10),
        None => text.parse().unwrap_or(default),
    };
    let all = content.bytes.as_ref()?;
    let end = size(end, all.len()).min(all.len());
    let expected = all.get(size(start, 0).min(end)..end)?;
    let out = case.command.value("output").filter(|out| *out != "-").map(std::path::Path::new);
    let found = match out {
        _ if case.command.to_stdout() || case.command.is(&["cat"]) => case.ran.stdout.bytes(),
        Some(out) if !case.is_device(out) => case.after.file(&case.after.resolve(out, true))?.bytes(),
        Some(_) => return None,
        None => case.ran.stdout.bytes(),
    };
    (found != expected).then(|| case.fault("RANGE", format!("{} bytes are not the range", found.len())))
}

/// A single content on standard output.
fn printed(case: &Case<'_>) -> Option<Fault> {
    let [unpack] = &case.unpacked[..] else { return None };
    let files = || unpack.items.iter().filter(|(item, _)| matches!(item.thing, Thing::File(_)));
    let out = case.command.to_stdout() || case.command.is(&["cat"]);
    let ((item, None), 1, true) = (files().next()?, files().count(), out) else { return None };
    let same = matches!(&item.thing, Thing::File(blob) if *blob == case.ran.stdout);
    let single = crate::model::meaning::sources(case.command).len() == 1;
    (single && !same).then(|| case.fault("PRINTED", "standard output is not the content"))
}
