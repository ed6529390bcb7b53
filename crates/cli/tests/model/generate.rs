//! Command lines that fit the tree as it is: files that are there, outputs that meet other things, earlier archives.

use super::commands::{Command, Given, Step};
use super::content::{self, Kind};
use super::disk::{Blob, Disk};
use super::options::{Class, Known, Opt, Verb};
use super::random::Random;
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
        "update" => 5 + 70 * some,
        "compact" => 2 + 15 * some,
        "rebase" => 5 + 35 * some,
        "repair" => 5 + 25 * some,
        "cat" | "list" | "test" | "info" => 4 + 12 * some,
        "quantize" => 30,
        "train prior" => 25,
        "train network" | "train autoencoder" | "eval network" | "eval autoencoder" => 10,
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
pub struct Line<'a, 'b> {
    pub random: &'a mut Random,
    pub disk: &'b Disk,
    pub command: Command,
    pub verb: &'b Verb,
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
            "rebase" | "repair" | "compact" => self.one(Class::Archive),
            "update" => {
                self.one(Class::Archive);
                self.several(Class::Any);
            }
            "quantize" => self.one(Class::Model),
            "sample" => self.one(Class::Any),
            "score" | "embed" | "eval autoencoder" => {
                self.one(Class::Any);
                self.several(Class::Any);
            }
            "eval network" => self.one(Class::Any),
            "train network" => {
                self.command.operands.push((*self.random.pick(&["4", "lenet-300-100", "conv-1-1-4"])).into());
            }
            "generate" => {
                self.command.operands =
                    vec![(*self.random.pick(&["man", "completions", "ecg"])).into(), "pages".into()];
            }
            "codecs" => self.command.operands.extend(self.random.chance(50).then(|| "bwt".into())),
            "compress" | "" | "train prior" | "train autoencoder" | "analyze" | "bench" => {
                self.several(Class::Any);
            }
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
            // The end says that a folder is meant.
            Known::Writes(_) if option.id == "output_dir" => Some(Path::new(&self.output()).join("").into()),
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

    /// How often of a hundred an option is given on top, for what the operands look like.
    fn likely(&self, id: &str) -> usize {
        let any =
            |part: &str| self.command.operands.iter().any(|operand| operand.to_string_lossy().contains(part));
        match id {
            "psnr" | "bpp" | "max_size" if any("field") => 8,
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
    pub fn has_twins(&self) -> bool {
        let names: Vec<Option<&OsStr>> =
            self.command.operands.iter().map(|o| Path::new(o).file_name()).collect();
        names.iter().enumerate().any(|(i, name)| name.is_some() && names[..i].contains(name))
    }
}
