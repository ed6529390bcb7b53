//! One case: a tree, and up to six steps in it.

use super::commands::{Command, Step};
use super::decode::Archives;
use super::disk::{Blob, Disk};
use super::generate::Generator;
use super::options::{Opt, Verb};
use super::oracle::{self, Case, Fault};
use super::random::Random;
use super::runner::{Binary, Ending};
use super::tree::{self, Node};
use rustix::fs::OFlags;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Everything that is needed to do it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub tree: Vec<Node>,
    pub steps: Vec<Step>,
}

/// What is wrong after which step.
pub type Found = Vec<(usize, Fault)>;

/// A folder to work in, which is gone with everything in it when this is dropped.
struct Place {
    _folder: tempfile::TempDir,
    work: PathBuf,
    /// Readers of pipes, so that whoever writes to them is not kept waiting.
    pipes: Vec<File>,
    archives: Archives,
    binary: Binary,
    /// How each run ended.
    endings: Vec<Ending>,
}

impl Place {
    fn new(binary: &Binary, tree: &[Node]) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no temporary folder: {e}"));
        let work = folder.path().join("w");
        for made in [work.clone(), work.with_extension("tmp")] {
            fs::create_dir(&made).unwrap_or_else(|e| panic!("{}: {e}", made.display()));
        }
        tree::build(&work, tree);
        let fifos = tree.iter().filter(|node| node.what == tree::What::Fifo);
        let open = |node: &Node| {
            let flags = OFlags::RDONLY | OFlags::NONBLOCK;
            rustix::fs::open(work.join(&node.path), flags, rustix::fs::Mode::empty()).ok().map(File::from)
        };
        let pipes = fifos.filter_map(open).collect();
        let archives = Archives::new(binary.clone(), folder.path().to_path_buf());
        Self { _folder: folder, work, pipes, archives, binary: binary.clone(), endings: Vec::new() }
    }

    /// Does a step and says what is wrong after it.
    fn step(&mut self, step: &Step) -> Vec<Fault> {
        match step {
            Step::Run(command) => return self.run(command),
            Step::Write(path, content) => drop(tree::write(&self.work.join(path), content, 0o644)),
            Step::Remove(path) => drop(fs::remove_file(self.work.join(path))),
            Step::Damage(path, at) => damage(&self.work.join(path), *at),
        }
        Vec::new()
    }

    fn run(&mut self, command: &Command) -> Vec<Fault> {
        let before = Disk::look(&self.work);
        let ran = self.binary.run(
            &self.work,
            &command.args(),
            command.passphrase.as_deref(),
            command.stdin.as_deref(),
        );
        let after = Disk::look(&self.work);
        self.endings.push(ran.code);
        self.drain();
        let mut made: Vec<&Blob> = after
            .files()
            .filter(|(p, b)| b.is_archive() && before.file(p) != Some(b))
            .map(|(_, b)| b)
            .collect();
        made.push(&ran.stdout);
        if command.is(&["compress", "rebase", "quantize"]) {
            self.archives.learn(command, &before, &made);
        }
        if command.is(&["repair"]) {
            let operand = command.operands.first().map(|path| before.resolve(Path::new(path), true));
            let from = operand.and_then(|path| before.file(&path));
            from.into_iter().for_each(|from| self.archives.inherit(from, &made));
        }
        let temporary = self.work.with_extension("tmp");
        let mut case = Case::new(command, &before, &after, &ran, &mut self.archives);
        case.left = fs::read_dir(&temporary).map_or(0, Iterator::count);
        let faults = oracle::judge(&case, &mut self.archives);
        if case.left > 0 {
            let _ = fs::remove_dir_all(&temporary);
            let _ = fs::create_dir(&temporary);
        }
        faults
    }

    fn drain(&mut self) {
        for pipe in &mut self.pipes {
            let mut sink = [0; 65536];
            while std::io::Read::read(pipe, &mut sink).is_ok_and(|n| n > 0) {}
        }
    }
}

fn damage(path: &Path, at: u64) {
    if let Ok(mut bytes) = fs::read(path)
        && !bytes.is_empty()
    {
        let at = (at % bytes.len() as u64) as usize;
        bytes[at] ^= 0x10;
        let _ = fs::write(path, bytes);
    }
}

/// Does a case again. With `until`, ends at the first fault like that.
pub fn replay(binary: &Binary, scenario: &Scenario, until: Option<&Fault>) -> Found {
    let mut place = Place::new(binary, &scenario.tree);
    let mut found = Found::new();
    for (i, step) in scenario.steps.iter().enumerate() {
        found.extend(place.step(step).into_iter().map(|fault| (i, fault)));
        if until.is_some_and(|like| found.iter().any(|(_, fault)| fault.is_like(like))) {
            break;
        }
    }
    found
}

/// Pairs of options of one verb: each case has one of them in one of its commands, in turn.
pub struct Pairs<'a> {
    all: Vec<(&'a Verb, &'a Opt, &'a Opt)>,
}

impl<'a> Pairs<'a> {
    pub fn new(verbs: &'a [Verb]) -> Self {
        let mut all = Vec::new();
        for verb in verbs {
            let options: Vec<&Opt> = verb.options.iter().filter(|option| !is_slow(verb, option)).collect();
            for (i, one) in options.iter().enumerate() {
                let level = |option: &Opt| option.id.starts_with("level");
                let others = options[i + 1..].iter().filter(|other| !(level(one) && level(other)));
                all.extend(others.map(|other| (verb, *one, *other)));
            }
        }
        Self { all }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Steps through all of them before any comes again.
    fn turn(&self, index: u64) -> (&'a Verb, &'a Opt, &'a Opt) {
        const STRIDE: u64 = 7919;
        self.all[(index.wrapping_mul(STRIDE) % self.all.len() as u64) as usize]
    }
}

/// What takes seconds for any file comes by chance only.
fn is_slow(verb: &Verb, option: &Opt) -> bool {
    option.id == "max" || option.id == "level_9" && verb.words != ["compress"]
}

/// Makes and does the case of this number.
pub fn generate(
    binary: &Binary,
    verbs: &[Verb],
    pairs: &Pairs<'_>,
    seed: u64,
    index: u64,
) -> (Scenario, Found, Vec<Ending>) {
    let mut random = Random::new(seed.wrapping_add(index.wrapping_mul(0x2545_f491_4f6c_dd1d)));
    let tree = tree::generate(&mut random);
    let mut place = Place::new(binary, &tree);
    let count = 1 + random.below(6);
    let forced = random.below(count);
    let (mut steps, mut found) = (Vec::new(), Found::new());
    for i in 0..count {
        let disk = Disk::look(&place.work);
        let mut generator = Generator { random: &mut random, verbs };
        let step = if i == forced && index.is_multiple_of(2) {
            let (verb, one, other) = pairs.turn(index / 2);
            Step::Run(generator.command(verb, &disk, &[one, other]))
        } else {
            generator.step(&disk)
        };
        found.extend(place.step(&step).into_iter().map(|fault| (i, fault)));
        steps.push(step);
    }
    (Scenario { tree, steps }, found, place.endings)
}
