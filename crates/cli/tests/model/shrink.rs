//! From a case that fails to a small one that fails in the same way.

use super::cases::{Scenario, replay};
use super::commands::Step;
use super::content::Content;
use super::oracle::Fault;
use super::runner::Binary;
use super::tree::{Node, What};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Trying takes no longer than this.
const LONGEST: Duration = Duration::from_secs(40);

/// Leaves out whatever is not needed for a fault like this.
pub fn shrink(binary: &Binary, scenario: &Scenario, like: &Fault) -> Scenario {
    let start = Instant::now();
    let fails = |candidate: &Scenario| {
        replay(binary, candidate, Some(like)).iter().any(|(_, fault)| fault.is_like(like))
    };
    let mut best = scenario.clone();
    loop {
        let mut smaller = false;
        let mut i = 0;
        while let Some(candidate) = candidates(&best, i) {
            if start.elapsed() > LONGEST {
                return best;
            }
            if candidate != best && fails(&candidate) {
                best = candidate;
                smaller = true;
            } else {
                i += 1;
            }
        }
        if !smaller {
            return best;
        }
    }
}

/// The candidate of this number: without a step, a thing in the tree, an option, an operand, or with less content.
fn candidates(from: &Scenario, number: usize) -> Option<Scenario> {
    let mut made = from.clone();
    let mut at = number;
    // Last steps first, since those after the fault can always go.
    if at < from.steps.len() {
        made.steps.remove(from.steps.len() - 1 - at);
        return Some(made);
    }
    at -= from.steps.len();
    if at < from.tree.len() {
        remove(&mut made.tree, from.tree.len() - 1 - at);
        return Some(made);
    }
    at -= from.tree.len();
    for (i, step) in from.steps.iter().enumerate() {
        let Step::Run(command) = step else { continue };
        let (options, operands) = (command.options.len(), command.operands.len());
        if at < options + operands {
            let Step::Run(command) = &mut made.steps[i] else { continue };
            if at < options {
                command.options.remove(at);
            } else {
                command.operands.remove(at - options);
            }
            return Some(made);
        }
        at -= options + operands;
    }
    let node = made.tree.get_mut(at)?;
    simpler(node);
    Some(made)
}

/// Without a folder all that is in it goes, too.
fn remove(tree: &mut Vec<Node>, at: usize) {
    let path = tree.remove(at).path;
    tree.retain(|node| !node.path.starts_with(&path));
}

fn simpler(node: &mut Node) {
    if let What::File(content, mode) = &mut node.what {
        *mode = 0o644;
        if content.zeros < 1 << 20 {
            let name = node.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            *content = Content { zeros: 0, bytes: Arc::from(format!("{name}\n").into_bytes()) };
        }
    }
}
