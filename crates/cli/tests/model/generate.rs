//! Command lines that fit the tree as it is: files that are there, outputs that meet other things, earlier archives.

use crate::commands::{Command, Given, Step};
use crate::content::{self, Kind, PASSPHRASE};
use crate::disk::{Blob, Disk, Thing};
use crate::options::{Class, Known, Opt, Verb};
use crate::random::Random;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How often each verb is taken, in a thousand; those that are slow seldom.
fn weight(verb: &Verb, archives: usize) -> usize {
    let some = if archives > 0 { 1 } else { 0 };
    match verb.words.join(" ").as_str() {
        "" => 90,
        "compress" => 420,
        "decompress" => 40 + 160 * some,
        "extract" => 20 + 110 * some,
        "rebase" => 5 + 35 * some,
        "repair" => 5 + 25 * some,
        "cat" | "list" | "test" | "info" => 4 + 12 * some,
        "quantize" => 30,
        "train prior" => 25,
        "train network" | "eval" => 10,
        "bench" => 4,
        _ => 8,
    }
}

/// Makes steps for one case.
pub struct Generator<'a> {
    pub random: &'a mut Random,
    pub verbs: &'a [Verb],
}

/// The command under construction, with what is there.
struct Line<'a, 'b> {
    random: &'a mut Random,
    disk: &'b Disk,
    command: Command,
    verb: &'b Verb,
}

impl Generator<'_> {
    /// The next step.
    pub fn step(&mut self, disk: &Disk) -> Step {
        if self.random.chance(12)
            && let Some(step) = self.edit(disk)
        {
            return step;
        }
        let archives = disk.files().filter(|(_, blob)| blob.is_archive()).count();
        let weights: Vec<(usize, &Verb)> =
            self.verbs.iter().map(|verb| (weight(verb, archives), verb)).collect();
        let verb = *self.random.weighted(&weights);
        Step::Run(self.command(verb, disk, &[]))
    }

    /// A command of this verb with these options at least.
    pub fn command(&mut self, verb: &Verb, disk: &Disk, forced: &[&Opt]) -> Command {
        let command = Command::new(&verb.words);
        let mut line = Line { random: self.random, disk, command, verb };
        line.operands();
        let mut options: Vec<&Opt> =
            verb.options.iter().filter(|o| line.random.below(1000) < o.known.weight()).collect();
        let likely = verb.options.iter().filter(|option| line.random.chance(line.likely(&option.id)));
        options.extend(likely.collect::<Vec<_>>());
        options.sort_by(|a, b| a.id.cmp(&b.id));
        options.dedup_by(|a, b| a.id == b.id);
        options.retain(|option| !forced.iter().any(|f| f.id == option.id));
        options.extend(forced);
        // Where the output goes depends on all that is read.
        options.sort_by_key(|option| matches!(option.known, Known::Writes(_) | Known::Keeps(_)));
        options.into_iter().for_each(|option| line.option(option));
        line.tidy(forced);
        line.affordable(forced);
        line.command
    }

    /// Something that the user does in between.
    fn edit(&mut self, disk: &Disk) -> Option<Step> {
        let files: Vec<PathBuf> =
            disk.files().filter(|(_, b)| b.bytes.is_some()).map(|(p, _)| p.clone()).collect();
        let archives: Vec<PathBuf> =
            files.iter().filter(|p| disk.file(p).is_some_and(Blob::is_archive)).cloned().collect();
        match self.random.below(10) {
            0..=3 => Some(Step::Write(self.random.any(&files)?, content::content(Kind::Text, self.random))),
            4..=5 => Some(Step::Remove(self.random.any(&files)?)),
            6..=7 => Some(Step::Remove(self.original(disk, &archives)?)),
            _ => {
                let path = self.random.any(&archives)?;
                let len = disk.file(&path).map_or(1, |blob| blob.len);
                Some(Step::Damage(path, self.random.next() % len.max(1)))
            }
        }
    }

    /// What an archive was made of, so that decompressing has room.
    fn original(&mut self, disk: &Disk, archives: &[PathBuf]) -> Option<PathBuf> {
        let stem = self.random.any(archives)?.with_extension("");
        disk.get(&stem).filter(|entry| entry.blob().is_some()).map(|_| stem)
    }
}

impl Line<'_, '_> {
    fn operands(&mut self) {
        let title = self.verb.words.join(" ");
        match title.as_str() {
            "extract" | "cat" => {
                let archive = self.read(Class::Archive);
                self.command.operands.push(archive);
                if self.random.chance(55) {
                    self.members();
                }
            }
            "rebase" | "repair" => self.one(Class::Archive),
            "quantize" => self.one(Class::Model),
            "eval" => self.one(Class::Any),
            "train network" => {
                self.command.operands.push((*self.random.pick(&["4", "lenet-300-100", "conv-1-1-4"])).into());
            }
            "generate" => {
                self.command.operands =
                    vec![(*self.random.pick(&["man", "completions"])).into(), "pages".into()];
            }
            "codecs" => self.command.operands.extend(self.random.chance(50).then(|| "bwt".into())),
            "compress" | "" | "train prior" | "analyze" | "bench" => self.several(Class::Any),
            _ => self.several(Class::Archive),
        }
    }

    fn one(&mut self, class: Class) {
        let operand = self.read(class);
        self.command.operands.push(operand);
    }

    fn several(&mut self, class: Class) {
        if self.random.chance(4) {
            self.command.stdin = Some(content::text(300, 5));
            if self.random.chance(50) {
                self.command.operands.push("-".into());
            }
            return;
        }
        for _ in 0..*self.random.weighted(&[(55, 1), (30, 2), (10, 3), (1, 0)]) {
            self.one(class);
        }
        // The same name from another folder: one output for two inputs.
        if self.random.chance(20)
            && let Some(twin) = self.twin()
        {
            self.command.operands.push(twin);
        }
        if class == Class::Any && self.random.chance(2) {
            self.command.operands.push("/proc/version".into());
        }
    }

    /// Another file of the same name as an operand, in whatever folder.
    fn twin(&mut self) -> Option<OsString> {
        let first = PathBuf::from(self.command.operands.first()?);
        let twins: Vec<PathBuf> = self
            .disk
            .entries
            .keys()
            .filter(|p| p.file_name() == first.file_name() && **p != first)
            .cloned()
            .collect();
        self.random.any(&twins).map(PathBuf::into_os_string)
    }

    fn members(&mut self) {
        let mut names: Vec<OsString> = self.disk.entries.keys().map(|p| p.clone().into_os_string()).collect();
        names.extend(self.disk.entries.keys().filter_map(|p| p.file_name().map(OsStr::to_os_string)));
        names.push("*.txt".into());
        names.push("left/*".into());
        if let Some(name) = self.random.any(&names) {
            self.command.operands.push(name);
        }
    }

    fn option(&mut self, option: &Opt) {
        let value = match option.known {
            Known::Flag(_) | Known::Operand => None,
            Known::Words(_, words) => Some(OsString::from(*self.random.pick(words))),
            Known::Reads(_, class) => Some(self.read(class)),
            Known::Writes(_) | Known::Keeps(_) => Some(self.output()),
            Known::List(_) => Some(self.list(option.id == "files0_from")),
            Known::Members(_) => Some("*".into()),
            Known::Tensors(_) => Some((*self.random.pick(&["*", "head.a", "body.b", "x", "body*"])).into()),
        };
        let times = if option.id == "base" && self.random.chance(5) { 2 } else { 1 };
        for _ in 0..times {
            let spelling = self.random.pick(&option.spellings).clone();
            self.command.options.push(Given { id: option.id.clone(), spelling, value: value.clone() });
        }
    }

    /// What is read stands on standard input, since a list made beforehand would not know these files.
    fn list(&mut self, zeros: bool) -> OsString {
        let mut names = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            names.extend(self.read(Class::Any).as_bytes());
            names.push(if zeros { 0 } else { b'\n' });
        }
        self.command.stdin = Some(names);
        "-".into()
    }

    /// A file to read: of the right kind if there is one, and one that plays a part in this command already more often than
    /// chance would have it.
    fn read(&mut self, class: Class) -> OsString {
        let fits: Vec<PathBuf> = self.fitting(class);
        let used: Vec<PathBuf> = fits.iter().filter(|p| self.is_used(p)).cloned().collect();
        // A pipe would keep the reader waiting for a writer that never comes.
        let readable = self.disk.entries.iter().filter(|(_, entry)| entry.thing != Thing::Other);
        let all: Vec<PathBuf> = readable.map(|(path, _)| path.clone()).collect();
        let from = match self.random.below(100) {
            0..=34 if !used.is_empty() => &used,
            0..=94 if !fits.is_empty() => &fits,
            _ => &all,
        };
        let path = self.random.any(from).unwrap_or_else(|| "missing.txt".into());
        self.spelled(path)
    }

    /// How often of a hundred an option is given on top, for what the operands look like.
    fn likely(&self, id: &str) -> usize {
        let any =
            |part: &str| self.command.operands.iter().any(|operand| operand.to_string_lossy().contains(part));
        match id {
            "max_error" if any("field") || any("safetensors") => 20,
            "shape" if any("field.raw") => 25,
            "base" if any("safetensors") => 25,
            "prior" if any("events") => 15,
            "output" if self.has_twins() => 60,
            "force" if self.has_twins() => 30,
            _ => 0,
        }
    }

    /// Whether two operands have one name.
    fn has_twins(&self) -> bool {
        let names: Vec<Option<&OsStr>> =
            self.command.operands.iter().map(|o| Path::new(o).file_name()).collect();
        names.iter().enumerate().any(|(i, name)| name.is_some() && names[..i].contains(name))
    }

    /// The same path in other words.
    fn spelled(&mut self, path: PathBuf) -> OsString {
        match self.random.below(30) {
            0 => Path::new(".").join(path).into_os_string(),
            1 if self.disk.get(Path::new("left")).is_some() => {
                Path::new("left/..").join(path).into_os_string()
            }
            2 => [path.as_os_str(), OsStr::new("/")].into_iter().collect(),
            3 => ".".into(),
            _ => path.into_os_string(),
        }
    }

    fn fitting(&self, class: Class) -> Vec<PathBuf> {
        let fits = |(path, thing): (&PathBuf, &Thing)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let end = |tail: &str| name.contains(tail);
            match (class, thing) {
                (Class::Any, Thing::Other) => false,
                (Class::Any, _) => true,
                (Class::Archive, Thing::File(blob)) => blob.is_archive(),
                (Class::Model, Thing::File(_) | Thing::Link(_)) => end("safetensors"),
                (Class::Prior, Thing::File(_) | Thing::Link(_)) => end(".mlp"),
                (Class::Key, Thing::File(_) | Thing::Link(_)) => end("key"),
                (Class::Passphrase, Thing::File(_) | Thing::Link(_)) => end("pass"),
                (Class::Recovery, Thing::File(_)) => end(".rec"),
                (Class::Folder, Thing::Dir) => end("digits") || !self.has_digits(),
                _ => false,
            }
        };
        self.disk.entries.iter().filter(|(p, e)| fits((p, &e.thing))).map(|(p, _)| p.clone()).collect()
    }

    fn has_digits(&self) -> bool {
        self.disk.get(Path::new("digits")).is_some()
    }

    /// Whether the command names this path already, or a folder above it, or the same file under another name.
    fn is_used(&self, path: &Path) -> bool {
        let named =
            self.command.operands.iter().chain(self.command.options.iter().filter_map(|o| o.value.as_ref()));
        let inode = |path: &Path| self.disk.get(&self.disk.resolve(path, true)).map(|entry| entry.inode);
        named
            .map(Path::new)
            .any(|named| path.starts_with(named) || (inode(path).is_some() && inode(path) == inode(named)))
    }

    /// Where to write: somewhere new, into a folder, or over something that is there.
    fn output(&mut self) -> OsString {
        let all: Vec<PathBuf> = self.disk.entries.keys().cloned().collect();
        let used: Vec<PathBuf> = all.iter().filter(|p| self.is_used(p)).cloned().collect();
        let folders: Vec<PathBuf> =
            self.disk.entries.iter().filter(|(_, e)| e.thing == Thing::Dir).map(|(p, _)| p.clone()).collect();
        let special: Vec<PathBuf> = self
            .disk
            .entries
            .iter()
            .filter(|(_, e)| e.thing == Thing::Other)
            .map(|(p, _)| p.clone())
            .collect();
        let new = self.new_name();
        if self.has_twins() && !folders.is_empty() && self.random.chance(60) {
            return [self.random.pick(&folders).as_os_str(), OsStr::new("/")].into_iter().collect();
        }
        match self.random.below(100) {
            0..=14 if !used.is_empty() => self.random.pick(&used).clone().into_os_string(),
            15..=24 if !all.is_empty() => self.random.pick(&all).clone().into_os_string(),
            25..=44 if !folders.is_empty() => {
                [self.random.pick(&folders).as_os_str(), OsStr::new("/")].into_iter().collect()
            }
            45..=52 if !folders.is_empty() => self.random.pick(&folders).join(&new).into_os_string(),
            53..=70 if !special.is_empty() => self.random.pick(&special).clone().into_os_string(),
            71..=72 => "/dev/stdout".into(),
            73..=75 => "-".into(),
            76..=80 => "fresh/".into(),
            _ => new.into(),
        }
    }

    fn new_name(&mut self) -> String {
        let ends: &[&str] = match self.verb.words.first().map(String::as_str) {
            Some("extract") => &["npy", "safetensors", "bin"],
            Some("quantize") => &["mln", "safetensors", "gguf"],
            Some("train") => &["mlp", "mlq"],
            Some("decompress") => &["txt", "d"],
            Some("bench") => &["csv"],
            _ => &["mln"],
        };
        format!("{}.{}", self.random.pick(&["made", "other", "alpha"]), self.random.pick(ends))
    }

    /// Gives what the command needs to get anywhere at all, mostly.
    fn tidy(&mut self, forced: &[&Opt]) {
        let reads = self.command.is(&["decompress", "extract", "cat", "list", "test", "info", "rebase"]);
        if self.command.has("encrypt") && !self.command.has("passphrase_file") || reads {
            self.command.passphrase = Some(PASSPHRASE.into());
        }
        let force = |id: &str| forced.iter().any(|option| option.id == id);
        if self.command.has("rm") && !force("keep") {
            self.command.options.retain(|o| o.id != "keep" && (o.id != "stdout" || force("stdout")));
        }
        if self.command.has("prior") && self.command.is(&["compress"]) && self.random.chance(85) {
            self.command.options.retain(|option| !option.id.starts_with("level"));
            self.command.options.push(Given { id: "level_6".into(), spelling: "-6".into(), value: None });
        }
        if self.command.is(&["quantize"])
            && !["target_bpw", "target_size", "max_kl", "gguf"].iter().any(|id| self.command.has(id))
        {
            self.command.options.push(Given {
                id: "target_bpw".into(),
                spelling: "--target-bpw".into(),
                value: Some("4".into()),
            });
        }
        if self.command.is(&["rebase", "train prior", "train network"]) && !self.command.has("output") {
            let value = Some(self.output());
            self.command.options.push(Given { id: "output".into(), spelling: "-o".into(), value });
        }
        if self.command.is(&["extract"])
            && !self.command.has("stdout")
            && !self.command.has("output")
            && self.random.chance(50)
        {
            let value = Some(self.output());
            self.command.options.push(Given { id: "output".into(), spelling: "-o".into(), value });
        }
        if self.command.is(&["bench"]) && self.random.chance(90) {
            self.command.options.retain(|option| !["repeats", "probe"].contains(&option.id.as_str()));
            self.command.options.push(Given { id: "quick".into(), spelling: "--quick".into(), value: None });
        }
        if reads && self.random.chance(70) {
            self.helpers();
        }
    }

    /// Slow levels and verbs get little to do.
    fn affordable(&mut self, forced: &[&Opt]) {
        const MUCH: u64 = 1 << 20;
        const SOME: u64 = 40_000;
        let slow = ["level_7", "level_8", "level_9", "max", "codec", "time_budget", "decode_speed"];
        let slow = slow.iter().any(|id| self.command.has(id)) || self.command.is(&["bench", "analyze"]);
        let fast = ["level_1", "level_2", "level_3"].iter().any(|id| self.command.has(id));
        let size = self.size();
        if !self.command.is(&["compress", "bench", "analyze", "rebase"]) {
            return;
        }
        if size > MUCH && !fast && !slow && !forced.iter().any(|o| o.id.starts_with("level")) {
            self.command.options.retain(|option| !option.id.starts_with("level"));
            self.command.options.push(Given { id: "level_1".into(), spelling: "-1".into(), value: None });
        } else if size > if slow { SOME } else { MUCH } && !fast {
            let small = self.disk.files().filter(|(_, blob)| blob.len < SOME).map(|(path, _)| path.clone());
            let small: Vec<PathBuf> = small.collect();
            self.command.operands =
                self.random.any(&small).into_iter().map(PathBuf::into_os_string).collect();
        }
    }

    /// Bytes below the operands.
    fn size(&self) -> u64 {
        let paths = self.command.operands.iter().map(|path| self.disk.resolve(Path::new(path), true));
        let listed = self.command.stdin.iter().flat_map(|list| list.split(|b| *b == 0 || *b == b'\n'));
        let listed = listed.map(|name| self.disk.resolve(&crate::commands::path(name), true));
        let below = paths.chain(listed).map(|path| {
            self.disk.under(&path).filter_map(|(_, entry)| entry.blob()).map(|blob| blob.len).sum::<u64>()
        });
        below.sum()
    }

    /// Reading needs what writing used: whatever of it is there.
    fn helpers(&mut self) {
        for (id, class, spelling) in [
            ("identity", Class::Key, "-i"),
            ("base", Class::Model, "--base"),
            ("prior", Class::Prior, "--prior"),
        ] {
            let mut fits = self.fitting(class);
            fits.retain(|path| self.disk.file(path).is_some_and(|blob| !blob.is_archive()));
            if !self.command.has(id)
                && self.random.chance(60)
                && let Some(path) = self.random.any(&fits)
            {
                let value = Some(path.into_os_string());
                self.command.options.push(Given { id: id.into(), spelling: spelling.into(), value });
            }
        }
    }
}
