//! What a command line says by the documentation: which files it reads, which it may write, what becomes what.
//!
//! This is written again here, apart from the command's own plan, since the two are to be compared.

use super::commands::Command;
use super::decode::{Archives, Item};
use super::disk::{Blob, Disk, Thing};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One output, and what goes into it.
#[derive(Clone, Debug)]
pub struct Work {
    pub inputs: Vec<Input>,
    /// Nothing: standard output.
    pub output: Option<PathBuf>,
    /// An archive of all the inputs, and not a stream of one.
    pub archive: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Stdin(Vec<u8>),
    Path(PathBuf),
}

/// All operands, those of lists too.
pub fn inputs(command: &Command) -> Vec<Input> {
    let stdin = command.stdin.clone().unwrap_or_default();
    let lists = [("files_from", b'\n'), ("files0_from", 0)];
    let listed: Vec<&[u8]> = lists
        .iter()
        .filter(|(id, _)| command.has(id))
        // The first has read all that there is.
        .take(1)
        .flat_map(|(_, end)| stdin.split(move |b| b == end))
        .filter(|name| !name.is_empty())
        .collect();
    let any_list = lists.iter().any(|(id, _)| command.has(id));
    let typed = command
        .operands
        .iter()
        .map(|o| if o == "-" { Input::Stdin(stdin.clone()) } else { Input::Path(o.into()) });
    let mut all: Vec<Input> = typed.collect();
    all.extend(listed.into_iter().map(|name| Input::Path(super::commands::path(name))));
    if all.is_empty() && !any_list {
        all.push(Input::Stdin(stdin));
    }
    all
}

/// True for a path that names a folder, whether it is there or not.
pub fn is_folder(path: &Path, disk: &Disk) -> bool {
    path.as_os_str().as_bytes().ends_with(b"/") || is_dir(path, disk)
}

pub fn is_dir(path: &Path, disk: &Disk) -> bool {
    let real = disk.resolve(path, true);
    real.as_os_str().is_empty() || disk.get(&real).is_some_and(|entry| entry.thing == Thing::Dir)
}

fn output(command: &Command) -> Option<&Path> {
    command.value("output").filter(|out| *out != "-").or_else(|| command.value("output_dir")).map(Path::new)
}

/// The name of an input in the folder where its output goes.
fn own_name(path: &Path, disk: &Disk) -> OsString {
    let real = || disk.resolve(path, true).file_name().map(OsStr::to_os_string);
    path.file_name().map(OsStr::to_os_string).or_else(real).unwrap_or_else(|| "w".into())
}

fn beside(path: &Path, folder: Option<&Path>, name: OsString) -> PathBuf {
    match folder {
        Some(folder) => folder.join(name),
        None if path.file_name().is_none() => name.into(),
        None => path.parent().unwrap_or(Path::new("")).join(name),
    }
}

fn with(mut name: OsString, end: &str) -> OsString {
    name.push(end);
    name
}

/// What `compress` makes of its inputs.
pub fn works(command: &Command, disk: &Disk) -> Vec<Work> {
    let inputs = inputs(command);
    let out = output(command);
    let any_folder = inputs.iter().any(|i| matches!(i, Input::Path(path) if is_dir(path, disk)));
    let to_file = out.is_some_and(|out| !is_folder(out, disk));
    if command.to_stdout() {
        return vec![Work { archive: any_folder, inputs, output: None }];
    }
    if to_file && (inputs.len() > 1 || any_folder) {
        return vec![Work { archive: true, inputs, output: out.map(Path::to_path_buf) }];
    }
    let end = if command.has("encrypt") || command.has("recipient") { ".mln.age" } else { ".mln" };
    let alone = |input: Input| {
        let output = match &input {
            Input::Stdin(_) => out.map(Path::to_path_buf),
            Input::Path(_) if to_file => out.map(Path::to_path_buf),
            Input::Path(path) => Some(beside(path, out, with(own_name(path, disk), end))),
        };
        let archive = matches!(&input, Input::Path(path) if is_dir(path, disk));
        Work { archive, inputs: vec![input], output }
    };
    inputs.into_iter().map(alone).collect()
}

/// The name of what a stream was made of.
fn stripped(name: &OsStr) -> Option<OsString> {
    let bytes = name.as_bytes();
    let bytes = bytes.strip_suffix(b".age").unwrap_or(bytes);
    let stem = bytes.strip_suffix(b".mln").filter(|stem| !stem.is_empty())?;
    Some(OsStr::from_bytes(stem).to_os_string())
}

/// An archive that is read, and where what is in it goes.
pub struct Unpack {
    pub archive: PathBuf,
    /// Each item that was asked for, with its place. A stream may have none, and goes to standard output.
    pub items: Vec<(Item, Option<PathBuf>)>,
    pub tree: bool,
}

/// What `decompress` and `extract` make of the archives that the tests can decode themselves.
pub fn unpacked(command: &Command, disk: &Disk, archives: &mut Archives) -> Vec<Unpack> {
    let (sources, members) = match command.is(&["extract", "cat"]) {
        true => (
            command.operands.iter().take(1).map(|o| Input::Path(o.into())).collect(),
            command.operands.get(1..),
        ),
        false => (inputs(command), None),
    };
    let mut all = Vec::new();
    for source in sources {
        let Input::Path(path) = source else { continue };
        let Some(blob) = disk.file(&disk.resolve(&path, true)).filter(|blob| blob.is_archive()) else {
            continue;
        };
        let here = |helper: &Blob| disk.files().any(|(_, file)| file == helper);
        let outcome = archives.decode(blob, &here);
        let Some(items) = outcome.items() else { continue };
        let tree = !items.iter().any(|item| item.path.is_none());
        let chosen = items.iter().filter(|item| is_chosen(item, members.unwrap_or_default()));
        let place = |item: &Item| placed(command, disk, &path, item);
        let items = chosen.map(|item| (item.clone(), place(item))).collect();
        all.push(Unpack { archive: path, items, tree });
    }
    all
}

fn is_chosen(item: &Item, members: &[OsString]) -> bool {
    let Some(path) = &item.path else { return members.is_empty() };
    let hit =
        |pattern: &OsString| path.ancestors().any(|part| glob(trimmed(pattern), part.as_os_str().as_bytes()));
    members.is_empty() || members.iter().any(hit)
}

fn trimmed(pattern: &OsStr) -> &[u8] {
    let bytes = pattern.as_bytes();
    bytes.strip_suffix(b"/").unwrap_or(bytes)
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => glob(&pattern[1..], text) || (!text.is_empty() && glob(pattern, &text[1..])),
        (Some(b'?'), Some(_)) => glob(&pattern[1..], &text[1..]),
        (Some(a), Some(b)) if a == b => glob(&pattern[1..], &text[1..]),
        _ => false,
    }
}

fn placed(command: &Command, disk: &Disk, archive: &Path, item: &Item) -> Option<PathBuf> {
    let out = output(command);
    if command.to_stdout() || command.is(&["cat"]) {
        return None;
    }
    match (&item.path, out) {
        (Some(path), folder) => Some(folder.unwrap_or(Path::new("")).join(path)),
        (None, out) if command.is(&["extract"]) => out.map(Path::to_path_buf),
        // Several can only go into a folder, which an archive among them makes.
        (None, Some(out)) if !is_folder(out, disk) && sources(command).len() < 2 => Some(out.to_path_buf()),
        (None, folder) => Some(beside(archive, folder, stripped(&own_name(archive, disk))?)),
    }
}

/// Options that name a file to read.
pub const READING: [&str; 12] = [
    "reference",
    "training",
    "base",
    "onto",
    "prior",
    "identity",
    "passphrase_file",
    "calibrate",
    "teacher",
    "ablation",
    "peers",
    "recovery",
];

/// Every file that the run reads, by what the system knows it by.
pub fn reads(command: &Command, disk: &Disk) -> BTreeSet<(u64, u64)> {
    let mut all = BTreeSet::new();
    let mut add = |path: &Path| {
        let real = disk.resolve(path, true);
        all.extend(disk.get(&real).filter(|entry| entry.thing != Thing::Other).map(|entry| entry.inode));
        real
    };
    let named = READING.iter().filter(|id| !(command.is(&["compress"]) && **id == "recovery"));
    named.flat_map(|id| command.values(id)).for_each(|value| drop(add(Path::new(value))));
    if command.is(&["repair"]) && !command.has("recovery") {
        command.operands.iter().for_each(|file| drop(add(Path::new(&with(file.clone(), ".rec")))));
    }
    let tops: Vec<PathBuf> = sources(command).iter().map(|path| add(path)).collect();
    // The own output of an archive is not read, though it be in the folder.
    let written: Vec<PathBuf> =
        written_files(command, disk).iter().map(|path| disk.resolve(path, false)).collect();
    if command.is(&["compress", "train prior", "train autoencoder"]) {
        for (path, entry) in tops.iter().flat_map(|top| disk.under(top)) {
            if entry.blob().is_some() && !written.contains(path) {
                all.insert(entry.inode);
            }
        }
    }
    all
}

/// Operands that name files to work on.
pub fn sources(command: &Command) -> Vec<PathBuf> {
    let path = |input: Input| match input {
        Input::Path(path) => Some(path),
        Input::Stdin(_) => None,
    };
    match command.meaning().as_str() {
        "extract" | "cat" => command.operands.iter().take(1).map(PathBuf::from).collect(),
        "train network" | "generate" | "codecs" => Vec::new(),
        _ => inputs(command).into_iter().filter_map(path).collect(),
    }
}

/// The files that the command line names as outputs, or that its inputs give names to; not those in archives.
pub fn written_files(command: &Command, disk: &Disk) -> Vec<PathBuf> {
    let out = output(command).map(Path::to_path_buf);
    let operand = command.operands.first().map(PathBuf::from).unwrap_or_default();
    match command.meaning().as_str() {
        "compress" => {
            let outputs: Vec<PathBuf> =
                works(command, disk).into_iter().filter_map(|work| work.output).collect();
            let beside = command.has("recovery") && (command.has("encrypt") || command.has("recipient"));
            let records =
                outputs.iter().filter(|_| beside).map(|o| with(o.clone().into_os_string(), ".rec").into());
            outputs.iter().cloned().chain(records.collect::<Vec<PathBuf>>()).collect()
        }
        "extract" => out.into_iter().collect(),
        "quantize" => vec![out.unwrap_or_else(|| with(operand.into_os_string(), ".mln").into())],
        "rebase" | "train prior" => out.into_iter().collect(),
        "update" | "compact" => {
            let real = disk.resolve(&operand, true);
            vec![with(real.clone().into_os_string(), ".rec").into(), real]
        }
        "train network" => out.into_iter().chain(command.values("dense").map(PathBuf::from)).collect(),
        "train autoencoder" => {
            let kept = out.iter().map(|out| with(out.clone().into_os_string(), ".checkpoint").into());
            let named = ["report", "checkpoint"].iter().flat_map(|id| command.values(id)).map(PathBuf::from);
            kept.collect::<Vec<PathBuf>>().into_iter().chain(out.clone()).chain(named).collect()
        }
        "embed" | "sample" => out.into_iter().collect(),
        "score" => command.values("pictures").map(PathBuf::from).collect(),
        "eval autoencoder" => command.values("report").map(PathBuf::from).collect(),
        "bench" => {
            ["save", "save_speeds"].iter().flat_map(|id| command.values(id)).map(PathBuf::from).collect()
        }
        "repair" => {
            let name = own_name(&operand, disk);
            let age = name.as_bytes().ends_with(b".mln.age");
            let stem = stripped(&name).unwrap_or(name);
            let name = with(stem, if age { ".repaired.mln.age" } else { ".repaired.mln" });
            let made = out.unwrap_or_else(|| operand.with_file_name(name));
            vec![with(made.clone().into_os_string(), ".rec").into(), made]
        }
        "generate" => {
            let folder = PathBuf::from(command.operands.get(1).cloned().unwrap_or_default());
            disk.under(&folder).map(|(path, _)| path.clone()).collect()
        }
        _ => Vec::new(),
    }
}
