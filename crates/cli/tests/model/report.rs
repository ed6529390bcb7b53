//! What was found, for people: counts, and scripts that show it.

use super::cases::Scenario;
use super::commands::{Step, printf, quote};
use super::content::Content;
use super::oracle::Fault;
use super::tree::{Node, What};
use std::fmt::Write as _;
use std::path::Path;

/// Turns bit 4 of a byte.
const DAMAGE: &str = "perl -e 'my ($f, $at) = @ARGV; open F, \"+<\", $f; binmode F; seek F, $at % -s $f, 0; read F, $c, 1; \
    seek F, $at % -s $f, 0; print F chr(ord($c) ^ 16)'";

/// A script for bash that does the case.
pub fn script(scenario: &Scenario, fault: &Fault) -> String {
    let mut text = format!("# {} {}: {}\n", fault.kind, fault.verb, fault.what.replace('\n', " "));
    text += "M=${MINLEN:-minlen}; W=$(mktemp -d); cd \"$W\" || exit 9\n";
    scenario.tree.iter().for_each(|node| text += &node_line(node));
    for step in &scenario.steps {
        let _ = match step {
            Step::Run(command) => writeln!(
                text,
                "{}{}; echo \"exit code $?\"",
                command.script(),
                if command.to_stdout() { " >\"$W.out\"" } else { "" }
            ),
            Step::Write(path, content) => write!(text, "{}", file(path, content)),
            Step::Remove(path) => writeln!(text, "rm -- {}", word(path)),
            Step::Damage(path, at) => writeln!(text, "{DAMAGE} {} {at}", word(path)),
        };
    }
    text + "ls -lR\n"
}

fn word(path: &Path) -> String {
    let word = quote(path.as_os_str());
    if word.starts_with('-') { format!("./{word}") } else { word }
}

fn node_line(node: &Node) -> String {
    let path = word(&node.path);
    match &node.what {
        What::Dir => format!("mkdir -p {path}\n"),
        What::File(content, mode) => {
            let mode = if *mode == 0o644 { String::new() } else { format!("chmod {mode:o} {path}\n") };
            file(&node.path, content) + &mode
        }
        What::Link(target) => format!("ln -s {} {path}\n", quote(target)),
        What::Hard(to) => format!("ln {} {path}\n", word(to)),
        What::Fifo => format!("mkfifo {path}; cat {path} >/dev/null &\n"),
        What::Null => format!("mknod {path} c 1 3\n"),
    }
}

fn file(path: &Path, content: &Content) -> String {
    let path = word(path);
    let mut text = String::new();
    if content.zeros > 0 {
        let _ = writeln!(text, "truncate -s {} {path}", content.zeros);
    }
    let to = if content.zeros > 0 { ">>" } else { ">" };
    match content.bytes.len() {
        0 if content.zeros > 0 => {}
        0..=200 => {
            let _ = writeln!(text, "printf '{}' {to} {path}", printf(&content.bytes));
        }
        _ => {
            let _ = writeln!(text, "base64 -d {to} {path} <<'END'\n{}\nEND", base64(&content.bytes));
        }
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (i, three) in bytes.chunks(3).enumerate() {
        if i > 0 && i % 30 == 0 {
            text.push('\n');
        }
        let all = three.iter().fold(0u32, |all, b| (all << 8) | u32::from(*b)) << (8 * (3 - three.len()));
        let digit = |place: usize| char::from(DIGITS[(all >> (18 - 6 * place)) as usize & 63]);
        text.extend((0..4).map(|place| if place <= three.len() { digit(place) } else { '=' }));
    }
    text
}
