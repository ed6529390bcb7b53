//! What must be true after a run.
//!
//! Every content that was on disk before is there still, or what is left gives it back by the default command, or `-f` named
//! just this output. What a run that ended well says it holds, it holds.

mod changes;
mod claims;
mod pool;
mod unpacking;

use crate::model::commands::Command;
use crate::model::decode::Archives;
use crate::model::disk::{Blob, Disk, Entry, Thing};
use crate::model::meaning::{self, Unpack, Work};
use crate::model::runner::{Ending, Ran};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A broken promise. Kinds that the issue has letters for are named by them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub kind: &'static str,
    pub verb: String,
    pub what: String,
}

impl Fault {
    /// Whether it is the same promise that the same verb breaks.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.verb) == (other.kind, &other.verb)
    }
}

/// One run with everything that is known of it.
pub struct Case<'a> {
    pub command: &'a Command,
    pub before: &'a Disk,
    pub after: &'a Disk,
    pub ran: &'a Ran,
    /// Files that are left in the folder for temporary ones.
    pub left: usize,
    /// What the command line says.
    works: Vec<Work>,
    unpacked: Vec<Unpack>,
    reads: BTreeSet<(u64, u64)>,
    /// Paths that may be written.
    written: BTreeSet<PathBuf>,
}

impl<'a> Case<'a> {
    pub fn new(
        command: &'a Command,
        before: &'a Disk,
        after: &'a Disk,
        ran: &'a Ran,
        archives: &mut Archives,
    ) -> Self {
        let works = if command.is(&["compress"]) { meaning::works(command, before) } else { Vec::new() };
        let unpacked = match command.is(&["decompress", "extract", "cat"]) {
            true => meaning::unpacked(command, before, archives),
            false => Vec::new(),
        };
        let whole = !command.has("range") && !command.has("tensor");
        let places = unpacked
            .iter()
            .filter(|_| whole)
            .flat_map(|u| u.items.iter().filter_map(|(_, place)| place.clone()));
        let paths: Vec<PathBuf> = meaning::written_files(command, before).into_iter().chain(places).collect();
        let resolve = |path: &PathBuf| {
            [before.resolve(path, false), before.resolve(path, true), after.resolve(path, false)]
        };
        let written = paths.iter().flat_map(resolve).collect();
        let reads = meaning::reads(command, before);
        Self { command, before, after, ran, left: 0, works, unpacked, reads, written }
    }

    fn ended_well(&self) -> bool {
        matches!(self.ran.code, Ending::Code(0 | 2))
    }

    /// Whether a warning names this path, or would but for `-q`.
    fn named(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let longest = name
            .split(|c: char| !c.is_ascii_alphanumeric() && !".-_ ".contains(c))
            .max_by_key(|run| run.len());
        let silent = self.command.has("quiet");
        self.ran.code == Ending::Code(2)
            && (silent || longest.is_some_and(|run| self.ran.stderr.contains(run)))
    }

    /// Files that are new, or other than before.
    fn made(&self) -> impl Iterator<Item = (&PathBuf, &Entry)> {
        let same =
            |path: &PathBuf, entry: &Entry| self.before.get(path).is_some_and(|old| old.thing == entry.thing);
        self.after.entries.iter().filter(move |(path, entry)| !same(path, entry))
    }

    /// A device or pipe, ours or the system's.
    fn is_device(&self, path: &Path) -> bool {
        let real = self.before.resolve(path, true);
        path.starts_with("/dev") || self.before.get(&real).is_some_and(|entry| entry.thing == Thing::Other)
    }

    /// Standard output, or a pipe or device: what goes there is gone.
    fn to_nowhere(&self) -> bool {
        let devices =
            || self.works.iter().filter_map(|work| work.output.as_ref()).any(|out| self.is_device(out));
        let unpacked = || self.command.value("output").is_some_and(|out| self.is_device(Path::new(out)));
        self.command.to_stdout() || devices() || unpacked()
    }

    /// Two outputs of one name, from inputs that are two.
    fn one_output_for_two(&self) -> Option<PathBuf> {
        let mut seen: Vec<(PathBuf, PathBuf)> = Vec::new();
        let pairs =
            self.works.iter().filter_map(|work| Some((work.output.clone()?, work.inputs.first()?.clone())));
        let packed = pairs.filter_map(|(out, input)| match input {
            meaning::Input::Path(path) => Some((out, path)),
            meaning::Input::Stdin(_) => None,
        });
        let unpacked = self.unpacked.iter().flat_map(|u| {
            let files = u.items.iter().filter(|(item, _)| item.thing != Thing::Dir);
            files.filter_map(|(_, place)| Some((place.clone()?, u.archive.clone())))
        });
        for (out, input) in packed.chain(unpacked) {
            let (out, input) = (self.before.resolve(&out, false), self.before.resolve(&input, true));
            if !self.is_device(&out) && seen.iter().any(|(o, i)| *o == out && *i != input) {
                return Some(out);
            }
            seen.push((out, input));
        }
        None
    }

    fn fault(&self, kind: &'static str, what: impl Into<String>) -> Fault {
        Fault {
            kind,
            verb: self.command.meaning(),
            what: format!("{}: {}", show(self.ran.code), what.into()),
        }
    }
}

fn show(code: Ending) -> String {
    match code {
        Ending::Code(code) => format!("exit code {code}"),
        Ending::Signal(signal) => format!("signal {signal}"),
        Ending::Hung => "did not end".into(),
    }
}

/// Everything that is wrong after this run.
pub fn judge(case: &Case<'_>, archives: &mut Archives) -> Vec<Fault> {
    let mut faults = endings(case);
    if case.command.has("help") || case.command.has("version") {
        faults.extend(changes::check(case, archives));
        return faults;
    }
    // Where both inputs were passed over, nothing was written.
    let clash = case.one_output_for_two().filter(|out| case.ended_well() && case.after.get(out).is_some());
    faults.extend(
        clash.as_ref().map(|out| case.fault("A2", format!("two inputs had one output, {}", out.display()))),
    );
    faults.extend(changes::check(case, archives));
    if case.ended_well() && clash.is_none() {
        faults.extend(claims::check(case, archives));
        faults.extend(unpacking::check(case, archives));
    }
    faults.extend(modes(case));
    faults.extend(encryption(case));
    faults.sort();
    faults.dedup_by(|a, b| a.kind == b.kind);
    faults
}

/// How it ended, and what it left lying about.
fn endings(case: &Case<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let input = meaning::sources(case.command).iter().any(|path| case.before.get(path).is_some());
    let nowhere =
        input && case.command.has("rm") && case.to_nowhere() && case.command.is(&["compress", "decompress"]);
    let asks = case.command.has("help") || case.command.has("version");
    // A base or prior that is none is refused before.
    let helped = meaning::READING.iter().any(|id| case.command.has(id));
    match case.ran.code {
        Ending::Hung if nowhere => {
            faults.push(case.fault("A5", "--rm into a pipe or device was not refused"));
        }
        Ending::Hung => faults.push(case.fault("HANG", "no end within the time")),
        Ending::Code(code @ (0 | 2 | 4 | 6 | 8))
            if nowhere && !asks && !(helped && matches!(code, 4 | 6)) =>
        {
            faults.push(case.fault("A5", "--rm into a pipe or device was not refused"));
        }
        Ending::Code(0..=8) => {}
        _ => faults.push(case.fault("CRASH", case.ran.stderr.lines().next().unwrap_or_default())),
    }
    if case.ran.code == Ending::Hung {
        return faults;
    }
    let partial = case.made().find(|(path, _)| path.as_os_str().to_string_lossy().ends_with(".partial"));
    let known = |path: &Path| case.written.contains(path);
    if let Some((path, _)) = partial.filter(|(path, _)| !known(path)) {
        faults.push(case.fault("PARTIAL", format!("{} was left", path.display())));
    }
    if case.left > 0 {
        faults.push(case.fault("PARTIAL", "a temporary file was left"));
    }
    faults
}

/// What was private stays private.
fn modes(case: &Case<'_>) -> Vec<Fault> {
    let single =
        case.command.has("range") || case.command.has("tensor") || !case.unpacked.iter().any(|u| u.tree);
    let copies = ["compress", "decompress", "extract", "repair", "rebase", "quantize", "train prior"];
    let sources = meaning::sources(case.command);
    let private = |path: &PathBuf| {
        case.before
            .get(&case.before.resolve(path, true))
            .is_some_and(|e| e.blob().is_some() && e.mode & 0o077 == 0)
    };
    if !single || !case.command.is(&copies) || sources.is_empty() || !sources.iter().all(private) {
        return Vec::new();
    }
    let open = case.made().find(|(_, entry)| entry.blob().is_some() && entry.mode & 0o077 != 0);
    let fault = |(path, entry): (&PathBuf, &Entry)| {
        case.fault("H6", format!("a private input gave {} with mode {:o}", path.display(), entry.mode))
    };
    open.map(fault).into_iter().collect()
}

/// Who gives a key wants encryption.
fn encryption(case: &Case<'_>) -> Vec<Fault> {
    let command = case.command;
    let asked = command.has("encrypt") || command.has("recipient");
    let meant = asked
        || !command.has("no_encrypt")
            && (command.has("passphrase_file") || command.has("identity"))
            && !command.has("base");
    if !command.is(&["compress"]) || !case.ended_well() || !meant {
        return Vec::new();
    }
    let outputs = case.works.iter().filter_map(|work| work.output.as_ref());
    let plain = outputs.filter_map(|out| Some((out, case.after.file(&case.after.resolve(out, true))?)));
    let plain = plain.filter(|(out, blob)| changed(case, out, blob)).find(|(_, blob)| !blob.is_age());
    plain.map(|(out, _)| case.fault("C", format!("{} is not encrypted", out.display()))).into_iter().collect()
}

fn changed(case: &Case<'_>, out: &Path, blob: &Blob) -> bool {
    case.before.file(&case.before.resolve(out, true)) != Some(blob)
}
