//! Whether what was unpacked is there.

use super::{Case, Fault};
use crate::decode::Archives;
use crate::disk::Thing;

pub fn check(case: &Case<'_>, _archives: &mut Archives) -> Vec<Fault> {
    if case.command.has("range") || case.command.has("tensor") {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for unpack in &case.unpacked {
        for (item, place) in &unpack.items {
            let Some(place) = place.as_ref().filter(|place| !case.is_device(place)) else { continue };
            let there = [case.after.resolve(place, false), case.after.resolve(place, true)];
            let whole = there.iter().any(|path| case.after.get(path).is_some_and(|now| now.thing == item.thing));
            if !whole && !case.named(&unpack.archive) && !case.named(place) {
                faults.push(case.fault("UNPACKED", format!("{} is not what it should be", place.display())));
            }
        }
    }
    faults.extend(printed(case));
    faults
}

/// A single content on standard output.
fn printed(case: &Case<'_>) -> Option<Fault> {
    let [unpack] = &case.unpacked[..] else { return None };
    let files = || unpack.items.iter().filter(|(item, _)| matches!(item.thing, Thing::File(_)));
    let out = case.command.to_stdout() || case.command.is(&["cat"]);
    let ((item, None), 1, true) = (files().next()?, files().count(), out) else { return None };
    let same = matches!(&item.thing, Thing::File(blob) if *blob == case.ran.stdout);
    let single = crate::meaning::sources(case.command).len() == 1;
    (single && !same).then(|| case.fault("PRINTED", "standard output is not the content"))
}
