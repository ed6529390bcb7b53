//! A model of what the command promises, against the command: small trees, command lines from the real definition of the
//! arguments, and an oracle that knows what must still be there.
//!
//! `MINLEN_MODEL_SEED`, `MINLEN_MODEL_RUNS` and `MINLEN_MODEL_BIN` choose the cases and the binary of the long tier;
//! `MINLEN_MODEL_KEEP_GOING=1` goes on after a fault, and counts the kinds. `MINLEN_MODEL_SCRIPTS` names a folder for the
//! scripts that show the faults.

mod arrays;
mod cases;
mod commands;
mod content;
mod decode;
mod disk;
mod generate;
mod meaning;
mod options;
mod oracle;
mod paths;
mod random;
mod report;
mod runner;
mod shrink;
mod tidy;
mod tree;

use cases::{Pairs, Scenario};
use commands::Step;
use options::Verb;
use oracle::Fault;
use runner::Binary;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Kinds of faults that are known and not mended yet; the short tier lets them pass.
const OPEN: &[&str] = &[];

/// How many cases, from which seed, and how long at most.
struct Plan {
    seed: u64,
    runs: u64,
    longest: Duration,
    keep_going: bool,
}

#[derive(Default)]
struct Tally {
    cases: u64,
    commands: u64,
    endings: BTreeMap<String, u64>,
    pairs: BTreeSet<(String, String, String)>,
    /// How often each kind was found, and first in which case.
    kinds: BTreeMap<(&'static str, String), (u64, u64)>,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn explore(plan: &Plan) -> Tally {
    let (binary, verbs) = (Binary::from_environment(), options::verbs().unwrap());
    let pairs = Pairs::new(&verbs);
    let mut tally = Tally::default();
    let start = Instant::now();
    for index in 0..plan.runs {
        if start.elapsed() > plan.longest {
            break;
        }
        let (scenario, found, endings) = cases::generate(&binary, &verbs, &pairs, plan.seed, index);
        tally.count(&scenario);
        endings.iter().for_each(|ending| *tally.endings.entry(format!("{ending:?}")).or_default() += 1);
        for (_, fault) in found {
            tally.found(&binary, &scenario, &fault, index, plan);
        }
    }
    println!("{} cases in {:.1?}", tally.cases, start.elapsed());
    tally.print(&verbs, pairs.len());
    tally
}

impl Tally {
    fn count(&mut self, scenario: &Scenario) {
        self.cases += 1;
        for step in &scenario.steps {
            let Step::Run(command) = step else { continue };
            self.commands += 1;
            let ids: BTreeSet<&String> = command.options.iter().map(|option| &option.id).collect();
            for one in &ids {
                let others = ids.iter().filter(|other| *one < **other);
                let pairs = others.map(|other| (command.verb.join(" "), (*one).clone(), (*other).clone()));
                self.pairs.extend(pairs);
            }
        }
    }

    /// The first of a kind is made small and shown.
    fn found(&mut self, binary: &Binary, scenario: &Scenario, fault: &Fault, index: u64, plan: &Plan) {
        let open = OPEN.contains(&fault.kind) && !plan.keep_going;
        let key = (fault.kind, fault.verb.clone());
        if let Some((times, _)) = self.kinds.get_mut(&key) {
            *times += 1;
            return;
        }
        if open {
            return;
        }
        let hangs = ["HANG", "A5"].contains(&fault.kind) && fault.what.contains("did not end");
        let small = if hangs { scenario.clone() } else { shrink::shrink(binary, scenario, fault) };
        let found = cases::replay(binary, &small, Some(fault));
        let fault = found.iter().map(|(_, f)| f).find(|f| f.is_like(fault)).unwrap_or(fault);
        let script = report::script(&small, fault);
        println!("case {index}:\n{script}");
        if let Some(folder) = std::env::var_os("MINLEN_MODEL_SCRIPTS") {
            let file = std::path::Path::new(&folder).join(format!(
                "{}-{}.sh",
                fault.kind,
                fault.verb.replace(' ', "-")
            ));
            let _ = std::fs::write(file, &script);
        }
        assert!(plan.keep_going, "{}: {}", fault.kind, fault.what);
        self.kinds.insert(key, (1, index));
    }

    fn print(&self, verbs: &[Verb], pairs: usize) {
        println!(
            "{} commands, {} pairs of options of {pairs} in {} verbs",
            self.commands,
            self.pairs.len(),
            verbs.len()
        );
        println!("{:?}", self.endings);
        for ((kind, verb), (times, first)) in &self.kinds {
            println!("{kind:<14} {verb:<14} {times:>5} times, first in case {first}");
        }
    }
}

#[test]
fn every_option_of_every_verb_is_known_to_the_generator() {
    let verbs = options::verbs().unwrap();
    assert!(verbs.len() > 15 && verbs.iter().map(|verb| verb.options.len()).sum::<usize>() > 200);
}

#[test]
fn nothing_is_lost_whatever_is_typed() {
    let plan = Plan { seed: 3, runs: 150, longest: Duration::from_secs(45), keep_going: false };
    explore(&plan);
}

#[test]
#[ignore = "minutes; see TESTING.md"]
fn nothing_is_lost_over_many_runs() {
    let keep_going = number("MINLEN_MODEL_KEEP_GOING", 0) == 1;
    let runs = number("MINLEN_MODEL_RUNS", 12_000);
    let seed = number("MINLEN_MODEL_SEED", 2);
    let tally = explore(&Plan { seed, runs, longest: Duration::from_secs(3600), keep_going });
    assert!(keep_going || tally.kinds.is_empty());
}
